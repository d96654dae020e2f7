//! What was not recorded is said not to be known, in every output, and never to be nothing.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{python, tool};
use serde_json::Value;

/// What the recorded shell does: a pipeline, a file that is written by two programs, one
/// that is only opened, and a program that fails.
const SCRIPT: &str = "seq 1 1000 | sort -r >sorted; cat sorted >>appended; : <idle; cat none";

fn rtrace(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    command.args(words).current_dir(dir).output().expect("rtrace runs")
}

/// A recording of [`SCRIPT`] in a directory of its own.
struct Run {
    dir: tempfile::TempDir,
    log: &'static str,
}

impl Run {
    fn of(options: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("idle"), "idle\n").expect("written");
        fs::write(dir.path().join("appended"), "first\n").expect("written");
        let words = [&["run", "-o", "run.mp"], options, &["--", "sh", "-c", SCRIPT]].concat();
        rtrace(dir.path(), &words);
        Self { dir, log: "run.mp" }
    }

    /// The same log with fewer calls.
    fn cut(mut self, set: &str) -> Self {
        let cut = rtrace(self.path(), &["cat", self.log, "-e", set, "-o", "cut.mp"]);
        assert!(cut.status.success(), "{}", String::from_utf8_lossy(&cut.stderr));
        self.log = "cut.mp";
        self
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn real(&self) -> PathBuf {
        self.path().canonicalize().expect("it is there")
    }

    fn said(&self, words: &[&str]) -> (String, String) {
        let output = rtrace(self.path(), words);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        assert!(output.status.success(), "{words:?}: {}", text(output.stderr));
        (text(output.stdout), text(output.stderr))
    }

    /// The rows of an answer, `-` for what is not known, and what is said of it.
    fn ask(&self, words: &[&str]) -> (Vec<String>, String) {
        let words = [&["query", self.log, "--format", "json", "--name"], words].concat();
        let (answer, said) = self.said(&words);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let columns = answer["head"]["vars"].as_array().expect("columns");
        let rows = answer["results"]["bindings"].as_array().expect("rows").iter();
        let cell = |row: &Value, column: &Value| {
            let cell = &row[column.as_str().expect("a name")]["value"];
            cell.as_str().unwrap_or("-").to_owned()
        };
        let line = |row: &Value| columns.iter().map(|column| cell(row, column)).collect();
        let rows: Vec<Vec<String>> = rows.map(line).collect();
        (rows.iter().map(|row| row.join(" | ")).collect(), said)
    }

    fn who_wrote(&self, name: &str) -> (Vec<String>, String) {
        let path = format!("path={}", self.real().join(name).display());
        let (rows, said) = self.ask(&["who-wrote", "--param", &path]);
        // Without the path and the process id.
        let short = |row: &String| row.splitn(3, " | ").last().expect("columns").to_owned();
        (rows.iter().map(short).collect(), said)
    }

    fn json(&self) -> Value {
        let (text, _) = self.said(&["convert", self.log, "--to", "json"]);
        serde_json::from_str(&text).expect("JSON")
    }

    /// The node of a file in the run's directory.
    fn file(&self, name: &str) -> Value {
        let path = self.real().join(name);
        let nodes = self.json()["nodes"].as_array().expect("nodes").clone();
        let is_it = |node: &Value| node["label"].as_str() == path.to_str();
        nodes.into_iter().find(is_it).unwrap_or_else(|| panic!("no node of {name}"))
    }
}

/// Holds what is told of the graph to its schema, its shapes, and the PROV package.
fn is_valid(run: &Run, details: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (from, to) in [
        ("docs/schema/batchflow.json", "schema.json"),
        ("docs/ontology/rtrace.ttl", "rtrace.ttl"),
        ("docs/ontology/shapes.ttl", "shapes.ttl"),
    ] {
        fs::copy(root.join(from), run.path().join(to)).expect("copied");
    }
    for detail in details {
        for format in ["json", "ttl", "prov-json"] {
            let name = format!("{detail}.{format}");
            run.said(&["convert", run.log, "--to", format, "--detail", detail, "-o", &name]);
        }
    }
    python(include_str!("unseen/valid.py"), run.path());
}

#[test]
fn with_all_calls_everything_is_known() {
    let run = Run::of(&[]);
    let (pipes, said) = run.ask(&["pipes"]);
    assert_eq!(pipes, ["seq 1 1000 | sort -r | 3893"]);
    assert_eq!(said, "");
    let (rows, said) = run.who_wrote("appended");
    assert_eq!((rows, said.as_str()), (vec!["cat sorted | 3893".to_owned()], ""));
    assert!(run.ask(&["unused"]).0.iter().any(|row| row.contains("/idle | ")));
    let json = run.json();
    let recorded = &json["meta"]["runs"][0]["recorded"];
    assert_eq!(recorded["calls"], Value::Null);
    assert_eq!(recorded["left_out"], serde_json::json!([]));
    assert_eq!(recorded["kept_bytes"], 64);
    let sorted = run.file("sorted");
    assert_eq!((&sorted["read"], &sorted["written"]), (&3893.into(), &3893.into()));
    let partial = json["nodes"].as_array().expect("nodes").iter();
    assert_eq!(partial.filter(|node| node["partial"] == true).count(), 0, "nothing is missing");
}

