//! The batchflow: who ran what, what they touched, and what led to what.
//!
//! A [`Flow`] reads a log's batches in order, once, and gives what it finds out
//! to a [`Sink`], item by item: tasks, executions, resources, events with what
//! their arguments stand for, and the edges between events. What it keeps grows
//! with living tasks, open descriptors and distinct resources, not with events.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `reading`, `telling` | from record to record; what is given out, in which order |
//! | `item` | what is given out |
//! | `state`, `task`, `resource`, `socket`, `descriptors` | what is known at a moment |
//! | `life`, `exec` | tasks that start, end and wait; that run a new program |
//! | `effect` | what calls do to descriptors, directories and sockets |
//! | `function` | what a call is a call of |
//! | `look` | what looking at a file tells |
//! | `facts` | what the recorder learnt beside the calls |
//! | `gaps`, `omitted` | which events the log does not have; which calls were left out |
//! | `recap` | what a log that begins in the midst of a run must say first |
//! | `signal` | signals, from who sent one to who got it |
//! | `thread` | threads that others wait for |
//! | `version`, `files`, `content`, `ranges` | what is behind names, who wrote and read it |
//! | `rights` | descriptors that a process gets from another one |
//! | `meeting` | which sockets are the ends of a connection |
//! | `touch`, `position`, `naming` | what calls do to content, where, and to names |
//! | `stream`, `transfer` | bytes through pipes and connections, from write to read |
//! | `memory` | bytes that one process copies from another's memory, or to it |
//! | `moniker`, `mounts` | names that hold outside of the run; files of other machines |
//! | `space` | mount namespaces that the run made |
//! | `numbers` | who is meant by a process or thread number |
//! | `bytes` | how many bytes a call moved |
//! | `database` | databases, by what is said on connections and written in files |
//! | `ipc` | what calls name by numbers: System V's things, users |
//! | `user` | as whom processes act |
//! | `plan`, `irregular` | how to read a call's prototype; the calls that need a name |
//! | [`graph`] | all that in memory, with events folded into numbers |

mod bytes;
mod command;
mod content;
mod database;
mod descriptors;
mod effect;
mod exec;
mod facts;
mod files;
mod function;
mod gaps;
pub mod graph;
mod ipc;
mod irregular;
mod item;
mod life;
mod look;
mod meeting;
mod memory;
mod moniker;
mod mounts;
mod names;
mod naming;
mod numbers;
mod omitted;
mod path;
mod plan;
mod pool;
mod position;
mod ranges;
mod reading;
mod recap;
mod resource;
mod rights;
mod signal;
mod socket;
mod space;
mod state;
mod stream;
mod task;
mod telling;
mod thread;
mod touch;
mod transfer;
mod user;
mod version;

#[cfg(test)]
mod tests;

use rustc_hash::{FxHashMap, FxHashSet};

pub use bytes::{Moved, moves_bytes};
pub use command::command_line;
pub use database::{Database, DatabaseUse, Statement, System};
pub use descriptors::{Access, Descriptor, Descriptors};
pub use files::OpenId;
pub use function::Function;
pub use ipc::Number;
pub use item::{
    ActivityId, BlindSpot, Delivery, Edge, EdgeKind, Event, EventId, Item, Look, Place, Side, Sink,
    Through, Transfer, Use,
};
pub use moniker::{Authority, Moniker};
pub use mounts::OnDevice;
pub use names::{NameId, Names};
pub use omitted::{Omitted, Sort};
pub use plan::Lookup;
pub use recap::Recap;
pub use resource::{Class, Identity, Resource, ResourceId};
pub use socket::{AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, Endpoint, Socket};
pub use state::State;
pub use task::{Account, Execution, Process, Task};
pub use version::{FileId, Name, Version, VersionId};

use crate::abi::Prototype;
use crate::event::{Batch, Record, TaskId};
use database::Databases;
use facts::Facts;
use gaps::Gaps;
use memory::Memories;
use plan::Plans;
use rights::Parcels;
use signal::Signals;
use thread::Joins;
use transfer::Transfers;

/// Builds the flow of one run.
#[derive(Debug)]
pub struct Flow {
    state: State,
    plans: Plans,
    facts: Facts,
    gaps: Gaps,
    transfers: Transfers,
    memories: Memories,
    databases: Databases,
    signals: Signals,
    parcels: Parcels,
    joins: Joins,
    /// Tasks whose maker's call has not ended yet, by that call.
    born: FxHashMap<EventId, life::Born>,
    /// Calls that are in the slice of time at hand and made a task in it.
    makers: FxHashSet<EventId>,
    /// Processes that have ended and that nobody has waited for yet.
    dead: FxHashMap<TaskId, life::Dead>,
    /// The working directory of the command, if no fact says otherwise.
    first_cwd: Vec<u8>,
    /// When the run started: nanoseconds since 1970; the end of
    /// time where nobody has said.
    started: u64,
    /// Of the event at hand: what it touches, and what to say before and after it.
    uses: Vec<Use>,
    before: Vec<Item<'static>>,
    after: Vec<Item<'static>>,
    /// A task that the event at hand ended.
    leaving: Option<TaskId>,
    /// Resources given out so far.
    named: usize,
}

