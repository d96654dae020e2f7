//! The `strace` format, held against strace itself: the same program under both,
//! call by call.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{Build, tool, tracee, tracee_built};

/// The thread ids of a text.
fn tids(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| line.split_once(' ')).map(|(tid, _)| tid.to_owned())
}

/// The lines of a text by the process that they are of, without those that may
/// differ, and with what differs from run to run replaced. `tids` are those of both
/// texts: a number that is one by chance is replaced in both.
fn lines(text: &str, tids: &BTreeSet<String>) -> Vec<Vec<String>> {
    let mut tasks: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        let (tid, line) = line.split_once(' ').expect("a thread id");
        let (times, line) = without_times(line.trim_start());
        let index = tasks.iter().position(|(known, _)| known == tid).unwrap_or_else(|| {
            tasks.push((tid.to_owned(), Vec::new()));
            tasks.len() - 1
        });
        join(&mut tasks[index].1, times, line);
    }
    let tidy = |line: String| without_ids(&normal(&line.replace("/two", "/one"), tids));
    let shown = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().map(tidy).filter(|line| !is_known(line)).collect()
    };
    let mut tasks: Vec<_> = tasks.into_iter().map(|(_, lines)| shown(lines)).collect();
    // Which of two that run side by side is seen first is chance.
    tasks.sort();
    tasks
}

/// The times before a line, as `-t` and `-r` put them there, with their digits
/// masked; and the line.
fn without_times(line: &str) -> (String, &str) {
    let is_time = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit() || c == '(')
            && word.chars().all(|c| c.is_ascii_digit() || ":.()+".contains(c))
    };
    let (mut times, mut rest) = (String::new(), line);
    while let Some((word, behind)) = rest.split_once(' ').filter(|(word, _)| is_time(word)) {
        times.extend(word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }));
        times.push(' ');
        rest = behind.trim_start();
    }
    (times, rest)
}

/// Puts the two halves of an interrupted line together again.
fn join(lines: &mut Vec<String>, times: String, line: &str) {
    let resumed = line.strip_prefix("<... ").and_then(|line| line.split_once(" resumed>"));
    match (resumed, lines.last_mut()) {
        (Some((_, rest)), Some(last)) => last.push_str(rest),
        _ => lines.push(times + line),
    }
    if let Some(last) = lines.last_mut()
        && let Some(begun) = last.strip_suffix(" <unfinished ...>")
    {
        *last = begun.to_owned();
    }
}

/// What differs from run to run is replaced by what it is: thread ids, addresses,
/// inodes, ports and times; and spaces are one each.
fn normal(line: &str, tids: &BTreeSet<String>) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut in_date = false;
    for c in line.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        let is_number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
        let behind_point = out.ends_with('.') && word.len() >= 6;
        match word.as_str() {
            "" => {}
            id if tids.contains(id) => out.push_str("TID"),
            address if address.starts_with("0x") && address.len() > 7 => out.push_str("ADDRESS"),
            _ if is_number && (word.len() >= 5 || behind_point || in_date) => {
                out.push_str("NUMBER");
            }
            date if in_date && date.contains('T') => out.push_str("NUMBER"),
            other => out.push_str(other),
        }
        word.clear();
        let is_padding = c == ' ' && out.ends_with(' ');
        if !is_padding {
            out.push(c);
        }
        in_date = out.ends_with("/* ") || (in_date && !out.ends_with("*/"));
    }
    out.trim_end().to_owned()
}

/// A text of random bytes, of times, of the whole machine, or one that
/// `docs/strace-format.md` explains.
fn is_known(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| "#:.()+ ".contains(c));
    let known = ["getrandom(", "times(", "rt_sigreturn(", "--- SIGCHLD", "sysinfo(", "getppid("];
    known.iter().any(|start| line.starts_with(start))
        // The two tracers are not the same parent: their environment differs.
        || line.starts_with("execve(")
}

fn agree(words: &[&str]) {
    agree_with("", words);
}

