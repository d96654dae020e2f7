//! `rtrace check`: what it says of sound, cut and damaged logs, in words and in
//! JSON, and its exit status.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Several blocks: more records than one holds.
const LONG_JOB: &str = "for i in $(seq 17000); do echo $i; done >/dev/null; /bin/true";

struct Logs {
    dir: tempfile::TempDir,
}

impl Logs {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    /// Records a script as `name`, and gives back the log's bytes.
    fn record(&self, name: &str, script: &str) -> Vec<u8> {
        let words = ["run", "-q", "-o", name, "--", "bash", "-c", script];
        let output = self.rtrace(&words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(self.dir.path().join(name)).expect("the log")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.dir.path().join(name), bytes).expect("a file");
    }

    fn rtrace(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(words).current_dir(self.dir.path()).output().expect("rtrace runs")
    }

    /// `check` in words: its status, and all that it said.
    fn words(&self, names: &[&str]) -> (Option<i32>, String) {
        said(&self.rtrace(&[&["check"], names].concat()))
    }

    /// `check --format json` of one log: its status, and the object.
    fn json(&self, name: &str) -> (Option<i32>, Value) {
        let output = self.rtrace(&["check", "--format", "json", name]);
        let text = String::from_utf8(output.stdout).expect("JSON is text");
        assert_eq!(text.matches('\n').count(), 1, "one line a log: {text}");
        (output.status.code(), serde_json::from_str(&text).expect("JSON"))
    }
}

fn said(output: &Output) -> (Option<i32>, String) {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.code(), String::from_utf8_lossy(&all).into_owned())
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {path} in {value}"))
}

/// The parts of `bytes` make up the file.
#[track_caller]
fn bytes_add_up(value: &Value, file: &[u8]) {
    let bytes = value["bytes"].as_object().expect("an object");
    let parts = bytes.iter().filter(|(name, _)| *name != "total").map(|(_, size)| size);
    let sum: u64 = parts.map(|size| size.as_u64().expect("a size")).sum();
    assert_eq!(sum, file.len() as u64, "{value}");
    assert_eq!(number(value, "/bytes/total"), sum);
}

#[test]
fn a_sound_log() {
    let logs = Logs::new();
    let file = logs.record("a.mp", LONG_JOB);
    let (status, words) = logs.words(&["a.mp"]);
    assert_eq!(status, Some(0));
    for part in ["a.mp: whole\n", " of 2 tasks; ", "recorded to the end", " bytes a call in "] {
        assert!(words.contains(part), "`{part}` is not in: {words}");
    }
    let (status, value) = logs.json("a.mp");
    assert_eq!(value["log"], "a.mp");
    assert_eq!((status, &value["complete"]), (Some(0), &Value::Bool(true)));
    assert_eq!(number(&value, "/tasks"), 2);
    assert!(number(&value, "/calls") > 17_000 && number(&value, "/blocks") >= 2, "{value}");
    assert!(number(&value, "/first") <= number(&value, "/last"));
    assert_eq!(value["end"]["reason"], "ended");
    assert_eq!(number(&value, "/end/status"), 0);
    assert_eq!((&value["lost"]["tail"], number(&value, "/bytes/lost")), (&Value::Bool(false), 0));
    bytes_add_up(&value, &file);
    for section in ["records", "dictionaries", "structs", "data", "facts", "index"] {
        assert!(number(&value, &format!("/bytes/{section}")) > 0, "{section}: {value}");
    }
}

#[test]
fn the_commands_status_is_in_it() {
    let logs = Logs::new();
    for (script, status) in [("exit 7", 7 << 8), ("kill -9 $$", 9)] {
        logs.rtrace(&["run", "-q", "-o", "a.mp", "--", "bash", "-c", script]);
        assert_eq!(number(&logs.json("a.mp").1, "/end/status"), status, "{script}");
    }
}

#[test]
fn a_cut_log() {
    let logs = Logs::new();
    let file = logs.record("a.mp", LONG_JOB);
    let whole = number(&logs.json("a.mp").1, "/calls");
    let mut before = u64::MAX;
    for keep in [file.len() - 1, file.len() * 9 / 10, 600] {
        logs.write("cut.mp", &file[..keep]);
        let (status, words) = logs.words(&["cut.mp"]);
        assert_eq!(status, Some(1));
        assert!(words.contains("cut.mp: NOT WHOLE\n"), "{words}");
        assert!(words.contains("it was cut, or is still being written"), "{words}");
        let (status, value) = logs.json("cut.mp");
        assert_eq!((status, &value["complete"]), (Some(1), &Value::Bool(false)));
        assert_eq!(value["lost"]["tail"], Value::Bool(true));
        // How the run ended stands before the very last bytes.
        assert_eq!(value["end"].is_null(), keep < file.len() - 1, "{value}");
        bytes_add_up(&value, &file[..keep]);
        let calls = number(&value, "/calls");
        assert!(calls <= before.min(whole), "{value}");
        before = calls;
    }
    assert_eq!(before, 0, "only the header is left");
}

