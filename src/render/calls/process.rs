//! Processes: clone(2) and its kin, prctl(2), CPU sets.

use super::super::scalar::{address, bar, decimal, flags, hex, signal};
use super::super::structs::number;
use super::super::{Site, quote};
use crate::abi::{self, Abi};
use crate::event::{Phase, Role};

const CLONE_PIDFD: u64 = 0x1000;
const CLONE_SETTLS: u64 = 0x8_0000;
const CLONE_PARENT_SETTID: u64 = 0x10_0000;
const CLONE_CHILD_CLEARTID: u64 = 0x20_0000;
const CLONE_CHILD_SETTID: u64 = 0x100_0000;
const CSIGNAL: u64 = 0xff;

/// `clone(child_stack=…, flags=…`.
pub(super) fn clone_entry(site: &Site<'_>, out: &mut String) -> bool {
    out.push_str("child_stack=");
    address(site.word(1), out);
    out.push_str(", flags=");
    clone_flags(site.word(0), true, out);
    true
}

/// The arguments that the flags call for, in the order that glibc's clone has.
pub(super) fn clone_rest(site: &Site<'_>, out: &mut String) -> bool {
    let bits = site.word(0);
    // The order of the last two registers differs between ABIs.
    let (child, tls) = if matches!(site.abi, Abi::X86_64 | Abi::X32) { (3, 4) } else { (4, 3) };
    if bits & (CLONE_PARENT_SETTID | CLONE_PIDFD) != 0 {
        out.push_str(", parent_tid=");
        parent_tid(site, site.word(2), out);
    }
    if bits & CLONE_SETTLS != 0 {
        out.push_str(", tls=");
        address(site.word(tls), out);
    }
    if bits & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID) != 0 {
        out.push_str(", child_tidptr=");
        address(site.word(child), out);
    }
    true
}

/// The kernel writes there what it also returns.
fn parent_tid(site: &Site<'_>, pointer: u64, out: &mut String) {
    if site.record.is_begun() || site.record.failed || pointer == 0 {
        return address(pointer, out);
    }
    out.push('[');
    decimal(site.record.result, out);
    out.push(']');
}

fn clone_flags(bits: u64, has_signal: bool, out: &mut String) {
    let from = out.len();
    let (names, number) = if has_signal { (bits & !CSIGNAL, bits & CSIGNAL) } else { (bits, 0) };
    if names & 0xffff_ffff_ffff != 0 {
        match abi::set("clone3_flags").or_else(|| abi::set("clone_flags")) {
            Some(set) => flags(set, names, out),
            None => hex(names, out),
        }
    }
    if number != 0 {
        bar(from, out);
        signal(number, out);
    }
    if out.len() == from {
        out.push('0');
    }
}

/// A field of `struct clone_args`: eight bytes each.
fn clone_arg(bytes: &[u8], index: usize) -> u64 {
    number(bytes, index * 8, 8)
}

/// `clone3({flags=…, …}`.
pub(super) fn clone3_entry(site: &Site<'_>, out: &mut String) -> bool {
    let Some(bytes) = site.bytes(0, Phase::Entry) else { return false };
    let bits = clone_arg(bytes, 0);
    out.push_str("{flags=");
    clone_flags(bits, false, out);
    let pointers = [
        (CLONE_PIDFD, "pidfd", 1),
        (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, "child_tid", 2),
        (CLONE_PARENT_SETTID, "parent_tid", 3),
    ];
    for (_, name, index) in pointers.into_iter().filter(|(needs, ..)| bits & needs != 0) {
        field(name, out);
        address(clone_arg(bytes, index), out);
    }
    field("exit_signal", out);
    signal(clone_arg(bytes, 4), out);
    field("stack", out);
    address(clone_arg(bytes, 5), out);
    field("stack_size", out);
    hex(clone_arg(bytes, 6), out);
    if bits & CLONE_SETTLS != 0 {
        field("tls", out);
        address(clone_arg(bytes, 7), out);
    }
    out.push('}');
    true
}

fn field(name: &str, out: &mut String) {
    out.push_str(", ");
    out.push_str(name);
    out.push('=');
}

