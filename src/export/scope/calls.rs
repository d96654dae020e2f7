//! Calls that are not told of.

use rustc_hash::FxHashMap;

use super::Scope;
use crate::event::{Batch, Kind, Record, TaskId};
use crate::flow::graph::Builder;
use crate::flow::{Edge, EdgeKind, EventId, Item, Sink as _, State};

/// Which events of a run are calls that are not told of: a bit for each, and none where
/// all calls are.
#[derive(Debug, Default)]
pub(in crate::export) struct Calls {
    /// Which are told of; `None`: all.
    scope: Option<Scope>,
    /// Of each task, a bit for each ordinal, 64 of them together.
    hidden: FxHashMap<(TaskId, u64), u64>,
    /// The last event of a task that was told of before some that are not.
    before_gap: FxHashMap<TaskId, EventId>,
}

impl Calls {
    pub(in crate::export) fn new(scope: &Scope) -> Self {
        Self { scope: scope.has_calls().then(|| scope.clone()), ..Self::default() }
    }

    /// Another run begins.
    pub(in crate::export) fn begin(&mut self) {
        self.hidden.clear();
        self.before_gap.clear();
    }

    /// Whether that event is told of.
    pub(in crate::export) fn tells(&self, record: &Record<'_>) -> bool {
        let chosen = self.scope.as_ref().filter(|_| record.kind == Kind::Call);
        chosen.is_none_or(|scope| scope.tells(record))
    }

    /// Looks at the next slice of the log, before its events lead to anything.
    pub(in crate::export) fn look_ahead(&mut self, batch: &Batch) {
        let Some(scope) = &self.scope else { return };
        let calls = batch.iter().filter(|record| record.kind == Kind::Call);
        for record in calls.filter(|record| !scope.tells(record)) {
            let (place, bit) = place(record.task, record.ordinal);
            *self.hidden.entry(place).or_default() |= bit;
        }
    }

    /// Whether that event is a call that is not told of.
    pub(in crate::export) fn hides(&self, event: EventId) -> bool {
        let (place, bit) = place(event.task, event.ordinal);
        self.hidden.get(&place).is_some_and(|bits| bits & bit != 0)
    }

    /// The item, if it is told of: not an event that is hidden, nor what leads from or to
    /// one. What follows an event is then the next one that is told of.
    pub(in crate::export) fn told<'a>(&mut self, item: Item<'a>) -> Option<Item<'a>> {
        if self.scope.is_none() {
            return Some(item);
        }
        match item {
            Item::Event(event) | Item::Begun(event) if self.hides(event.id()) => None,
            Item::Edge(edge) if edge.kind == EdgeKind::Next => self.next(edge).map(Item::Edge),
            Item::Edge(edge) if self.hides(edge.cause) || self.hides(edge.effect) => None,
            Item::Database(used) if self.hides(used.event) => None,
            Item::BlindSpot(mut spot) => {
                spot.is_recorded &= !self.hides(spot.event);
                Some(Item::BlindSpot(spot))
            }
            Item::Look(mut look) => {
                look.is_recorded &= !self.hides(look.event);
                Some(Item::Look(look))
            }
            item => Some(item),
        }
    }

    /// Gives an item to who counts, and back if it is told of. What a call did that is not
    /// told of is left out there.
    pub(in crate::export) fn count<'a>(
        &mut self,
        builder: &mut Builder,
        state: &State,
        item: Item<'a>,
    ) -> Option<Item<'a>> {
        if let Item::Event(event) = item
            && self.hides(event.id())
        {
            builder.event_left_out(state, &event);
            return None;
        }
        let item = self.told(item)?;
        let Ok(()) = builder.item(state, item);
        Some(item)
    }

    fn next(&mut self, edge: Edge) -> Option<Edge> {
        let task = edge.effect.task;
        match (self.hides(edge.cause), self.hides(edge.effect)) {
            (false, false) => Some(edge),
            (false, true) => {
                self.before_gap.insert(task, edge.cause);
                None
            }
            (true, true) => None,
            (true, false) => self.before_gap.remove(&task).map(|cause| Edge { cause, ..edge }),
        }
    }
}

/// Where the bit of an event is.
fn place(task: TaskId, ordinal: u64) -> ((TaskId, u64), u64) {
    ((task, ordinal / 64), 1 << (ordinal % 64))
}
