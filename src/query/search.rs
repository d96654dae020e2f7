//! A search by breadth over what activities of several runs did, with times.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::flow::ResourceId;
use crate::flow::graph::ActivityIndex;

/// Names of files, by the places of their runs, each with how many steps it is away.
pub(super) type Found = FxHashMap<(usize, ResourceId), u64>;

/// An activity of one of the runs, by its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Who {
    pub(super) run: usize,
    pub(super) activity: ActivityIndex,
}

/// A place that the search has come to: an activity, the time that matters (nanoseconds
/// since the start of its run), and how many steps it is away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) who: Who,
    pub(super) time: u64,
    pub(super) depth: u64,
}

impl Step {
    pub(super) fn is_by(&self, activity: ActivityIndex) -> bool {
        self.who.activity == activity
    }

    /// Another activity of the same run.
    pub(super) fn beside(&self, activity: ActivityIndex) -> Who {
        Who { activity, ..self.who }
    }
}

/// The search.
#[derive(Debug)]
pub(super) struct Search {
    queue: VecDeque<Step>,
    /// How an activity has been come to.
    seen: FxHashMap<Who, u64>,
    /// Whether a time says more of an activity than the one before.
    says_more: fn(u64, u64) -> bool,
    pub(super) found: Found,
}

impl Search {
    pub(super) fn new(says_more: fn(u64, u64) -> bool) -> Self {
        let (seen, found) = (FxHashMap::default(), Found::default());
        Self { queue: VecDeque::new(), seen, says_more, found }
    }

    /// The next step that says more of its activity than those before.
    pub(super) fn next(&mut self) -> Option<Step> {
        loop {
            let step = self.queue.pop_front()?;
            let known = self.seen.get(&step.who).copied();
            if known.is_none_or(|known| (self.says_more)(known, step.time)) {
                self.seen.insert(step.who, step.time);
                return Some(step);
            }
        }
    }

    /// A step as far away as the one at hand.
    pub(super) fn now(&mut self, who: Who, time: u64, depth: u64) {
        self.queue.push_front(Step { who, time, depth });
    }

    /// A step farther away.
    pub(super) fn later(&mut self, who: Who, time: u64, depth: u64) {
        self.queue.push_back(Step { who, time, depth });
    }

    pub(super) fn found(&mut self, run: usize, name: ResourceId, depth: u64) {
        let known = self.found.entry((run, name)).or_insert(depth);
        *known = depth.min(*known);
    }
}
