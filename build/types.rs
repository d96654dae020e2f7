//! The types that parameters and fields have in the tables.

use crate::lines::{Line, Mistake};
use crate::sets::Sets;

/// `(word, variant, bytes with 8-byte words, bytes with 4-byte words)`.
const SCALARS: &[(&str, &str, u32, u32)] = &[
    ("int", "Int", 4, 4),
    ("uint", "Uint", 4, 4),
    ("long", "Long", 8, 4),
    ("ulong", "Ulong", 8, 4),
    ("s64", "S64", 8, 8),
    ("u64", "U64", 8, 8),
    ("s16", "S16", 2, 2),
    ("u16", "U16", 2, 2),
    ("u8", "U8", 1, 1),
    ("hex", "Hex", 8, 4),
    ("addr", "Addr", 8, 4),
    ("fd", "Fd", 4, 4),
    ("dirfd", "DirFd", 4, 4),
    ("pid", "Pid", 4, 4),
    ("uid", "Uid", 4, 4),
    ("gid", "Gid", 4, 4),
    ("mode", "Mode", 4, 4),
    ("size", "Size", 8, 4),
    ("off", "Off", 8, 8),
    ("lo", "Lo", 8, 4),
    ("hi", "Hi", 8, 4),
    ("signal", "Signal", 4, 4),
    ("dev", "Dev", 8, 8),
    ("time", "Time", 8, 4),
    ("void", "Void", 0, 0),
];

/// A scalar's variant and its sizes in memory.
pub(crate) fn scalar(word: &str) -> Option<(&'static str, [u32; 2])> {
    let found = SCALARS.iter().find(|(name, ..)| *name == word)?;
    Some((found.1, [found.2, found.3]))
}

/// `head[inside]`, or `head` alone.
pub(crate) fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('[') {
        Some((head, rest)) => (head, rest.strip_suffix(']')),
        None => (word, None),
    }
}

/// A value in a register or field: a `Ty` expression.
pub(crate) fn value(
    line: &Line,
    word: &str,
    sets: &Sets,
    abi: &str,
) -> Result<Option<String>, Mistake> {
    let (head, inside) = split(word);
    if let (Some((variant, _)), None) = (scalar(word), inside) {
        return Ok(Some(format!("Ty::Scalar(Scalar::{variant})")));
    }
    let ("flags" | "enum", Some(name)) = (head, inside) else { return Ok(None) };
    let Some(constant) = sets.get(name, abi) else {
        return Err(line.mistake(format!("there is no set `{name}`")));
    };
    // A set of values may lie in a field that also holds flags, and the other way round.
    let variant = if head == "flags" { "Flags" } else { "Enum" };
    Ok(Some(format!("Ty::{variant}(&{constant})")))
}
