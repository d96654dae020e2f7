//! The picture for documents: of real runs, whole and well-formed.

mod common;

use std::fs;
use std::process::Command;

use common::samples::Samples;
use common::{Rtrace, python, tool};

#[test]
fn every_sample_has_a_picture_that_is_xml() {
    let samples = Samples::record();
    samples.convert("svg");
    python(include_str!("svg/sound.py"), samples.dir());
}

#[test]
fn what_failed_and_why_can_be_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    let script = "cd \"$1\"; seq 9 | sort >out; sh -c 'kill -9 $$'; cat missing '<script>'; exit 3";
    let run = Rtrace::run("bash").args(["--norc", "-c", script, "bash"]).arg(dir.path());
    run.log(log.clone()).finish().exited(3);
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    let text = tool(rtrace.arg("convert").arg(&log).args(["--to", "svg"]));
    for shown in ["sort", "18 B", "killed by SIGKILL", "exit 3", "ENOENT", "out"] {
        assert!(text.contains(shown), "`{shown}` is not in:\n{text}");
    }
    assert!(!text.contains("<script"), "{text}");
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    let ignored = rtrace.arg("convert").arg(&log).args(["--to", "svg", "--ignore", "class:pipe"]);
    let ignored = tool(ignored);
    assert!(text.contains("write pipe") && !ignored.contains("write pipe"), "{ignored}");
}

#[test]
fn what_went_by_calls_that_are_left_out_is_not_drawn() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    Rtrace::bash("seq 2000 | wc -l").log(log.clone()).finish();
    let picture = |options: &[&str]| {
        let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        tool(rtrace.arg("convert").arg(&log).args(["--to", "svg"]).args(options))
    };
    // seq writes 8,893 bytes.
    let ignored = picture(&["--ignore", "call:read,write"]);
    assert!(picture(&[]).contains("8.8 kB"));
    assert!(!ignored.contains("8.8 kB"), "{ignored}");
}

#[test]
fn thousands_of_processes_stay_one_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    let script =
        "for i in {1..300}; do (:); done; (exit 7); for i in {1..90}; do (exit 0) & done; wait";
    Rtrace::bash(script).log(log.clone()).finish();
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    let text = tool(rtrace.arg("convert").arg(&log).args(["--to", "svg"]));
    assert!(text.contains("exit 7") && text.contains(" ×390"), "{text}");
    assert!(text.len() < 300_000, "{} bytes", text.len());
    fs::write(dir.path().join("many.svg"), text).expect("written");
    python(
        "import xml.etree.ElementTree as tree\n\
         root = tree.parse('many.svg').getroot()\n\
         assert float(root.get('height')) < 1000, root.attrib",
        dir.path(),
    );
}
