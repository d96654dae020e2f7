//! Bytes that go in at one end and come out at the other, in order: one
//! direction of a pipe, a FIFO or a connection.
//!
//! What the recorder sees of a write is when it was entered and when it had
//! returned; the bytes went in somewhere between. Two writes that overlap in
//! time may have gone in either way round. The n-th byte written is the n-th
//! byte read, so that byte counts alone say which write a read took its bytes
//! from, as long as nothing overlapped; where something did, a pair is certain
//! only if every order of what overlapped gives it, or if the bytes that were kept of
//! the calls say which order it was (`order`).

mod glimpse;
mod order;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;

pub(super) use glimpse::Glimpse;

use super::item::EventId;

/// Writes that nobody has read yet, kept for one stream at most: the reader may
/// be a process that is not recorded.
const KEPT: usize = 1 << 14;

/// An event that put bytes in or took them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) event: EventId,
    /// When the call was entered.
    pub(super) start: u64,
    /// When it had returned.
    pub(super) end: u64,
    /// How many bytes (of a stream that keeps messages apart, how many messages).
    pub(super) count: u64,
    /// Whether they stay where they are: tee(2), `MSG_PEEK`.
    pub(super) stays: bool,
    /// What the record has of them.
    pub(super) glimpse: Glimpse,
}

/// Bytes that went from one event to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) write: EventId,
    pub(super) read: EventId,
    /// Which bytes of all that ever went this way.
    pub(super) bytes: Range<u64>,
    /// When the call that wrote them was entered and had returned.
    pub(super) given: (u64, u64),
    /// The same of the call that read them.
    pub(super) taken: (u64, u64),
    /// Whether no other order of overlapping calls is possible.
    pub(super) certain: bool,
}

/// What one call moved, at its place among all bytes.
#[derive(Clone, Debug)]
struct Span {
    event: EventId,
    /// Its bytes, or where calls overlapped, one of the places that are possible.
    bytes: Range<u64>,
    /// Where its bytes may lie: more than `bytes` if its call overlapped others.
    within: Range<u64>,
    /// When the call was entered and had returned.
    time: (u64, u64),
    glimpse: Glimpse,
}

impl Span {
    fn is_placed(&self) -> bool {
        self.bytes == self.within
    }

    /// Whether all that the other may be lies in this one, wherever that is.
    fn covers(&self, other: &Self) -> bool {
        self.is_placed()
            && self.bytes.start <= other.within.start
            && other.within.end <= self.bytes.end
    }
}

/// One end of a stream: the calls that moved bytes there.
#[derive(Debug, Default)]
struct End {
    /// Calls of the slice of time at hand, in the order in which they returned.
    new: Vec<Moved>,
    /// What the other end has not answered yet.
    spans: VecDeque<Span>,
    /// The same of calls that left the bytes where they were.
    looks: Vec<Span>,
    /// Bytes moved so far.
    moved: u64,
    /// When the last of them had returned.
    last: u64,
    /// Whether a call has moved nobody knows how many.
    is_lost: bool,
    /// Calls that have been entered and not returned, with the times of entry.
    pending: Vec<(EventId, u64)>,
}

impl End {
    /// Places the calls of the slice of time at hand. Those whose times overlap,
    /// directly or by others between them, may lie anywhere among each other. `lost`
    /// says how many messages got lost before one that was taken at a place.
    fn place(&mut self, lost: impl Fn(&Moved, u64) -> u64) {
        let mut new = std::mem::take(&mut self.new);
        let first_pending = self.pending.iter().map(|(_, start)| *start).min();
        // A group ends before a call that was entered after all of it had returned.
        new.sort_by_key(|one| one.start);
        let mut rest = new.as_mut_slice();
        while !rest.is_empty() {
            let (group, after) = rest.split_at_mut(first_group(rest));
            // Where several took messages at once, it is not known who came after a gap.
            if let [one] = group {
                self.moved += lost(one, self.moved);
            }
            self.place_group(group, first_pending);
            rest = after;
        }
    }

    fn place_group(&mut self, group: &mut [Moved], first_pending: Option<u64>) {
        group.sort_by_key(|one| one.end);
        let taken = group.iter().filter(|one| !one.stays).map(|one| one.count);
        let looked = group.iter().filter(|one| one.stays).map(|one| one.count).max();
        let count = taken.fold(0, u64::saturating_add).saturating_add(looked.unwrap_or_default());
        let (first, last) = (
            group.iter().map(|one| one.start).min().unwrap_or_default(),
            group.iter().map(|one| one.end).max().unwrap_or_default(),
        );
        let mut within = self.moved..self.moved.saturating_add(count);
        if first < self.last {
            // It overlaps what was placed before it was known.
            within.start = 0;
        }
        if self.is_lost || first_pending.is_some_and(|start| start < last) {
            within.end = u64::MAX;
        }
        for one in group {
            let bytes = self.moved..self.moved.saturating_add(one.count);
            let (event, time) = (one.event, (one.start, one.end));
            let (bytes_of, glimpse) = (bytes.clone(), one.glimpse);
            let span = Span { event, bytes: bytes_of, within: within.clone(), time, glimpse };
            if one.stays {
                self.looks.push(span);
            } else {
                self.moved = bytes.end;
                self.spans.push_back(span);
            }
        }
        self.last = self.last.max(last);
    }

