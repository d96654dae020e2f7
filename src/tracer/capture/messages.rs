//! `struct msghdr` and `struct mmsghdr` (`sendmsg(2)`, `recvmmsg(2)`).

use super::vectors::little_endian;
use super::{Capture, Site};
use crate::abi::{Dir, Len, Verb};
use crate::event::{Phase, Role, State};

/// Messages of one `sendmmsg` whose content is kept.
const MESSAGES_MAX: usize = 64;
/// Bytes of control messages that are kept.
const CONTROL_MAX: usize = 4096;

impl Site<'_> {
    /// One message. At the entry of a receiving call only its header means
    /// anything.
    pub(super) fn message(&mut self, arg: u8, address: u64, dir: Dir, into: &mut Capture) {
        let valid = self.valid(dir);
        if self.phase == Phase::Entry || valid.is_some() {
            self.header(arg, address, 7 * self.abi.word(), into);
        }
        if let Some(total) = valid {
            self.content(arg, total, into);
        }
    }

    /// Several messages: for each a header, an address, a vector, its buffers and
    /// control data, so that the n-th piece of a role belongs to the n-th message.
    /// A sender's are read at entry, and at exit the headers again, in which the
    /// kernel has counted what it sent; a receiver's at exit, when they are filled.
    pub(super) fn messages(&mut self, arg: u8, address: u64, count: Len, into: &mut Capture) {
        let sends = self.prototype.effect.verb == Verb::Sends;
        if self.phase == Phase::Entry && !sends {
            return;
        }
        let valid = self.valid(if sends { Dir::In } else { Dir::Out });
        let word = self.abi.word();
        let size = 8 * word; // msghdr, an unsigned int, and padding where words have 8 bytes
        let count = match self.phase {
            Phase::Entry => self.amount(count, into),
            Phase::Exit => usize::try_from(self.result).unwrap_or(0),
        };
        for index in 0..count.min(MESSAGES_MAX) {
            if self.header(arg, address + (index * size) as u64, size, into) != State::Whole {
                break;
            }
            let Some(mut total) = valid else { continue };
            if self.phase == Phase::Exit {
                let header = into.bytes_of(arg, Role::Struct).unwrap_or_default();
                total = header.get(7 * word..7 * word + 4).map_or(0, little_endian) as usize;
            }
            self.content(arg, total, into);
        }
    }

    fn header(&mut self, arg: u8, address: u64, size: usize, into: &mut Capture) -> State {
        let reader = &*self.reader;
        into.append(arg, Role::Struct, self.phase, |bytes| reader.bytes(address, size, bytes))
    }

    /// What the last header of `arg` points to.
    fn content(&mut self, arg: u8, total: usize, into: &mut Capture) {
        let word = self.abi.word();
        let header = into.bytes_of(arg, Role::Struct).unwrap_or_default();
        if header.len() < 7 * word {
            return;
        }
        let field = |index: usize| little_endian(&header[index * word..(index + 1) * word]);
        let (name, name_len) = (field(0), field(1) as u32 as usize); // a 32-bit socklen_t
        let (vector, count) = (field(2), field(3) as usize);
        let (control, control_len) = (field(4), field(5) as usize);
        // The kernel says how long the name is, the caller how much it has room for.
        let room = self.name_room(arg, into).unwrap_or(usize::MAX);
        let name_len = if name == 0 { 0 } else { name_len.min(room) };
        self.block(arg, name, Role::Sockaddr, name_len, 128, into);
        self.block(arg, vector, Role::Iovec, count.min(1024) * 2 * word, usize::MAX, into);
        let elements = into.bytes_of(arg, Role::Iovec).unwrap_or_default().to_vec();
        self.buffers(arg, &elements, total, into);
        let control_len = if control == 0 { 0 } else { control_len };
        self.block(arg, control, Role::Control, control_len, CONTROL_MAX, into);
    }

    /// The room for a name that the caller of a receiving call stated, where its
    /// header was read at entry.
    fn name_room(&self, arg: u8, into: &Capture) -> Option<usize> {
        let word = self.abi.word();
        let header = into.entry_bytes_of(arg, Role::Struct)?;
        let length = header.get(word..word + 4)?;
        (self.phase == Phase::Exit).then(|| little_endian(length) as usize)
    }
}
