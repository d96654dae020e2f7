//! How more events become one, where a page would be too large: level by level, and never
//! such that a failure seems to be none.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fold::{Folder, Key, LONG, SHORT, Told, is_landmark};
use super::lead::Lead;
use super::node::Node;
use super::store::Pack;
use crate::abi::{Abi, Verb, by_name};

/// How coarsely a process is told of; 0 is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Level {
    by: By,
    /// Events of the longest pattern that is looked for.
    longest: usize,
    /// A node stands for at most such a part of the recording's time.
    part: u64,
}

/// What events have in common that become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Call and error.
    Call,
    /// Whether they succeeded, and otherwise the error.
    Outcome,
    /// Nothing, but that they are calls.
    Nothing,
}

const LEVELS: [Level; 7] = [
    Level { by: By::Call, longest: SHORT, part: 1 },
    Level { by: By::Call, longest: LONG, part: 1 },
    Level { by: By::Outcome, longest: LONG, part: 1 << 16 },
    Level { by: By::Outcome, longest: LONG, part: 1 << 14 },
    Level { by: By::Outcome, longest: LONG, part: 1 << 12 },
    Level { by: By::Outcome, longest: LONG, part: 1 << 10 },
    Level { by: By::Nothing, longest: LONG, part: 1 << 10 },
];

/// The last failed calls of a thread that has ended are told one by one.
const LAST_FAILURES: usize = 8;

/// The coarsest level.
pub(super) const COARSEST: usize = LEVELS.len();

/// What stays as it is, and how long the recording was.
#[derive(Debug, Default)]
pub(super) struct Measure {
    /// Events that are to blame for the end of a process.
    pub(super) blamed: FxHashSet<String>,
    /// Nanoseconds.
    pub(super) end: u64,
}

/// Tells of the same events by fewer nodes. `level` is from 1 to [`COARSEST`].
pub(super) fn coarsen(pack: Pack, level: usize, measure: &Measure) -> Pack {
    let Some(level) = level.checked_sub(1).and_then(|level| LEVELS.get(level)) else {
        return pack;
    };
    let mut judge =
        Judge { level, measure, kept: FxHashSet::default(), verbs: FxHashMap::default() };
    judge.keep_last_failures(&pack.nodes);
    let mut leads: FxHashMap<String, Vec<Lead>> = FxHashMap::default();
    let mut out = Pack::default();
    for lead in pack.links {
        leads.entry(lead.target.clone()).or_default().push(lead);
    }
    let mut threads: BTreeMap<String, Folder> = BTreeMap::new();
    for node in pack.nodes {
        let thread = node.details.thread.clone();
        let (key, leads) = (judge.key(&node), leads.remove(&node.id).unwrap_or_default());
        let told = Told::new(key, node, leads);
        threads
            .entry(thread)
            .or_insert_with(|| Folder::new(level.longest))
            .take(told, &mut |told| out.add(told));
    }
    for folder in threads.values_mut() {
        folder.finish(&mut |told| out.add(told));
    }
    // Links to what an earlier pack tells of.
    let late: BTreeMap<_, _> = leads.into_iter().collect();
    late.into_values().flatten().for_each(|lead| out.link(lead));
    out
}

/// Says what events have in common.
struct Judge<'a> {
    level: &'a Level,
    measure: &'a Measure,
    kept: FxHashSet<String>,
    /// Of calls by their names.
    verbs: FxHashMap<String, Verb>,
}

impl Judge<'_> {
    /// Finds the last failures of the threads whose ends are among the nodes.
    fn keep_last_failures(&mut self, nodes: &[Node]) {
        let ends = nodes.iter().filter(|node| node.details.event == "exit");
        let mut left: FxHashMap<&str, usize> =
            ends.map(|node| (node.details.thread.as_str(), LAST_FAILURES)).collect();
        for node in nodes.iter().rev().filter(|node| node.details.error.is_some()) {
            if let Some(left) = left.get_mut(node.details.thread.as_str()).filter(|left| **left > 0)
            {
                *left -= 1;
                self.kept.insert(node.id.clone());
            }
        }
    }

    fn key(&mut self, node: &Node) -> Option<Key> {
        let details = &node.details;
        let (call, ended) = (details.call.as_deref()?, details.ended?);
        if self.measure.blamed.contains(&node.id) || self.kept.contains(&node.id) {
            return None;
        }
        let slice = (self.measure.end / self.level.part).max(1);
        if self.level.part > 1 && ended - details.started > slice {
            return None; // it is long enough to be seen
        }
        let slice = details.started.checked_div(slice).filter(|_| self.level.part > 1);
        let is_landmark = is_landmark(self.verb(call), details.result.unwrap_or_default());
        let (error, execution) = (&details.error, &details.execution);
        match self.level.by {
            By::Call if !details.sql.is_empty() => None,
            By::Call if !is_landmark => Some(Key::new((call, error, execution))),
            By::Outcome if !is_landmark => Some(Key::new((error, execution, slice))),
            By::Nothing => Some(Key::new((execution, slice))),
            By::Call | By::Outcome => None,
        }
    }

    fn verb(&mut self, call: &str) -> Verb {
        if let Some(verb) = self.verbs.get(call) {
            return *verb;
        }
        let known = [Abi::X86_64, Abi::I386].iter().find_map(|abi| by_name(*abi, call));
        let verb = known.map_or(Verb::None, |(_, prototype)| prototype.effect.verb);
        self.verbs.insert(call.to_owned(), verb);
        verb
    }
}
