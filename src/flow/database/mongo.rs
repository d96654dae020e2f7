//! MongoDB's wire protocol (mongodb.com/docs/manual/reference/mongodb-wire-protocol)
//! and as much of BSON (bsonspec.org) as it takes to find `$db`.

use super::stream::{Body, Found, Protocol, Shape, Then, little_endian, next, until_nul};
use super::{Guess, System};

const HEADER: usize = 16;
const OP_QUERY: u64 = 2004;
const OP_COMPRESSED: u64 = 2012;
const OP_MSG: u64 = 2013;
/// What a message may have at most (`maxMessageSizeBytes`).
const MESSAGE_MAX: u64 = 48_000_000;

/// Commands by which a driver greets and logs in; they are no use of a database.
const GREETINGS: [&[u8]; 5] = [b"hello", b"isMaster", b"ismaster", b"saslStart", b"saslContinue"];

/// A client's side of a connection.
#[derive(Debug, Default)]
pub(super) struct Mongo {
    user: Option<Vec<u8>>,
}

/// Whether a client of MongoDB speaks.
pub(super) fn recognise(first: &[u8]) -> Guess {
    let Some(head) = first.get(..HEADER) else { return Guess::Perhaps };
    let (len, answers) = (little_endian(&head[..4]), little_endian(&head[8..12]));
    let is_one = matches!(little_endian(&head[12..]), OP_QUERY | OP_MSG)
        && (HEADER as u64 + 5..=MESSAGE_MAX).contains(&len)
        && answers == 0;
    if is_one { Guess::Is(System::MongoDb) } else { Guess::No }
}

impl Protocol for Mongo {
    fn shape(&self, head: &[u8]) -> Shape {
        if head.len() < HEADER {
            return Shape::More(HEADER - head.len());
        }
        match little_endian(&head[..4]) {
            len @ 16..=MESSAGE_MAX => Shape::Body(len - HEADER as u64),
            _ => Shape::Foreign,
        }
    }

    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
        let command = match head.get(12..HEADER).map(little_endian) {
            Some(OP_MSG) => command_of_message(&body.bytes),
            Some(OP_QUERY) => command_of_query(&body.bytes),
            Some(OP_COMPRESSED) => None,
            _ => return Then::GoOn,
        };
        let Some(command) = command else {
            found.push(Found::Session { name: None, user: self.user.clone() });
            return Then::GoOn;
        };
        // A driver asks how `DATABASE.USER` may log in.
        let asked = command.mechanisms.and_then(|of| {
            let dot = of.iter().position(|byte| *byte == b'.')?;
            Some(of[dot + 1..].to_vec())
        });
        self.user = asked.or(self.user.take());
        if !GREETINGS.contains(&command.name) {
            let name = command.database.map(<[u8]>::to_vec);
            found.push(Found::Session { name, user: self.user.clone() });
        }
        Then::GoOn
    }
}

/// What a command's document says, as far as it was kept.
#[derive(Default)]
struct Command<'a> {
    name: &'a [u8],
    database: Option<&'a [u8]>,
    mechanisms: Option<&'a [u8]>,
}

/// Flags, and sections: one of kind 0, which is the command's document.
fn command_of_message(mut rest: &[u8]) -> Option<Command<'_>> {
    next(&mut rest, 4)?;
    loop {
        match next(&mut rest, 1)?.first()? {
            0 => return Some(command(rest)).filter(|command| !command.name.is_empty()),
            1 => {
                let len = next(&mut rest, 4).map(little_endian)?;
                next(&mut rest, len.checked_sub(4)?)?;
            }
            _ => return None,
        }
    }
}

/// Flags, `DATABASE.COLLECTION`, two numbers, and the document.
fn command_of_query(mut rest: &[u8]) -> Option<Command<'_>> {
    next(&mut rest, 4)?;
    let collection = until_nul(&mut rest)?;
    let database = collection.split(|byte| *byte == b'.').next();
    let document = next(&mut rest, 8).map_or(&[][..], |_| rest);
    Some(Command { database, ..command(document) })
}

fn command(mut rest: &[u8]) -> Command<'_> {
    let mut command = Command::default();
    if next(&mut rest, 4).is_none() {
        return command;
    }
    while let Some((name, text)) = element(&mut rest) {
        if command.name.is_empty() {
            command.name = name;
        }
        match name {
            b"$db" => command.database = text,
            b"saslSupportedMechs" => command.mechanisms = text,
            _ => {}
        }
    }
    command
}

/// The next element of a document: its name, and its value if that is a string.
fn element<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let kind = *next(rest, 1)?.first()?;
    if kind == 0 {
        return None;
    }
    let name = until_nul(rest)?;
    let mut sized = |extra: u64| {
        let len = next(rest, 4).map(little_endian)?;
        next(rest, len.checked_add(extra)?.checked_sub(4)?)
    };
    let value = match kind {
        0x02 => sized(4)?.strip_suffix(b"\0"),
        0x0d | 0x0e => sized(4).map(|_| None)?,
        0x03 | 0x04 | 0x0f => sized(0).map(|_| None)?,
        0x05 => sized(5).map(|_| None)?,
        0x01 | 0x09 | 0x11 | 0x12 => next(rest, 8).map(|_| None)?,
        0x06 | 0x0a | 0x7f | 0xff => None,
        0x07 => next(rest, 12).map(|_| None)?,
        0x08 => next(rest, 1).map(|_| None)?,
        0x0b => until_nul(rest).and_then(|_| until_nul(rest)).map(|_| None)?,
        0x0c => {
            let len = next(rest, 4).map(little_endian)?;
            next(rest, len.checked_add(12)?).map(|_| None)?
        }
        0x10 => next(rest, 4).map(|_| None)?,
        0x13 => next(rest, 16).map(|_| None)?,
        _ => return None,
    };
    Some((name, value))
}