#[test]
fn without_reads_it_is_known_who_wrote_and_not_what_was_read() {
    for run in [Run::of(&["-e", "!read"]), Run::of(&[]).cut("!read")] {
        let (pipes, said) = run.ask(&["pipes"]);
        assert_eq!(pipes, ["seq 1 1000 | sort -r | -"]);
        assert!(said.contains("reads"), "{said:?}");
        let (rows, said) = run.who_wrote("sorted");
        assert_eq!(rows, ["sort -r | 3893"]);
        assert_eq!(said, "", "writes are all there");
        let (unused, said) = run.ask(&["unused"]);
        assert_eq!(unused, Vec::<String>::new());
        assert!(said.contains("reads"), "{said:?}");
        let sorted = run.file("sorted");
        assert_eq!(sorted.get("read"), Some(&Value::Null));
        assert_eq!(sorted["written"], 3893);
        let json = run.json();
        assert_eq!(json["meta"]["runs"][0]["recorded"]["calls"], "!read");
        let passages = json["links"].as_array().expect("links").iter();
        let pipe = passages.filter(|link| link["carrier"] == "bytes").collect::<Vec<_>>();
        assert_eq!(pipe.len(), 1);
        assert_eq!((pipe[0].get("amount"), &pipe[0]["certain"]), (Some(&Value::Null), &0.into()));
        is_valid(&run, &["process", "resource"]);
    }
}

#[test]
fn with_calls_on_files_only_no_bytes_are_known() {
    for run in [Run::of(&["-e", "trace=%file"]), Run::of(&[]).cut("trace=%file")] {
        let (pipes, said) = run.ask(&["pipes"]);
        assert_eq!(pipes, Vec::<String>::new());
        assert!(said.contains("reads, writes, descriptors"), "{said:?}");
        // The shell opened it for `sort`, which is not seen.
        let (rows, said) = run.who_wrote("sorted");
        assert!(!rows.is_empty() && rows.iter().all(|row| row.ends_with(" | -")), "{rows:?}");
        assert!(said.contains("writes"), "{said:?}");
        let (rows, _) = run.who_wrote("appended");
        assert!(!rows.is_empty() && rows.iter().all(|row| row.ends_with(" | -")), "{rows:?}");
        assert_eq!(run.ask(&["unused"]).0, Vec::<String>::new());
        for name in ["sorted", "appended", "idle"] {
            let file = run.file(name);
            for way in ["read", "written"] {
                assert_eq!(file.get(way), Some(&Value::Null), "{file}");
            }
        }
        assert_eq!(run.file("appended").get("modified"), Some(&Value::Null));
        let (tree, _) = run.said(&["show", run.log]);
        assert!(tree.contains("only calls of this set were recorded: %file"), "{tree}");
        let (nt, _) = run.said(&["convert", run.log, "--to", "nt", "--detail", "resource"]);
        assert!(nt.contains("#recordedCalls> \"%file\""), "the RDF says what was recorded");
        assert!(nt.contains("#leftOut> \"reads\""));
        assert!(!nt.contains("#bytesOut>"), "no number is exact");
        assert!(nt.contains("#bytesInAtLeast> \"0\""));
        is_valid(&run, &["resource"]);
    }
}

#[test]
fn opens_and_closes_alone_say_who_may_have_used_what() {
    let run = Run::of(&["-e", "trace=openat,close"]);
    let (rows, _) = run.who_wrote("appended");
    assert!(!rows.is_empty() && rows.iter().all(|row| row.ends_with(" | -")), "{rows:?}");
    // Who opened a file to read it alone cannot have written to it.
    assert!(!run.who_wrote("idle").0.iter().any(|row| row.contains("sh -c")), "opened by '<'");
    assert_eq!(run.ask(&["unused"]).0, Vec::<String>::new());
    // A reason is told all the same where the failed call is there; what was said of it
    // on standard error is not, and so none is made up.
    let (failed, said) = run.ask(&["failed"]);
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed.iter().all(|row| row.ends_with(" | 1 | -")), "{failed:?}");
    assert!(said.contains("writes"), "{said:?}");
    is_valid(&run, &["event"]);
}

#[test]
fn where_no_bytes_are_kept_it_is_said() {
    let run = Run::of(&["-s", "0"]);
    assert_eq!(run.ask(&["pipes"]).0, ["seq 1 1000 | sort -r | 3893"], "results count bytes");
    assert_eq!(run.json()["meta"]["runs"][0]["recorded"]["kept_bytes"], 0);
    assert!(run.ask(&["databases"]).1.contains("no bytes"));
    assert!(run.ask(&["failed"]).1.contains("no bytes"));
}

