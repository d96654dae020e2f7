//! Tracees that are confined, hidden, or want to trace.

use rtrace::event::{FactKey, State};

use crate::common::{Account, Rtrace, Trace, tracee};

#[test]
fn seccomp_filters_of_the_tracees_own() {
    let without = Rtrace::without(tracee("seccomp")).finish();
    let run = Rtrace::run(tracee("seccomp")).finish();
    run.exited(0);
    let modes = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("mode")).map(str::to_owned).collect()
    };
    assert_eq!(modes(&run.stdout).len(), 10);
    assert_eq!(modes(&run.stdout), modes(&without.stdout), "each ends as without rtrace");
    run.trace().agrees_with(&run.stdout);
}

#[test]
fn a_process_that_is_not_dumpable() {
    let run = Rtrace::run(tracee("undumpable")).finish();
    run.exited(0);
    run.trace().agrees_with(&run.stdout);
}

#[test]
fn a_process_that_is_not_dumpable_without_privilege() {
    let user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = Rtrace::run(tracee("undumpable")).readable_by_all().under(user).finish();
    run.exited(0);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let blind = trace
        .calls("openat")
        .flat_map(|call| &call.pieces)
        .filter(|piece| piece.state == State::Unreadable);
    assert!(blind.count() >= 3, "what cannot be read is recorded as unreadable");
}

#[test]
fn a_pid_namespace() {
    let program = tracee("fork_storm");
    let run =
        Rtrace::run("unshare").args(["-pf", "--mount-proc", "--"]).arg(&program).arg("20").finish();
    run.exited(0);
    let trace = run.trace();
    // unshare, its child (pid 1 in there), 20 children and 4 orphans of them.
    assert_eq!(trace.tasks.len(), 2 + 20 + 4);
    assert_eq!(Account::of(&run.stdout, "task").len(), 20);
    let inner = Account::of(&run.stdout, "task")[0].number("parent");
    assert_eq!(inner, 1, "the tracee sees the ids of its own namespace");
    let tids: Vec<_> = trace.tasks.values().flat_map(|task| &task.tids).collect();
    assert!(tids.iter().all(|tid| **tid > 1), "the log has the tracer's");
    // Ids in there come from facts.
    let told = |fact: &&rtrace::event::Fact| fact.number(FactKey::NsPid) == Some(1);
    assert!(
        trace.facts.iter().any(|fact| told(&fact)),
        "the log tells which task is pid 1 in there"
    );
}

#[test]
fn a_tracee_that_wants_to_trace() {
    let run = Rtrace::run(tracee("wants_ptrace")).finish();
    run.exited(0);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    assert!(trace.calls("ptrace").any(|call| call.words[0] == 0 && call.result == Some(-1)));
    let refused = trace.calls("ptrace").filter(|call| call.result == Some(-1)).count();
    assert_eq!((refused, on_account_of_rtrace(&trace)), (4, 3), "rtrace says why, if it is why");
}

#[test]
fn a_tracee_that_wants_to_trace_in_a_namespace() {
    let run = Rtrace::run("unshare").args(["-pf", "--mount-proc"]).arg(tracee("wants_ptrace"));
    let trace = run.finish().exited(0).trace();
    assert_eq!(on_account_of_rtrace(&trace), 3, "ids are other ones in there");
}

fn on_account_of_rtrace(trace: &Trace) -> usize {
    let texts = trace.blind_spots().into_iter().map(|(_, text)| text);
    texts.filter(|text| text.contains("ptrace was refused")).count()
}

#[test]
fn strace_inside_rtrace_gets_what_the_kernel_gives() {
    let run = Rtrace::run("strace").args(["-f", "-o", "inner.txt", "/bin/true"]).finish();
    assert_ne!(run.status.code(), Some(0), "the kernel allows one tracer a task");
    run.trace();
}

#[test]
fn gdb_inside_rtrace_gets_what_the_kernel_gives() {
    let run = Rtrace::run("gdb")
        .args(["-nx", "-batch", "-ex", "set startup-with-shell off", "-ex", "run", "/bin/true"])
        .finish();
    assert!(run.status.code().is_some(), "it ends by itself: {}", run.stderr);
    run.trace();
}
