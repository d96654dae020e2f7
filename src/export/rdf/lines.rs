//! Lines of triples or quads: what N-Triples and N-Quads share.

use std::io::{self, Write};

use oxrdf::{NamedOrBlankNodeRef, TermRef, TripleRef};

use super::term::{put_blank, put_iri, put_value};
use super::writer::{BUFFER, Triples, run_of};

/// A triple or quad a line, as oxrdf displays them.
pub(super) struct Lines<W: Write> {
    in_graphs: bool,
    /// What follows each triple.
    end: String,
    text: String,
    out: W,
}

impl<W: Write> Lines<W> {
    /// Triples.
    pub(super) fn triples(out: W) -> Self {
        let (text, end) = (String::with_capacity(2 * BUFFER), " .\n".to_owned());
        Self { in_graphs: false, end, text, out }
    }

    /// Quads: each run's triples in a graph of its own.
    pub(super) fn quads(out: W) -> Self {
        Self { in_graphs: true, ..Self::triples(out) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

impl<W: Write> Triples for Lines<W> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        if self.in_graphs {
            self.end = [" <", run_of(base), "> .\n"].concat();
        }
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        let text = &mut self.text;
        match triple.subject {
            NamedOrBlankNodeRef::NamedNode(iri) => put_iri(iri.as_str(), text),
            NamedOrBlankNodeRef::BlankNode(node) => put_blank(node, text),
        }
        text.push(' ');
        put_iri(triple.predicate.as_str(), text);
        text.push(' ');
        match triple.object {
            TermRef::NamedNode(iri) => put_iri(iri.as_str(), text),
            TermRef::BlankNode(node) => put_blank(node, text),
            TermRef::Literal(literal) => {
                if put_value(literal, text) {
                    text.push_str("^^");
                    put_iri(literal.datatype().as_str(), text);
                }
            }
        }
        self.text.push_str(&self.end);
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

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::vocab::xsd;
    use oxrdf::{BlankNodeRef, GraphNameRef, LiteralRef, NamedNodeRef};
    use proptest::prelude::*;

    const RUN: &str = "urn:uuid:00112233-4455-6677-8899-aabbccddeeff";

    fn written<'a>(
        triple: TripleRef<'_>,
        make: fn(&'a mut Vec<u8>) -> Lines<&'a mut Vec<u8>>,
        out: &'a mut Vec<u8>,
    ) {
        let mut lines = make(out);
        lines.begin(&[RUN, "#"].concat()).unwrap();
        lines.triple(triple).unwrap();
        lines.finish().unwrap();
    }

    proptest! {
        #[test]
        fn a_triple_is_written_as_oxrdf_shows_it(
            value in prop_oneof![any::<String>(), "[ -~]{0,20}", "[\\x00-\\x7f\u{fff0}-\u{ffff}]{0,9}"],
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
                let graph = GraphNameRef::NamedNode(NamedNodeRef::new(RUN).unwrap());
                let (mut nt, mut nq) = (Vec::new(), Vec::new());
                written(triple, Lines::triples, &mut nt);
                written(triple, Lines::quads, &mut nq);
                prop_assert_eq!(String::from_utf8(nt).unwrap(), format!("{} .\n", triple));
                let quad = triple.in_graph(graph);
                prop_assert_eq!(String::from_utf8(nq).unwrap(), format!("{} .\n", quad));
            }
        }
    }
}
