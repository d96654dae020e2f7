//! The graph as a JSON document: valid, whole, and the same as in other formats.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::samples::Samples;
use common::{Rtrace, python, tool};

const DETAILS: [&str; 3] = ["process", "resource", "event"];

fn rtrace(args: &[&str]) -> String {
    tool(Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args))
}

/// Samples in every detail: `NAME.document.json`, `NAME-DETAIL.document.json`.
fn documents() -> Samples {
    let samples = Samples::record();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/batchflow.json");
    fs::copy(schema, samples.dir().join("schema.json")).expect("copied");
    for log in logs(&samples) {
        let name = Path::new(&log).file_stem().expect("a name").to_str().expect("text").to_owned();
        let write = |name: &str, text: String| {
            fs::write(samples.dir().join(name), text).expect("written");
        };
        write(&format!("{name}.document.json"), rtrace(&["convert", &log, "--to", "json"]));
        for detail in DETAILS {
            let text = rtrace(&["convert", &log, "--to", "json", "--detail", detail]);
            write(&format!("{name}-{detail}.document.json"), text);
        }
        let stats = ["stats", &log, "--by", "process", "--format", "json", "--top", "1000000"];
        write(&format!("{name}.stats.json"), rtrace(&stats));
    }
    samples
}

fn logs(samples: &Samples) -> Vec<String> {
    let all = fs::read_dir(samples.dir()).expect("a directory");
    let paths = all.map(|entry| entry.expect("an entry").path());
    let logs = paths.filter(|path| path.extension().is_some_and(|end| end == "mp"));
    logs.map(|path| path.to_str().expect("text").to_owned()).collect()
}

#[test]
fn documents_are_valid_and_agree_with_other_formats() {
    let samples = documents();
    samples.convert("nt");
    python(include_str!("json/valid.py"), samples.dir());
    python(include_str!("json/sound.py"), samples.dir());
    python(include_str!("json/agrees.py"), samples.dir());
}

#[test]
fn a_document_is_the_same_again_and_may_have_several_runs() {
    const SCRIPT: &str = r#"
import json
both, one, other = [json.load(open(f"{name}.json")) for name in ("both", "one", "other")]
assert len(both["meta"]["runs"]) == 2 and both["meta"]["runs"] == one["meta"]["runs"] + other["meta"]["runs"]
for part in "nodes", "links":
    assert both[part] == one[part] + other[part]
"#;
    let samples = Samples::record();
    let [one, other] = ["pipeline", "threads"].map(|name| samples.log(name));
    let [one, other] = [&one, &other].map(|log| log.to_str().expect("text"));
    let text = rtrace(&["convert", one, "--to", "json"]);
    assert!(text == rtrace(&["convert", one, "--to", "json"]), "another conversion has other text");
    let write = |name: &str, text| fs::write(samples.dir().join(name), text).expect("written");
    write("one.json", text);
    write("other.json", rtrace(&["convert", other, "--to", "json"]));
    write("both.json", rtrace(&["convert", one, other, "--to", "json"]));
    python(SCRIPT, samples.dir());
    let twice = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["convert", one, one, "--to", "json"])
        .output()
        .expect("rtrace starts");
    let said = String::from_utf8_lossy(&twice.stderr);
    assert!(twice.status.code() == Some(1) && said.contains("rtrace cat"), "{said}");
}

#[test]
fn a_detail_is_one_of_three_and_of_graphs() {
    let refused = |args: &[&str]| {
        let out =
            Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args).output().expect("it starts");
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let said = refused(&["convert", "x.mp", "--to", "json", "--detail", "all"]);
    assert!(said.contains("process, resource, event"), "{said}");
    let said = refused(&["convert", "x.mp", "--to", "csv", "--detail", "event"]);
    assert!(said.contains("--detail is for --to json"), "{said}");
}

#[test]
fn what_has_an_old_revision_is_as_it_was_when_the_log_ended_there() {
    const SCRIPT: &str = r#"
import json
cut, whole = [json.load(open(f"{name}.json")) for name in ("cut", "whole")]
[end] = [run["revision"] for run in cut["meta"]["runs"]]
assert 2 < end < whole["meta"]["runs"][0]["revision"], end
now = {one["id"]: one for one in whole["nodes"] + whole["links"]}
then = {one["id"]: one for one in cut["nodes"] + cut["links"]}
# An exec that had not ended then has proved to be the beginning of another execution.
gone = [then[id] for id in then.keys() - now.keys()]
assert all(one["kind"] == "use" and one["deeds"].keys() <= {"execs", "looks"} for one in gone), gone
old = {id: one for id, one in now.items() if one["revision"] < end}
assert len(old) > 100
for id, one in old.items():
    assert then[id] == one, (then[id], one)
"#;
    let dir = tempfile::tempdir().expect("a directory");
    let [log, cut] = ["whole", "cut"].map(|name| dir.path().join(name).with_extension("mp"));
    // Long enough that the log has several blocks, whatever the environment.
    let script = "for i in {1..30}; do for j in {1..9}; do
        /bin/true | (cat; exit 1) >out; mv out out.$j; done; done";
    let run = Rtrace::bash(script);
    run.log(log.clone()).finish().exited(0);
    let bytes = fs::read(&log).expect("a log");
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).expect("written");
    for log in [log, cut] {
        let log = log.to_str().expect("text");
        let out = log.replace(".mp", ".json");
        rtrace(&["convert", log, "--to", "json", "-o", &out]);
    }
    python(SCRIPT, dir.path());
}

#[test]
fn what_is_only_looked_at_is_in_one_list() {
    const FILES: usize = 300;
    let dir = tempfile::tempdir().expect("a directory");
    let looked_at = dir.path().join("files");
    fs::create_dir(&looked_at).expect("made");
    for number in 0..FILES {
        fs::write(looked_at.join(format!("file-{number}")), "").expect("written");
    }
    let log = dir.path().join("ls.mp");
    Rtrace::run("ls").arg("-l").arg(&looked_at).log(log.clone()).finish().exited(0);
    let text = rtrace(&["convert", log.to_str().expect("text"), "--to", "json"]);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let nodes = document["nodes"].as_array().expect("a list");
    let of_class = |class: &str| nodes.iter().filter(|node| node["class"] == class).count();
    assert!(of_class("file") < FILES, "a node for each of them");
    let execution = nodes.iter().find(|node| node["class"] == "execution").expect("ls");
    let names = execution["looked_at"].as_array().expect("a list");
    let prefix = looked_at.join("file-");
    let prefix = prefix.to_str().expect("text");
    let those = names.iter().filter(|name| name.as_str().is_some_and(|it| it.starts_with(prefix)));
    assert_eq!(those.count(), FILES);
}

#[test]
fn what_a_process_said_shows_where_it_was_cut() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("cat.mp");
    let run = Rtrace::run("cat").arg("no-such-file").option("-s").option("8");
    run.log(log.clone()).finish().exited(1);
    let text = rtrace(&["convert", log.to_str().expect("text"), "--to", "json"]);
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let nodes = document["nodes"].as_array().expect("a list");
    let process = nodes.iter().find(|node| node["class"] == "process").expect("cat");
    let said = process["said"].as_str().expect("text");
    assert!(said.starts_with("cat: no-such-…: "), "{said}");
}
