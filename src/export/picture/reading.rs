//! How a log becomes a graph, of which a picture is made as a whole.

use std::convert::Infallible;

use crate::event::Batch;
use crate::export::scope::Calls;
use crate::export::{Run, Scope};
use crate::flow::graph::{Builder, Graph};
use crate::flow::{Event, Flow, Item, Sink, State};

/// Who else looks at the events of a run that is read.
pub(in crate::export) trait Onlooker {
    /// Takes an event, whether the scope has it or not.
    fn event(&mut self, state: &State, event: &Event<'_>);
}

/// Nobody does.
impl Onlooker for () {
    fn event(&mut self, _: &State, _: &Event<'_>) {}
}

/// A run that is being read.
pub(in crate::export) struct Reading<O> {
    run: Run,
    flow: Flow,
    seen: Seen<O>,
}

/// A run that has been read.
pub(in crate::export) struct Read<O> {
    pub(in crate::export) run: Run,
    pub(in crate::export) graph: Graph,
    pub(in crate::export) onlooker: O,
    /// How many things rtrace says that it could not see.
    pub(in crate::export) blind_spots: usize,
}

struct Seen<O> {
    builder: Builder,
    calls: Calls,
    onlooker: O,
    blind_spots: usize,
}

impl<O: Onlooker> Reading<O> {
    pub(in crate::export) fn new(run: &Run, scope: &Scope, onlooker: O) -> Self {
        let (builder, calls) = (Builder::new(), Calls::new(scope));
        let seen = Seen { builder, calls, onlooker, blind_spots: 0 };
        Self { run: run.clone(), flow: run.flow(), seen }
    }

    /// Reads the next slice of the log.
    pub(in crate::export) fn batch(&mut self, batch: &Batch) {
        self.seen.calls.look_ahead(batch);
        let Ok(()) = self.flow.batch(batch, &mut self.seen);
    }

    /// The log is over.
    pub(in crate::export) fn end(mut self) -> Read<O> {
        let Ok(()) = self.flow.finish(&mut self.seen);
        let Seen { builder, onlooker, blind_spots, .. } = self.seen;
        let graph = builder.finish(self.flow.state());
        Read { run: self.run, graph, onlooker, blind_spots }
    }
}

impl<O: Onlooker> Sink for Seen<O> {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match &item {
            Item::Event(event) => self.onlooker.event(state, event),
            Item::BlindSpot(_) => self.blind_spots += 1,
            _ => {}
        }
        self.calls.count(&mut self.builder, state, item);
        Ok(())
    }
}
