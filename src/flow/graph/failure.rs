//! Why a process failed: the failed call that what it said on its way out is about.

use std::collections::VecDeque;

use super::Graph;
use super::parts::End;
use crate::abi::{Prototype, Verb, errno_name, errno_text};
use crate::event::{self, Record, Role};
use crate::flow::item::{Event, EventId, Use};
use crate::flow::omitted::Omitted;
use crate::flow::resource::ResourceId;
use crate::flow::socket::Endpoint;
use crate::flow::state::State;

/// Failed calls that are remembered of a process. Between the one that matters and
/// the message that tells of it, a program may look for many files: translations of
/// the message, modules that format it.
const CALLS: usize = 256;
/// Bytes of standard error that are remembered, the last.
const SAID: usize = 4096;
/// Calls that a program makes at most between one that failed and its end, if it ends
/// with that one's error as its exit code.
const FEW: u64 = 8;

/// What a call says that asks whether something is a terminal: an answer, and no reason to
/// fail.
const ENOTTY: u16 = 25;

/// A call that failed, and made its process fail.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The event.
    pub event: EventId,
    /// When it ended: nanoseconds since the run's start.
    pub time: u64,
    /// The call; `None` for a number that has no name.
    pub prototype: Option<&'static Prototype>,
    /// Its error.
    pub errno: u16,
    /// What it was about.
    pub resources: [Option<ResourceId>; 2],
    /// The address it was about.
    pub peer: Option<Endpoint>,
    /// Calls that the process had made.
    number: u64,
}

impl Failure {
    pub(super) fn of(event: &Event<'_>, number: u64) -> Option<Self> {
        let record = &event.record;
        // A directory that a path is relative to is not what the call is about.
        let is_about = |one: &&Use| one.verb != Verb::None || event.uses.len() == 1;
        let about = event.uses.iter().filter(is_about);
        let mut resources = about.map(|one| Some(one.resource));
        Some(Self {
            event: event.id(),
            time: record.end.unwrap_or(record.start),
            prototype: event.prototype,
            errno: record.error().map(|error| error.0).filter(|errno| *errno != ENOTTY)?,
            resources: std::array::from_fn(|_| resources.next().flatten()),
            peer: record
                .pieces
                .iter()
                .find(|piece| piece.role == Role::Sockaddr)
                .and_then(|piece| Endpoint::parse(record.bytes(piece))),
            number,
        })
    }

    /// The call with its names and its error: `openat(/none) = ENOENT (No such file or
    /// directory)`.
    pub fn to_bytes(&self, graph: &Graph) -> Vec<u8> {
        let name = self.prototype.map_or("?", |prototype| prototype.name);
        let resources = self.resources.iter().flatten().filter_map(|id| graph.resource(*id));
        let resources = resources.map(|resource| resource.name.to_vec());
        let about: Vec<_> = resources.chain(self.peer.as_ref().map(Endpoint::to_bytes)).collect();
        let number = self.errno.to_string();
        let error = errno_name(self.errno).unwrap_or(&number);
        let words = errno_text(self.errno).map(|text| format!(" ({text})")).unwrap_or_default();
        let (about, error) = (about.join(&b", "[..]), error.as_bytes());
        [name.as_bytes(), b"(", &about, b") = ", error, words.as_bytes()].concat()
    }

    /// Whether a text names what it is about: by its path or, if that has `least`
    /// bytes, by its last part.
    fn is_named(&self, state: &State, text: &[u8], least: usize) -> bool {
        let named = |name: &[u8]| name.len() >= least && mentions(text, name);
        let is_named = |id: ResourceId| {
            let name = state.name_of(id);
            let base = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            name.len() > 1 && (mentions(text, name) || named(base))
        };
        self.resources.iter().flatten().any(|id| is_named(*id))
            || self.peer.as_ref().is_some_and(|peer| named(&peer.to_bytes()))
    }

    /// Whether a text has the usual words for its error.
    fn is_told(&self, text: &[u8]) -> bool {
        errno_text(self.errno).is_some_and(|words| mentions(text, words.as_bytes()))
    }
}

/// The end of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) end: End,
    /// Calls that the log has of it.
    pub(super) calls: u64,
    /// Its last event.
    pub(super) last: EventId,
    /// Calls that it may have made without a record of them.
    pub(super) unseen: Omitted,
}

impl Ending {
    /// Whether a call was one of the last that were made.
    fn is_near(&self, call: &Failure) -> bool {
        if self.unseen.is_nothing() {
            return self.calls.saturating_sub(call.number) <= FEW;
        }
        // Those that are not recorded have ordinals, too.
        let is_same_task = call.event.task == self.last.task;
        is_same_task && self.last.ordinal.saturating_sub(call.event.ordinal) <= FEW
    }

    /// Whether a call's error is the exit code.
    fn is_of(&self, call: &Failure) -> bool {
        matches!(self.end, End::Exited(code) if u16::from(code) == call.errno)
    }
}

/// What is remembered of a living process.
#[derive(Debug, Default)]
pub(super) struct Recent {
    calls: VecDeque<Failure>,
    /// The last that it wrote to standard error.
    pub(super) said: Vec<u8>,
}

impl Recent {
    pub(super) fn failed(&mut self, failure: Failure) {
        if self.calls.len() == CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(failure);
    }

    /// The process has written to standard error.
    pub(super) fn said(&mut self, record: &Record<'_>) {
        let is_text = |role| matches!(role, Role::Data | Role::IovData);
        for piece in record.pieces.iter().filter(|piece| is_text(piece.role)) {
            self.said.extend_from_slice(record.bytes(piece));
            if piece.state == event::State::Cut {
                self.said.extend_from_slice("…".as_bytes());
            }
        }
        let extra = self.said.len().saturating_sub(SAID);
        self.said.drain(..extra);
    }

    /// The call that is to blame for an end.
    pub(super) fn blame(mut self, state: &State, end: Ending) -> Option<Failure> {
        let text = &self.said;
        let last = |is_it: &dyn Fn(&Failure) -> bool| self.calls.iter().rposition(is_it);
        let found = last(&|call| call.is_told(text) && call.is_named(state, text, 1))
            .or_else(|| last(&|call| call.is_named(state, text, 3)))
            .or_else(|| last(&|call| call.is_told(text)))
            .or_else(|| last(&|call| end.is_of(call) && end.is_near(call)));
        self.calls.swap_remove_back(found?)
    }
}

/// Whether a text has a name, not as a part of a longer one.
fn mentions(text: &[u8], name: &[u8]) -> bool {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty()
        && text.windows(name.len()).enumerate().any(|(at, window)| {
            window == name
                && !at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(is_inside)
                && !text.get(at + name.len()).is_some_and(is_inside)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words() {
        let text = b"cat: /etc/none: No such file";
        assert!(mentions(text, b"/etc/none") && mentions(text, b"none") && mentions(text, b"cat"));
        assert!(!mentions(text, b"non") && !mentions(text, b"") && !mentions(b"", b"x"));
        assert!(!mentions(b"my-none", b"none") && mentions(b"'none'", b"none"));
    }
}
