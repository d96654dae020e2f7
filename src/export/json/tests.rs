//! The document of the sample run.

use serde_json::{Value, json};

use crate::export::sample::exported;
use crate::export::{Detail, Options, Pattern, Scope};

fn document(detail: Detail) -> Value {
    let options = Options { detail: Some(detail), ..Options::default() };
    serde_json::from_str(&exported("json", &options)).expect("JSON")
}

/// The members of a list that are of a kind.
fn those<'a>(document: &'a Value, list: &str, member: &str, is: &str) -> Vec<&'a Value> {
    let all = document[list].as_array().expect("a list");
    all.iter().filter(|one| one[member] == is).collect()
}

const KEY: &str = "aabbccddeeff";

#[test]
fn processes_and_what_they_run() {
    let document = document(Detail::Resource);
    let run = &document["meta"]["runs"][0];
    assert_eq!((&run["key"], &run["started_ns"]), (&json!(KEY), &json!("1795494344000000000")));
    assert_eq!(run["blind_spots"][0]["why"], "nobody looked");
    let processes = those(&document, "nodes", "class", "process");
    assert_eq!(processes.len(), 2);
    let (shell, child) = (processes[0], processes[1]);
    assert_eq!((&shell["end"], &shell["exit_code"]), (&json!("exited"), &json!(3)));
    assert_eq!((&child["end"], &child["signal_name"]), (&json!("killed"), &json!("SIGKILL")));
    assert_eq!(child["parent"], shell["id"]);
    assert_eq!((&child["calls"], &child["errors"]), (&json!(2), &json!(1)));
    let runs = those(&document, "nodes", "class", "execution");
    assert_eq!(runs.len(), 1, "the child goes on with its parent's program");
    assert_eq!(
        (&runs[0]["argv"], &runs[0]["label"]),
        (&json!(["sh", "-c", "cat x"]), &json!("sh"))
    );
    assert_eq!(runs[0]["environment"]["set"][0]["base64"], "QT3/Cg==");
    assert_eq!((&child["program"], &shell["program"]), (&runs[0]["id"], &Value::Null));
    assert_eq!(runs[0]["executed"][0], "aabbccddeeff:file/bin/sh");
    assert_eq!(
        (&child["looked_at"], &child["missed"]),
        (&json!(["/home"]), &json!(["/home/none"]))
    );
    assert_eq!(runs[0]["looked_at"], json!(["/home"]));
    assert!(those(&document, "nodes", "class", "thread").is_empty(), "one each");
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let document = document(Detail::Resource);
    let files = those(&document, "nodes", "class", "file");
    let odd = files.iter().find(|file| file["inode"] == 77).expect("the file");
    assert_eq!(odd["name"]["base64"], "L2hvbWUvb2RkIP8KIm5hbWU=");
    assert_eq!(odd["id"], "aabbccddeeff:file/home/odd%20%FF%0A%22name");
    let uses = those(&document, "links", "target", odd["id"].as_str().expect("text"));
    assert_eq!((&uses[0]["deeds"]["reads"], &uses[0]["read"]), (&json!(1), &json!(2)));
}

#[test]
fn the_detail_decides_what_is_there() {
    let classes = |detail| {
        let document = document(detail);
        let all = document["nodes"].as_array().expect("a list").clone();
        let mut classes: Vec<_> = all.iter().map(|node| node["class"].to_string()).collect();
        classes.sort();
        classes.dedup();
        classes.concat()
    };
    assert_eq!(classes(Detail::Process), r#""execution""machine""process""run""#);
    assert!(
        classes(Detail::Resource).contains("file") && !classes(Detail::Resource).contains("event")
    );
    assert!(classes(Detail::Event).contains("event") && classes(Detail::Event).contains("thread"));
}

#[test]
fn what_calls_did_that_are_left_out_is_unknown_and_not_zero() {
    let scope =
        Scope { ignore: vec![Pattern::parse("call:read").expect("calls")], ..Scope::default() };
    let options = Options { detail: Some(Detail::Resource), scope, ..Options::default() };
    let document: Value = serde_json::from_str(&exported("json", &options)).expect("JSON");
    assert_eq!(document["meta"]["scope"]["ignore"], json!(["call:read"]));
    let files = those(&document, "nodes", "class", "file");
    let odd = files.iter().find(|file| file["inode"] == 77).expect("the file");
    assert_eq!((odd.get("read"), odd.get("read_at_least")), (Some(&Value::Null), None));
    let uses = those(&document, "links", "target", odd["id"].as_str().expect("text"));
    assert_eq!(
        (&uses[0]["deeds"]["reads"], uses[0].get("read")),
        (&Value::Null, Some(&Value::Null))
    );
    let shell = those(&document, "nodes", "class", "process")[0];
    assert_eq!(shell["calls"], 5, "those of the process stay");
}
