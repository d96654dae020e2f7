//! Which events the log does not have, though it has others of their tasks.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::item::EventId;
use crate::event::TaskId;

/// What a filter or a cut has left out, task by task. A log that has everything has
/// none: this grows only with what is missing.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    of: FxHashMap<TaskId, Vec<Range<u64>>>,
}

impl Gaps {
    /// The task's event `after` is the next that the log has after `before`.
    pub(super) fn between(&mut self, task: TaskId, before: u64, after: u64) {
        let first = before.saturating_add(1);
        if first < after {
            self.of.entry(task).or_default().push(first..after);
        }
    }

    /// Whether the event is missing. What comes after all that is known is not.
    pub(super) fn has(&self, event: EventId) -> bool {
        let Some(gaps) = self.of.get(&event.task) else { return false };
        let after = gaps.partition_point(|gap| gap.end <= event.ordinal);
        gaps.get(after).is_some_and(|gap| gap.contains(&event.ordinal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_is_missing() {
        let mut gaps = Gaps::default();
        for (before, after) in [(0, 1), (1, 4), (4, 5), (5, 7)] {
            gaps.between(TaskId(3), before, after);
        }
        let missing = |task, ordinal| gaps.has(EventId { task: TaskId(task), ordinal });
        let all: Vec<_> = (0..10).filter(|&ordinal| missing(3, ordinal)).collect();
        assert_eq!(all, [2, 3, 6]);
        assert!(!missing(4, 2));
    }
}
