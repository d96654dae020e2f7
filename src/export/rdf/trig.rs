//! TriG: Turtle, with the triples of each run in a graph of its own.

use std::io::{self, Write};

use oxrdf::{GraphNameRef, NamedNode, TripleRef};
use oxttl::trig::{LowLevelTriGSerializer, TriGSerializer};

use super::writer::{Collected, Triples, prefixes, run_of};
use crate::export::{Exporter, Options};

/// Exports TriG.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(super::export(Trig::new(out), options))
}

/// Each run has prefixes of its own, so each gets a serializer.
struct Trig<W: Write> {
    serializer: LowLevelTriGSerializer,
    /// The graph of the run at hand.
    graph: Option<NamedNode>,
    text: Collected<W>,
}

impl<W: Write> Trig<W> {
    fn new(out: W) -> Self {
        let serializer = TriGSerializer::new().low_level();
        Self { serializer, graph: None, text: Collected::new(out) }
    }
}

impl<W: Write> Triples for Trig<W> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        self.serializer.finish(&mut self.text.bytes)?;
        let mut serializer = TriGSerializer::new();
        for (prefix, iri) in prefixes(base) {
            serializer = serializer.with_prefix(prefix, iri).map_err(io::Error::other)?;
        }
        self.serializer = serializer.low_level();
        self.graph = Some(NamedNode::new(run_of(base)).map_err(io::Error::other)?);
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        let graph = self.graph.as_ref().map_or(GraphNameRef::DefaultGraph, Into::into);
        self.serializer.serialize_quad(triple.in_graph(graph), &mut self.text.bytes)?;
        self.text.relieve()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.text.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.serializer.finish(&mut self.text.bytes)?;
        self.text.flush()
    }
}
