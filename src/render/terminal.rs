//! A terminal's settings, termios(3) and linux/termio.h.

use super::scalar::{bar, decimal, flags, hex, name_in};
use super::structs::{View, named};
use super::{Site, memory};
use crate::abi;

/// Fields of `c_oflag` that hold a number: each has a name for 0 too.
const DELAYS: [(u64, &str); 6] = [
    (0x100, "termios_nldly"),
    (0x600, "termios_crdly"),
    (0x1800, "termios_tabdly"),
    (0x2000, "termios_bsdly"),
    (0x4000, "termios_vtdly"),
    (0x8000, "termios_ffdly"),
];
/// `CBAUD` and `CSIZE` of `c_cflag`; the input's speed is `CIBAUD`.
const SPEED: u64 = 0x100f;
const SIZE: u64 = 0x30;
const INPUT_SPEED: (u64, u32) = (0x100f_0000, 16);
const CONTROL: [(u64, &str); 2] = [(SPEED, "termios_speed"), (SIZE, "termios_size")];

/// Appends a `struct termios`, `termios2` or `termio`: what controls the terminal,
/// and with `-v` its characters.
pub(super) fn settings(site: &Site<'_>, name: &str, view: View<'_>, out: &mut String) {
    out.push_str("{c_iflag=");
    bits("termios_iflag", view.get("c_iflag"), out);
    out.push_str(", c_oflag=");
    parts(&DELAYS, "termios_oflag", view.get("c_oflag"), out);
    out.push_str(", c_cflag=");
    control(view.get("c_cflag"), out);
    out.push_str(", c_lflag=");
    bits("termios_lflag", view.get("c_lflag"), out);
    if !site.style.verbose {
        out.push_str(", ...}");
        return;
    }
    out.push_str(", c_line=");
    named("line_discipline", view.get("c_line"), out);
    out.push_str(", c_cc=");
    memory::list(view.raw("c_cc").iter().enumerate(), out, |(index, character), out| {
        out.push('[');
        match abi::set("termios_cc").and_then(|set| name_in(set, index as u64)) {
            Some(name) => out.push_str(name),
            None => decimal(index, out),
        }
        out.push_str("]=");
        hex(u64::from(*character), out);
    });
    if name == "termios2" {
        out.push_str(", c_ispeed=");
        decimal(view.get("c_ispeed"), out);
        out.push_str(", c_ospeed=");
        decimal(view.get("c_ospeed"), out);
    }
    out.push('}');
}

/// Bits alone; nothing where none is set.
fn bits(set: &str, word: u64, out: &mut String) {
    match abi::set(set) {
        _ if word == 0 => {}
        Some(set) => flags(set, word, out),
        None => hex(word, out),
    }
}

/// Small numbers by their names, then the other bits behind a bar, were they none.
fn parts(numbers: &[(u64, &str)], set: &str, word: u64, out: &mut String) {
    let mut rest = word;
    for (mask, names) in numbers {
        named(names, word & mask, out);
        out.push('|');
        rest &= !mask;
    }
    bits(set, rest, out);
}

/// `c_cflag`: the speeds, the size of a character, and bits.
fn control(word: u64, out: &mut String) {
    let (mask, shift) = INPUT_SPEED;
    let input = (word & mask) >> shift;
    if input == 0 {
        return parts(&CONTROL, "termios_cflag", word, out);
    }
    let from = out.len();
    named("termios_speed", word & SPEED, out);
    bar(from, out);
    named("termios_speed", input, out);
    out.push_str("<<IBSHIFT|");
    parts(&CONTROL[1..], "termios_cflag", word & !mask & !SPEED, out);
}
