//! The connect packet of Oracle's Transparent Network Substrate. Oracle does not
//! document it; this is as Wireshark's dissector (`packet-tns.c`) reads it, and the
//! connect string as "Oracle Net Services Reference" describes it.

use super::stream::{Body, Found, Protocol, Shape, Then, big_endian};
use super::{Guess, System};

const HEADER: usize = 8;
const CONNECT: u8 = 1;
const DATA: u8 = 6;
/// Versions of the protocol from Oracle 8 on, with room for some to come.
const VERSIONS: std::ops::RangeInclusive<u64> = 300..=400;

/// A client's side of a connection.
#[derive(Debug, Default)]
pub(super) struct Tns;

/// Whether a client of Oracle speaks.
pub(super) fn recognise(first: &[u8]) -> Guess {
    let Some(head) = first.get(..HEADER + 2) else {
        return match first {
            [_, _, 0, 0, kind, ..] if *kind != CONNECT => Guess::No,
            [_, _, 0, 0, ..] | [_, _, 0] | [_, _] | [_] | [] => Guess::Perhaps,
            _ => Guess::No,
        };
    };
    let is_one = head[2..4] == [0, 0]
        && head[4] == CONNECT
        && head[6..8] == [0, 0]
        && big_endian(&head[..2]) >= 34
        && VERSIONS.contains(&big_endian(&head[HEADER..]));
    if is_one { Guess::Is(System::Oracle) } else { Guess::No }
}

impl Protocol for Tns {
    fn shape(&self, head: &[u8]) -> Shape {
        if head.len() < HEADER {
            return Shape::More(HEADER - head.len());
        }
        match big_endian(&head[..2]).checked_sub(HEADER as u64) {
            Some(len) => Shape::Body(len),
            None => Shape::Foreign,
        }
    }

    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
        let text = match head.get(4) {
            Some(&CONNECT) => connect_data(&body.bytes),
            Some(&DATA) => body.bytes.get(2..),
            _ => None,
        };
        // A long connect string comes in a packet of its own.
        let is_later = head.get(4) == Some(&CONNECT) && text.is_none_or(<[u8]>::is_empty);
        if is_later && body.is_whole() {
            return Then::GoOn;
        }
        let text = text.unwrap_or_default();
        let name = value(text, b"SERVICE_NAME=").or_else(|| value(text, b"SID="));
        found.push(Found::Session { name: name.map(<[u8]>::to_vec), user: None });
        Then::Over
    }
}

/// Behind the header's 8 bytes, the offset from the packet's start is at 18.
fn connect_data(body: &[u8]) -> Option<&[u8]> {
    let offset = big_endian(body.get(18..20)?) as usize;
    body.get(offset.checked_sub(HEADER)?..)
}

/// The value in `(KEY=value)`.
fn value<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(key.len()).position(|part| part.eq_ignore_ascii_case(key))?;
    let rest = &text[at + key.len()..];
    let end = rest.iter().position(|byte| *byte == b')')?;
    Some(rest[..end].trim_ascii()).filter(|value| !value.is_empty())
}
