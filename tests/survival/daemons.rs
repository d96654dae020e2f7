//! Processes that outlive the command, and thread ids that come again.

use std::fs;

use crate::common::{Exit, Rtrace, tracee};

#[test]
fn rtrace_waits_for_the_last_descendant() {
    let plan = Rtrace::run(tracee("daemon"));
    let file = plan.dir().join("daemon.txt");
    let run = plan.arg(&file).arg("root").finish();
    run.exited(14);
    assert!(fs::read_to_string(&file).expect("the daemon has written it").contains("done"));
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let daemon = trace.tasks.values().last().expect("three tasks");
    assert_eq!(daemon.exit, Some(Exit::Code(19)));
    assert!(daemon.named("getpgid").any(|call| call.words[0] == 0x0dae0));
}

#[test]
fn until_root_lets_the_others_go_on_untraced() {
    let plan = Rtrace::run(tracee("daemon")).option("--until=root").may_leave_processes();
    let (file, gate) = (plan.dir().join("daemon.txt"), plan.dir().join("gate"));
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).expect("mkfifo");
    let run = plan.arg(&file).arg(&gate).finish();
    run.exited(14);
    assert_eq!(run.left().len(), 1, "the daemon lives");
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let daemon = trace.tasks.values().last().expect("three tasks");
    assert_eq!(daemon.detached, Some(1), "rtrace let go of it because the root ended");
    fs::write(&gate, "x").expect("the daemon reads it");
    run.until("the daemon is done", || file.exists().then_some(()));
    run.until("the daemon is gone", || run.left().is_empty().then_some(()));
}

#[test]
fn kill_on_exit_takes_the_tree_along() {
    let plan = Rtrace::run(tracee("daemon"))
        .option("--kill-on-exit")
        .option("--until=root")
        .may_leave_processes();
    let (file, gate) = (plan.dir().join("daemon.txt"), plan.dir().join("gate"));
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).expect("mkfifo");
    let run = plan.arg(&file).arg(&gate).finish();
    run.until("nothing is left", || run.left().is_empty().then_some(()));
    assert!(!file.exists());
}

#[test]
fn a_thread_id_that_comes_again_is_another_task() {
    let run = Rtrace::run(tracee("pid_reuse")).finish();
    run.exited(0);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let marks: Vec<u64> = trace
        .tasks
        .values()
        .filter_map(|task| task.named("getpgid").next())
        .map(|call| call.words[0])
        .collect();
    assert_eq!(marks, [0x1001, 0x1002, 0x1003, 0x1004, 0x1005], "each has its own calls");
}
