//! Which processes a process has to do with: those whose ids it may write down.
//!
//! A run of many processes has many ids, and most numbers of that length are something
//! else. So a number counts as an id only where the process that it names is near.

use rustc_hash::FxHashMap;

use crate::flow::graph::Graph;

/// Generations up to whom a process and those that it may know have in common.
const GENERATIONS: usize = 2;
/// Ancestors that are looked at: a log may say that there is no end of them.
const MOST_ANCESTORS: usize = 1000;

/// The processes of a run by their ids, and who made them.
#[derive(Debug, Default)]
pub(super) struct Kin {
    by_id: FxHashMap<u64, Vec<usize>>,
    parents: Vec<Option<usize>>,
}

impl Kin {
    pub(super) fn of(graph: &Graph) -> Self {
        let places: FxHashMap<_, usize> =
            graph.processes.iter().zip(0..).map(|(process, place)| (process.id, place)).collect();
        let mut this = Self::default();
        for (process, place) in graph.processes.iter().zip(0..) {
            this.parents.push(process.parent.and_then(|parent| places.get(&parent).copied()));
            this.by_id.entry(process.pid.into()).or_default().push(place);
        }
        for task in &graph.tasks {
            let processes = this.by_id.entry(task.tid.into()).or_default();
            processes.extend(places.get(&task.process).copied());
        }
        this
    }

    /// Whether a process may know that id: its own, an ancestor's, or that of one that
    /// descends from its grandparent.
    pub(super) fn knows(&self, process: usize, id: u64) -> bool {
        let elder = self.ancestors(process).take(GENERATIONS + 1).last().unwrap_or(process);
        let is_near = |other: &usize| {
            self.ancestors(process).any(|ancestor| ancestor == *other)
                || self.ancestors(*other).any(|ancestor| ancestor == elder)
        };
        self.by_id.get(&id).is_some_and(|all| all.iter().any(is_near))
    }

    /// A process and those that it descends from.
    fn ancestors(&self, process: usize) -> impl Iterator<Item = usize> {
        let parent = |place: &usize| self.parents.get(*place).copied().flatten();
        std::iter::successors(Some(process), parent).take(MOST_ANCESTORS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_those_near_it() {
        // 0 made 1 and 5, 1 made 2, 2 made 3, 3 made 4; their ids are 100 and so on.
        let parents = vec![None, Some(0), Some(1), Some(2), Some(3), Some(0)];
        let by_id = (0..6).map(|place| (100 + place as u64, vec![place])).collect();
        let kin = Kin { by_id, parents };
        for (process, id, knows) in [
            (4, 104, true),  // itself
            (4, 100, true),  // the first of all
            (3, 104, true),  // a child
            (1, 105, true),  // a sibling
            (3, 105, false), // somebody else's
            (0, 104, true),
            (4, 999, false),
        ] {
            assert_eq!(kin.knows(process, id), knows, "{process} {id}");
        }
    }
}
