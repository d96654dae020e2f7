//! Where in a file a call reads, writes, seeks or cuts, by its arguments.

use super::plan::Plan;
use crate::abi::{Prototype, Ty};
use crate::event::{Phase, Record};

/// How a call says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// It does not: the open file's offset.
    Current,
    /// By an argument.
    Word(u8),
    /// By two, the lower half first: of an ABI whose words are that long the lower one
    /// has all of it.
    Halves(u8),
    /// By what an argument points to, for the descriptor before it or behind it.
    Pointers,
    /// It sets the open file's offset.
    Seek,
}

/// Where a transfer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Current,
    Offset(u64),
    Unknown,
}

impl Position {
    pub(super) fn of(prototype: &Prototype) -> Self {
        if matches!(prototype.name, "lseek" | "_llseek") {
            return Self::Seek;
        }
        for (arg, param) in (0..).zip(prototype.params) {
            match (param.name, param.ty) {
                ("off_in" | "off_out", _) | ("offset", Ty::Memory(..)) => return Self::Pointers,
                ("offset", Ty::Scalar(_)) => return Self::Word(arg),
                ("offset_low", _) => return Self::Halves(arg),
                _ => {}
            }
        }
        Self::Current
    }
}

/// Where a call reads from or writes to the descriptor in argument `fd`.
pub(super) fn explicit(record: &Record<'_>, plan: &Plan, fd: u8) -> At {
    let word = |arg: u8| record.words.get(usize::from(arg)).copied().unwrap_or_default();
    match plan.position {
        Position::Current | Position::Seek => At::Current,
        Position::Word(arg) => At::Offset(word(arg)),
        Position::Halves(arg) => match halves(record, arg) {
            u64::MAX if plan.prototype.name.ends_with("v2") => At::Current, // preadv2(2)
            offset => At::Offset(offset),
        },
        Position::Pointers => pointer(plan.prototype, fd).map_or(At::Current, |arg| {
            if word(arg) == 0 {
                return At::Current;
            }
            let entry =
                record.pieces.iter().find(|one| one.arg == arg && one.phase == Phase::Entry);
            let bytes = entry.and_then(|piece| record.bytes(piece).first_chunk::<8>());
            bytes.map_or(At::Unknown, |bytes| At::Offset(u64::from_le_bytes(*bytes)))
        }),
    }
}

/// The pointer to the offset of the descriptor in argument `fd`.
fn pointer(prototype: &Prototype, fd: u8) -> Option<u8> {
    let wanted = match prototype.params.get(usize::from(fd))?.name {
        "fd_in" => "off_in",
        "fd_out" => "off_out",
        "in_fd" => "offset",
        _ => return None,
    };
    let at = prototype.params.iter().position(|param| param.name == wanted)?;
    u8::try_from(at).ok()
}

fn halves(record: &Record<'_>, low: u8) -> u64 {
    let word = |arg: u8| record.words.get(usize::from(arg)).copied().unwrap_or_default();
    let is_wide = record.call.is_some_and(|call| call.abi.word() == 8);
    if is_wide { word(low) } else { word(low) & 0xffff_ffff | word(low + 1) << 32 }
}

/// The offset that a seek set.
pub(super) fn sought(record: &Record<'_>, plan: &Plan) -> Option<u64> {
    if plan.prototype.name == "lseek" {
        return u64::try_from(record.result).ok();
    }
    let piece = record.pieces.iter().find(|one| one.arg == 3 && one.phase == Phase::Exit)?;
    record.bytes(piece).first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The length that a truncate(2) set; `None` for what does something else.
pub(super) fn length(record: &Record<'_>, plan: &Plan) -> Option<u64> {
    let at = |name| plan.prototype.params.iter().position(|param| param.name == name);
    if let Some(arg) = at("length") {
        return record.words.get(arg).copied();
    }
    at("length_low").map(|low| halves(record, low as u8))
}
