//! `docs/log-format.md` lists all codes of a log: held against the code, and against
//! the facts of a real log.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use rtrace::abi::Abi;
use rtrace::event::{
    Batch, Fact, FactKey, FactKind, Kind, Lane, Origin, Phase, Role, Section, State, Value,
};
use rtrace::log::Reader;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/log-format.md");
    std::fs::read_to_string(path).expect("docs/log-format.md")
}

/// The cells of the rows below a heading.
fn table(heading: &str) -> Vec<Vec<String>> {
    let document = document();
    let title = format!("\n### {heading}\n");
    let (_, after) = document.split_once(&title).unwrap_or_else(|| panic!("no {heading}"));
    let section = after.split("\n#").next().expect("a part");
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[track_caller]
fn lists<T: Copy>(heading: &str, all: &[T], code: fn(T) -> u8, name: fn(T) -> &'static str) {
    let code_is: Vec<_> = all.iter().map(|one| (code(*one).to_string(), name(*one))).collect();
    let rows = table(heading);
    let said: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].as_str())).collect();
    assert_eq!(said, code_is, "{heading}");
}

#[test]
fn all_codes_are_listed() {
    lists("Kinds", Kind::ALL, Kind::code, Kind::name);
    lists("Lanes", Lane::ALL, Lane::code, Lane::name);
    lists("Origins", Origin::ALL, Origin::code, Origin::name);
    lists("Roles", Role::ALL, Role::code, Role::name);
    lists("Phases", Phase::ALL, Phase::code, Phase::name);
    lists("States", State::ALL, State::code, State::name);
    lists("ABIs", &Abi::ALL, Abi::code, Abi::name);
    lists("Kinds of facts", FactKind::ALL, FactKind::code, FactKind::name);
    lists("Keys of facts", FactKey::ALL, FactKey::code, FactKey::name);
}

#[test]
fn roles_are_where_they_are_said_to_be() {
    for (role, row) in Role::ALL.iter().zip(table("Roles")) {
        let section = match role.section() {
            Section::Dictionary => "1",
            Section::Structs => "2",
            Section::Data => "3",
        };
        assert_eq!(row[3], section, "{role:?}");
    }
}

/// The facts of a run of a command that makes most kinds of them.
fn facts(options: &[&str]) -> Vec<Fact> {
    const SCRIPT: &str = "import os, socket, subprocess
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen()
client = socket.create_connection(server.getsockname()); server.accept()
os.pipe(); os.open('/dev/null', os.O_RDONLY)
subprocess.run(['unshare', '-pf', 'true'], check=True)
with open('written', 'w') as file:
    file.write('1')
os.execvp('true', ['true'])";
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    rtrace
        .args(["run", "--facts", "full"])
        .args(options)
        .arg("-o")
        .arg(&log)
        .args(["python3", "-c", SCRIPT]);
    rtrace.current_dir(dir.path());
    assert!(rtrace.status().expect("rtrace runs").success());
    let (mut batch, mut facts) = (Batch::new(), Vec::new());
    let mut reader = Reader::open(&log).expect("a log");
    while reader.next_batch(&mut batch).expect("the log can be read").is_some() {
        facts.extend_from_slice(batch.facts());
    }
    facts
}

#[test]
fn facts_have_the_keys_that_are_listed() {
    let keys: HashMap<String, Vec<String>> = table("Kinds of facts")
        .into_iter()
        .map(|row| (row[1].clone(), row[3].split(' ').map(str::to_owned).collect()))
        .collect();
    let values: HashMap<String, String> =
        table("Keys of facts").into_iter().map(|row| (row[1].clone(), row[2].clone())).collect();
    let mut seen = Vec::new();
    let runs: [&[&str]; 3] =
        [&["-e", "all"], &["-e", "!execve"], &["-q", "--filter", "seccomp", "-e", "all"]];
    for fact in runs.into_iter().flat_map(facts) {
        let kind = fact.kind.name();
        for (key, value) in &fact.fields {
            let key = key.name();
            assert!(keys[kind].iter().any(|listed| listed == key), "{kind} has {key}");
            let is = match value {
                Value::Number(_) => "integer",
                Value::Bytes(_) => "bin",
                Value::List(_) => "array",
            };
            assert_eq!(values[key], is, "{key}");
        }
        seen.push(fact.kind);
    }
    if rtrace::sys::seccomp::is_filtered() {
        seen.push(FactKind::Account); // no filter can be had here
    }
    let missing: Vec<_> = FactKind::ALL.iter().filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(
        missing,
        [&FactKind::BlindSpot, &FactKind::Mapping, &FactKind::Standing],
        "nothing went unseen, nobody was attached to, and the log has its beginning"
    );
}
