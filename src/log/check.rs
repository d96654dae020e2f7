//! What a log holds, and whether it is whole.

use super::error::Error;
use super::index::{Missing, Reason};
use super::layout::section;
use super::reader::{BlockInfo, Losses, Parts, Reader, Sizes};
use super::tally::Tally;
use crate::event::{Batch, BlindSpot, BlindSpots};
use serde::Serialize;
use std::ops::Range;
use std::path::Path;

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Calls, each once, however often it stands as begun, without those of recaps.
    pub calls: u64,
    /// Records of all kinds.
    pub records: u64,
    /// Facts.
    pub facts: u64,
    /// Tasks whose start is recorded.
    pub tasks: u64,
    /// Whether nothing of the log is missing or damaged.
    pub complete: bool,
    /// Blocks of records and facts.
    pub blocks: u64,
    /// Where the file's bytes are, as they lie in it: these sum up to the total.
    pub bytes: Bytes,
    /// The sections before compression.
    pub raw: Sections,
    /// Where the log begins, if that is in the midst of its run: what living tasks were
    /// then is summed up. Nanoseconds since the run's start.
    pub begins: Option<u64>,
    /// Time of the earliest observation, without recaps: nanoseconds since the run's start.
    pub first: Option<u64>,
    /// Time of the latest observation.
    pub last: Option<u64>,
    /// How the run ended; `None` if the log does not say.
    pub end: Option<Ending>,
    /// Of a log that is a set of files, or one of a set, its parts.
    pub parts: Option<Parts>,
    /// What is missing or damaged.
    pub lost: Lost,
    /// What was missing already when the log was made out of a damaged one.
    pub missing: Option<Missing>,
    /// Records and facts of kinds that this rtrace does not know.
    pub unknown: u64,
    /// What the recorder could not see; the same of one process is told once.
    pub blind_spots: Vec<Unseen>,
}

/// Something that the recorder could not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// Whose doing: a process id as the tracer sees it.
    pub pid: Option<i64>,
    /// What, and why, for people.
    pub why: String,
    /// How often that was noted.
    pub times: u64,
}

/// Bytes of a log's sections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sections {
    /// Columns of records, with their times and the lower bits of those.
    pub records: u64,
    /// Strings.
    pub dictionaries: u64,
    /// Captured structs.
    pub structs: u64,
    /// Captured buffers.
    pub data: u64,
    /// Facts.
    pub facts: u64,
    /// The index and how the run ended.
    pub index: u64,
}

/// Bytes of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// All.
    pub total: u64,
    /// Its sections.
    #[serde(flatten)]
    pub sections: Sections,
    /// Sections that this rtrace does not know.
    pub unknown: u64,
    /// The header.
    pub header: u64,
    /// Markers, heads and checksums of blocks, and the tail.
    pub framing: u64,
    /// What is damaged.
    pub lost: u64,
}

/// How the run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// `ended`, `detached`, `failed`, `part`, `next part` or `unknown`.
    pub reason: &'static str,
    /// The root's wait status, as `wait(2)` gives it.
    pub status: Option<i32>,
    /// When: nanoseconds since the run's start.
    pub time: u64,
    /// What failed.
    pub error: Option<String>,
}

/// What of a log is missing or damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Blocks.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
    /// The header.
    pub header: bool,
    /// Files of a set.
    pub parts: u64,
    /// The tail: the log was cut, or is still being written.
    pub tail: bool,
    /// Ranges of the file's bytes.
    pub ranges: Vec<Range<u64>>,
}

/// Reads a log through and says what it holds.
///
/// # Errors
/// It cannot be read, is no log, or one of a newer version. Damage is no error.
pub fn check(path: impl AsRef<Path>) -> Result<Summary, Error> {
    check_reader(&mut Reader::open(path)?)
}

/// The same for what is already being read.
///
/// # Errors
/// It cannot be read.
pub fn check_reader(reader: &mut Reader) -> Result<Summary, Error> {
    let (mut count, mut batch) = (Count::default(), Batch::new());
    while let Some(info) = reader.next_batch(&mut batch)? {
        count.add(&info, &batch);
    }
    Ok(count.finish(reader))
}

/// A summary in the making.
#[derive(Debug, Default)]
pub(super) struct Count {
    summary: Summary,
    tally: Tally,
    blind_spots: BlindSpots,
}

impl Count {
    /// The next block.
    pub(super) fn add(&mut self, info: &BlockInfo, batch: &Batch) {
        self.summary.add_block(info);
        self.summary.facts += batch.facts().len() as u64;
        batch.facts().iter().for_each(|fact| self.blind_spots.add_fact(fact));
        for record in batch.iter() {
            if info.is_recap {
                self.tally.add_recap(&record);
            } else {
                self.tally.add(&record);
            }
        }
    }

    /// The summary, once the reader is at its end.
    pub(super) fn finish(self, reader: &Reader) -> Summary {
        let Self { mut summary, tally, blind_spots } = self;
        let unseen = blind_spots.iter().map(|BlindSpot { pid, why, times }| Unseen {
            pid,
            why: String::from_utf8_lossy(why).into_owned(),
            times,
        });
        summary.blind_spots = unseen.collect();
        summary.calls = tally.calls;
        summary.tasks = tally.tasks;
        summary.records = tally.records;
        summary.take_end(reader);
        summary
    }
}

impl Summary {
    fn add_block(&mut self, info: &BlockInfo) {
        self.blocks += 1;
        self.unknown += info.unknown_records + info.unknown_facts;
        if info.is_recap {
            self.begins = self.begins.or((self.blocks == 1).then_some(info.last));
            return;
        }
        self.first = Some(self.first.map_or(info.first, |first| first.min(info.first)));
        self.last = self.last.max(Some(info.last));
    }

    /// What the reader knows at its end.
    fn take_end(&mut self, reader: &Reader) {
        let (losses, sizes) = (reader.losses(), reader.sizes());
        self.complete = losses.is_complete();
        self.lost = Lost::of(losses);
        self.raw = Sections::of(&sizes.raw);
        self.bytes = Bytes::of(sizes, losses);
        self.parts = reader.parts();
        self.missing = reader.end().and_then(|end| end.missing);
        self.end = reader.end().map(|end| Ending {
            reason: match end.reason {
                Reason::Ended => "ended",
                Reason::Detached => "detached",
                Reason::Failed => "failed",
                Reason::Part => "part",
                Reason::NextPart => "next part",
                Reason::Unknown(_) => "unknown",
            },
            status: end.status,
            time: end.time,
            error: end.error.clone(),
        });
    }
}

impl Sections {
    fn of(sizes: &[u64; section::COUNT]) -> Self {
        let size = |code: u8| sizes[code as usize];
        Self {
            records: [section::RECORDS, section::TIMES, section::NOISE].map(size).iter().sum(),
            dictionaries: size(section::DICTIONARY),
            structs: size(section::STRUCTS),
            data: size(section::DATA),
            facts: size(section::FACTS),
            index: size(section::INDEX),
        }
    }
}

impl Bytes {
    fn of(sizes: &Sizes, losses: &Losses) -> Self {
        Self {
            total: sizes.total,
            sections: Sections::of(&sizes.stored),
            unknown: sizes.unknown,
            header: sizes.header,
            framing: sizes.framing,
            lost: losses.bytes,
        }
    }
}

impl Lost {
    fn of(losses: &Losses) -> Self {
        Self {
            blocks: losses.blocks,
            records: losses.records,
            header: losses.header,
            parts: losses.parts,
            tail: losses.tail,
            ranges: losses.ranges.clone(),
        }
    }
}