    /// Forgets what has been answered whole, and the oldest of what waits for ever.
    fn forget(&mut self, answered: u64) {
        while self.spans.front().is_some_and(|span| span.bytes.end <= answered)
            || self.spans.len() > KEPT
        {
            self.spans.pop_front();
        }
        // A run may have thousands of pipes, and most of them are over soon.
        self.spans.shrink_to(2 * self.spans.len());
    }
}

/// How many calls from the first on, which are in the order of their entry,
/// overlap in time.
fn first_group(calls: &[Moved]) -> usize {
    let mut until = 0;
    let apart = calls.iter().position(|one| {
        let is_apart = until != 0 && one.start >= until;
        until = until.max(one.end);
        is_apart
    });
    apart.unwrap_or(calls.len())
}

/// A stream of bytes, or of messages.
#[derive(Debug, Default)]
pub(super) struct Stream {
    writes: End,
    reads: End,
    /// Up to where it has been told who read what.
    told: u64,
    /// Whether messages that were written may never be read: datagrams over IP.
    may_lose: bool,
}

/// An end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// Bytes go in.
    In,
    /// Bytes come out.
    Out,
}

impl Stream {
    fn end(&mut self, way: Way) -> &mut End {
        match way {
            Way::In => &mut self.writes,
            Way::Out => &mut self.reads,
        }
    }

    /// A call was entered and has not returned.
    pub(super) fn began(&mut self, way: Way, event: EventId, start: u64) {
        let pending = &mut self.end(way).pending;
        if !pending.iter().any(|(known, _)| *known == event) {
            pending.push((event, start));
        }
    }

    /// A call is over; says whether it was known to have been entered.
    pub(super) fn ended(&mut self, way: Way, event: EventId) -> bool {
        let pending = &mut self.end(way).pending;
        let before = pending.len();
        pending.retain(|(known, _)| *known != event);
        pending.len() < before
    }

    /// A call moved a number of bytes that is not known: from now on no place is
    /// certain.
    pub(super) fn lost_count(&mut self, way: Way) {
        self.end(way).is_lost = true;
    }

    /// A call has returned, later than all that were given before.
    pub(super) fn moved(&mut self, way: Way, moved: Moved) {
        self.ended(way, moved.event);
        if moved.count > 0 {
            self.end(way).new.push(moved);
        }
    }

    /// Messages may get lost on their way.
    pub(super) fn loses(&mut self) {
        self.may_lose = true;
    }

    /// Takes over the reads of a stream that proves to be this one's other end.
    pub(super) fn read_by(&mut self, other: Self) {
        if self.reads.moved == 0 && self.reads.new.is_empty() {
            self.reads = other.reads;
        }
    }

    /// A slice of time is over: says who read what whom had written.
    pub(super) fn settle(&mut self, mut passed: impl FnMut(Passed)) {
        self.writes.place(|_, _| 0);
        let (writes, may_lose) = (&self.writes.spans, self.may_lose);
        self.reads.place(|one, at| if may_lose { lost_before(writes, one, at) } else { 0 });
        order::decide(&mut self.writes.spans, &self.reads.spans);
        self.answer_looks(&mut passed);
        let (mut writes, mut reads) = (self.writes.spans.iter(), self.reads.spans.iter());
        let (mut write, mut read) = (writes.next(), reads.next());
        while let (Some(from), Some(to)) = (write, read) {
            if let Some(pair) = pair(from, to, self.told) {
                passed(pair);
            }
            if from.bytes.end <= to.bytes.end {
                write = writes.next();
            } else {
                read = reads.next();
            }
        }
        self.told = self.writes.moved.min(self.reads.moved);
        // A look that came first still needs the writes that it saw.
        let seen = self.reads.looks.iter().map(|look| look.bytes.start).min();
        self.writes.forget(seen.map_or(self.told, |seen| seen.min(self.told)));
        self.reads.forget(self.told);
    }

    /// Those whose writes have all been recorded.
    fn answer_looks(&mut self, passed: &mut impl FnMut(Passed)) {
        let (written, writes) = (self.writes.moved, &self.writes.spans);
        self.reads.looks.retain(|look| {
            if look.bytes.end > written {
                return true;
            }
            writes.iter().filter_map(|write| pair(write, look, 0)).for_each(&mut *passed);
            false
        });
        if self.reads.looks.len() > KEPT {
            self.reads.looks.clear(); // of one that is not recorded, as in `forget`
        }
    }
}

/// How many of the messages from a place on were lost, if `one` is the next that was taken:
/// those before the first that can be it. Where none can, nothing is known of that.
fn lost_before(writes: &VecDeque<Span>, one: &Moved, at: u64) -> u64 {
    /// A reader that cuts messages off would look through all that were ever sent.
    const MOST: usize = 1 << 10;
    let first = writes.partition_point(|write| write.bytes.start < at);
    let mut next = writes.iter().skip(first).take(MOST);
    let found = next.find(|write| write.glimpse.may_be(&one.glimpse));
    found.map_or(0, |write| write.bytes.start - at)
}

/// What went from `write` to `read` behind the first `told` bytes.
fn pair(write: &Span, read: &Span, told: u64) -> Option<Passed> {
    let start = write.bytes.start.max(read.bytes.start).max(told);
    let end = write.bytes.end.min(read.bytes.end);
    let placed = write.is_placed() && read.is_placed();
    let certain = placed || write.covers(read) || read.covers(write);
    (start < end).then_some(Passed {
        write: write.event,
        read: read.event,
        bytes: start..end,
        given: write.time,
        taken: read.time,
        certain,
    })
}
