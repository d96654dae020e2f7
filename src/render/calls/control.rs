//! fcntl(2) and ioctl(2): the argument depends on the command.

use super::super::scalar::{self, decimal, flags, hex, one_of};
use super::super::structs::View;
use super::super::{Site, interface, quote};
use super::{forms, pointee};
use crate::abi::{self, Argument, Dir, Pointee, Struct, Ty};
use crate::event::Phase;

const F_DUPFD: u64 = 0;
const F_GETFD: u64 = 1;
const F_SETFD: u64 = 2;
const F_GETFL: u64 = 3;
const F_SETFL: u64 = 4;
const F_GETLK: [u64; 3] = [5, 12, 36];
const F_SETLK: [u64; 6] = [6, 7, 13, 14, 37, 38];
const F_SETOWN: u64 = 8;
const F_SETSIG: u64 = 10;
const F_SETOWN_EX: u64 = 15;
const F_GETOWN_EX: u64 = 16;
const F_SETLEASE: u64 = 1024;
const F_GETLEASE: u64 = 1025;
const F_NOTIFY: u64 = 1026;
const F_DUPFD_CLOEXEC: u64 = 1030;
const F_SETPIPE_SZ: u64 = 1031;
const F_ADD_SEALS: u64 = 1033;
const F_GET_SEALS: u64 = 1034;
/// `F_GETFD`, `F_GETFL`, `F_GETOWN`, `F_GETSIG`, `F_GETLEASE`, `F_GETPIPE_SZ`, `F_GET_SEALS`.
const BARE: [u64; 7] = [1, 3, 9, 11, 1025, 1032, 1034];

pub(super) fn fcntl_count(site: &Site<'_>) -> Option<usize> {
    BARE.contains(&site.word(1)).then_some(2)
}

pub(super) fn fcntl_is_late(site: &Site<'_>) -> bool {
    F_GETLK.contains(&site.word(1)) || site.word(1) == F_GETOWN_EX
}

pub(super) fn fcntl_argument(site: &Site<'_>, out: &mut String) -> bool {
    let word = site.word(2);
    let named = |set: &str, out: &mut String| match abi::set(set) {
        Some(set) => flags(set, word & 0xffff_ffff, out),
        None => hex(word, out),
    };
    match site.word(1) {
        F_DUPFD | F_DUPFD_CLOEXEC | F_SETPIPE_SZ | F_SETOWN => decimal(word as i32, out),
        F_SETFD => named("fd_flags", out),
        F_SETFL => scalar::open_flags(word, out),
        F_SETSIG => scalar::signal(word, out),
        F_SETLEASE => super::super::structs::named("lease_type", word, out),
        F_ADD_SEALS => named("seal_flags", out),
        F_NOTIFY => named("notify_flags", out),
        F_SETOWN_EX | F_GETOWN_EX => owner(site, out),
        command if F_GETLK.contains(&command) || F_SETLK.contains(&command) => lock(site, out),
        _ => hex(word, out),
    }
    true
}

/// Whom signals of the descriptor go to.
fn owner(site: &Site<'_>, out: &mut String) {
    let phase = if site.word(1) == F_GETOWN_EX { Phase::Exit } else { Phase::Entry };
    match (site.bytes(2, phase), abi::structure("f_owner_ex")) {
        (Some(bytes), Some(layout)) => site.structure(layout, bytes, out),
        _ => scalar::address(site.word(2), out),
    }
}

/// The lock; whose it is, only where the kernel says so.
fn lock(site: &Site<'_>, out: &mut String) {
    let has_owner = F_GETLK.contains(&site.word(1));
    let phase = if has_owner { Phase::Exit } else { Phase::Entry };
    let wide = !matches!(site.word(1), 5..=7);
    let layout = abi::structure(if wide { "flock64" } else { "flock" });
    let (Some(bytes), Some(layout)) = (site.bytes(2, phase), layout) else {
        return scalar::address(site.word(2), out);
    };
    site.structure(layout, bytes, out);
    if !has_owner && let Some(owner) = out.rfind(", l_pid=") {
        out.truncate(owner);
        out.push('}');
    }
}

pub(super) fn fcntl_result(site: &Site<'_>, out: &mut String) -> bool {
    let value = site.record.result as u64;
    let (word, set) = match site.word(1) {
        F_DUPFD | F_DUPFD_CLOEXEC => {
            site.returned(value as i32, out);
            return true;
        }
        F_GETLEASE => {
            super::explained(value, out, |out| {
                super::super::structs::named("lease_type", value, out);
            });
            return true;
        }
        F_GETFL => ("flags", "open_flags"),
        F_GETFD => ("flags", "fd_flags"),
        F_GET_SEALS => ("seals", "seal_flags"),
        _ => return false,
    };
    hex(value, out);
    if value == 0 && set != "open_flags" {
        return true;
    }
    out.push_str(" (");
    out.push_str(word);
    out.push(' ');
    match abi::set(set) {
        Some(_) if set == "open_flags" => scalar::open_flags(value, out),
        Some(set) => flags(set, value, out),
        None => hex(value, out),
    }
    out.push(')');
    true
}

