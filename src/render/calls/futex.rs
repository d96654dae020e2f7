//! futex(2): which arguments there are depends on the operation.

use super::super::Site;
use super::super::scalar::{address, decimal, hex};
use crate::abi;
use crate::event::Phase;

/// The operation without `FUTEX_PRIVATE_FLAG` and `FUTEX_CLOCK_REALTIME`.
fn operation(site: &Site<'_>) -> u64 {
    site.word(1) & 0x7f
}

/// WAKE and FD end with the value, UNLOCK_PI and TRYLOCK_PI before it; WAIT and
/// the PI locks with the timeout; WAKE_OP and REQUEUE take another address.
pub(super) fn count(site: &Site<'_>) -> Option<usize> {
    match operation(site) {
        7 | 8 => Some(2),
        1 | 2 => Some(3),
        0 | 6 | 13 => Some(4),
        3 => Some(5),
        _ => None,
    }
}

pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    let word = site.word(arg);
    match (operation(site), arg) {
        // A timeout for those that wait, a count for the others.
        (0 | 6 | 9 | 11 | 13, 3) => timeout(site, out),
        (3 | 4 | 5 | 12, 3) => decimal(word as u32, out),
        (10, 3 | 4) | (9, 4) => address(word, out),
        (9 | 10, 5) if word as u32 == u32::MAX => out.push_str("FUTEX_BITSET_MATCH_ANY"),
        (_, 5) => hex(word & 0xffff_ffff, out),
        _ => return false,
    }
    true
}

fn timeout(site: &Site<'_>, out: &mut String) {
    let wide = site.name() == "futex_time64";
    let layout = abi::structure(if wide { "timespec64" } else { "timespec" });
    match (site.bytes(3, Phase::Entry), layout) {
        (Some(bytes), Some(layout)) => site.structure(layout, bytes, out),
        _ => address(site.word(3), out),
    }
}