#[test]
fn a_log_that_is_damaged_in_the_middle() {
    let logs = Logs::new();
    let mut file = logs.record("a.mp", LONG_JOB);
    let whole = logs.json("a.mp").1;
    let middle = file.len() / 2;
    file[middle] ^= 0x55;
    logs.write("bad.mp", &file);
    let (status, words) = logs.words(&["bad.mp"]);
    assert_eq!(status, Some(1));
    assert!(words.contains("bad.mp: NOT WHOLE\n"), "{words}");
    assert!(words.contains("lost: 1 blocks with "), "{words}");
    let (status, value) = logs.json("bad.mp");
    assert_eq!((status, &value["complete"]), (Some(1), &Value::Bool(false)));
    assert_eq!(
        (number(&value, "/lost/blocks"), value["end"]["reason"].as_str()),
        (1, Some("ended"))
    );
    let (left, lost) = (number(&value, "/records"), number(&value, "/lost/records"));
    assert_eq!(left + lost, number(&whole, "/records"), "what is lost is told to the record");
    assert!(left > 0 && lost > 0, "the other blocks are read: {value}");
    let at = middle as u64;
    let inside = |range: &Value| number(range, "/start") <= at && at < number(range, "/end");
    assert!(value["lost"]["ranges"].as_array().expect("ranges").iter().any(inside), "{value}");
    bytes_add_up(&value, &file);
}

#[test]
fn a_log_whose_header_is_damaged() {
    let logs = Logs::new();
    let mut file = logs.record("a.mp", "true");
    file[200] ^= 0x55;
    logs.write("bad.mp", &file);
    let (status, words) = logs.words(&["bad.mp"]);
    assert_eq!(status, Some(1));
    assert!(words.contains("the header is damaged"), "{words}");
    let (_, value) = logs.json("bad.mp");
    assert_eq!(value["lost"]["header"], Value::Bool(true));
    assert!(number(&value, "/calls") > 0, "the blocks are read all the same");
}

#[test]
fn what_is_no_log_has_no_summary() {
    let logs = Logs::new();
    logs.write("empty.mp", b"");
    logs.write("text.mp", &b"some other file\n".repeat(1000));
    for name in ["empty.mp", "text.mp"] {
        for format in ["text", "json"] {
            let output = logs.rtrace(&["check", "--format", format, name]);
            let (status, words) = said(&output);
            assert_eq!(status, Some(1), "{words}");
            assert!(output.stdout.is_empty() && words.contains("not an rtrace log"), "{words}");
            assert!(words.contains(name), "{words}");
        }
    }
}

#[test]
fn several_logs() {
    let logs = Logs::new();
    let file = logs.record("a.mp", "true");
    logs.record("b.mp", "true; true");
    logs.write("cut.mp", &file[..file.len() - 3]);
    let (status, words) = logs.words(&["a.mp", "b.mp"]);
    assert_eq!((status, words.matches(": whole\n").count()), (Some(0), 2), "{words}");
    // One that is bad keeps none of the others from being read.
    let (status, words) = logs.words(&["missing.mp", "cut.mp", "b.mp"]);
    assert_eq!(status, Some(1));
    for part in ["missing.mp", "cut.mp: NOT WHOLE\n", "b.mp: whole\n"] {
        assert!(words.contains(part), "`{part}` is not in: {words}");
    }
    let output = logs.rtrace(&["check", "--format", "json", "a.mp", "cut.mp"]);
    let lines = String::from_utf8(output.stdout).expect("JSON is text");
    let complete: Vec<bool> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("one object a line")["complete"] == true
        })
        .collect();
    assert_eq!(complete, [true, false]);
}

#[test]
fn a_log_from_standard_input() {
    let logs = Logs::new();
    let file = logs.record("a.mp", "true");
    let input = fs::File::open(logs.dir.path().join("a.mp")).expect("the log");
    let output = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["check", "-"])
        .stdin(input)
        .output()
        .expect("rtrace runs");
    let (status, words) = said(&output);
    assert_eq!(status, Some(0), "{words}");
    assert!(words.contains(&format!("{} bytes: ", file.len())), "{words}");
}

#[test]
fn a_log_that_is_still_being_written() {
    let logs = Logs::new();
    let log = logs.dir.path().join("a.mp");
    let mut child = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["run", "-q", "-o", "a.mp", "--", "bash", "-c", "read line; exit 4"])
        .current_dir(logs.dir.path())
        .stdin(Stdio::piped())
        .spawn()
        .expect("rtrace runs");
    let calls = || {
        if !Path::new(&log).exists() || fs::metadata(&log).map_or(0, |meta| meta.len()) == 0 {
            return 0;
        }
        let (status, value) = logs.json("a.mp");
        assert_eq!((status, &value["lost"]["tail"]), (Some(1), &Value::Bool(true)));
        number(&value, "/calls")
    };
    // The call that waits is in it, as begun.
    while calls() == 0 {
        std::thread::yield_now();
    }
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(4));
    assert_eq!(logs.json("a.mp").0, Some(0));
}

#[test]
fn an_output_that_is_full() {
    let logs = Logs::new();
    logs.record("a.mp", "true");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["check", "a.mp"])
        .current_dir(logs.dir.path())
        .stdout(full)
        .output()
        .expect("rtrace runs");
    let (status, words) = said(&output);
    assert_eq!(status, Some(1));
    assert!(words.contains("standard output"), "{words}");
}
