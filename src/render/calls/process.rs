//! Processes: clone(2) and its kin, CPU sets, personalities, capabilities.

use super::super::Site;
use super::super::scalar::{address, bar, decimal, flags, hex, signal};
use super::super::structs::number;
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

/// A personality: a number in the lowest byte, and flags (linux/personality.h).
pub(super) fn personality(word: u64, out: &mut String) {
    const NUMBER: u64 = 0xff;
    const QUERY: u64 = 0xffff_ffff;
    let word = word & 0xffff_ffff;
    let Some(set) = abi::set("personality").filter(|_| word != QUERY) else {
        return hex(word, out);
    };
    let mut entries = set.entries.iter();
    match entries.find(|(value, _)| *value == word & NUMBER) {
        Some((_, name)) => out.push_str(name),
        None if word & NUMBER == NUMBER => out.push_str("PER_MASK"),
        None => {
            hex(word & NUMBER, out);
            out.push_str(" /* PER_??? */");
        }
    }
    let mut left = word & !NUMBER;
    let is_flag = |value: u64| value & NUMBER == 0 && value != 0;
    for (bit, name) in set.entries.iter().filter(|(value, _)| is_flag(*value)) {
        if left & bit != 0 {
            out.push('|');
            out.push_str(name);
            left &= !bit;
        }
    }
    if left != 0 {
        out.push('|');
        hex(left, out);
    }
}

/// capget(2) and capset(2): since the second version in two halves, which are one
/// set of 64 bits.
pub(super) fn capabilities(site: &Site<'_>, out: &mut String) -> bool {
    const VERSION_1: u64 = 0x1998_0330;
    const FIELDS: [&str; 3] = ["effective", "permitted", "inheritable"];
    let phase = if site.name() == "capget" { Phase::Exit } else { Phase::Entry };
    let (Some(header), Some(bytes)) = (site.bytes(0, Phase::Entry), site.bytes(1, phase)) else {
        return false;
    };
    let is_wide = number(header, 0, 4) != VERSION_1;
    for (index, name) in FIELDS.into_iter().enumerate() {
        out.push_str(if index == 0 { "{" } else { ", " });
        out.push_str(name);
        out.push('=');
        let high = if is_wide { number(bytes, 12 + 4 * index, 4) } else { 0 };
        capability_set(high << 32 | number(bytes, 4 * index, 4), out);
    }
    out.push('}');
    true
}

fn capability_set(bits: u64, out: &mut String) {
    let from = out.len();
    let known = abi::set("capability").map_or(&[][..], |set| set.entries);
    let mut left = bits;
    for (number, name) in known.iter().filter(|(number, _)| *number < 64) {
        if left >> number & 1 != 0 {
            bar(from, out);
            out.push_str("1<<");
            out.push_str(name);
            left &= !(1 << number);
        }
    }
    if left != 0 || bits == 0 {
        bar(from, out);
        hex(left, out);
    }
}

/// membarrier(2): a query answers with the commands that there are.
pub(super) fn barrier_result(site: &Site<'_>, out: &mut String) -> bool {
    let value = site.record.result as u64;
    let is_query = site.word(0) == 0 && value != 0;
    if is_query {
        super::explained(value, out, |out| super::forms::bits("membarrier_cmd", value, out));
    }
    is_query
}
