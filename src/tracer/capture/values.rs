//! Single values: paths, strings, data, structs.

use super::vectors::little_endian;
use super::{Capture, PATH_MAX, Site};
use crate::abi::{Dir, Len};
use crate::event::{Phase, Role, State};

impl Site<'_> {
    /// How many bytes or elements a length stands for at this stop, of which `into`
    /// has what was captured so far.
    pub(super) fn amount(&self, len: Len, into: &Capture) -> usize {
        let value = match len {
            Len::Const(n) => u64::from(n),
            Len::Arg(i) => self.word(i),
            Len::Ret => self.count(),
            Len::RetUpTo(i) => self.count().min(self.word(i)),
            Len::Deref(i) => {
                let value = self.reader.word(self.word(i), 4).unwrap_or(0);
                // The kernel says there how much it had, the caller how much it has
                // room for (accept(2)).
                let room = into.entry_bytes_of(i, Role::Struct).map_or(u64::MAX, little_endian);
                value.min(room)
            }
        };
        usize::try_from(value).unwrap_or(usize::MAX)
    }

    /// An argument, as wide as the ABI's words.
    fn word(&self, arg: u8) -> u64 {
        let word = self.args.get(usize::from(arg)).copied().unwrap_or(0);
        if self.abi.word() == 4 { word & 0xffff_ffff } else { word }
    }

    /// The result, where it counts something.
    fn count(&self) -> u64 {
        u64::try_from(self.result).unwrap_or(0)
    }

    /// How many bytes are valid at this stop of the buffers that a vector of that
    /// direction lists: `None` before the kernel has written them, or when it has
    /// read them.
    pub(super) fn valid(&self, dir: Dir) -> Option<usize> {
        match self.phase {
            Phase::Entry => (dir == Dir::In).then_some(usize::MAX),
            Phase::Exit => (dir != Dir::In).then(|| self.count() as usize),
        }
    }

    /// A file name: given by the tracee, or (readlink, getcwd) by the kernel.
    pub(super) fn path(&mut self, arg: u8, address: u64, into: &mut Capture) {
        if self.phase == Phase::Entry {
            return self.string(arg, address, Role::Path, PATH_MAX, into);
        }
        let len = (self.count() as usize).min(PATH_MAX);
        let reader = &*self.reader;
        into.append(arg, Role::Path, Phase::Exit, |bytes| {
            let from = bytes.len();
            let state = reader.bytes(address, len, bytes);
            // getcwd counts the NUL that ends the name, readlink writes none.
            if bytes.len() > from && bytes.last() == Some(&0) {
                bytes.pop();
            }
            state
        });
    }

    pub(super) fn string(
        &mut self,
        arg: u8,
        address: u64,
        role: Role,
        max: usize,
        into: &mut Capture,
    ) {
        let reader = &mut *self.reader;
        into.append(arg, role, self.phase, |bytes| reader.string(address, max, bytes));
    }

    /// Opaque bytes, up to the limit of `-s`.
    pub(super) fn data(&mut self, arg: u8, address: u64, len: Len, into: &mut Capture) {
        let bytes = self.amount(len, into);
        if bytes == 0 {
            return;
        }
        self.block(arg, address, Role::Data, bytes, self.limits.data, into);
    }

    /// So many bytes, up to a limit.
    pub(super) fn block(
        &mut self,
        arg: u8,
        address: u64,
        role: Role,
        len: usize,
        max: usize,
        into: &mut Capture,
    ) {
        let reader = &*self.reader;
        into.append(arg, role, self.phase, |bytes| {
            let state = reader.bytes(address, len.min(max), bytes);
            if state == State::Whole && len > max { State::Cut } else { state }
        });
    }
}
