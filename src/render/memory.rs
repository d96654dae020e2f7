//! What arguments point to.

use super::scalar::{address, decimal, signal_set};
use super::structs::number;
use super::{Site, quote};
use crate::abi::{Dir, Memory, Struct};
use crate::event::{Phase, Piece, Role, State};

/// Whether anything of a piece could be read.
pub(super) fn readable(piece: &Piece) -> bool {
    piece.state != State::Unreadable
}

/// Appends a list in brackets, an element each.
pub(super) fn list<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    mut each: impl FnMut(T, &mut String),
) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        each(item, out);
    }
    out.push(']');
}

impl Site<'_> {
    /// Appends what argument `arg` points to; its address where that was not
    /// captured.
    pub(super) fn memory(&self, arg: usize, dir: Dir, memory: Memory, out: &mut String) {
        let is_shown = match memory {
            Memory::Envp => self.environment(arg, out),
            Memory::Argv => self.argv(arg, out),
            Memory::Iovec(_) => self.iovec(arg, out),
            Memory::Msghdr => self.message(arg, out),
            Memory::Mmsghdr(_) => self.messages(arg, out),
            Memory::Struct(one, _) | Memory::Sized(one, _) if dir == Dir::InOut => {
                self.changed(arg, one, memory, out)
            }
            Memory::Bytes(_) if self.is_empty(arg, dir) => {
                out.push_str("\"\"");
                true
            }
            // A call that failed has written no element of an array.
            _ => {
                self.piece(arg).filter(|p| p.len > 0 || !self.record.failed).is_some_and(|piece| {
                    self.plain(arg, memory, &piece, out);
                    true
                })
            }
        };
        if !is_shown {
            address(self.word(arg), out);
        }
    }

    /// Whether no byte has gone the way of a buffer: such have no piece.
    fn is_empty(&self, arg: usize, dir: Dir) -> bool {
        let record = self.record;
        let is_valid = dir == Dir::In || !record.failed && !record.is_begun();
        let mut pieces = record.pieces.iter();
        is_valid && self.word(arg) != 0 && pieces.all(|piece| usize::from(piece.arg) != arg)
    }

    /// The piece to show of an argument: what the kernel wrote, if it did.
    fn piece(&self, arg: usize) -> Option<Piece> {
        let pieces = || self.record.pieces.iter().filter(|p| usize::from(p.arg) == arg);
        let is_late = super::calls::is_late(self, arg);
        let exit = pieces().find(|p| p.phase == Phase::Exit && is_late);
        exit.or_else(|| pieces().next()).filter(|p| readable(p)).copied()
    }

    fn plain(&self, arg: usize, memory: Memory, piece: &Piece, out: &mut String) {
        let bytes = self.record.bytes(piece);
        let is_cut = piece.state == State::Cut;
        match memory {
            Memory::Path if piece.state == State::Faulted => address(self.word(arg), out),
            Memory::Path => quote::cut(bytes, usize::MAX, is_cut, out),
            Memory::Str | Memory::Bytes(_) => {
                quote::cut(bytes, self.style.string_limit, is_cut, out);
            }
            Memory::Struct(one, crate::abi::Len::Const(1)) | Memory::Sized(one, _) => {
                if one.is_scalar() {
                    list([bytes], out, |bytes, out| self.structure(one, bytes, out));
                } else {
                    self.structure(one, bytes, out);
                }
            }
            Memory::Struct(one, _) => self.array(one, bytes, out),
            Memory::Sockaddr(_) if bytes.len() < 2 => address(self.word(arg), out),
            Memory::Sockaddr(_) => super::socket::address(self, bytes, out),
            Memory::Sigset(_) => {
                signal_set(
                    number(bytes, 0, bytes.len().min(8)),
                    bytes.len().min(8) as u32 * 8,
                    out,
                );
            }
            Memory::FdSet(_) => self.descriptor_set(arg, bytes, out),
            _ => address(self.word(arg), out),
        }
    }

    /// Appends an array of structs.
    pub(super) fn array(&self, one: &'static Struct, bytes: &[u8], out: &mut String) {
        let size = one.layout(self.abi).size.max(1) as usize;
        list(bytes.chunks(size), out, |bytes, out| self.structure(one, bytes, out));
    }

    /// A struct that the kernel reads and writes: before and after, if they differ.
    fn changed(&self, arg: usize, one: &'static Struct, memory: Memory, out: &mut String) -> bool {
        let before = self.bytes(arg, Phase::Entry);
        let after = self.bytes(arg, Phase::Exit);
        match (before, after) {
            (Some(before), Some(after)) if one.is_scalar() && before != after => {
                out.push('[');
                self.structure(one, before, out);
                out.push_str(" => ");
                self.structure(one, after, out);
                out.push(']');
                true
            }
            _ => self.piece(arg).is_some_and(|piece| {
                self.plain(arg, memory, &piece, out);
                true
            }),
        }
    }

    fn argv(&self, arg: usize, out: &mut String) -> bool {
        let mut strings = self.record.pieces_of(arg as u8, Role::Arg).peekable();
        if strings.peek().is_none() {
            // An empty vector has no pieces; NULL is printed as what it is.
            return false;
        }
        let limit = if self.style.verbose { usize::MAX } else { self.style.string_limit };
        out.push('[');
        for (index, (piece, bytes)) in strings.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            if index >= limit || (!readable(piece) && bytes.is_empty()) {
                out.push_str("...");
                break;
            }
            quote::cut(bytes, self.style.string_limit, piece.state == State::Cut, out);
        }
        out.push(']');
        true
    }

    /// An environment: its address and size, or with `-v` its strings as far as
    /// the record has them.
    fn environment(&self, arg: usize, out: &mut String) -> bool {
        let whole = self.record.pieces_of(arg as u8, Role::Env);
        let changes = self.record.pieces_of(arg as u8, Role::EnvDiff);
        let entries: Vec<&[u8]> = whole.chain(changes).map(|(_, bytes)| bytes).collect();
        if self.word(arg) == 0 || entries.is_empty() {
            return false;
        }
        let is_whole = self.record.piece(arg as u8, Role::EnvDiff).is_none();
        if self.style.verbose && is_whole {
            list(&entries, out, |entry, out| {
                quote::cut(entry, self.style.string_limit, false, out);
            });
            return true;
        }
        let count: usize =
            if is_whole { entries.len() } else { entries.iter().map(|e| strings_of(e)).sum() };
        address(self.word(arg), out);
        out.push_str(" /* ");
        decimal(count, out);
        out.push_str(if count == 1 { " var */" } else { " vars */" });
        true
    }

    fn iovec(&self, arg: usize, out: &mut String) -> bool {
        let Some(piece) = self.record.piece(arg as u8, Role::Iovec).filter(|p| readable(p)) else {
            return false;
        };
        let mut buffers = self.record.pieces_of(arg as u8, Role::IovData);
        self.buffers(self.record.bytes(piece), &mut buffers, out);
        true
    }

    /// Appends the elements of an iovec with the bytes that they point to.
    pub(super) fn buffers<'b>(
        &self,
        vector: &[u8],
        buffers: &mut dyn Iterator<Item = (&'b Piece, &'b [u8])>,
        out: &mut String,
    ) {
        let word = self.abi.word();
        list(vector.chunks_exact(2 * word), out, |element, out| {
            out.push_str("{iov_base=");
            let base = number(element, 0, word);
            match buffers.next().filter(|(piece, _)| base != 0 && readable(piece)) {
                Some((piece, bytes)) => {
                    let is_cut = piece.state == State::Cut;
                    quote::cut(bytes, self.style.string_limit, is_cut, out);
                }
                None => address(base, out),
            }
            out.push_str(", iov_len=");
            decimal(number(element, word, word), out);
            out.push('}');
        });
    }

    fn descriptor_set(&self, arg: usize, entry: &[u8], out: &mut String) {
        // select(2) shows what it was asked for; the answer stands behind the result.
        let bytes = self.bytes(arg, Phase::Entry).unwrap_or(entry);
        set_members(bytes, |fd, out| self.descriptor(fd, out), out);
    }
}

/// Appends the members of an `fd_set`, each as `shown` does: `[3 5]`.
pub(super) fn set_members(bytes: &[u8], shown: impl Fn(i32, &mut String), out: &mut String) {
    out.push('[');
    let mut first = true;
    let is_member = |fd: &usize| bytes[fd / 8] >> (fd % 8) & 1 != 0;
    for fd in (0..bytes.len() * 8).filter(is_member) {
        if !std::mem::take(&mut first) {
            out.push(' ');
        }
        shown(fd as i32, out);
    }
    out.push(']');
}

/// How many strings an entry of [`Role::EnvDiff`] stands for.
fn strings_of(entry: &[u8]) -> usize {
    let run = entry.strip_prefix(b"=").and_then(|run| std::str::from_utf8(run).ok());
    let count = run.and_then(|run| run.split_once(',')).and_then(|(_, count)| count.parse().ok());
    count.unwrap_or(1)
}
