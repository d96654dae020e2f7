//! What a syntax is to the graph, and what several of them share.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use oxrdf::TripleRef;

use super::vocabulary::{PROV, RDF, RDFS, RTRACE, XSD};

/// Bytes to collect before they are written.
pub(in crate::export) const BUFFER: usize = 1 << 16;

/// Takes triples.
pub(in crate::export) trait Triples {
    /// Triples of a run follow, whose things' IRIs begin with `base`.
    fn begin(&mut self, base: &str) -> io::Result<()>;

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()>;

    fn flush(&mut self) -> io::Result<()>;

    fn finish(&mut self) -> io::Result<()>;
}

/// Triples that a function takes, with the IRI of their run.
pub(super) struct Taken<F> {
    run: String,
    take: F,
}

impl<F> Taken<F> {
    pub(super) fn new(take: F) -> Self {
        Self { run: String::new(), take }
    }
}

impl<F: FnMut(&str, TripleRef<'_>)> Triples for Taken<F> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        run_of(base).clone_into(&mut self.run);
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        (self.take)(&self.run, triple);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The prefixes of a run whose things' IRIs begin with `base`, the longest first: so they
/// are tried, and declared.
pub(super) fn prefixes(base: &str) -> [(&'static str, &str); 6] {
    [("", base), ("rdf", RDF), ("rdfs", RDFS), ("xsd", XSD), ("rtrace", RTRACE), ("prov", PROV)]
}

/// The IRI of the run, which is also that of its graph.
pub(super) fn run_of(base: &str) -> &str {
    base.strip_suffix('#').unwrap_or(base)
}

/// Collects what is written in small pieces.
pub(super) struct Collected<W: Write> {
    pub(super) bytes: Vec<u8>,
    out: W,
}

impl<W: Write> Collected<W> {
    pub(super) fn new(out: W) -> Self {
        Self { bytes: Vec::with_capacity(2 * BUFFER), out }
    }

    /// Writes it if it has become much.
    pub(super) fn relieve(&mut self) -> io::Result<()> {
        if self.bytes.len() < BUFFER { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }
}

/// The same for a serializer that owns what it writes to: the other handle can
/// flush it meanwhile.
pub(super) struct Shared<W: Write>(Rc<RefCell<Collected<W>>>);

impl<W: Write> Shared<W> {
    /// Two handles of one output.
    pub(super) fn pair(out: W) -> (Self, Self) {
        let collected = Rc::new(RefCell::new(Collected::new(out)));
        (Self(Rc::clone(&collected)), Self(collected))
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut collected = self.0.borrow_mut();
        collected.bytes.extend_from_slice(bytes);
        collected.relieve()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}