fn event_id(record: &Record<'_>) -> EventId {
    EventId { task: record.task, ordinal: record.ordinal }
}

impl Default for Flow {
    fn default() -> Self {
        Self::new()
    }
}

impl Flow {
    /// The flow of a run that has not begun.
    pub fn new() -> Self {
        Self::with_prototypes(|call| crate::abi::lookup(call.abi, call.nr))
    }

    /// The same with other prototypes than those of [`crate::abi`].
    pub fn with_prototypes(lookup: Lookup) -> Self {
        Self {
            state: State::default(),
            plans: Plans::new(lookup),
            facts: Facts::default(),
            gaps: Gaps::default(),
            transfers: Transfers::default(),
            memories: Memories::default(),
            databases: Databases::default(),
            signals: Signals::default(),
            parcels: Parcels::default(),
            joins: Joins::default(),
            born: FxHashMap::default(),
            makers: FxHashSet::default(),
            dead: FxHashMap::default(),
            first_cwd: Vec::new(),
            started: u64::MAX,
            uses: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            leaving: None,
            named: 0,
        }
    }

    /// Where the command was started, as the log's header says.
    pub fn set_cwd(&mut self, cwd: &[u8]) {
        self.first_cwd = cwd.to_vec();
    }

    /// When the run started, as the log's header says: nanoseconds since 1970. Without
    /// it, only what a call proves to be new is taken for new.
    pub fn set_started(&mut self, realtime: u64) {
        self.started = realtime;
    }

    /// Which calls the log does not have, as its header says.
    pub fn set_omitted(&mut self, omitted: Omitted) {
        self.state.omitted = omitted;
    }

    /// That the log has nothing of some processes, as its header says.
    pub fn set_cut(&mut self) {
        self.state.is_cut = true;
    }

    /// What is known now.
    pub fn state(&self) -> &State {
        &self.state
    }

    fn lookup(&self) -> Lookup {
        self.plans.lookup()
    }

    fn prototype(&self, call: crate::event::Call) -> Option<&'static Prototype> {
        self.plans.lookup()(call)
    }

    /// Takes over what a recap does not tell, from the flow that it was made of.
    fn take_over(&mut self, old: Self) {
        self.facts = old.facts;
        self.gaps = old.gaps;
        self.born = old.born;
        self.dead = old.dead;
        self.first_cwd = old.first_cwd;
        self.started = old.started;
        self.state.omitted = old.state.omitted;
        self.state.is_cut = old.state.is_cut;
        self.state.by_pid = old.state.by_pid;
        for (id, process) in old.state.processes {
            if let Some(own) = self.state.processes.get_mut(&id) {
                own.parent = process.parent;
                own.children = process.children;
            }
        }
        for (id, task) in old.state.tasks {
            if let Some(own) = self.state.tasks.get_mut(&id) {
                own.last = task.last;
                own.pending = task.pending;
                own.execed = task.execed;
            }
        }
    }

    /// Reads the next batch of the log.
    ///
    /// # Errors
    /// The sink's.
    pub fn batch<S: Sink + ?Sized>(&mut self, batch: &Batch, sink: &mut S) -> Result<(), S::Error> {
        self.facts.take(batch.facts());
        self.name_seen_late();
        self.state.mounts.take_facts(batch.facts());
        self.look_ahead(batch);
        self.look_for_makers(batch);
        for record in (0..batch.len()).filter_map(|index| batch.get(index)) {
            self.record(&record, sink)?;
        }
        self.apply_late_facts();
        self.settle();
        self.tell_before(sink)?;
        self.tell_facts(None, sink)
    }

    /// A slice of time is over: what happened in it is known.
    fn settle(&mut self) {
        self.settle_transfers();
        self.settle_signals();
        self.settle_joins();
    }

    /// The log is over: gives out the calls that never ended.
    ///
    /// # Errors
    /// The sink's.
    pub fn finish<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        let mut alive: Vec<TaskId> = self.state.tasks.keys().copied().collect();
        alive.sort_unstable();
        alive.into_iter().try_for_each(|task| self.end_pending(task, sink))?;
        self.settle();
        self.tell_before(sink)?;
        self.tell_facts(None, sink)
    }
}
