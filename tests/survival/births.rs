//! Forks, threads and execs, and the orders in which the kernel reports them.

use rtrace::event::Origin;

use crate::common::{Account, Exit, Rtrace, Run, tracee};

fn recorded(name: &str, args: &[&str], code: i32) -> Run {
    let run = Rtrace::run(tracee(name)).args(args).finish();
    run.exited(code);
    run.trace().agrees_with(&run.stdout);
    run
}

#[test]
fn children_that_are_gone_before_the_fork_returns() {
    recorded("fork_storm", &["200"], 0);
}

#[test]
#[ignore = "long: twenty thousand forks"]
fn many_children_that_are_gone_before_the_fork_returns() {
    for _ in 0..10 {
        recorded("fork_storm", &["2000"], 0);
    }
}

#[test]
fn a_storm_of_vforks_and_execs() {
    let run = recorded("vfork_storm", &["60"], 0);
    let trace = run.trace();
    // A third only exits, the others execute a program.
    let execs = trace.calls("execve").filter(|call| call.result == Some(0)).count();
    assert_eq!(execs, 1 + 40, "successful execs, the first one included");
    let failed = trace.calls("execve").filter(|call| call.result == Some(-2)).count();
    assert_eq!(failed, 20);
    for call in trace.calls("execve") {
        assert_eq!(call.paths().len(), 1, "an exec keeps its path: {call:?}");
    }
    // The parent of a vfork goes on after its child's exec or end.
    for child in trace.tasks.values().filter(|task| task.origin == Some(Origin::Vfork)) {
        let parent = &trace.tasks[&child.parent];
        let vfork =
            parent.calls.iter().find(|call| call.ordinal == child.made_by).expect("checked");
        let free = child.named("execve").find(|call| call.result == Some(0));
        let freed = free.map_or(child.calls.last().expect("it exits").times.0, |call| call.times.0);
        assert!(vfork.times.1.expect("it returned") > freed, "vfork returned too early");
    }
}

#[test]
fn exec_from_a_thread_whose_leader_waits() {
    exec_from_a_thread("alive", 2);
}

#[test]
fn exec_from_a_thread_whose_leader_is_gone() {
    exec_from_a_thread("gone", 2);
}

#[test]
fn exec_from_a_thread_among_others() {
    exec_from_a_thread("crowd", 14);
}

#[test]
fn exec_from_the_leader_among_threads() {
    let run = recorded("exec_thread", &["leader"], 21);
    let trace = run.trace();
    let root = trace.root();
    let ended = trace.tasks.values().filter(|task| task.exit == Some(Exit::Exec(root.id))).count();
    assert_eq!(ended, 12, "threads ended by their leader's exec");
}

fn exec_from_a_thread(mode: &str, tasks: usize) {
    let run = recorded("exec_thread", &[mode], 21);
    let trace = run.trace();
    assert_eq!(trace.tasks.len(), tasks);
    let exec = &Account::of(&run.stdout, "exec")[0];
    let (leader, thread) = (exec.number("tid") as i32, exec.number("from") as i32);
    let doer = trace.task(thread);
    assert!(doer.tids.contains(&leader), "it got the leader's id: {:?}", doer.tids);
    assert_eq!(doer.exit, Some(Exit::Code(21)), "it is what goes on");
    let call = doer.named("execve").last().expect("it called execve");
    assert_eq!(call.result, Some(0), "and that returned");
    let old = trace.root();
    assert_eq!(doer.execs.last().map(|exec| exec.2), Some(old.id), "whose id it got");
    if mode != "gone" {
        assert_eq!(old.exit, Some(Exit::Exec(doer.id)), "the leader ended by it");
    }
}

#[test]
fn two_hundred_threads() {
    let run = recorded("threads", &["200"], 0);
    let threads = run.trace().tasks.values().filter(|t| t.origin == Some(Origin::Thread)).count();
    assert_eq!(threads, 200);
}

#[test]
fn threads_that_exit_while_others_exec() {
    recorded("exec_race", &["25"], 0);
}

/// The thread that executes may have taken the leader's id, and not have told.
#[test]
fn processes_that_are_killed_while_a_thread_execs() {
    recorded("exec_killed", &["80"], 0);
}

#[test]
#[ignore = "long: repetition"]
fn threads_that_exit_while_others_exec_again_and_again() {
    for _ in 0..20 {
        recorded("exec_race", &["50"], 0);
    }
}

#[test]
fn clones_with_odd_flags() {
    recorded("odd_clone", &[], 0);
}

/// With hundreds of tasks SIGCHLD tells who has stopped, and of several that stop at once
/// it names one.
#[test]
fn hundreds_of_threads_that_all_make_calls() {
    let script = "import os, threading
start = threading.Barrier(400)
def calls():
    for _ in range(5):
        start.wait()
        for _ in range(20):
            os.getsid(0)
threads = [threading.Thread(target=calls) for _ in range(400)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()";
    let run = Rtrace::run("python3").args(["-c", script]).finish();
    run.exited(0);
    assert_eq!(run.trace().calls("getsid").count(), 400 * 5 * 20);
}

/// Those that sleep are not looked at again and again, and are still found in the end.
#[test]
fn hundreds_of_threads_that_sleep_until_they_are_called() {
    let script = "import os, threading
events = [threading.Event() for _ in range(300)]
def sleeps(event):
    event.wait()
    os.getsid(0)
threads = [threading.Thread(target=sleeps, args=(event,)) for event in events]
for thread in threads:
    thread.start()
for _ in range(2000):
    os.getsid(0)
for event in events:
    event.set()
for thread in threads:
    thread.join()";
    let run = Rtrace::run("python3").args(["-c", script]).finish();
    run.exited(0);
    assert_eq!(run.trace().calls("getsid").count(), 2000 + 300);
}
