//! What a portrait needs of a run's flow: its graph, and what is noted beside it.

use std::convert::Infallible;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_bytes::ByteBuf;

use super::portrait::State;
use super::tape::Tapes;
use crate::abi::{Prototype, Verb};
use crate::event::{Batch, Fact, FactKey, FactKind, Kind, Record, Role, TaskId};
use crate::flow::graph::{ActivityIndex, Builder, Graph};
use crate::flow::{Class, Endpoint, Event, Item, Look, ResourceId, Sink};

/// Errors that tell of timing, and not of what is there (errno(3)).
const PASSING: [i32; 5] =
    [libc::EAGAIN, libc::EINTR, libc::EINPROGRESS, libc::EALREADY, libc::ETIMEDOUT];
/// The kernel's own, by which it restarts a call (include/linux/errno.h).
const RESTARTS: std::ops::RangeInclusive<u16> = 512..=516;

/// Why a file has no hash that was written while it was read.
const CHANGING: &str = "it changed while it was read";
/// Commands of fcntl(2) that wait for a lock: `F_SETLKW`, `F_SETLKW64`, `F_OFD_SETLKW`.
const WAITING_LOCKS: [u64; 3] = [7, 14, 38];

/// Takes the items of a run's flow.
#[derive(Debug, Default)]
pub struct Painter {
    builder: Builder,
    notes: Notes,
    /// How long the last call of a task has slept, if that was what it did.
    dozed: FxHashMap<TaskId, u64>,
}

/// What is noted beside the graph.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Files as they were first and last seen.
    pub(super) states: FxHashMap<ResourceId, Seen>,
    /// Calls that failed: how often, and when first.
    pub(super) refusals: FxHashMap<Refused, (u64, u64)>,
    /// Nanoseconds for which a thing was waited for.
    pub(super) waits: FxHashMap<(ActivityIndex, ResourceId), u64>,
    /// Ports that were bound by number.
    pub(super) bound: FxHashSet<u16>,
    /// What each thread did.
    pub(super) tapes: Tapes,
    /// Lines of mountinfo.
    pub(super) mounts: Vec<Vec<u8>>,
}

/// How a file was.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) first: State,
    pub(super) last: State,
    /// When the last look was: nanoseconds since the run's start.
    pub(super) at: u64,
}

/// A kind of call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Refused {
    pub(super) activity: ActivityIndex,
    pub(super) call: &'static str,
    pub(super) errno: u16,
    pub(super) about: Option<ResourceId>,
    /// The address that a socket could not be connected to.
    pub(super) to: Option<Endpoint>,
}

impl Painter {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a batch tells of mounts; the flow keeps only those of other machines.
    pub fn mounts(&mut self, batch: &Batch) {
        let facts = batch.facts().iter().filter(|fact| fact.kind == FactKind::Mount);
        self.notes
            .mounts
            .extend(facts.filter_map(|fact| Some(fact.bytes(FactKey::Text)?.to_vec())));
    }

    /// What it has seen, once the flow is finished.
    pub(super) fn finish(self, state: &crate::flow::State) -> (Graph, Notes) {
        (self.builder.finish(state), self.notes)
    }

    fn event(&mut self, state: &crate::flow::State, event: &Event<'_>) {
        let record = &event.record;
        let (Kind::Call, Some(prototype)) = (record.kind, event.prototype) else { return };
        let Some(activity) = self.builder.graph().activity_of(event.id()) else { return };
        if prototype.effect.verb == Verb::Binds {
            self.bound(event);
        }
        if let Some(errno) = record.error() {
            if is_passing(errno.0) {
                return self.waited(state, event, activity, prototype.effect.verb);
            }
            if prototype.effect.verb != Verb::Sleeps {
                let about = event.uses.iter().find(|one| one.verb != Verb::None);
                let about = about.map(|one| one.resource);
                let to = match prototype.effect.verb {
                    Verb::Connects => address(event),
                    _ => None,
                };
                let key = Refused { activity, call: prototype.name, errno: errno.0, about, to };
                let refused = self.notes.refusals.entry(key).or_insert((0, record.start));
                refused.0 += 1;
            }
        }
        self.notes.tapes.note(event, activity);
        self.waited(state, event, activity, prototype.effect.verb);
    }

