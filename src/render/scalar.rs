//! Numbers and what they stand for.

use std::fmt::Write as _;

use super::Site;
use crate::abi::{self, Scalar, Set, Ty};
use crate::event::Phase;

const AT_FDCWD: i32 = -100;

/// Appends a number in hexadecimal; 0 is `0`.
pub(super) fn hex(value: u64, out: &mut String) {
    if value != 0 {
        out.push_str("0x");
    }
    digits::<16>(value, 1, out);
}

/// Appends an address; 0 is `NULL`.
pub(super) fn address(value: u64, out: &mut String) {
    if value == 0 { out.push_str("NULL") } else { hex(value, out) }
}

/// Appends a number.
pub(crate) fn decimal(value: impl itoa::Integer, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Appends a number in octal with a leading 0, in three digits at least.
pub(super) fn octal(value: u64, out: &mut String) {
    out.push('0');
    digits::<8>(value, 2, out);
}

/// Appends a number's digits in a base up to 16, so many at least. `write!` takes some
/// ten times as long, and there are several numbers in a call.
fn digits<const BASE: u64>(mut value: u64, width: usize, out: &mut String) {
    // 22 are enough for octal.
    let mut text = [b'0'; 24];
    let mut from = text.len();
    while value != 0 || text.len() - from < width {
        from -= 1;
        text[from] = b"0123456789abcdef"[(value % BASE) as usize];
        value /= BASE;
    }
    // All ASCII, so this does not fail.
    out.push_str(std::str::from_utf8(&text[from..]).unwrap_or_default());
}

/// Appends a signal's name; real-time ones are counted from the first.
pub(super) fn signal(number: u64, out: &mut String) {
    out.push_str(&signal_name(number));
}

fn signal_name(number: u64) -> String {
    match (u32::try_from(number).ok().and_then(abi::signal_name), number) {
        (Some(name), _) => name.to_owned(),
        (None, 32) => "SIGRTMIN".to_owned(),
        (None, 33..=64) => format!("SIGRT_{}", number - 32),
        (None, _) => number.to_string(),
    }
}

/// Appends a signal set as `[INT TERM]`; one that has most signals as `~[…]`
/// with those that it has not.
pub(super) fn signal_set(bits: u64, signals: u32, out: &mut String) {
    let all = if signals >= 64 { u64::MAX } else { (1 << signals) - 1 };
    let is_inverted = (bits & all).count_ones() >= signals * 2 / 3;
    let shown = if is_inverted { !bits & all } else { bits & all };
    out.push_str(if is_inverted { "~[" } else { "[" });
    let mut first = true;
    for number in (0..u64::from(signals)).filter(|bit| shown >> bit & 1 != 0).map(|bit| bit + 1) {
        if !std::mem::take(&mut first) {
            out.push(' ');
        }
        let name = signal_name(number);
        out.push_str(name.strip_prefix("SIG").unwrap_or(&name));
    }
    out.push(']');
}

/// Appends the name of a value, or the value and the set's prefix in a comment.
pub(super) fn one_of(set: &Set, value: u64, out: &mut String) {
    if let Some(name) = name_in(set, value) {
        out.push_str(name);
        return;
    }
    hex(value, out);
    if let Some(prefix) = prefix(set) {
        // Writing to a string does not fail.
        let _ = write!(out, " /* {prefix}??? */");
    }
}

/// The name of a value.
pub(super) fn name_in(set: &Set, value: u64) -> Option<&'static str> {
    set.entries.iter().find(|(known, _)| *known == value).map(|(_, name)| *name)
}

/// Appends names of bits; what is left over is a number.
pub(super) fn flags(set: &Set, value: u64, out: &mut String) {
    let from = out.len();
    let mut left = value;
    for (bits, name) in set.entries {
        let fits = if *bits == 0 { value == 0 } else { left & bits == *bits };
        if fits {
            bar(from, out);
            out.push_str(name);
            left &= !bits;
        }
    }
    if out.len() == from {
        hex(value, out);
        if let (true, Some(prefix)) = (value != 0, prefix(set)) {
            // Writing to a string does not fail.
            let _ = write!(out, " /* {prefix}??? */");
        }
    } else if left != 0 {
        bar(from, out);
        hex(left, out);
    }
}

/// Appends `|` unless nothing stands there since `from`.
pub(super) fn bar(from: usize, out: &mut String) {
    if out.len() > from {
        out.push('|');
    }
}

/// What the names of a set have in common, up to a `_`.
fn prefix(set: &Set) -> Option<&'static str> {
    let first = set.entries.first()?.1;
    let all = |prefix: &str| set.entries.iter().all(|(_, name)| name.starts_with(prefix));
    first.match_indices('_').map(|(at, _)| &first[..=at]).rfind(|prefix| all(prefix))
}

/// Appends open's flags: the access mode is a number, the rest are bits.
pub(super) fn open_flags(value: u64, out: &mut String) {
    if let Some(name) = abi::set("open_access").and_then(|set| name_in(set, value & 3)) {
        out.push_str(name);
    }
    if let (true, Some(set)) = (value & !3 != 0, abi::set("open_flags")) {
        out.push('|');
        flags(set, value & !3, out);
    }
}

