//! Descriptors that one process gives another.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Origin, Phase, RecordBuilder, Role, State, Value};

/// `MSG_CMSG_CLOEXEC`, recv(2).
const CLOEXEC: u64 = 0x4000_0000;
/// `MSG_PEEK`, recv(2).
const PEEK: u64 = 2;

/// Control data that passes descriptors.
fn passing(descriptors: &[i32]) -> impl FnOnce(&mut RecordBuilder<'_>) {
    let mut bytes = (16 + 4 * descriptors.len() as u64).to_le_bytes().to_vec();
    bytes.extend([1i32, 1].iter().chain(descriptors).flat_map(|int| int.to_le_bytes()));
    move |record| {
        record.piece(1, Role::Control, Phase::Entry, State::Whole, &bytes);
    }
}

/// Tasks 1 and 2 are processes with the two ends of a pair of sockets: 3 and 4.
fn with_pair() -> Story {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, socketpair, &[1, 1, 0, 8], 0, |r| whole(r, 3, Role::Struct, &fds));
    story.forks(1, 2);
    story.call(1, close, &[4], 0);
    story.call(2, close, &[3], 0);
    story
}

fn sends(story: &mut Story, descriptors: &[i32]) {
    story.call_with(1, sendmsg, &[3, 0, 0], 1, passing(descriptors));
}

fn receives(story: &mut Story, descriptors: &[i32], flags: u64) -> u64 {
    story.call_with(2, recvmsg, &[4, 0, flags], 1, passing(descriptors))
}

#[test]
fn what_a_message_brings_stands_for_what_was_passed() {
    let mut story = with_pair();
    story.open(1, b"/tmp/a", 0, 5);
    story.open(1, b"/tmp/b", 0, 6);
    sends(&mut story, &[6, 5]);
    sends(&mut story, &[5]);
    // They are open on their way too.
    story.call(1, close, &[5], 0);
    story.call(1, close, &[6], 0);
    story.seen.take("event");
    let first = receives(&mut story, &[9, 7], CLOEXEC);
    assert_eq!(story.table(2), "4=socket 7!/tmp/a 9!/tmp/b");
    let used = story.seen.take("event");
    assert_eq!(used, [format!("2/{first} 0:socket p0:/tmp/b p1:/tmp/a")]);
    receives(&mut story, &[10], PEEK);
    receives(&mut story, &[7], 0);
    assert_eq!(story.table(2), "4=socket 7=/tmp/a 9!/tmp/b 10=/tmp/a");
    // Of a message that nobody has been seen to send nothing is known.
    receives(&mut story, &[9], 0);
    assert_eq!(story.table(2), "4=socket 7=/tmp/a 10=/tmp/a");
}

#[test]
fn a_message_may_be_received_before_the_call_that_sent_it_has_returned() {
    let mut story = with_pair();
    story.open(1, b"/tmp/a", 0, 5);
    let mut batch = crate::event::Batch::new();
    let (sent, got) = (story.next(1), story.next(2));
    // It was entered first, and is recorded last: as calls are, when they have returned.
    let mut entered = crate::event::Batch::new();
    story.adds(&mut entered, (1, sent), sendmsg, &[3, 0, 0], None, passing(&[5]));
    story.adds(&mut batch, (2, got), recvmsg, &[4, 0, 0], Some(1), passing(&[8]));
    story.adds(&mut batch, (1, sent), sendmsg, &[3, 0, 0], Some(1), passing(&[5]));
    story.feed(&batch);
    assert_eq!(story.table(2), "4=socket 8=/tmp/a");
    receives(&mut story, &[8], 0);
    assert_eq!(story.table(2), "4=socket", "one message, received once");
    // And of one that fails nothing comes.
    story.call_with(1, sendmsg, &[3, 0, 0], -32, passing(&[5]));
    receives(&mut story, &[8], 0);
    assert_eq!(story.table(2), "4=socket");
}

#[test]
fn what_comes_from_outside_is_known_from_facts() {
    let mut story = with_pair();
    let given = |ordinal, fd, path: &[u8], flags| {
        let fields = [
            (FactKey::Fd, Value::Number(fd)),
            (FactKey::Path, Value::Bytes(path.into())),
            (FactKey::Flags, Value::Number(flags)),
            (FactKey::Inode, Value::Number(77)),
        ];
        fact(FactKind::File, 2, ordinal, &fields)
    };
    let ordinal = story.next(2);
    let facts = [
        given(ordinal, 7, b"/tmp/far", 0o2_000_000),
        given(ordinal, 8, b"pipe:[77]", 0),
        given(ordinal, 9, b"anon_inode:[eventfd]", 0),
    ];
    story.ends(2, ordinal, recvmsg, &[4, 0, 0], Some(1), passing(&[7, 8, 9]), &facts);
    let open = "4=socket 7!/tmp/far 8=pipe:[77] 9=anon_inode:[eventfd]";
    assert_eq!(story.table(2), open);
    // What the flow took for a file has proved to be another thing.
    story.open(1, b"/tmp/a", 0, 5);
    sends(&mut story, &[5, 3]);
    let ordinal = story.next(2);
    let facts = [given(ordinal, 7, b"/tmp/a (deleted)", 0), given(ordinal, 8, b"pipe:[77]", 0)];
    story.ends(2, ordinal, recvmsg, &[4, 0, 0], Some(1), passing(&[7, 8]), &facts);
    assert_eq!(story.table(2), "4=socket 7=/tmp/a 8=pipe:[77] 9=anon_inode:[eventfd]");
}

#[test]
fn a_copy_is_taken_from_the_table_of_another_process() {
    let mut story = with_pair();
    story.open(1, b"/tmp/own", 0, 6);
    story.open(2, b"/tmp/a", 0, 6);
    story.call(1, pidfd_open, &[102, 0], 7);
    story.seen.take("event");
    let taken = story.call(1, pidfd_getfd, &[7, 6, 0], 8);
    let pidfd = "anon_inode:[pidfd]";
    assert_eq!(story.table(1), format!("3=socket 6=/tmp/own 7!{pidfd} 8!/tmp/a"));
    let used = story.seen.take("event");
    assert_eq!(used, [format!("1/{taken} 0:{pidfd} 1:/tmp/a =:/tmp/a")]);
    story.happens(Kind::Exit, 2, [0; 6]);
    story.call(1, pidfd_getfd, &[7, 6, 0], -3);
}

#[test]
fn a_pidfd_may_come_with_the_child() {
    let mut story = Story::new();
    let made = story.next(1);
    story.start(2, [102, 102, 2, 1, made], Origin::Fork);
    let fields = [
        (FactKey::Fd, Value::Number(5)),
        (FactKey::Path, Value::Bytes(b"anon_inode:[pidfd]".into())),
        (FactKey::Pid, Value::Number(102)),
        (FactKey::Flags, Value::Number(0o2_000_002)),
    ];
    let facts = [fact(FactKind::File, 1, made, &fields)];
    story.ends(1, made, clone, &[0x1011], Some(102), |_| {}, &facts);
    assert_eq!(story.table(1), "5!anon_inode:[pidfd]");
    story.open(2, b"/tmp/a", 0, 6);
    story.call(1, pidfd_getfd, &[5, 6, 0], 7);
    assert_eq!(story.table(1), "5!anon_inode:[pidfd] 7!/tmp/a");
}
