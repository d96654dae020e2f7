//! In which revision resources changed. What is told of one comes from several places:
//! facts, uses, and who has it open.

use rustc_hash::FxHashSet;

use crate::event::TaskId;
use crate::flow::descriptors::Descriptors;
use crate::flow::resource::{Class, ResourceId};
use crate::flow::state::State;

/// When resources changed last, and which are open.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    /// By their numbers.
    resources: Vec<u32>,
    open: FxHashSet<ResourceId>,
    /// What tasks had open that are not followed any more.
    left: FxHashSet<ResourceId>,
}

impl Revisions {
    /// The revision in which that one changed last.
    pub(super) fn of(&self, id: ResourceId) -> u32 {
        self.resources.get(id.index()).copied().unwrap_or_default()
    }

    /// Whether a task has it open, as far as anybody knows.
    pub(super) fn is_open(&self, id: ResourceId) -> bool {
        self.open.contains(&id)
    }

    /// That one changes.
    pub(super) fn changed(&mut self, id: ResourceId, revision: u32) {
        let index = id.index();
        if index >= self.resources.len() {
            self.resources.resize(index + 1, revision);
        }
        self.resources[index] = revision;
    }

    /// A name has become another one; if it was a directory's, so have those in it.
    pub(super) fn renamed(&mut self, state: &State, names: [ResourceId; 2], revision: u32) {
        let is_file = state.resource(names[0]).is_some_and(|resource| {
            resource.class != Class::Directory && resource.identity.is_some()
        });
        if is_file {
            return;
        }
        let directories = names.map(|name| state.name_of(name));
        for id in state.resource_ids() {
            let name = state.name_of(id);
            let is_in = |directory: &&[u8]| {
                name.strip_prefix(*directory).is_some_and(|rest| rest.first() == Some(&b'/'))
            };
            if directories.iter().any(is_in) {
                self.changed(id, revision);
            }
        }
    }

    /// A task lives on, but is not followed any more.
    pub(super) fn left_open(&mut self, state: &State, task: TaskId) {
        self.left.extend(open_in(state, task));
    }

    /// Looks what is open at the end of a revision.
    pub(super) fn open_now(
        &mut self,
        state: &State,
        living: impl Iterator<Item = TaskId>,
        revision: u32,
    ) {
        let mut open = self.left.clone();
        open.extend(living.flat_map(|task| open_in(state, task)));
        let before = std::mem::replace(&mut self.open, open);
        let changed: Vec<_> = before.symmetric_difference(&self.open).copied().collect();
        for id in changed {
            self.changed(id, revision);
        }
    }
}

fn open_in(state: &State, task: TaskId) -> impl Iterator<Item = ResourceId> {
    let table = state.descriptors(task).into_iter().flat_map(Descriptors::iter);
    table.map(|(_, descriptor)| descriptor.resource)
}
