//! The generated tables, and how to ask them.

use super::types::{
    Abi, Classes, Dir, Effect, Field, FieldTy, Layout, Len, Memory, Operand, Param, Prototype,
    Scalar, Set, Struct, Ty, Verb, X32_BIT,
};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// An ioctl request.
#[derive(Debug)]
pub struct Request {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: &'static str,
    /// Its argument.
    pub argument: Argument,
}

/// The third argument of an ioctl.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// None, or none that matters.
    None,
    /// The value itself.
    Value(Ty),
    /// A pointer.
    Memory(Dir, Pointee),
}

/// What the pointer of an ioctl points to.
#[derive(Clone, Copy, Debug)]
pub enum Pointee {
    /// So many structs (a scalar is a struct of one field).
    Struct(&'static Struct, u32),
    /// An `int` or `long` that is one of a set.
    Value(Ty),
    /// So many bytes.
    Bytes(u32),
    /// A NUL-terminated string.
    Str,
}

fn numbers(abi: Abi) -> &'static [Option<&'static Prototype>] {
    match abi {
        Abi::X86_64 => NUMBERS_X86_64,
        Abi::I386 => NUMBERS_I386,
        Abi::X32 => NUMBERS_X32,
        Abi::Aarch64 => NUMBERS_AARCH64,
        Abi::Riscv64 => NUMBERS_RISCV64,
    }
}

/// The calls that i386's socketcall(2) makes, by its first argument.
pub(super) fn by_socketcall() -> &'static [Option<&'static Prototype>] {
    NUMBERS_SOCKETCALL
}

/// The calls that i386's ipc(2) makes, by its first argument.
pub(super) fn by_ipc() -> &'static [Option<&'static Prototype>] {
    NUMBERS_IPC
}

/// The prototype of a call by its number as the kernel got it (x32: with bit 30,
/// or without), or by the number that stands for a [subcall](super::subcall()).
pub fn lookup(abi: Abi, nr: u64) -> Option<&'static Prototype> {
    if abi == Abi::I386 && nr > u64::from(u32::MAX) {
        return super::subcall::prototype(nr);
    }
    let index = if abi == Abi::X32 { nr & !X32_BIT } else { nr };
    numbers(abi).get(usize::try_from(index).ok()?).copied().flatten()
}

/// All calls of an ABI with their numbers (x32: with bit 30), in that order.
pub fn calls(abi: Abi) -> impl Iterator<Item = (u64, &'static Prototype)> {
    let bit = if abi == Abi::X32 { X32_BIT } else { 0 };
    let all = (0..).zip(numbers(abi));
    all.filter_map(move |(nr, prototype)| Some((nr | bit, (*prototype)?)))
}

/// Number and prototype of a call by its name.
pub fn by_name(abi: Abi, name: &str) -> Option<(u64, &'static Prototype)> {
    calls(abi).find(|(_, prototype)| prototype.name == name)
}

/// The number of a call.
pub fn number(abi: Abi, name: &str) -> Option<u64> {
    by_name(abi, name).map(|(nr, _)| nr)
}

/// The name of an error, errno(3): `ENOENT`.
pub fn errno_name(errno: u16) -> Option<&'static str> {
    error(errno).map(|(_, name, _)| *name)
}

/// What an error means, as strerror(3) says it.
pub fn errno_text(errno: u16) -> Option<&'static str> {
    error(errno).map(|(_, _, text)| *text)
}

fn error(errno: u16) -> Option<&'static (u16, &'static str, &'static str)> {
    ERRORS.iter().find(|(number, ..)| *number == errno)
}

/// The name of a signal, signal(7): `SIGKILL`; a real-time one is `SIGRTMIN` or
/// `SIGRT_1` to `SIGRT_32`, counted from the kernel's first.
pub fn signal_name(signal: u32) -> Option<&'static str> {
    SIGNALS.iter().find(|(number, _)| *number == signal).map(|(_, name)| *name)
}

/// The set of that name.
pub fn set(name: &str) -> Option<&'static Set> {
    SETS.iter().find(|set| set.name == name).copied()
}

/// All sets, in the order of their names.
pub fn sets() -> impl Iterator<Item = &'static Set> {
    SETS.iter().copied()
}

/// The struct of that name.
pub fn structure(name: &str) -> Option<&'static Struct> {
    STRUCTS.iter().find(|one| one.name == name).copied()
}

/// All structs, in the order of their names.
pub fn structures() -> impl Iterator<Item = &'static Struct> {
    STRUCTS.iter().copied()
}

/// The ioctl request of that number.
pub fn ioctl(number: u32) -> Option<&'static Request> {
    let found = REQUESTS.binary_search_by_key(&number, |request| request.number);
    REQUESTS.get(found.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_by_number_and_by_name() {
        let name = |abi, nr| lookup(abi, nr).map(|prototype| prototype.name);
        assert_eq!(name(Abi::X86_64, 257), Some("openat"));
        assert_eq!(name(Abi::I386, 295), Some("openat"));
        assert_eq!(name(Abi::X32, X32_BIT | 0x101), Some("openat"));
        assert_eq!(name(Abi::Aarch64, 56), Some("openat"));
        assert_eq!(name(Abi::X86_64, u64::MAX), None);
        assert_eq!(name(Abi::X86_64, 100_000), None);
        assert_eq!(number(Abi::I386, "pread64"), Some(180));
        assert_eq!(number(Abi::Riscv64, "nosuchcall"), None);
    }

    #[test]
    fn layouts_follow_the_word_size() {
        let stat = structure("timespec").expect("in the tables");
        assert_eq!((stat.lp64.size, stat.ilp32.size), (16, 8));
        let epoll = structure("epoll_event").expect("in the tables");
        assert_eq!(epoll.lp64.size, 12, "packed on x86");
    }

    #[test]
    fn names_of_errors_signals_and_requests() {
        assert_eq!(errno_name(2), Some("ENOENT"));
        assert_eq!(errno_text(2), Some("No such file or directory"));
        assert_eq!(signal_name(9), Some("SIGKILL"));
        assert_eq!(signal_name(32), Some("SIGRTMIN"));
        assert_eq!(signal_name(64), Some("SIGRT_32"));
        assert_eq!(signal_name(65), None);
        assert_eq!(ioctl(0x5401).map(|request| request.name), Some("TCGETS"));
        assert_eq!(ioctl(u32::MAX).map(|request| request.name), None);
        assert!(set("open_flags").is_some_and(|set| set.entries.contains(&(0x40, "O_CREAT"))));
    }
}
