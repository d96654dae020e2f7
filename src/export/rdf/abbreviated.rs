//! Turtle and TriG: triples for reading, with prefixes, and each subject and predicate
//! said once where several triples in turn have it. The text is oxttl's.

use std::io::{self, Write};

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{LiteralRef, NamedOrBlankNodeRef, TermRef, TripleRef};

use super::local_name::put_local_name;
use super::term::{put_blank, put_iri, put_value};
use super::writer::{BUFFER, Triples, prefixes, run_of};

/// Writes either. Each run has prefixes of its own.
pub(super) struct Abbreviated<W: Write> {
    in_graphs: bool,
    /// Names of the run at hand, and what they stand for.
    prefixes: Vec<(&'static str, String)>,
    /// Whether anything has been written of the run.
    has_begun: bool,
    /// Subject, and for blank nodes `_:` and its name, and predicate of the triple before.
    subject: String,
    predicate: String,
    text: String,
    out: W,
}

impl<W: Write> Abbreviated<W> {
    /// Turtle.
    pub(super) fn triples(out: W) -> Self {
        Self {
            in_graphs: false,
            prefixes: Vec::new(),
            has_begun: false,
            subject: String::new(),
            predicate: String::new(),
            text: String::with_capacity(2 * BUFFER),
            out,
        }
    }

    /// TriG: each run's triples in a graph of its own.
    pub(super) fn graphs(out: W) -> Self {
        Self { in_graphs: true, ..Self::triples(out) }
    }

    /// Declares the prefixes, and opens the run's graph.
    fn open(&mut self) {
        for (name, start) in &self.prefixes {
            for part in ["@prefix ", name, ": <", start, "> .\n"] {
                self.text.push_str(part);
            }
        }
        if self.in_graphs {
            let base = self.prefixes.first().map_or("", |(_, base)| base.as_str());
            put_iri(run_of(base), &mut self.text);
            self.text.push_str(" {\n");
        }
    }

    /// Ends the run's last triple, and its graph.
    fn close(&mut self) {
        if !self.has_begun {
            return;
        }
        self.text.push_str(if self.in_graphs { " .\n}\n" } else { " .\n" });
        self.has_begun = false;
    }

    fn is_subject(&self, subject: NamedOrBlankNodeRef<'_>) -> bool {
        match subject {
            NamedOrBlankNodeRef::NamedNode(iri) => self.subject == iri.as_str(),
            NamedOrBlankNodeRef::BlankNode(node) => {
                self.subject.strip_prefix("_:") == Some(node.as_str())
            }
        }
    }

    /// Appends what stands between the triple before and one of that subject, and the
    /// subject itself if it is another one.
    fn turn_to(&mut self, subject: NamedOrBlankNodeRef<'_>) {
        if self.has_begun && self.is_subject(subject) {
            self.text.push_str(if self.in_graphs { " ;\n\t\t" } else { " ;\n\t" });
            return;
        }
        if self.has_begun {
            self.text.push_str(" .\n");
        } else {
            self.open();
            self.has_begun = true;
        }
        if self.in_graphs {
            self.text.push('\t');
        }
        self.subject.clear();
        match subject {
            NamedOrBlankNodeRef::NamedNode(iri) => {
                self.subject.push_str(iri.as_str());
                put_named(&self.prefixes, iri.as_str(), &mut self.text);
            }
            NamedOrBlankNodeRef::BlankNode(node) => {
                put_blank(node, &mut self.subject);
                put_blank(node, &mut self.text);
            }
        }
        self.text.push(' ');
    }

    fn put_predicate(&mut self, predicate: &str) {
        if predicate == rdf::TYPE.as_str() {
            self.text.push('a');
        } else {
            put_named(&self.prefixes, predicate, &mut self.text);
        }
        predicate.clone_into(&mut self.predicate);
    }

