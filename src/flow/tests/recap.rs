//! A flow that begins with a recap knows what one that read all knows.

use super::kit::*;
use crate::event::{Batch, FactKey, FactKind, Kind, Origin, Role, TaskId, Value};
use crate::flow::{Flow, Recap, State};
use std::fmt::Write as _;
use std::sync::Arc;

const CLOEXEC: u64 = 0o2_000_000;

/// All that is known of living tasks, as text.
fn known(state: &State) -> String {
    let mut text = String::new();
    for id in 1..20 {
        let task = TaskId(id);
        let Some(process) = state.process_of(task) else { continue };
        let name = |id| String::from_utf8_lossy(state.name_of(id)).into_owned();
        let _ = write!(text, "{id} of {} cwd {:?}", process.id, state.cwd(task).map(name));
        if let Some(user) = process.user {
            let _ = write!(text, " as {}", name(user));
        }
        let _ = write!(text, " own users {}", process.has_own_users);
        if let Some(run) = &process.execution {
            let line = String::from_utf8_lossy(&run.command_line()).into_owned();
            let text_of = |entry: &Arc<[u8]>| String::from_utf8_lossy(entry).into_owned();
            let env: Option<Vec<_>> = run.env.as_ref().map(|env| env.iter().map(text_of).collect());
            let env = env.map(|env| env.join(" "));
            let _ = write!(text, " runs {:?} [{line}] {env:?}", run.id);
        }
        let table = state.descriptors(task).expect("it lives");
        let mut open: Vec<_> = table.iter().collect();
        open.sort_unstable_by_key(|(fd, _)| *fd);
        for (fd, descriptor) in open {
            let resource = state.resource(descriptor.resource).expect("it is open");
            let (name, class) = (state.name_of(descriptor.resource), resource.class.name());
            let name = String::from_utf8_lossy(name);
            let end = state.socket(descriptor.resource);
            let _ = write!(text, " {fd}={name} {class} {} {:?}", descriptor.cloexec, end);
        }
        text.push('\n');
    }
    text
}

/// A new flow that read only the recap.
fn retold(recap: &Recap) -> Flow {
    let mut flow = Flow::with_prototypes(lookup);
    for batch in &recap.batches(77) {
        let Ok(()) = flow.batch(batch, &mut Seen::default());
    }
    flow
}

/// The same is known after the recap, after its recap, and after a renewal.
#[track_caller]
fn holds(story: &mut Story) -> String {
    let expected = known(story.flow.state());
    assert_eq!(known(story.recap.state()), expected);
    assert_eq!(known(retold(&story.recap).state()), expected);
    let mut second = Recap::with_prototypes(b"/", lookup);
    story.recap.batches(78).iter().for_each(|batch| second.take(batch));
    assert_eq!(known(retold(&second).state()), expected);
    story.recap.renew(79);
    assert_eq!(known(story.recap.state()), expected);
    expected
}

fn exec(story: &mut Story, task: u32, program: &[u8], env: (Role, &[&str])) {
    let ordinal = story.next(task);
    story.happens(Kind::Exec, task, [u64::from(99 + task), u64::from(99 + task), 0, 0, 0, 0]);
    story.ends(
        task,
        ordinal,
        execve,
        &[8, 8, 8],
        Some(0),
        |record| {
            whole(record, 0, Role::Path, program);
            whole(record, 1, Role::Arg, program);
            whole(record, 1, Role::Arg, b"-x");
            for entry in env.1 {
                whole(record, 2, env.0, entry.as_bytes());
            }
        },
        &[fact(
            FactKind::Executable,
            task,
            ordinal,
            &[(FactKey::Cwd, Value::Bytes(b"/".to_vec()))],
        )],
    );
}

fn fork_of(story: &mut Story, maker: u32, child: u32) {
    let (pid, ordinal) = (u64::from(99 + child), story.next(maker));
    let words = [pid, pid, u64::from(child), u64::from(maker), ordinal];
    story.start(child, words, Origin::Fork);
    story.ends(maker, ordinal, fork, &[], Some(pid as i64), |_| {}, &[]);
}

