//! Terms as text: what N-Triples and Turtle share. The text is oxrdf's and oxttl's to the
//! byte (their tests hold it to that), but put together without `core::fmt`, which takes
//! several calls for each character and was most of the time of an export.

use std::fmt::Write as _;

use oxrdf::vocab::xsd;
use oxrdf::{BlankNodeRef, LiteralRef};

use crate::render::find_byte;

/// Appends an IRI as it stands between angle brackets. The graph has none with a character
/// that may not stand there.
pub(super) fn put_iri(iri: &str, out: &mut String) {
    out.push('<');
    out.push_str(iri);
    out.push('>');
}

/// Appends a blank node.
pub(super) fn put_blank(node: BlankNodeRef<'_>, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, "{node}");
}

/// Appends a literal up to its datatype. `false` if there is none to follow: it is a
/// string, or has a language.
pub(super) fn put_value(literal: LiteralRef<'_>, out: &mut String) -> bool {
    if literal.language().is_some() {
        // Writing to a string does not fail.
        let _ = write!(out, "{literal}");
        return false;
    }
    put_quoted(literal.value(), out);
    literal.datatype() != xsd::STRING
}

/// Appends text in quotes, with escapes.
fn put_quoted(text: &str, out: &mut String) {
    // U+FFFE and U+FFFF begin with 0xef.
    let is_special = |byte| matches!(byte, 0..=0x1f | b'"' | b'\\' | 0x7f | 0xef);
    out.push('"');
    let mut rest = text;
    while let Some(at) = find_byte(rest.as_bytes(), is_special) {
        // It begins a character: all bytes within one are from 0x80 to 0xbf.
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut after = special.chars();
        after.by_ref().take(1).for_each(|c| put_escaped(c, out));
        rest = after.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn put_escaped(c: char, out: &mut String) {
    match c {
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        // Writing to a string does not fail.
        '\0'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => {
            let _ = write!(out, "\\u{:04X}", u32::from(c));
        }
        c => out.push(c),
    }
}
