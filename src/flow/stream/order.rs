//! In which order calls wrote that overlapped in time: where the bytes that were kept of
//! them, and of the calls that read those, leave one order alone, it was that one.

use std::collections::VecDeque;
use std::ops::Range;

use super::Span;

/// Calls that are looked at: of more there are too many orders.
const MOST: usize = 5;
/// `PIPE_BUF`, pipe(7): so many bytes go in at once, and nothing comes between them.
const WHOLE: u64 = 4096;

/// Places those writes whose bytes decide. What was read already is as it was told.
pub(super) fn decide(writes: &mut VecDeque<Span>, reads: &VecDeque<Span>) {
    if writes.iter().all(Span::is_placed) {
        return;
    }
    let writes = writes.make_contiguous();
    let mut rest = writes;
    while let Some(first) = rest.first() {
        let within = first.within.clone();
        let length = rest.iter().take_while(|one| one.within == within).count();
        let (group, after) = rest.split_at_mut(length);
        if let Some(order) = order(group, reads) {
            arrange(group, &order);
        }
        rest = after;
    }
}

/// The only order that agrees with what was read.
fn order(group: &[Span], reads: &VecDeque<Span>) -> Option<Vec<usize>> {
    let is_whole = |one: &Span| one.bytes.end - one.bytes.start <= WHOLE;
    let (first, last) = (group.first()?, group.last()?);
    // Others may lie among them that are not known yet.
    let is_apart = first.within == (first.bytes.start..last.bytes.end);
    if !(2..=MOST).contains(&group.len()) || !is_apart || !group.iter().all(is_whole) {
        return None;
    }
    let seen: Vec<_> = reads
        .iter()
        .filter(|read| read.is_placed() && overlap(&read.bytes, &first.within).is_some())
        .map(|read| (read.bytes.start, read.glimpse.head()))
        .collect();
    let mut found = None;
    let mut orders: Vec<usize> = (0..group.len()).collect();
    let is_only = each_order(&mut orders, 0, &mut |order| {
        let agrees = agrees(group, order, first.within.start, &seen);
        if agrees && found.is_some() {
            return false;
        }
        if agrees {
            found = Some(order.to_vec());
        }
        true
    });
    found.filter(|_| is_only)
}

/// Whether the writes in that order are what was read.
fn agrees(group: &[Span], order: &[usize], from: u64, seen: &[(u64, &[u8])]) -> bool {
    let mut at = from;
    order.iter().filter_map(|index| group.get(*index)).all(|write| {
        let (start, head) = (at, write.glimpse.head());
        at += write.bytes.end - write.bytes.start;
        let written = start..start + head.len() as u64;
        seen.iter().all(|(read_from, read)| {
            let known = *read_from..read_from + read.len() as u64;
            overlap(&written, &known)
                .is_none_or(|both| part(head, start, &both) == part(read, *read_from, &both))
        })
    })
}

/// The bytes of `both`, of some that begin at `from`.
fn part<'a>(bytes: &'a [u8], from: u64, both: &Range<u64>) -> Option<&'a [u8]> {
    bytes.get((both.start - from) as usize..(both.end - from) as usize)
}

fn overlap(one: &Range<u64>, other: &Range<u64>) -> Option<Range<u64>> {
    let both = one.start.max(other.start)..one.end.min(other.end);
    (both.start < both.end).then_some(both)
}

/// Shows all orders of the numbers from `from` on, until one is enough; says whether none was.
fn each_order(numbers: &mut [usize], from: usize, show: &mut impl FnMut(&[usize]) -> bool) -> bool {
    if from == numbers.len() {
        return show(numbers);
    }
    (from..numbers.len()).all(|index| {
        numbers.swap(from, index);
        let goes_on = each_order(numbers, from + 1, show);
        numbers.swap(from, index);
        goes_on
    })
}

/// Puts the writes of a group in that order, each at its place.
fn arrange(group: &mut [Span], order: &[usize]) {
    let mut at = group.first().map_or(0, |first| first.within.start);
    let mut placed: Vec<Span> = order.iter().filter_map(|one| group.get(*one).cloned()).collect();
    for one in &mut placed {
        let end = at + (one.bytes.end - one.bytes.start);
        (one.bytes, at) = (at..end, end);
        one.within = one.bytes.clone();
    }
    group.clone_from_slice(&placed);
}
