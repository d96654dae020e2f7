//! What a client sent on a connection, cut into messages, with what was not kept told.

use std::fmt::Debug;

/// Bytes of one message that are kept.
const KEPT: usize = 1 << 16;

/// A part of what a call moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Bytes that were recorded.
    Bytes(&'a [u8]),
    /// So many that were not.
    Gap(u64),
}

impl Part<'_> {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Gap(len) => *len,
        }
    }
}

/// How messages look, and what they say.
pub(super) trait Protocol: Debug + Send {
    /// What the first bytes of a message tell of its length.
    fn shape(&self, head: &[u8]) -> Shape;

    /// A message has gone by.
    fn message(&mut self, head: &[u8], body: &Body, found: &mut Vec<Found>) -> Then;

    /// Messages have gone by unseen, and the next is a new one.
    fn missed(&mut self) {}
}

/// How a message goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Its length is not known before so many bytes more.
    More(usize),
    /// Its head is complete, and so many bytes follow.
    Body(u64),
    /// It is none of this protocol.
    Foreign,
}

/// Whether there is more to be learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Over,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Which database is used from now on, and as whom, as far as it is known.
    Session { name: Option<Vec<u8>>, user: Option<Vec<u8>> },
    /// A statement in SQL, and whether that is all of it.
    Statement { text: Vec<u8>, whole: bool },
}

impl Found {
    pub(super) const UNNAMED: Self = Self::Session { name: None, user: None };

    pub(super) const fn is_session(&self) -> bool {
        matches!(self, Self::Session { .. })
    }
}

/// What follows a message's head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// Its first bytes.
    pub(super) bytes: Vec<u8>,
    /// How many more there are.
    pub(super) missing: u64,
}

impl Body {
    pub(super) const fn is_whole(&self) -> bool {
        self.missing == 0
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = if self.is_whole() { KEPT.saturating_sub(self.bytes.len()) } else { 0 };
        let kept = bytes.len().min(room);
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.missing = self.missing.saturating_add((bytes.len() - kept) as u64);
    }
}

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub(super) struct Framer {
    head: Vec<u8>,
    /// The message whose head is complete, and how much of it is to come.
    body: Option<(Body, u64)>,
    /// Where the next message begins is not known.
    is_lost: bool,
}

