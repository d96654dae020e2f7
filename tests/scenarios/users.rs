//! As whom processes act, held against what they say themselves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::common::{Rtrace, tool};
use super::kit::{Document, Scenario};

/// The user as whom a process acted when it began a program.
fn user_of<'a>(document: &'a Document, execution: &serde_json::Value) -> &'a str {
    let process = document.node(&execution["process"]);
    let id = if execution["user"].is_null() { &process["users"][0] } else { &execution["user"] };
    let user = document.node(id);
    assert_eq!(user["class"], "user");
    let moniker = user["moniker"].as_str().expect("a moniker");
    moniker.strip_prefix("User.Id=").expect("a user")
}

/// The programs `id`, as their processes began them, by the users as whom they act.
fn users_of_id(scenario: &Scenario) -> Vec<String> {
    let document = scenario.document();
    let ids = document.nodes("execution").filter(|node| node["label"] == "id");
    ids.map(|id| user_of(&document, id).to_owned()).collect()
}

#[test]
fn a_process_acts_as_who_began_it() {
    let scenario = Scenario::of(&[], "id -u; (id -u)");
    let said: Vec<_> = scenario.run.stdout.lines().map(str::to_owned).collect();
    assert_eq!(users_of_id(&scenario), said);
    let asked = "SELECT DISTINCT ?user {
        ?x rtrace:runsAs ?u; prov:wasAssociatedWith ?u . ?u a rtrace:User; rtrace:identifier ?user }";
    let rows = scenario.rows(&["--sparql", asked]);
    let users: Vec<_> = rows.iter().map(|row| row["user"].clone()).collect();
    assert_eq!(users, said[..1]);
}

/// Only the superuser can become somebody else, and back by a program that is its own.
#[test]
fn who_becomes_another_user_acts_as_that_one() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let becomes = "setpriv --reuid=65534 --clear-groups";
    let script =
        format!("id -u; {becomes} id -u; {becomes} ./id -u; {becomes} sh -c 'id -u; true'");
    let command = Rtrace::run("sh").args(["-c", &script]).readable_by_all();
    let own = command.dir().join("id");
    let id = tool(std::process::Command::new("sh").args(["-c", "command -v id"]));
    fs::copy(id.trim(), &own).expect("copied");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o4755)).expect("ours");
    let scenario = Scenario::run(&[], command);
    let said: Vec<_> = scenario.run.stdout.lines().map(str::to_owned).collect();
    assert_eq!(said.len(), 4);
    assert_eq!(said[1], "65534");
    assert_eq!(users_of_id(&scenario), said);
    let document = scenario.document();
    let several = document
        .nodes("process")
        .filter(|node| node["users"].as_array().is_some_and(|users| users.len() > 1));
    assert!(several.count() >= 3, "setpriv began as root");
}

/// In a user namespace numbers are other ones; the user is the same.
#[test]
fn who_has_numbers_of_users_of_its_own_is_who_it_was() {
    let scenario = Scenario::of(&[], "unshare -r id -u || id -u");
    let own = nix::unistd::geteuid().to_string();
    let users = users_of_id(&scenario);
    assert!(!users.is_empty() && users.iter().all(|user| *user == own), "{users:?}");
}
