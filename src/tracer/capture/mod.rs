//! Copying what a call's prototype points to out of the tracee's memory.
//!
//! Nothing is interpreted here: bytes go into the record as they are. A pointer
//! that cannot be followed is a piece in the state *unreadable*, never an error.

mod environment;
mod messages;
mod reader;
mod secrets;
mod served;
mod values;
mod vectors;

pub(super) use reader::Reader;
pub(super) use secrets::Secrets;

use crate::abi::{Abi, Dir, Memory, Prototype, Ty, irregular};
use crate::event::{Phase, Piece, RecordBuilder, Role, State};
use rustc_hash::FxHasher;
use std::hash::Hasher as _;
use vectors::little_endian;

/// How much to keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of a data buffer (`-s`).
    pub(super) data: usize,
}

/// The most bytes of a file name, its NUL not counted: the kernel reads no more.
const PATH_MAX: usize = 4096;
/// The most bytes of another string (a mount's options, a key's description).
const STRING_MAX: usize = 64 << 10;
/// The most bytes of structs that one argument points to.
const STRUCTS_MAX: usize = 64 << 10;

/// Captured memory of one call; cleared and used again for the task's next.
#[derive(Debug, Default)]
pub(super) struct Capture {
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
}

impl Capture {
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.bytes.clear();
        // One long argv must not stay for the life of a task that then only waits.
        self.bytes.shrink_to(8 << 10);
        self.pieces.shrink_to(1 << 8);
    }

    /// Adds a piece whose bytes are there.
    pub(super) fn push(&mut self, arg: u8, role: Role, phase: Phase, state: State, bytes: &[u8]) {
        let from = self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        self.pieces.push(Piece { arg, role, phase, state, from, len: bytes.len() as u32 });
    }

    /// Adds a piece by letting `fill` append its bytes.
    pub(super) fn append(
        &mut self,
        arg: u8,
        role: Role,
        phase: Phase,
        fill: impl FnOnce(&mut Vec<u8>) -> State,
    ) -> State {
        let from = self.bytes.len();
        let state = fill(&mut self.bytes);
        let len = (self.bytes.len() - from) as u32;
        self.pieces.push(Piece { arg, role, phase, state, from: from as u32, len });
        state
    }

    /// The bytes of the last piece of `arg` in that role.
    pub(super) fn bytes_of(&self, arg: u8, role: Role) -> Option<&[u8]> {
        let piece = self.pieces.iter().rev().find(|p| p.arg == arg && p.role == role)?;
        self.bytes.get(piece.from as usize..piece.from as usize + piece.len as usize)
    }

    /// The pieces in that role, of whichever argument.
    pub(super) fn pieces_in(&self, role: Role) -> impl Iterator<Item = &[u8]> {
        let pieces = self.pieces.iter().filter(move |piece| piece.role == role);
        pieces.filter_map(|p| self.bytes.get(p.from as usize..p.from as usize + p.len as usize))
    }

    /// The bytes of the first piece of `arg` in that role, if it was read at entry.
    pub(super) fn entry_bytes_of(&self, arg: u8, role: Role) -> Option<&[u8]> {
        let piece = self.pieces.iter().find(|p| p.arg == arg && p.role == role)?;
        let range = piece.from as usize..piece.from as usize + piece.len as usize;
        self.bytes.get(range).filter(|_| piece.phase == Phase::Entry)
    }

    /// The arguments without the addresses of strings that the call was given and
    /// that are here whole: their bytes tell all that the addresses could.
    pub(super) fn untold(&self, mut args: [u64; 6]) -> [u64; 6] {
        let is_string = |p: &&Piece| matches!(p.role, Role::Path | Role::Str);
        let is_given = |p: &&Piece| p.phase == Phase::Entry && p.state == State::Whole;
        for piece in self.pieces.iter().filter(is_string).filter(is_given) {
            if let Some(word) = args.get_mut(usize::from(piece.arg)) {
                *word = 0;
            }
        }
        args
    }

    /// A hash of the paths captured.
    pub(super) fn path_hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
        for piece in self.pieces.iter().filter(|p| p.role == Role::Path) {
            hasher.write(&self.bytes[piece.from as usize..][..piece.len as usize]);
        }
        hasher.finish()
    }

    /// Copies it into a record, ordered by argument and phase.
    pub(super) fn write(&self, record: &mut RecordBuilder<'_>) {
        // Exit pieces come behind all entry pieces here; records want them by argument.
        let mut order: Vec<&Piece> = Vec::new();
        let sorted = self.pieces.is_sorted_by_key(|p| (p.arg, p.phase, p.role));
        if !sorted {
            order.extend(&self.pieces);
            order.sort_by_key(|p| (p.arg, p.phase, p.role));
        }
        let mut copy = |p: &Piece| {
            let bytes = &self.bytes[p.from as usize..p.from as usize + p.len as usize];
            record.piece(p.arg, p.role, p.phase, p.state, bytes);
        };
        if sorted {
            self.pieces.iter().for_each(&mut copy);
        } else {
            order.into_iter().for_each(&mut copy);
        }
    }
}

/// A call at a stop, and where its memory goes.
pub(super) struct Site<'a> {
    /// The tracee's memory.
    pub(super) reader: &'a mut Reader,
    /// Its thread id.
    pub(super) tid: i32,
    /// The ABI of the call: the width of pointers and structs.
    pub(super) abi: Abi,
    /// The prototype of the call.
    pub(super) prototype: &'static Prototype,
    /// Argument registers at entry.
    pub(super) args: &'a [u64; 6],
    /// Entry or exit.
    pub(super) phase: Phase,
    /// The result, at exit.
    pub(super) result: i64,
    /// How much to keep.
    pub(super) limits: Limits,
}

