//! What becomes of the resources of a run.

use super::{Fate, Scope};
use crate::flow::{Item, ResourceId, State};

/// What was decided of resources: of each when it is first mentioned. One that was hidden
/// comes to light if its class turns out to be one that is wanted; what has been told of
/// stays so.
#[derive(Debug, Default)]
pub(in crate::export) struct Fates {
    scope: Scope,
    /// By the resources' numbers; `None` of those that were never mentioned.
    decided: Vec<Option<Fate>>,
}

impl Fates {
    pub(in crate::export) fn new(scope: &Scope) -> Self {
        Self { scope: scope.clone(), decided: Vec::new() }
    }

    /// Another run begins.
    pub(in crate::export) fn begin(&mut self) {
        self.decided.clear();
    }

    /// Takes note of resources.
    pub(in crate::export) fn item(&mut self, state: &State, item: &Item<'_>) {
        if self.scope.is_all() {
            return;
        }
        match *item {
            Item::Resource(id) => self.decide(state, id),
            Item::Learnt(id) if self.of(state, id) == Fate::Hidden => self.decide(state, id),
            _ => {}
        }
    }

    fn decide(&mut self, state: &State, id: ResourceId) {
        let fate = self.at_sight(state, id);
        let index = id.index();
        if index >= self.decided.len() {
            self.decided.resize(index + 1, None);
        }
        self.decided[index] = Some(fate);
    }

    fn at_sight(&self, state: &State, id: ResourceId) -> Fate {
        let class = state.resource(id).map(|resource| resource.class);
        class.map_or(Fate::Told, |class| self.scope.fate(state.name_of(id), class))
    }

    /// What becomes of that one.
    pub(in crate::export) fn of(&self, state: &State, id: ResourceId) -> Fate {
        if self.scope.is_all() {
            return Fate::Told;
        }
        let decided = self.decided.get(id.index()).copied().flatten();
        decided.unwrap_or_else(|| self.at_sight(state, id))
    }

    /// Whether that one is told of as itself.
    pub(in crate::export) fn tells(&self, state: &State, id: ResourceId) -> bool {
        self.of(state, id) == Fate::Told
    }
}
