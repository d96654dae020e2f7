//! The strings of a block: each once, in the order of first use, without the
//! bytes that it shares with the beginning of the one before.

use super::column::{self, Column};
use super::layout::BLOCK_BYTES;
use super::msgpack::{Cursor, Fault, put_bin_head, put_key, put_map};
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// The dictionary of a block that is being written. It holds no strings but
/// remembers where they are.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    entries: Vec<Entry>,
    /// Index of an entry plus one, by hash with linear probing; 0: free. Its
    /// length is a power of two, at least twice the number of entries.
    slots: Vec<u32>,
    shared: Vec<i64>,
    rest: Vec<i64>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    from: u32,
    len: u32,
}

impl Dictionary {
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.slots.fill(0);
        self.shared.clear();
        self.rest.clear();
        self.bytes.clear();
    }

    /// What stands for the string that `arena` holds at `from`: 0 if it has not
    /// come before, else one more than its index. All strings of a block must
    /// come from the same arena.
    pub(super) fn code(&mut self, arena: &[u8], from: u32, len: u32) -> i64 {
        let fresh = self.entries.len() as u32;
        let index = self.index(arena, from, len);
        if index == fresh { 0 } else { i64::from(index) + 1 }
    }

    fn index(&mut self, arena: &[u8], from: u32, len: u32) -> u32 {
        if self.slots.len() < 2 * (self.entries.len() + 1) {
            self.grow();
        }
        let string = slice(arena, from, len);
        let hash = hash(string);
        let mask = self.slots.len() - 1;
        let mut slot = (hash >> 32) as usize & mask;
        while let Some(index) = self.slots[slot].checked_sub(1) {
            let entry = self.entries[index as usize];
            if entry.hash == hash && slice(arena, entry.from, entry.len) == string {
                return index;
            }
            slot = (slot + 1) & mask;
        }
        let index = self.entries.len() as u32;
        self.slots[slot] = index + 1;
        self.append(arena, string);
        self.entries.push(Entry { hash, from, len });
        index
    }

    /// Writes the string as what differs from the one before.
    fn append(&mut self, arena: &[u8], string: &[u8]) {
        let before = self.entries.last().map_or(&[][..], |e| slice(arena, e.from, e.len));
        let shared = string.iter().zip(before).take_while(|(a, b)| a == b).count();
        self.shared.push(shared as i64);
        self.rest.push((string.len() - shared) as i64);
        self.bytes.extend_from_slice(&string[shared..]);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        self.slots.clear();
        self.slots.resize(size, 0);
        for (index, entry) in (1..).zip(&self.entries) {
            let mut slot = (entry.hash >> 32) as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = index;
        }
    }

    /// Appends the section's bytes: nothing, if there is no string.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.entries.is_empty() {
            return;
        }
        put_map(out, 3);
        put_key(out, "shared");
        column::put_list(out, &self.shared);
        put_key(out, "rest");
        column::put_list(out, &self.rest);
        put_key(out, "bytes");
        put_bin_head(out, self.bytes.len());
        out.extend_from_slice(&self.bytes);
    }
}

fn slice(arena: &[u8], from: u32, len: u32) -> &[u8] {
    arena.get(from as usize..from as usize + len as usize).unwrap_or_default()
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    // The best bits of an FxHash are the upper ones after its final rotation
    // and multiplication; `finish` alone leaves the low bits to the table.
    hasher.finish().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Puts the strings of a section behind one another into `bytes`, and where
/// each lies into `strings`, as (from, length).
pub(super) fn read(
    section: &[u8],
    bytes: &mut Vec<u8>,
    strings: &mut Vec<(u32, u32)>,
) -> Result<(), Fault> {
    let mut cursor = Cursor::new(section);
    let (mut shared, mut rest, mut tails) = (None, None, &[][..]);
    for _ in 0..cursor.map()? {
        match cursor.str()? {
            b"shared" => shared = Some(Column::read_list(&mut cursor)?),
            b"rest" => rest = Some(Column::read_list(&mut cursor)?),
            b"bytes" => tails = cursor.bin()?,
            _ => cursor.skip()?,
        }
    }
    let (Some((shared, count)), Some((rest, rests))) = (shared, rest) else {
        return Err(Fault::Wrong);
    };
    if count != rests {
        return Err(Fault::Wrong);
    }
    expand(shared, rest, count, Cursor::new(tails), bytes, strings)
}

fn expand(
    mut shared: Column<'_>,
    mut rest: Column<'_>,
    count: usize,
    mut tails: Cursor<'_>,
    bytes: &mut Vec<u8>,
    strings: &mut Vec<(u32, u32)>,
) -> Result<(), Fault> {
    let (mut before, mut before_len) = (bytes.len(), 0);
    for _ in 0..count {
        let head = usize::try_from(shared.next()).map_err(|_| Fault::Wrong)?;
        let tail = usize::try_from(rest.next()).map_err(|_| Fault::Wrong)?;
        let tail = tails.take(tail)?;
        let from = bytes.len();
        // Few bytes can claim to stand for many: each string may share all of a
        // long one before it.
        if head > before_len || from + head + tail.len() > BLOCK_BYTES {
            return Err(Fault::Wrong);
        }
        bytes.extend_from_within(before..before + head);
        bytes.extend_from_slice(tail);
        (before, before_len) = (from, head + tail.len());
        strings.push((from as u32, before_len as u32));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_each_once() {
        let words: Vec<Vec<u8>> = (0..5000)
            .map(|i| format!("/usr/share/doc/{}/{}", i % 70, i % 900).into_bytes())
            .chain([Vec::new(), vec![0xff; 70_000]])
            .collect();
        let (mut arena, mut places) = (Vec::new(), Vec::new());
        for word in &words {
            places.push((arena.len() as u32, word.len() as u32));
            arena.extend_from_slice(word);
        }
        let mut dictionary = Dictionary::default();
        for round in 0..2 {
            let indices: Vec<u32> =
                places.iter().map(|(from, len)| dictionary.index(&arena, *from, *len)).collect();
            let mut section = Vec::new();
            dictionary.write(&mut section);
            let (mut bytes, mut strings) = (Vec::new(), Vec::new());
            read(&section, &mut bytes, &mut strings).unwrap();
            let distinct: std::collections::HashSet<_> = words.iter().collect();
            assert_eq!(strings.len(), distinct.len(), "round {round}");
            for (word, index) in words.iter().zip(indices) {
                let (from, len) = strings[index as usize];
                assert_eq!(slice(&bytes, from, len), word);
            }
            dictionary.clear();
        }
    }

    #[test]
    fn a_small_dictionary_that_claims_to_be_huge_is_refused() {
        let (mut section, long) = (Vec::new(), 1 << 20);
        let mut shared = vec![long; 1000];
        shared[0] = 0;
        let mut rest = vec![0; 1000];
        rest[0] = long;
        put_map(&mut section, 3);
        put_key(&mut section, "shared");
        column::put_list(&mut section, &shared);
        put_key(&mut section, "rest");
        column::put_list(&mut section, &rest);
        put_key(&mut section, "bytes");
        put_bin_head(&mut section, long as usize);
        section.resize(section.len() + long as usize, 0);
        assert_eq!(read(&section, &mut Vec::new(), &mut Vec::new()), Err(Fault::Wrong));
    }
}
