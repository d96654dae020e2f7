//! Messages of sockets, recvmsg(2), with what their headers point to.

use super::memory::readable;
use super::scalar::{self, decimal};
use super::structs::{named, number};
use super::{Site, memory, quote, socket};
use crate::abi;
use crate::event::{Phase, Piece, Role};

/// The pieces of a role, taken one after the other by the messages of an array.
type Pieces<'b> = Box<dyn Iterator<Item = (&'b Piece, &'b [u8])> + 'b>;

struct Parts<'b> {
    names: Pieces<'b>,
    vectors: Pieces<'b>,
    buffers: Pieces<'b>,
    controls: Pieces<'b>,
}

impl Site<'_> {
    fn parts(&self, arg: usize) -> Parts<'_> {
        let pieces = |role| -> Pieces<'_> { Box::new(self.record.pieces_of(arg as u8, role)) };
        Parts {
            names: pieces(Role::Sockaddr),
            vectors: pieces(Role::Iovec),
            buffers: pieces(Role::IovData),
            controls: pieces(Role::Control),
        }
    }

    /// Appends a `struct msghdr`: the last one captured, which is the kernel's.
    pub(super) fn message(&self, arg: usize, out: &mut String) -> bool {
        let Some((piece, header)) = self.record.pieces_of(arg as u8, Role::Struct).last() else {
            return false;
        };
        let is_whole = readable(piece) && header.len() >= 7 * self.abi.word();
        // What a failed receive would have filled in means nothing.
        let is_filled = self.record.piece(arg as u8, Role::Iovec).is_some();
        if is_whole && is_filled {
            self.header(header, &mut self.parts(arg), out);
        } else if is_whole && self.name() == "recvmsg" && self.record.failed {
            out.push_str("{msg_namelen=");
            decimal(number(header, self.abi.word(), 4) as i32, out);
            out.push('}');
        } else {
            return false;
        }
        true
    }

    /// Appends an array of `struct mmsghdr`.
    pub(super) fn messages(&self, arg: usize, out: &mut String) -> bool {
        let mut parts = self.parts(arg);
        let headers = |phase| {
            let all = self.record.pieces_of(arg as u8, Role::Struct);
            all.filter(move |(piece, _)| piece.phase == phase).map(|(_, header)| header)
        };
        // A sender's have been read at entry, and at exit those that were sent: with
        // their lengths. A receiver's have been read at exit.
        let given: Vec<&[u8]> = headers(Phase::Entry).collect();
        let done: Vec<&[u8]> = headers(Phase::Exit).collect();
        let shown = if given.is_empty() { &done } else { &given };
        // None asked for, or none received.
        let is_none = self.word(arg) != 0 && !self.record.failed && !self.record.is_begun();
        if shown.is_empty() && !is_none {
            return false;
        }
        memory::list(shown.iter().enumerate(), out, |(index, header), out| {
            out.push_str("{msg_hdr=");
            self.header(header, &mut parts, out);
            if let Some(done) = done.get(index) {
                out.push_str(", msg_len=");
                decimal(number(done, 7 * self.abi.word(), 4), out);
            }
            out.push('}');
        });
        true
    }

    fn header(&self, header: &[u8], parts: &mut Parts<'_>, out: &mut String) {
        let word = self.abi.word();
        let field = |index: usize| number(header, index * word, word);
        out.push_str("{msg_name=");
        match parts.names.next().filter(|(piece, bytes)| readable(piece) && bytes.len() > 1) {
            Some((_, bytes)) if field(0) != 0 => socket::address(self, bytes, out),
            _ => scalar::address(field(0), out),
        }
        out.push_str(", msg_namelen=");
        decimal(field(1) as i32, out);
        out.push_str(", msg_iov=");
        match parts.vectors.next().filter(|(piece, _)| readable(piece)) {
            _ if field(2) == 0 => scalar::address(0, out),
            Some((_, vector)) => self.buffers(vector, &mut parts.buffers, out),
            None => scalar::address(field(2), out),
        }
        out.push_str(", msg_iovlen=");
        decimal(field(3), out);
        if let Some((_, control)) = parts.controls.next().filter(|(_, bytes)| !bytes.is_empty()) {
            out.push_str(", msg_control=");
            if control.len() < word + 8 {
                scalar::address(field(4), out);
            } else {
                self.control(control, out);
            }
        }
        out.push_str(", msg_controllen=");
        decimal(field(5), out);
        out.push_str(", msg_flags=");
        match abi::set("msg_flags") {
            Some(set) => scalar::flags(set, field(6) & 0xffff_ffff, out),
            None => scalar::hex(field(6) & 0xffff_ffff, out),
        }
        out.push('}');
    }

    /// Appends control messages, cmsg(3).
    fn control(&self, mut bytes: &[u8], out: &mut String) {
        let word = self.abi.word();
        let head = word + 8;
        let mut messages = Vec::new();
        while bytes.len() >= head {
            let len = (number(bytes, 0, word) as usize).clamp(head, bytes.len());
            messages.push(&bytes[..len]);
            bytes = bytes.get(len.next_multiple_of(word)..).unwrap_or_default();
        }
        memory::list(messages, out, |message, out| self.control_message(message, head, out));
    }

    fn control_message(&self, message: &[u8], head: usize, out: &mut String) {
        const SOL_SOCKET: u64 = 1;
        const SCM_RIGHTS: u64 = 1;
        const SCM_CREDENTIALS: u64 = 2;
        let word = self.abi.word();
        let (level, kind) = (number(message, word, 4), number(message, word + 4, 4));
        out.push_str("{cmsg_len=");
        decimal(number(message, 0, word), out);
        out.push_str(", cmsg_level=");
        named("sockopt_level", level, out);
        out.push_str(", cmsg_type=");
        if level == SOL_SOCKET {
            named("scm_type", kind, out);
        } else {
            scalar::hex(kind, out);
        }
        let data = &message[head..];
        if (level, kind) == (SOL_SOCKET, SCM_RIGHTS) {
            out.push_str(", cmsg_data=");
            memory::list(data.chunks_exact(4), out, |fd, out| {
                let fd = number(fd, 0, 4) as i32;
                // Those that a message has brought were none before.
                if self.name().starts_with("recv") {
                    self.returned(fd, out);
                } else {
                    self.descriptor(fd, out);
                }
            });
        } else if (level, kind) == (SOL_SOCKET, SCM_CREDENTIALS)
            && let Some(ucred) = abi::structure("ucred").filter(|_| data.len() >= 12)
        {
            out.push_str(", cmsg_data=");
            self.structure(ucred, data, out);
        } else if !data.is_empty() {
            out.push_str(", cmsg_data=");
            quote::cut(data, self.style.string_limit, false, out);
        }
        out.push('}');
    }
}
