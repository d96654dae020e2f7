//! The captured memory of a group: a column for each argument, role and phase.

use super::Sections;
use crate::event::{Batch, Piece, Section, State};
use crate::log::column;
use crate::log::dictionary::Dictionary;
use crate::log::layout::section;
use crate::log::msgpack::{put_array, put_int};

/// A memory column: pieces of one argument, role and phase.
#[derive(Debug, Default)]
struct Column {
    key: (u8, u8, u8),
    section: u8,
    /// Pieces of each record of the group.
    counts: Vec<i64>,
    pieces: Vec<Piece>,
}

/// The memory columns of a group; kept to be used again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    columns: Vec<Column>,
    /// How many of them are in use.
    used: usize,
    items: Vec<i64>,
    states: Vec<i64>,
}

impl Memory {
    /// Takes the pieces of all records of a group.
    pub(super) fn gather(&mut self, batch: &Batch, rows: &[u32]) {
        self.used = 0;
        for (position, row) in rows.iter().enumerate() {
            let mut near = 0;
            for piece in batch.pieces(*row as usize) {
                near = self.find(piece, near);
                let column = &mut self.columns[near];
                column.counts.resize(position + 1, 0);
                column.counts[position] += 1;
                column.pieces.push(*piece);
            }
        }
        let used = &mut self.columns[..self.used];
        for column in &mut *used {
            column.counts.resize(rows.len(), 0);
        }
        used.sort_unstable_by_key(|column| column.key);
    }

    /// The column of a piece. It is mostly the one of the piece before, or the
    /// next one.
    fn find(&mut self, piece: &Piece, near: usize) -> usize {
        let key = (piece.arg, piece.phase.code(), piece.role.code());
        let used = &self.columns[..self.used];
        let around = near..used.len().min(near + 2);
        let found = used[around].iter().position(|column| column.key == key).map(|at| near + at);
        found
            .or_else(|| used.iter().position(|column| column.key == key))
            .unwrap_or_else(|| self.add(key, section_code(piece.role.section())))
    }

    fn add(&mut self, key: (u8, u8, u8), section: u8) -> usize {
        if self.columns.len() == self.used {
            self.columns.push(Column::default());
        }
        let column = &mut self.columns[self.used];
        column.key = key;
        column.section = section;
        column.counts.clear();
        column.pieces.clear();
        self.used += 1;
        self.used - 1
    }

    /// Whether there is any.
    pub(super) const fn any(&self) -> bool {
        self.used > 0
    }

    /// Appends the columns, and the bytes to their sections.
    pub(super) fn write(
        &mut self,
        batch: &Batch,
        dictionary: &mut Dictionary,
        out: &mut Vec<u8>,
        sections: &mut Sections,
    ) {
        put_array(out, self.used);
        for column in &self.columns[..self.used] {
            self.items.clear();
            self.states.clear();
            for piece in &column.pieces {
                self.states.push(piece.state.code().into());
                let bytes = &mut sections[column.section as usize];
                self.items.push(item(batch, piece, column.section, dictionary, bytes));
            }
            column.write(&self.items, &self.states, out);
        }
    }
}

impl Column {
    fn write(&self, items: &[i64], states: &[i64], out: &mut Vec<u8>) {
        let (arg, phase, role) = self.key;
        let whole = states.iter().all(|state| *state == i64::from(State::Whole.code()));
        put_array(out, if whole { 6 } else { 7 });
        for code in [arg, phase, role, self.section] {
            put_int(out, code.into());
        }
        column::put(out, self.counts.iter().copied());
        column::put(out, items.iter().copied());
        if !whole {
            column::put(out, states.iter().copied());
        }
    }
}

/// What stands for a piece in its column; its bytes go where they belong.
fn item(
    batch: &Batch,
    piece: &Piece,
    section: u8,
    dictionary: &mut Dictionary,
    bytes: &mut Vec<u8>,
) -> i64 {
    let (from, len) = (piece.from, piece.len);
    if section == section::DICTIONARY {
        return dictionary.code(batch.arena(), from, len);
    }
    let range = from as usize..from as usize + len as usize;
    let piece = batch.arena().get(range).unwrap_or_default();
    bytes.extend_from_slice(piece);
    piece.len() as i64
}

/// Where the pieces of a role lie.
const fn section_code(section: Section) -> u8 {
    match section {
        Section::Dictionary => section::DICTIONARY,
        Section::Structs => section::STRUCTS,
        Section::Data => section::DATA,
    }
}
