//! Calls whose text does not follow from their prototype, by family.

mod control;
mod files;
mod forms;
mod futex;
mod ipc;
mod ipc_control;
mod keys;
mod network;
mod option;
mod policy;
mod prctl;
mod process;
mod system;
mod time;
mod wait;

use super::scalar::{self, hex, octal};
use super::structs::number;
use super::{Site, directory};
use crate::abi::{Scalar, Ty};
use crate::event::Phase;

/// How many arguments the call at hand has, where that depends on one of them.
pub(super) fn count(site: &Site<'_>) -> Option<usize> {
    match site.name() {
        "open" | "openat" | "mq_open" => files::open_count(site),
        "mknod" | "mknodat" => files::node_count(site),
        "fcntl" | "fcntl64" => control::fcntl_count(site),
        "ioctl" => control::ioctl_count(site),
        // A new address only with MREMAP_FIXED or MREMAP_DONTUNMAP.
        "mremap" if site.word(3) & 6 == 0 => Some(4),
        "prctl" => prctl::count(site),
        "keyctl" => keys::count(site),
        "syslog" => system::log_count(site),
        // A processor to run on came later.
        "membarrier" => Some(2),
        // ipc(2) has one more, where the address goes: it is shown as the result.
        "shmat" => Some(3),
        "futex" | "futex_time64" => futex::count(site),
        _ => None,
    }
}

/// Whether the kernel's answer in an argument is shown in its place, at the end
/// of the call, and not behind the result.
pub(super) fn is_late(site: &Site<'_>, arg: usize) -> bool {
    match site.name() {
        "poll" | "ppoll" | "ppoll_time64" | "select" | "pselect6" | "pselect6_time64" => false,
        "fcntl" | "fcntl64" => control::fcntl_is_late(site),
        "ioctl" => control::ioctl_is_late(site),
        "futex" | "futex_time64" | "set_thread_area" => false,
        // The version that was asked for, not the one that the kernel prefers.
        "capget" | "capset" if arg == 0 => false,
        // The one that the kernel reads first is shown first.
        _ => arg > 0 || site.prototype.is_some_and(|prototype| prototype.params.len() > 1),
    }
}

/// Appends an argument that has a form of its own; says whether it has.
pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    let word = site.word(arg);
    match (site.name(), arg) {
        ("time", 0) => time::time_argument(site, out),
        ("mmap", 5) | ("rseq", 1 | 2) => hex(word, out),
        ("mmap2", 5) => hex(word << 12, out),
        ("getdents" | "getdents64", 1) => return directory::entries(site, out),
        // EPOLL_CTL_DEL looks at no event.
        ("epoll_ctl", 3) if site.word(1) == 2 => scalar::address(word, out),
        ("ioprio_set", 2) => policy::io_priority(word, out),
        ("memfd_create", 1) => return policy::huge_pages(site, arg, "MFD_HUGE_SHIFT", out),
        ("mmap" | "mmap2", 3) => return policy::huge_pages(site, arg, "MAP_HUGE_SHIFT", out),
        ("io_setup", 1) => return policy::aio_context(site, out),
        ("fallocate", 1) if word == 0 => out.push('0'),
        // Nothing remains of a sleep that was not interrupted.
        ("clock_nanosleep" | "clock_nanosleep_time64", 3) | ("nanosleep", 1)
            if !site.record.failed =>
        {
            scalar::address(word, out);
        }
        ("mknod" | "mknodat", _) if is_mode(site, arg) => scalar::file_mode(word, out),
        _ if is_mode(site, arg) => octal(word & 0xffff, out),
        ("prctl", 1..) => prctl::argument(site, arg, out),
        ("arch_prctl", 1) => prctl::arch_argument(site, out),
        ("keyctl", 1..) => keys::argument(site, arg, out),
        ("add_key", 4) | ("request_key", 3) => forms::key(word, out),
        ("personality", 0) => process::personality(word, out),
        _ => return family_argument(site, arg, out),
    }
    true
}

