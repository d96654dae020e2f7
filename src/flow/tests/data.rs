//! Bytes from write to read.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Role, Value};

/// `pipe2`, whose ends are 3 and 4.
fn with_pipe() -> Story {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, Role::Struct, &fds));
    story
}

#[test]
fn a_pipe_leads_from_the_writer_to_the_reader() {
    let mut story = with_pipe();
    story.forks(1, 2);
    let first = story.call(1, write, &[4, 0, 5], 5);
    let second = story.call(1, write, &[4, 0, 9], 3);
    story.call(1, write, &[4, 0, 9], -32);
    let read_all = story.call(2, read, &[3, 0, 100], 7);
    let rest = story.call(2, read, &[3, 0, 100], 1);
    story.call(2, read, &[3, 0, 100], 0);
    assert_eq!(
        story.seen.take("data"),
        [
            format!("1/{first}-2/{read_all} 0..5 pipe"),
            format!("1/{second}-2/{read_all} 5..7 pipe"),
            format!("1/{second}-2/{rest} 7..8 pipe"),
        ]
    );
}

#[test]
fn a_copy_hands_on_and_tee_leaves() {
    let mut story = with_pipe();
    let fds = [5i32.to_le_bytes(), 6i32.to_le_bytes()].concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, Role::Struct, &fds));
    let written = story.call(1, write, &[4, 0, 4], 4);
    let teed = story.call(1, tee, &[3, 6, 9], 4);
    let spliced = story.call(1, splice, &[3, 0, 6], 4);
    let all = story.call(1, read, &[5, 0, 9], 8);
    assert_eq!(
        story.seen.take("data"),
        [
            format!("1/{written}-1/{teed} 0..4 pipe"),
            format!("1/{written}-1/{spliced} 0..4 pipe"),
            format!("1/{teed}-1/{all} 0..4 pipe"),
            format!("1/{spliced}-1/{all} 4..8 pipe"),
        ]
    );
}

#[test]
fn a_pipe_from_before_the_run_has_other_users() {
    let mut story = Story::new();
    let inherited = |fd| {
        fact(
            FactKind::Descriptor,
            1,
            1,
            &[(FactKey::Fd, Value::Number(fd)), (FactKey::Path, Value::Bytes(b"pipe:[9]".into()))],
        )
    };
    let ordinal = story.next(1);
    let known = [inherited(0), inherited(1)];
    story.ends(1, ordinal, unshare, &[0], Some(0), |_| {}, &known);
    story.call(1, write, &[1, 0, 2], 2);
    story.call(1, read, &[0, 0, 2], 2);
    assert_eq!(story.seen.take("data"), ["1/2-1/3 0..2? pipe:[9]"]);
}

#[test]
fn a_pair_of_sockets_has_two_directions() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, socketpair, &[1, 1, 0, 8], 0, |r| whole(r, 3, Role::Struct, &fds));
    let ping = story.call(1, sendto, &[3, 0, 4, 0], 4);
    let pong = story.call(1, write, &[4, 0, 6], 6);
    let peeked = story.call(1, recvfrom, &[4, 0, 9, 2], 4);
    let got_ping = story.call(1, recvfrom, &[4, 0, 9, 0], 4);
    let got_pong = story.call(1, read, &[3, 0, 9], 6);
    assert_eq!(
        story.seen.take("data"),
        [
            format!("1/{ping}-1/{peeked} 0..4 socket"),
            format!("1/{ping}-1/{got_ping} 0..4 socket"),
            format!("1/{pong}-1/{got_pong} 0..6 socket"),
        ]
    );
}

#[test]
fn datagrams_are_counted_not_their_bytes() {
    let mut story = Story::new();
    let fds = [3i32.to_le_bytes(), 4i32.to_le_bytes()].concat();
    story.call_with(1, socketpair, &[1, 2, 0, 8], 0, |r| whole(r, 3, Role::Struct, &fds));
    let long = story.call(1, sendto, &[3, 0, 400, 0], 400);
    let empty = story.call(1, sendto, &[3, 0, 0, 0], 0);
    let cut = story.call(1, recvfrom, &[4, 0, 9, 0], 9);
    let none = story.call(1, recvfrom, &[4, 0, 9, 0], 0);
    assert_eq!(
        story.seen.take("data"),
        [format!("1/{long}-1/{cut} 0..1 socket"), format!("1/{empty}-1/{none} 1..2 socket")]
    );
}

#[test]
fn the_ends_of_a_connection_find_each_other_by_their_addresses() {
    let mut story = Story::new();
    let address = |port: u8| [2, 0, 0, port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let ends = |ordinal, fd, local: u8, remote: u8| {
        fact(
            FactKind::Socket,
            1,
            ordinal,
            &[
                (FactKey::Fd, Value::Number(fd)),
                (FactKey::Family, Value::Number(2)),
                (FactKey::Type, Value::Number(1)),
                (FactKey::Local, Value::Bytes(address(local).into())),
                (FactKey::Remote, Value::Bytes(address(remote).into())),
            ],
        )
    };
    story.call(1, socket, &[2, 1, 6], 3);
    story.call(1, socket, &[2, 1, 6], 4);
    let connected = story.next(1);
    story.ends(1, connected, connect, &[4, 8, 16], Some(0), |_| {}, &[ends(connected, 4, 99, 80)]);
    // The request is written before the server has accepted.
    let asked = story.call(1, write, &[4, 0, 10], 10);
    let accepted = story.next(1);
    story.ends(1, accepted, accept, &[3, 8, 8], Some(5), |_| {}, &[ends(accepted, 5, 80, 99)]);
    let heard = story.call(1, read, &[5, 0, 10], 10);
    let answered = story.call(1, sendto, &[5, 0, 3, 0], 3);
    let got = story.call(1, recvfrom, &[4, 0, 10, 0], 3);
    assert_eq!(
        story.seen.take("data"),
        [format!("1/{asked}-1/{heard} 0..10 socket"), format!("1/{answered}-1/{got} 0..3 socket"),]
    );
}

#[test]
fn what_a_killed_writer_had_written_is_not_certain() {
    let mut story = with_pipe();
    story.forks(1, 2);
    let cut = story.next(2);
    story.ends(2, cut, write, &[4, 0, 99], None, |_| {}, &[]);
    story.happens(Kind::Exit, 2, [0, 9, 0, 0, 0, 0]);
    let whole = story.call(1, write, &[4, 0, 2], 2);
    let got = story.call(1, read, &[3, 0, 2], 2);
    assert_eq!(story.seen.take("data"), [format!("1/{whole}-1/{got} 0..2? pipe")]);
}
