//! Formats that a log can be turned into: one file a format, one registry line
//! a format ([`FORMATS`]).

mod decode;
mod detail;
mod language;
pub mod links;
mod run;
#[cfg(test)]
mod sample;
mod scope;
mod text;
mod time;

pub mod csv;
pub mod dot;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod mermaid;
pub mod picture;
pub mod prov;
pub mod rdf;
pub mod strace;
pub mod svg;

use std::io::{self, Write};

pub use decode::{call_text, json_bytes};
pub use detail::Detail;
pub use language::Language;
pub use run::{Run, uuid_text};
pub use scope::{Pattern, SYSTEM_FILES, Scope};
pub use text::TextOptions;

pub use crate::flow::command_line;

use crate::event::Batch;
use crate::merge::Merged;

/// Turns logs into a document, batch by batch.
///
/// For each log: [`begin`](Self::begin), its batches, [`end`](Self::end); after
/// the last one [`finish`](Self::finish). Errors are those of the output.
pub trait Exporter {
    /// A log begins.
    ///
    /// # Errors
    /// The output could not be written.
    fn begin(&mut self, run: &Run) -> io::Result<()>;

    /// The next slice of the log.
    ///
    /// # Errors
    /// The output could not be written.
    fn batch(&mut self, batch: &Batch) -> io::Result<()>;

    /// The log is over: what was pending will never end.
    ///
    /// # Errors
    /// The output could not be written.
    fn end(&mut self) -> io::Result<()>;

    /// The logs are runs of several machines, and all of them are over: what is the same in
    /// them. Formats that have no word for that leave it out.
    ///
    /// # Errors
    /// The output could not be written.
    fn linked(&mut self, _merged: &Merged) -> io::Result<()> {
        Ok(())
    }

    /// Hands everything so far to the output, for those who follow a growing log.
    ///
    /// # Errors
    /// The output could not be written.
    fn flush(&mut self) -> io::Result<()>;

    /// The document is complete.
    ///
    /// # Errors
    /// The output could not be written.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// What can be asked of an exporter. Each takes what concerns it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether the log is still growing: calls that have begun are of interest.
    pub follow: bool,
    /// How much of the graph is written; `None`: what the format is meant for.
    pub detail: Option<Detail>,
    /// Which resources and calls are told of.
    pub scope: Scope,
    /// The language of what is for people; `None`: the reader's own.
    pub language: Option<Language>,
    /// RDF: what the IRIs of things that have a moniker begin with; without it they are
    /// the run's. [`rdf::check_iri_prefix`] holds it to be one.
    pub iri_prefix: Option<String>,
    /// HTML: how the two runs of the page differ, as a JSON document; `docs/html.md` tells
    /// of its form. Without it, the page shows runs one below the other.
    pub comparison: Option<String>,
    /// How text looks.
    pub text: TextOptions,
}

/// A format in the registry.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// The usual extension of its files, without a dot.
    pub extension: &'static str,
    /// One line on what it is.
    pub summary: &'static str,
    make: Make,
}

type Make = for<'a> fn(Box<dyn Write + 'a>, &Options) -> io::Result<Box<dyn Exporter + 'a>>;

impl Format {
    /// Whether it heeds [`TextOptions`].
    pub fn is_text(&self) -> bool {
        self.media_type == "text/plain"
    }

    /// Whether it heeds [`Options::iri_prefix`].
    pub fn is_rdf(&self) -> bool {
        rdf::NAMES.contains(&self.name)
    }

    /// Whether it heeds [`Options::scope`].
    pub fn has_scope(&self) -> bool {
        !self.is_text()
    }

    /// Whether it heeds [`Options::language`].
    pub fn has_language(&self) -> bool {
        self.name == "html"
    }

    /// Whether it tells what is the same in several runs.
    pub fn has_links(&self) -> bool {
        self.name == "json" || self.is_rdf()
    }

    /// Whether it heeds [`Options::detail`].
    pub fn has_detail(&self) -> bool {
        self.name == "json" || self.is_rdf() || prov::NAMES.contains(&self.name)
    }

    /// An exporter that writes to `out`.
    ///
    /// # Errors
    /// The output could not be written.
    pub fn exporter<'a>(
        &self,
        out: Box<dyn Write + 'a>,
        options: &Options,
    ) -> io::Result<Box<dyn Exporter + 'a>> {
        (self.make)(out, options)
    }
}

/// All formats.
pub const FORMATS: &[Format] = &[
    Format {
        name: "csv",
        media_type: "text/csv",
        extension: "csv",
        summary: "a table with one row an event (CSV)",
        make: csv::exporter,
    },
    Format {
        name: "dot",
        media_type: "text/vnd.graphviz",
        extension: "dot",
        summary: "processes and resources as boxes and arrows, for Graphviz (DOT)",
        make: dot::exporter,
    },
    Format {
        name: "html",
        media_type: "text/html",
        extension: "html",
        summary: "a page to look at, which needs nothing else",
        make: html::exporter,
    },
    Format {
        name: "json",
        media_type: "application/json",
        extension: "json",
        summary: "the graph as one JSON document: nodes and links",
        make: json::exporter,
    },
    Format {
        name: "jsonl",
        media_type: "application/jsonl",
        extension: "jsonl",
        summary: "one JSON object an event, everything decoded",
        make: jsonl::exporter,
    },
    Format {
        name: "jsonld",
        media_type: "application/ld+json",
        extension: "jsonld",
        summary: "RDF as JSON (JSON-LD), the same triples as nt",
        make: rdf::jsonld::exporter,
    },
    Format {
        name: "mermaid",
        media_type: "text/vnd.mermaid",
        extension: "mmd",
        summary: "the same for pages in Markdown (Mermaid)",
        make: mermaid::exporter,
    },
    Format {
        name: "nq",
        media_type: "application/n-quads",
        extension: "nq",
        summary: "RDF, a triple a line with the graph of its run (N-Quads)",
        make: rdf::nquads::exporter,
    },
    Format {
        name: "nt",
        media_type: "application/n-triples",
        extension: "nt",
        summary: "RDF, a triple a line (N-Triples)",
        make: rdf::ntriples::exporter,
    },
    Format {
        name: "prov-json",
        media_type: "application/json",
        extension: "json",
        summary: "what PROV says of the run, as JSON (PROV-JSON)",
        make: prov::json::exporter,
    },
    Format {
        name: "provn",
        media_type: "text/provenance-notation",
        extension: "provn",
        summary: "the same as a statement a line (PROV-N)",
        make: prov::provn::exporter,
    },
    Format {
        name: "rdfxml",
        media_type: "application/rdf+xml",
        extension: "rdf",
        summary: "RDF as XML (RDF/XML), the same triples as nt",
        make: rdf::rdfxml::exporter,
    },
    Format {
        name: "strace",
        media_type: "text/plain",
        extension: "strace",
        summary: "text as strace -f prints it",
        make: strace::exporter,
    },
    Format {
        name: "svg",
        media_type: "image/svg+xml",
        extension: "svg",
        summary: "a picture for documents: a lane a process, time to the right (SVG)",
        make: svg::exporter,
    },
    Format {
        name: "trig",
        media_type: "application/trig",
        extension: "trig",
        summary: "RDF for reading, a graph a run (TriG)",
        make: rdf::trig::exporter,
    },
    Format {
        name: "ttl",
        media_type: "text/turtle",
        extension: "ttl",
        summary: "RDF for reading (Turtle), the same triples as nt",
        make: rdf::turtle::exporter,
    },
];

/// The format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
