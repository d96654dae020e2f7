//! A statement of PROV (PROV-DM, W3C Recommendation 2013).

use std::io;

use serde::{Deserialize, Serialize};

use crate::export::rdf::vocabulary::{PROV, RDF, RTRACE, XSD};

/// Prefixes of all names; a run and what belongs to it are `run:UUID` and `run:UUID#…`.
pub(super) const PREFIXES: [(&str, &str); 5] =
    [("prov", PROV), ("rdf", RDF), ("rtrace", RTRACE), ("run", "urn:uuid:"), ("xsd", XSD)];

/// An IRI as a prefix and the rest. None of the triples' has another beginning.
pub(super) fn split(iri: &str) -> (&'static str, &str) {
    PREFIXES
        .iter()
        .find_map(|(prefix, begin)| Some((*prefix, iri.strip_prefix(begin)?)))
        .unwrap_or(("run", iri))
}

/// What stands in a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// A value of the datatype with that IRI.
    Typed(String, String),
    /// The thing with that IRI.
    Name(String),
}

/// The property with that IRI has that value.
pub(super) type Attribute = (String, Value);

/// An argument: its name in PROV-JSON, and what it is, if that is said.
pub(super) type Argument<'a> = (&'static str, Option<Term<'a>>);

/// What an argument is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Term<'a> {
    /// The thing with that IRI.
    Name(&'a str),
    /// A point in time (`xsd:dateTime`).
    Time(&'a str),
}

/// One statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    /// PROV-N's word for it, which is also PROV-JSON's.
    pub(super) word: &'static str,
    /// What it declares; nothing if it is about what others declare.
    pub(super) declares: Option<&'a str>,
    /// In PROV-N's order.
    pub(super) arguments: &'a [Argument<'a>],
    /// What else is said.
    pub(super) attributes: &'a [Attribute],
}

/// A notation.
pub(super) trait Notation {
    fn statement(&mut self, statement: &Statement<'_>) -> io::Result<()>;

    fn flush(&mut self) -> io::Result<()>;

    fn finish(&mut self) -> io::Result<()>;
}
