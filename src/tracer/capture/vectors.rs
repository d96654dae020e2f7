//! Vectors: of strings (argv), and of buffers (`struct iovec`).

use super::{Capture, Site};
use crate::abi::{Dir, Len};
use crate::event::{Phase, Role, State};

/// The kernel's bound on one string of argv (`MAX_ARG_STRLEN`, 32 pages).
pub(super) const ARG_STRING_MAX: usize = 128 << 10;
/// A bound on all strings of argv: more than the kernel takes (a quarter of the
/// stack limit, 6 MiB at most), so that only nonsense meets it.
pub(super) const ARGS_MAX: usize = 8 << 20;
/// The kernel's bound on the elements of an iovec (`UIO_MAXIOV`).
const IOVEC_MAX: usize = 1024;

/// Pointers of a vector that are read at once.
const POINTERS: usize = 64;

impl Site<'_> {
    /// Calls `each` with every pointer of a NULL-terminated vector. Says whether
    /// its end was reached.
    pub(super) fn pointers(
        &mut self,
        address: u64,
        mut each: impl FnMut(&mut Self, u64) -> bool,
    ) -> State {
        let word = self.abi.word();
        let mut at = address;
        let mut block = Vec::with_capacity(POINTERS * word);
        loop {
            block.clear();
            // Not past the page's end: what follows may not be there.
            let page = (4096 - at as usize % 4096).div_ceil(word).min(POINTERS);
            let state = self.reader.bytes(at, page * word, &mut block);
            for pointer in block.chunks_exact(word).map(little_endian) {
                if pointer == 0 {
                    return State::Whole;
                }
                if !each(self, pointer) {
                    return State::Cut;
                }
            }
            if state != State::Whole {
                return if at == address && block.len() < word {
                    State::Unreadable
                } else {
                    State::Faulted
                };
            }
            at = at.wrapping_add((page * word) as u64);
        }
    }

    /// argv: a piece for each string, and a last one, empty, if its end could not be reached.
    pub(super) fn strings(&mut self, arg: u8, address: u64, role: Role, into: &mut Capture) {
        let phase = self.phase;
        let mut room = ARGS_MAX;
        let state = self.pointers(address, |site, pointer| {
            let before = into.bytes.len();
            site.string(arg, pointer, role, ARG_STRING_MAX, into);
            room = room.saturating_sub(into.bytes.len() - before + site.abi.word());
            room > 0
        });
        if state != State::Whole {
            into.push(arg, role, phase, state, &[]);
        }
    }

    /// An iovec at entry; the bytes that it points to when the kernel is to read
    /// them, or has written them.
    pub(super) fn vector(
        &mut self,
        arg: u8,
        address: u64,
        dir: Dir,
        count: Len,
        into: &mut Capture,
    ) {
        if self.phase == Phase::Entry {
            let size = self.amount(count, into).min(IOVEC_MAX) * 2 * self.abi.word();
            self.block(arg, address, Role::Iovec, size, usize::MAX, into);
        }
        if let Some(total) = self.valid(dir) {
            let vector = into.bytes_of(arg, Role::Iovec).unwrap_or_default().to_vec();
            self.buffers(arg, &vector, total, into);
        }
    }

    /// The bytes of each buffer of a vector, of which `total` are valid in all.
    pub(super) fn buffers(&mut self, arg: u8, vector: &[u8], total: usize, into: &mut Capture) {
        let word = self.abi.word();
        let mut left = total;
        for element in vector.chunks_exact(2 * word) {
            let (base, len) = element.split_at(word);
            let len = (little_endian(len) as usize).min(left);
            left -= len;
            self.block(arg, little_endian(base), Role::IovData, len, self.limits.data, into);
        }
    }
}

/// A word as the tracee's processor keeps it.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}
