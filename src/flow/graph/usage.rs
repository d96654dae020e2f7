//! What activities did to resources.

use std::ops::Deref;

use super::parts::ActivityIndex;
use crate::abi::{Prototype, Scalar, Ty, Verb};
use crate::flow::item::{Event, EventId, Place, Use};
use crate::flow::omitted::Omitted;
use crate::flow::resource::{Class, ResourceId};
use crate::flow::version::VersionId;

/// What a call does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deed {
    /// Got a descriptor of it: open, socket, pipe, accept.
    Open,
    /// Took bytes.
    Read,
    /// Gave bytes.
    Write,
    /// Mapped it into memory, to read.
    Map,
    /// Mapped it into memory such that what is written there is written to it.
    MapShared,
    /// Executed it.
    Execute,
    /// Listed what is in it.
    List,
    /// Looked at it without its content: stat, access, readlink; or began a path at it, as
    /// at the working directory.
    Look,
    /// Changed its length.
    Truncate,
    /// Made this name: mkdir, link, rename.
    Make,
    /// Removed this name: unlink, rmdir, rename.
    Remove,
    /// Changed its mode, owner, times or attributes.
    Alter,
    /// Tied it to an address: bind, connect, listen.
    Connect,
    /// Anything else: a working directory, a mount, ioctl.
    Other,
    /// Tried any of these in vain.
    Fail,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Map,
        Self::MapShared,
        Self::Execute,
        Self::List,
        Self::Look,
        Self::Truncate,
        Self::Make,
        Self::Remove,
        Self::Alter,
        Self::Connect,
        Self::Other,
        Self::Fail,
    ];

    /// A word for how often it was done, as exports print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "opens",
            Self::Read => "reads",
            Self::Write => "writes",
            Self::Map => "maps",
            Self::MapShared => "shared_maps",
            Self::Execute => "execs",
            Self::List => "lists",
            Self::Look => "looks",
            Self::Truncate => "truncates",
            Self::Make => "makes",
            Self::Remove => "removes",
            Self::Alter => "alters",
            Self::Connect => "connects",
            Self::Other => "others",
            Self::Fail => "failures",
        }
    }

    /// Whether content goes to who does it.
    pub const fn takes(self) -> bool {
        matches!(self, Self::Read | Self::Map | Self::MapShared | Self::Execute)
    }

    /// Whether content comes from who does it.
    pub const fn gives(self) -> bool {
        matches!(self, Self::Write | Self::MapShared)
    }
}

/// A number of bytes, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Those that were counted.
    pub bytes: u64,
    /// Whether there may have been more: results that were not recorded, memory that
    /// was mapped.
    pub is_at_least: bool,
}

impl Amount {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { bytes: 0, is_at_least: true };

    /// So many, and no more.
    pub const fn exact(bytes: u64) -> Self {
        Self { bytes, is_at_least: false }
    }

    /// The number, if it is exact.
    pub const fn known(self) -> Option<u64> {
        if self.is_at_least { None } else { Some(self.bytes) }
    }

    /// What is left without a part of it; not exact if one of both is not.
    #[must_use]
    pub const fn less(self, part: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(part.bytes),
            is_at_least: self.is_at_least || part.is_at_least,
        }
    }

    /// The sum; not exact if one of both is not.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            is_at_least: self.is_at_least || other.is_at_least,
        }
    }
}

/// From the start of the first to the end of the last: nanoseconds since the run's
/// start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Start of the first.
    pub first: u64,
    /// End of the last.
    pub last: u64,
}

impl Span {
    /// From the earlier start to the later end of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        let first = if other.first < self.first { other.first } else { self.first };
        Self { first, last: if other.last > self.last { other.last } else { self.last } }
    }

    pub(in crate::flow) fn widen(known: &mut Option<Self>, first: u64, last: u64) {
        let span = known.get_or_insert(Self { first, last });
        span.first = span.first.min(first);
        span.last = span.last.max(last);
    }
}

/// What went between an activity and a resource: a part of [`Usage`].
#[derive(Clone, Debug)]
pub struct Moved {
    /// Bytes taken from it.
    pub bytes_in: Amount,
    /// Bytes given to it.
    pub bytes_out: Amount,
    /// When content was taken: read, mapped, executed.
    pub taken: Option<Span>,
    /// When content was given: written, mapped to be written.
    pub given: Option<Span>,
}

impl Moved {
    const NOTHING: Self =
        Self { bytes_in: Amount::exact(0), bytes_out: Amount::exact(0), taken: None, given: None };
}

