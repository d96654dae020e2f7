//! Redis's commands, arrays of strings (redis.io, "Redis serialization protocol
//! specification"). Valkey and KeyDB speak the same.

use super::stream::{Body, Found, Protocol, Shape, Then};
use super::{Guess, System};

/// A line that tells of a length is not longer.
const LINE_MAX: usize = 24;
/// Arguments that are looked at: those of `HELLO 3 AUTH user password`.
const ARGUMENTS: usize = 4;

/// Commands that set a connection up, and touch no database.
const SETTING_UP: [&[u8]; 6] = [b"AUTH", b"CLIENT", b"COMMAND", b"HELLO", b"QUIT", b"SELECT"];

/// A client's side of a connection.
#[derive(Debug)]
pub(super) struct Redis {
    /// Arguments of the command at hand that are still to come, and its first ones.
    left: u64,
    arguments: Vec<Vec<u8>>,
    is_whole: bool,
    /// The database that is selected: the first, at the beginning (SELECT).
    database: Option<Vec<u8>>,
    user: Option<Vec<u8>>,
}

impl Default for Redis {
    fn default() -> Self {
        let database = Some(b"0".to_vec());
        Self { left: 0, arguments: Vec::new(), is_whole: true, database, user: None }
    }
}

/// Whether a client of Redis speaks: `*1\r\n$4\r\nPING\r\n`.
pub(super) fn recognise(first: &[u8]) -> Guess {
    let mut rest = first;
    for mark in [b'*', b'$'] {
        match rest.split_first() {
            None => return Guess::Perhaps,
            Some((byte, _)) if *byte != mark => return Guess::No,
            Some((_, after)) => rest = after,
        }
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        if digits > 9 || (digits == 0 && !rest.is_empty()) {
            return Guess::No;
        }
        rest = &rest[digits..];
        if rest.len() < 2 {
            return Guess::of_prefix(rest, b"\r\n");
        }
        match rest.strip_prefix(b"\r\n") {
            Some(after) => rest = after,
            None => return Guess::No,
        }
    }
    match rest.first() {
        None => Guess::Perhaps,
        Some(byte) if byte.is_ascii_alphabetic() => Guess::Is(System::Redis),
        Some(_) => Guess::No,
    }
}

impl Protocol for Redis {
    fn shape(&self, head: &[u8]) -> Shape {
        let Some((mark, line)) = head.split_first() else { return Shape::More(1) };
        if !matches!(mark, b'*' | b'$') || head.len() > LINE_MAX {
            return Shape::Foreign; // commands in a line are for people
        }
        let Some(digits) = line.strip_suffix(b"\r\n") else { return Shape::More(1) };
        match (number(digits), mark) {
            (Some(_), b'*') => Shape::Body(0),
            (Some(len), _) => Shape::Body(len + 2),
            (None, _) => Shape::Foreign,
        }
    }

    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
        if head.first() == Some(&b'*') {
            let digits = head[1..].strip_suffix(b"\r\n").unwrap_or_default();
            self.left = number(digits).unwrap_or_default();
            self.arguments.clear();
            self.is_whole = true;
            return Then::GoOn;
        }
        self.left = self.left.saturating_sub(1);
        if self.arguments.len() < ARGUMENTS {
            let argument = body.bytes.strip_suffix(b"\r\n").unwrap_or(&body.bytes);
            self.arguments.push(argument.to_vec());
            self.is_whole &= body.is_whole();
        }
        if self.left == 0 {
            self.command(found);
        }
        Then::GoOn
    }

    fn missed(&mut self) {
        *self = Self { database: None, user: None, ..Self::default() };
    }
}

impl Redis {
    fn command(&mut self, found: &mut Vec<Found>) {
        let Some((name, arguments)) = self.arguments.split_first() else { return };
        let name = name.to_ascii_uppercase();
        match (&name[..], arguments) {
            (b"SELECT", [index]) => self.database = self.is_whole.then(|| index.clone()),
            (b"AUTH", [_]) => self.user = Some(b"default".to_vec()),
            (b"AUTH", [user, _]) => self.user = self.is_whole.then(|| user.clone()),
            (b"HELLO", [_, auth, user]) if auth.eq_ignore_ascii_case(b"AUTH") => {
                self.user = self.is_whole.then(|| user.clone());
            }
            _ => {}
        }
        if !SETTING_UP.contains(&&name[..]) {
            found.push(Found::Session { name: self.database.clone(), user: self.user.clone() });
        }
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    // A string may have 512 MiB; more is none of Redis's.
    std::str::from_utf8(digits).ok()?.parse().ok().filter(|number| *number <= 1 << 40)
}
