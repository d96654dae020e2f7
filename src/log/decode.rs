//! The sections of a block as a batch.
//!
//! Bytes of the dictionary, of structs and of data go behind one another into
//! the batch's arena, and pieces point there: no piece is copied by itself.

mod group;
mod memory;

use super::column::Column;
use super::layout::{BLOCK_BYTES, BLOCK_RECORDS, section};
use super::msgpack::{Cursor, Fault};
use super::{dictionary, facts};
use crate::event::{Batch, TaskId};
use group::{Group, Shape};

/// Most bytes of facts in a block. In memory they are many times as large.
const FACT_BYTES: usize = 32 << 20;

/// The sections of a block, decompressed; those it has not are empty.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    pub(super) sections: [Vec<u8>; section::COUNT],
}

impl Bodies {
    fn get(&self, code: u8) -> &[u8] {
        &self.sections[code as usize]
    }
}

/// What a block says of itself, as far as its sections need it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Number of records.
    pub(super) count: usize,
    /// Time of the earliest observation.
    pub(super) first: u64,
}

/// What a rtrace that is older than the log left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unknown {
    pub(super) records: u64,
    pub(super) facts: u64,
}

/// Decodes blocks. Keeps its working memory from block to block.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    strings: Vec<(u32, u32)>,
    pieces: memory::Budget,
}

/// From where to where.
type Place = (u32, u32);

/// Where the bytes of sections lie in the batch's arena.
#[derive(Clone, Copy, Debug, Default)]
struct Arena<'a> {
    /// From where, and how long.
    strings: &'a [(u32, u32)],
    structs: Place,
    data: Place,
}

impl Decoder {
    /// Fills a batch. On a fault what is in it is of no use.
    pub(super) fn decode(
        &mut self,
        bodies: &Bodies,
        frame: Frame,
        batch: &mut Batch,
    ) -> Result<Unknown, Fault> {
        let mut unknown = Unknown::default();
        batch.clear();
        let facts = bodies.get(section::FACTS);
        if facts.len() > FACT_BYTES {
            return Err(Fault::Wrong);
        }
        if !facts.is_empty() {
            unknown.facts = facts::read(facts, batch)?;
        }
        if frame.count > 0 {
            unknown.records = self.read_records(bodies, frame, batch)?;
        }
        Ok(unknown)
    }

    fn read_records(
        &mut self,
        bodies: &Bodies,
        frame: Frame,
        batch: &mut Batch,
    ) -> Result<u64, Fault> {
        if frame.count > BLOCK_RECORDS {
            return Err(Fault::Wrong);
        }
        let (structs, data) = self.fill_arena(bodies, batch)?;
        let arena = Arena { strings: &self.strings, structs, data };
        self.pieces = memory::Budget::default();
        let records = bodies.get(section::RECORDS);
        let times = Times::of(bodies)?;
        let mut table = Table::read(records, times, frame, arena, &mut self.pieces)?;
        table.fill(frame, arena, batch)
    }

    /// Puts the bytes of all sections into the arena. Returns where structs and
    /// data lie.
    fn fill_arena(&mut self, bodies: &Bodies, batch: &mut Batch) -> Result<(Place, Place), Fault> {
        let bytes = batch.arena_mut();
        self.strings.clear();
        let dictionary = bodies.get(section::DICTIONARY);
        if !dictionary.is_empty() {
            dictionary::read(dictionary, bytes, &mut self.strings)?;
        }
        let mut place = |code| {
            let from = bytes.len();
            bytes.extend_from_slice(bodies.get(code));
            if bytes.len() > 2 * BLOCK_BYTES {
                return Err(Fault::Wrong);
            }
            Ok((from as u32, bytes.len() as u32))
        };
        Ok((place(section::STRUCTS)?, place(section::DATA)?))
    }
}

/// A task of the block.
#[derive(Debug)]
struct Task {
    id: TaskId,
    ordinal: u64,
    time: u64,
}

/// The columns of times, at the next one.
#[derive(Clone, Copy, Debug)]
struct Times<'a> {
    columns: Cursor<'a>,
    left: usize,
    noise: Cursor<'a>,
}

impl<'a> Times<'a> {
    fn of(bodies: &'a Bodies) -> Result<Self, Fault> {
        let mut columns = Cursor::new(bodies.get(section::TIMES));
        let left = columns.array()?;
        Ok(Self { columns, left, noise: Cursor::new(bodies.get(section::NOISE)) })
    }

    fn next(&mut self, rows: usize) -> Result<Column<'a>, Fault> {
        self.left = self.left.checked_sub(1).ok_or(Fault::Short)?;
        Column::read_times(&mut self.columns, rows, &mut self.noise)
    }
}

/// The records section.
#[derive(Debug, Default)]
struct Table<'a> {
    tasks: Vec<Task>,
    groups: Vec<Group<'a>>,
    task: Column<'a>,
    shape: Column<'a>,
    gap: Column<'a>,
    jumps: Jumps<'a>,
}

