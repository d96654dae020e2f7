//! Calls that are made through another one: i386's socketcall(2) and ipc(2).
//!
//! Their first argument says which call is meant, a *subcall*; its words lie in
//! memory, or in the registers in an order of their own. A record has the subcall
//! in the place of the call: a number that stands for both, and the words that the
//! call itself would have had. So who reads it sees a `bind`, whatever its way.

use super::tables::{by_ipc, by_socketcall};
use super::types::{Abi, Prototype};
use Source::{Memory, Register};

/// The bit where a subcall's own number begins in that of a record: above all that
/// a 32-bit program can put into its register.
const SHIFT: u32 = 32;

const SOCKETCALL: u64 = 102;
const IPC: u64 = 117;

/// The calls that make others, each with those, in the order of [`index`].
fn doors() -> [(u64, &'static [Option<&'static Prototype>]); 2] {
    [(SOCKETCALL, by_socketcall()), (IPC, by_ipc())]
}

/// Where a word of a subcall comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The register of that argument.
    Register(u8),
    /// The word of that index at [`Subcall::pointer`].
    Memory(u8),
}

/// A call that another one makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subcall {
    /// The number that stands for it in a record.
    pub nr: u64,
    /// The address of the words that lie in memory.
    pub pointer: u64,
    sources: &'static [Source],
}

impl Subcall {
    /// How many words to read at [`Subcall::pointer`].
    pub fn words_in_memory(&self) -> usize {
        let index = |source: &Source| match source {
            Register(_) => 0,
            Memory(index) => usize::from(*index) + 1,
        };
        self.sources.iter().map(index).max().unwrap_or(0)
    }

    /// The words of the subcall, from those of the call that makes it and from
    /// those in memory.
    pub fn words(&self, args: &[u64; 6], memory: &[u64]) -> [u64; 6] {
        let mut words = [0; 6];
        for (word, source) in words.iter_mut().zip(self.sources) {
            *word = match *source {
                Register(arg) => args.get(usize::from(arg)),
                Memory(index) => memory.get(usize::from(index)),
            }
            .copied()
            .unwrap_or_default();
        }
        words
    }
}

/// The subcall that a call makes, if it makes one that is known.
pub fn subcall(abi: Abi, nr: u64, args: &[u64; 6]) -> Option<Subcall> {
    if abi != Abi::I386 {
        return None;
    }
    let (number, pointer) = match nr {
        SOCKETCALL => (args[0] & 0xffff_ffff, args[1]),
        // The upper half is a version.
        IPC => (args[0] & 0xffff, args[4]),
        _ => return None,
    };
    let composed = number << SHIFT | nr;
    let prototype = prototype(composed)?;
    let sources = match nr {
        // All words lie in memory, in order.
        SOCKETCALL => IN_MEMORY.get(..prototype.params.len())?,
        _ => ipc(args[0] as u32)?,
    };
    Some(Subcall { nr: composed, pointer, sources })
}

const IN_MEMORY: [Source; 6] = [Memory(0), Memory(1), Memory(2), Memory(3), Memory(4), Memory(5)];

/// ipc(2): `call, first, second, third, ptr, fifth` (`ksys_ipc` in ipc/syscall.c).
const fn ipc(call: u32) -> Option<&'static [Source]> {
    const FIRST: Source = Register(1);
    const SECOND: Source = Register(2);
    const THIRD: Source = Register(3);
    const PTR: Source = Register(4);
    const FIFTH: Source = Register(5);
    Some(match (call & 0xffff, call >> 16) {
        (1, _) => &[FIRST, PTR, SECOND],                          // SEMOP
        (2 | 23, _) => &[FIRST, SECOND, THIRD],                   // SEMGET, SHMGET
        (3, _) => &[FIRST, SECOND, THIRD, Memory(0)],             // SEMCTL: union semun
        (4, _) => &[FIRST, PTR, SECOND, FIFTH],                   // SEMTIMEDOP
        (11, _) => &[FIRST, PTR, SECOND, THIRD],                  // MSGSND
        (12, 0) => &[FIRST, Memory(0), SECOND, Memory(1), THIRD], // MSGRCV: struct ipc_kludge
        (12, _) => &[FIRST, PTR, SECOND, FIFTH, THIRD],
        (13, _) => &[FIRST, SECOND],             // MSGGET
        (14 | 24, _) => &[FIRST, SECOND, PTR],   // MSGCTL, SHMCTL
        (21, _) => &[FIRST, PTR, SECOND, THIRD], // SHMAT
        (22, _) => &[PTR],                       // SHMDT
        _ => return None,
    })
}