fn family_argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    match (site.name(), arg) {
        ("fcntl" | "fcntl64", 2) => control::fcntl_argument(site, out),
        ("ioctl", 1 | 2) => control::ioctl_argument(site, arg, out),
        ("capget" | "capset", 1) => process::capabilities(site, out),
        ("futex" | "futex_time64", 2..) => futex::argument(site, arg, out),
        ("getrandom", 0) => files::random(site, out),
        ("wait4" | "waitpid", 1) => wait::status(site, out),
        ("socket" | "socketpair", 2) => network::protocol(site, out),
        ("setsockopt" | "getsockopt", 2 | 3) => option::argument(site, arg, out),
        ("sched_getaffinity" | "sched_setaffinity", 2) => process::cpus(site, out),
        ("set_mempolicy" | "get_mempolicy", 1) | ("mbind", 3) | ("migrate_pages", 2 | 3) => {
            policy::nodes(site, arg, out)
        }
        ("get_mempolicy", 0) => policy::mode(site, out),
        ("msgctl" | "shmctl", 2) => ipc_control::argument(site, arg, out),
        ("semctl", 3) if ipc_control::argument(site, arg, out) => true,
        ("copy_file_range" | "splice", 1 | 3) => files::offset(site, arg, false, out),
        ("sendfile" | "sendfile64", 2) => files::offset(site, arg, true, out),
        ("syslog", 0) => system::log_action(site, out),
        ("sched_setscheduler", 1) => process::policy(site.word(1), out),
        ("pselect6" | "pselect6_time64", 5) => wait::pselect_mask(site, out),
        _ => ipc::argument(site, arg, out),
    }
}

fn is_mode(site: &Site<'_>, arg: usize) -> bool {
    matches!(site.ty(arg), Some(Ty::Scalar(Scalar::Mode)))
}

/// Appends what a call that orders its arguments otherwise shows at its entry.
pub(super) fn entry(site: &Site<'_>, out: &mut String) -> bool {
    match site.name() {
        "clone" => process::clone_entry(site, out),
        "clone3" => process::clone3_entry(site, out),
        _ => false,
    }
}

/// Appends what such a call shows when it has ended.
pub(super) fn rest(site: &Site<'_>, out: &mut String) -> bool {
    match site.name() {
        "clone" => process::clone_rest(site, out),
        "clone3" => process::clone3_rest(site, out),
        _ => false,
    }
}

/// Appends a result that says more than a number.
pub(super) fn result(site: &Site<'_>, out: &mut String) -> bool {
    match site.name() {
        "set_thread_area" => process::segment_result(site, out),
        "sched_getscheduler" => process::policy_result(site, out),
        "time" => time::time_result(site, out),
        "adjtimex" | "clock_adjtime" | "clock_adjtime64" => time::clock_state(site, out),
        _ => return family_result(site, out),
    }
    true
}

fn family_result(site: &Site<'_>, out: &mut String) -> bool {
    match site.name() {
        "fcntl" | "fcntl64" => control::fcntl_result(site, out),
        "poll" | "ppoll" | "ppoll_time64" => wait::poll_result(site, out),
        "select" | "pselect6" | "pselect6_time64" => wait::select_result(site, out),
        "shmat" => ipc::attached(site, out),
        "ioprio_get" => {
            policy::io_priority_result(site.record.result as u64, out);
            true
        }
        "prctl" => prctl::result(site, out),
        "membarrier" => process::barrier_result(site, out),
        "personality" => {
            let value = site.record.result as u64;
            explained(value, out, |out| process::personality(value, out));
            true
        }
        _ => false,
    }
}

/// Appends a result in hexadecimal and in parentheses what it means.
fn explained(value: u64, out: &mut String, meaning: impl FnOnce(&mut String)) {
    hex(value, out);
    out.push_str(" (");
    meaning(out);
    out.push(')');
}

/// Whether an argument means nothing and is left out, although one behind it does not.
pub(super) fn is_hidden(site: &Site<'_>, arg: usize) -> bool {
    match site.name() {
        "futex" | "futex_time64" => futex::is_hidden(site, arg),
        _ => false,
    }
}

/// A little-endian number of what argument `arg` points to.
fn pointee(site: &Site<'_>, arg: usize, phase: Phase, size: usize) -> Option<u64> {
    let bytes = site.bytes(arg, phase)?;
    (bytes.len() >= size).then(|| number(bytes, 0, size))
}
