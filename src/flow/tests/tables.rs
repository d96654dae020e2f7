//! Descriptor tables, directories and paths.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Origin, Role, Value};
use crate::flow::{Endpoint, Socket};

const O_CLOEXEC: u64 = 0o2_000_000;

#[test]
fn descriptors_are_opened_copied_and_closed() {
    let mut story = Story::new();
    story.open(1, b"a", 0, 3);
    story.call(1, dup, &[3], 4);
    story.call(1, dup2, &[3, 1], 1);
    story.call(1, dup3, &[3, 5, O_CLOEXEC], 5);
    story.call(1, fcntl, &[3, 1030, 10], 10);
    story.call(1, fcntl, &[3, 0, 20], 20);
    assert_eq!(story.table(1), "1=/home/a 3=/home/a 4=/home/a 5!/home/a 10!/home/a 20=/home/a");
    story.call(1, dup2, &[5, 5], 5);
    story.call(1, fcntl, &[4, 2, 1], 0);
    story.call(1, close, &[3], -5);
    story.call(1, close, &[10], 0);
    story.call(1, close_range, &[20, u64::from(u32::MAX), 0], 0);
    assert_eq!(story.table(1), "1=/home/a 4!/home/a 5!/home/a");
    story.call(1, close_range, &[0, 1, 4], 0);
    assert_eq!(story.table(1), "1!/home/a 4!/home/a 5!/home/a");
    story.call(1, close, &[4], -9);
    assert_eq!(story.table(1), "1!/home/a 4!/home/a 5!/home/a");
}

#[test]
fn an_event_says_what_its_descriptors_stood_for() {
    let mut story = Story::new();
    story.open(1, b"/etc/passwd", O_CLOEXEC, 3);
    story.call(1, read, &[3, 0, 10], 10);
    story.call(1, close, &[3], 0);
    story.call(1, read, &[3, 0, 10], -9);
    story.open(1, b"none", 0, -2);
    assert_eq!(
        story.seen.take("event")[1..],
        [
            "1/1 0:/home 1:/etc/passwd =:/etc/passwd",
            "1/2 0:/etc/passwd",
            "1/3 0:/etc/passwd",
            "1/4",
            "1/5 0:/home 1:/home/none"
        ]
    );
    assert_eq!(story.seen.take("resource"), ["/home", "/etc/passwd", "/home/none"]);
}

#[test]
fn a_fork_copies_and_a_thread_shares() {
    let mut story = Story::new();
    story.open(1, b"a", 0, 3);
    let made = story.next(1);
    story.start(2, [101, 101, 2, 1, made], Origin::Fork);
    story.open(2, b"child", 0, 4);
    story.ends(1, made, fork, &[], Some(101), |_| {}, &[]);
    let made = story.next(1);
    story.start(3, [102, 100, 1, 1, made], Origin::Thread);
    story.ends(1, made, clone, &[0x10f00], Some(102), |_| {}, &[]);
    story.open(3, b"thread", 0, 5);
    assert_eq!(story.table(1), "3=/home/a 5=/home/thread");
    assert_eq!(story.table(2), "3=/home/a 4=/home/child");
    story.call(3, unshare, &[0x400], 0);
    story.call(3, close, &[3], 0);
    assert_eq!(story.table(1), "3=/home/a 5=/home/thread");
    assert_eq!(story.table(3), "5=/home/thread");
}

#[test]
fn a_process_may_share_files_and_directory() {
    let mut story = Story::new();
    let made = story.next(1);
    story.start(2, [101, 101, 2, 1, made], Origin::Clone);
    story.ends(1, made, clone, &[0x600], Some(101), |_| {}, &[]);
    story.open(2, b"a", 0, 3);
    story.at_path(2, chdir, b"/tmp");
    assert_eq!(story.table(1), "3=/home/a");
    assert_eq!(story.cwd(1), "/tmp");
}

#[test]
fn an_exec_closes_after_it_has_used_its_directory() {
    let mut story = Story::new();
    story.open(1, b"/bin/tool", O_CLOEXEC, 3);
    story.open(1, b"log", 0, 4);
    let exec = story.next(1);
    story.happens(Kind::Exec, 1, [100, 100, 0, 0, 0, 0]);
    let memory = |record: &mut crate::event::RecordBuilder<'_>| {
        whole(record, 1, Role::Path, b"");
        whole(record, 2, Role::Arg, b"tool");
        whole(record, 2, Role::Arg, b"-x");
    };
    story.ends(1, exec, execveat, &[3, 8], Some(0), memory, &[]);
    assert_eq!(story.seen.take("execution"), ["1/3 /bin/tool [tool -x]"]);
    assert_eq!(story.table(1), "4=/home/log");
}

#[test]
fn an_exec_whose_call_was_not_recorded_closes_too() {
    let mut story = Story::new();
    story.open(1, b"a", O_CLOEXEC, 3);
    story.happens(Kind::Exec, 1, [100, 100, 0, 0, 0, 0]);
    story.call(1, read, &[3], -9);
    assert_eq!(story.table(1), "");
}

#[test]
fn paths_follow_directories_and_roots() {
    let mut story = Story::new();
    story.open(1, b"/var", 0, 3);
    story.open_at(1, 3, b"log/../run", 0, 4);
    story.call(1, fchdir, &[3], 0);
    story.open(1, b"x", 0, 5);
    story.at_path(1, chroot, b"/jail");
    story.open(1, b"/etc", 0, 6);
    story.call(1, getdents64, &[6], 0);
    assert_eq!(story.table(1), "3=/var 4=/var/run 5=/var/x 6=/jail/etc");
    assert_eq!(story.cwd(1), "/var");
    let learnt = ["/var directory", "/jail directory", "/jail/etc directory"];
    assert_eq!(story.seen.take("learnt"), learnt);
}