#[test]
fn a_cut_says_what_all_cuts_left_out() {
    let run = Run::of(&["-e", "!getpid"]).cut("%desc");
    let set = |run: &Run| run.json()["meta"]["runs"][0]["recorded"]["calls"].clone();
    assert_eq!(set(&run), "!getpid & %desc");
    // A part that has all calls does not give back what another one lacks.
    let joined = rtrace(run.path(), &["cat", "cut.mp", "run.mp", "-o", "joined.mp"]);
    assert!(joined.status.success());
    let joined = Run { log: "joined.mp", ..run };
    assert_eq!(set(&joined), "!getpid & %desc");
    let check = tool(
        Command::new(env!("CARGO_BIN_EXE_rtrace"))
            .args(["stats", "joined.mp", "--by", "file", "--format", "json"])
            .current_dir(joined.path()),
    );
    assert!(serde_json::from_str::<Value>(&check).is_ok());
}

#[test]
fn what_began_before_a_cut_is_not_known() {
    let run = Run::of(&[]);
    let (rows, _) = run.ask(&["pipes"]);
    assert_eq!(rows, ["seq 1 1000 | sort -r | 3893"]);
    // When the last process begins, the shell's own beginning is over.
    let json = run.json();
    let nodes = json["nodes"].as_array().expect("nodes");
    let begins = nodes.iter().filter(|node| node["class"] == "process");
    let begins = begins.map(|node| node["started"].as_u64().expect("a time"));
    let last = begins.max().expect("processes").to_string();
    let cut = rtrace(run.path(), &["cat", "run.mp", "--from", &last, "-o", "cut.mp"]);
    assert!(cut.status.success(), "{}", String::from_utf8_lossy(&cut.stderr));
    let run = Run { log: "cut.mp", ..run };
    let json = run.json();
    let nodes = json["nodes"].as_array().expect("nodes");
    let shell = nodes.iter().find(|node| node["class"] == "process").expect("a process");
    assert_eq!(shell["partial"], true, "{shell}");
    assert!(run.ask(&["unused"]).1.contains("lost"), "it is said");
    is_valid(&run, &["resource", "event"]);
}

/// What the kernel leaves out is no better known than what rtrace leaves out.
#[test]
fn in_the_profile_of_a_batch_it_is_known_who_had_what_open() {
    for by in [&["--profile", "batch"][..], &["-q", "--filter", "seccomp", "--profile", "batch"]] {
        let run = Run::of(by);
        let (pipes, said) = run.ask(&["pipes"]);
        assert_eq!(pipes, ["seq 1 1000 | sort -r | -"]);
        assert!(said.contains("reads") && said.contains("writes"), "{said:?}");
        assert!(!said.contains("descriptors"), "their lives are recorded: {said:?}");
        let (rows, said) = run.who_wrote("sorted");
        assert!(!rows.is_empty() && rows.iter().all(|row| row.ends_with(" | -")), "{rows:?}");
        assert!(said.contains("writes"), "{said:?}");
        assert_eq!(run.ask(&["unused"]).0, Vec::<String>::new());
        for name in ["sorted", "appended", "idle"] {
            assert_eq!(run.file(name).get("read"), Some(&Value::Null), "{name}");
        }
        assert_eq!(run.file("sorted").get("written"), Some(&Value::Null));
        let (tree, _) = run.said(&["show", run.log]);
        assert!(tree.contains("only calls of the profile batch were recorded"), "{tree}");
        let left_out = run.json()["meta"]["runs"][0]["recorded"]["left_out"].clone();
        assert_eq!(left_out, serde_json::json!(["reads", "writes", "maps", "lists", "others"]));
        is_valid(&run, &["process", "resource"]);
    }
}

/// The kernel's account of a process stands beside what is not known.
#[test]
fn what_a_process_wrote_in_all_is_told_everywhere() {
    if rtrace::sys::seccomp::is_filtered() {
        eprintln!("passed over: all is filtered here, and rtrace traces as without");
        return;
    }
    let run = Run::of(&["-q", "--filter", "seccomp", "--profile", "batch"]);
    let json = run.json();
    let is_seq = |node: &&Value| node["label"].as_str() == Some("seq 1 1000");
    let nodes = json["nodes"].as_array().expect("nodes");
    let seq = nodes.iter().find(is_seq).expect("its process");
    assert_eq!(seq["account"]["written"], 3893, "{seq}");
    let (tree, _) = run.said(&["show", run.log]);
    let line = tree.lines().find(|line| line.contains("seq 1 1000  ")).expect("its line");
    assert!(line.contains(" and wrote 3.80 KiB in all"), "{line}");
    assert!(tree.contains("/proc/PID/io"), "{tree}");
    let (nt, _) = run.said(&["convert", run.log, "--to", "nt", "--detail", "process"]);
    assert!(nt.contains("#accountedOut> \"3893\""), "{nt}");
    is_valid(&run, &["process", "resource", "event"]);
}