/// All that an activity did to a resource; for files, to one state of the content.
///
/// There is one for each file that a `find` has looked at, by which nothing was moved: so
/// [`Moved`] has a place of its own, to which a usage dereferences.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Who.
    pub activity: ActivityIndex,
    /// To what.
    pub resource: ResourceId,
    /// The content; `None` for what is not about content, or has none.
    pub version: Option<VersionId>,
    counts: Counts,
    /// Whether it is known to have had a descriptor of it through which bytes can be
    /// taken.
    pub can_take: bool,
    /// The same of bytes given.
    pub can_give: bool,
    /// What went in and out; `None`: nothing did.
    moved: Option<Box<Moved>>,
    /// The first and the last event.
    pub events: (EventId, EventId),
    /// When those were.
    pub span: Span,
    /// The [revision](super::Graph::revision) in which it last changed.
    pub revision: u32,
    /// The revision in which something was done that had not been done before.
    pub widened: u32,
}

impl Usage {
    pub(super) fn new(
        activity: ActivityIndex,
        resource: ResourceId,
        version: Option<VersionId>,
        event: EventId,
        span: Span,
    ) -> Self {
        Self {
            activity,
            resource,
            version,
            counts: Counts::default(),
            can_take: false,
            can_give: false,
            moved: None,
            events: (event, event),
            span,
            revision: 0,
            widened: 0,
        }
    }

    /// How often that was done. More than 4294967295 times is that many.
    pub fn count(&self, deed: Deed) -> u64 {
        self.counts.of(deed).into()
    }

    /// What was done, with how often.
    pub fn deeds(&self) -> impl Iterator<Item = (Deed, u64)> {
        let all = Deed::ALL.into_iter().map(|deed| (deed, self.count(deed)));
        all.filter(|(_, count)| *count > 0)
    }

    /// Whether anything was done that is told of: not only what was
    /// [left out](super::Builder::event_left_out).
    pub fn has_deeds(&self) -> bool {
        self.deeds().next().is_some()
    }

    /// Whether it was only looked at, or for.
    pub fn is_mere_look(&self) -> bool {
        self.deeds().all(|(deed, _)| matches!(deed, Deed::Look | Deed::Fail))
    }

    /// Whether content was taken from it. (One that read nothing has looked for more,
    /// and seen that there was none.)
    pub fn has_taken(&self) -> bool {
        self.taken.is_some()
    }

    /// Whether content was given to it.
    pub fn has_given(&self) -> bool {
        self.given.is_some()
    }

    /// Bytes may have been moved by calls that the log does not have.
    pub(super) fn miss(&mut self, unseen: Omitted, class: Class) {
        let carries = class.carries_bytes();
        self.may_have_moved(
            carries && self.can_take && unseen.takes(class),
            carries && self.can_give && unseen.gives(class),
        );
    }

    pub(super) fn did(&mut self, deed: Deed, by: &Event<'_>) {
        let (event, record) = (by.id(), &by.record);
        let end = record.end.unwrap_or(record.start);
        if self.count(deed) == 0 {
            self.widened = self.revision;
            if !self.has_deeds() {
                self.span = Span { first: record.start, last: end };
                self.events = (event, event);
            }
        }
        self.counts.add(deed);
        if record.start < self.span.first {
            (self.span.first, self.events.0) = (record.start, event);
        }
        if end >= self.span.last {
            (self.span.last, self.events.1) = (end, event);
        }
        self.can_take |= matches!(deed, Deed::Read | Deed::Map | Deed::MapShared);
        self.can_give |= matches!(deed, Deed::Write | Deed::MapShared);
        if deed.takes() || deed.gives() {
            let moved = self.moved.get_or_insert_with(|| Box::new(Moved::NOTHING));
            moved.add(deed, by, Span { first: record.start, last: end });
        }
    }

    /// Something was done that is not to be told of: bytes may have been moved.
    pub(super) fn left_out(&mut self, deed: Deed) {
        self.may_have_moved(deed.takes(), deed.gives());
    }

    /// Bytes may have gone in or out that were not counted.
    fn may_have_moved(&mut self, goes_in: bool, goes_out: bool) {
        if goes_in || goes_out {
            let moved = self.moved.get_or_insert_with(|| Box::new(Moved::NOTHING));
            moved.bytes_in.is_at_least |= goes_in;
            moved.bytes_out.is_at_least |= goes_out;
        }
    }
}

impl Deref for Usage {
    type Target = Moved;

    fn deref(&self) -> &Moved {
        self.moved.as_deref().unwrap_or(&Moved::NOTHING)
    }
}