/// The prototype of a subcall by the number that stands for it.
pub(super) fn prototype(nr: u64) -> Option<&'static Prototype> {
    let (door, number) = split(nr)?;
    doors()[door].1.get(number).copied().flatten()
}

/// Which of the calls that make others, and the subcall's own number; `None` for
/// the number of a plain call.
fn split(nr: u64) -> Option<(usize, usize)> {
    let number = usize::try_from(nr >> SHIFT).ok().filter(|number| *number > 0)?;
    let call = nr & ((1 << SHIFT) - 1);
    doors().iter().position(|(door, _)| *door == call).map(|door| (door, number))
}

/// Whether a record's number stands for a subcall.
pub fn is_subcall(abi: Abi, nr: u64) -> bool {
    abi == Abi::I386 && split(nr).is_some()
}

/// A small number for each subcall, for sets of them.
pub(super) fn index(nr: u64) -> Option<u64> {
    /// More than either call has.
    const ROOM: u64 = 32;
    let (door, number) = split(nr)?;
    (number < ROOM as usize).then_some(door as u64 * ROOM + number as u64)
}

/// All subcalls of an ABI, with the numbers that stand for them.
pub fn subcalls(abi: Abi) -> impl Iterator<Item = (u64, &'static Prototype)> {
    let doors = doors().into_iter().filter(move |_| abi == Abi::I386);
    doors.flat_map(|(call, table)| {
        (0..).zip(table).filter_map(move |(number, prototype): (u64, _)| {
            Some((number << SHIFT | call, (*prototype)?))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::lookup;

    /// A subcall as text: `bind(3, 4096, 16) = 0x200000066`.
    fn made(nr: u64, args: [u64; 6], memory: &[u64]) -> Option<String> {
        let subcall = subcall(Abi::I386, nr, &args)?;
        let prototype = lookup(Abi::I386, subcall.nr)?;
        let words = subcall.words(&args, memory);
        Some(format!("{}{:?}", prototype.name, &words[..prototype.params.len()]))
    }

    #[test]
    fn words_of_socketcall_lie_in_memory() {
        let made = |number, memory| made(SOCKETCALL, [number, 0x1000, 7, 7, 7, 7], memory);
        assert_eq!(made(2, &[3, 4096, 16]).as_deref(), Some("bind[3, 4096, 16]"));
        assert_eq!(made(5, &[3, 0, 0]).as_deref(), Some("accept[3, 0, 0]"));
        assert_eq!(made(9, &[3, 1, 2, 3]).as_deref(), Some("send[3, 1, 2, 3]"));
        assert_eq!(made(12, &[1, 2, 3, 4, 5, 6]).as_deref(), Some("recvfrom[1, 2, 3, 4, 5, 6]"));
        assert_eq!(made(0, &[]), None);
        assert_eq!(made(99, &[]), None);
        assert_eq!(made(u64::MAX, &[]), None);
    }

    #[test]
    fn words_of_ipc_have_an_order_of_their_own() {
        let made = |call, memory| made(IPC, [call, 1, 2, 3, 4, 5], memory);
        assert_eq!(made(1, &[]).as_deref(), Some("semop[1, 4, 2]"));
        assert_eq!(made(3, &[9]).as_deref(), Some("semctl[1, 2, 3, 9]"));
        assert_eq!(made(4, &[]).as_deref(), Some("semtimedop[1, 4, 2, 5]"));
        assert_eq!(made(12, &[8, 9]).as_deref(), Some("msgrcv[1, 8, 2, 9, 3]"));
        assert_eq!(made(0x1_000c, &[]).as_deref(), Some("msgrcv[1, 4, 2, 5, 3]"));
        assert_eq!(made(21, &[]).as_deref(), Some("shmat[1, 4, 2, 3]"));
        assert_eq!(made(5, &[]), None);
    }

    #[test]
    fn only_i386_has_them_and_each_has_its_sources() {
        assert_eq!(subcall(Abi::X86_64, SOCKETCALL, &[1; 6]), None);
        assert_eq!(subcalls(Abi::X86_64).count(), 0);
        for (nr, prototype) in subcalls(Abi::I386) {
            let args = [nr >> SHIFT, 0, 0, 0, 0, 0];
            let made = subcall(Abi::I386, nr & 0xffff_ffff, &args).expect("it has a source");
            assert_eq!((made.nr, made.sources.len()), (nr, prototype.params.len()));
        }
        let indices: std::collections::BTreeSet<_> =
            subcalls(Abi::I386).map(|(nr, _)| index(nr)).collect();
        assert_eq!(indices.len(), subcalls(Abi::I386).count());
        assert!(!indices.contains(&None));
        assert_eq!(index(SOCKETCALL), None);
    }
}
