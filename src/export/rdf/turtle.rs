//! Turtle: triples for reading.

use std::io::{self, Write};

use oxrdf::TripleRef;
use oxttl::turtle::{LowLevelTurtleSerializer, TurtleSerializer};

use super::writer::{Collected, Triples, prefixes};
use crate::export::{Exporter, Options};

/// Exports Turtle.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(super::export(Turtle::new(out), options))
}

/// Each run has prefixes of its own, so each gets a serializer.
struct Turtle<W: Write> {
    serializer: LowLevelTurtleSerializer,
    text: Collected<W>,
}

impl<W: Write> Turtle<W> {
    fn new(out: W) -> Self {
        Self { serializer: TurtleSerializer::new().low_level(), text: Collected::new(out) }
    }
}

impl<W: Write> Triples for Turtle<W> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        self.serializer.finish(&mut self.text.bytes)?;
        let mut serializer = TurtleSerializer::new();
        for (prefix, iri) in prefixes(base) {
            serializer = serializer.with_prefix(prefix, iri).map_err(io::Error::other)?;
        }
        self.serializer = serializer.low_level();
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        self.serializer.serialize_triple(triple, &mut self.text.bytes)?;
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
