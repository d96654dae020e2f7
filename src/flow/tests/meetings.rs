//! Sockets that meet: Unix connections, datagrams; and what counts: eventfds.

use super::kit::*;
use crate::event::{Origin, Phase, RecordBuilder, Role, State};

const UNIX: u64 = 1;
const INET: u64 = 2;
const STREAM: u64 = 1;
const DATAGRAM: u64 = 2;

fn name(name: &str) -> Vec<u8> {
    [&[1, 0], name.as_bytes()].concat()
}

fn port(port: u8) -> Vec<u8> {
    vec![2, 0, 0, port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
}

fn opens(story: &mut Story, (family, kind): (u64, u64), fd: i64) {
    story.call(1, socket, &[family, kind, 0], fd);
}

fn binds(story: &mut Story, fd: u64, address: &[u8]) {
    story.call_with(1, bind, &[fd, 8, 16], 0, |r| whole(r, 1, Role::Sockaddr, address));
}

fn connects(story: &mut Story, fd: u64, address: &[u8]) {
    story.call_with(1, connect, &[fd, 8, 16], 0, |r| whole(r, 1, Role::Sockaddr, address));
}

/// A listening socket, 3, named `/s`, and connecting ones.
fn with_listener(others: &[i64]) -> Story {
    let mut story = Story::new();
    opens(&mut story, (UNIX, STREAM), 3);
    binds(&mut story, 3, &name("/s"));
    for fd in others {
        opens(&mut story, (UNIX, STREAM), *fd);
    }
    story
}

fn accepts(story: &mut Story, fd: i64) {
    story.call(1, accept, &[3, 0, 0], fd);
}

/// Writes to the one and reads from the other, and what the flow says of that.
fn passes(story: &mut Story, from: u64, to: u64) -> bool {
    let wrote = story.call(1, write, &[from, 0, 5], 5);
    let got = story.call(1, read, &[to, 0, 5], 5);
    let seen = story.seen.take("data");
    match seen.as_slice() {
        [one] if *one == format!("1/{wrote}-1/{got} 0..5 socket") => true,
        [one] if *one == format!("1/{wrote}-1/{got} 0..5? socket") => false,
        other => panic!("{wrote}-{got}: {other:?}"),
    }
}

#[test]
fn who_connects_first_is_accepted_first() {
    let mut story = with_listener(&[4, 5]);
    connects(&mut story, 5, &name("/s"));
    // What is written before it is accepted waits.
    let early = story.call(1, write, &[5, 0, 2], 2);
    connects(&mut story, 4, &name("/s"));
    accepts(&mut story, 6);
    accepts(&mut story, 7);
    let got = story.call(1, read, &[6, 0, 9], 2);
    assert_eq!(story.seen.take("data"), [format!("1/{early}-1/{got} 0..2 socket")]);
    assert!(passes(&mut story, 7, 4));
    assert!(passes(&mut story, 4, 7));
    assert!(passes(&mut story, 6, 5));
}

fn begins(story: &mut Story, task: u32, nr: u64, args: &[u64], address: &[u8]) -> u64 {
    let ordinal = story.next(task);
    let given = |r: &mut RecordBuilder<'_>| {
        if !address.is_empty() {
            whole(r, 1, Role::Sockaddr, address);
        }
    };
    story.ends(task, ordinal, nr, args, None, given, &[]);
    ordinal
}

#[test]
fn whoever_connects_at_once_may_be_accepted_in_any_order() {
    let mut story = with_listener(&[4, 5]);
    let args = [4, 8, 16];
    let slow = begins(&mut story, 1, connect, &args, &name("/s"));
    connects(&mut story, 5, &name("/s"));
    accepts(&mut story, 6);
    let address = name("/s");
    story.ends(1, slow, connect, &args, Some(0), |r| whole(r, 1, Role::Sockaddr, &address), &[]);
    accepts(&mut story, 7);
    assert!(!passes(&mut story, 5, 6));
    assert!(!passes(&mut story, 4, 7));
    // Those that come after them are told apart again.
    opens(&mut story, (UNIX, STREAM), 8);
    connects(&mut story, 8, &name("/s"));
    accepts(&mut story, 9);
    assert!(passes(&mut story, 8, 9));
}

#[test]
fn of_several_that_wait_one_takes_the_only_connection() {
    let mut story = with_listener(&[4]);
    story.forks(1, 2);
    let waits = begins(&mut story, 2, accept, &[3, 0, 0], &[]);
    // A thread of the one that connects.
    story.start(3, [103, 100, 1, 1, 0], Origin::Thread);
    let takes = begins(&mut story, 3, accept, &[3, 0, 0], &[]);
    connects(&mut story, 4, &name("/s"));
    story.ends(3, takes, accept, &[3, 0, 0], Some(6), |_| {}, &[]);
    assert!(passes(&mut story, 4, 6));
    story.ends(2, waits, accept, &[3, 0, 0], Some(-4), |_| {}, &[]);
}

