//! The syntaxes, all by oxttl.

use std::io::{self, BufWriter, Write};

use oxrdf::TripleRef;
use oxttl::ntriples::{LowLevelNTriplesSerializer, NTriplesSerializer};
use oxttl::turtle::{LowLevelTurtleSerializer, TurtleSerializer};

use super::vocabulary::{PROV, RDF, RDFS, RTRACE, XSD};

const BUFFER: usize = 1 << 16;

/// Takes triples.
pub(super) trait Triples {
    /// Triples of a run follow, whose things' IRIs begin with `base`.
    fn begin(&mut self, base: &str) -> io::Result<()>;

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()>;

    fn flush(&mut self) -> io::Result<()>;

    fn finish(&mut self) -> io::Result<()>;
}

/// N-Triples.
pub(super) struct NTriples<W: Write> {
    serializer: LowLevelNTriplesSerializer,
    out: BufWriter<W>,
}

impl<W: Write> NTriples<W> {
    pub(super) fn new(out: W) -> Self {
        let out = BufWriter::with_capacity(BUFFER, out);
        Self { serializer: NTriplesSerializer::new().low_level(), out }
    }
}

impl<W: Write> Triples for NTriples<W> {
    fn begin(&mut self, _base: &str) -> io::Result<()> {
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        self.serializer.serialize_triple(triple, &mut self.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Turtle. Each run has prefixes of its own, so each gets a serializer.
pub(super) struct Turtle<W: Write> {
    serializer: LowLevelTurtleSerializer,
    out: BufWriter<W>,
}

impl<W: Write> Turtle<W> {
    pub(super) fn new(out: W) -> Self {
        let out = BufWriter::with_capacity(BUFFER, out);
        Self { serializer: TurtleSerializer::new().low_level(), out }
    }
}

impl<W: Write> Triples for Turtle<W> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        self.serializer.finish(&mut self.out)?;
        let mut serializer = TurtleSerializer::new();
        let known = [("", base), ("rtrace", RTRACE), ("prov", PROV)];
        for (prefix, iri) in known.into_iter().chain([("rdf", RDF), ("rdfs", RDFS), ("xsd", XSD)]) {
            serializer = serializer.with_prefix(prefix, iri).map_err(io::Error::other)?;
        }
        self.serializer = serializer.low_level();
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        self.serializer.serialize_triple(triple, &mut self.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.serializer.finish(&mut self.out)?;
        self.out.flush()
    }
}
