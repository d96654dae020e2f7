//! Which addresses names were found to have: in `/etc/hosts`, and in what name servers
//! answered, as far as those bytes are in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustc_hash::FxHashSet;

use crate::abi::Verb;
use crate::event::{Phase, Role, TaskId};
use crate::flow::{Endpoint, Event, ResourceId, State};

/// The port of name servers (RFC 1035).
const DOMAIN: u16 = 53;

/// The names that a run found addresses for.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    names: BTreeMap<Vec<u8>, BTreeSet<IpAddr>>,
    /// Files that a task has opened, and not read yet.
    fresh: FxHashSet<(TaskId, ResourceId)>,
}

impl Book {
    /// Takes a call.
    pub(super) fn event(&mut self, state: &State, event: &Event<'_>) {
        let (Some(prototype), false) = (event.prototype, event.record.failed) else { return };
        let task = event.record.task;
        match prototype.effect.verb {
            Verb::Opens => {
                let opened = event.returned().filter(|id| state.name_of(*id) == b"/etc/hosts");
                self.fresh.extend(opened.map(|id| (task, id)));
            }
            Verb::Reads | Verb::Receives => {
                let Some(from) = event.argument(0) else { return };
                if self.fresh.remove(&(task, from)) {
                    self.hosts(&data(event));
                } else if is_name_server(state, from) {
                    self.answer(&data(event));
                }
            }
            _ => {}
        }
    }

    /// The addresses that a name was found to have.
    pub(super) fn addresses(&self, name: &[u8]) -> impl Iterator<Item = IpAddr> + '_ {
        self.names.get(&lower(name)).into_iter().flatten().copied()
    }

    /// The names that an address was found for.
    pub(super) fn names(&self, address: IpAddr) -> impl Iterator<Item = &[u8]> {
        let all = self.names.iter().filter(move |(_, all)| all.contains(&address));
        all.map(|(name, _)| name.as_slice())
    }

    fn add(&mut self, name: &[u8], address: IpAddr) {
        let address = address.to_canonical();
        if !name.is_empty() && !address.is_loopback() {
            self.names.entry(lower(name)).or_default().insert(address);
        }
    }

    /// hosts(5): the last line may have been cut.
    fn hosts(&mut self, text: &[u8]) {
        let whole = text.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
        for line in text[..whole].split(|byte| *byte == b'\n') {
            let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let address =
                words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
            let Some(address) = address else { continue };
            words.for_each(|name| self.add(name, address));
        }
    }

    /// An answer of a name server (RFC 1035, 4.1), of which the end may be missing.
    fn answer(&mut self, message: &[u8]) -> Option<()> {
        const RESPONSE: u8 = 0x80;
        let word = |at: usize| Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?));
        if message.get(2)? & RESPONSE == 0 || word(4)? != 1 {
            return None;
        }
        let (name, mut at) = question(message)?;
        for _ in 0..word(6)? {
            at = past_name(message, at)?;
            let (kind, length) = (word(at)?, usize::from(word(at + 8)?));
            let data = message.get(at + 10..at + 10 + length)?;
            match kind {
                1 => self.add(&name, Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into()),
                28 => self.add(&name, Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into()),
                _ => {} // of an alias, the address follows
            }
            at += 10 + length;
        }
        Some(())
    }
}

/// The name that was asked for, and where what follows the question begins.
fn question(message: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut name, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        match length {
            0 => return Some((name, at + 4)),
            1..64 => {
                if !name.is_empty() {
                    name.push(b'.');
                }
                name.extend_from_slice(message.get(at..at + length)?);
                at += length;
            }
            _ => return None,
        }
    }
}

fn past_name(message: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..64 => at += 1 + usize::from(length),
            192.. => return Some(at + 2), // it goes on elsewhere
            _ => return None,
        }
    }
}

/// What a call read.
fn data(event: &Event<'_>) -> Vec<u8> {
    let record = &event.record;
    let is_data = |role: Role| matches!(role, Role::Data | Role::IovData);
    let pieces = record.pieces.iter().filter(|one| is_data(one.role) && one.phase == Phase::Exit);
    pieces.flat_map(|piece| record.bytes(piece)).copied().collect()
}

fn is_name_server(state: &State, socket: ResourceId) -> bool {
    let remote = state.socket(socket).and_then(|socket| socket.remote.as_ref());
    matches!(remote, Some(Endpoint::Inet(_, DOMAIN) | Endpoint::Inet6(_, DOMAIN)))
}

/// Names are the same in either case (RFC 4343), with or without the dot of the root.
pub(super) fn lower(name: &[u8]) -> Vec<u8> {
    name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(book: &Book, name: &str) -> Vec<String> {
        book.addresses(name.as_bytes()).map(|address| address.to_string()).collect()
    }

    #[test]
    fn hosts_are_read_as_far_as_lines_are_whole() {
        let mut book = Book::default();
        book.hosts(b"127.0.0.1 localhost\n10.0.0.5\tDB1 db # main\n::ffff:10.0.0.6 x\n10.0.0.7 cu");
        assert_eq!(addresses(&book, "db1"), ["10.0.0.5"]);
        assert_eq!(addresses(&book, "db"), ["10.0.0.5"]);
        assert_eq!(addresses(&book, "x"), ["10.0.0.6"]);
        assert!(addresses(&book, "localhost").is_empty() && addresses(&book, "cu").is_empty());
    }

    #[test]
    fn answers_are_read_through_aliases_and_when_they_are_cut() {
        let mut message = b"\x12\x34\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00".to_vec();
        message.extend(b"\x02db\x04test\x00\x00\x01\x00\x01");
        message.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x09\x00\x04\x01x\xc0\x0f");
        message.extend(b"\x01x\xc0\x0f\x00\x01\x00\x01\x00\x00\x00\x09\x00\x04\x0a\x00\x00\x05");
        message.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x09\x00\x04\x0a\x00\x00\x06");
        let mut book = Book::default();
        for length in 0..message.len() {
            book.answer(&message[..length]);
        }
        assert_eq!(addresses(&book, "DB.test."), ["10.0.0.5"]);
        book.answer(&message);
        assert_eq!(addresses(&book, "db.test"), ["10.0.0.5", "10.0.0.6"]);
        assert_eq!(book.names([10, 0, 0, 6].into()).collect::<Vec<_>>(), [b"db.test"]);
    }
}
