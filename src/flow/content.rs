//! The content of one file: who wrote what of it, and who has read that.
//!
//! Of each activity the last write is kept, with the bytes that are still its own, and
//! the last read. That is enough to say, once for each state of the content, from
//! whom a reader got what it read, and who read what a writer then changed.

use rustc_hash::FxHashMap;

use super::item::{ActivityId, EventId};
use super::ranges::{Extent, Meeting, Ranges};

/// Versions of one file that are told apart. Two processes may write and read by turns
/// for ever, as those of a database do: from then on all is one version.
const KEPT: u32 = 1 << 10;

/// What stands in a file, as far as the run wrote it.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The version: 0 as it was found.
    number: u32,
    /// Its length, where that is known.
    pub(super) length: Option<u64>,
    parts: Vec<Part>,
    /// Readers of what stands now.
    readers: FxHashMap<ActivityId, Reader>,
    /// Whether this version has been read by somebody who did not write it.
    is_seen: bool,
}

/// What one activity wrote and nobody wrote over.
#[derive(Debug)]
struct Part {
    by: ActivityId,
    last: EventId,
    version: u32,
    bytes: Ranges,
    /// Who has been told of its last write.
    known_to: Vec<ActivityId>,
}

#[derive(Debug)]
struct Reader {
    last: EventId,
    version: u32,
    bytes: Ranges,
}

/// An activity does something to a file.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) by: ActivityId,
    pub(super) event: EventId,
    pub(super) extent: Extent,
}

/// What a deed has to do with an earlier one of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) event: EventId,
    /// The version that it wrote, or read.
    pub(super) version: u32,
    pub(super) certain: bool,
}

impl Earlier {
    /// Of what was written since nothing is known, unless all of it is recorded.
    pub(super) fn certain_if(self, is_whole: bool) -> Self {
        Self { certain: self.certain && is_whole, ..self }
    }
}

/// A write began a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The version before, if something of it is left.
    pub(super) before: Option<u32>,
}

impl Content {
    /// A file that did not exist before; the deed made it.
    pub(super) fn made(deed: &Deed) -> Self {
        let mut content = Self { number: 1, length: Some(0), ..Self::default() };
        content.note_write(deed);
        content
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Somebody reads: gives the writes that it got its bytes from and did not before.
    pub(super) fn read(&mut self, deed: &Deed, mut from: impl FnMut(Earlier)) {
        let mut is_own = true;
        for part in self.parts.iter_mut().filter(|part| part.by != deed.by) {
            is_own = false;
            let meeting = part.bytes.meets(&deed.extent);
            if meeting == Meeting::Never || part.known_to.contains(&deed.by) {
                continue;
            }
            part.known_to.push(deed.by);
            let certain = meeting == Meeting::Surely;
            from(Earlier { event: part.last, version: part.version, certain });
        }
        self.is_seen |= !is_own || self.parts.is_empty();
        let new = || Reader { last: deed.event, version: 0, bytes: Ranges::default() };
        let reader = self.readers.entry(deed.by).or_insert_with(new);
        (reader.last, reader.version) = (deed.event, self.number);
        reader.bytes.add(&deed.extent);
    }

    /// Somebody writes: gives the reads of what it changes, and says whether the
    /// content is another version from now on.
    pub(super) fn write(&mut self, deed: &Deed, read: impl FnMut(Earlier)) -> Option<Change> {
        self.tell_readers(deed, read);
        let change = self.begin_version(false);
        let is_behind = self.length.is_some_and(|length| deed.extent.bytes.start >= length);
        if !is_behind {
            let others = self.parts.iter_mut().filter(|part| part.by != deed.by);
            others.for_each(|part| part.bytes.remove(&deed.extent));
            self.parts.retain(|part| part.by == deed.by || !part.bytes.is_empty());
        }
        if let Some(length) = self.length {
            let end = deed.extent.bytes.end;
            self.length = deed.extent.is_exact.then_some(length.max(end));
        }
        self.note_write(deed);
        change
    }

    /// Somebody sets the length.
    pub(super) fn cut(
        &mut self,
        deed: &Deed,
        length: u64,
        read: impl FnMut(Earlier),
    ) -> Option<Change> {
        let gone = Extent { bytes: length..u64::MAX, is_exact: true };
        if self.length.is_some_and(|now| now == length) && !self.parts.is_empty() {
            return None; // it was so long already
        }
        self.tell_readers(&Deed { extent: gone.clone(), ..deed.clone() }, read);
        let change = self.begin_version(length == 0);
        self.parts.iter_mut().for_each(|part| part.bytes.remove(&gone));
        self.parts.retain(|part| !part.bytes.is_empty());
        self.length = Some(length);
        self.note_write(&Deed { extent: Extent::exact(length, 0), ..deed.clone() });
        change
    }

    fn tell_readers(&mut self, deed: &Deed, mut read: impl FnMut(Earlier)) {
        // A hash map's order is not the same in every run of ours.
        let mut met: Vec<_> = self
            .readers
            .extract_if(|by, reader| {
                *by != deed.by && reader.bytes.meets(&deed.extent) != Meeting::Never
            })
            .collect();
        met.sort_unstable_by_key(|(by, _)| *by);
        for (_, Reader { last, version, bytes }) in met {
            let certain = bytes.meets(&deed.extent) == Meeting::Surely;
            read(Earlier { event: last, version, certain });
        }
    }

    /// Whether what is written now is another version than what stood.
    fn begin_version(&mut self, is_emptied: bool) -> Option<Change> {
        let is_first = self.parts.is_empty() && self.number == 0;
        let is_new = is_first || is_emptied || self.is_seen;
        if !is_new || self.number >= KEPT {
            return None;
        }
        let before = (!is_emptied).then_some(self.number);
        self.number += 1;
        self.is_seen = false;
        Some(Change { before })
    }

    fn note_write(&mut self, deed: &Deed) {
        let version = self.number;
        let own = self.parts.iter().position(|part| part.by == deed.by);
        let own = own.unwrap_or_else(|| {
            let (by, last) = (deed.by, deed.event);
            let (bytes, known_to) = (Ranges::default(), Vec::new());
            self.parts.push(Part { by, last, version, bytes, known_to });
            self.parts.len() - 1
        });
        let part = &mut self.parts[own];
        (part.last, part.version) = (deed.event, version);
        part.bytes.add(&deed.extent);
        part.known_to.clear();
    }
}