    fn put_object(&mut self, object: TermRef<'_>) {
        match object {
            TermRef::NamedNode(iri) => put_named(&self.prefixes, iri.as_str(), &mut self.text),
            TermRef::BlankNode(node) => put_blank(node, &mut self.text),
            TermRef::Literal(literal) if is_bare(literal) => self.text.push_str(literal.value()),
            TermRef::Literal(literal) => {
                if put_value(literal, &mut self.text) {
                    self.text.push_str("^^");
                    put_named(&self.prefixes, literal.datatype().as_str(), &mut self.text);
                }
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

impl<W: Write> Triples for Abbreviated<W> {
    fn begin(&mut self, base: &str) -> io::Result<()> {
        self.close();
        self.prefixes = prefixes(base).map(|(name, start)| (name, start.to_owned())).into();
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        let predicate = triple.predicate.as_str();
        if self.has_begun && self.predicate == predicate && self.is_subject(triple.subject) {
            self.text.push_str(" , ");
        } else {
            self.turn_to(triple.subject);
            self.put_predicate(predicate);
            self.text.push(' ');
        }
        self.put_object(triple.object);
        if self.text.len() < BUFFER { Ok(()) } else { self.write() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.close();
        self.flush()
    }
}

/// Appends an IRI, by the first prefix that it can have.
fn put_named(prefixes: &[(&'static str, String)], iri: &str, out: &mut String) {
    let from = out.len();
    for (name, start) in prefixes {
        let Some(local) = iri.strip_prefix(start.as_str()) else { continue };
        out.push_str(name);
        out.push(':');
        if put_local_name(local, out) {
            return;
        }
        out.truncate(from);
    }
    put_iri(iri, out);
}

/// Whether a literal's value alone says what it is. Decimals and doubles could be, too;
/// the graph has none.
fn is_bare(literal: LiteralRef<'_>) -> bool {
    let value = literal.value();
    match literal.datatype() {
        xsd::BOOLEAN => matches!(value, "true" | "false"),
        xsd::INTEGER => {
            let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::JSON;
    use super::*;
    use oxrdf::{
        BlankNode, GraphNameRef, Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, Triple,
    };
    use oxttl::{TriGSerializer, TurtleSerializer};
    use proptest::prelude::*;

    const BASE: &str = "urn:uuid:00112233-4455-6677-8899-aabbccddeeff#";

    const STARTS: &[&str] =
        &[BASE, "urn:uuid:", "http://www.w3.org/ns/prov#", "http://example.com/"];

    fn named() -> impl Strategy<Value = NamedNode> {
        let local = prop_oneof![
            "event-[0-9]{1,3}",
            "file(/[a-zA-Z0-9._~%-]{0,4}){0,4}",
            "[!$&'()*+,;=/?@_:.~-]{0,4}",
            "[ -~\u{b7}\u{d7}é\u{300}\u{2040}\u{ffff}]{0,3}",
        ];
        (prop::sample::select(STARTS), local)
            .prop_map(|(start, local)| NamedNode::new_unchecked([start, &local].concat()))
    }

    const TYPES: &[NamedNodeRef<'static>] =
        &[xsd::INTEGER, xsd::BOOLEAN, xsd::DATE_TIME, xsd::STRING, JSON];

    fn predicate() -> impl Strategy<Value = NamedNode> {
        prop_oneof![
            Just(rdf::TYPE.into_owned()),
            Just(NamedNode::new_unchecked("http://www.w3.org/ns/prov#used")),
            named(),
        ]
    }

    fn subject() -> impl Strategy<Value = NamedOrBlankNode> {
        prop_oneof![
            Just(NamedNode::new_unchecked([BASE, "event-1-7"].concat()).into()),
            Just(BlankNode::new_unchecked("b1").into()),
            named().prop_map(Into::into),
        ]
    }

    fn object() -> impl Strategy<Value = Term> {
        let value = prop_oneof![any::<String>(), "[+-]?[0-9]{0,3}", Just("true".to_owned())];
        let literal = (value, prop::sample::select(TYPES), any::<bool>());
        prop_oneof![
            named().prop_map(Into::into),
            Just(BlankNode::new_unchecked("b2").into()),
            literal.prop_map(|(value, datatype, has_language)| {
                if has_language {
                    Literal::new_language_tagged_literal_unchecked(value, "en").into()
                } else {
                    Literal::new_typed_literal(value, datatype.into_owned()).into()
                }
            }),
        ]
    }

    /// What is written of two runs with the same triples.
    fn written<'a>(
        triples: &[Triple],
        make: fn(&'a mut Vec<u8>) -> Abbreviated<&'a mut Vec<u8>>,
        out: &'a mut Vec<u8>,
    ) {
        let mut writer = make(out);
        for _ in 0..2 {
            writer.begin(BASE).unwrap();
            for triple in triples {
                writer.triple(triple.into()).unwrap();
            }
        }
        writer.finish().unwrap();
    }

    fn turtle_of_oxttl(triples: &[Triple]) -> Vec<u8> {
        let mut serializer = TurtleSerializer::new();
        for (name, start) in prefixes(BASE) {
            serializer = serializer.with_prefix(name, start).unwrap();
        }
        let mut serializer = serializer.for_writer(Vec::new());
        for triple in triples {
            serializer.serialize_triple(triple).unwrap();
        }
        serializer.finish().unwrap()
    }

    fn trig_of_oxttl(triples: &[Triple]) -> Vec<u8> {
        let mut serializer = TriGSerializer::new();
        for (name, start) in prefixes(BASE) {
            serializer = serializer.with_prefix(name, start).unwrap();
        }
        let mut serializer = serializer.for_writer(Vec::new());
        let run = NamedNode::new(run_of(BASE)).unwrap();
        for triple in triples {
            let quad = triple.as_ref().in_graph(GraphNameRef::NamedNode(run.as_ref()));
            serializer.serialize_quad(quad).unwrap();
        }
        serializer.finish().unwrap()
    }

    proptest! {
        #[test]
        fn it_is_what_oxttl_writes(
            triples in prop::collection::vec((subject(), predicate(), object()), 0..9)
        ) {
            let triples: Vec<_> =
                triples.into_iter().map(|(s, p, o)| Triple::new(s, p, o)).collect();
            let (mut turtle, mut trig) = (Vec::new(), Vec::new());
            written(&triples, Abbreviated::triples, &mut turtle);
            written(&triples, Abbreviated::graphs, &mut trig);
            let text = |bytes: &[u8]| String::from_utf8(bytes.repeat(2)).unwrap();
            let [turtle, trig] = [turtle, trig].map(|bytes| String::from_utf8(bytes).unwrap());
            prop_assert_eq!(turtle, text(&turtle_of_oxttl(&triples)));
            prop_assert_eq!(trig, text(&trig_of_oxttl(&triples)));
        }
    }
}
