//! Writing a log.

use super::encode::{Encoder, Part, Sections, Span};
use super::error::Error;
use super::facts;
use super::frame::{self, Head, Section};
use super::header::Header;
use super::index::{End, Entry, Index};
use super::layout::{
    BLOCK_BYTES, BLOCK_RECORDS, PREFIX, SPLIT_BYTES, SPLIT_PIECES, TAIL_START, block, codec,
    prefix, section,
};
use super::raw::Raw;
use super::tally::Tally;
use crate::event::Batch;
use std::io::Write;
use std::time::SystemTime;

/// zstd's level for captured memory and facts, and for all of a log that is
/// written in a hurry. On records of compilers and shells 3 is the knee: 1 is a
/// little faster, and 9 takes four times as long for a few per cent.
const QUICK: i32 = 3;

/// zstd's level for columns and strings: a seventh of the bytes, of which it
/// makes a twentieth less.
const THOROUGH: i32 = 6;

/// Sections below this size are stored: a zstd frame has some 12 bytes of its own.
const COMPRESS_FROM: usize = 48;

/// Facts of about so many bytes go into one block.
const SPLIT_FACTS: usize = 4 << 20;

/// Writes a log, a block for each batch, front to back: the output may be a pipe.
///
/// Each block is handed over whole as soon as it is made, so that what was
/// written is readable whatever happens next.
pub struct Writer<W> {
    out: W,
    prefix: [u8; PREFIX],
    /// CLOCK_MONOTONIC at the run's start, and how to read it.
    start: u64,
    monotonic: Option<fn() -> u64>,
    encoder: Encoder,
    sections: Sections,
    quick: Compressor,
    thorough: Compressor,
    hurried: bool,
    compressed: Vec<u8>,
    body: Vec<u8>,
    head: Vec<u8>,
    block: Vec<u8>,
    index: Index,
    tally: Tally,
    seq: u64,
    /// Records in all blocks so far.
    before: u64,
    bytes: u64,
}

/// What a log has so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records of all kinds; a call that is pending at the end of several blocks
    /// has one in each.
    pub records: u64,
    /// Calls, each once.
    pub calls: u64,
    /// Tasks.
    pub tasks: u64,
    /// Those of them that are processes.
    pub processes: u64,
    /// Blocks.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What a batch became.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Blocks: one, unless the batch had too much for one or nothing at all.
    pub blocks: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Time of the latest observation in it.
    pub last: u64,
}