impl Moved {
    fn add(&mut self, deed: Deed, by: &Event<'_>, span: Span) {
        let given = moved(by, false);
        self.bytes_in = self.bytes_in.plus(match deed {
            Deed::Read => moved(by, true),
            Deed::Map | Deed::MapShared => Amount::UNKNOWN,
            _ => Amount::default(),
        });
        self.bytes_out = self.bytes_out.plus(match deed {
            Deed::Write => given,
            Deed::MapShared => Amount::UNKNOWN,
            _ => Amount::default(),
        });
        if deed.takes() {
            Span::widen(&mut self.taken, span.first, span.last);
        }
        // A write of nothing gives nothing.
        if deed.gives() && !(deed == Deed::Write && given == Amount::default()) {
            Span::widen(&mut self.given, span.first, span.last);
        }
    }
}

/// How often each deed was done. Most things have one or two done to them.
#[derive(Clone, Debug, Default)]
struct Counts {
    /// The first two deeds that were done; a count of 0: there is none.
    first: [(u8, u32); 2],
    /// The others.
    more: Option<Box<[u32; Deed::ALL.len()]>>,
}

impl Counts {
    fn of(&self, deed: Deed) -> u32 {
        let first = self.first.iter().filter(|(code, _)| *code == deed as u8);
        let more = self.more.as_ref().map_or(0, |counts| counts[deed as usize]);
        first.map(|(_, count)| count).sum::<u32>() + more
    }

    /// Once more, up to the largest number that there is.
    fn add(&mut self, deed: Deed) {
        let is_its = |(code, count): &&mut (u8, u32)| *count == 0 || *code == deed as u8;
        let count = match self.first.iter_mut().find(is_its) {
            Some((code, count)) => {
                *code = deed as u8;
                count
            }
            None => &mut self.more.get_or_insert_default()[deed as usize],
        };
        *count = count.saturating_add(1);
    }
}

/// Bytes that a call took, or that it gave.
fn moved(event: &Event<'_>, is_read: bool) -> Amount {
    let moved = event.moved().filter(|moved| moved.is_read == is_read);
    moved.fold(Amount::default(), |sum, moved| sum.plus(moved.amount))
}

/// What an event does by one of its uses.
pub fn deed(event: &Event<'_>, one: &Use) -> Deed {
    let starts_path = |prototype: &Prototype, arg: u8| {
        let param = prototype.params.get(usize::from(arg));
        param.is_some_and(|param| matches!(param.ty, Ty::Scalar(Scalar::DirFd)))
    };
    match (event.prototype, one.place) {
        (Some(prototype), Place::Argument(arg))
            if one.verb == Verb::None && starts_path(prototype, arg) =>
        {
            return Deed::Look; // whatever is at the end of the path
        }
        _ if event.record.failed => return Deed::Fail,
        _ => {}
    }
    let Some(prototype) = event.prototype else { return Deed::Other };
    let operands = prototype.effect.operands;
    let is_operand = |index: usize| {
        operands.get(index).is_some_and(|operand| one.place == Place::Argument(operand.arg))
    };
    match one.place {
        Place::Result | Place::Pair(_) => Deed::Open,
        Place::Implied if one.verb == Verb::Writes && prototype.effect.verb == Verb::Maps => {
            Deed::MapShared
        }
        Place::Argument(_) | Place::Implied => match one.verb {
            Verb::Reads | Verb::Receives => Deed::Read,
            Verb::Writes | Verb::Sends => Deed::Write,
            Verb::Maps => Deed::Map,
            Verb::Execs => Deed::Execute,
            Verb::Lists => Deed::List,
            // A path that leads to what is opened; the result stands for that.
            Verb::Looks | Verb::Opens => Deed::Look,
            Verb::Truncates => Deed::Truncate,
            Verb::Creates => Deed::Make,
            Verb::Links if is_operand(1) => Deed::Make,
            Verb::Links => Deed::Look,
            Verb::Renames if is_operand(1) => Deed::Make,
            Verb::Renames | Verb::Unlinks => Deed::Remove,
            Verb::Alters => Deed::Alter,
            Verb::Binds | Verb::Connects | Verb::Listens | Verb::Accepts => Deed::Connect,
            _ => Deed::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_counted_however_many_there_are() {
        let mut counts = Counts::default();
        for times in 1..=3 {
            for deed in Deed::ALL {
                assert_eq!(counts.of(deed), times - 1, "{deed:?}");
                counts.add(deed);
            }
        }
        counts.first[0].1 = u32::MAX;
        counts.add(Deed::ALL[0]);
        assert_eq!(counts.of(Deed::ALL[0]), u32::MAX);
    }

    #[test]
    fn a_usage_is_small() {
        assert!(size_of::<Usage>() <= 128, "{}", size_of::<Usage>());
    }
}
