//! What a directory holds, getdents(2): how many entries, and with `-v` which.

use super::scalar::{address, decimal};
use super::structs::{named, number};
use super::{Site, memory, quote};
use crate::event::{Role, State};

/// An entry, whichever of the two calls has told it.
struct Entry<'a> {
    inode: u64,
    offset: u64,
    length: usize,
    name: &'a [u8],
    kind: u64,
}

/// Takes the first entry off; `None` where there is no whole one.
fn take<'a>(bytes: &mut &'a [u8], word: usize, is_new: bool) -> Option<Entry<'a>> {
    // d_ino, d_off, d_reclen; the new call has d_type before the name, the old one
    // in the entry's last byte.
    let length = number(bytes, 2 * word, 2) as usize;
    let (entry, rest) = bytes.split_at_checked(length)?;
    let (kind, name) = match entry.get(2 * word + 2..)? {
        [kind, name @ ..] if is_new => (kind, name),
        [name @ .., kind] if !is_new => (kind, name),
        _ => return None,
    };
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    *bytes = rest;
    Some(Entry {
        inode: number(entry, 0, word),
        offset: number(entry, word, word),
        length,
        name: &name[..end],
        kind: u64::from(*kind),
    })
}

/// Appends the entries in the buffer of `getdents` or `getdents64`; says whether
/// there is a buffer that was filled.
pub(super) fn entries(site: &Site<'_>, out: &mut String) -> bool {
    let record = site.record;
    let mut bytes = match record.piece(1, Role::Struct) {
        Some(piece) if piece.state == State::Whole => record.bytes(piece),
        None if !record.failed && !record.is_begun() && record.result == 0 => &[],
        _ => return false,
    };
    let is_new = site.name() == "getdents64";
    let word = if is_new { 8 } else { site.abi.word() };
    let all = std::iter::from_fn(|| take(&mut bytes, word, is_new));
    if site.style.verbose {
        memory::list(all, out, |entry, out| shown(&entry, is_new, word, out));
        return true;
    }
    let count = all.count();
    address(site.word(1), out);
    out.push_str(" /* ");
    decimal(count, out);
    out.push_str(if count == 1 { " entry */" } else { " entries */" });
    true
}

fn shown(entry: &Entry<'_>, is_new: bool, word: usize, out: &mut String) {
    out.push_str("{d_ino=");
    decimal(entry.inode, out);
    out.push_str(", d_off=");
    if word == 8 {
        decimal(entry.offset as i64, out);
    } else {
        decimal(entry.offset, out);
    }
    out.push_str(", d_reclen=");
    decimal(entry.length, out);
    let name = |out: &mut String| {
        out.push_str(", d_name=");
        quote::quoted(entry.name, out);
    };
    if !is_new {
        name(out);
    }
    out.push_str(", d_type=");
    named("dirent_type", entry.kind, out);
    if is_new {
        name(out);
    }
    out.push('}');
}
