//! Reading a log: finished, damaged or still growing, one file or a set of them.
//!
//! | file | what it does |
//! | --- | --- |
//! | `ahead` | reads on a thread of its own |
//! | `single` | reads one file |
//! | `scan`, `window` | find its blocks |
//! | `set` | makes one log of the files of a set |
//! | `follow` | waits at the end of a file for more |
//! | `losses` | counts what is damaged or missing |

mod ahead;
mod follow;
mod losses;
mod scan;
mod set;
mod single;
mod window;

use super::error::Error;
use super::header::Header;
use super::index::End;
use super::layout::{PREFIX, block, section};
use super::raw::Raw;
use crate::event::Batch;
pub use ahead::ReadAhead;
use follow::{Follow, Stop};
pub use losses::Losses;
pub(super) use losses::Seen;
pub use set::Parts;
use set::Set;
use single::Single;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Reads a log, front to back, block by block.
///
/// What is damaged is passed over, and told by [`Reader::losses`]. Memory is
/// bounded by the size of one block, at most
/// [`BLOCK_BYTES`](super::layout::BLOCK_BYTES) before it is decoded.
///
/// A log that is a set of files (`run.mp.1`, `run.mp.2`, …, `run.mp`) is read as one
/// when the latest part is opened by its name; what the parts sum up of those before
/// them is passed over then. Any part can be read by itself.
pub struct Reader {
    /// The file that is being read.
    now: Single,
    set: Option<Box<Set>>,
    over: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A block that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockInfo {
    /// Its number, in its file.
    pub seq: u64,
    /// Where it starts in the file; in a set, in its files one after the other.
    pub offset: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Records in it.
    pub records: u64,
    /// It sums up what came before the log, or this part of it, begins: what living
    /// tasks are at the time `last`. Its records have happened long before.
    pub is_recap: bool,
    /// Time of its earliest observation: nanoseconds since the run's start.
    pub first: u64,
    /// Time of its latest observation. Each observation between the block before
    /// and this time is in the block.
    pub last: u64,
    /// CLOCK_REALTIME, and the run's time, when it was written; `None` if it was
    /// not written as it happened.
    pub clock: Option<(u64, u64)>,
    /// Records that a newer rtrace wrote, of a kind that this one does not know.
    pub unknown_records: u64,
    /// Facts, likewise.
    pub unknown_facts: u64,
}

/// Where a file's bytes are: those that were read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Sections as they lie in the file, by code: records, dictionary, structs,
    /// data, facts, index, times.
    pub stored: [u64; section::COUNT],
    /// The same before compression.
    pub raw: [u64; section::COUNT],
    /// Sections that this rtrace does not know.
    pub unknown: u64,
    /// The header.
    pub header: u64,
    /// Markers, heads and checksums of blocks, and the tail.
    pub framing: u64,
    /// All bytes, what is lost included.
    pub total: u64,
}

impl Sizes {
    /// Adds those of another file.
    fn add(&mut self, other: &Self) {
        let sections = self.stored.iter_mut().zip(other.stored);
        sections.chain(self.raw.iter_mut().zip(other.raw)).for_each(|(sum, size)| *sum += size);
        self.unknown += other.unknown;
        self.header += other.header;
        self.framing += other.framing;
        self.total += other.total;
    }
}

