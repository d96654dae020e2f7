//! Which part of a log is wanted.

use crate::abi::{self, Filter, Verb};
use crate::event::{Batch, Kind, Phase, Record, TaskId};
use crate::flow::Recap;
use crate::log::{BlockInfo, End, Error, Reason, Writer};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::io::Write;

/// What of a log to keep. All of it, by default.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    /// Observations from this time on: nanoseconds since the run's start.
    pub from: Option<u64>,
    /// Observations up to this time.
    pub to: Option<u64>,
    /// Processes, or threads, with these ids; empty: all.
    pub pids: Vec<u32>,
    /// Calls. Starts, programs, signals and ends are kept in any case.
    pub filter: Option<Filter>,
    /// The same as text, for the new log's header.
    pub set: Option<String>,
}

impl Cut {
    /// Whether the log's parts must be known in their context.
    fn needs_past(&self) -> bool {
        self.from.is_some() || !self.pids.is_empty()
    }
}

/// Cuts a log, block by block.
#[derive(Debug)]
pub(super) struct Cutter<'a> {
    cut: &'a Cut,
    recap: Recap,
    /// Tasks of the processes that are wanted.
    chosen: FxHashSet<TaskId>,
    /// The cut has begun.
    begun: bool,
    over: bool,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(cut: &'a Cut, cwd: &[u8]) -> Self {
        let (recap, chosen) = (Recap::new(cwd), FxHashSet::default());
        Self { cut, recap, chosen, begun: cut.from.is_none(), over: false }
    }

    /// Whether all of the time that is wanted has been read.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The end of the cut, if the run went on.
    pub(super) fn end(&self, run: Option<End>) -> End {
        match (run, self.cut.to) {
            (Some(run), to) if to.is_none_or(|to| to >= run.time) => run,
            (run, to) => End {
                reason: Reason::Part,
                time: to.unwrap_or_default(),
                missing: run.and_then(|run| run.missing),
                ..End::default()
            },
        }
    }

    /// Writes what is wanted of a block.
    pub(super) fn take<W: Write>(
        &mut self,
        batch: &Batch,
        info: &BlockInfo,
        writer: &mut Writer<W>,
    ) -> Result<(), Error> {
        let from = self.cut.from.unwrap_or(0);
        if info.is_recap {
            return self.take_recap(batch, info, writer);
        }
        if info.last < from {
            self.follow(batch);
            return Ok(());
        }
        let mut rest = None;
        if !self.begun {
            let (before, after) = split(batch, from);
            self.follow(&before);
            self.begin(writer)?;
            rest = Some(after);
        }
        self.write(rest.as_ref().unwrap_or(batch), info, writer)?;
        self.over = self.cut.to.is_some_and(|to| info.last >= to);
        Ok(())
    }

    /// The log ends, and may do so before the cut begins.
    pub(super) fn finish<W: Write>(&mut self, writer: &mut Writer<W>) -> Result<(), Error> {
        if self.begun { Ok(()) } else { self.begin(writer) }
    }

    /// What the log itself sums up: of its tasks the cut knows from there.
    fn take_recap<W: Write>(
        &mut self,
        batch: &Batch,
        info: &BlockInfo,
        writer: &mut Writer<W>,
    ) -> Result<(), Error> {
        self.follow(batch);
        if !self.begun {
            return Ok(());
        }
        let mut kept = Batch::new();
        batch.iter().filter(|r| self.is_chosen(r.task)).for_each(|record| kept.push(&record));
        let facts = batch.facts().iter().filter(|fact| self.is_chosen(fact.task));
        facts.for_each(|fact| kept.push_fact(fact.clone()));
        writer.write_recap(&kept, info.last).map(drop)
    }

    /// Sums up the past.
    fn begin<W: Write>(&mut self, writer: &mut Writer<W>) -> Result<(), Error> {
        self.begun = true;
        let time = self.cut.from.unwrap_or_default();
        let is_wanted = |task| self.is_chosen(task);
        let parts = [
            self.recap.past(is_wanted),
            self.recap.present(time, is_wanted),
            self.recap.ends(is_wanted),
        ];
        parts.iter().try_for_each(|batch| writer.write_recap(batch, time).map(drop))
    }

    /// Writes what is wanted of a slice of the time that is wanted.
    fn write<W: Write>(
        &mut self,
        batch: &Batch,
        info: &BlockInfo,
        writer: &mut Writer<W>,
    ) -> Result<(), Error> {
        let mut kept = Batch::new();
        let mut rest = Cow::Borrowed(batch);
        // Where a wanted task is born of another one, what it inherits must be told.
        while let Some(birth) = self.next_birth(&rest) {
            let (before, after) = split(&rest, birth.time.saturating_add(1));
            self.follow(&before);
            self.keep(&before, &mut kept);
            let inherited = self.recap.present(birth.time, |task| task == birth.task);
            inherited.facts().iter().for_each(|fact| kept.push_fact(fact.clone()));
            rest = Cow::Owned(after);
        }
        self.follow(&rest);
        self.keep(&rest, &mut kept);
        writer.write_copy(&kept, info.clock).map(drop)
    }

    /// The next start of a wanted process by one that is not.
    fn next_birth(&self, batch: &Batch) -> Option<Birth> {
        if self.cut.pids.is_empty() {
            return None;
        }
        let mut starts = batch.iter().filter(|record| record.kind == Kind::Start);
        let start = starts.find(|start| {
            let maker = TaskId(start.words[3] as u32);
            // Those of a batch that was split are known already.
            self.wants(start) && !self.chosen.contains(&start.task) && !self.is_chosen(maker)
        })?;
        Some(Birth { task: start.task, time: start.start })
    }

    /// Learns of what happened, whether it is wanted or not.
    fn follow(&mut self, batch: &Batch) {
        if !self.cut.needs_past() {
            return;
        }
        self.recap.take(batch);
        let starts = batch.iter().filter(|record| record.kind == Kind::Start);
        let wanted: Vec<TaskId> =
            starts.filter(|start| self.wants(start)).map(|start| start.task).collect();
        self.chosen.extend(wanted);
    }

    /// Whether a start is that of a process, or thread, that was asked for.
    fn wants(&self, start: &Record<'_>) -> bool {
        let [tid, pid, ..] = start.words;
        self.cut.pids.iter().any(|wanted| [tid, pid].contains(&u64::from(*wanted)))
    }

    fn is_chosen(&self, task: TaskId) -> bool {
        self.cut.pids.is_empty() || self.chosen.contains(&task)
    }

    /// Copies what is wanted. What ends after the cut has only begun in it.
    fn keep(&self, batch: &Batch, into: &mut Batch) {
        let (from, to) = (self.cut.from.unwrap_or(0), self.cut.to.unwrap_or(u64::MAX));
        let is_in =
            |record: &Record<'_>| record.start <= to && record.end.is_none_or(|end| end >= from);
        for record in batch.iter().filter(|record| is_in(record) && self.is_wanted(record)) {
            if record.end.is_none_or(|end| end <= to) {
                into.push(&record);
            } else {
                push_begun(&record, into);
            }
        }
        let facts = batch.facts().iter();
        let facts = facts.filter(|fact| (from..=to).contains(&fact.time));
        let facts = facts.filter(|fact| self.is_chosen(fact.task));
        facts.for_each(|fact| into.push_fact(fact.clone()));
    }

    fn is_wanted(&self, record: &Record<'_>) -> bool {
        let Some(call) = record.call.filter(|_| record.kind == Kind::Call) else {
            return self.is_chosen(record.task);
        };
        let is_exec = || {
            let prototype = abi::lookup(call.abi, call.nr);
            !record.failed && prototype.is_some_and(|p| p.effect.verb == Verb::Execs)
        };
        let filter = self.cut.filter.as_ref();
        self.is_chosen(record.task)
            && (filter.is_none_or(|filter| filter.allows(call.abi, call.nr)) || is_exec())
    }
}

