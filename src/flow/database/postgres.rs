//! PostgreSQL's frontend messages (PostgreSQL's documentation, 55.7 "Message Formats").

use super::stream::{Body, Found, Protocol, Shape, Then, big_endian, until_nul};
use super::{Guess, System};

const CANCEL: u64 = 80_877_102;
const SSL: u64 = 80_877_103;
const GSS: u64 = 80_877_104;
/// What a start-up packet may have at most (`MAX_STARTUP_PACKET_LENGTH`).
const STARTUP_MAX: u64 = 10_000;
/// What is first on a connection has no type, but a length and a code.
const FIRST: usize = 8;
/// Types of the messages that a client may send once the connection is set up.
const TYPES: &[u8] = b"BCDEFHPQSXcdfp";

/// A client's side of a connection.
#[derive(Debug, Default)]
pub(super) struct Postgres {
    has_started: bool,
    /// Told that there is a session, because its start is encrypted.
    has_asked: bool,
}

/// Whether a client of PostgreSQL speaks.
pub(super) fn recognise(first: &[u8]) -> Guess {
    let Some(head) = first.get(..FIRST) else { return Guess::of_prefix(first, &[0, 0]) };
    let (len, code) = (big_endian(&head[..4]), big_endian(&head[4..]));
    let is_request = len == 8 && matches!(code, SSL | GSS);
    let is_startup = code >> 16 == 3 && (9..=STARTUP_MAX).contains(&len);
    if is_request || is_startup { Guess::Is(System::PostgreSql) } else { Guess::No }
}

impl Protocol for Postgres {
    fn shape(&self, head: &[u8]) -> Shape {
        if self.has_started {
            return match head {
                [] => Shape::More(5),
                [kind, ..] if !TYPES.contains(kind) => Shape::Foreign,
                [_, len @ ..] if len.len() == 4 && big_endian(len) >= 4 => {
                    Shape::Body(big_endian(len) - 4)
                }
                [_, len @ ..] if len.len() < 4 => Shape::More(4 - len.len()),
                _ => Shape::Foreign,
            };
        }
        match head.len() {
            // The server may have agreed to encrypt: what follows is TLS's or GSSAPI's.
            1.. if self.has_asked && head[0] != 0 => Shape::Foreign,
            len @ 0..FIRST => Shape::More(FIRST - len),
            _ => match big_endian(&head[..4]) {
                len @ 8..=STARTUP_MAX => Shape::Body(len - 8),
                _ => Shape::Foreign,
            },
        }
    }

    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
        if self.has_started {
            return typed(head, body, found);
        }
        match head.get(4..FIRST).map(big_endian) {
            Some(SSL | GSS) => self.has_asked = true,
            Some(CANCEL) | None => return Then::Over,
            Some(_) => {
                self.has_started = true;
                found.push(session(body));
            }
        }
        Then::GoOn
    }
}

/// The database of a start-up message is the user's name where it names none.
fn session(body: &Body) -> Found {
    let mut rest = &body.bytes[..];
    let (mut name, mut user) = (None, None);
    let mut is_whole = false;
    while let Some(key) = until_nul(&mut rest) {
        if key.is_empty() {
            is_whole = true;
            break;
        }
        let Some(value) = until_nul(&mut rest) else { break };
        match key {
            b"user" => user = Some(value.to_vec()),
            b"database" => name = Some(value.to_vec()),
            _ => {}
        }
    }
    let name = name.or_else(|| user.clone().filter(|_| is_whole));
    Found::Session { name, user }
}

fn typed(head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
    let mut rest = &body.bytes[..];
    match head.first() {
        Some(b'X') => return Then::Over,
        Some(b'Q') => {}
        // The prepared statement's name comes first.
        Some(b'P') if until_nul(&mut rest).is_some() => {}
        _ => return Then::GoOn,
    }
    let text = until_nul(&mut rest);
    let whole = text.is_some();
    found.push(Found::Statement { text: text.unwrap_or(rest).to_vec(), whole });
    Then::GoOn
}
