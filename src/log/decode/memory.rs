//! The captured memory of a group.

use super::group::code;
use super::{Arena, Jumps, Place};
use crate::event::{Phase, Piece, RecordBuilder, Role, State};
use crate::log::column::Column;
use crate::log::layout::{BLOCK_PIECES, section};
use crate::log::msgpack::{Cursor, Fault};

/// How many pieces a block may still have: a column that repeats one integer
/// can claim any number of them.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(BLOCK_PIECES)
    }
}

impl Budget {
    fn take(&mut self, pieces: i64) -> Result<usize, Fault> {
        let pieces = usize::try_from(pieces).map_err(|_| Fault::Wrong)?;
        self.0 = self.0.checked_sub(pieces).ok_or(Fault::Wrong)?;
        Ok(pieces)
    }
}

/// Where in the arena the bytes of the next column start, for each section that
/// has bytes: those of structs and of data are in the order of columns.
#[derive(Debug)]
pub(super) struct Places {
    structs: Place,
    data: Place,
}

impl Places {
    pub(super) fn of(arena: Arena<'_>) -> Self {
        Self { structs: arena.structs, data: arena.data }
    }

    /// Takes as many bytes as the pieces of a column have together.
    fn take(&mut self, section: u8, mut lengths: Column<'_>, pieces: usize) -> Result<u32, Fault> {
        let (from, to) = match section {
            section::STRUCTS => &mut self.structs,
            _ => &mut self.data,
        };
        let start = *from;
        for _ in 0..pieces {
            let len = u32::try_from(lengths.next()).map_err(|_| Fault::Wrong)?;
            *from = from.checked_add(len).filter(|end| *end <= *to).ok_or(Fault::Wrong)?;
        }
        Ok(start)
    }
}

/// What the pieces of a column have in common; `None` for an unknown role or
/// phase, or a section that this rtrace does not know.
type Known = Option<(u8, Role, Phase)>;

/// A memory column, at its next record.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    known: Known,
    in_dictionary: bool,
    counts: Column<'a>,
    items: Column<'a>,
    states: Jumps<'a>,
    /// Number of the next piece.
    piece: usize,
    /// Where its bytes are in the arena, if they are not in the dictionary.
    from: u32,
}

impl<'a> Memory<'a> {
    pub(super) fn read(
        cursor: &mut Cursor<'a>,
        rows: usize,
        places: &mut Places,
        budget: &mut Budget,
    ) -> Result<Self, Fault> {
        let more = cursor.array()?.checked_sub(6).ok_or(Fault::Wrong)?;
        let (arg, phase, role) = (cursor.int()?, cursor.int()?, cursor.int()?);
        let section = cursor.number::<u8>()?;
        let counts = Column::read(cursor, rows)?;
        let mut pieces = 0;
        let mut each = counts;
        for _ in 0..rows {
            pieces += budget.take(each.next())?;
        }
        let in_dictionary = section == section::DICTIONARY;
        let items = if in_dictionary {
            Column::read_differences(cursor, pieces)?
        } else {
            Column::read(cursor, pieces)?
        };
        let has_bytes = matches!(section, section::STRUCTS | section::DATA);
        let from = if has_bytes { places.take(section, items, pieces)? } else { 0 };
        let states = if more > 0 { Jumps::read(cursor)? } else { Jumps::default() };
        (1..more).try_for_each(|_| cursor.skip())?;

        let known = code(arg)
            .zip(code(role).and_then(Role::from_code))
            .zip(code(phase).and_then(Phase::from_code))
            .map(|((arg, role), phase)| (arg, role, phase))
            .filter(|_| in_dictionary || has_bytes);
        Ok(Self { known, in_dictionary, counts, items, states, piece: 0, from })
    }

    /// Adds the pieces of the next record to it.
    #[inline]
    pub(super) fn put(
        &mut self,
        arena: Arena<'_>,
        record: &mut RecordBuilder<'_>,
    ) -> Result<(), Fault> {
        for _ in 0..self.counts.next() {
            if let Some(piece) = self.next_piece(arena)? {
                record.shared_piece(piece);
            }
        }
        Ok(())
    }

    /// The next piece; `None` if a part of it is unknown.
    fn next_piece(&mut self, arena: Arena<'_>) -> Result<Option<Piece>, Fault> {
        let item = self.items.next();
        let state = match self.states.at(self.piece) {
            Some(state) => code(state).and_then(State::from_code),
            None => Some(State::Whole),
        };
        self.piece += 1;
        let Some((arg, role, phase)) = self.known else { return Ok(None) };
        let (from, len) = if self.in_dictionary {
            let index = usize::try_from(item).map_err(|_| Fault::Wrong)?;
            *arena.strings.get(index).ok_or(Fault::Wrong)?
        } else {
            let from = self.from;
            self.from += item as u32;
            (from, item as u32)
        };
        Ok(state.map(|state| Piece { arg, role, phase, state, from, len }))
    }
}