#[test]
fn one_who_is_not_recorded_connects_too() {
    let mut story = with_listener(&[4]);
    accepts(&mut story, 6);
    connects(&mut story, 4, &name("/s"));
    accepts(&mut story, 7);
    assert!(passes(&mut story, 4, 7));
    story.call(1, write, &[6, 0, 5], 5);
    story.call(1, read, &[6, 0, 5], 5);
    assert!(story.seen.take("data").is_empty());
}

#[test]
fn a_datagram_goes_where_it_is_sent() {
    for (family, first, second, doubt) in
        [(UNIX, name("/a"), name("/b"), ""), (INET, port(53), port(54), "?")]
    {
        let mut story = Story::new();
        for fd in 3..6 {
            opens(&mut story, (family, DATAGRAM), fd);
        }
        binds(&mut story, 3, &first);
        binds(&mut story, 4, &second);
        connects(&mut story, 5, &first);
        let to = |story: &mut Story, fd, address: &[u8]| {
            story.call_with(1, sendto, &[fd, 0, 9, 0, 8], 9, |record| {
                record.piece(4, Role::Sockaddr, Phase::Entry, State::Whole, address);
            })
        };
        let to_second = to(&mut story, 5, &second);
        let to_first = to(&mut story, 4, &first);
        let as_connected = story.call(1, write, &[5, 0, 9], 9);
        let got = [3, 3, 4].map(|fd| story.call(1, recvfrom, &[fd, 0, 9, 0], 9));
        assert_eq!(
            story.seen.take("data"),
            [
                format!("1/{to_first}-1/{} 0..1{doubt} socket", got[0]),
                format!("1/{as_connected}-1/{} 1..2{doubt} socket", got[1]),
                format!("1/{to_second}-1/{} 0..1{doubt} socket", got[2]),
            ]
        );
    }
}

#[test]
fn an_eventfd_hands_over_all_that_was_added() {
    let mut story = Story::new();
    let number = |n: u64| {
        move |record: &mut RecordBuilder<'_>| {
            record.piece(1, Role::Data, Phase::Exit, State::Whole, &n.to_le_bytes());
        }
    };
    let made = story.call(1, eventfd2, &[1, 0], 3);
    let one = story.call_with(1, write, &[3, 0, 8], 8, number(2));
    let two = story.call_with(1, write, &[3, 0, 8], 8, number(4));
    let got = story.call_with(1, read, &[3, 0, 8], 8, number(7));
    let through = "anon_inode:[eventfd]";
    assert_eq!(
        story.seen.take("data"),
        [
            format!("1/{made}-1/{got} 0..1 {through}"),
            format!("1/{one}-1/{got} 1..3 {through}"),
            format!("1/{two}-1/{got} 3..7 {through}"),
        ]
    );
    // EFD_SEMAPHORE: one by one.
    let both = story.call_with(1, write, &[3, 0, 8], 8, number(2));
    let got = [(); 2].map(|()| story.call_with(1, read, &[3, 0, 8], 8, number(1)));
    assert_eq!(
        story.seen.take("data"),
        [
            format!("1/{both}-1/{} 7..8 {through}", got[0]),
            format!("1/{both}-1/{} 8..9 {through}", got[1]),
        ]
    );
    // What was not recorded is not known.
    story.call(1, write, &[3, 0, 8], 8);
    story.call_with(1, write, &[3, 0, 8], 8, number(2));
    story.call_with(1, read, &[3, 0, 8], 8, number(5));
    assert!(story.seen.take("data").iter().all(|line| line.contains('?')));
}

#[test]
fn a_fifo_is_one_pipe_for_all_who_open_it() {
    const FIFO: u64 = 0o010_644;
    let mut story = Story::new();
    story.call_with(1, mknodat, &[CWD, 8, FIFO], 0, |r| whole(r, 1, Role::Path, b"f"));
    story.forks(1, 2);
    story.open(1, b"f", 0, 3);
    story.open(2, b"/home/f", 1, 3);
    let wrote = story.call(2, write, &[3, 0, 5], 5);
    let got = story.call(1, read, &[3, 0, 9], 5);
    assert_eq!(story.seen.take("data"), [format!("2/{wrote}-1/{got} 0..5 /home/f")]);
}
