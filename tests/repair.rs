//! `rtrace check --repair`: a sound log out of a damaged one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use rtrace::event::Batch;
use rtrace::log::{Reader, Reason};
use serde_json::Value;

/// Several blocks, several processes.
const JOB: &str = "for i in $(seq 17000); do echo $i; done >/dev/null; /bin/true; exit 3";

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn rtrace(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(words).current_dir(self.dir.path()).output().expect("rtrace runs")
    }

    /// Records the job, and gives back the log.
    fn record(&self) -> Vec<u8> {
        self.rtrace(&["run", "-q", "-o", "a.mp", "--", "bash", "-c", JOB]);
        fs::read(self.path("a.mp")).expect("the log")
    }

    /// Repairs `bytes` into `good.mp`; what was said.
    fn repair(&self, bytes: &[u8]) -> String {
        fs::write(self.path("bad.mp"), bytes).expect("a file");
        let output = self.rtrace(&["check", "--repair", "good.mp", "bad.mp"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        said
    }

    fn json(&self, name: &str) -> Value {
        let output = self.rtrace(&["check", "--format", "json", name]);
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The text of a log, as strace prints it.
    fn text(&self, name: &str) -> String {
        let output = self.rtrace(&["convert", "--to", "strace", "-ttt", name]);
        String::from_utf8(output.stdout).expect("text")
    }
}

/// Where the index starts, as a log's tail says.
fn index(log: &[u8]) -> usize {
    let offset = log.last_chunk().expect("a tail");
    u64::from_be_bytes(*offset) as usize
}

/// Number of records in each of the log's blocks.
fn blocks(reader: &mut Reader) -> Vec<u64> {
    let mut batch = Batch::new();
    let mut next = || reader.next_batch(&mut batch).expect("a log");
    std::iter::from_fn(|| next().map(|info| info.records)).collect()
}

#[test]
fn a_sound_log_comes_back_as_it_is() {
    let place = Place::new();
    let log = place.record();
    let said = place.repair(&log);
    assert!(said.contains("bad.mp: whole\n") && said.contains(" in good.mp\n"), "{said}");
    let good = fs::read(place.path("good.mp")).expect("a log");
    assert!(good[..index(&good)] == log[..index(&log)], "the blocks are the same");
    let (good, bad) = (place.json("good.mp"), place.json("bad.mp"));
    assert_eq!((&good["end"], &good["missing"]), (&bad["end"], &Value::Null));
}

#[test]
fn what_follows_a_cut_is_lost_and_the_rest_is_whole() {
    let place = Place::new();
    let log = place.record();
    let said = place.repair(&log[..log.len() * 2 / 3]);
    assert!(said.contains("bad.mp: NOT WHOLE\n") && said.contains("repaired: "), "{said}");
    let (good, bad) = (place.json("good.mp"), place.json("bad.mp"));
    assert_eq!((&good["complete"], &good["records"]), (&Value::Bool(true), &bad["records"]));
    assert_eq!((&good["end"]["reason"], &good["missing"]["end"]), (&"part".into(), &true.into()));
    let words = place.rtrace(&["check", "good.mp"]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    for part in ["good.mp: whole\n", "a part of its run", "had lost the end"] {
        assert!(words.contains(part), "`{part}` is not in: {words}");
    }
    assert_eq!(place.text("good.mp"), place.text("bad.mp"));
}

#[test]
fn a_block_in_the_middle_is_told_of_in_the_new_log() {
    let place = Place::new();
    let mut log = place.record();
    let middle = log.len() / 2;
    log[middle] ^= 0x10;
    let said = place.repair(&log);
    assert!(said.contains("lost: 1 blocks with "), "{said}");
    let (good, bad) = (place.json("good.mp"), place.json("bad.mp"));
    assert_eq!(good["complete"], true);
    assert_eq!(good["end"]["status"], 3 << 8);
    assert_eq!(good["missing"]["records"], bad["lost"]["records"]);
    assert_eq!(good["blocks"], bad["blocks"]);
    // Once more: what was lost at first is still told.
    let again = fs::read(place.path("good.mp")).expect("a log");
    place.repair(&again);
    assert_eq!(place.json("good.mp")["missing"], good["missing"]);
}

#[test]
fn a_log_without_a_header_keeps_its_events_its_clock_and_half_of_its_uuid() {
    let place = Place::new();
    let mut log = place.record();
    let whole = Reader::open(place.path("a.mp")).expect("a log").header().clone();
    log[150] ^= 1;
    place.repair(&log);
    assert_eq!(place.json("good.mp")["complete"], true);
    let mut reader = Reader::open(place.path("good.mp")).expect("a log");
    let header = reader.header().clone();
    assert_eq!(header.run[..8], whole.run[..8]);
    let apart = header.clock.realtime.abs_diff(whole.clock.realtime);
    assert!(apart < 1_000_000_000, "the clocks were read together: {apart} ns");
    let good = blocks(&mut reader);
    assert_eq!(reader.end().expect("an end").reason, Reason::Ended);
    assert!(reader.end().expect("an end").missing.expect("the header").header);
    assert_eq!(good, blocks(&mut Reader::open(place.path("a.mp")).expect("a log")));
    let shown = place.rtrace(&["show", "good.mp"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("header is damaged"));
}

#[test]
fn the_damaged_log_is_never_written_to() {
    let place = Place::new();
    let log = place.record();
    fs::write(place.path("bad.mp"), &log[..900]).expect("a file");
    fs::hard_link(place.path("bad.mp"), place.path("other.mp")).expect("a link");
    symlink("bad.mp", place.path("link.mp")).expect("a link");
    for out in ["bad.mp", "./bad.mp", "other.mp", "link.mp"] {
        let output = place.rtrace(&["check", "--repair", out, "bad.mp"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{out}: {said}");
        assert!(said.contains("is the same file as the input bad.mp"), "{out}: {said}");
    }
    assert_eq!(fs::read(place.path("bad.mp")).expect("the log"), &log[..900]);
}

#[test]
fn what_is_no_log_leaves_an_older_output_alone() {
    let place = Place::new();
    fs::write(place.path("text"), "no log").expect("a file");
    fs::write(place.path("good.mp"), "older").expect("a file");
    let output = place.rtrace(&["check", "--repair", "good.mp", "text"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read(place.path("good.mp")).expect("a file"), b"older");
    let left = fs::read_dir(place.dir.path()).expect("a directory").count();
    assert_eq!(left, 2, "no file for the time being is left");
    let output = place.rtrace(&["check", "--repair", "good.mp", "a", "b"]);
    assert_eq!(output.status.code(), Some(2), "one log at a time");
}

#[test]
fn from_standard_input_to_standard_output() {
    let place = Place::new();
    let log = place.record();
    fs::write(place.path("bad.mp"), &log[..log.len() - 9]).expect("a file");
    let input = fs::File::open(place.path("bad.mp")).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_rtrace"))
        .args(["check", "--format", "json", "--repair", "-", "-"])
        .stdin(Stdio::from(input))
        .output()
        .expect("rtrace runs");
    let said: Value = serde_json::from_slice(&output.stderr).expect("the words go elsewhere");
    assert_eq!((&said["complete"], &said["repaired"]), (&false.into(), &"standard output".into()));
    fs::write(place.path("good.mp"), &output.stdout).expect("a file");
    assert_eq!(place.json("good.mp")["complete"], true);
    assert!(output.stdout.starts_with(&log[..index(&log)]));
}