impl Reader {
    /// Opens a file, and those of which it is the latest part.
    ///
    /// # Errors
    /// It cannot be read, is no log, or one of a newer version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::begin(path, Single::start(Box::new(open(path)?), false)?, None)
    }

    /// Reads from anything: standard input, a pipe.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn new(input: impl Read + Send + 'static) -> Result<Self, Error> {
        let now = Single::start(Box::new(input), false)?;
        Ok(Self { now, set: None, over: false })
    }

    /// Reads a file that may still grow: at its end waits for more, until the
    /// log's tail has been read or `stop` says so of the file. It is asked at least
    /// every 50 ms. Of a set of files it follows from the latest to the next.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn follow(
        path: impl AsRef<Path>,
        stop: impl Fn(&File) -> bool + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let stop: Stop = Arc::new(stop);
        let follow = Follow { file: open(path)?, stop: Arc::clone(&stop) };
        Self::begin(path, Single::start(Box::new(follow), true)?, Some(stop))
    }

    fn begin(path: &Path, latest: Single, stop: Option<Stop>) -> Result<Self, Error> {
        match Set::of(path, latest, stop) {
            Err(now) => Ok(Self { now: *now, set: None, over: false }),
            Ok(mut set) => {
                // The latest is there, if no other.
                let now = set.next(None)?.ok_or(Error::NotALog)?;
                Ok(Self { now, set: Some(Box::new(set)), over: false })
            }
        }
    }

    /// The run that the log is of. All defaults if it is damaged
    /// ([`Losses::header`]). Of a set, that of the latest part.
    pub fn header(&self) -> &Header {
        self.set.as_ref().map_or_else(|| self.now.header(), |set| &set.header)
    }

    /// What all blocks of the log start with: known from its header, or else from the
    /// first block that was read.
    pub(super) fn prefix(&self) -> Option<&[u8; PREFIX]> {
        self.now.prefix()
    }

    /// How the run ended, once [`Reader::next_batch`] has returned `None`, if
    /// the log says so.
    pub fn end(&self) -> Option<&End> {
        self.now.end()
    }

    /// What could not be read so far. Final once [`Reader::next_batch`] has
    /// returned `None`.
    pub fn losses(&self) -> &Losses {
        self.set.as_ref().map_or_else(|| self.now.losses(), |set| &set.losses)
    }

    /// Where the bytes are that were read so far.
    pub fn sizes(&self) -> &Sizes {
        self.set.as_ref().map_or_else(|| self.now.sizes(), |set| &set.sizes)
    }

    /// Which parts of a set the log is read from, so far; `None` if it is one file.
    pub fn parts(&self) -> Option<Parts> {
        match &self.set {
            Some(set) => Some(set.parts),
            None => self.now.header().part.map(Parts::from),
        }
    }

    /// Fills `batch` with the next block that is sound; `None` at the end. A log that
    /// begins in the midst of its run begins with [recaps](BlockInfo::is_recap).
    ///
    /// # Errors
    /// The input cannot be read. Damage is no error.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<Option<BlockInfo>, Error> {
        loop {
            match self.next_block(batch, None)? {
                Some((block::RECORDS | block::RECAP, info)) => return Ok(Some(info)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// As [`Reader::next_batch`]; gives a copy of the block, too, as it lies in the
    /// file. Blocks of a kind that this rtrace does not know come along, with an
    /// empty batch.
    pub(super) fn next_raw(
        &mut self,
        batch: &mut Batch,
        raw: &mut Raw,
    ) -> Result<Option<BlockInfo>, Error> {
        loop {
            match self.next_block(batch, Some(raw))? {
                Some((block::INDEX, _)) => {}
                found => return Ok(found.map(|(_, info)| info)),
            }
        }
    }

    fn next_block(
        &mut self,
        batch: &mut Batch,
        mut raw: Option<&mut Raw>,
    ) -> Result<Option<(u64, BlockInfo)>, Error> {
        while !self.over {
            let Some((kind, mut info)) = self.now.next_block(batch, raw.as_deref_mut())? else {
                self.over = !self.next_part()?;
                continue;
            };
            // Of what a recap has twice, a copy of the block can leave out nothing.
            let records = info.records;
            let is_new = self.set.as_mut().is_none_or(|set| set.take(&mut info, batch));
            if is_new && (raw.is_none() || info.records == records) {
                return Ok(Some((kind, info)));
            }
        }
        batch.clear();
        Ok(None)
    }

    /// Goes on to the next part of a set; `false` if there is none.
    fn next_part(&mut self) -> Result<bool, Error> {
        let Some(set) = &mut self.set else { return Ok(false) };
        set.close(&self.now);
        match set.next(Some(&self.now))? {
            Some(next) => self.now = next,
            None => return Ok(false),
        }
        Ok(true)
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })
}