pub(super) fn clone3_rest(site: &Site<'_>, out: &mut String) -> bool {
    let Some(bytes) = site.bytes(0, Phase::Entry) else { return false };
    let is_told = clone_arg(bytes, 0) & CLONE_PARENT_SETTID != 0;
    if is_told && !site.record.failed && !site.record.is_begun() {
        out.push_str(" => {parent_tid=");
        parent_tid(site, clone_arg(bytes, 3), out);
        out.push('}');
    }
    out.push_str(", ");
    decimal(site.word(1), out);
    true
}

const PR_SET_PDEATHSIG: u64 = 1;
const PR_SET_NAME: u64 = 15;
const PR_GET_NAME: u64 = 16;
const PR_CAPBSET_READ: u64 = 23;
const PR_CAPBSET_DROP: u64 = 24;
/// `PR_GET_DUMPABLE`, `PR_GET_KEEPCAPS`, `PR_GET_TIMING`, `PR_GET_SECCOMP`,
/// `PR_GET_SECUREBITS`, `PR_GET_TIMERSLACK`.
const BARE: [u64; 6] = [3, 7, 13, 21, 27, 30];

pub(super) fn prctl_count(site: &Site<'_>) -> Option<usize> {
    match site.word(0) {
        PR_SET_PDEATHSIG | PR_SET_NAME | PR_GET_NAME | PR_CAPBSET_READ | PR_CAPBSET_DROP => Some(2),
        // PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_SECUREBITS, PR_SET_TIMERSLACK
        4 | 8 | 28 | 29 => Some(2),
        option => BARE.contains(&option).then_some(1),
    }
}

pub(super) fn prctl_argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    let word = site.word(arg);
    match (site.word(0), arg) {
        (PR_SET_NAME | PR_GET_NAME, 1) => match site.record.pieces.iter().find(|p| p.arg == 1) {
            Some(piece) if super::super::memory::readable(piece) => {
                let bytes = site.record.bytes(piece);
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                quote::quoted(&bytes[..end], out);
            }
            _ => address(word, out),
        },
        (PR_SET_PDEATHSIG, 1) => signal(word, out),
        (PR_CAPBSET_READ | PR_CAPBSET_DROP, 1) => {
            super::super::structs::named("capability", word, out);
        }
        (4 | 8, 1) => decimal(word, out),
        _ => hex(word, out),
    }
    true
}

/// The entry that the kernel has chosen, set_thread_area(2).
pub(super) fn segment_result(site: &Site<'_>, out: &mut String) {
    decimal(site.record.result, out);
    if let Some(entry) = super::pointee(site, 0, Phase::Exit, 4) {
        out.push_str(" (entry_number=");
        decimal(entry as i32, out);
        out.push(')');
    }
}

/// A policy, sched(7): the name of 0 is another one for people than the kernel's.
pub(super) fn policy(word: u64, out: &mut String) -> bool {
    const RESET_ON_FORK: u64 = 0x4000_0000;
    let policy = word & 0xffff_ffff & !RESET_ON_FORK;
    match policy {
        0 => out.push_str("SCHED_OTHER"),
        policy => super::super::structs::named("sched_policy", policy, out),
    }
    if word & RESET_ON_FORK != 0 {
        out.push_str("|SCHED_RESET_ON_FORK");
    }
    true
}

pub(super) fn policy_result(site: &Site<'_>, out: &mut String) {
    decimal(site.record.result, out);
    out.push_str(" (");
    policy(site.record.result as u64, out);
    out.push(')');
}

/// A CPU set: the numbers in it.
pub(super) fn cpus(site: &Site<'_>, out: &mut String) -> bool {
    let Some(piece) = site.record.piece(2, Role::Data) else { return false };
    if !super::super::memory::readable(piece) {
        return false;
    }
    let bytes = site.record.bytes(piece);
    out.push('[');
    let mut first = true;
    for cpu in (0..bytes.len() * 8).filter(|cpu| bytes[cpu / 8] >> (cpu % 8) & 1 != 0) {
        if !std::mem::take(&mut first) {
            out.push(' ');
        }
        decimal(cpu, out);
    }
    out.push(']');
    true
}
