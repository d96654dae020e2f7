//! futex(2): which arguments there are depends on the operation.

use std::fmt::Write as _;

use super::super::Site;
use super::super::scalar::{address, decimal, hex};
use super::super::structs::named;
use crate::abi;
use crate::event::Phase;

/// The operation without `FUTEX_PRIVATE_FLAG` and `FUTEX_CLOCK_REALTIME`.
fn operation(site: &Site<'_>) -> u64 {
    site.word(1) & 0x7f
}

/// WAKE and FD end with the value, UNLOCK_PI and TRYLOCK_PI before it; WAIT and
/// the PI locks with the timeout; REQUEUE and WAIT_REQUEUE_PI with another address.
pub(super) fn count(site: &Site<'_>) -> Option<usize> {
    match operation(site) {
        7 | 8 => Some(2),
        1 | 2 => Some(3),
        0 | 6 | 13 => Some(4),
        3 | 11 => Some(5),
        _ => None,
    }
}

/// A bit set comes last, whatever lies between: `WAIT_BITSET` has no other address,
/// `WAKE_BITSET` no timeout either.
pub(super) fn is_hidden(site: &Site<'_>, arg: usize) -> bool {
    matches!((operation(site), arg), (9, 4) | (10, 3 | 4))
}

pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    let word = site.word(arg);
    match (operation(site), arg) {
        // A timeout for those that wait, a count for the others.
        (0 | 6 | 9 | 11 | 13, 3) => timeout(site, out),
        (3 | 4 | 5 | 12, 3) => decimal(word as u32, out),
        (9 | 10, 5) if word as u32 == u32::MAX => out.push_str("FUTEX_BITSET_MATCH_ANY"),
        (4 | 12, 5) => decimal(word as u32, out),
        (5, 5) => wake_op(word, out),
        (_, 5) => hex(word & 0xffff_ffff, out),
        _ => return false,
    }
    true
}

/// What WAKE_OP does to the second word, and how it compares it, futex(2).
fn wake_op(word: u64, out: &mut String) {
    const SHIFTS: u64 = 8;
    let parts = [
        ("futex_wake_op", word >> 28 & 7, 28, word >> 12 & 0xfff, 12),
        ("futex_wake_cmp", word >> 24 & 0xf, 24, word & 0xfff, 0),
    ];
    if word >> 28 & SHIFTS != 0 {
        out.push_str("FUTEX_OP_OPARG_SHIFT<<28|");
    }
    for (set, operation, at, operand, shift) in parts {
        named(set, operation, out);
        // Writing to a string does not fail.
        let _ = write!(out, "<<{at}|");
        hex(operand, out);
        if shift > 0 {
            let _ = write!(out, "<<{shift}|");
        }
    }
}

fn timeout(site: &Site<'_>, out: &mut String) {
    let wide = site.name() == "futex_time64";
    let layout = abi::structure(if wide { "timespec64" } else { "timespec" });
    match (site.bytes(3, Phase::Entry), layout) {
        (Some(bytes), Some(layout)) => site.structure(layout, bytes, out),
        _ => address(site.word(3), out),
    }
}