#[test]
fn open_files_directories_and_programs_are_known_again() {
    let mut story = Story::new();
    exec(&mut story, 1, b"/bin/sh", (Role::Env, &["A=1", "B=2"]));
    story.open(1, b"/etc/passwd", 0, 3);
    story.open(1, b"/etc/group", CLOEXEC, 4);
    fork_of(&mut story, 1, 2);
    story.call(1, close, &[3], 0);
    story.at_path(2, chdir, b"/srv");
    let text = holds(&mut story);
    assert!(text.contains("4=/etc/group file true") && text.contains("/srv"), "{text}");
    exec(&mut story, 2, b"/bin/ls", (Role::EnvDiff, &["=1,1", "+C=3"]));
    let text = holds(&mut story);
    assert!(text.contains("[/bin/ls -x] Some(\"B=2 C=3\") 3=/etc/passwd"), "{text}");
    story.at_path(1, chroot, b"/jail");
    story.at_path(1, chdir, b"/in");
    holds(&mut story);
}

#[test]
fn a_program_outlives_the_task_that_began_it() {
    let mut story = Story::new();
    exec(&mut story, 1, b"/bin/daemon", (Role::Env, &["A=1"]));
    fork_of(&mut story, 1, 2);
    story.happens(Kind::Exit, 1, [0; 6]);
    let text = holds(&mut story);
    assert!(text.starts_with("2 of 2") && text.contains("[/bin/daemon -x]"), "{text}");
    fork_of(&mut story, 2, 3);
    story.happens(Kind::Exit, 2, [0; 6]);
    assert!(holds(&mut story).contains("[/bin/daemon -x]"));
}

#[test]
fn threads_share_and_sockets_and_pipes_keep_their_ends() {
    let mut story = Story::new();
    story.start(2, [101, 100, 1, 1, 1], Origin::Thread);
    story.call(2, socket, &[2, 1 | CLOEXEC, 6], 5);
    story.call_with(1, connect, &[5, 8, 16], 0, |record| {
        let address = [&2_u16.to_le_bytes()[..], &80_u16.to_be_bytes(), &[10, 0, 0, 1, 0, 0]];
        whole(record, 1, Role::Sockaddr, &address.concat());
    });
    story.call(1, epoll_create1, &[0], 6);
    let ordinal = story.next(1);
    let ends = [7_i32.to_le_bytes(), 8_i32.to_le_bytes()].concat();
    let inode = [(FactKey::Fd, Value::Number(7)), (FactKey::Inode, Value::Number(4711))];
    let pipe = fact(
        FactKind::File,
        1,
        ordinal,
        &[
            inode[0].clone(),
            (FactKey::Path, Value::Bytes(b"pipe:[4711]".to_vec())),
            inode[1].clone(),
        ],
    );
    story.ends(
        1,
        ordinal,
        pipe2,
        &[8, 0],
        Some(0),
        |record| whole(record, 0, Role::Struct, &ends),
        &[pipe],
    );
    fork_of(&mut story, 1, 3);
    let text = holds(&mut story);
    assert!(text.contains("10.0.0.1") && text.contains("8=pipe:[4711] pipe"), "{text}");
    let flow = retold(&story.recap);
    let pipe = |task, fd| flow.state().descriptor(TaskId(task), fd);
    assert_eq!(pipe(1, 7), pipe(3, 8), "one pipe has two ends in two processes");
}

#[test]
fn what_is_gone_takes_no_room() {
    let mut story = Story::new();
    exec(&mut story, 1, b"/bin/sh", (Role::Env, &["A=1"]));
    for child in 2..500 {
        fork_of(&mut story, 1, child);
        exec(&mut story, child, b"/bin/true", (Role::EnvDiff, &["=0,1"]));
        story.open(child, format!("/tmp/{child}").as_bytes(), 0, 9);
        story.happens(Kind::Exit, child, [0; 6]);
    }
    let past: Batch = story.recap.past(|_| true);
    assert_eq!(past.len(), 3, "a start, an exec and its call");
    assert!(story.recap.state().resource_count() > 490);
    story.recap.renew(5);
    assert!(story.recap.state().resource_count() < 10);
}

#[test]
fn users_and_whether_their_numbers_mean_anything_are_known_again() {
    const CLONE_NEWUSER: u64 = 0x1000_0000;
    let mut story = Story::new();
    exec(&mut story, 1, b"/bin/sh", (Role::Env, &[]));
    story.call(1, setresuid, &[33, 33, 33], 0);
    fork_of(&mut story, 1, 2);
    story.call(2, unshare, &[CLONE_NEWUSER], 0);
    let text = holds(&mut story);
    assert!(
        text.contains("as user 33 own users false") && text.contains("own users true"),
        "{text}"
    );
    let mut flow = retold(&story.recap);
    let process = flow.state.processes.get_mut(&TaskId(2)).expect("it lives");
    assert!(process.has_own_users);
}
