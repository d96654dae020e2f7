//! Words and quantities in pictures: harmless, and no longer than there is room.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::abi::{errno_name, errno_text, signal_name};
use crate::flow::graph::{Amount, End, Failure, Graph};

/// Bytes as text that shows what they are, and can neither steer a terminal nor turn the
/// text around it: control characters, marks of direction, what XML cannot hold, and
/// bytes that are no text become escapes.
pub fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_harmless(c) { text.push(c) } else { text.extend(c.escape_default()) }
        }
        for byte in chunk.invalid() {
            text.push_str("\\x");
            text.extend([byte >> 4, byte & 15].map(hex));
        }
    }
    text
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('?')
}

fn is_harmless(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}');
    !(c.is_control() || turns || breaks)
}

/// The text, if it fits into so many columns of a terminal; else its beginning and its
/// end: those tell most of paths and command lines.
pub fn shortened(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let room = width.saturating_sub(1);
    let front = taken(text.chars(), room - room / 2);
    let back = taken(text.chars().rev(), room / 2);
    let back: String = back.chars().rev().collect();
    [&front, "…", &back].concat().into()
}

/// As many characters as fit.
fn taken(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut left = width;
    let fits = |c: &char| {
        let wide = c.width().unwrap_or_default();
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    chars.take_while(fits).collect()
}

/// A length of time in nanoseconds, in the units that people have for it.
pub fn time_text(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => scaled(ns, 1_000, "µs"),
        1_000_000..1_000_000_000 => scaled(ns, 1_000_000, "ms"),
        1_000_000_000..60_000_000_000 => scaled(ns, 1_000_000_000, "s"),
        60_000_000_000..3_600_000_000_000 => two(minutes, "min", seconds % 60, "s"),
        3_600_000_000_000..86_400_000_000_000 => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// The larger unit, and what is left in the smaller one.
fn two(large: u64, unit: &str, small: u64, rest: &str) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {rest}") }
}

/// A number of bytes in decimal units.
pub fn size_text(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => scaled(bytes, 1_000, "kB"),
        1_000_000..1_000_000_000 => scaled(bytes, 1_000_000, "MB"),
        1_000_000_000..1_000_000_000_000 => scaled(bytes, 1_000_000_000, "GB"),
        _ => scaled(bytes, 1_000_000_000_000, "TB"),
    }
}

/// The same of a number that may be the least; `None` where nothing is known.
pub fn amount_text(amount: Amount) -> Option<String> {
    match amount {
        Amount { bytes: 0, is_at_least: true } => None,
        Amount { bytes, is_at_least: true } => Some(["≥ ", &size_text(bytes)].concat()),
        Amount { bytes, .. } => Some(size_text(bytes)),
    }
}

/// With one decimal below ten; cut and not rounded, so that 999.9 is no 1000.
fn scaled(value: u64, unit: u64, name: &str) -> String {
    let (whole, tenth) = (value / unit, value % unit * 10 / unit);
    if whole < 10 && tenth > 0 {
        format!("{whole}.{tenth} {name}")
    } else {
        format!("{whole} {name}")
    }
}

/// How a process ended.
pub fn end_text(end: End) -> Cow<'static, str> {
    match end {
        End::None => "still running".into(),
        End::LetGo => "let go".into(),
        End::Exited(code) => format!("exit {code}").into(),
        End::Killed { signal, core } => {
            let core = if core { ", core dumped" } else { "" };
            format!("killed by {}{core}", signal_text(signal.into())).into()
        }
    }
}

/// Why a process failed: `openat(/none) = ENOENT (No such file or directory)`.
pub fn reason_text(failure: &Failure, graph: &Graph) -> String {
    readable(&failure.to_bytes(graph))
}

/// The same without what it was about: `openat: No such file or directory`.
pub fn error_text(failure: &Failure) -> String {
    let name = failure.prototype.map_or("?", |prototype| prototype.name);
    let number = failure.errno.to_string();
    let named = || errno_name(failure.errno).unwrap_or(&number);
    [name, ": ", errno_text(failure.errno).unwrap_or_else(named)].concat()
}

/// Words in lines that are not much longer than `width`.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + word.width() < width => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The name of a signal, or its number.
pub fn signal_text(signal: u32) -> Cow<'static, str> {
    signal_name(signal).map_or_else(|| format!("signal {signal}").into(), Cow::from)
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_or_turns_the_text() {
        let odd = "a\x1b[2J\n\u{202e}é".as_bytes();
        assert_eq!(readable(&[odd, b"\xff"].concat()), "a\\u{1b}[2J\\n\\u{202e}é\\xff");
    }

    #[test]
    fn the_middle_is_what_is_left_out() {
        assert_eq!(shortened("/usr/share/doc/x.txt", 12), "/usr/s…x.txt");
        assert_eq!(shortened("日本語日本語", 7), "日…語");
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("long", 0), "…");
    }

    #[test]
    fn times_and_sizes_for_people() {
        const S: u64 = 1_000_000_000;
        let times = [12, 3_100, 31_000_000, 4 * S + 320_000_000, 125 * S, 3 * 3600 * S, 90_000 * S];
        let shown = ["12 ns", "3.1 µs", "31 ms", "4.3 s", "2 min 5 s", "3 h", "1 d 1 h"];
        assert_eq!(times.map(time_text), shown);
        assert_eq!(
            [0, 999, 1_234_567, 999_999].map(size_text),
            ["0 B", "999 B", "1.2 MB", "999 kB"]
        );
        assert_eq!(amount_text(Amount::UNKNOWN), None);
    }
}
