//! What was recorded of them, and how they fared.

use std::process::Command;

use nix::sys::signal::Signal;
use rtrace::event::{FactKey, FactKind, Origin};

use crate::kit::{Attached, Somebody, status, until};

#[test]
fn a_busy_loop() {
    let somebody = Somebody::who("spin");
    let attached = Attached::to_one(&somebody);
    attached.until_recorded("getpgid", 1000);
    let trace = attached.let_go().trace();
    let task = trace.task(somebody.pid());
    assert_eq!(task.origin, Some(Origin::Attached));
    assert_eq!(task.detached, Some(0));
    let rounds: Vec<u64> = trace.calls("getpgid").map(|call| call.words[0]).collect();
    assert!(rounds.windows(2).all(|pair| pair[0] + 1 == pair[1]), "none is lost between");
    assert_eq!(somebody.end().number("failed"), 0);
}

#[test]
fn naps_are_as_long_as_they_should_be() {
    let somebody = Somebody::who("nap");
    for _ in 0..5 {
        let attached = Attached::to_one(&somebody);
        attached.until_recorded("nanosleep", 1);
        attached.let_go().trace();
    }
    assert_eq!(somebody.end().number("wrong"), 0);
}

#[test]
fn a_read_that_waits_goes_on_waiting() {
    let somebody = Somebody::who("block");
    for _ in 0..5 {
        let attached = Attached::to_one(&somebody);
        attached.until_recorded("read", 1);
        let trace = attached.let_go().trace();
        assert!(trace.calls("read").all(|call| call.result.is_none_or(|result| result < -500)));
    }
    assert_eq!(somebody.end().number("early"), 0);
}

/// What `docs/deviations.md` lists: SIGSTOP would do the same.
#[test]
fn epoll_may_be_interrupted_and_nothing_else() {
    let somebody = Somebody::who("epoll");
    let attached = Attached::to_one(&somebody);
    attached.until_recorded("epoll_wait", 2);
    attached.let_go().trace();
    let how = somebody.end();
    assert_eq!(how.number("other"), 0);
    assert!(how.number("interrupted") <= 3, "at the attach, the detach and the end");
}

#[test]
fn a_stopped_process_stays_stopped() {
    let mut somebody = Somebody::who("spin");
    somebody.signal(Signal::SIGSTOP);
    until("it is stopped", || somebody.status("State").starts_with('T').then_some(()));
    let attached = Attached::to_one(&somebody);
    let trace = attached.let_go().trace();
    let task = trace.task(somebody.pid());
    assert_eq!(task.stops, [19], "the stop is told once");
    assert_eq!((task.continues, task.calls.len()), (0, 0));
    until("it is stopped again", || {
        somebody.status("State").starts_with("T (stopped").then_some(())
    });

    // SIGCONT works while it is attached to.
    let attached = Attached::to_one(&somebody);
    somebody.signal(Signal::SIGCONT);
    attached.until_recorded("getpgid", 10);
    let trace = attached.let_go().trace();
    assert_eq!(trace.task(somebody.pid()).continues, 1);
    assert!(!somebody.status("State").starts_with('T'));
    assert_eq!(somebody.status("TracerPid"), "0");
    somebody.write(b"\n");
    assert_eq!(somebody.end().number("failed"), 0);
}

#[test]
fn threads_that_come_and_go() {
    let somebody = Somebody::who("threads");
    for _ in 0..5 {
        let attached = Attached::to_one(&somebody);
        attached.until_recorded("getpgid", 200);
        let trace = attached.let_go().trace();
        assert_eq!(trace.processes().len(), 1, "threads are no processes");
        let origins =
            |origin| trace.tasks.values().filter(|task| task.origin == Some(origin)).count();
        assert!(origins(Origin::Attached) >= 51 && origins(Origin::Thread) > 50);
        assert_eq!(origins(Origin::Orphan), 0);
    }
    assert_eq!(somebody.end().number("wrong"), 0);
}

#[test]
fn a_storm_of_forks() {
    let somebody = Somebody::who("forks");
    for _ in 0..20 {
        let attached = Attached::to_one(&somebody);
        until("some children are in the log", || {
            (crate::common::Trace::read(&attached.log()).tasks.len() > 10).then_some(())
        });
        attached.let_go().trace();
    }
    let how = somebody.end();
    assert_eq!(how.number("wrong"), 0);
    assert!(how.number("children") > 200);
}

#[test]
fn one_that_waits_for_its_vfork_child() {
    let mut somebody = Somebody::who("hold");
    assert_eq!(somebody.line(), "held");
    let attached = Attached::to_one(&somebody);
    attached.let_go().trace();
    let attached = Attached::to_one(&somebody);
    somebody.write(b"\n");
    assert_eq!(somebody.line(), "released");
    attached.until_recorded("write", 1);
    attached.let_go().trace();
    until("nobody traces it", || (somebody.status("TracerPid") == "0").then_some(()));
    somebody.end();
}

