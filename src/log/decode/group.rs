//! The records of one shape.

use super::Arena;
use super::memory::{Budget, Memory, Places};
use crate::abi::Abi;
use crate::event::{Batch, Call, Kind, Lane, TaskId};
use crate::log::column::Column;
use crate::log::msgpack::{Cursor, Fault};

/// What the records of a group have in common; `None` if a newer rtrace means
/// something by it that this one does not know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape(Option<Known>);

#[derive(Clone, Copy, Debug)]
struct Known {
    kind: Kind,
    lane: Lane,
    call: Option<Call>,
}

impl Shape {
    /// The array of shapes that starts here.
    pub(super) fn read_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, Fault> {
        let count = cursor.array()?;
        (0..count).map(|_| Self::read(cursor)).collect()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        cursor.array_of(4)?;
        let kind = code(cursor.int()?).and_then(Kind::from_code);
        let lane = code(cursor.int()?).and_then(Lane::from_code);
        let (abi, nr) = (cursor.int()?, cursor.int()? as u64);
        let call = if abi == -1 {
            Some(None)
        } else {
            code(abi).and_then(Abi::from_code).map(|abi| Some(Call { abi, nr }))
        };
        let known = |((kind, lane), call)| Known { kind, lane, call };
        Ok(Self(kind.zip(lane).zip(call).map(known)))
    }
}

pub(super) fn code(number: i64) -> Option<u8> {
    u8::try_from(number).ok()
}

/// Which event, and when.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) task: TaskId,
    pub(super) ordinal: u64,
    pub(super) start: u64,
    pub(super) end: Option<u64>,
}

/// A group's columns, each at its next record.
#[derive(Debug)]
pub(super) struct Group<'a> {
    shape: Shape,
    rows: usize,
    words: [Column<'a>; 6],
    /// How many of them the log has; the others are 0.
    arguments: usize,
    lengths: Column<'a>,
    results: Column<'a>,
    odd: Column<'a>,
    odd_left: usize,
    next_odd: Option<i64>,
    memory: Vec<Memory<'a>>,
    position: i64,
}

impl<'a> Group<'a> {
    /// A group of so many records, of these durations, that are 0 in all other
    /// columns.
    pub(super) fn new(shape: Shape, rows: usize, lengths: Column<'a>) -> Self {
        Self {
            shape,
            rows,
            words: Default::default(),
            arguments: 0,
            lengths,
            results: Column::default(),
            odd: Column::default(),
            odd_left: 0,
            next_odd: None,
            memory: Vec::new(),
            position: 0,
        }
    }

    /// Takes the columns of the group from where the cursor stands.
    pub(super) fn read(
        &mut self,
        cursor: &mut Cursor<'a>,
        places: &mut Places,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        let rows = self.rows;
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"args" => self.read_words(cursor)?,
                b"res" => self.results = Column::read(cursor, rows)?,
                b"odd" => (self.odd, self.odd_left) = Column::read_list(cursor)?,
                b"mem" => {
                    let columns = cursor.array()?;
                    self.memory = (0..columns)
                        .map(|_| Memory::read(cursor, rows, places, budget))
                        .collect::<Result<_, _>>()?;
                }
                _ => cursor.skip()?,
            }
        }
        self.find_next_odd();
        Ok(())
    }

    fn read_words(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        self.arguments = cursor.array()?;
        let columns = self.words.get_mut(..self.arguments).ok_or(Fault::Wrong)?;
        for column in columns {
            *column = Column::read(cursor, self.rows)?;
        }
        Ok(())
    }

    fn find_next_odd(&mut self) {
        let left = self.odd_left.checked_sub(1);
        self.odd_left = left.unwrap_or(0);
        self.next_odd = left.map(|_| self.odd.next());
    }

    /// How long the next record took; below 0: it has only begun.
    #[inline]
    pub(super) fn next_length(&mut self) -> i64 {
        self.lengths.next()
    }

    /// Puts the next record into the batch; `false` if it is of an unknown kind.
    #[inline]
    pub(super) fn put(
        &mut self,
        identity: &Identity,
        arena: Arena<'_>,
        batch: &mut Batch,
    ) -> Result<bool, Fault> {
        let Shape(Some(known)) = self.shape else { return Ok(false) };
        let mut words = [0; 6];
        for (word, column) in words.iter_mut().zip(&mut self.words[..self.arguments]) {
            *word = column.next() as u64;
        }
        let result = self.results.next();
        let failed = self.next_failed(result);

        let mut record = batch.record(known.kind, identity.task, identity.ordinal);
        record.lane(known.lane).start(identity.start).words(words);
        record.ended(identity.end, result, failed);
        if let Some(call) = known.call {
            record.call(call);
        }
        for column in &mut self.memory {
            column.put(arena, &mut record)?;
        }
        record.finish();
        Ok(true)
    }

    fn next_failed(&mut self, result: i64) -> bool {
        let odd = self.next_odd == Some(self.position);
        if odd {
            self.find_next_odd();
        }
        self.position += 1;
        (-4095..0).contains(&result) != odd
    }
}
