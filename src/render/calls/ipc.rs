//! System V IPC: keys, permissions beside flags, messages.

use super::super::scalar::{address, bar, decimal, flags, hex, octal, one_of};
use super::super::structs::number;
use super::super::{Site, memory, quote};
use crate::abi::{self, Ty};
use crate::event::{Phase, State};

pub(super) fn argument(site: &Site<'_>, arg: usize, out: &mut String) -> bool {
    match (site.name(), arg) {
        ("msgget" | "shmget" | "semget", 0) => key(site.word(0), out),
        ("msgget", 1) | ("shmget" | "semget", 2) => permissions(site, arg, out),
        ("msgsnd" | "msgrcv", 1) => return message(site, out),
        ("semctl", 3) => semaphores(site, out),
        _ => return false,
    }
    true
}

/// `IPC_PRIVATE` is 0; every other key is the program's own.
fn key(key: u64, out: &mut String) {
    match abi::set("ipc_key").filter(|_| key == 0) {
        Some(set) => one_of(set, key, out),
        None => hex(key & 0xffff_ffff, out),
    }
}

/// Flags, and in the lowest nine bits a mode.
fn permissions(site: &Site<'_>, arg: usize, out: &mut String) {
    const MODE: u64 = 0o777;
    let word = site.word(arg);
    let from = out.len();
    if let Some(Ty::Flags(set)) = site.ty(arg).filter(|_| word & !MODE != 0) {
        flags(set, word & !MODE, out);
    }
    bar(from, out);
    octal(word & MODE, out);
}

/// A `struct msgbuf`: a type and a text, msgop(2).
fn message(site: &Site<'_>, out: &mut String) -> bool {
    let word = site.abi.word();
    let phase = if site.name() == "msgrcv" { Phase::Exit } else { Phase::Entry };
    let pieces = site.record.pieces.iter().filter(|piece| piece.arg == 1);
    let Some(piece) = pieces.into_iter().find(|p| p.phase == phase && memory::readable(p)) else {
        return false;
    };
    let bytes = site.record.bytes(piece);
    let Some(text) = bytes.get(word..) else { return false };
    out.push_str("{mtype=");
    let kind = number(bytes, 0, word);
    if word == 4 {
        decimal(kind as i32, out);
    } else {
        decimal(kind as i64, out);
    }
    out.push_str(", mtext=");
    quote::cut(text, site.style.string_limit, piece.state == State::Cut, out);
    out.push('}');
    true
}

/// A `union semun`, of which ipc(2) takes the address.
fn semaphores(site: &Site<'_>, out: &mut String) {
    let word = site.word(3);
    if is_subcall(site) {
        out.push('[');
        address(word, out);
        out.push(']');
    } else {
        address(word, out);
    }
}

/// Whether the call was made through another one.
fn is_subcall(site: &Site<'_>) -> bool {
    site.record.call.is_some_and(|call| abi::is_subcall(call.abi, call.nr))
}

/// ipc(2) gives the address of shmat(2) in memory.
pub(super) fn attached(site: &Site<'_>, out: &mut String) -> bool {
    let word = site.abi.word();
    let address_of = || super::pointee(site, 3, Phase::Exit, word);
    match address_of().filter(|_| is_subcall(site)) {
        Some(address) => hex(address, out),
        None => return false,
    }
    true
}
