//! Several logs of one run as one.

use super::error::Error;
use super::header::Header;
use super::index::{End, Missing, Reason};
use super::reader::{BlockInfo, Reader, Seen};
use super::repair;
use crate::event::{Batch, Fact, Kind, Record, TaskId, Value};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher as _};

/// Facts that are remembered before those are forgotten that cannot come again.
const FACTS: usize = 1 << 12;

/// Reads logs that are parts or copies of one run's, in the order of their times, each
/// event once. Parts may overlap; what one has lost is taken from another.
///
/// Memory grows with living tasks, with holes in the ordinals of living tasks (as a
/// filter leaves them), and with the number of logs.
#[derive(Debug)]
pub struct Join {
    header: Header,
    inputs: Vec<Input>,
    /// Ordinals of living tasks that were given out.
    seen: FxHashMap<TaskId, Seen>,
    /// Tasks that have ended.
    gone: Seen,
    /// Facts that may come again, by time.
    facts: BTreeSet<(u64, u64)>,
    /// Time up to which blocks were given out.
    last: u64,
}

#[derive(Debug)]
struct Input {
    reader: Reader,
    /// The next block.
    batch: Batch,
    info: Option<BlockInfo>,
    /// Time up to which this log was given out.
    done: u64,
    /// Tasks that a recap of this log was the first to tell of.
    fresh: FxHashSet<TaskId>,
}

impl Join {
    /// Joins logs that have just been opened.
    ///
    /// # Errors
    /// One is of another run than the first, there is none, or it cannot be read.
    pub fn new(readers: impl IntoIterator<Item = Reader>) -> Result<Self, Error> {
        let mut inputs = Vec::new();
        for reader in readers {
            let (batch, fresh) = (Batch::new(), FxHashSet::default());
            let mut input = Input { reader, batch, info: None, done: 0, fresh };
            input.advance()?;
            inputs.push(input);
        }
        let headers: Vec<Header> =
            inputs.iter().map(|one| repair::header(&one.reader, one.info.as_ref())).collect();
        let whole = headers.iter().find(|header| !is_half(&header.run)).or(headers.first());
        let header = whole.cloned().ok_or(Error::NotALog)?;
        let mut header = Header { part: None, ..header };
        let others = headers.iter().position(|other| !is_same(&other.run, &header.run));
        if let Some(index) = others {
            return Err(Error::OtherRun { index });
        }
        for other in headers.iter().filter(|other| !is_half(&other.run)) {
            header.options.narrow(&other.options);
        }
        Ok(Self {
            header,
            inputs,
            seen: FxHashMap::default(),
            gone: Seen::default(),
            facts: BTreeSet::new(),
            last: 0,
        })
    }

    /// The run.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The logs, in the order in which they were given.
    pub fn readers(&self) -> impl Iterator<Item = &Reader> {
        self.inputs.iter().map(|input| &input.reader)
    }