impl Framer {
    /// Takes what a call moved.
    pub(super) fn take(
        &mut self,
        protocol: &mut dyn Protocol,
        parts: &[Part<'_>],
        found: &mut Vec<Found>,
    ) -> Then {
        if self.is_lost {
            // A call that is cut into messages to its very end begins with one.
            if !is_messages(protocol, parts) {
                return Then::GoOn;
            }
            *self = Self::default();
            protocol.missed();
        }
        for part in parts {
            let then = match *part {
                Part::Bytes(bytes) => self.bytes(protocol, bytes, found),
                Part::Gap(len) => self.gap(protocol, len, found),
            };
            if then == Then::Over {
                return Then::Over;
            }
        }
        Then::GoOn
    }

    fn bytes(
        &mut self,
        protocol: &mut dyn Protocol,
        mut bytes: &[u8],
        found: &mut Vec<Found>,
    ) -> Then {
        loop {
            if let Some((body, left)) = &mut self.body {
                let count = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                body.add(&bytes[..count]);
                bytes = &bytes[count..];
                *left -= count as u64;
                if *left > 0 {
                    return Then::GoOn;
                }
                if self.end(protocol, found) == Then::Over {
                    return Then::Over;
                }
            }
            match protocol.shape(&self.head) {
                Shape::Foreign => return Then::Over,
                Shape::Body(len) => self.body = Some((Body::default(), len)),
                Shape::More(_) if bytes.is_empty() => return Then::GoOn,
                Shape::More(count) => {
                    let (head, rest) = bytes.split_at(count.clamp(1, bytes.len()));
                    self.head.extend_from_slice(head);
                    bytes = rest;
                }
            }
        }
    }

    fn gap(&mut self, protocol: &mut dyn Protocol, len: u64, found: &mut Vec<Found>) -> Then {
        if len == 0 {
            return Then::GoOn;
        }
        let Some((body, left)) = &mut self.body else {
            self.is_lost = true;
            return Then::GoOn;
        };
        let count = len.min(*left);
        body.missing = body.missing.saturating_add(count);
        *left -= count;
        if *left > 0 {
            return Then::GoOn;
        }
        self.is_lost = len > count;
        self.end(protocol, found)
    }

    /// The message at hand is complete.
    fn end(&mut self, protocol: &mut dyn Protocol, found: &mut Vec<Found>) -> Then {
        let head = std::mem::take(&mut self.head);
        let body = self.body.take().map(|(body, _)| body).unwrap_or_default();
        protocol.message(&head, &body, found)
    }
}

/// Whether what a call moved is whole messages, as far as can be seen.
fn is_messages(protocol: &dyn Protocol, parts: &[Part<'_>]) -> bool {
    let total = parts.iter().map(Part::len).fold(0, u64::saturating_add);
    let Some(Part::Bytes(bytes)) = parts.first() else { return false };
    let mut at = 0_u64;
    while at < total {
        let Some(rest) = usize::try_from(at).ok().and_then(|at| bytes.get(at..)) else {
            return false;
        };
        let mut head = 0;
        let body = loop {
            let Some(known) = rest.get(..head) else { return false };
            match protocol.shape(known) {
                Shape::More(count) => head += count.max(1),
                Shape::Body(len) => break len,
                Shape::Foreign => return false,
            }
        };
        at = at.saturating_add(head as u64).saturating_add(body);
    }
    at == total
}

/// A number in the network's order.
pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A number in most processors' order.
pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What stands before the next NUL, which is taken away too; `None` without one.
pub(super) fn until_nul<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (text, rest) = bytes.split_at(end);
    *bytes = &rest[1..];
    Some(text)
}

/// The next `count` bytes, which are taken away.
pub(super) fn next<'a>(bytes: &mut &'a [u8], count: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(count).ok()?)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of one byte that says how many follow.
    #[derive(Debug)]
    struct Counted;

    impl Protocol for Counted {
        fn shape(&self, head: &[u8]) -> Shape {
            match head {
                [] => Shape::More(1),
                [b'X'] => Shape::Foreign,
                [count, ..] => Shape::Body((count - b'0').into()),
            }
        }

        fn message(&mut self, _: &[u8], body: &Body, found: &mut Vec<Found>) -> Then {
            found.push(Found::Statement { text: body.bytes.clone(), whole: body.is_whole() });
            Then::GoOn
        }
    }

    fn read(calls: &[&[Part<'_>]]) -> String {
        let (mut framer, mut found) = (Framer::default(), Vec::new());
        for parts in calls {
            framer.take(&mut Counted, parts, &mut found);
        }
        let shown = found.iter().map(|one| match one {
            Found::Statement { text, whole } => {
                format!("{}{}", String::from_utf8_lossy(text), if *whole { "" } else { "…" })
            }
            Found::Session { .. } => "?".into(),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    use Part::{Bytes, Gap};

    #[test]
    fn calls_are_not_messages() {
        assert_eq!(
            read(&[&[Bytes(b"2ab1c02d")], &[Bytes(b"e")], &[], &[Bytes(b"1f")]]),
            "ab c  de f"
        );
    }

    #[test]
    fn what_was_not_kept_is_told() {
        assert_eq!(read(&[&[Bytes(b"5ab"), Gap(3)], &[Bytes(b"1c")]]), "ab… c");
        assert_eq!(read(&[&[Bytes(b"5ab"), Gap(1), Bytes(b"cd1e")]]), "ab… e");
    }

    #[test]
    fn who_is_lost_goes_on_where_a_call_is_all_messages() {
        let lost: &[Part<'_>] = &[Bytes(b"2a"), Gap(7)];
        assert_eq!(read(&[lost, &[Bytes(b"3abcd")], &[Bytes(b"1b2cd")]]), "a… b cd");
        assert_eq!(read(&[lost, &[Bytes(b"1b4c"), Gap(3)]]), "a… b c…");
        assert_eq!(read(&[lost, &[Bytes(b"1b4c"), Gap(4)]]), "a…");
    }
}