#[test]
fn a_process_whose_leader_has_ended() {
    let somebody = Somebody::who("dead_leader");
    until("the leader is dead", || somebody.status("State").starts_with('Z').then_some(()));
    let attached = Attached::to_one(&somebody);
    attached.until_recorded("getpgid", 100);
    let trace = attached.let_go().trace();
    assert_eq!(trace.tasks.len(), 1);
    assert_eq!(trace.processes()[0].tgid, somebody.pid());
    assert_eq!(somebody.end().number("failed"), 0);
}

#[test]
fn queued_signals_all_arrive() {
    let somebody = Somebody::who("queued");
    for _ in 0..10 {
        let attached = Attached::to_one(&somebody);
        attached.let_go().trace();
    }
    assert_eq!(somebody.end().number("got"), 20000);
}

#[test]
fn the_end_of_the_process_is_the_end_of_the_recording() {
    let somebody = Somebody::who("spin");
    let pid = somebody.pid();
    let mut attached = Attached::to_one(&somebody);
    attached.until_recorded("getpgid", 10);
    somebody.end();
    let done = attached.done();
    assert!(done.output.status.success());
    let trace = done.trace();
    assert_eq!(trace.task(pid).exit, Some(crate::common::Exit::Code(0)));
    assert!(trace.calls("write").count() > 0, "its last words are there");
}

#[test]
fn several_processes_and_a_time() {
    let (one, other) = (Somebody::who("spin"), Somebody::who("nap"));
    let pids = [one.pid().to_string(), other.pid().to_string()];
    let mut attached = Attached::to(&["--for", "300ms", &pids[0], &pids[1], &pids[0]]);
    let done = attached.done();
    assert!(done.output.status.success());
    let trace = done.trace();
    assert_eq!(trace.tasks.len(), 2);
    assert!(trace.calls("getpgid").count() > 0);
    for somebody in [one, other] {
        assert_eq!(somebody.status("TracerPid"), "0");
        somebody.end();
    }
}

#[test]
fn processes_by_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join("name-of-its-own");
    std::fs::copy(crate::common::tracee("attached"), &program).expect("it is copied");
    let mut all = [0, 1].map(|_| Somebody::start(Command::new(&program).arg("spin")));
    assert!(all.iter_mut().all(|somebody| somebody.line() == "ready"));
    let trace = Attached::to(&["--name", "name-*-its-own"]).let_go().trace();
    assert_eq!(trace.processes().len(), 2);
}

#[test]
fn the_snapshot() {
    let somebody = Somebody::who("block");
    let trace = Attached::to_one(&somebody).let_go().trace();
    let process = trace.facts.iter().find(|fact| fact.kind == FactKind::Process).expect("a fact");
    let number = |key| process.number(key).expect("a number");
    assert_eq!(number(FactKey::Pid), i64::from(somebody.pid()));
    assert_eq!(number(FactKey::Ppid), i64::from(std::process::id()));
    let group = status(somebody.pid(), "NSpgid").parse::<i64>().expect("a number");
    assert_eq!(number(FactKey::Pgid), group);
    assert_eq!(process.list(FactKey::Argv).expect("its arguments")[1], b"block");
    let path = process.bytes(FactKey::Path).expect("its executable");
    assert!(path.starts_with(b"/") && path.windows(8).any(|part| part == b"attached"));
    assert!(process.list(FactKey::Namespaces).expect("its namespaces").len() > 5);
    let of_kind = |kind| trace.facts.iter().filter(move |fact| fact.kind == kind);
    let open: Vec<i64> =
        of_kind(FactKind::Descriptor).filter_map(|fact| fact.number(FactKey::Fd)).collect();
    assert!([0, 1, 2].iter().all(|fd| open.contains(fd)), "{open:?}");
    assert!(of_kind(FactKind::Mount).count() > 0);
    let is_libc = |path: &[u8]| path.windows(4).any(|part| part == b"libc");
    assert!(of_kind(FactKind::Mapping).any(|fact| fact.bytes(FactKey::Path).is_some_and(is_libc)));
}

#[test]
fn two_rtraces_on_two_processes_of_one_tree() {
    let mut shell = Somebody::start(Command::new("bash").args([
        "--norc",
        "-c",
        "sleep 1000 & echo $!; while read line; do echo \"$line\"; done; kill $!",
    ]));
    let child = shell.line();
    let on_parent = Attached::to_one(&shell);
    let on_child = Attached::to(&[&child]);
    shell.write(b"one\n");
    assert_eq!(shell.line(), "one");
    on_parent.until_recorded("write", 1);
    assert_eq!(on_parent.let_go().trace().processes().len(), 1);
    shell.write(b"two\n");
    assert_eq!(shell.line(), "two");
    assert_eq!(on_child.let_go().trace().processes().len(), 1);
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.parse().expect("a pid")),
        Signal::SIGKILL,
    )
    .expect("it lives");
}