/// Appends statx's flags: its way to synchronise is a number, and 0 has a name.
fn statx_flags(set: &Set, value: u64, out: &mut String) {
    const SYNC: u64 = 0x6000;
    if let Some(name) = name_in(set, 0).filter(|_| value != 0 && value & SYNC == 0) {
        out.push_str(name);
        out.push('|');
    }
    flags(set, value & 0xffff_ffff, out);
}

/// Appends a file's type and permission bits: `S_IFREG|0644`.
pub(super) fn file_mode(mode: u64, out: &mut String) {
    let from = out.len();
    if let Some(name) = abi::set("file_type").and_then(|set| name_in(set, mode & 0xf000)) {
        out.push_str(name);
    }
    if let Some(set) = abi::set("file_mode_bits").filter(|_| mode & 0xe00 != 0) {
        for (_, name) in set.entries.iter().rev().filter(|(bit, _)| mode & bit != 0) {
            bar(from, out);
            out.push_str(name);
        }
    }
    bar(from, out);
    octal(mode & 0o777, out);
}

/// Appends a device number as `makedev(major, minor)`, makedev(3).
pub(super) fn device(dev: u64, out: &mut String) {
    let major = (dev >> 8 & 0xfff) | (dev >> 32 & !0xfff);
    let minor = (dev & 0xff) | (dev >> 12 & 0xffff_ff00);
    out.push_str("makedev(");
    hex(major, out);
    out.push_str(", ");
    hex(minor & 0xffff_ffff, out);
    out.push(')');
}

impl Site<'_> {
    /// Appends a number or set.
    pub(super) fn value(&self, ty: Ty, value: u64, out: &mut String) {
        match ty {
            Ty::Scalar(scalar) => self.scalar(scalar, value, out),
            Ty::Enum(set) => one_of(set, enum_value(set, value), out),
            Ty::Flags(set) if set.name == "open_flags" => open_flags(value, out),
            Ty::Flags(set) if set.name == "statx_flags" => statx_flags(set, value, out),
            Ty::Flags(set) if set.entries.iter().all(|(bits, _)| *bits <= 0xffff_ffff) => {
                flags(set, value & 0xffff_ffff, out);
            }
            Ty::Flags(set) => flags(set, value, out),
            Ty::Memory(..) => address(value, out),
        }
    }

    fn scalar(&self, scalar: Scalar, value: u64, out: &mut String) {
        match scalar {
            Scalar::Int | Scalar::Pid => decimal(value as i32, out),
            Scalar::Uint => decimal(value as u32, out),
            Scalar::Uid | Scalar::Gid if value as u32 == u32::MAX => out.push_str("-1"),
            Scalar::Uid | Scalar::Gid => decimal(value as u32, out),
            Scalar::Long | Scalar::Off | Scalar::Time if self.abi.word() == 4 => {
                decimal(value as i32, out);
            }
            Scalar::Long | Scalar::Off | Scalar::Time | Scalar::S64 => decimal(value as i64, out),
            Scalar::Ulong | Scalar::Size | Scalar::U64 | Scalar::Lo | Scalar::Hi => {
                decimal(value, out);
            }
            Scalar::S16 => decimal(value as i16, out),
            Scalar::U16 => decimal(value as u16, out),
            Scalar::U8 => decimal(value as u8, out),
            Scalar::Hex => hex(value, out),
            Scalar::Addr => address(value, out),
            Scalar::DirFd if value as i32 == AT_FDCWD => {
                out.push_str("AT_FDCWD");
                self.description(AT_FDCWD, out);
            }
            Scalar::Fd | Scalar::DirFd => self.descriptor(value as i32, out),
            Scalar::Mode => file_mode(value & 0xffff, out),
            Scalar::Signal => signal(value & 0xffff_ffff, out),
            Scalar::Dev => device(value, out),
            Scalar::Void => {}
        }
    }

    /// Appends a descriptor, described where that is asked for.
    pub(super) fn descriptor(&self, fd: i32, out: &mut String) {
        decimal(fd, out);
        if fd >= 0 {
            self.description(fd, out);
        }
    }

    /// Appends a descriptor that the call returned.
    pub(super) fn returned(&self, fd: i32, out: &mut String) {
        decimal(fd, out);
        self.descriptors.describe(self.record.task, fd, Phase::Exit, out);
    }

    fn description(&self, fd: i32, out: &mut String) {
        self.descriptors.describe(self.record.task, fd, Phase::Entry, out);
    }

    /// Appends a 64-bit number that stands in two registers where words have 32
    /// bits, and in the first of them otherwise.
    pub(super) fn wide(&self, low: usize, out: &mut String) {
        let is_high = |arg: usize| matches!(self.ty(arg), Some(Ty::Scalar(Scalar::Hi)));
        let high = if is_high(low + 1) { low + 1 } else { low.saturating_sub(1) };
        let value = if self.abi.word() == 4 && is_high(high) {
            self.word(high) << 32 | self.word(low)
        } else {
            self.word(low)
        };
        decimal(value as i64, out);
    }
}

/// The low half where no value of the set needs more: the kernel looks at no more.
fn enum_value(set: &Set, value: u64) -> u64 {
    let is_negative = set.entries.iter().any(|(known, _)| (*known as i64) < 0);
    let is_wide = set.entries.iter().any(|(known, _)| *known > 0xffff_ffff);
    match (is_negative, is_wide) {
        (true, _) => i64::from(value as i32) as u64,
        (false, true) => value,
        (false, false) => value & 0xffff_ffff,
    }
}