fn request(site: &Site<'_>) -> Option<&'static abi::Request> {
    abi::ioctl(site.word(1) as u32)
}

pub(super) fn ioctl_count(site: &Site<'_>) -> Option<usize> {
    matches!(request(site)?.argument, Argument::None).then_some(2)
}

pub(super) fn ioctl_is_late(site: &Site<'_>) -> bool {
    match request(site).map(|request| request.argument) {
        Some(Argument::Memory(dir, _)) => dir != Dir::In,
        _ => false,
    }
}

pub(super) fn ioctl_argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    if arg == 1 {
        match request(site) {
            Some(request) => named_request(request.name, out),
            None => unknown_request(site.word(1) as u32, out),
        }
        return true;
    }
    match request(site).map(|request| request.argument) {
        Some(Argument::Value(ty)) => site.value(ty, site.word(2), out),
        Some(Argument::Memory(dir, pointee)) => ioctl_memory(site, dir, pointee, out),
        _ => hex(site.word(2), out),
    }
    true
}

fn ioctl_memory(site: &Site<'_>, dir: Dir, what: Pointee, out: &mut String) {
    let phase = if dir == Dir::In || site.record.failed { Phase::Entry } else { Phase::Exit };
    let Some(bytes) = site.bytes(2, phase).or_else(|| site.bytes(2, Phase::Entry)) else {
        return scalar::address(site.word(2), out);
    };
    match what {
        Pointee::Struct(one, _) if one.name == "fiemap" => extents(site, one, bytes, out),
        Pointee::Struct(one, _) if one.name == "ifconf" => interface::list(site, bytes, out),
        Pointee::Struct(one, _)
            if one.name.starts_with("ifreq") && interface::request(site, bytes, out) => {}
        Pointee::Struct(one, 1) if !one.is_scalar() => site.structure(one, bytes, out),
        Pointee::Struct(one, _) => site.array(one, bytes, out),
        Pointee::Value(ty) => {
            let value = pointee(site, 2, phase, 4).unwrap_or_default();
            out.push('[');
            match ty {
                Ty::Enum(set) => one_of(set, value, out),
                ty => site.value(ty, value, out),
            }
            out.push(']');
        }
        Pointee::Bytes(_) | Pointee::Str => {
            quote::cut(bytes, site.style.string_limit, false, out);
        }
    }
}

/// What is asked of a file's extents, and how many there are: they themselves are
/// not in the log.
fn extents(site: &Site<'_>, one: &'static Struct, after: &[u8], out: &mut String) {
    let asked = View::new(site, one, site.bytes(2, Phase::Entry).unwrap_or(after));
    let told = View::new(site, one, after);
    for (text, field) in [("{fm_start=", "fm_start"), (", fm_length=", "fm_length")] {
        out.push_str(text);
        decimal(asked.get(field), out);
    }
    out.push_str(", fm_flags=");
    forms::bits("fiemap_flags", asked.get("fm_flags"), out);
    out.push_str(", fm_extent_count=");
    decimal(asked.get("fm_extent_count"), out);
    if !site.record.failed {
        out.push_str("} => {fm_flags=");
        forms::bits("fiemap_flags", told.get("fm_flags"), out);
        out.push_str(", fm_mapped_extents=");
        decimal(told.get("fm_mapped_extents"), out);
        out.push_str(", ...");
    }
    out.push('}');
}

/// Requests that have the number of another driver's, which strace names first.
const SHARED: [(&str, &str); 4] = [
    ("TCSETS", "SNDCTL_TMR_START or "),
    ("TCSETSW", "SNDCTL_TMR_STOP or "),
    ("TCSETSF", "SNDCTL_TMR_CONTINUE or "),
    ("FICLONE", "BTRFS_IOC_CLONE or "),
];

fn named_request(name: &str, out: &mut String) {
    let other = SHARED.iter().find(|(known, _)| *known == name);
    out.push_str(other.map_or("", |(_, other)| other));
    out.push_str(name);
}

/// A request without a name, taken apart as `_IOC` puts it together (linux/ioctl.h).
fn unknown_request(number: u32, out: &mut String) {
    let direction = ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"];
    out.push_str("_IOC(");
    out.push_str(direction[(number >> 30) as usize]);
    for part in [number >> 8 & 0xff, number & 0xff, number >> 16 & 0x3fff] {
        out.push_str(", ");
        hex(part.into(), out);
    }
    out.push(')');
}
