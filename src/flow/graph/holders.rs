//! Who may have written to a pipe, and who may have read from it, where the calls that do
//! so were left out: the programs that had its ends open.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Graph;
use super::parts::ActivityIndex;
use super::passage::{Carrier, Key, Passage};
use super::usage::{Deed, Span};
use crate::event::TaskId;
use crate::flow::descriptors::{Access, Descriptors};
use crate::flow::omitted::{Omitted, Sort};
use crate::flow::resource::{Class, ResourceId};
use crate::flow::state::State;

/// Activities with ends of pipes.
#[derive(Debug, Default)]
pub(super) struct Holders(Vec<(ActivityIndex, ResourceId, Access)>);

/// Whether it is to be asked who holds pipes, and the descriptors tell.
fn is_asked(omitted: Omitted) -> bool {
    let is_unseen = omitted.takes(Class::Pipe) || omitted.gives(Class::Pipe);
    is_unseen && !omitted.has(Sort::Descriptors)
}

impl Holders {
    /// A task has begun an activity, or ends with it.
    pub(super) fn note(&mut self, state: &State, task: TaskId, activity: ActivityIndex) {
        if !is_asked(state.omitted()) {
            return;
        }
        let is_pipe = |id| state.resource(id).is_some_and(|one| one.class == Class::Pipe);
        // An exec may have happened that closes those that are marked.
        let open = state.descriptors(task).into_iter().flat_map(Descriptors::iter);
        let held = open.map(|(_, held)| held).filter(|held| !held.cloexec);
        let pipes = held.filter(|held| is_pipe(held.resource));
        self.0.extend(pipes.map(|held| (activity, held.resource, held.access)));
    }

    /// The passages that there may have been, and that no call has shown.
    pub(super) fn passages(self, graph: &Graph) -> Vec<Passage> {
        if !is_asked(graph.omitted) {
            return Vec::new();
        }
        let (mut writers, mut readers) = (Vec::new(), FxHashMap::<_, Vec<_>>::default());
        let held = self.0.into_iter().filter(|(_, pipe, _)| is_pipe(graph, *pipe));
        let held = held.map(|(by, pipe, of)| (by, pipe, of.gives(), of.takes()));
        let used = graph.usages.iter().filter(|usage| is_pipe(graph, usage.resource));
        let used = used.map(|usage| {
            let did = |deed| usage.count(deed) > 0;
            (usage.activity, usage.resource, did(Deed::Write), did(Deed::Read))
        });
        for (activity, pipe, gives, takes) in held.chain(used) {
            if gives {
                writers.push((pipe, activity));
            }
            if takes {
                readers.entry(pipe).or_default().push(activity);
            }
        }
        let known = graph.passages.iter().map(|one| (one.through, one.from, one.to));
        let mut seen: FxHashSet<_> = known.collect();
        let mut found = Vec::new();
        for (pipe, from) in writers {
            for &to in readers.get(&pipe).into_iter().flatten() {
                if from != to && seen.insert((pipe, from, to)) {
                    found.extend(unseen(graph, pipe, from, to));
                }
            }
        }
        found
    }
}

/// Whether it is a pipe of this run's: of another one, others may hold the other end.
fn is_pipe(graph: &Graph, id: ResourceId) -> bool {
    graph.resource(id).is_some_and(|one| one.class == Class::Pipe && one.is_own)
}

fn unseen(
    graph: &Graph,
    through: ResourceId,
    from: ActivityIndex,
    to: ActivityIndex,
) -> Option<Passage> {
    let reader = graph.activity(to)?;
    let taken = Span { first: reader.started, last: reader.ended.unwrap_or(graph.end) };
    let key = Key { from, to, through, carrier: Carrier::Bytes, version: None };
    Some(Passage::unseen(key, taken, graph.revision))
}
