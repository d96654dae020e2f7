//! What went through a socket, as far as it tells when the other end must have had it.

use crate::event::TaskId;
use crate::flow::graph::{Amount, Span};

/// Calls that are kept of one direction; of more, every second one is forgotten.
const KEPT: usize = 128;

/// Who began a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Connects,
    Accepts,
}

/// A call that moved bytes. Times are nanoseconds since the run's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Bytes that had gone this way before it, counted from the first.
    pub from: u64,
    /// The same, with its own.
    pub upto: u64,
    /// When it was entered; no byte behind `from` was sent earlier.
    pub start: u64,
    /// When it had returned; all bytes before `upto` had been read by then.
    pub end: u64,
    /// When it was entered itself.
    pub entered: u64,
    /// Who made it.
    pub task: TaskId,
}

/// One direction of a socket.
#[derive(Clone, Debug)]
pub struct Direction {
    /// Bytes that went this way.
    pub amount: Amount,
    /// Some of the calls, in their order; the last one is among them.
    pub samples: Vec<Sample>,
    /// One in so many is kept.
    stride: u64,
    calls: u64,
}

impl Default for Direction {
    fn default() -> Self {
        Self { amount: Amount::default(), samples: Vec::new(), stride: 1, calls: 0 }
    }
}

impl Direction {
    pub(super) fn moved(&mut self, amount: Amount, start: u64, end: u64, task: TaskId) {
        let from = self.amount.bytes;
        self.amount = self.amount.plus(amount);
        // Where bytes were not counted, those behind have no place.
        if self.amount.is_at_least || self.amount.bytes == from {
            return;
        }
        let before = self.samples.last().copied();
        let is_kept = self.calls.saturating_sub(1).is_multiple_of(self.stride);
        self.calls += 1;
        if before.is_some() && !is_kept {
            self.samples.pop();
        }
        // Of calls that overlap, either may have been first.
        let beside = before.filter(|before| start < before.end && before.task != task);
        self.samples.push(Sample {
            from,
            upto: self.amount.bytes,
            start: beside.map_or(start, |before| before.start.min(start)),
            end: before.map_or(end, |before| before.end.max(end)),
            entered: start,
            task,
        });
        if self.samples.len() > KEPT {
            let mut index = 0;
            self.samples.retain(|_| {
                index += 1;
                index % 2 == 0 || index > KEPT
            });
            self.stride *= 2;
        }
    }

    /// When that byte had been read.
    pub(super) fn read_by(&self, byte: u64) -> Option<u64> {
        let at = self.samples.partition_point(|sample| sample.upto <= byte);
        self.samples.get(at).map(|sample| sample.end)
    }
}

/// What went through a socket, and when it was tied to its peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    pub(super) role: Option<Role>,
    /// The connect(2) or accept(2): entered, and returned if it succeeded at once.
    pub(super) opened: Option<(u64, Option<u64>)>,
    /// From the first call to the last one.
    pub(super) span: Option<Span>,
    pub(super) sent: Direction,
    pub(super) received: Direction,
}

impl Traffic {
    pub(super) fn touched(&mut self, start: u64, end: u64) {
        let span = Span { first: start, last: end };
        self.span = Some(self.span.map_or(span, |known| known.with(span)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_streams_keep_few_calls_and_what_they_say_holds() {
        let mut way = Direction::default();
        for call in 0..10_000u64 {
            way.moved(Amount::exact(10), call * 100, call * 100 + 50, TaskId(1));
        }
        assert!(way.samples.len() <= KEPT + 1, "{}", way.samples.len());
        assert_eq!(way.samples.last().map(|sample| sample.upto), Some(100_000));
        for sample in &way.samples {
            assert_eq!(sample.start, sample.from * 10);
        }
        for byte in [0, 7, 4_321, 99_999] {
            let known = way.read_by(byte).expect("it was read");
            assert!(known >= byte / 10 * 100 + 50, "byte {byte}");
        }
        assert_eq!(way.read_by(100_000), None);
    }

    #[test]
    fn behind_bytes_that_were_not_counted_nothing_has_a_place() {
        let mut way = Direction::default();
        way.moved(Amount::exact(10), 0, 1, TaskId(1));
        way.moved(Amount::UNKNOWN, 2, 3, TaskId(1));
        way.moved(Amount::exact(10), 4, 5, TaskId(1));
        assert_eq!((way.samples.len(), way.amount.known()), (1, None));
    }
}
