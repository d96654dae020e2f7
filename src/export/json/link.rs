//! What the document has of each kind of link. `docs/schema/batchflow.json` says what
//! the members are.

use std::collections::BTreeMap;

use serde::Serialize;

use super::node::{Read, Written};
use super::text::Text;
use crate::flow::graph::Span;

/// A link.
#[derive(Debug, Serialize)]
pub(super) struct Link<'a> {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) revision: u32,
    #[serde(flatten)]
    pub(super) what: What<'a>,
}

/// What else it has.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum What<'a> {
    /// Nothing.
    Plain {},
    Birth(Birth),
    Join(Join),
    Usage(Usage),
    Passage(Passage),
    Signal(Sent),
    HeldUp(HeldUp),
    Renaming(Renaming),
    Session(Session<'a>),
    Same(Same<'a>),
    Event(super::event::Lead),
}

#[derive(Debug, Serialize)]
pub(super) struct Birth {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Join {
    pub(super) time: u64,
    pub(super) event: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waited: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Usage {
    /// How often what was done.
    pub(super) deeds: BTreeMap<&'static str, u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) read: Option<Read>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<Written>,
    #[serde(flatten)]
    pub(super) span: FirstLast,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) versions: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct HeldUp {
    pub(super) why: &'static str,
    pub(super) count: u64,
    pub(super) waited: u64,
    #[serde(flatten)]
    pub(super) span: FirstLast,
}

#[derive(Debug, Serialize)]
pub(super) struct Passage {
    pub(super) carrier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) through: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) amount: Option<u64>,
    pub(super) certain: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) given: Option<FirstLast>,
    pub(super) taken: FirstLast,
}

#[derive(Debug, Serialize)]
pub(super) struct Sent {
    pub(super) signal: u32,
    pub(super) signal_name: String,
    pub(super) count: u64,
    #[serde(flatten)]
    pub(super) span: FirstLast,
}

#[derive(Debug, Serialize)]
pub(super) struct Renaming {
    pub(super) by: String,
    pub(super) event: String,
    pub(super) count: u64,
    #[serde(flatten)]
    pub(super) span: FirstLast,
}

#[derive(Debug, Serialize)]
pub(super) struct Session<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) through: Option<String>,
    pub(super) user: Option<Text<'a>>,
    pub(super) serves: bool,
    pub(super) certain: bool,
    pub(super) count: u64,
    pub(super) event: String,
}

/// Why two things of different runs are probably the same.
#[derive(Debug, Serialize)]
pub(super) struct Same<'a> {
    pub(super) reason: &'static str,
    pub(super) confidence: f64,
    pub(super) evidence: BTreeMap<&'static str, &'a str>,
}

/// From the start of the first to the end of the last.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct FirstLast {
    first: u64,
    last: u64,
}

impl From<Span> for FirstLast {
    fn from(span: Span) -> Self {
        Self { first: span.first, last: span.last }
    }
}

/// The name of a signal; a number where Linux has no name for it.
pub(super) fn signal_name(signal: u32) -> String {
    crate::abi::signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned)
}