/// The flat pairs of positions and values that interrupt a sequence.
#[derive(Debug, Default)]
struct Jumps<'a> {
    pairs: Column<'a>,
    left: usize,
    next: Option<i64>,
}

impl<'a> Jumps<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (pairs, len) = Column::read_list(cursor)?;
        let mut jumps = Self { pairs, left: len / 2, next: None };
        jumps.advance();
        Ok(jumps)
    }

    fn advance(&mut self) {
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        self.next = left.map(|_| self.pairs.next());
    }

    /// The value at this position, if there is one. Positions must be asked for
    /// in rising order.
    #[inline]
    fn at(&mut self, position: usize) -> Option<i64> {
        if self.next != Some(position as i64) {
            return None;
        }
        let value = self.pairs.next();
        self.advance();
        Some(value)
    }
}

impl<'a> Table<'a> {
    fn read(
        bytes: &'a [u8],
        mut times: Times<'a>,
        frame: Frame,
        arena: Arena<'_>,
        budget: &mut memory::Budget,
    ) -> Result<Self, Fault> {
        let mut cursor = Cursor::new(bytes);
        let mut table = Self::default();
        let (mut tasks, mut ordinals) = (None, Cursor::default());
        let (mut shapes, mut groups) = (Vec::new(), Cursor::default());
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"tasks" => tasks = Some(Column::read_list(&mut cursor)?),
                b"ordinals" => ordinals = skipped(&mut cursor)?,
                b"shapes" => shapes = Shape::read_all(&mut cursor)?,
                b"task" => table.task = Column::read(&mut cursor, frame.count)?,
                b"shape" => table.shape = Column::read(&mut cursor, frame.count)?,
                b"jumps" => table.jumps = Jumps::read(&mut cursor)?,
                b"groups" => groups = skipped(&mut cursor)?,
                _ => cursor.skip()?,
            }
        }
        table.tasks = read_tasks(tasks.ok_or(Fault::Wrong)?, ordinals, frame.first)?;
        table.gap = times.next(frame.count)?;
        table.groups = table.read_groups((groups, times), &shapes, frame, arena, budget)?;
        Ok(table)
    }

    fn read_groups(
        &self,
        (mut cursor, mut times): (Cursor<'a>, Times<'a>),
        shapes: &[Shape],
        frame: Frame,
        arena: Arena<'_>,
        budget: &mut memory::Budget,
    ) -> Result<Vec<Group<'a>>, Fault> {
        let mut counts = vec![0; shapes.len()];
        let mut shape = self.shape;
        for _ in 0..frame.count {
            *entry(&mut counts, shape.next())? += 1;
        }
        cursor.array_of(shapes.len())?;
        let mut places = memory::Places::of(arena);
        shapes
            .iter()
            .zip(counts)
            .map(|(shape, rows)| {
                let mut group = Group::new(*shape, rows, times.next(rows)?);
                group.read(&mut cursor, &mut places, budget)?;
                Ok(group)
            })
            .collect()
    }

    /// Puts the records into the batch. Returns how many were left out.
    fn fill(&mut self, frame: Frame, arena: Arena<'_>, batch: &mut Batch) -> Result<u64, Fault> {
        let mut unknown = 0;
        for position in 0..frame.count {
            let task = entry(&mut self.tasks, self.task.next())?;
            let group = entry(&mut self.groups, self.shape.next())?;
            let start = task.time.wrapping_add(self.gap.next() as u64);
            let length = group.next_length();
            let end = (length >= 0).then(|| start.wrapping_add(length as u64));
            let jump = self.jumps.at(position);
            let ordinal = jump.map_or_else(|| task.ordinal.wrapping_add(1), |to| to as u64);
            task.time = end.unwrap_or(start);
            task.ordinal = ordinal;
            let identity = group::Identity { task: task.id, ordinal, start, end };
            if !group.put(&identity, arena, batch)? {
                unknown += 1;
            }
        }
        Ok(unknown)
    }
}

/// The value at an index that a log gave.
#[inline]
fn entry<T>(list: &mut [T], index: i64) -> Result<&mut T, Fault> {
    usize::try_from(index).ok().and_then(|index| list.get_mut(index)).ok_or(Fault::Wrong)
}

/// Passes over a value: a cursor at its beginning.
fn skipped<'a>(cursor: &mut Cursor<'a>) -> Result<Cursor<'a>, Fault> {
    let value = *cursor;
    cursor.skip()?;
    Ok(value)
}

fn read_tasks(
    (mut ids, count): (Column<'_>, usize),
    mut ordinals: Cursor<'_>,
    first: u64,
) -> Result<Vec<Task>, Fault> {
    let mut ordinals = Column::read(&mut ordinals, count)?;
    let mut id = 0_i64;
    let read_task = |_| {
        id = id.wrapping_add(ids.next());
        Ok(Task {
            id: TaskId(u32::try_from(id).map_err(|_| Fault::Wrong)?),
            ordinal: (ordinals.next() as u64).wrapping_sub(1),
            time: first,
        })
    };
    (0..count).map(read_task).collect()
}
