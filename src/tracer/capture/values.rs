//! Single values: paths, strings, data, structs.

use super::{Capture, PATH_MAX, Site};
use crate::abi::Len;
use crate::event::{Phase, Role, State};

impl Site<'_> {
    /// How many bytes or elements a length stands for at this stop.
    pub(super) fn amount(&self, len: Len) -> usize {
        let value = match len {
            Len::Const(n) => u64::from(n),
            Len::Arg(i) => self.args.get(usize::from(i)).copied().unwrap_or(0),
            Len::Ret => u64::try_from(self.result).unwrap_or(0),
            Len::Deref(i) => {
                let address = self.args.get(usize::from(i)).copied().unwrap_or(0);
                self.reader.word(address, 4).unwrap_or(0)
            }
        };
        let value = if self.abi.word() == 4 { value & 0xffff_ffff } else { value };
        usize::try_from(value).unwrap_or(usize::MAX)
    }

    /// A file name: given by the tracee, or (readlink, getcwd) by the kernel.
    pub(super) fn path(&mut self, arg: u8, address: u64, into: &mut Capture) {
        if self.phase == Phase::Entry {
            return self.string(arg, address, Role::Path, PATH_MAX, into);
        }
        let len = usize::try_from(self.result).unwrap_or(0).min(PATH_MAX);
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
        let bytes = self.amount(len);
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
