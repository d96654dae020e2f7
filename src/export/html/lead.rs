//! Links between events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::export::json::{self, Names};
use crate::flow::Edge;

/// A link from one event to another, or all between two nodes that stand for several.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Lead {
    id: String,
    kind: Cow<'static, str>,
    pub(super) source: String,
    pub(super) target: String,
    revision: u32,
    #[serde(flatten)]
    what: json::Lead,
    /// How many they are.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    count: u64,
}

fn one() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for it
fn is_one(count: &u64) -> bool {
    *count == 1
}

impl Lead {
    pub(super) fn of(edge: &Edge, revision: u32, names: &Names<'_>) -> Self {
        let (id, what) = json::Lead::of(edge, names);
        let (source, target) = (names.ids.event(edge.cause), names.ids.event(edge.effect));
        Self { id, kind: "lead".into(), source, target, revision, what, count: 1 }
    }

    /// Adds a link to others with the same target: to one that comes from the same
    /// thread in the same way, if there is one.
    pub(super) fn gather(all: &mut Vec<Self>, more: Self) {
        match all.iter_mut().find(|known| known.is_like(&more)) {
            Some(known) => known.add(&more),
            None => all.push(more),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let thread = |event: &str| event.rsplit_once('-').map(|(thread, _)| thread.to_owned());
        self.target == other.target
            && (&self.what.why, &self.what.through) == (&other.what.why, &other.what.through)
            && thread(&self.source) == thread(&other.source)
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.revision = self.revision.max(other.revision);
        let (own, theirs) = (&mut self.what, &other.what);
        own.amount = own.amount.zip(theirs.amount).map(|(one, other)| one + other);
        own.certain = own.certain.zip(theirs.certain).map(|(one, other)| one && other);
    }
}
