//! What each thread of a run did, step by step.

use rustc_hash::FxHashMap;

use super::painter::address;
use crate::abi::Verb;
use crate::event::TaskId;
use crate::flow::graph::ActivityIndex;
use crate::flow::{Endpoint, Event, ResourceId};

/// What a call did: which it was, how it ended, and what it was about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call {
    pub(super) name: &'static str,
    /// The error; 0 if it succeeded.
    pub(super) errno: u16,
    pub(super) about: [Option<ResourceId>; 2],
    /// The address that a socket could not be connected to.
    pub(super) to: Option<Endpoint>,
}

/// What a thread did while its process ran one program.
#[derive(Debug)]
pub(super) struct Tape {
    pub(super) activity: ActivityIndex,
    /// Calls by their place in [`Tapes::calls`], and when each began.
    pub(super) steps: Vec<(u32, u64)>,
}

/// What all threads did.
#[derive(Debug, Default)]
pub(super) struct Tapes {
    /// Calls, each once.
    pub(super) calls: Vec<Call>,
    pub(super) all: Vec<Tape>,
    numbers: FxHashMap<Call, u32>,
    /// Which tape a thread writes.
    current: FxHashMap<TaskId, usize>,
}

impl Tapes {
    /// Notes a call that is over and does something to a thing.
    pub(super) fn note(&mut self, event: &Event<'_>, activity: ActivityIndex) {
        let Some(call) = call(event) else { return };
        let record = &event.record;
        let at = self.current.get(&record.task).copied();
        let at = at.filter(|at| self.all[*at].activity == activity).unwrap_or_else(|| {
            self.all.push(Tape { activity, steps: Vec::new() });
            self.current.insert(record.task, self.all.len() - 1);
            self.all.len() - 1
        });
        let next = self.calls.len() as u32;
        let number = *self.numbers.entry(call.clone()).or_insert(next);
        if number == next {
            self.calls.push(call);
        }
        self.all[at].steps.push((number, record.start));
    }
}

/// What a call did. What only sleeps, or lets go of a descriptor, does nothing that
/// another run could do otherwise.
fn call(event: &Event<'_>) -> Option<Call> {
    let prototype = event.prototype?;
    if matches!(prototype.effect.verb, Verb::Sleeps | Verb::Closes) {
        return None;
    }
    let mut about = event.uses.iter().filter(|one| one.verb != Verb::None);
    let about = [about.next(), about.next()].map(|one| one.map(|one| one.resource));
    about[0]?;
    let errno = event.record.error().map_or(0, |errno| errno.0);
    let to =
        if errno != 0 && prototype.effect.verb == Verb::Connects { address(event) } else { None };
    Some(Call { name: prototype.name, errno, about, to })
}
