//! What the page is told of an event: what `--to json --detail event` has of it, and,
//! where the node stands for several, how many they are and what they have in common.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::export::json::{Details, Names, label};
use crate::flow::Event;
use crate::flow::graph::{Amount, Graph};

/// An event, or several of one thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) id: String,
    class: Cow<'static, str>,
    label: String,
    moniker: Option<String>,
    deleted: bool,
    revision: u32,
    #[serde(flatten)]
    pub(super) details: Details,
    #[serde(flatten)]
    pub(super) run: Several,
}

/// What a node has that others have not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Several {
    /// What they moved.
    #[serde(default, skip_serializing_if = "Bytes::are_none")]
    bytes: Bytes,
    /// How many they are.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) count: u64,
    /// The ordinal of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<u64>,
    /// How many of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errors: Option<u64>,
    /// How many of them failed with which error, where they are not all the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    failures: BTreeMap<String, u64>,
    /// How long they took, the time between them not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spent: Option<u64>,
    /// How many are of which call, where they are of several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    calls: BTreeMap<String, u64>,
}

fn one() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for it
fn is_one(count: &u64) -> bool {
    *count == 1
}

/// Bytes that calls moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<u64>", into = "Option<u64>")]
enum Bytes {
    /// They are of no kind that does.
    #[default]
    None,
    /// So many.
    Known(u64),
    /// It is not known how many.
    Unknown,
}

impl From<Option<u64>> for Bytes {
    fn from(known: Option<u64>) -> Self {
        known.map_or(Self::Unknown, Self::Known)
    }
}

impl From<Bytes> for Option<u64> {
    fn from(bytes: Bytes) -> Self {
        if let Bytes::Known(count) = bytes { Some(count) } else { None }
    }
}

impl Bytes {
    /// What a call moved.
    fn of(event: &Event<'_>) -> Self {
        let sum = event.moved().map(|moved| moved.amount).reduce(Amount::plus);
        sum.map_or(Self::None, |sum| sum.known().into())
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for it
    fn are_none(&self) -> bool {
        *self == Self::None
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, bytes) | (bytes, Self::None) => bytes,
            (Self::Known(one), Self::Known(other)) => Self::Known(one.saturating_add(other)),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
        }
    }
}

impl Node {
    pub(super) fn of(event: &Event<'_>, graph: &Graph, names: &Names<'_>) -> Self {
        let details = Details::of(event, graph, names);
        let run = Several {
            bytes: Bytes::of(event),
            count: 1,
            last: None,
            errors: None,
            failures: BTreeMap::new(),
            spent: None,
            calls: BTreeMap::new(),
        };
        Self {
            id: names.ids.event(event.id()),
            class: "event".into(),
            label: label(event),
            moniker: None,
            deleted: false,
            revision: graph.revision,
            details,
            run,
        }
    }

    /// About as many bytes as it takes when it is written.
    pub(super) fn size(&self) -> usize {
        400 + self.label.len() + 80 * self.details.uses.len()
    }

    /// The ordinal of the last event.
    pub(super) fn last(&self) -> u64 {
        self.run.last.unwrap_or(self.details.ordinal)
    }

    /// Whether that event is one of those for which this stands, if they are in step.
    pub(super) fn has(&self, ordinal: u64) -> bool {
        let (first, last) = (self.details.ordinal, self.last());
        let step = (last - first) / (self.run.count - 1).max(1);
        (first..=last).contains(&ordinal) && (ordinal - first).checked_rem(step).unwrap_or(0) == 0
    }

    fn spent(&self) -> u64 {
        let Details { started, ended, .. } = self.details;
        self.run.spent.unwrap_or_else(|| ended.unwrap_or(started).saturating_sub(started))
    }

    pub(super) fn errors(&self) -> u64 {
        self.run.errors.unwrap_or_else(|| self.details.error.is_some().into())
    }

    /// How many failed with which error.
    fn failures(&self) -> BTreeMap<String, u64> {
        if !self.run.failures.is_empty() {
            return self.run.failures.clone();
        }
        self.details.error.clone().map(|error| (error, self.errors())).into_iter().collect()
    }

    fn names(&self) -> BTreeMap<String, u64> {
        if !self.run.calls.is_empty() {
            return self.run.calls.clone();
        }
        self.details.call.clone().map(|call| (call, self.run.count)).into_iter().collect()
    }

    /// Stands from now on for another event of its thread, too, which is alike.
    pub(super) fn add_event(&mut self, event: &Event<'_>, revision: u32) {
        let record = &event.record;
        let end = record.end.unwrap_or(record.start);
        self.add_numbers(&Numbers {
            count: 1,
            last: record.ordinal,
            ended: end,
            spent: end.saturating_sub(record.start),
            errors: record.failed.into(),
            bytes: Bytes::of(event),
            revision,
        });
        if self.details.result != Some(record.result) {
            self.details.result = None;
        }
    }

    /// Stands from now on for those of another one of its thread, too.
    pub(super) fn add(&mut self, other: &Self) {
        if self.details.call != other.details.call || !other.run.calls.is_empty() {
            let mut names = self.names();
            for (name, count) in other.names() {
                *names.entry(name).or_default() += count;
            }
            self.run.calls = names;
        }
        if self.details.error != other.details.error || !other.run.failures.is_empty() {
            let mut failures = self.failures();
            for (error, count) in other.failures() {
                *failures.entry(error).or_default() += count;
            }
            self.run.failures = failures;
        }
        self.add_numbers(&Numbers {
            count: other.run.count,
            last: other.last(),
            ended: other.details.ended.unwrap_or(other.details.started),
            spent: other.spent(),
            errors: other.errors(),
            bytes: other.run.bytes,
            revision: other.revision,
        });
        let (own, theirs) = (&mut self.details, &other.details);
        own.uses.retain(|used| theirs.uses.contains(used));
        own.sql.retain(|sql| theirs.sql.contains(sql));
        own.result = own.result.filter(|result| theirs.result == Some(*result));
        own.error.take_if(|error| theirs.error.as_ref() != Some(error));
    }

    fn add_numbers(&mut self, more: &Numbers) {
        let (spent, errors) = (self.spent() + more.spent, self.errors() + more.errors);
        self.run.spent = Some(spent);
        self.run.errors = Some(errors).filter(|errors| *errors > 0);
        self.run.last = Some(self.last().max(more.last));
        self.run.count += more.count;
        self.run.bytes = self.run.bytes.plus(more.bytes);
        let ended = self.details.ended.unwrap_or(self.details.started).max(more.ended);
        self.details.ended = Some(ended);
        self.revision = self.revision.max(more.revision);
    }
}

/// What is added to a node that stands for more events than before.
struct Numbers {
    count: u64,
    last: u64,
    ended: u64,
    spent: u64,
    errors: u64,
    bytes: Bytes,
    revision: u32,
}
