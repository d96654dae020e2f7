//! Who read what whom had written.

use super::*;
use crate::event::TaskId;

fn id(task: u32) -> EventId {
    EventId { task: TaskId(task), ordinal: 0 }
}

/// Calls as `(way, event, start, end, count)` in the order of their ends, and
/// what passed: `write>read first..last`, with a `?` where it is not certain.
fn passed(stream: &mut Stream, calls: &[(Way, u32, u64, u64, u64)]) -> String {
    for &(way, task, start, end, count) in calls {
        let (event, glimpse) = (id(task), Glimpse::default());
        stream.moved(way, Moved { event, start, end, count, stays: false, glimpse });
    }
    settled(stream)
}

fn settled(stream: &mut Stream) -> String {
    let mut lines = Vec::new();
    stream.settle(|one| {
        let doubt = if one.certain { "" } else { "?" };
        lines.push(format!("{}>{} {:?}{doubt}", one.write.task, one.read.task, one.bytes));
    });
    lines.join(", ")
}

use Way::{In, Out};

#[test]
fn bytes_come_out_in_the_order_in_which_they_went_in() {
    let calls = [(In, 1, 0, 1, 5), (In, 2, 2, 3, 5), (Out, 3, 4, 5, 7), (Out, 4, 6, 7, 3)];
    assert_eq!(passed(&mut Stream::default(), &calls), "1>3 0..5, 2>3 5..7, 2>4 7..10");
}

#[test]
fn a_read_may_return_before_its_write_has() {
    let mut stream = Stream::default();
    assert_eq!(passed(&mut stream, &[(Out, 2, 0, 4, 3), (Out, 3, 5, 6, 3)]), "");
    assert_eq!(passed(&mut stream, &[(In, 1, 1, 7, 8)]), "1>2 0..3, 1>3 3..6");
    assert_eq!(passed(&mut stream, &[(Out, 4, 8, 9, 9)]), "1>4 6..8");
    assert_eq!(passed(&mut stream, &[(In, 5, 8, 10, 7)]), "5>4 8..15");
}

#[test]
fn who_overlapped_is_not_certain() {
    let calls = [(In, 1, 0, 5, 2), (In, 2, 4, 6, 2), (Out, 3, 7, 8, 2), (Out, 4, 9, 10, 2)];
    assert_eq!(passed(&mut Stream::default(), &calls), "1>3 0..2?, 2>4 2..4?");
    // But one that read all that overlapped has read each of them.
    let calls = [(In, 1, 0, 5, 2), (In, 2, 4, 6, 2), (Out, 3, 7, 8, 4)];
    assert_eq!(passed(&mut Stream::default(), &calls), "1>3 0..2, 2>3 2..4");
    // Two that read at once what one wrote got it from that one.
    let calls = [(In, 1, 0, 1, 4), (Out, 2, 2, 5, 2), (Out, 3, 3, 6, 2)];
    assert_eq!(passed(&mut Stream::default(), &calls), "1>2 0..2, 1>3 2..4");
    // Each of the two may have been first.
    let calls = [(In, 1, 0, 1, 2), (In, 4, 2, 3, 2), (Out, 2, 4, 7, 2), (Out, 3, 5, 8, 2)];
    assert_eq!(passed(&mut Stream::default(), &calls), "1>2 0..2?, 4>3 2..4?");
}

#[test]
fn a_write_that_goes_on_may_have_put_bytes_in_already() {
    let mut stream = Stream::default();
    stream.began(In, id(9), 1);
    let calls = [(In, 1, 0, 5, 2), (Out, 2, 6, 7, 2)];
    assert_eq!(passed(&mut stream, &calls), "1>2 0..2?");
    assert_eq!(passed(&mut stream, &[(In, 9, 1, 8, 2), (Out, 2, 9, 10, 2)]), "9>2 2..4?");
    assert_eq!(passed(&mut stream, &[(In, 1, 11, 12, 2), (Out, 2, 13, 14, 2)]), "1>2 4..6");
}