impl Site<'_> {
    /// Captures all that the prototype names for this phase, but environments,
    /// which [`Site::environment`] keeps.
    pub(super) fn capture(&mut self, into: &mut Capture) {
        self.reader.begin(self.tid);
        for (index, param) in self.prototype.params.iter().enumerate() {
            let Ty::Memory(dir, memory) = param.ty else { continue };
            let (dir, memory) = match memory {
                Memory::Irregular => {
                    match irregular::resolve(self.abi, self.prototype, self.args, index) {
                        Some(resolved) => resolved,
                        None => continue,
                    }
                }
                memory => (dir, memory),
            };
            if let Some(address) = self.pointer(index) {
                self.argument(index as u8, address, dir, memory, into);
            }
        }
    }

    /// Reads the strings that could not be read at entry for want of waiting for a
    /// tracee: the kernel has read them since, so that they are there now.
    pub(super) fn strings_again(&mut self, into: &mut Capture) {
        self.reader.begin(self.tid);
        for index in 0..into.pieces.len() {
            let piece = into.pieces[index];
            let max = match piece.role {
                Role::Path => PATH_MAX,
                Role::Str => STRING_MAX,
                _ => continue,
            };
            let is_missing = piece.phase == Phase::Entry && piece.state == State::Unreadable;
            let Some(address) = self.pointer(piece.arg.into()).filter(|_| is_missing) else {
                continue;
            };
            let from = into.bytes.len();
            let state = self.reader.string(address, max, &mut into.bytes);
            let (from, len) = (from as u32, (into.bytes.len() - from) as u32);
            into.pieces[index] = Piece { state, from, len, ..piece };
        }
    }

    /// The signal mask that pselect's last argument points to, beside its size.
    fn packed_mask(&mut self, arg: u8, into: &mut Capture) {
        const MASK_MAX: usize = 128;
        let word = self.abi.word();
        let pack = into.bytes_of(arg, Role::Struct).unwrap_or_default();
        let Some((mask, size)) = pack.split_at_checked(word) else { return };
        let (mask, size) = (little_endian(mask), little_endian(size));
        if mask != 0 {
            self.block(arg, mask, Role::Bits, size as usize, MASK_MAX, into);
        }
    }

    /// The pointer in argument `index`; `None` for NULL.
    fn pointer(&self, index: usize) -> Option<u64> {
        let word = *self.args.get(index)?;
        // The kernel looks at the low half alone where pointers have 32 bits.
        let address = if self.abi.word() == 4 { word & 0xffff_ffff } else { word };
        (address != 0).then_some(address)
    }

    fn argument(&mut self, arg: u8, address: u64, dir: Dir, memory: Memory, into: &mut Capture) {
        let now = match self.phase {
            Phase::Entry => dir != Dir::Out,
            Phase::Exit => dir != Dir::In,
        };
        match memory {
            // Vectors are input whichever way the bytes they point to go.
            Memory::Iovec(count) => self.vector(arg, address, dir, count, into),
            Memory::Msghdr => self.message(arg, address, dir, into),
            Memory::Mmsghdr(count) => self.messages(arg, address, count, into),
            Memory::Envp => {}
            _ if !now => {}
            Memory::Path => self.path(arg, address, into),
            Memory::Str => self.string(arg, address, Role::Str, STRING_MAX, into),
            Memory::Argv => self.strings(arg, address, Role::Arg, into),
            Memory::Bytes(len) => self.data(arg, address, len, into),
            Memory::Struct(layout, count) => {
                let size = layout.layout(self.abi).size as usize;
                let bytes = self.amount(count, into).saturating_mul(size);
                self.block(arg, address, Role::Struct, bytes, STRUCTS_MAX, into);
                if layout.name == "sigset_argpack" {
                    self.packed_mask(arg, into);
                }
            }
            Memory::Sized(_, len) => {
                let bytes = self.amount(len, into);
                self.block(arg, address, Role::Struct, bytes, STRUCTS_MAX, into);
            }
            Memory::Sockaddr(len) => {
                let bytes = self.amount(len, into);
                self.block(arg, address, Role::Sockaddr, bytes, 128, into);
            }
            Memory::Sigset(len) => {
                let bytes = self.amount(len, into);
                self.block(arg, address, Role::Bits, bytes, 128, into);
            }
            Memory::FdSet(count) => {
                let word_bits = self.abi.word() * 8;
                let bytes =
                    self.amount(count, into).min(1 << 20).div_ceil(word_bits) * self.abi.word();
                self.block(arg, address, Role::Bits, bytes, STRUCTS_MAX, into);
            }
            Memory::Irregular => {} // nothing resolves to itself
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_unless_a_whole_string_makes_them_useless() {
        let mut capture = Capture::default();
        capture.push(0, Role::Path, Phase::Entry, State::Whole, b"/etc");
        capture.push(1, Role::Path, Phase::Entry, State::Faulted, b"/et");
        capture.push(2, Role::Path, Phase::Exit, State::Whole, b"target");
        capture.push(3, Role::Struct, Phase::Entry, State::Whole, &[0; 8]);
        capture.push(4, Role::Str, Phase::Entry, State::Whole, b"");
        assert_eq!(capture.untold([1, 2, 3, 4, 5, 6]), [0, 2, 3, 4, 0, 6]);
    }
}
