//! SQL Server's Tabular Data Stream (\[MS-TDS\]: packets 2.2.3, PRELOGIN 2.2.6.5, LOGIN7
//! 2.2.6.4, SQLBatch 2.2.6.7).

use super::stream::{Body, Found, Protocol, Shape, Then, big_endian, little_endian};
use super::{Guess, System};

const HEADER: usize = 8;
const SQL_BATCH: u8 = 0x01;
const LOGIN7: u8 = 0x10;
const PRELOGIN: u8 = 0x12;
/// Status bit: the last packet of a message.
const END_OF_MESSAGE: u8 = 1;
/// Bytes of a batch that are kept.
const KEPT: usize = 1 << 16;

/// A client's side of a connection.
#[derive(Debug, Default)]
pub(super) struct Tds {
    has_session: bool,
    /// The batch at hand, of which packets are still to come.
    batch: Vec<u8>,
    is_cut: bool,
}

/// Whether a client of SQL Server speaks.
pub(super) fn recognise(first: &[u8]) -> Guess {
    let Some(head) = first.get(..HEADER + 5) else {
        return match first {
            [] | [PRELOGIN | LOGIN7] | [PRELOGIN | LOGIN7, 0 | 1, ..] => Guess::Perhaps,
            _ => Guess::No,
        };
    };
    let len = big_endian(&head[2..4]);
    let is_first = head[1] <= END_OF_MESSAGE && head[4..6] == [0, 0] && head[7] == 0;
    // A PRELOGIN's first option is the version, and its data stands behind the options;
    // a LOGIN7 begins with its own length.
    let is_one = match head[0] {
        PRELOGIN => head[HEADER] == 0 && big_endian(&head[HEADER + 1..HEADER + 3]) < len,
        LOGIN7 => little_endian(&head[HEADER..HEADER + 4]) + HEADER as u64 == len,
        _ => false,
    };
    if is_first && is_one { Guess::Is(System::SqlServer) } else { Guess::No }
}

/// A TLS record (RFC 8446, 5.1), as it stands between packets once the client encrypts.
const fn is_tls(head: &[u8]) -> bool {
    matches!(head, [0x14..=0x17, 3, ..])
}

impl Protocol for Tds {
    fn shape(&self, head: &[u8]) -> Shape {
        match head {
            _ if is_tls(head) && head.len() >= 5 => Shape::Body(big_endian(&head[3..5])),
            _ if head.len() < 5 => Shape::More(5 - head.len()),
            _ if head.len() < HEADER => Shape::More(HEADER - head.len()),
            _ => match big_endian(&head[2..4]).checked_sub(HEADER as u64) {
                Some(len) => Shape::Body(len),
                None => Shape::Foreign,
            },
        }
    }

    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
        let kind = head.first().copied().unwrap_or_default();
        let is_encrypted = is_tls(head) || (kind == PRELOGIN && is_tls(&body.bytes));
        if !self.has_session && (is_encrypted || kind == LOGIN7) {
            self.has_session = true;
            found.push(if is_encrypted { Found::UNNAMED } else { login(&body.bytes) });
        }
        if kind == SQL_BATCH && !is_tls(head) {
            self.batch(head.get(1).copied().unwrap_or_default(), body, found);
        }
        Then::GoOn
    }
}

impl Tds {
    fn batch(&mut self, status: u8, body: &Body, found: &mut Vec<Found>) {
        if !self.is_cut {
            self.batch.extend_from_slice(&body.bytes);
        }
        self.is_cut |= !body.is_whole() || self.batch.len() > KEPT;
        if status & END_OF_MESSAGE == 0 {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        let whole = !std::mem::take(&mut self.is_cut);
        found.push(Found::Statement { text: utf16(behind_headers(&batch)), whole });
    }
}

/// The text of a batch: since version 7.2 headers come first, with their length.
fn behind_headers(batch: &[u8]) -> &[u8] {
    let Some((total, first)) = batch.split_at_checked(4) else { return batch };
    let total = little_endian(total);
    let first = first.get(..4).map(little_endian).unwrap_or_default();
    // As text, these would be characters with the code 0.
    let is_headers = total < 1 << 16 && (6..=total).contains(&(first + 4));
    match batch.get(total as usize..) {
        Some(text) if is_headers => text,
        _ => batch,
    }
}

/// Offsets and lengths, in characters, stand at fixed places.
fn login(body: &[u8]) -> Found {
    let text = |at: usize| {
        let place = body.get(at..at + 4)?;
        let (from, len) = (little_endian(&place[..2]), little_endian(&place[2..]));
        let (from, len) = (from as usize, 2 * len as usize);
        body.get(from..from + len).map(utf16).filter(|text| !text.is_empty())
    };
    Found::Session { name: text(68), user: text(40) }
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let characters = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    characters.collect::<String>().into_bytes()
}
