//! RDF: the flow as triples, in any syntax that takes them one by one.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `vocabulary` | the terms |
//! | `iri` | how things of a run are named |
//! | `graph` | how the flow's items become triples |
//! | `event` | the same of events, which are most of them |
//! | `blind` | the same of what could not be seen |
//! | `writer` | the syntaxes |

mod blind;
mod event;
mod graph;
mod iri;
mod vocabulary;
mod writer;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use graph::Graph;
use writer::{NTriples, Triples, Turtle};

use super::{Exporter, Options, Run};
use crate::event::Batch;
use crate::flow::Flow;

/// Exports N-Triples.
///
/// # Errors
/// None here: the output is written later.
pub fn n_triples<'a>(out: Box<dyn Write + 'a>, _: &Options) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(Box::new(Rdf::new(NTriples::new(out))))
}

/// Exports Turtle.
///
/// # Errors
/// None here: the output is written later.
pub fn turtle<'a>(out: Box<dyn Write + 'a>, _: &Options) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(Box::new(Rdf::new(Turtle::new(out))))
}

/// A flow whose items become triples.
struct Rdf<T> {
    flow: Flow,
    graph: Graph<T>,
}

impl<T: Triples> Rdf<T> {
    fn new(out: T) -> Self {
        Self { flow: Flow::new(), graph: Graph::new(out) }
    }
}

impl<T: Triples> Exporter for Rdf<T> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow = Flow::new();
        self.flow.set_cwd(&run.cwd);
        self.graph.begin(run)
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.flow.batch(batch, &mut self.graph)
    }

    fn end(&mut self) -> io::Result<()> {
        self.flow.finish(&mut self.graph)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.graph.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.graph.out.finish()
    }
}
