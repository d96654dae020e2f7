//! The process tree: forks, waits, executions, calls without an end.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Origin, Role, TaskId, Value};

/// Task 1 forks task 2 (pid 101 to the tracer), which the maker knows as `known`.
fn forked(story: &mut Story, known: i64) {
    let made = story.next(1);
    story.start(2, [101, 101, 2, 1, made], Origin::Fork);
    story.ends(1, made, fork, &[], Some(known), |_| {}, &[]);
}

fn wait(story: &mut Story, pid: i64, status: u32) {
    story.call_with(1, wait4, &[u64::MAX, 8, 0], pid, |record| {
        whole(record, 1, Role::Struct, &status.to_le_bytes());
    });
}

#[test]
fn a_child_is_made_and_joined() {
    let mut story = Story::new();
    forked(&mut story, 101);
    story.happens(Kind::Exit, 2, [7, 0, 0, 0, 0, 0]);
    wait(&mut story, 101, 0x700);
    assert_eq!(story.seen.take("fork"), ["1/1-2/0"]);
    assert_eq!(story.seen.take("wait"), ["2/1-1/2"]);
    assert_eq!(story.seen.take("next"), ["1/0-1/1", "2/0-2/1", "1/1-1/2"]);
    assert_eq!(story.seen.take("ended"), ["2"]);
    assert!(story.flow.state().process(TaskId(2)).is_none());
}

#[test]
fn a_stopped_child_is_not_joined() {
    let mut story = Story::new();
    forked(&mut story, 101);
    wait(&mut story, 101, 0x137f);
    wait(&mut story, 101, 0xffff);
    assert!(story.seen.take("wait").is_empty());
    story.happens(Kind::Exit, 2, [0; 6]);
    wait(&mut story, 101, 0);
    assert_eq!(story.seen.take("wait"), ["2/1-1/4"]);
}

#[test]
fn a_wait_that_asks_for_no_status_joins_what_has_ended() {
    let mut story = Story::new();
    forked(&mut story, 101);
    story.call(1, wait4, &[101, 0, 2], 101); // it has stopped
    story.call(1, waitid, &[1, 101, 0, 2], 0);
    story.happens(Kind::Exit, 2, [0; 6]);
    let wait = story.call(1, wait4, &[101, 0, 2], 101);
    assert_eq!(story.seen.take("wait"), [format!("2/1-1/{wait}")]);
}

#[test]
fn a_pid_namespace_has_numbers_of_its_own() {
    let mut story = Story::new();
    // Another process has the number 5 outside.
    story.start(9, [5, 5, 9, 0, 0], Origin::Attached);
    forked(&mut story, 5);
    story.happens(Kind::Exit, 2, [0; 6]);
    story.happens(Kind::Exit, 9, [0; 6]);
    wait(&mut story, 5, 0);
    assert_eq!(story.seen.take("wait"), ["2/1-1/2"]);
}

#[test]
fn an_orphan_is_found_by_its_number_in_the_namespace() {
    let mut story = Story::new();
    forked(&mut story, 1); // the init of a namespace
    let made = story.next(2);
    story.start(3, [102, 102, 3, 2, made], Origin::Fork);
    let made_by_3 = story.next(3);
    story.start(4, [103, 103, 4, 3, made_by_3], Origin::Fork);
    let ids = |task, own| fact(FactKind::Ids, task, 0, &[(FactKey::NsPid, Value::Number(own))]);
    let mut batch = crate::event::Batch::new();
    batch.push_fact(ids(2, 1));
    batch.push_fact(ids(4, 3));
    story.feed(&batch);
    story.happens(Kind::Exit, 3, [0; 6]);
    story.happens(Kind::Exit, 4, [0; 6]);
    // Init takes task 4, whose maker has gone.
    story.call_with(2, wait4, &[u64::MAX, 8, 0], 3, |record| {
        whole(record, 1, Role::Struct, &[0; 4]);
    });
    assert_eq!(story.seen.take("wait"), ["4/1-2/2"]);
}

#[test]
fn waitid_tells_by_siginfo() {
    let mut story = Story::new();
    forked(&mut story, 101);
    story.happens(Kind::Exit, 2, [0; 6]);
    let mut info = [0u8; 128];
    (info[0], info[8], info[16]) = (17, 1, 101);
    let no_wait = 0x0100_0004;
    story.call_with(1, waitid, &[0, 0, 8, no_wait], 0, |r| whole(r, 2, Role::Struct, &info));
    story.call_with(1, waitid, &[0, 0, 8, 4], 0, |r| whole(r, 2, Role::Struct, &info));
    story.call_with(1, waitid, &[0, 0, 8, 4], 0, |r| whole(r, 2, Role::Struct, &[0; 128]));
    assert_eq!(story.seen.take("wait"), ["2/1-1/2", "2/1-1/3"]);
}