impl<W: Write> Writer<W> {
    /// Starts a log: writes the header.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(out: W, header: &Header) -> Result<Self, Error> {
        let mut writer = Self {
            out,
            prefix: prefix(&header.run),
            start: header.clock.monotonic,
            monotonic: None,
            encoder: Encoder::default(),
            sections: Sections::default(),
            quick: compressor(QUICK)?,
            thorough: compressor(THOROUGH)?,
            hurried: false,
            compressed: Vec::new(),
            body: Vec::new(),
            head: Vec::new(),
            block: Vec::new(),
            index: Index::default(),
            tally: Tally::default(),
            seq: 0,
            before: 0,
            bytes: 0,
        };
        header.write(&mut writer.block);
        writer.flush_block()?;
        Ok(writer)
    }

    /// Lets each block tell when it was written, by CLOCK_REALTIME and by the
    /// run's time, so that a change of the former can be seen. `monotonic` reads
    /// CLOCK_MONOTONIC in nanoseconds.
    #[must_use]
    pub fn with_clock(mut self, monotonic: fn() -> u64) -> Self {
        self.monotonic = Some(monotonic);
        self
    }

    /// Compresses with this level of zstd, whatever the haste: 1 is fast, 19 small.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn with_level(mut self, level: i32) -> Result<Self, Error> {
        self.quick = compressor(level)?;
        self.thorough = compressor(level)?;
        Ok(self)
    }

    fn read_clocks(&self) -> Option<(u64, u64)> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let time = self.monotonic?().saturating_sub(self.start);
        Some((since_1970.as_nanos() as u64, time))
    }

    /// Whether what comes next is to be written fast rather than small: for a
    /// recorder that has to wait for the log.
    pub fn hurry(&mut self, hurried: bool) {
        self.hurried = hurried;
    }

    /// Writes a batch as one block, or as several if it has more than a block
    /// may hold; nothing for an empty one.
    ///
    /// # Errors
    /// The output cannot be written, or a record is larger than a block may be.
    pub fn write_batch(&mut self, batch: &Batch) -> Result<Written, Error> {
        self.write_parts(batch, Origin::Now)
    }

    /// Writes a batch of another log of the run. `clock` is what its block said of the
    /// clocks.
    ///
    /// # Errors
    /// As [`Writer::write_batch`].
    pub fn write_copy(
        &mut self,
        batch: &Batch,
        clock: Option<(u64, u64)>,
    ) -> Result<Written, Error> {
        self.write_parts(batch, Origin::Copy(clock))
    }

    /// Writes what sums up the run until `time`, where the log goes on: only before all
    /// else.
    ///
    /// # Errors
    /// As [`Writer::write_batch`].
    pub fn write_recap(&mut self, batch: &Batch, time: u64) -> Result<Written, Error> {
        self.write_parts(batch, Origin::Recap(time))
    }

    fn write_parts(&mut self, batch: &Batch, origin: Origin) -> Result<Written, Error> {
        let (bytes, blocks) = (self.bytes, self.seq);
        let (mut part, mut last) = (Part::default(), 0);
        loop {
            part = next_part(batch, &part);
            if part.records.is_empty() && part.facts.is_empty() {
                break;
            }
            last = self.write_part(batch, &part, origin)?.max(last);
        }
        Ok(Written { blocks: self.seq - blocks, bytes: self.bytes - bytes, last })
    }

    /// Writes a block; the time of its latest observation.
    fn write_part(&mut self, batch: &Batch, part: &Part, origin: Origin) -> Result<u64, Error> {
        let mut span = self.encoder.encode(batch, part, &mut self.sections);
        let (kind, clock) = match origin {
            Origin::Now => (block::RECORDS, self.read_clocks()),
            Origin::Copy(clock) => (block::RECORDS, clock),
            Origin::Recap(time) => {
                span.last = span.last.max(time);
                (block::RECAP, None)
            }
        };
        let Span { first, last } = span;
        let entry = Entry { offset: self.bytes, seq: self.seq, before: self.before, first, last };
        self.write_block(kind, part.records.len(), span, clock)?;
        self.index.add(entry);
        let records = part.records.clone().filter_map(|row| batch.get(row));
        match origin {
            Origin::Recap(_) => records.for_each(|record| self.tally.add_recap(&record)),
            _ => records.for_each(|record| self.tally.add(&record)),
        }
        Ok(last)
    }

    /// Writes a block of another log of the run as it is, under this log's numbers.
    /// `batch` is what is in it.
    pub(super) fn write_raw(&mut self, raw: &Raw, batch: &Batch) -> Result<(), Error> {
        let Head { kind, first, last, .. } = raw.head;
        let entry = Entry { offset: self.bytes, seq: self.seq, before: self.before, first, last };
        let head = Head { seq: self.seq, before: self.before, ..raw.head.clone() };
        self.body.clone_from(&raw.body);
        self.write_framed(&head)?;
        match kind {
            block::RECORDS => batch.iter().for_each(|record| self.tally.add(&record)),
            block::RECAP => batch.iter().for_each(|record| self.tally.add_recap(&record)),
            _ => return Ok(()),
        }
        self.index.add(entry);
        Ok(())
    }

    /// Compresses the sections and writes them as a block.
    fn write_block(
        &mut self,
        kind: u64,
        count: usize,
        span: Span,
        clock: Option<(u64, u64)>,
    ) -> Result<(), Error> {
        let mut head = Head {
            kind,
            seq: self.seq,
            count: count as u64,
            before: self.before,
            first: span.first,
            last: span.last,
            clock,
            sections: Vec::with_capacity(section::COUNT),
        };
        let size = self.sections.iter().map(Vec::len).sum();
        if size > BLOCK_BYTES {
            return Err(Error::TooLarge { what: "a record with its memory", size });
        }
        self.body.clear();
        for code in 0..section::COUNT as u8 {
            if !self.sections[code as usize].is_empty() {
                head.sections.push(self.add_section(code)?);
            }
        }
        self.write_framed(&head)
    }

    /// Writes the body as a block.
    fn write_framed(&mut self, head: &Head) -> Result<(), Error> {
        self.head.clear();
        head.write(&mut self.head);
        frame::write(&self.prefix, &self.head, &self.body, &mut self.block);
        // Even if the write fails: a reader can tell what is missing then.
        self.seq += 1;
        self.before += head.count;
        self.flush_block()
    }

    /// Appends a section to the body, compressed if that makes it smaller.
    fn add_section(&mut self, code: u8) -> Result<Section, Error> {
        let raw = &self.sections[code as usize];
        let stored = Section { code, codec: codec::STORED, raw: raw.len(), stored: raw.len() };
        if raw.len() >= COMPRESS_FROM && code != section::NOISE {
            let columns = matches!(code, section::RECORDS | section::DICTIONARY | section::TIMES);
            let thorough = columns && !self.hurried;
            let compressor = if thorough { &mut self.thorough } else { &mut self.quick };
            self.compressed.clear();
            self.compressed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
            let size = compressor
                .compress_to_buffer(raw, &mut self.compressed)
                .map_err(Error::Compress)?;
            if size < raw.len() {
                self.body.extend_from_slice(&self.compressed);
                return Ok(Section { codec: codec::ZSTD, stored: size, ..stored });
            }
        }
        self.body.extend_from_slice(raw);
        Ok(stored)
    }

    /// Writes what `block` holds. Counts what has arrived even if not all did.
    fn flush_block(&mut self) -> Result<(), Error> {
        let mut counted = Counted { out: &mut self.out, bytes: &mut self.bytes };
        counted.write_all(&self.block).map_err(Error::Write)?;
        self.out.flush().map_err(Error::Write)
    }

    /// What has been written so far.
    pub fn totals(&self) -> Totals {
        Totals {
            records: self.tally.records,
            calls: self.tally.calls,
            tasks: self.tally.tasks,
            processes: self.tally.processes,
            blocks: self.seq,
            bytes: self.bytes,
        }
    }

    /// The output.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// The output.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Closes the log: writes the index and the tail, by which readers see that
    /// nothing is missing. A log that is dropped without this is readable too.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self, end: End) -> Result<(Totals, W), Error> {
        let Tally { calls, tasks, records, .. } = self.tally;
        let (offset, time) = (self.bytes, end.time);
        self.sections.iter_mut().for_each(Vec::clear);
        let end = End { calls, tasks, records, ..end };
        self.index.write(&end, &mut self.sections[section::INDEX as usize]);
        let clock = self.read_clocks();
        self.write_block(block::INDEX, 0, Span { first: time, last: time }, clock)?;
        self.block.clear();
        self.block.extend_from_slice(&TAIL_START);
        self.block.extend_from_slice(&offset.to_be_bytes());
        self.flush_block()?;
        Ok((self.totals(), self.out))
    }
}

