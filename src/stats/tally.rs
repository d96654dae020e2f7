//! What is added up of calls.

use super::durations::Durations;
use crate::flow::Moved;

/// Calls, added up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// All calls, those that never returned included.
    pub count: u64,
    /// Those that failed.
    pub errors: u64,
    /// Those that never returned: they have no duration.
    pub unfinished: u64,
    /// Durations added up, in nanoseconds, each call's whole: where calls of several
    /// threads overlap, that is more than the time that passed.
    pub total: u64,
    /// The longest duration.
    pub max: u64,
    /// Bytes read.
    pub read: Bytes,
    /// Bytes written.
    pub written: Bytes,
    durations: Durations,
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Those that are known of.
    pub known: u64,
    /// Whether there may be more: not all calls that could have moved some were
    /// recorded, or not with their results.
    pub at_least: bool,
}

impl Bytes {
    fn add(&mut self, other: Self) {
        self.known = self.known.saturating_add(other.known);
        self.at_least |= other.at_least;
    }
}

impl Tally {
    /// Adds a call of that duration; `None`: it never returned.
    pub(super) fn add(&mut self, duration: Option<u64>, failed: bool) {
        self.count += 1;
        self.errors += u64::from(failed);
        match duration {
            None => self.unfinished += 1,
            Some(duration) => {
                self.total = self.total.saturating_add(duration);
                self.max = self.max.max(duration);
                self.durations.add(duration);
            }
        }
    }

    /// Adds bytes that a call moved.
    pub(super) fn add_moved(&mut self, moved: Moved) {
        let bytes = if moved.is_read { &mut self.read } else { &mut self.written };
        bytes.add(Bytes { known: moved.bytes, at_least: moved.at_least });
    }

    /// Not all that was read and written is known.
    pub(super) fn miss_bytes(&mut self) {
        self.read.at_least = true;
        self.written.at_least = true;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.unfinished += other.unfinished;
        self.total = self.total.saturating_add(other.total);
        self.max = self.max.max(other.max);
        self.read.add(other.read);
        self.written.add(other.written);
        self.durations.merge(&other.durations);
    }

    /// The mean duration in nanoseconds, rounded down, of the calls that returned;
    /// `None` if none did.
    pub fn mean(&self) -> Option<u64> {
        self.total.checked_div(self.durations.count())
    }

    /// The duration in nanoseconds that half of the calls, 95 and 99 of 100 did not
    /// take longer than: exact of up to 128 calls, of more with an error of at most
    /// 0.8 %. `None` if none returned.
    pub fn percentiles(&self) -> [Option<u64>; 3] {
        // The middle of the last bucket may lie above the longest.
        self.durations.percentiles([50, 95, 99]).map(|found| Some(found?.min(self.max)))
    }
}