/// The same with options of both, separated by spaces.
fn agree_with(options: &str, words: &[&str]) {
    let options: Vec<&str> = options.split_whitespace().collect();
    let dir = tempfile::tempdir().expect("a directory");
    let place = |name: &str| dir.path().join(name);
    let quietly = |command: &mut Command, directory: &Path| {
        // The status is the command's, which may be anything.
        let output = command.current_dir(directory).output();
        output.unwrap_or_else(|error| panic!("{command:?}: {error} (tests/run installs it)"))
    };
    for work in ["one", "two"] {
        std::fs::create_dir(place(work)).expect("a directory");
    }
    let strace = place("strace");
    let log = place("log.mp");
    quietly(
        Command::new("strace").args(["-f", "-o"]).arg(&strace).args(&options).args(words),
        &place("one"),
    );
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    let mut run = Command::new(rtrace);
    run.args(["run", "-q", "-s", "4096", "-o"]).arg(&log).arg("--").args(words);
    quietly(&mut run, &place("two"));
    let mut convert = Command::new(rtrace);
    let ours = tool(convert.arg("convert").arg(&log).args(["--to", "strace"]).args(&options));
    let theirs = std::fs::read_to_string(&strace).expect("strace's text");
    let all = tids(&ours).chain(tids(&theirs)).collect();
    let (ours, theirs) = (lines(&ours, &all), lines(&theirs, &all));
    assert_eq!(ours.len(), theirs.len(), "tasks of {words:?}");
    assert!(theirs.concat().len() > 20, "strace followed {words:?}: {theirs:?}");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_eq!(ours, theirs, "left rtrace's, right strace's: {options:?} {words:?}");
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

/// Calls whose command says what the other arguments are.
#[test]
fn texts_that_depend_on_a_command() {
    let tracee = tracee("odd_texts");
    let words = [tracee.to_str().expect("a path")];
    agree(&words);
    agree_with("-v", &words);
}

/// The ids of System V IPC, of which each run gets the next ones, by what they are.
fn without_ids(line: &str) -> String {
    const CALLS: [&str; 8] =
        ["msgget", "msgctl", "shmget", "shmctl", "semget", "semctl", "msgsnd", "msgrcv"];
    let Some((call, rest)) = line.split_once('(').filter(|(call, _)| CALLS.contains(call)) else {
        return line.to_owned();
    };
    // A long number has been replaced before: ids grow by their sequence in the high bits.
    let is_digit = |c: char| c.is_ascii_digit();
    let is_id = |result: &str| result == "NUMBER" || result.chars().all(is_digit);
    let rest = rest.strip_prefix("NUMBER").unwrap_or(rest).trim_start_matches(is_digit);
    match rest.rsplit_once(" = ").filter(|(_, result)| is_id(result)) {
        Some((arguments, _)) => format!("{call}(ID{arguments} = ID"),
        None => format!("{call}(ID{rest}"),
    }
}

/// Structs behind requests of ioctl and behind socket options, and messages.
#[test]
fn structs_that_depend_on_a_request() {
    for name in ["terminals", "sockets", "system_structs"] {
        let tracee = tracee(name);
        let words = [tracee.to_str().expect("a path")];
        agree(&words);
        // With -v strace has the filter's instructions, which no log has.
        agree_with("-v -e trace=!setsockopt", &words);
        agree_with("-y", &words);
    }
}

#[test]
fn calls_that_another_call_makes() {
    agree(&[tracee_built("subcalls", Build::I386).to_str().expect("a path")]);
}

/// Descriptors of every kind, and what becomes of them.
#[test]
fn described_descriptors() {
    let tracee = tracee("descriptors");
    let words = [tracee.to_str().expect("a path")];
    agree_with("-y", &words);
    agree_with("-yy", &words);
    agree_with("-yy", &["cat", "/etc/passwd", "/nonexistent", "/dev/null"]);
    let tracee = tracee_built("descriptors", Build::I386);
    agree_with("-yy -v", &[tracee.to_str().expect("a path")]);
}

#[test]
fn structs_whole() {
    agree_with("-v", &[tracee("descriptors").to_str().expect("a path")]);
    agree_with("-v -s 5", &["stat", "/etc/passwd", "/dev/null", "/"]);
}

#[test]
fn times_before_and_behind_a_line() {
    for options in ["-t", "-tt", "-ttt", "-r", "-T", "-r -tt", "-T -ttt -s 3"] {
        agree_with(options, &["cat", "/etc/passwd"]);
    }
}

#[test]
fn chosen_calls() {
    agree_with("-e trace=openat,read", &["cat", "/etc/passwd"]);
    agree_with("-e trace=%file -y", &["ls", "/etc"]);
    agree_with("-e trace=!mmap,read -s 100", &["true"]);
}

#[test]
fn signals() {
    agree(&[tracee("handlers").to_str().expect("a path")]);
    agree(&[tracee("own_trap").to_str().expect("a path")]);
}

/// A tree: pipes, jobs, signals.
#[test]
fn shells() {
    agree_with("-y", &["bash", "-c", "ls / | cat; exit 3"]);
    let script = "trap 'echo caught' USR1; kill -USR1 $$; sh -c 'kill -9 $$'; exit 4";
    agree_with("-yy", &["sh", "-c", script]);
}

#[test]
fn a_client_and_its_server() {
    let script = "
import socket
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
client.sendall(b'hello')
peer.sendall(peer.recv(100).upper())
assert client.recv(100) == b'HELLO'
peer.close()
";
    agree_with("-yy -e trace=%network", &["python3", "-c", script]);
}
