//! Arguments whose memory depends on another argument, a line a command.

use super::tables::{Argument, Pointee, ioctl, structure};
use super::types::{Abi, Dir, Len, Memory, Prototype, Ty};

/// What argument `arg` of a call points to, where its prototype says *irregular*.
/// `None`: nothing, or nothing that is known.
pub fn resolve(
    abi: Abi,
    prototype: &Prototype,
    args: &[u64; 6],
    arg: usize,
) -> Option<(Dir, Memory)> {
    match (prototype.name, arg) {
        ("ioctl", 2) => ioctl_argument(args[1] as u32),
        ("fcntl" | "fcntl64", 2) => fcntl(args[1] as u32),
        ("futex", 3) => futex(args[1] as u32, "timespec"),
        ("futex_time64", 3) => futex(args[1] as u32, "timespec64"),
        ("clone", 2) => {
            const CLONE_PARENT_SETTID: u64 = 0x10_0000; // linux/sched.h
            (args[0] & CLONE_PARENT_SETTID != 0).then_some(())?;
            Some((Dir::Out, Memory::Bytes(Len::Const(4))))
        }
        ("prctl", 1) => prctl(args[0] as u32),
        ("socketcall", 1) => {
            // Words that each sub-call takes (net/socket.c), by its number.
            const WORDS: [u32; 21] =
                [0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4];
            let words = *WORDS.get(usize::try_from(args[0]).ok()?)?;
            Some((Dir::In, Memory::Bytes(Len::Const(words * abi.word() as u32))))
        }
        _ => None,
    }
}

fn one(dir: Dir, name: &str) -> Option<(Dir, Memory)> {
    Some((dir, Memory::Struct(structure(name)?, Len::Const(1))))
}

/// `fcntl(2)`; numbers of asm-generic/fcntl.h, the 64-bit locks are i386's.
fn fcntl(command: u32) -> Option<(Dir, Memory)> {
    match command {
        5 => one(Dir::InOut, "flock"),      // F_GETLK
        6 | 7 => one(Dir::In, "flock"),     // F_SETLK, F_SETLKW
        12 => one(Dir::InOut, "flock64"),   // F_GETLK64
        13 | 14 => one(Dir::In, "flock64"), // F_SETLK64, F_SETLKW64
        15 => one(Dir::In, "f_owner_ex"),   // F_SETOWN_EX
        16 => one(Dir::Out, "f_owner_ex"),  // F_GETOWN_EX
        36 => one(Dir::InOut, "flock64"),   // F_OFD_GETLK
        37 | 38 => one(Dir::In, "flock64"), // F_OFD_SETLK, F_OFD_SETLKW
        1035 | 1037 => Some((Dir::Out, Memory::Bytes(Len::Const(8)))), // F_GET_(FILE_)RW_HINT
        1036 | 1038 => Some((Dir::In, Memory::Bytes(Len::Const(8)))),
        _ => None,
    }
}

/// `futex(2)`: operations that take a timeout (linux/futex.h), the flags masked off.
fn futex(operation: u32, timeout: &str) -> Option<(Dir, Memory)> {
    const WAIT: [u32; 5] = [0, 6, 9, 11, 13];
    WAIT.contains(&(operation & 0x7f)).then_some(())?;
    one(Dir::In, timeout)
}

/// `prctl(2)`: operations whose second argument is memory (linux/prctl.h).
fn prctl(option: u32) -> Option<(Dir, Memory)> {
    match option {
        15 => Some((Dir::In, Memory::Str)), // PR_SET_NAME
        16 => Some((Dir::Out, Memory::Bytes(Len::Const(16)))), // PR_GET_NAME
        2 | 5 | 9 | 11 | 19 | 25 | 37 => Some((Dir::Out, Memory::Bytes(Len::Const(4)))),
        40 => Some((Dir::Out, Memory::Bytes(Len::Const(8)))), // PR_GET_TID_ADDRESS
        _ => None,
    }
}

/// The argument of an ioctl: by its name in the table, or else by the size and
/// direction that its number tells (asm-generic/ioctl.h).
fn ioctl_argument(number: u32) -> Option<(Dir, Memory)> {
    if let Some(request) = ioctl(number) {
        let Argument::Memory(dir, pointee) = request.argument else { return None };
        let memory = match pointee {
            Pointee::Struct(layout, count) => Memory::Struct(layout, Len::Const(count)),
            Pointee::Value(Ty::Memory(..)) => return None,
            Pointee::Value(_) => Memory::Bytes(Len::Const(4)),
            Pointee::Bytes(count) => Memory::Bytes(Len::Const(count)),
            Pointee::Str => Memory::Str,
        };
        return Some((dir, memory));
    }
    let size = number >> 16 & 0x3fff;
    let dir = match number >> 30 {
        1 => Dir::In,
        2 => Dir::Out,
        3 => Dir::InOut,
        _ => return None,
    };
    (size != 0).then_some((dir, Memory::Bytes(Len::Const(size))))
}
