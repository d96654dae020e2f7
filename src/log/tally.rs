//! Counting calls and tasks.

use crate::event::{Kind, Record};
use rustc_hash::FxHashMap;

/// Counts of a log's records. A call that stands in several blocks, as begun and
/// in the end as whole, is one call.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Records of all kinds, begun ones each time.
    pub records: u64,
    /// Calls, each once.
    pub calls: u64,
    /// Tasks whose start is recorded.
    pub tasks: u64,
    /// Those of them that are processes.
    pub processes: u64,
    /// The ordinal of the call that a task has begun.
    begun: FxHashMap<u32, u64>,
}

impl Tally {
    /// A record of a recap: its call is one of before the log begins.
    pub(super) fn add_recap(&mut self, record: &Record<'_>) {
        if record.kind == Kind::Call {
            self.records += 1;
        } else {
            self.add(record);
        }
    }

    /// The next record.
    pub fn add(&mut self, record: &Record<'_>) {
        self.records += 1;
        match record.kind {
            Kind::Call => self.add_call(record),
            Kind::Start => {
                self.tasks += 1;
                self.processes += u64::from(record.words[2] == u64::from(record.task.0));
            }
            Kind::Exit | Kind::Detach => {
                self.begun.remove(&record.task.0);
            }
            _ => {}
        }
    }

    fn add_call(&mut self, record: &Record<'_>) {
        if record.is_begun() {
            if self.begun.insert(record.task.0, record.ordinal) != Some(record.ordinal) {
                self.calls += 1;
            }
        } else if self.begun.is_empty() || !self.finish(record) {
            self.calls += 1;
        }
    }

    /// Whether the call was counted when it began.
    fn finish(&mut self, record: &Record<'_>) -> bool {
        let known = self.begun.get(&record.task.0) == Some(&record.ordinal);
        if known {
            self.begun.remove(&record.task.0);
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Batch, TaskId};

    #[test]
    fn a_begun_call_is_counted_once() {
        let mut batch = Batch::new();
        let mut add = |ordinal, ended| {
            let mut record = batch.record(Kind::Call, TaskId(1), ordinal);
            record.ended(ended, 0, false);
            record.finish();
        };
        add(1, None);
        add(1, None);
        add(1, Some(5));
        add(2, Some(6));
        add(3, None);
        let mut tally = Tally::default();
        batch.iter().for_each(|record| tally.add(&record));
        assert_eq!((tally.calls, tally.records), (3, 5));
    }
}
