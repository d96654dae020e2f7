//! Which events the log does not have, though it has others of their tasks.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::Flow;
use super::descriptors::Descriptors;
use super::item::{EventId, Item};
use crate::event::TaskId;

/// What a filter or a cut has left out, task by task. A log that has everything has
/// none: this grows only with what is missing.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    of: FxHashMap<TaskId, Vec<Range<u64>>>,
}

impl Gaps {
    /// The task's event `after` is the next that the log has after `before`; says
    /// whether something is missing between them.
    pub(super) fn between(&mut self, task: TaskId, before: u64, after: u64) -> bool {
        let first = before.saturating_add(1);
        if first < after {
            self.of.entry(task).or_default().push(first..after);
        }
        first < after
    }

    /// Whether the event is missing. What comes after all that is known is not.
    pub(super) fn has(&self, event: EventId) -> bool {
        let Some(gaps) = self.of.get(&event.task) else { return false };
        let after = gaps.partition_point(|gap| gap.end <= event.ordinal);
        gaps.get(after).is_some_and(|gap| gap.contains(&event.ordinal))
    }
}

impl Flow {
    /// Something that a task did is not in the log.
    pub(super) fn went_unseen(&mut self, task: TaskId) {
        let process = self.state.tasks.get(&task).map(|task| task.process);
        let process = process.and_then(|id| self.state.processes.get_mut(&id));
        if let Some(process) = process.filter(|process| !process.is_partial) {
            process.is_partial = true;
            self.before.push(Item::Partial(process.id));
        }
        let table = self.state.descriptors(task).into_iter().flat_map(Descriptors::iter);
        let open = table.map(|(_, descriptor)| descriptor.resource);
        let ends = open.flat_map(|id| [Some(id), self.state.socket(id).and_then(|one| one.peer)]);
        self.transfers.went_unseen(ends.flatten());
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
