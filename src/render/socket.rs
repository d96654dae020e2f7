//! Socket addresses and messages.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::memory::readable;
use super::scalar::{self, decimal};
use super::structs::{named, number};
use super::{Site, memory, quote};
use crate::abi;
use crate::event::{Phase, Piece, Role};

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;

/// Appends a `struct sockaddr`.
pub(super) fn address(_: &Site<'_>, bytes: &[u8], out: &mut String) {
    if bytes.len() < 2 {
        out.push_str("{}");
        return;
    }
    let family = number(bytes, 0, 2);
    out.push_str("{sa_family=");
    named("socket_family", family, out);
    let body = &bytes[2..];
    match family {
        AF_UNIX => unix(body, out),
        AF_INET if bytes.len() >= 8 => inet(body, out),
        AF_INET6 if bytes.len() >= 24 => inet6(bytes, out),
        AF_NETLINK if bytes.len() >= 12 => netlink(bytes, out),
        _ if body.is_empty() => {}
        _ => {
            out.push_str(", sa_data=");
            quote::quoted(body, out);
        }
    }
    out.push('}');
}

/// unix(7): a path, or behind a NUL byte an abstract name; nothing if unnamed.
fn unix(path: &[u8], out: &mut String) {
    if path.is_empty() {
        return;
    }
    out.push_str(", sun_path=");
    if path[0] == 0 && path.len() > 1 {
        out.push('@');
        quote::quoted(&path[1..], out);
    } else {
        let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
        quote::quoted(&path[..end], out);
    }
}

fn port(bytes: &[u8]) -> u16 {
    (number(bytes, 0, 2) as u16).swap_bytes()
}

fn inet(body: &[u8], out: &mut String) {
    let host = Ipv4Addr::from((number(body, 2, 4) as u32).swap_bytes());
    // Writing to a string does not fail.
    let _ = write!(out, ", sin_port=htons({}), sin_addr=inet_addr(\"{host}\")", port(body));
}

fn inet6(bytes: &[u8], out: &mut String) {
    let flow = (number(bytes, 4, 4) as u32).swap_bytes();
    let host: [u8; 16] = std::array::from_fn(|i| bytes.get(8 + i).copied().unwrap_or_default());
    // Writing to a string does not fail.
    let _ = write!(out, ", sin6_port=htons({}), sin6_flowinfo=htonl({flow})", port(&bytes[2..]));
    let _ = write!(out, ", inet_pton(AF_INET6, \"{}\", &sin6_addr)", Ipv6Addr::from(host));
    let _ = write!(out, ", sin6_scope_id={}", number(bytes, 24, 4));
}

fn netlink(bytes: &[u8], out: &mut String) {
    let (pid, groups) = (number(bytes, 4, 4), number(bytes, 8, 4));
    // Writing to a string does not fail.
    let _ = write!(out, ", nl_pid={pid}, nl_groups={groups:08x}");
}

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
        }
        is_whole && is_filled
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
        if shown.is_empty() {
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
            Some((_, bytes)) if field(0) != 0 => address(self, bytes, out),
            _ => scalar::address(field(0), out),
        }
        out.push_str(", msg_namelen=");
        decimal(field(1) as i32, out);
        out.push_str(", msg_iov=");
        match parts.vectors.next().filter(|(piece, _)| readable(piece)) {
            Some((_, vector)) => self.buffers(vector, &mut parts.buffers, out),
            None => scalar::address(field(2), out),
        }
        out.push_str(", msg_iovlen=");
        decimal(field(3), out);
        if let Some((_, control)) = parts.controls.next().filter(|(_, bytes)| !bytes.is_empty()) {
            out.push_str(", msg_control=");
            self.control(control, out);
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
                self.descriptor(number(fd, 0, 4) as i32, out);
            });
        } else if !data.is_empty() {
            out.push_str(", cmsg_data=");
            quote::cut(data, self.style.string_limit, false, out);
        }
        out.push('}');
    }
}
