//! The syntaxes, all by oxrdf and oxttl.

use std::fmt::Write as _;
use std::io::{self, Write};

use oxrdf::vocab::xsd;
use oxrdf::{LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, TermRef, TripleRef};
use oxttl::turtle::{LowLevelTurtleSerializer, TurtleSerializer};

use super::vocabulary::{PROV, RDF, RDFS, RTRACE, XSD};

/// Bytes to collect before they are written.
const BUFFER: usize = 1 << 16;

/// Takes triples.
pub(super) trait Triples {
    /// Triples of a run follow, whose things' IRIs begin with `base`.
    fn begin(&mut self, base: &str) -> io::Result<()>;

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()>;

    fn flush(&mut self) -> io::Result<()>;

    fn finish(&mut self) -> io::Result<()>;
}

/// N-Triples, which is what a triple of oxrdf is displayed as. Text is collected
/// in a string, because what displays it writes many characters one by one: to an
/// `io::Write` each of them takes several calls. IRIs, and literals in which there
/// is nothing to escape, are copied whole: four fifths of the text.
pub(super) struct NTriples<W: Write> {
    text: String,
    out: W,
}

impl<W: Write> NTriples<W> {
    pub(super) fn new(out: W) -> Self {
        Self { text: String::with_capacity(2 * BUFFER), out }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn iri(&mut self, iri: NamedNodeRef<'_>) {
        for part in ["<", iri.as_str(), ">"] {
            self.text.push_str(part);
        }
    }

    fn literal(&mut self, literal: LiteralRef<'_>) {
        let value = literal.value();
        let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if literal.language().is_some() || !value.as_bytes().iter().all(is_plain) {
            // Writing to a string does not fail.
            let _ = write!(self.text, "{literal}");
            return;
        }
        for part in ["\"", value, "\""] {
            self.text.push_str(part);
        }
        if literal.datatype() != xsd::STRING {
            self.text.push_str("^^");
            self.iri(literal.datatype());
        }
    }
}

impl<W: Write> Triples for NTriples<W> {
    fn begin(&mut self, _base: &str) -> io::Result<()> {
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        match triple.subject {
            NamedOrBlankNodeRef::NamedNode(iri) => self.iri(iri),
            // Writing to a string does not fail.
            NamedOrBlankNodeRef::BlankNode(node) => drop(write!(self.text, "{node}")),
        }
        self.text.push(' ');
        self.iri(triple.predicate);
        self.text.push(' ');
        match triple.object {
            TermRef::NamedNode(iri) => self.iri(iri),
            TermRef::Literal(literal) => self.literal(literal),
            TermRef::BlankNode(node) => drop(write!(self.text, "{node}")),
        }
        self.text.push_str(" .\n");
        if self.text.len() < BUFFER { Ok(()) } else { self.write() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// Turtle. Each run has prefixes of its own, so each gets a serializer.
pub(super) struct Turtle<W: Write> {
    serializer: LowLevelTurtleSerializer,
    text: Vec<u8>,
    out: W,
}

impl<W: Write> Turtle<W> {
    pub(super) fn new(out: W) -> Self {
        let text = Vec::with_capacity(2 * BUFFER);
        Self { serializer: TurtleSerializer::new().low_level(), text, out }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }
}

impl<W: Write> Triples for Turtle<W> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        self.serializer.finish(&mut self.text)?;
        let mut serializer = TurtleSerializer::new();
        let known = [("", base), ("rtrace", RTRACE), ("prov", PROV)];
        for (prefix, iri) in known.into_iter().chain([("rdf", RDF), ("rdfs", RDFS), ("xsd", XSD)]) {
            serializer = serializer.with_prefix(prefix, iri).map_err(io::Error::other)?;
        }
        self.serializer = serializer.low_level();
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        self.serializer.serialize_triple(triple, &mut self.text)?;
        if self.text.len() < BUFFER { Ok(()) } else { self.write() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.serializer.finish(&mut self.text)?;
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::BlankNodeRef;
    use proptest::prelude::*;

    fn written(triple: TripleRef<'_>) -> String {
        let mut out = Vec::new();
        let mut triples = NTriples::new(&mut out);
        triples.triple(triple).unwrap();
        triples.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn a_triple_is_written_as_oxrdf_shows_it(
            value in prop_oneof![any::<String>(), "[ -~]{0,20}", "[\\x00-\\x7f]{0,9}"],
            is_named in any::<bool>(),
        ) {
            let iri = NamedNodeRef::new("urn:uuid:1#file/a%20b").unwrap();
            let blank = BlankNodeRef::new("b1").unwrap();
            let objects: [TermRef<'_>; 5] = [
                iri.into(),
                blank.into(),
                LiteralRef::new_simple_literal(&value).into(),
                LiteralRef::new_typed_literal(&value, xsd::INTEGER).into(),
                LiteralRef::new_language_tagged_literal_unchecked(&value, "en").into(),
            ];
            for object in objects {
                let triple = if is_named {
                    TripleRef::new(iri, iri, object)
                } else {
                    TripleRef::new(blank, iri, object)
                };
                prop_assert_eq!(written(triple), format!("{} .\n", triple));
            }
        }
    }
}
