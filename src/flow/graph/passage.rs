//! What went from one activity to another.

use super::parts::ActivityIndex;
use super::usage::Span;
use crate::flow::resource::ResourceId;
use crate::flow::version::VersionId;

/// By what a passage went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// A pipe or connection, as bytes.
    Bytes,
    /// A socket that keeps messages apart.
    Messages,
    /// A file's content: the one wrote it, the other read it.
    Content,
    /// Nothing: the one read what the other wrote over later.
    Overwrite,
}

impl Carrier {
    /// A word for it, as exports print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Messages => "messages",
            Self::Content => "content",
            Self::Overwrite => "overwrite",
        }
    }
}

/// All that went from one activity to another through one resource.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Who gave; of an overwrite, who read what was there before.
    pub from: ActivityIndex,
    /// Who took; of an overwrite, who wrote.
    pub to: ActivityIndex,
    /// The pipe; of a connection the socket that was written to; the file.
    pub through: ResourceId,
    /// By what it went.
    pub carrier: Carrier,
    /// Of a file, the content.
    pub version: Option<VersionId>,
    /// How many bytes or messages went; of files, how many pairs of events there are.
    pub amount: u64,
    /// Whether all calls are in the log that may have moved bytes this way. If not,
    /// `amount` is one of the numbers that are possible.
    pub is_counted: bool,
    /// How many of these went this way for sure.
    pub certain: u64,
    /// When they were given; not known of files.
    pub given: Option<Span>,
    /// When they were taken.
    pub taken: Span,
    /// The [revision](super::Graph::revision) in which it last changed.
    pub revision: u32,
    /// Up to which place of the stream its bytes are counted, and those that are certain.
    counted: [u64; 2],
}

impl Passage {
    /// Whether nothing else is possible.
    pub const fn is_certain(&self) -> bool {
        self.is_counted && self.certain == self.amount
    }

    /// How many bytes or messages went, or pairs of events there are; `None` where that
    /// is not known.
    pub const fn known(&self) -> Option<u64> {
        if self.is_counted { Some(self.amount) } else { None }
    }

    /// Whether something went.
    pub const fn is_data(&self) -> bool {
        !matches!(self.carrier, Carrier::Overwrite)
    }
}

/// What tells passages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) from: ActivityIndex,
    pub(super) to: ActivityIndex,
    pub(super) through: ResourceId,
    pub(super) carrier: Carrier,
    pub(super) version: Option<VersionId>,
}

/// One edge of the flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    /// The bytes or messages, by their places in the stream; of files nothing.
    pub(super) places: Option<(u64, u64)>,
    pub(super) certain: bool,
    pub(super) counted: bool,
    pub(super) given: Option<Span>,
    pub(super) taken: Span,
}

impl Passage {
    pub(super) fn new(key: Key, passed: Passed) -> Self {
        let Key { from, to, through, carrier, version } = key;
        let (given, taken) = (passed.given, passed.taken);
        Self {
            from,
            to,
            through,
            carrier,
            version,
            amount: 0,
            is_counted: true,
            certain: 0,
            given,
            taken,
            revision: 0,
            counted: [0; 2],
        }
    }

    /// One that there may have been, though no call has shown it.
    pub(super) fn unseen(key: Key, taken: Span, revision: u32) -> Self {
        let passed = Passed { places: None, certain: false, counted: false, given: None, taken };
        Self { is_counted: false, revision, ..Self::new(key, passed) }
    }

    pub(super) fn add(&mut self, passed: Passed) {
        self.is_counted &= passed.counted;
        let [counted, certain] = &mut self.counted;
        self.amount = self.amount.saturating_add(beyond(counted, passed.places));
        if passed.certain {
            self.certain = self.certain.saturating_add(beyond(certain, passed.places));
        }
        if let Some(given) = passed.given {
            Span::widen(&mut self.given, given.first, given.last);
        }
        self.taken.first = self.taken.first.min(passed.taken.first);
        self.taken.last = self.taken.last.max(passed.taken.last);
    }
}

/// How many of them are not counted yet: what somebody looked at (`MSG_PEEK`, tee(2)) and
/// then took has gone once.
fn beyond(counted: &mut u64, places: Option<(u64, u64)>) -> u64 {
    let Some((from, until)) = places else { return 1 };
    let new = until.saturating_sub(from.max(*counted));
    *counted = until.max(*counted);
    new
}
