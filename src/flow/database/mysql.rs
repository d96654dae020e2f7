//! MySQL's and MariaDB's client packets (dev.mysql.com/doc/dev/mysql-server,
//! "Client/Server Protocol": `Protocol::HandshakeResponse41`, "Command Phase").

use super::stream::{Body, Found, Protocol, Shape, Then, little_endian, next, until_nul};
use super::{Guess, System};

const CONNECT_WITH_DB: u64 = 1 << 3;
const COMPRESS: u64 = 1 << 5;
const PROTOCOL_41: u64 = 1 << 9;
const SSL: u64 = 1 << 11;
const SECURE_CONNECTION: u64 = 1 << 15;
const PLUGIN_AUTH_LENENC: u64 = 1 << 21;
const ZSTD_COMPRESS: u64 = 1 << 26;
const QUERY_ATTRIBUTES: u64 = 1 << 27;

/// Before a handshake response's user name: capabilities, the largest packet, a
/// character set, and 23 bytes of which MariaDB uses the last four.
const FIXED: u64 = 32;
/// Where, packet header included, the bytes begin that are always zero, and where those end.
const ZEROS: std::ops::Range<usize> = 13..32;
/// A packet of that length goes on in the next one.
const LARGEST: u64 = 0xff_ffff;

/// A client's side of a connection.
#[derive(Debug, Default)]
pub(super) struct MySql {
    capabilities: u64,
    has_greeted: bool,
    user: Option<Vec<u8>>,
}

/// Whether a client of MySQL speaks: its first packet is the second of the connection.
pub(super) fn recognise(first: &[u8]) -> Guess {
    let Some(head) = first.get(..ZEROS.end) else {
        return match first {
            [_, _, 0, 1, ..] | [_, _, 0] | [_, _] | [_] | [] => Guess::Perhaps,
            _ => Guess::No,
        };
    };
    let len = little_endian(&head[..3]);
    let has_len = (FIXED..=0xffff).contains(&len) && head[3] == 1;
    let is_41 = little_endian(&head[4..8]) & PROTOCOL_41 != 0;
    let is_zero = head[ZEROS].iter().all(|byte| *byte == 0);
    if has_len && is_41 && is_zero { Guess::Is(System::MySql) } else { Guess::No }
}

impl Protocol for MySql {
    fn shape(&self, head: &[u8]) -> Shape {
        match head {
            [a, b, c, _] => Shape::Body(little_endian(&[*a, *b, *c])),
            _ => Shape::More(4_usize.saturating_sub(head.len())),
        }
    }

    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
        if !self.has_greeted {
            self.has_greeted = true;
            return self.greeting(body, found);
        }
        // Numbers count from 0 in each command; others go on with what was begun.
        if head.get(3) != Some(&0) {
            return Then::GoOn;
        }
        let is_last = little_endian(head.get(..3).unwrap_or_default()) < LARGEST;
        let whole = is_last && body.is_whole();
        let Some((command, mut rest)) = body.bytes.split_first() else { return Then::GoOn };
        match command {
            0x01 => return Then::Over, // COM_QUIT
            0x02 if whole => self.changes_to(rest, found),
            0x03 => self.query(rest, whole, found),
            0x11 => {
                self.user = until_nul(&mut rest).map(<[u8]>::to_vec);
                found.push(Found::Session { name: None, user: self.user.clone() });
            }
            0x16 => found.push(Found::Statement { text: rest.to_vec(), whole }),
            _ => {}
        }
        Then::GoOn
    }
}

impl MySql {
    fn greeting(&mut self, body: &Body, found: &mut Vec<Found>) -> Then {
        let mut rest = &body.bytes[..];
        let capabilities = next(&mut rest, 4).map(little_endian).unwrap_or_default();
        self.capabilities = capabilities;
        if capabilities & SSL != 0 && body.bytes.len() as u64 == FIXED && body.is_whole() {
            found.push(Found::UNNAMED); // the rest is encrypted
            return Then::Over;
        }
        next(&mut rest, FIXED - 4);
        self.user = until_nul(&mut rest).map(<[u8]>::to_vec);
        let name = self.schema(rest).filter(|_| self.user.is_some());
        found.push(Found::Session { name, user: self.user.clone() });
        let is_compressed = capabilities & (COMPRESS | ZSTD_COMPRESS) != 0;
        if is_compressed { Then::Over } else { Then::GoOn }
    }

    /// The schema behind a user's name and a password.
    fn schema(&self, mut rest: &[u8]) -> Option<Vec<u8>> {
        if self.capabilities & CONNECT_WITH_DB == 0 {
            return None;
        }
        if self.capabilities & PLUGIN_AUTH_LENENC != 0 {
            let len = length_encoded(&mut rest)?;
            next(&mut rest, len)?;
        } else if self.capabilities & SECURE_CONNECTION != 0 {
            let len = *next(&mut rest, 1)?.first()?;
            next(&mut rest, len.into())?;
        } else {
            until_nul(&mut rest)?;
        }
        until_nul(&mut rest).filter(|name| !name.is_empty()).map(<[u8]>::to_vec)
    }

    /// COM_QUERY: behind attributes that a newer client may send.
    fn query(&self, mut rest: &[u8], whole: bool, found: &mut Vec<Found>) {
        if self.capabilities & QUERY_ATTRIBUTES != 0 {
            let count = length_encoded(&mut rest);
            let sets = length_encoded(&mut rest);
            if (count, sets) != (Some(0), Some(1)) {
                return; // attributes of any type stand before the text
            }
        }
        found.push(Found::Statement { text: rest.to_vec(), whole });
        if whole && let Some(name) = used(rest) {
            self.changes_to(name, found);
        }
    }

    fn changes_to(&self, name: &[u8], found: &mut Vec<Found>) {
        found.push(Found::Session { name: Some(name.to_vec()), user: self.user.clone() });
    }
}

/// The schema of a `USE` statement.
fn used(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii();
    let (word, name) = text.split_at_checked(3)?;
    let is_use = word.eq_ignore_ascii_case(b"use");
    let has_space = matches!(name.first(), Some(b'`' | b' ' | b'\t' | b'\r' | b'\n'));
    let name = name.trim_ascii();
    let name = name.strip_suffix(b";").unwrap_or(name).trim_ascii();
    let plain = name.strip_prefix(b"`").and_then(|name| name.strip_suffix(b"`")).unwrap_or(name);
    let is_name = !plain.is_empty() && !plain.iter().any(|byte| b"` ;\t\r\n".contains(byte));
    (is_use && has_space && is_name).then_some(plain)
}

/// `int<lenenc>`
fn length_encoded(bytes: &mut &[u8]) -> Option<u64> {
    let width = match *next(bytes, 1)?.first()? {
        small @ ..=0xfa => return Some(small.into()),
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        _ => return None,
    };
    next(bytes, width).map(little_endian)
}
