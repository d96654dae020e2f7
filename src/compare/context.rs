//! What is known of a run.

use chrono::{DateTime, NaiveDate};
use rustc_hash::FxHashSet;

/// What is known of the run that a text comes from.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// When it began: seconds since 1970. 0 if that is not known.
    pub began: i64,
    /// Ids of its processes and threads.
    pub pids: FxHashSet<u64>,
    /// Ports that the kernel chose for it.
    pub ephemeral_ports: FxHashSet<u64>,
}

impl Context {
    /// Whether that day is at most so many days from the day when the run began. Every
    /// day is, if that is not known.
    pub(super) fn is_near(&self, day: NaiveDate, days: i64) -> bool {
        let began = DateTime::from_timestamp(self.began, 0).filter(|_| self.began != 0);
        began.is_none_or(|began| (began.date_naive() - day).num_days().abs() <= days)
    }
}