/// The start of a wanted process.
struct Birth {
    task: TaskId,
    time: u64,
}

/// What was over before `time`, and what was not.
fn split(batch: &Batch, time: u64) -> (Batch, Batch) {
    let (mut before, mut after) = (Batch::new(), Batch::new());
    // By place, for a call that never ended stands before its task's end.
    let is_over = |record: Record<'_>| record.end.is_some_and(|end| end < time);
    let over = batch.iter().rposition(is_over).map_or(0, |last| last + 1);
    for (place, record) in batch.iter().enumerate() {
        if place < over { before.push(&record) } else { after.push(&record) }
    }
    for fact in batch.facts() {
        let part = if fact.time < time { &mut before } else { &mut after };
        part.push_fact(fact.clone());
    }
    (before, after)
}

/// Copies a call as it was before it ended.
fn push_begun(record: &Record<'_>, into: &mut Batch) {
    let mut copy = into.record(record.kind, record.task, record.ordinal);
    copy.lane(record.lane).start(record.start).words(record.words);
    record.call.into_iter().for_each(|call| _ = copy.call(call));
    for piece in record.pieces.iter().filter(|piece| piece.phase == Phase::Entry) {
        copy.piece(piece.arg, piece.role, piece.phase, piece.state, record.bytes(piece));
    }
    copy.finish();
}
