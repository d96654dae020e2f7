//! What is added up of calls.

use super::durations::Durations;
use crate::flow::Moved;
use crate::flow::graph::Amount;

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
    pub read: Amount,
    /// Bytes written.
    pub written: Amount,
    durations: Durations,
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
        let sum = if moved.is_read { &mut self.read } else { &mut self.written };
        *sum = sum.plus(moved.amount);
    }

    /// Not all that was read and written is known.
    pub(super) fn miss_bytes(&mut self) {
        self.read.is_at_least = true;
        self.written.is_at_least = true;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.unfinished += other.unfinished;
        self.total = self.total.saturating_add(other.total);
        self.max = self.max.max(other.max);
        self.read = self.read.plus(other.read);
        self.written = self.written.plus(other.written);
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
