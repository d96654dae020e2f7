//! What could not be seen is in the log, and `show` and `check` say so; that nothing
//! went unseen, they say too.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Rtrace, Run, tracee};
use serde_json::Value;

fn rtrace(words: &[&str], log: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    let output = command.args(words).arg(log).output().expect("rtrace runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What `show`, and `check` in words and in JSON, tell of it.
fn told(run: &Run) -> (String, String, Value) {
    let json = rtrace(&["check", "--format", "json"], &run.log);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    (rtrace(&["show"], &run.log), rtrace(&["check"], &run.log), json["blind_spots"].clone())
}

/// All three tell of such a thing, of that process.
#[track_caller]
fn all_tell(run: &Run, pid: &str, why: &str) {
    let (shown, checked, spots) = told(run);
    let line = format!("    {pid}: {why}");
    assert!(shown.contains(&line), "`{line}` is not in:\n{shown}");
    assert!(checked.contains(&line), "`{line}` is not in:\n{checked}");
    let is_it = |spot: &Value| {
        let starts = spot["why"].as_str().is_some_and(|text| text.starts_with(why));
        starts && spot["pid"].as_i64() == pid.parse().ok()
    };
    assert!(spots.as_array().expect("a list").iter().any(is_it), "{spots}");
}

#[test]
fn a_run_without_any_says_so() {
    let run = Rtrace::bash("echo $(cat /etc/passwd | wc -l)").finish();
    run.exited(0);
    let (shown, checked, spots) = told(&run);
    assert!(shown.ends_with("no blind spots\n"), "{shown}");
    assert!(checked.contains("no blind spots"), "{checked}");
    assert_eq!(spots, Value::Array(Vec::new()));
}

#[test]
fn submissions_to_an_io_uring_are_counted() {
    for set in ["trace=all", "trace=openat"] {
        let run = Rtrace::run(tracee("uring")).args(["3", "5"]).option("-e").option(set).finish();
        run.exited(0);
        let Some((count, pid)) =
            run.stdout.strip_prefix("submitted ").and_then(|rest| rest.trim().split_once(" pid "))
        else {
            assert_eq!(run.stdout, "no ring\n", "this kernel has none for us");
            return assert_eq!(told(&run).2, Value::Array(Vec::new()), "nor are there operations");
        };
        assert_eq!(count, "15");
        all_tell(&run, pid, "operations of an io_uring make no system calls");
        all_tell(&run, pid, "15 operations were submitted to an io_uring");
    }
}

#[test]
fn a_ring_that_the_kernel_polls_is_told_apart() {
    let run = Rtrace::run(tracee("uring")).args(["1", "1", "polled"]).finish();
    run.exited(0);
    if run.stdout == "polled\n" {
        let spots = told(&run).2;
        let why = spots[0]["why"].as_str().expect("a blind spot");
        assert!(why.contains("SQPOLL"), "{why}");
    }
}

#[test]
fn an_untraced_child() {
    let run = Rtrace::run(tracee("odd_clone")).finish();
    run.exited(0);
    let line = run.stdout.lines().find(|line| line.contains("untraced")).expect("it makes one");
    let tid = line.split("tid=").nth(1).and_then(|rest| rest.split(' ').next()).expect("its id");
    all_tell(&run, tid, &format!("child {tid} was made with CLONE_UNTRACED"));
}

#[test]
fn memory_that_may_not_be_read() {
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = Rtrace::run(tracee("undumpable")).readable_by_all().under(user).finish();
    run.exited(0);
    let trace = run.trace();
    let pid = trace.tasks.values().next().expect("a task").tids[0].to_string();
    all_tell(&run, &pid, "memory that calls point to cannot be read: Operation not permitted");
}

#[test]
fn memory_that_the_kernel_cannot_read_either_is_no_blind_spot() {
    for program in ["undumpable", "bad_pointers"] {
        let run = Rtrace::run(tracee(program)).finish();
        run.exited(0);
        assert_eq!(told(&run).2, Value::Array(Vec::new()), "{program}");
    }
}
