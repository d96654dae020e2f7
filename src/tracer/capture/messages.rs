//! `struct msghdr` and `struct mmsghdr` (`sendmsg(2)`, `recvmmsg(2)`).

use super::vectors::little_endian;
use super::{Capture, Site};
use crate::abi::{Dir, Len};
use crate::event::{Phase, Role, State};

/// Messages of one `sendmmsg` whose content is kept.
const MESSAGES_MAX: usize = 64;
/// Bytes of control messages that are kept.
const CONTROL_MAX: usize = 4096;

impl Site<'_> {
    /// One message. At the entry of a receiving call only its header means
    /// anything.
    pub(super) fn message(&mut self, arg: u8, address: u64, dir: Dir, into: &mut Capture) {
        let content = if self.phase == Phase::Entry { dir == Dir::In } else { dir != Dir::In };
        if self.phase == Phase::Exit && dir == Dir::In {
            return;
        }
        let size = 7 * self.abi.word();
        self.header(arg, address, size, into);
        if content {
            let total = if self.phase == Phase::Exit {
                usize::try_from(self.result).unwrap_or(0)
            } else {
                usize::MAX
            };
            self.content(arg, total, into);
        }
    }

    /// Several messages: for each a header, an address, a vector, its buffers and
    /// control data, so that the n-th piece of a role belongs to the n-th message.
    pub(super) fn messages(
        &mut self,
        arg: u8,
        address: u64,
        dir: Dir,
        count: Len,
        into: &mut Capture,
    ) {
        if (self.phase == Phase::Entry) != (dir == Dir::In) {
            // What a sender's kernel writes is the lengths; a receiver's headers
            // are read when they are filled.
            return;
        }
        let word = self.abi.word();
        let size = 8 * word; // msghdr, an unsigned int, and padding where words have 8 bytes
        let count = match self.phase {
            Phase::Entry => self.amount(count),
            Phase::Exit => usize::try_from(self.result).unwrap_or(0),
        };
        for index in 0..count.min(MESSAGES_MAX) {
            if self.header(arg, address + (index * size) as u64, size, into) != State::Whole {
                break;
            }
            let header = into.bytes_of(arg, Role::Struct).unwrap_or_default();
            let length = header.get(7 * word..7 * word + 4).map_or(0, little_endian) as usize;
            let total = if self.phase == Phase::Exit { length } else { usize::MAX };
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
        let name_len = if name == 0 { 0 } else { name_len };
        self.block(arg, name, Role::Sockaddr, name_len, 128, into);
        self.block(arg, vector, Role::Iovec, count.min(1024) * 2 * word, usize::MAX, into);
        let elements = into.bytes_of(arg, Role::Iovec).unwrap_or_default().to_vec();
        self.buffers(arg, &elements, total, into);
        let control_len = if control == 0 { 0 } else { control_len };
        self.block(arg, control, Role::Control, control_len, CONTROL_MAX, into);
    }
}
