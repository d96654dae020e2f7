//! What is the same in several runs, as triples in a graph of their own: without it, the
//! graphs of the runs are what they are alone.

use std::io;

use oxrdf::{LiteralRef, NamedNode, NamedNodeRef, TermRef, TripleRef};

use super::text::readable;
use super::vocabulary as v;
use super::writer::Triples;
use crate::export::time::write_utc;
use crate::export::{links, uuid_text};
use crate::merge::{Aligned, Link, Merged};

/// Writes them.
pub(super) fn write<T: Triples>(merged: &Merged, out: &mut T) -> io::Result<()> {
    let base = format!("urn:uuid:{}#", uuid_text(&merged.id()));
    out.begin(&base)?;
    for (run, aligned) in merged.runs.iter().zip(&merged.clocks) {
        clock(&format!("urn:uuid:{}", uuid_text(&run.run)), aligned, out)?;
    }
    merged.links.iter().try_for_each(|link| write_link(&base, merged, link, out))
}

/// When a run started by the clock that all are aligned to; its own says another time.
fn clock<T: Triples>(run: &str, aligned: &Aligned, out: &mut T) -> io::Result<()> {
    let run = NamedNodeRef::new_unchecked(run);
    let mut text = String::new();
    write_utc(u64::try_from(aligned.started).unwrap_or_default(), &mut text);
    literal(run, v::ALIGNED_START, &text, v::DATE_TIME, out)?;
    literal(run, v::CLOCK_RATE, &format!("{:.12}", aligned.rate), v::DECIMAL, out)?;
    match aligned.error {
        Some(error) => literal(run, v::CLOCK_ERROR, &error.to_string(), v::INTEGER, out),
        None => Ok(()),
    }
}

fn write_link<T: Triples>(base: &str, merged: &Merged, link: &Link, out: &mut T) -> io::Result<()> {
    let [Some(one), Some(other)] = link.ends.map(|end| links::iri(merged, end)) else {
        return Ok(());
    };
    let text = [link.reason.name(), &one, &other].join(" ");
    let hash = blake3::hash(text.as_bytes()).to_hex();
    let name = [base, "link-", hash.get(..16).unwrap_or_default()].concat();
    let node = NamedNode::new(name).map_err(io::Error::other)?;
    let (one, other) = (NamedNodeRef::new_unchecked(&one), NamedNodeRef::new_unchecked(&other));
    out.triple(TripleRef::new(one, v::SAME_RESOURCE_AS, other))?;
    out.triple(TripleRef::new(node.as_ref(), v::TYPE, v::LINK_CLASS))?;
    out.triple(TripleRef::new(node.as_ref(), v::LINKED_THING, one))?;
    out.triple(TripleRef::new(node.as_ref(), v::LINKED_THING, other))?;
    string(node.as_ref(), v::LINK_REASON, link.reason.name(), out)?;
    let confidence = format!("0.{:02}", link.confidence.min(99));
    literal(node.as_ref(), v::CONFIDENCE, &confidence, v::DECIMAL, out)?;
    for (key, value) in &link.evidence {
        string(node.as_ref(), v::EVIDENCE, &readable(format!("{key}={value}").as_bytes()), out)?;
    }
    Ok(())
}

fn string<T: Triples>(
    subject: NamedNodeRef<'_>,
    predicate: NamedNodeRef<'static>,
    text: &str,
    out: &mut T,
) -> io::Result<()> {
    let object = TermRef::Literal(LiteralRef::new_simple_literal(text));
    out.triple(TripleRef::new(subject, predicate, object))
}

fn literal<T: Triples>(
    subject: NamedNodeRef<'_>,
    predicate: NamedNodeRef<'static>,
    text: &str,
    datatype: NamedNodeRef<'static>,
    out: &mut T,
) -> io::Result<()> {
    let object = TermRef::Literal(LiteralRef::new_typed_literal(text, datatype));
    out.triple(TripleRef::new(subject, predicate, object))
}
