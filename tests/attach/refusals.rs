//! What cannot be attached to, and what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::kit::{Attached, Somebody, until};

/// The message, where nothing was attached to.
fn refused(args: &[&str]) -> String {
    let mut attached = Attached::begin(args);
    let done = attached.done();
    assert_eq!(done.output.status.code(), Some(125), "{}", done.stderr());
    assert!(!attached.log().exists(), "there is no log");
    done.stderr()
}

#[track_caller]
fn says(args: &[&str], words: &[&str]) {
    let message = refused(args);
    assert!(words.iter().all(|word| message.contains(word)), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn nobody() {
    let mut child = Command::new("true").spawn().expect("it starts");
    let pid = child.id();
    child.wait().expect("it ends");
    says(&[&pid.to_string()], &[&format!("process {pid}"), "no such process"]);
    says(&["--name", "no-such-name-*"], &["no process has the name", "no-such-name-*"]);
}

#[test]
fn one_that_has_ended() {
    let child = Command::new("true").spawn().expect("it starts");
    let pid = child.id() as i32;
    until("it is a zombie", || crate::kit::status(pid, "State").starts_with('Z').then_some(()));
    says(&[&pid.to_string()], &["has ended", "not waited for"]);
    drop(child.wait_with_output());
}

#[test]
fn a_kernel_thread() {
    let kernel = fs::read_dir("/proc").expect("it is there").flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        (pid == 2 && crate::kit::status(pid, "Kthread") != "0").then_some(pid)
    });
    // In a container there may be none to see.
    if let Some(pid) = kernel.filter(|pid| crate::kit::status(*pid, "Name") == "kthreadd") {
        says(&[&pid.to_string()], &["kernel thread"]);
    }
}

#[test]
fn a_thread() {
    let somebody = Somebody::who("dead_leader");
    let pid = somebody.pid();
    let thread = until("it has a thread", || {
        let entries = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        let tids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
        tids.filter(|tid| *tid != pid).min()
    });
    says(&[&thread.to_string()], &["a thread of process", &format!("rtrace attach {pid}")]);
}

#[test]
fn one_that_somebody_traces() {
    let somebody = Somebody::who("nap");
    let first = Attached::to_one(&somebody);
    let tracer = first.pid().to_string();
    says(&[&somebody.pid().to_string()], &["already", &tracer, "(rtrace)", "one tracer"]);
    first.let_go().trace();
}

/// One refusal, and all are as they were.
#[test]
fn one_of_several() {
    let one = Somebody::who("spin");
    let traced = Somebody::who("nap");
    let first = Attached::to_one(&traced);
    says(&[&one.pid().to_string(), &traced.pid().to_string()], &["already"]);
    assert_eq!(one.status("TracerPid"), "0");
    assert!(!one.status("State").starts_with(['t', 'T']));
    first.let_go();
    assert_eq!(one.end().number("failed"), 0);
}

/// Without privilege, by what Yama says; its file is named by a variable, since not
/// every kernel has it.
#[test]
fn somebody_elses() {
    let somebody = Somebody::who("nap");
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    // Where the user `nobody` can execute it.
    let rtrace = dir.path().join("rtrace");
    fs::copy(env!("CARGO_BIN_EXE_rtrace"), &rtrace).expect("it is copied");
    for (scope, words) in [
        ("0", ["one's own programs", "CAP_SYS_PTRACE"]),
        ("1", ["ptrace_scope is 1", "ptrace_scope=0"]),
        ("2", ["ptrace_scope is 2", "run rtrace as root"]),
        ("3", ["ptrace_scope is 3", "next boot"]),
    ] {
        let file = dir.path().join("scope");
        fs::write(&file, format!("{scope}\n")).expect("it is written");
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&rtrace)
            .args(["attach", "-o"])
            .arg(dir.path().join("log.mp"))
            .arg(somebody.pid().to_string())
            .env("RTRACE_PTRACE_SCOPE", &file)
            .output()
            .expect("setpriv runs");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(125), "{message}");
        assert!(words.iter().all(|word| message.contains(word)), "{scope}: {message}");
    }
}

#[test]
fn words_that_are_no_pids() {
    for words in [&["0"][..], &["-5"], &["x"], &[], &["--for", "never", "1"]] {
        let mut attached = Attached::begin(words);
        let done = attached.done();
        assert_eq!(done.output.status.code(), Some(2), "{words:?}: {}", done.stderr());
    }
}
