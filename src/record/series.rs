//! A log that goes on in another file when one is large or old enough.
//!
//! Each file is a log by itself: a header, a recap of what living tasks need of the
//! past, an end. All of it is done on the thread that writes, between two batches, so
//! that no task waits for it longer than for a block.

use crate::event::Batch;
use crate::flow::Recap;
use crate::log::{End, Error, Header, Part, Reason, Tally, Totals, Writer};
use crate::sys::clock;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// An output, whichever it is.
type Out = Box<dyn Write + Send>;

/// When a log goes on in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// When one has so many bytes. It may have a block more.
    Bytes(u64),
    /// When one has been written for so long, and there is more to write.
    Time(Duration),
}

/// Where the files of a log are.
pub trait Parts: Send + Sync {
    /// Makes the file of part `number`, which does not yet have the log's name.
    ///
    /// # Errors
    /// It cannot be made.
    fn make(&self, number: u64) -> io::Result<Box<dyn Write + Send>>;

    /// Gives part `number`, which has begun, the log's name, and the part before it its
    /// own; removes parts that are not to be kept.
    ///
    /// # Errors
    /// The file cannot be renamed.
    fn place(&self, number: u64) -> io::Result<()>;
}

/// How a log is a set of files.
#[derive(Clone)]
pub struct Rotation {
    /// When to go on in another one.
    pub limit: Limit,
    /// How many of the latest are kept; 0: all.
    pub keep: u64,
    /// Where they are.
    pub parts: Arc<dyn Parts>,
}

impl Rotation {
    /// The first part.
    pub(super) fn first(&self) -> Part {
        Part { number: 1, keep: self.keep }
    }
}

impl std::fmt::Debug for Rotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { limit, keep, .. } = self;
        f.debug_struct("Rotation").field("limit", limit).field("keep", keep).finish_non_exhaustive()
    }
}

/// The files of a log, of which one is being written.
pub(super) struct Series {
    writer: Writer<Out>,
    turns: Option<Turns>,
    hurried: bool,
}

/// What is needed to begin another file.
struct Turns {
    rotation: Rotation,
    header: Header,
    recap: Recap,
    /// Counts of all parts, in which a recap counts nothing.
    tally: Tally,
    /// Blocks and bytes of the parts before.
    before: (u64, u64),
    /// When the part was begun, and its bytes without the recap: the run's time.
    begun: u64,
    recapped: u64,
    /// Time of the latest observation.
    last: u64,
    trouble: Option<Error>,
}

impl Series {
    /// Begins a log.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn begin(
        out: Out,
        header: &Header,
        rotation: Option<Rotation>,
    ) -> Result<Self, Error> {
        let writer = Writer::new(out, header)?.with_clock(clock::monotonic);
        let turns = rotation.map(|rotation| Turns {
            rotation,
            header: header.clone(),
            recap: Recap::new(&header.cwd),
            tally: Tally::default(),
            before: (0, 0),
            begun: 0,
            recapped: writer.totals().bytes,
            last: 0,
            trouble: None,
        });
        Ok(Self { writer, turns, hurried: false })
    }

    /// As [`Writer::hurry`].
    pub(super) fn hurry(&mut self, hurried: bool) {
        self.hurried = hurried;
        self.writer.hurry(hurried);
    }

    /// Writes a batch, in another file if it is time for that.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write_batch(&mut self, batch: &Batch) -> Result<(), Error> {
        if self.turns.as_ref().is_some_and(|turns| turns.is_due(&self.writer)) && !batch.is_empty()
        {
            self.turn()?;
        }
        let written = self.writer.write_batch(batch)?;
        if let Some(turns) = &mut self.turns {
            turns.recap.take(batch);
            batch.iter().for_each(|record| turns.tally.add(&record));
            turns.last = turns.last.max(written.last);
        }
        Ok(())
    }

    /// Goes on in another file. If that cannot be begun, this one is gone on with.
    fn turn(&mut self) -> Result<(), Error> {
        let Some(turns) = &mut self.turns else { return Ok(()) };
        let number = turns.header.part.map_or(1, |part| part.number) + 1;
        let mut next = match turns.begin(number) {
            Ok(next) => next,
            Err(error) => {
                turns.trouble = Some(error);
                turns.put_off(&self.writer);
                return Ok(());
            }
        };
        next.hurry(self.hurried);
        let bytes = next.totals().bytes;
        let old = std::mem::replace(&mut self.writer, next);
        let end = End { reason: Reason::NextPart, time: turns.last, ..End::default() };
        // The old file is closed only when the new one has its name: who follows the
        // log waits for that as long as the old one is locked.
        let finished = old.finish(end);
        turns.trouble = turns.rotation.parts.place(number).map_err(Error::Write).err();
        turns.begun = turns.now();
        turns.recapped = bytes;
        let (totals, _) = finished?;
        turns.before.0 += totals.blocks;
        turns.before.1 += totals.bytes;
        Ok(())
    }

    /// Why the next file could not be begun, if that has just happened.
    pub(super) fn take_trouble(&mut self) -> Option<Error> {
        self.turns.as_mut().and_then(|turns| turns.trouble.take())
    }

    /// What has been written so far.
    pub(super) fn totals(&self) -> Totals {
        let totals = self.writer.totals();
        match &self.turns {
            Some(turns) => turns.sum(totals),
            None => totals,
        }
    }

    /// Closes the log.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(self, end: End) -> Result<Totals, Error> {
        let (totals, _) = self.writer.finish(end)?;
        Ok(self.turns.map_or(totals, |turns| turns.sum(totals)))
    }
}

impl Turns {
    fn now(&self) -> u64 {
        clock::monotonic().saturating_sub(self.header.clock.monotonic)
    }

    fn is_due(&self, writer: &Writer<Out>) -> bool {
        match self.rotation.limit {
            // What is summed up does not count: it may be more than the limit.
            Limit::Bytes(limit) => writer.totals().bytes.saturating_sub(self.recapped) >= limit,
            Limit::Time(limit) => {
                u128::from(self.now().saturating_sub(self.begun)) >= limit.as_nanos()
            }
        }
    }

    /// Begins part `number`: its header and what sums up the parts before.
    fn begin(&mut self, number: u64) -> Result<Writer<Out>, Error> {
        let out = self.rotation.parts.make(number).map_err(Error::Write)?;
        self.recap.renew(self.last);
        let part = Part { number, keep: self.rotation.keep };
        let header = Header { part: Some(part), ..self.header.clone() };
        let mut writer = Writer::new(out, &header)?.with_clock(clock::monotonic);
        for batch in &self.recap.batches(self.last) {
            writer.write_recap(batch, self.last)?;
        }
        self.header = header;
        Ok(writer)
    }

    /// Waits for another full measure before the next try.
    fn put_off(&mut self, writer: &Writer<Out>) {
        self.begun = self.now();
        self.recapped = writer.totals().bytes;
    }

    fn sum(&self, now: Totals) -> Totals {
        let Tally { records, calls, tasks, processes, .. } = self.tally;
        let (blocks, bytes) = (self.before.0 + now.blocks, self.before.1 + now.bytes);
        Totals { records, calls, tasks, processes, blocks, bytes }
    }
}
