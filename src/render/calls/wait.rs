//! Waiting: for children, and for descriptors.

use super::super::memory::list;
use super::super::scalar::{address, decimal, flags, signal, signal_set};
use super::super::structs::number;
use super::super::{Site, memory};
use super::pointee;
use crate::abi::{self, Memory, Ty};
use crate::event::{Phase, Role};

/// What became of a child, in the macros of wait(2).
pub(super) fn status(site: &Site<'_>, out: &mut String) -> bool {
    // Without a child to tell of, nothing was written.
    let Some(status) = pointee(site, 1, Phase::Exit, 4).filter(|_| site.record.result > 0) else {
        address(site.word(1), out);
        return true;
    };
    let low = status & 0x7f;
    let high = status >> 8 & 0xff;
    out.push_str("[{");
    match (low, status & 0xff) {
        _ if status & 0xffff == 0xffff => out.push_str("WIFCONTINUED(s)"),
        (0, _) => {
            out.push_str("WIFEXITED(s) && WEXITSTATUS(s) == ");
            decimal(high, out);
        }
        (_, 0x7f) => {
            out.push_str("WIFSTOPPED(s) && WSTOPSIG(s) == ");
            stop_signal(high, out);
        }
        (killer, whole) => {
            out.push_str("WIFSIGNALED(s) && WTERMSIG(s) == ");
            signal(killer, out);
            if whole & 0x80 != 0 {
                out.push_str(" && WCOREDUMP(s)");
            }
        }
    }
    out.push_str("}]");
    true
}

/// The stop of a system call, under ptrace, has bit 7 set.
fn stop_signal(number: u64, out: &mut String) {
    signal(number & 0x7f, out);
    if number & 0x80 != 0 {
        out.push_str(" | 0x80");
    }
}

/// `1 ([{fd=3, revents=POLLIN}])`.
pub(super) fn poll_result(site: &Site<'_>, out: &mut String) -> bool {
    const SIZE: usize = 8; // of a struct pollfd
    decimal(site.record.result, out);
    if site.record.result == 0 {
        out.push_str(" (Timeout)");
        return true;
    }
    let ready = site.bytes(0, Phase::Exit).unwrap_or_default().chunks_exact(SIZE);
    let ready = ready.filter(|one| number(one, 6, 2) != 0);
    out.push_str(" (");
    list(ready, out, |one, out| {
        out.push_str("{fd=");
        decimal(number(one, 0, 4) as i32, out);
        out.push_str(", revents=");
        if let Some(set) = abi::set("poll_events") {
            flags(set, number(one, 6, 2), out);
        }
        out.push('}');
    });
    left(site, 2, out);
    out.push(')');
    true
}

/// `1 (in [3], left {tv_sec=1, tv_usec=0})`.
pub(super) fn select_result(site: &Site<'_>, out: &mut String) -> bool {
    decimal(site.record.result, out);
    if site.record.result == 0 {
        out.push_str(" (Timeout)");
        return true;
    }
    out.push_str(" (");
    let from = out.len();
    for (arg, word) in [(1, "in "), (2, "out "), (3, "except ")] {
        let set = site.bytes(arg, Phase::Exit);
        if let Some(set) = set.filter(|set| set.iter().any(|byte| *byte != 0)) {
            if out.len() > from {
                out.push_str(", ");
            }
            out.push_str(word);
            memory::set_members(set, decimal, out);
        }
    }
    left(site, 4, out);
    out.push(')');
    true
}

/// The time that is left, where the kernel says so.
fn left(site: &Site<'_>, arg: usize, out: &mut String) {
    let Some(Ty::Memory(_, Memory::Struct(one, _))) = site.ty(arg) else { return };
    if let Some(bytes) = site.bytes(arg, Phase::Exit) {
        out.push_str(", left ");
        site.structure(one, bytes, out);
    }
}

/// pselect(2) passes its signal set with its size in a struct.
pub(super) fn pselect_mask(site: &Site<'_>, out: &mut String) -> bool {
    let Some(piece) = site.record.piece(5, Role::Struct).filter(|p| memory::readable(p)) else {
        return false;
    };
    let (bytes, word) = (site.record.bytes(piece), site.abi.word());
    out.push_str("{sigmask=");
    match site.record.piece(5, Role::Bits).filter(|p| memory::readable(p)) {
        Some(mask) => {
            let mask = site.record.bytes(mask);
            let signals = mask.len().min(8) as u32 * 8;
            signal_set(number(mask, 0, mask.len().min(8)), signals, out);
        }
        None => address(number(bytes, 0, word), out),
    }
    out.push_str(", sigsetsize=");
    decimal(number(bytes, word, word), out);
    out.push('}');
    true
}