    /// Fills `batch` with what comes next; `None` at the end.
    ///
    /// # Errors
    /// A log cannot be read.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<Option<BlockInfo>, Error> {
        batch.clear();
        let is_alone = self.inputs.len() == 1;
        loop {
            let Some((index, info)) = self.next() else { return Ok(None) };
            if is_alone {
                std::mem::swap(batch, &mut self.inputs[index].batch);
            } else {
                self.sift(index, &info, batch);
            }
            self.last = self.last.max(info.last);
            self.inputs[index].advance()?;
            if !batch.is_empty() {
                return Ok(Some(BlockInfo { records: batch.len() as u64, ..info }));
            }
        }
    }

    /// The block that comes next: the one that reaches least far. But a recap comes
    /// only when all has been read of the time that it sums up, lest it tells of ends
    /// before what other logs have of those lives.
    fn next(&self) -> Option<(usize, BlockInfo)> {
        let waiting = || {
            let waiting = self.inputs.iter().enumerate();
            waiting.filter_map(|(at, input)| Some((at, input.info?, input.done)))
        };
        let recap = waiting().filter(|(_, info, _)| info.is_recap);
        let recap = recap.min_by_key(|(_, info, _)| info.last);
        let until = recap.map_or(u64::MAX, |(_, info, _)| info.last);
        let slices = waiting().filter(|(_, info, done)| !info.is_recap && *done < until);
        let next = slices.min_by_key(|(_, info, _)| info.last).or(recap);
        next.map(|(at, info, _)| (at, info))
    }

    /// Takes over what is new in an input's block.
    fn sift(&mut self, index: usize, info: &BlockInfo, into: &mut Batch) {
        let block = std::mem::take(&mut self.inputs[index].batch);
        for record in block.iter() {
            if self.is_new(&record, info) {
                if info.is_recap && record.kind == Kind::Start {
                    self.inputs[index].fresh.insert(record.task);
                }
                into.push(&record);
            }
        }
        for fact in block.facts() {
            let is_new = if info.is_recap {
                self.inputs[index].fresh.contains(&fact.task)
            } else {
                self.facts.insert((fact.time, hash(fact)))
            };
            if is_new {
                into.push_fact(fact.clone());
            }
        }
        self.inputs[index].batch = block;
        self.inputs[index].done = info.last;
        if self.facts.len() > FACTS {
            let done = self.inputs.iter().filter(|one| one.info.is_some()).map(|one| one.done);
            let done = done.min().unwrap_or_default();
            self.facts = self.facts.split_off(&(done, 0));
        }
    }

    fn is_new(&mut self, record: &Record<'_>, info: &BlockInfo) -> bool {
        if self.gone.has(record.task.0.into()) {
            return false;
        }
        let seen = self.seen.entry(record.task).or_default();
        if record.is_begun() {
            // Of a slice of time that another log had, it stands there already.
            return !seen.has(record.ordinal) && info.last > self.last;
        }
        let is_new = seen.add(record.ordinal);
        if is_new && matches!(record.kind, Kind::Exit | Kind::Detach) {
            self.seen.remove(&record.task);
            self.gone.add(record.task.0.into());
        }
        is_new
    }

    /// How the run ended, as far as one of the logs tells; to be asked at the end.
    pub fn end(&self) -> End {
        let ends = self.inputs.iter().map(|input| repair::end(&input.reader, input.done));
        let ends: Vec<End> = ends.collect();
        let missing = ends.iter().map(|end| end.missing.unwrap_or_default());
        let known = ends.iter().max_by_key(|end| (end.reason != Reason::Part, end.time));
        let Some(known) = known.cloned() else { return End::default() };
        // What one has lost, another may have; more than the least of them is not lost.
        let least = missing.reduce(|a, b| Missing {
            blocks: a.blocks.min(b.blocks),
            records: a.records.min(b.records),
            header: a.header && b.header,
            end: a.end && b.end,
        });
        End { missing: least.filter(|missing| !missing.is_nothing()), ..known }
    }
}

impl Input {
    fn advance(&mut self) -> Result<(), Error> {
        self.done = self.info.map_or(0, |info| info.last.max(self.done));
        self.info = self.reader.next_batch(&mut self.batch)?;
        Ok(())
    }
}

/// Of a run whose header was lost, half of the UUID is known.
fn is_half(run: &[u8; 16]) -> bool {
    run[8..] == [0; 8]
}

fn is_same(one: &[u8; 16], other: &[u8; 16]) -> bool {
    let half = is_half(one) || is_half(other);
    one == other || (half && one[..8] == other[..8])
}

fn hash(fact: &Fact) -> u64 {
    let mut hasher = FxHasher::default();
    (fact.kind.code(), fact.task, fact.ordinal).hash(&mut hasher);
    for (key, value) in &fact.fields {
        key.code().hash(&mut hasher);
        match value {
            Value::Number(number) => number.hash(&mut hasher),
            Value::Bytes(bytes) => bytes.hash(&mut hasher),
            Value::List(list) => list.hash(&mut hasher),
        }
    }
    hasher.finish()
}
