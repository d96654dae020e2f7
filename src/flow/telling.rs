//! What is given out, and in which order.

use super::Flow;
use super::item::{BlindSpot, Event, EventId, Item, Look, Sink};
use super::resource::ResourceId;
use crate::abi::Prototype;
use crate::event::{FactKind, Record};

impl Flow {
    /// Gives out what the event at hand led to, the event in its midst.
    pub(super) fn tell<S: Sink + ?Sized>(
        &mut self,
        record: &Record<'_>,
        prototype: Option<&'static Prototype>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        self.tell_before(sink)?;
        let (uses, statements) = (&self.uses[..], &self.databases.statements[..]);
        let event = Event { record: *record, prototype, uses, statements };
        let item = if record.is_begun() { Item::Begun(event) } else { Item::Event(event) };
        sink.item(&self.state, item)?;
        for item in self.after.drain(..) {
            sink.item(&self.state, item)?;
        }
        for used in &self.databases.uses {
            sink.item(&self.state, Item::Database(used))?;
        }
        if let Some(task) = self.leaving.take() {
            self.bury(task);
        }
        Ok(())
    }

    pub(super) fn tell_before<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        while self.named < self.state.resource_count() {
            let id = ResourceId::from_index(self.named);
            self.named += 1;
            sink.item(&self.state, Item::Resource(id))?;
        }
        for item in self.before.drain(..) {
            sink.item(&self.state, item)?;
        }
        Ok(())
    }

    /// Gives out what could not be seen, and how files were, of all tasks at a batch's
    /// end, or of one whose last event is at hand.
    pub(super) fn tell_facts<S: Sink + ?Sized>(
        &mut self,
        last: Option<EventId>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        for fact in self.facts.take_told(last.map(|event| event.task)) {
            let event = EventId { task: fact.task, ordinal: fact.ordinal };
            let is_recorded = last == Some(event) || self.is_recorded(event);
            if fact.kind == FactKind::BlindSpot {
                self.went_unseen(fact.task);
                let spot = BlindSpot { is_recorded, ..BlindSpot::of(&fact) };
                sink.item(&self.state, Item::BlindSpot(spot))?;
            } else if let Some(resource) = self.file_of(&fact) {
                self.tell_before(sink)?;
                let look = Look { event, is_recorded, time: fact.time, resource, fact: &fact };
                sink.item(&self.state, Item::Look(look))?;
            }
        }
        Ok(())
    }

    /// Whether the log has that event, which it may have told of already.
    fn is_recorded(&self, event: EventId) -> bool {
        let Some(task) = self.state.tasks.get(&event.task).filter(|task| task.last < event.ordinal)
        else {
            return !self.gaps.has(event);
        };
        // What is still going on stands in each batch.
        let pending = task.pending.as_ref().and_then(|pending| pending.get(0));
        pending.is_some_and(|record| record.ordinal == event.ordinal)
    }
}
