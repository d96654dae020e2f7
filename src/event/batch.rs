//! Storage for records: filled at the stops, handed over whole, used again.

use super::fact::Fact;
use super::kind::{Kind, Lane};
use super::record::{Call, Phase, Piece, Record, Role, State, TaskId};

/// A slice of time: every observation made in it is in it. A call that was
/// pending at its end stands in it as *begun*.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    rows: Vec<Row>,
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
    facts: Vec<Fact>,
}

/// A record without its borrowed parts.
#[derive(Debug, Clone, Copy)]
struct Row {
    kind: Kind,
    lane: Lane,
    failed: bool,
    task: TaskId,
    ordinal: u64,
    start: u64,
    end: Option<u64>,
    call: Option<Call>,
    words: [u64; 6],
    result: i64,
    pieces: (u32, u32),
}

/// When a record started and ended, and how: a part of [`Record`].
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
    pub(crate) result: i64,
    pub(crate) failed: bool,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has neither records nor facts.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.facts.is_empty()
    }

    /// Bytes of captured memory.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that it takes in memory, about.
    pub fn weight(&self) -> usize {
        self.bytes.len()
            + self.rows.len() * size_of::<Row>()
            + self.pieces.len() * size_of::<Piece>()
            + self.facts.iter().map(Fact::weight).sum::<usize>()
    }

    /// The captured memory that pieces point into. Pieces may share bytes of it.
    pub(crate) fn arena(&self) -> &[u8] {
        &self.bytes
    }

    /// The same, to be filled before the records that
    /// [share it](RecordBuilder::shared_piece). Only to be appended to.
    pub(crate) fn arena_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The words of record number `index`: what [`Batch::get`] has, for a look at
    /// one column of many records.
    pub(crate) fn words(&self, index: usize) -> [u64; 6] {
        self.rows.get(index).map_or([0; 6], |row| row.words)
    }

    /// When record number `index` started and ended, and how.
    pub(crate) fn outcome(&self, index: usize) -> Outcome {
        self.rows.get(index).map_or_else(Outcome::default, |row| Outcome {
            start: row.start,
            end: row.end,
            result: row.result,
            failed: row.failed,
        })
    }

    /// The pieces of record number `index`.
    pub(crate) fn pieces(&self, index: usize) -> &[Piece] {
        self.rows
            .get(index)
            .map_or(&[], |row| &self.pieces[row.pieces.0 as usize..row.pieces.1 as usize])
    }

    /// Empties it; keeps what it has allocated, up to a bound that one huge argv
    /// may have pushed it over.
    pub fn clear(&mut self) {
        const KEEP: usize = 1 << 20;
        self.rows.clear();
        self.pieces.clear();
        self.bytes.clear();
        self.facts.clear();
        self.bytes.shrink_to(KEEP);
        self.pieces.shrink_to(KEEP / size_of::<Piece>());
    }

    /// Record number `index`, in the order in which they ended.
    pub fn get(&self, index: usize) -> Option<Record<'_>> {
        self.rows.get(index).map(|row| self.view(row))
    }

    /// The records, in the order in which they ended (begun ones at the end).
    pub fn iter(&self) -> impl ExactSizeIterator + DoubleEndedIterator<Item = Record<'_>> {
        self.rows.iter().map(|row| self.view(row))
    }

    /// What only the living system could tell.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Adds a fact.
    pub fn push_fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// Starts a record: add pieces, then call [`RecordBuilder::finish`].
    pub fn record(&mut self, kind: Kind, task: TaskId, ordinal: u64) -> RecordBuilder<'_> {
        let from = self.pieces.len() as u32;
        RecordBuilder {
            row: Row {
                kind,
                lane: Lane::Ptrace,
                failed: false,
                task,
                ordinal,
                start: 0,
                end: None,
                call: None,
                words: [0; 6],
                result: 0,
                pieces: (from, from),
            },
            batch: self,
        }
    }

    /// Copies a record of another batch.
    pub fn push(&mut self, record: &Record<'_>) {
        let mut copy = self.record(record.kind, record.task, record.ordinal);
        copy.lane(record.lane).start(record.start).words(record.words);
        copy.ended(record.end, record.result, record.failed);
        copy.row.call = record.call;
        for piece in record.pieces {
            copy.piece(piece.arg, piece.role, piece.phase, piece.state, record.bytes(piece));
        }
        copy.finish();
    }

    fn view(&self, row: &Row) -> Record<'_> {
        Record {
            kind: row.kind,
            task: row.task,
            ordinal: row.ordinal,
            lane: row.lane,
            start: row.start,
            end: row.end,
            call: row.call,
            words: row.words,
            result: row.result,
            pieces: &self.pieces[row.pieces.0 as usize..row.pieces.1 as usize],
            bytes: &self.bytes,
            failed: row.failed,
        }
    }
}

/// A record being written into a batch.
#[derive(Debug)]
#[must_use = "a record is in the batch once it is finished"]
pub struct RecordBuilder<'a> {
    batch: &'a mut Batch,
    row: Row,
}

impl RecordBuilder<'_> {
    /// The way it came.
    pub fn lane(&mut self, lane: Lane) -> &mut Self {
        self.row.lane = lane;
        self
    }

    /// When it began.
    pub fn start(&mut self, start: u64) -> &mut Self {
        self.row.start = start;
        self
    }

    /// What happened at one instant: start and end are the same.
    pub fn at(&mut self, time: u64) -> &mut Self {
        self.row.start = time;
        self.row.end = Some(time);
        self
    }

    /// The call it is.
    pub fn call(&mut self, call: Call) -> &mut Self {
        self.row.call = Some(call);
        self
    }

    /// Arguments, or what the kind says.
    pub fn words(&mut self, words: [u64; 6]) -> &mut Self {
        self.row.words = words;
        self
    }

    /// The call returned.
    pub fn returned(&mut self, end: u64, result: i64, failed: bool) -> &mut Self {
        self.row.end = Some(end);
        self.row.result = result;
        self.row.failed = failed;
        self
    }

    /// When and how it ended, if it has.
    pub fn ended(&mut self, end: Option<u64>, result: i64, failed: bool) -> &mut Self {
        self.row.end = end;
        self.row.result = result;
        self.row.failed = failed;
        self
    }

    /// Adds a piece whose bytes are already in the batch's arena. The caller
    /// has checked that they are.
    pub(crate) fn shared_piece(&mut self, piece: Piece) -> &mut Self {
        debug_assert!(piece.from as usize + piece.len as usize <= self.batch.bytes.len());
        self.batch.pieces.push(piece);
        self
    }

    /// Adds captured memory.
    pub fn piece(
        &mut self,
        arg: u8,
        role: Role,
        phase: Phase,
        state: State,
        bytes: &[u8],
    ) -> &mut Self {
        let from = self.batch.bytes.len() as u32;
        self.batch.bytes.extend_from_slice(bytes);
        self.batch.pieces.push(Piece { arg, role, phase, state, from, len: bytes.len() as u32 });
        self
    }

    /// The record is complete.
    pub fn finish(mut self) {
        self.row.pieces.1 = self.batch.pieces.len() as u32;
        self.batch.rows.push(self.row);
    }
}