#[test]
fn a_fact_names_the_real_path_and_the_inode() {
    let mut story = Story::new();
    let ordinal = story.next(1);
    let real = fact(
        FactKind::File,
        1,
        ordinal,
        &[
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(b"/real".to_vec())),
            (FactKey::Device, Value::Number(8)),
            (FactKey::Inode, Value::Number(77)),
            (FactKey::Mode, Value::Number(0o100_644)),
        ],
    );
    let memory = |r: &mut crate::event::RecordBuilder<'_>| whole(r, 1, Role::Path, b"/link");
    story.ends(1, ordinal, openat, &[CWD, 8, 0], Some(3), memory, &[real]);
    assert_eq!(story.table(1), "3=/real");
    assert_eq!(story.seen.take("event")[1], "1/1 0:/home 1:/link =:/real");
    assert_eq!(story.seen.take("learnt"), ["/real file"]);
}

#[test]
fn what_was_open_before_is_known_from_facts() {
    let mut story = Story::new();
    let mut batch = crate::event::Batch::new();
    for (fd, target) in [(0, "/dev/pts/1"), (1, "pipe:[9]"), (2, "pipe:[9]"), (5, "anon_inode:[x]")]
    {
        let fields = [
            (FactKey::Fd, Value::Number(fd)),
            (FactKey::Path, Value::Bytes(target.into())),
            (FactKey::Flags, Value::Number(if fd == 5 { 0o2_000_000 } else { 0 })),
        ];
        batch.push_fact(fact(FactKind::Descriptor, 1, 0, &fields));
    }
    story.feed(&batch);
    assert_eq!(story.table(1), "0=/dev/pts/1 1=pipe:[9] 2=pipe:[9] 5!anon_inode:[x]");
    let state = story.flow.state();
    let end = |fd| state.descriptor(crate::event::TaskId(1), fd);
    assert_eq!(end(1), end(2), "both are one pipe");
}

#[test]
fn pipes_and_sockets() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, O_CLOEXEC], 0, |r| whole(r, 0, Role::Struct, &fds));
    story.call(1, socket, &[2, 1 | O_CLOEXEC, 6], 5);
    let address = [2, 0, 0, 80, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let memory = |r: &mut crate::event::RecordBuilder<'_>| whole(r, 1, Role::Sockaddr, &address);
    story.call_with(1, connect, &[5, 8, 16], -115, memory);
    story.call(1, epoll_create1, &[0], 6);
    assert_eq!(story.table(1), "3!pipe 4!pipe 5!socket 6=anon_inode:[eventpoll]");
    let state = story.flow.state();
    let id = state.descriptor(crate::event::TaskId(1), 5).expect("open");
    let remote = Some(Endpoint::Inet([10, 0, 0, 1].into(), 80));
    let expected = Socket {
        family: Some(2),
        kind: Some(1),
        protocol: Some(6),
        local: None,
        remote,
        host: state.resource_ids().find(|id| state.name_of(*id) == b"10.0.0.1"),
        peer: None,
        peer_pid: None,
        path: None,
        remote_path: None,
    };
    assert_eq!(state.socket(id), Some(&expected));
    assert!(expected.host.is_some());
}

/// The inode that a fact tells is the identity of a pipe and of a socket.
#[test]
fn facts_tell_the_inodes_of_pipes_and_sockets() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    let ordinal = story.next(1);
    let made = fact(
        FactKind::File,
        1,
        ordinal,
        &[
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(b"pipe:[77]".to_vec())),
            (FactKey::Inode, Value::Number(77)),
        ],
    );
    let memory = |r: &mut crate::event::RecordBuilder<'_>| whole(r, 0, Role::Struct, &fds);
    story.ends(1, ordinal, pipe2, &[8, 0], Some(0), memory, &[made]);
    let ordinal = story.next(1);
    let made = fact(
        FactKind::Socket,
        1,
        ordinal,
        &[(FactKey::Fd, Value::Number(5)), (FactKey::Inode, Value::Number(78))],
    );
    story.ends(1, ordinal, socket, &[2, 1, 6], Some(5), |_| {}, &[made]);
    assert_eq!(story.table(1), "3=pipe:[77] 4=pipe:[77] 5=socket:[78]");
    let state = story.flow.state();
    let inode = |fd| {
        let id = state.descriptor(crate::event::TaskId(1), fd).expect("open");
        state.resource(id).and_then(|one| one.identity).map(|identity| identity.inode)
    };
    assert_eq!((inode(3), inode(4), inode(5)), (Some(77), Some(77), Some(78)));
}

/// A fact comes once a name: the second opening of a link is known from the first.
#[test]
fn a_link_leads_to_the_same_file_the_second_time() {
    let mut story = Story::new();
    let ordinal = story.next(1);
    let real = fact(
        FactKind::File,
        1,
        ordinal,
        &[
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(b"/real".to_vec())),
            (FactKey::Device, Value::Number(8)),
            (FactKey::Inode, Value::Number(77)),
        ],
    );
    let memory = |r: &mut crate::event::RecordBuilder<'_>| whole(r, 1, Role::Path, b"/link");
    story.ends(1, ordinal, openat, &[CWD, 8, 0], Some(3), memory, &[real]);
    story.call_with(1, openat, &[CWD, 8, 0], 4, memory);
    assert_eq!(story.table(1), "3=/real 4=/real");
}
