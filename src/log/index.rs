//! The last block: where the others are, and how the run ended.

use super::header::text;
use super::msgpack::{Cursor, Fault, put_array, put_int, put_key, put_map, put_nil, put_str};
use serde::Serialize;

/// Most entries of an index. When it is full, every second one goes, so that the
/// memory of a run of weeks stays bounded.
const ENTRIES: usize = 1 << 16;

/// A block's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it starts, from the log's first byte.
    pub(super) offset: u64,
    pub(super) seq: u64,
    /// Records in all blocks before it.
    pub(super) before: u64,
    pub(super) first: u64,
    pub(super) last: u64,
}

/// Places of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    entries: Vec<Entry>,
    /// Only blocks whose `seq` is a multiple of this are listed.
    stride: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { entries: Vec::new(), stride: 1 }
    }
}

impl Index {
    pub(super) fn add(&mut self, entry: Entry) {
        if self.entries.len() == ENTRIES {
            self.stride *= 2;
            let stride = self.stride;
            self.entries.retain(|entry| entry.seq % stride == 0);
        }
        if entry.seq.is_multiple_of(self.stride) {
            self.entries.push(entry);
        }
    }

    /// Appends the section's bytes.
    pub(super) fn write(&self, end: &End, out: &mut Vec<u8>) {
        put_map(out, 2);
        put_key(out, "blocks");
        put_array(out, self.entries.len());
        for entry in &self.entries {
            put_array(out, 5);
            for number in [entry.offset, entry.seq, entry.before, entry.first, entry.last] {
                put_int(out, number as i64);
            }
        }
        put_key(out, "end");
        end.write(out);
    }
}

/// Why a log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// The tree ended (or what `--until` asked for).
    #[default]
    Ended,
    /// rtrace was told to let go.
    Detached,
    /// Recording failed: see [`End::error`]. The tree went on unrecorded.
    Failed,
    /// The log is a part of its run: nobody knows from it what came behind.
    Part,
    /// The log goes on in the next part of its set.
    NextPart,
    /// A reason of a newer rtrace.
    Unknown(u8),
}

impl Reason {
    const fn code(self) -> u8 {
        match self {
            Self::Ended => 0,
            Self::Detached => 1,
            Self::Failed => 2,
            Self::Part => 3,
            Self::NextPart => 4,
            Self::Unknown(code) => code,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Ended,
            1 => Self::Detached,
            2 => Self::Failed,
            3 => Self::Part,
            4 => Self::NextPart,
            _ => Self::Unknown(code),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Why the log ends here.
    pub reason: Reason,
    /// The root's wait status, as `wait(2)` gives it; `None` if it lives, or
    /// there is none.
    pub status: Option<i32>,
    /// When: nanoseconds since the run's start.
    pub time: u64,
    /// What failed, in words.
    pub error: Option<String>,
    /// Calls in the log, each once. The writer fills it in.
    pub calls: u64,
    /// Tasks in the log. The writer fills it in.
    pub tasks: u64,
    /// Records in the log. The writer fills it in.
    pub records: u64,
    /// What was lost of the log that this one was made out of.
    pub missing: Option<Missing>,
}

/// What a repaired log does not have: it was lost before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Blocks that are known to have been there.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
    /// The header was lost: command and host are unknown.
    pub header: bool,
    /// The end was lost: nobody knows how much came behind.
    pub end: bool,
}

impl Missing {
    /// Whether nothing is.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_map(out, 4);
        for (key, value) in [
            ("blocks", self.blocks),
            ("records", self.records),
            ("header", self.header.into()),
            ("end", self.end.into()),
        ] {
            put_key(out, key);
            put_int(out, value as i64);
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut missing = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"blocks" => missing.blocks = cursor.int()? as u64,
                b"records" => missing.records = cursor.int()? as u64,
                b"header" => missing.header = cursor.int()? != 0,
                b"end" => missing.end = cursor.int()? != 0,
                _ => cursor.skip()?,
            }
        }
        Ok(missing)
    }
}

impl End {
    fn write(&self, out: &mut Vec<u8>) {
        put_map(out, 7 + usize::from(self.missing.is_some()));
        put_key(out, "reason");
        put_int(out, self.reason.code().into());
        put_key(out, "status");
        match self.status {
            Some(status) => put_int(out, status.into()),
            None => put_nil(out),
        }
        for (key, value) in [
            ("time", self.time),
            ("calls", self.calls),
            ("tasks", self.tasks),
            ("records", self.records),
        ] {
            put_key(out, key);
            put_int(out, value as i64);
        }
        put_key(out, "error");
        match &self.error {
            Some(error) => put_str(out, error),
            None => put_nil(out),
        }
        if let Some(missing) = &self.missing {
            put_key(out, "missing");
            missing.write(out);
        }
    }

    /// Reads the end from the bytes of an index section; the places of blocks
    /// serve those who seek.
    pub(super) fn read(section: &[u8]) -> Result<Self, Fault> {
        let mut cursor = Cursor::new(section);
        let mut end = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"end" => end = Self::read_map(&mut cursor)?,
                _ => cursor.skip()?,
            }
        }
        Ok(end)
    }

    fn read_map(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut end = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"reason" => end.reason = Reason::from_code(cursor.number()?),
                b"status" => end.status = cursor.number_or_nil()?.map(|status| status as i32),
                b"time" => end.time = cursor.int()? as u64,
                b"calls" => end.calls = cursor.int()? as u64,
                b"tasks" => end.tasks = cursor.int()? as u64,
                b"records" => end.records = cursor.int()? as u64,
                b"error" if cursor.peek()? == 0xc0 => cursor.skip()?,
                b"error" => end.error = Some(text(cursor)?),
                b"missing" => end.missing = Some(Missing::read(cursor)?),
                _ => cursor.skip()?,
            }
        }
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_comes_back() {
        let end = End {
            reason: Reason::Failed,
            status: Some(-1),
            time: u64::MAX,
            error: Some("no space".into()),
            calls: 3,
            tasks: 2,
            records: 5,
            missing: Some(Missing { blocks: 1, records: 1 << 40, header: true, end: false }),
        };
        for end in [end, End::default()] {
            let mut out = Vec::new();
            Index::default().write(&end, &mut out);
            assert_eq!(End::read(&out), Ok(end));
        }
    }

    #[test]
    fn a_long_index_thins_out() {
        let mut index = Index::default();
        for seq in 0..300_000 {
            index.add(Entry { offset: seq, seq, before: 0, first: 0, last: 0 });
        }
        assert!(index.entries.len() <= ENTRIES && index.entries.len() > ENTRIES / 2);
        assert!(index.entries.iter().all(|entry| entry.seq % index.stride == 0));
    }
}
