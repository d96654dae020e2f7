//! RDF: the flow as triples, in any syntax that takes them one by one.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `vocabulary` | the terms |
//! | `iri` | how things of a run are named |
//! | `prefix` | the same by a prefix of the user's own |
//! | `graph` | how the flow's items become triples |
//! | `event` | the same of events, which are most of them |
//! | `resource` | the same of what they touch |
//! | `function` | the same of what calls are calls of |
//! | `version` | the same of versions of files |
//! | `database` | the same of databases |
//! | `look` | the same of how files were |
//! | `blind` | the same of what could not be seen |
//! | `coarse` | the graph without its events: numbers instead |
//! | `linked` | what is the same in several runs, in a graph of its own |
//! | `told` | what of it is left out, or folded |
//! | `text` | which text the triples may have |
//! | `writer` | what a syntax is, and what several share |
//! | `ontology` | (tests) that `docs/ontology/` tells of every term |
//! | `term`, `local_name` | how terms are written |
//! | `ntriples`, `nquads` (both by `lines`), `turtle`, `trig` (both by `abbreviated`), `rdfxml`, `jsonld` | the syntaxes |

mod abbreviated;
mod blind;
mod coarse;
mod database;
mod event;
mod function;
mod graph;
mod iri;
mod lines;
mod linked;
mod local_name;
mod look;
mod prefix;
mod resource;
mod term;
mod text;
mod told;
mod version;
pub(super) mod vocabulary;
pub(super) mod writer;

pub mod jsonld;
pub mod nquads;
pub mod ntriples;
pub mod rdfxml;
pub mod trig;
pub mod turtle;

#[cfg(test)]
mod ontology;
#[cfg(test)]
mod tests;

use std::io;

pub(super) use iri::percent_encode;

use coarse::Coarse;
use graph::Graph;
use oxrdf::{NamedNode, TripleRef};
use writer::Triples;

use super::{Detail, Exporter, Options, Run};
use crate::event::Batch;
use crate::flow::Flow;
use crate::merge::Merged;

/// The names of the formats that are RDF.
pub const NAMES: [&str; 6] = ["jsonld", "nq", "nt", "rdfxml", "trig", "ttl"];

/// The ontology: every term of rtrace's that the triples have, in Turtle (OWL 2).
pub const ONTOLOGY: &str = include_str!("../../../docs/ontology/rtrace.ttl");
/// What a valid batchflow is, in Turtle (SHACL).
pub const SHAPES: &str = include_str!("../../../docs/ontology/shapes.ttl");

/// The prefixes of the terms that the graphs are made of.
pub const PREFIXES: [(&str, &str); 5] = [
    ("rtrace", vocabulary::RTRACE),
    ("prov", vocabulary::PROV),
    ("rdf", vocabulary::RDF),
    ("rdfs", vocabulary::RDFS),
    ("xsd", vocabulary::XSD),
];

/// An exporter that hands its triples to `out`.
pub(super) fn export<'a, T: Triples + 'a>(out: T, options: &Options) -> Box<dyn Exporter + 'a> {
    let graph = Graph::new(out, options);
    match graph.detail {
        Detail::Event => Box::new(Rdf { flow: Flow::new(), graph }),
        Detail::Process | Detail::Resource => Box::new(Coarse::new(graph)),
    }
}

/// An exporter that gives its triples to `take`, each with the IRI of its run, which is also
/// that of the run's graph.
pub fn triples<'a>(
    take: impl FnMut(&str, TripleRef<'_>) + 'a,
    options: &Options,
) -> Box<dyn Exporter + 'a> {
    export(writer::Taken::new(take), options)
}

/// Whether what begins with `prefix` can be an IRI.
///
/// # Errors
/// Why not, for people.
pub fn check_iri_prefix(prefix: &str) -> Result<(), String> {
    let example = [prefix, "CIM_DataFile.Name=/a,B=b"].concat();
    NamedNode::new(example).map(drop).map_err(|error| error.to_string())
}

/// A flow whose items become triples.
struct Rdf<T> {
    flow: Flow,
    graph: Graph<T>,
}

impl<T: Triples> Exporter for Rdf<T> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow = run.flow();
        self.graph.begin(run)
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.graph.calls.look_ahead(batch);
        self.flow.batch(batch, &mut self.graph)
    }

    fn end(&mut self) -> io::Result<()> {
        self.flow.finish(&mut self.graph)?;
        self.graph.name_the_rest(self.flow.state())
    }

    fn linked(&mut self, merged: &Merged) -> io::Result<()> {
        linked::write(merged, &mut self.graph.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.graph.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.graph.out.finish()
    }
}
