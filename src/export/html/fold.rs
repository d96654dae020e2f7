//! Which events of a thread are told as one: those that are alike and follow each other,
//! and those of a short pattern that comes again and again (read, write, read, write),
//! of which each place becomes a run of its own.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::lead::Lead;
use super::node::Node;
use crate::abi::Verb;
use crate::event::Kind;
use crate::flow::{Event, EventId};

/// Events of the longest pattern that is looked for: as a rule, so few that each can be
/// seen in a picture; ...
pub(super) const SHORT: usize = 4;
/// ... and as many as a loop has, where a page would be too large.
pub(super) const LONG: usize = 16;

/// What events have that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    pub(super) fn new(what: impl Hash) -> Self {
        let mut hasher = FxHasher::default();
        what.hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The key of an event: its call, its error, and what it touches. `None` for what is
    /// always told by itself: all but calls, calls that never returned, those that the
    /// tree hangs on, and statements in SQL.
    pub(super) fn of(event: &Event<'_>, execution: Option<EventId>) -> Option<Self> {
        let record = &event.record;
        if record.kind != Kind::Call || record.is_begun() || !event.statements.is_empty() {
            return None;
        }
        let verb = event.prototype.map_or(Verb::None, |prototype| prototype.effect.verb);
        if is_landmark(verb, record.result) {
            return None;
        }
        let call = record.call.map(|call| (call.abi.code(), call.nr));
        let uses = event.uses.iter().map(|used| (used.resource.index(), used.verb as u8));
        let error = record.error().map(|errno| errno.0);
        Some(Self::new((call, error, execution, uses.collect::<Vec<_>>())))
    }
}

/// Whether a call makes, ends or awaits processes, or sends a signal.
pub(super) fn is_landmark(verb: Verb, result: i64) -> bool {
    match verb {
        Verb::Forks | Verb::Execs | Verb::Exits | Verb::Signals => true,
        Verb::Waits => result > 0,
        _ => false,
    }
}

/// A node, and the links that lead to it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    key: Option<Key>,
    pub(super) node: Node,
    pub(super) leads: Vec<Lead>,
}

impl Told {
    pub(super) fn new(key: Option<Key>, node: Node, leads: Vec<Lead>) -> Self {
        Self { key, node, leads }
    }

    fn add(&mut self, other: Self) {
        self.node.add(&other.node);
        for mut lead in other.leads {
            lead.target.clone_from(&self.node.id);
            Lead::gather(&mut self.leads, lead);
        }
    }
}

/// The latest nodes of a thread, which may still come to stand for more.
#[derive(Debug)]
pub(super) struct Folder {
    longest: usize,
    latest: VecDeque<Told>,
    pattern: Option<Pattern>,
}

/// The last nodes are a pattern that has come twice at least.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    length: usize,
    /// The place in it of the event that would come next.
    next: usize,
}

impl Folder {
    /// One that looks for patterns of at most so many events.
    pub(super) fn new(longest: usize) -> Self {
        Self { longest, latest: VecDeque::new(), pattern: None }
    }

    /// The node that an event with that key goes on with, if it is what the pattern has
    /// next.
    pub(super) fn expected(&mut self, key: Option<Key>) -> Option<&mut Told> {
        let Pattern { length, next } = self.pattern?;
        let at = self.latest.len().checked_sub(length)? + next;
        let told = self.latest.get_mut(at).filter(|told| told.key.is_some() && told.key == key)?;
        self.pattern = Some(Pattern { length, next: (next + 1) % length });
        Some(told)
    }

    /// Takes what was not expected; `out` gets what will not change any more.
    pub(super) fn push(&mut self, told: Told, out: &mut impl FnMut(Told)) {
        self.latest.push_back(told);
        self.pattern = (1..=self.longest).find(|length| self.comes_again(*length)).map(|length| {
            self.fold(length);
            Pattern { length, next: 0 }
        });
        while self.latest.len() > 2 * self.longest {
            self.latest.pop_front().map(&mut *out);
        }
    }

    /// Takes any.
    pub(super) fn take(&mut self, told: Told, out: &mut impl FnMut(Told)) {
        match self.expected(told.key) {
            Some(known) => known.add(told),
            None => self.push(told, out),
        }
    }

    /// Gives all that is left.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Told)) {
        self.pattern = None;
        self.latest.drain(..).for_each(out);
    }

    /// The latest node that stands for that event.
    pub(super) fn find(&mut self, ordinal: u64) -> Option<&mut Told> {
        self.latest.iter_mut().rev().find(|told| told.node.has(ordinal))
    }

    /// Whether the last nodes are like those before them.
    fn comes_again(&self, length: usize) -> bool {
        let Some(second) = self.latest.len().checked_sub(length) else { return false };
        let Some(first) = second.checked_sub(length) else { return false };
        let keys = |from| self.latest.range(from..from + length).map(|told| told.key);
        keys(first).zip(keys(second)).all(|(one, other)| one.is_some() && one == other)
    }

    /// Joins the last nodes with those before them.
    fn fold(&mut self, length: usize) {
        let second = self.latest.split_off(self.latest.len() - length);
        let first = self.latest.len() - length;
        for (known, told) in self.latest.range_mut(first..).zip(second) {
            known.add(told);
        }
    }
}