    /// The time that a call took counts for the thing that it is about; that of a poll
    /// counts for what is read next.
    fn waited(
        &mut self,
        state: &crate::flow::State,
        event: &Event<'_>,
        activity: ActivityIndex,
        verb: Verb,
    ) {
        let record = &event.record;
        let took = record.end.map_or(0, |end| end.saturating_sub(record.start));
        let dozed = self.dozed.remove(&record.task).unwrap_or(0);
        match verb {
            Verb::Sleeps => {
                self.dozed.insert(record.task, took);
            }
            Verb::Reads | Verb::Receives | Verb::Connects | Verb::Accepts | Verb::Sends => {
                // That a disk is slow is noise.
                let is_awaited = |id: &ResourceId| {
                    state.resource(*id).is_some_and(|one| one.class != Class::File)
                };
                if let Some(resource) = event.argument(0).filter(is_awaited) {
                    *self.notes.waits.entry((activity, resource)).or_default() += took + dozed;
                }
            }
            _ if is_lock(record, event.prototype) => {
                if let Some(file) = event.argument(0) {
                    *self.notes.waits.entry((activity, file)).or_default() += took;
                }
            }
            _ => {}
        }
    }

    fn bound(&mut self, event: &Event<'_>) {
        match address(event) {
            Some(Endpoint::Inet(_, port) | Endpoint::Inet6(_, port)) if port != 0 => {
                self.notes.bound.insert(port);
            }
            _ => {}
        }
    }

    fn look(&mut self, look: &Look<'_>) {
        let seen = state(look.fact);
        let Some(known) = self.notes.states.get_mut(&look.resource) else {
            let last = seen.clone();
            self.notes.states.insert(look.resource, Seen { first: seen, last, at: look.time });
            return;
        };
        // What was in a file is told later than how it was, of the same state.
        if look.fact.kind == FactKind::Content {
            for known in [&mut known.first, &mut known.last] {
                if known.modified == seen.modified && known.size == seen.size {
                    known.hash.clone_from(&seen.hash);
                    known.unhashed.clone_from(&seen.unhashed);
                }
            }
            return;
        }
        let last = &mut known.last;
        let hash = (last.modified == seen.modified).then(|| last.hash.clone()).flatten();
        let unhashed = last.unhashed.take().filter(|_| last.modified == seen.modified);
        *last = State { hash, unhashed, build: seen.build.or(last.build.take()), ..seen };
        known.at = look.time;
    }
}

/// Whether an error tells of timing alone.
fn is_passing(errno: u16) -> bool {
    PASSING.contains(&i32::from(errno)) || RESTARTS.contains(&errno)
}

/// Whether a call may wait until somebody lets go of a lock on a file; flock(2), fcntl(2).
fn is_lock(record: &Record<'_>, prototype: Option<&Prototype>) -> bool {
    let name = prototype.map_or("", |prototype| prototype.name);
    let is_waiting = || WAITING_LOCKS.contains(&record.words[1]);
    name == "flock" || name.starts_with("fcntl") && is_waiting()
}

/// The address that a call was given.
pub(super) fn address(event: &Event<'_>) -> Option<Endpoint> {
    let record = &event.record;
    let piece = record.pieces.iter().find(|piece| piece.role == Role::Sockaddr)?;
    Endpoint::parse(record.bytes(piece))
}

/// What a fact tells of a file.
fn state(fact: &Fact) -> State {
    let is_stale = fact.number(FactKey::Stale).is_some_and(|stale| stale != 0);
    let bytes = |key| fact.bytes(key).map(ByteBuf::from);
    State {
        size: fact.number(FactKey::Size),
        mode: fact.number(FactKey::Mode).map(|mode| mode as u32),
        modified: fact.number(FactKey::Modified),
        hash: bytes(FactKey::Hash).filter(|_| !is_stale),
        unhashed: if is_stale { Some(ByteBuf::from(CHANGING)) } else { bytes(FactKey::Text) },
        build: bytes(FactKey::BuildId),
    }
}

impl Sink for Painter {
    type Error = Infallible;

    fn item(&mut self, state: &crate::flow::State, item: Item<'_>) -> Result<(), Infallible> {
        self.builder.item(state, item)?;
        match &item {
            Item::Event(event) => self.event(state, event),
            Item::Look(look) => self.look(look),
            _ => {}
        }
        Ok(())
    }
}
