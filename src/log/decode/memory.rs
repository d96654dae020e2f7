//! The captured memory of a group.

use super::group::code;
use super::{Arena, Place};
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

/// Where the next column starts: which string of the dictionary is the next that
/// has not come before, and where in the arena the bytes of structs and of data
/// are, which are in the order of columns.
#[derive(Debug)]
pub(super) struct Places {
    fresh: u32,
    structs: Place,
    data: Place,
}

impl Places {
    pub(super) fn of(arena: Arena<'_>) -> Self {
        Self { fresh: 0, structs: arena.structs, data: arena.data }
    }

    /// Takes what the pieces of a column have: strings or bytes.
    fn take(&mut self, section: u8, items: Column<'_>, pieces: usize) -> Result<u32, Fault> {
        match section {
            section::DICTIONARY => Ok(self.take_strings(items, pieces)),
            section::STRUCTS | section::DATA => self.take_bytes(section, items, pieces),
            _ => Ok(0),
        }
    }

    fn take_strings(&mut self, mut codes: Column<'_>, pieces: usize) -> u32 {
        let start = self.fresh;
        // There are no more pieces than `Budget` allows.
        self.fresh += (0..pieces).filter(|_| codes.next() == 0).count() as u32;
        start
    }

    fn take_bytes(
        &mut self,
        section: u8,
        mut lengths: Column<'_>,
        pieces: usize,
    ) -> Result<u32, Fault> {
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
    states: Column<'a>,
    /// The next string that has not come before, or where in the arena the bytes
    /// of the next piece are.
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
        let has_bytes = matches!(section, section::STRUCTS | section::DATA);
        let items = Column::read(cursor, pieces)?;
        let from = places.take(section, items, pieces)?;
        let states = if more > 0 { Column::read(cursor, pieces)? } else { Column::default() };
        (1..more).try_for_each(|_| cursor.skip())?;

        let known = code(arg)
            .zip(code(role).and_then(Role::from_code))
            .zip(code(phase).and_then(Phase::from_code))
            .map(|((arg, role), phase)| (arg, role, phase))
            .filter(|_| in_dictionary || has_bytes);
        Ok(Self { known, in_dictionary, counts, items, states, from })
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
        let state = code(self.states.next()).and_then(State::from_code);
        let Some((arg, role, phase)) = self.known else { return Ok(None) };
        let (from, len) = if self.in_dictionary {
            *arena.strings.get(self.string(item)?).ok_or(Fault::Wrong)?
        } else {
            let from = self.from;
            self.from += item as u32;
            (from, item as u32)
        };
        Ok(state.map(|state| Piece { arg, role, phase, state, from, len }))
    }

    /// Index of the string that a code stands for.
    fn string(&mut self, code: i64) -> Result<usize, Fault> {
        if code != 0 {
            return usize::try_from(code.wrapping_sub(1)).map_err(|_| Fault::Wrong);
        }
        self.from += 1;
        Ok(self.from as usize - 1)
    }
}
