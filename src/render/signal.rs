//! Signals, stops and ends of tasks.

use std::fmt::Write as _;

use super::scalar::{address, decimal, signal};
use super::structs::{named, number};
use crate::abi::{Abi, errno_name};
use crate::event::{Kind, Record, Role};

const SIGCHLD: u64 = 17;
const SIGSYS: u64 = 31;
/// SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV: an address comes with them.
const FAULTS: [(u64, &str); 5] = [
    (4, "si_code_ill"),
    (5, "si_code_trap"),
    (7, "si_code_bus"),
    (8, "si_code_fpe"),
    (11, "si_code_segv"),
];

/// Appends `--- SIGCHLD {…} ---`.
pub(super) fn delivery(record: &Record<'_>, out: &mut String) {
    out.push_str("--- ");
    signal(record.words[0], out);
    out.push(' ');
    match record.piece(0, Role::Struct) {
        // The tracer gets the siginfo in its own layout, whatever the tracee's.
        Some(piece) if piece.len >= 16 => siginfo(Abi::X86_64, record.bytes(piece), out),
        _ => out.push_str("{}"),
    }
    out.push_str(" ---");
}

/// Appends `--- stopped by SIGSTOP ---`.
pub fn stop(record: &Record<'_>, out: &mut String) {
    out.push_str("--- stopped by ");
    signal(record.words[0], out);
    out.push_str(" ---");
}

/// Appends `+++ exited with 0 +++` and the like; `superseded` is the thread id of
/// the thread whose execve ended this one.
pub fn exit(record: &Record<'_>, superseded: Option<u32>, out: &mut String) {
    let [code, killer, dumped, ..] = record.words;
    if let Some(tid) = superseded {
        out.push_str("+++ superseded by execve in pid ");
        decimal(tid, out);
    } else if killer != 0 {
        out.push_str("+++ killed by ");
        signal(killer, out);
        if dumped != 0 {
            out.push_str(" (core dumped)");
        }
    } else {
        out.push_str("+++ exited with ");
        decimal(code, out);
    }
    out.push_str(" +++");
}

/// What a line of its own says of a record that is no call; `None` for kinds
/// that strace shows nothing of.
pub(super) fn line(record: &Record<'_>, superseded: Option<u32>, out: &mut String) -> Option<()> {
    match record.kind {
        Kind::Signal => delivery(record, out),
        Kind::Stop => stop(record, out),
        Kind::Exit => exit(record, superseded, out),
        _ => return None,
    }
    Some(())
}

/// Appends a `siginfo_t`, sigaction(2).
pub fn siginfo(abi: Abi, bytes: &[u8], out: &mut String) {
    let (signo, errno) = (number(bytes, 0, 4), number(bytes, 4, 4));
    let code = number(bytes, 8, 4) as i32;
    out.push_str("{si_signo=");
    signal(signo, out);
    if let Some(name) = u16::try_from(errno).ok().filter(|errno| *errno != 0).and_then(errno_name) {
        out.push_str(", si_errno=");
        out.push_str(name);
    }
    out.push_str(", si_code=");
    code_name(signo, code, out);
    // The union is aligned to a pointer.
    let body = bytes.get(if abi.word() == 8 { 16 } else { 12 }..).unwrap_or_default();
    fields(abi, signo, code, body, out);
    out.push('}');
}

fn code_name(signo: u64, code: i32, out: &mut String) {
    const SI_KERNEL: i32 = 0x80;
    let fault = FAULTS.iter().find(|(number, _)| *number == signo).map(|(_, set)| *set);
    let set = match (code, signo) {
        (SI_KERNEL | ..=0, _) => "si_code",
        (_, SIGCHLD) => "si_code_chld",
        (_, SIGSYS) => "si_code_sys",
        (_, 29) => "si_code_poll",
        _ => fault.unwrap_or("si_code"),
    };
    named(set, i64::from(code) as u64, out);
}

fn fields(abi: Abi, signo: u64, code: i32, body: &[u8], out: &mut String) {
    const SI_KERNEL: i32 = 0x80;
    const SI_TIMER: i32 = -2;
    match (code, signo) {
        (SI_KERNEL, 1..=3 | 6 | 9..) if signo != 11 => {}
        (SI_TIMER, _) => {
            field(", si_timerid=", number(body, 0, 4) as i32, out);
            field(", si_overrun=", number(body, 4, 4) as i32, out);
            value(abi, body, out);
        }
        (1.., SIGCHLD) => child(abi, code, body, out),
        (1.., SIGSYS) => {
            out.push_str(", si_call_addr=");
            address(number(body, 0, abi.word()), out);
            field(", si_syscall=", number(body, abi.word(), 4) as i32, out);
        }
        (1.., _) if FAULTS.iter().any(|(number, _)| *number == signo) => {
            out.push_str(", si_addr=");
            address(number(body, 0, abi.word()), out);
        }
        _ => {
            field(", si_pid=", number(body, 0, 4) as i32, out);
            field(", si_uid=", number(body, 4, 4) as u32, out);
            if code < 0 && code != -6 {
                value(abi, body, out);
            }
        }
    }
}

fn field(name: &str, value: impl itoa::Integer, out: &mut String) {
    out.push_str(name);
    decimal(value, out);
}

/// `union sigval`, both ways to read it.
fn value(abi: Abi, body: &[u8], out: &mut String) {
    field(", si_int=", number(body, 8, 4) as i32, out);
    out.push_str(", si_ptr=");
    address(number(body, 8, abi.word()), out);
}

/// Clock ticks, of which userland has a hundred a second (times(2)).
fn ticks(name: &str, ticks: u64, out: &mut String) {
    field(name, ticks, out);
    if ticks != 0 {
        // Writing to a string does not fail.
        let _ = write!(out, " /* {}.{:02} s */", ticks / 100, ticks % 100);
    }
}

fn child(abi: Abi, code: i32, body: &[u8], out: &mut String) {
    const CLD_EXITED: i32 = 1;
    field(", si_pid=", number(body, 0, 4) as i32, out);
    field(", si_uid=", number(body, 4, 4) as u32, out);
    let status = number(body, 8, 4);
    out.push_str(", si_status=");
    if code == CLD_EXITED {
        decimal(status as i32, out);
    } else {
        signal(status, out);
    }
    let times = if abi.word() == 8 { 16 } else { 12 };
    ticks(", si_utime=", number(body, times, abi.word()), out);
    ticks(", si_stime=", number(body, times + abi.word(), abi.word()), out);
}