impl<W> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("blocks", &self.seq)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Where the records of a block come from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// They have just happened.
    Now,
    /// A block of another log, which said this of the clocks.
    Copy(Option<(u64, u64)>),
    /// The past, summed up at this time.
    Recap(u64),
}

type Compressor = zstd::bulk::Compressor<'static>;

fn compressor(level: i32) -> Result<Compressor, Error> {
    let mut compressor = Compressor::new(level).map_err(Error::Compress)?;
    // The block's CRC covers the compressed bytes.
    compressor.include_checksum(false).map_err(Error::Compress)?;
    Ok(compressor)
}

/// Counts the bytes that an output took.
struct Counted<'a, W> {
    out: &'a mut W,
    bytes: &'a mut u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        *self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// What of a batch goes into one block after the part before.
fn next_part(batch: &Batch, before: &Part) -> Part {
    let (from, facts_from) = (before.records.end, before.facts.end);
    let (mut to, mut bytes, mut pieces) = (from, 0, 0);
    while to < batch.len() && to - from < BLOCK_RECORDS {
        let memory = batch.pieces(to);
        bytes += memory.iter().map(|piece| piece.len as usize).sum::<usize>();
        pieces += memory.len();
        if to > from && (bytes > SPLIT_BYTES || pieces > SPLIT_PIECES) {
            break;
        }
        to += 1;
    }
    let (mut facts_to, mut fact_bytes) = (facts_from, 0);
    for fact in batch.facts().iter().skip(facts_from) {
        fact_bytes += facts::size(fact);
        if facts_to > facts_from && fact_bytes > SPLIT_FACTS {
            break;
        }
        facts_to += 1;
    }
    Part { records: from..to, facts: facts_from..facts_to }
}
