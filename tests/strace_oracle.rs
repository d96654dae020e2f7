//! The `strace` format, held against strace itself: the same program under both,
//! call by call.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Build, tool, tracee, tracee_built};

/// The lines of a text by the process that they are of, in the order of its
/// start, with what differs from run to run replaced: ids and addresses.
fn lines(text: &str) -> Vec<Vec<String>> {
    let mut tasks: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        let (tid, line) = line.split_once(' ').expect("a thread id");
        let index = tasks.iter().position(|(known, _)| known == tid).unwrap_or_else(|| {
            tasks.push((tid.to_owned(), Vec::new()));
            tasks.len() - 1
        });
        join(&mut tasks[index].1, line.trim_start());
    }
    let tids: Vec<String> = tasks.iter().map(|(tid, _)| tid.clone()).collect();
    let tidy = |line: String| normal(&line, &tids);
    tasks.into_iter().map(|(_, lines)| lines.into_iter().map(tidy).collect()).collect()
}

/// Puts the two halves of an interrupted line together again.
fn join(lines: &mut Vec<String>, line: &str) {
    let resumed = line.strip_prefix("<... ").and_then(|line| line.split_once(" resumed>"));
    match (resumed, lines.last_mut()) {
        (Some((_, rest)), Some(last)) => last.push_str(rest),
        _ => lines.push(line.to_owned()),
    }
    if let Some(last) = lines.last_mut()
        && let Some(begun) = last.strip_suffix(" <unfinished ...>")
    {
        *last = begun.to_owned();
    }
}

fn normal(line: &str, tids: &[String]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in line.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        match word.as_str() {
            "" => {}
            id if tids.iter().any(|tid| tid == id) => out.push_str("TID"),
            address if address.starts_with("0x") && address.len() > 7 => out.push_str("ADDRESS"),
            other => out.push_str(other),
        }
        word.clear();
        let is_padding = c == ' ' && out.ends_with(' ');
        if !is_padding {
            out.push(c);
        }
    }
    out.trim_end().to_owned()
}

/// A text of random bytes, of times, or one that `docs/strace-format.md` explains.
fn is_known(line: &str) -> bool {
    ["getrandom(", "getdents", "rt_sigreturn(", "set_thread_area(", "--- SIGCHLD"]
        .iter()
        .any(|start| line.starts_with(start))
        // The two tracers are not the same parent: their environment differs.
        || line.starts_with("execve(")
}

fn agree(words: &[&str]) {
    let dir = tempfile::tempdir().expect("a directory");
    let place = |name: &str| dir.path().join(name);
    let quietly = |command: &mut Command, directory: &Path| {
        // The status is the command's, which may be anything.
        let output = command.current_dir(directory).output();
        output.unwrap_or_else(|error| panic!("{command:?}: {error} (tests/run installs it)"))
    };
    std::fs::create_dir(place("work")).expect("a directory");
    let strace = place("strace");
    let log = place("log.mp");
    quietly(Command::new("strace").args(["-f", "-o"]).arg(&strace).args(words), &place("work"));
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    let mut run = Command::new(rtrace);
    quietly(run.args(["run", "-q", "-o"]).arg(&log).arg("--").args(words), &place("work"));
    let ours = tool(Command::new(rtrace).arg("convert").arg(&log).args(["--to", "strace"]));
    let theirs = std::fs::read_to_string(&strace).expect("strace's text");
    let (ours, theirs) = (lines(&ours), lines(&theirs));
    assert_eq!(ours.len(), theirs.len(), "tasks of {words:?}");
    assert!(theirs.concat().len() > 20, "strace followed {words:?}: {theirs:?}");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let shown = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| !is_known(line)).cloned().collect()
        };
        let (ours, theirs) = (shown(ours), shown(theirs));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "left is rtrace's, right strace's: {words:?}");
        }
        assert_eq!(ours.len(), theirs.len(), "lines of a task of {words:?}");
    }
}

#[test]
fn programs_of_every_day() {
    agree(&["true"]);
    agree(&["cat", "/etc/passwd", "/nonexistent"]);
    agree(&["ls", "-l", "/etc"]);
}

#[test]
fn many_calls() {
    agree(&[tracee("many_calls").to_str().expect("a path")]);
}

#[test]
fn calls_that_another_call_makes() {
    agree(&[tracee_built("subcalls", Build::I386).to_str().expect("a path")]);
}
