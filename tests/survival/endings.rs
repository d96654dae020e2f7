//! Ends at every moment, and the status that rtrace passes on.

use crate::common::{Exit, Rtrace, tracee};

#[test]
fn exit_group_with_calls_pending() {
    pending("exit");
}

#[test]
fn sigkill_in_the_middle_of_calls() {
    pending("kill");
}

#[test]
fn a_fault_with_calls_pending() {
    pending("fault");
}

fn pending(mode: &str) {
    let run = Rtrace::run(tracee("pending")).arg(mode).finish();
    run.exited(0);
    run.trace().agrees_with(&run.stdout);
}

#[test]
fn children_killed_at_any_moment() {
    let run = Rtrace::run(tracee("kill_storm")).arg("120").finish();
    run.exited(0);
    run.trace().agrees_with(&run.stdout);
}

#[test]
#[ignore = "long: repetition"]
fn children_killed_at_any_moment_again_and_again() {
    for _ in 0..20 {
        let run = Rtrace::run(tracee("kill_storm")).arg("400").finish();
        run.exited(0);
        run.trace().agrees_with(&run.stdout);
    }
}

#[test]
fn the_exit_status_is_the_commands() {
    for code in [0, 1, 2, 77, 125, 126, 127, 128, 137, 255] {
        let run = Rtrace::run(tracee("ending")).args(["exit", &code.to_string()]).finish();
        run.exited(code);
        assert_eq!(run.trace().root().exit, Some(Exit::Code(code)));
    }
}

#[test]
fn rtrace_dies_of_the_commands_signal() {
    // HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM SYS, real-time.
    for signal in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 31, 34, 64] {
        let run = Rtrace::run(tracee("ending")).args(["signal", &signal.to_string()]).finish();
        run.died_of(signal);
        assert_eq!(run.trace().root().exit, Some(Exit::Signal(signal)));
    }
    Rtrace::run(tracee("ending")).arg("abort").finish().died_of(6);
}

#[test]
fn the_command_makes_the_only_core() {
    use std::os::unix::process::ExitStatusExt;
    let script = ["bash", "-c", "ulimit -c unlimited; exec \"$@\"", "-"];
    let run = Rtrace::run(tracee("ending")).under(script).arg("abort").finish();
    run.died_of(6);
    assert!(!run.status.core_dumped(), "rtrace must not dump a core of its own");
}

#[test]
fn exit_group_from_a_thread() {
    let run = Rtrace::run(tracee("ending")).args(["thread", "43"]).finish();
    run.exited(43);
    let trace = run.trace();
    assert!(trace.tasks.values().all(|task| task.exit == Some(Exit::Code(43))));
}

#[test]
fn the_last_thread_ends_long_after_the_leader() {
    // Which of the two codes is the process's depends on the kernel's version.
    let without = Rtrace::without(tracee("ending")).args(["last", "44"]).finish();
    let run = Rtrace::run(tracee("ending")).args(["last", "44"]).finish();
    run.exited(without.status.code().expect("it exits"));
    let trace = run.trace();
    let codes: Vec<_> = trace.tasks.values().map(|task| task.exit).collect();
    assert_eq!(codes[1], Some(Exit::Code(44)));
    assert_eq!(
        codes[0],
        without.status.code().map(Exit::Code),
        "a process ends as its parent sees"
    );
}