#[test]
fn an_exec_whose_call_is_not_recorded() {
    let mut story = Story::new();
    forked(&mut story, 101);
    story.next(2); // the execve
    let path = |path: &[u8]| Value::Bytes(path.to_vec());
    let fields = [
        (FactKey::Path, path(b"/bin/x")),
        (FactKey::Cwd, path(b"/tmp")),
        (FactKey::Argv, Value::List(vec![b"x".to_vec(), b"-y".to_vec()])),
    ];
    let facts = [fact(FactKind::Executable, 2, 2, &fields)];
    story.happens_with(Kind::Exec, 2, [101, 101, 0, 0, 0, 0], &facts);
    story.happens(Kind::Exit, 2, [0; 6]);
    assert_eq!(story.seen.take("execution"), ["2/2 /bin/x [x -y]"]);
    assert_eq!(story.seen.take("next"), ["1/0-1/1", "2/0-2/2", "2/2-2/3"], "it is an event");
}

#[test]
fn a_process_ends_with_its_last_thread() {
    let mut story = Story::new();
    forked(&mut story, 101);
    let made = story.next(2);
    story.start(3, [102, 101, 2, 2, made], Origin::Thread);
    story.ends(2, made, clone, &[0x10f00], Some(102), |_| {}, &[]);
    // The thread executes: the first thread goes, the thread has its number now.
    let exec = story.next(3);
    story.happens(Kind::Exit, 2, [0, 0, 0, 3, 0, 0]);
    story.happens(Kind::Exec, 3, [101, 102, 2, 0, 0, 0]);
    story.ends(3, exec, execve, &[8, 8, 8], Some(0), |r| whole(r, 0, Role::Path, b"/bin/x"), &[]);
    story.happens(Kind::Exit, 3, [0; 6]);
    wait(&mut story, 101, 0);
    assert_eq!(story.seen.take("wait"), ["3/3-1/2"]);
    assert_eq!(story.seen.take("execution"), ["3/1 /bin/x []"]);
}

#[test]
fn a_difference_of_environments_is_put_together() {
    let mut story = Story::new();
    let exec = |story: &mut Story, task: u32, role: Role, env: &[&str]| {
        story.call_with(task, execve, &[8, 8, 8], 0, |record| {
            whole(record, 0, Role::Path, b"x");
            for string in env {
                whole(record, 2, role, string.as_bytes());
            }
        });
    };
    let env = |story: &Story, task: u32| {
        let process = story.flow.state().process_of(TaskId(task))?;
        let env = process.execution.as_ref()?.env.clone()?;
        Some(env.iter().map(|e| String::from_utf8_lossy(e).into_owned()).collect::<Vec<_>>())
    };
    exec(&mut story, 1, Role::Env, &["A=1", "B=2", "C=3"]);
    forked(&mut story, 101);
    exec(&mut story, 2, Role::EnvDiff, &["=0,1", "+X==,", "=2,1"]);
    assert_eq!(env(&story, 2).expect("known"), ["A=1", "X==,", "C=3"]);
    assert_eq!(env(&story, 1).expect("known"), ["A=1", "B=2", "C=3"]);
    exec(&mut story, 2, Role::EnvDiff, &["=2,2"]);
    assert_eq!(env(&story, 2), None, "the one before is not the one it was made against");
}

#[test]
fn calls_without_an_end_come_once() {
    let mut story = Story::new();
    forked(&mut story, 101);
    let call = story.next(2);
    story.ends(2, call, read, &[0], None, |_| {}, &[]);
    story.ends(2, call, read, &[0], None, |_| {}, &[]);
    story.ends(2, call, read, &[0], Some(1), |_| {}, &[]);
    let last = story.next(2);
    story.ends(2, last, exit_group, &[0], None, |_| {}, &[]);
    story.happens(Kind::Exit, 2, [0; 6]);
    let pending = story.next(1);
    story.ends(1, pending, read, &[0], None, |_| {}, &[]);
    let Ok(()) = story.flow.finish(&mut story.seen);
    assert_eq!(
        story.seen.take("event"),
        ["1/0", "2/0", "1/1", "2/1", "2/2 unfinished", "2/3", "1/2 unfinished"]
    );
    assert_eq!(story.seen.take("begun"), ["2/1", "2/1", "2/2", "1/2"]);
    let next = ["1/0-1/1", "2/0-2/1", "2/1-2/2", "2/2-2/3", "1/1-1/2"];
    assert_eq!(story.seen.take("next"), next);
}

#[test]
fn nothing_in_a_log_is_trusted() {
    let mut story = Story::new();
    // Tasks that never started, numbers that no kernel gives.
    story.call(77, close, &[u64::MAX], 0);
    story.call(77, dup2, &[1, 2], i64::MAX);
    story.happens(Kind::Exit, 78, [u64::MAX; 6]);
    story.happens(Kind::Exec, 78, [u64::MAX; 6]);
    story.happens(Kind::Start, 79, [u64::MAX; 6]);
    story.happens(Kind::Exit, 79, [u64::MAX; 6]);
    wait(&mut story, i64::MIN, 0);
    story.call_with(1, pipe2, &[8], 0, |record| whole(record, 0, Role::Struct, &[1]));
    story.open(1, b"", 0, i64::MIN);
    story.happens(Kind::Start, 1, [1, 1, 1, 1, 1, 1]);
    story.happens(Kind::Exit, 1, [0; 6]);
    let Ok(()) = story.flow.finish(&mut story.seen);
}
