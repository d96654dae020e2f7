//! What is read of a log to ask it: its graph, and who waited for whom.

use std::convert::Infallible;

use super::waits::Waits;
use super::{Lacks, Subject};
use crate::event::Batch;
use crate::flow::graph::Builder;
use crate::flow::{Item, Sink, State};
use crate::log::Header;
use crate::merge::Indexing;

/// Takes the flow's items of a log that is to be asked.
#[derive(Debug, Default)]
pub struct Gathering {
    graph: Builder,
    waits: Waits,
    /// Of a run among several, what the others may know of it.
    indexing: Option<Indexing>,
}

impl Gathering {
    /// Nothing has been read.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same of a log that is asked together with others.
    pub fn among_others() -> Self {
        Self { indexing: Some(Indexing::new()), ..Self::default() }
    }

    /// Takes what a batch says beside its records; the flow is given the batch after it.
    pub fn look_ahead(&mut self, batch: &Batch) {
        if let Some(indexing) = &mut self.indexing {
            indexing.look_ahead(batch);
        }
    }

    /// The run that was read, and what of it the log lacks; `state` is that of the flow,
    /// which is finished.
    pub fn finish(self, header: &Header, state: &State) -> (Subject, Lacks) {
        let mut graph = self.graph.finish(state);
        graph.held_up.extend(self.waits.finish(state));
        let (omitted, is_partial) = (graph.omitted, graph.is_partial);
        let lacks = Lacks { omitted, is_partial, is_cut: graph.is_cut, ..Lacks::default() };
        let mut subject = Subject::new(header, state, graph);
        subject.index = self.indexing.map(|indexing| indexing.finish(header, state));
        (subject, lacks)
    }
}

impl Sink for Gathering {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match &item {
            Item::Event(event) => self.waits.event(state, event),
            Item::Edge(edge) => self.waits.edge(edge),
            _ => {}
        }
        if let Some(indexing) = &mut self.indexing {
            let Ok(()) = indexing.item(state, item);
        }
        self.graph.item(state, item)
    }
}