#[test]
fn a_look_takes_nothing_away() {
    let mut stream = Stream::default();
    let glimpse = Glimpse::default();
    let look = Moved { event: id(2), start: 2, end: 3, count: 4, stays: true, glimpse };
    stream.moved(Out, look);
    assert_eq!(settled(&mut stream), "");
    let calls = [(In, 1, 0, 4, 4), (Out, 3, 5, 6, 4)];
    assert_eq!(passed(&mut stream, &calls), "1>2 0..4, 1>3 0..4");
}

/// Calls that moved those bytes, as `(way, event, start, end, bytes)`.
fn told(stream: &mut Stream, calls: &[(Way, u32, u64, u64, &[u8])], apart: bool) -> String {
    for &(way, task, start, end, bytes) in calls {
        let count = if apart { 1 } else { bytes.len() as u64 };
        let (event, glimpse) = (id(task), Glimpse::of(bytes.len() as u64, [bytes].into_iter()));
        stream.moved(way, Moved { event, start, end, count, stays: false, glimpse });
    }
    settled(stream)
}

#[test]
fn bytes_say_who_of_those_who_overlapped_was_first() {
    let writes: [(Way, u32, u64, u64, &[u8]); 2] = [(In, 1, 0, 5, b"one"), (In, 2, 4, 6, b"two")];
    let with = |reads: &[(Way, u32, u64, u64, &[u8])]| {
        told(&mut Stream::default(), &[&writes[..], reads].concat(), false)
    };
    assert_eq!(with(&[(Out, 3, 7, 8, b"two"), (Out, 4, 9, 9, b"one")]), "2>3 0..3, 1>4 3..6");
    assert_eq!(with(&[(Out, 3, 7, 8, b"o"), (Out, 4, 9, 9, b"ne")]), "1>3 0..1, 1>4 1..3");
    // What is the same in both says nothing.
    let writes: [(Way, u32, u64, u64, &[u8]); 2] = [(In, 1, 0, 5, b"x"), (In, 2, 4, 6, b"x")];
    let reads: [(Way, u32, u64, u64, &[u8]); 1] = [(Out, 3, 7, 8, b"x")];
    let passed = told(&mut Stream::default(), &[&writes[..], &reads].concat(), false);
    assert_eq!(passed, "1>3 0..1?");
}

#[test]
fn a_message_that_got_lost_is_read_by_nobody() {
    let sent: [(Way, u32, u64, u64, &[u8]); 4] = [
        (In, 1, 0, 1, b"first"),
        (In, 2, 2, 3, b"second"),
        (In, 3, 4, 5, b"third"),
        (In, 4, 6, 7, b"fourth"),
    ];
    let got: [(Way, u32, u64, u64, &[u8]); 2] =
        [(Out, 8, 8, 9, b"first"), (Out, 9, 10, 11, b"third")];
    let mut stream = Stream::default();
    stream.loses();
    assert_eq!(told(&mut stream, &[&sent[..], &got].concat(), true), "1>8 0..1, 3>9 2..3");
    assert_eq!(told(&mut stream, &[(Out, 8, 12, 13, b"fourth")], true), "4>8 3..4");
    // One that was cut off is the next one.
    let cut: [(Way, u32, u64, u64, &[u8]); 2] =
        [(In, 1, 20, 21, b"fifth"), (Out, 8, 22, 23, b"fi")];
    assert_eq!(told(&mut stream, &cut, true), "1>8 4..5");
}

#[test]
fn a_reader_that_is_not_recorded_costs_no_memory() {
    let mut stream = Stream::default();
    for one in 0..3 * KEPT as u64 {
        assert_eq!(passed(&mut stream, &[(In, 1, 2 * one, 2 * one + 1, 1)]), "");
    }
    assert_eq!(stream.writes.spans.len(), KEPT);
}
