//! The batchflow in memory, with events folded into numbers: who did what to what.
//!
//! A [`Builder`] takes the flow's items and keeps of them what does not grow with
//! events: processes, their activities, resources, and between those one entry for all
//! that an activity did to a state of a resource, and one for all that went from one
//! activity to another. All that answers in numbers counts from here, so that its
//! answers agree.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `parts` | the nodes: processes, tasks, activities, resources |
//! | `usage` | what an activity did to a resource |
//! | `called` | which functions an activity called |
//! | `passage` | what went from one activity to another |
//! | `tie` | signals and names that files came to have |
//! | `letter` | messages that sockets without a peer sent and got, by address |
//! | `session` | who used which database |
//! | `revision` | what changed when |
//! | `held_up` | which tasks waited, and for what |
//! | `failure` | why a process failed |
//! | `unseen`, `holders` | what may have been done without a record of it, and by whom |
//! | `builder` | how items become all that: |
//! | `lives`, `doings`, `leads` | tasks and processes; events; edges |

mod builder;
mod called;
mod doings;
mod failure;
mod held_up;
mod holders;
mod leads;
mod letter;
mod lives;
mod parts;
mod passage;
mod revision;
mod session;
mod tie;
mod unseen;
mod usage;

pub use builder::Builder;
pub use called::Called;
pub use failure::Failure;
pub use held_up::{HeldUp, Why};
pub use letter::Letters;
pub use parts::{Activity, ActivityIndex, End, Process, Resource, Task, Version};
pub use passage::{Carrier, Passage};
pub use session::Session;
pub use tie::{Renaming, Signalling};
pub use usage::{Amount, Deed, Moved, Span, Usage, deed};

use rustc_hash::FxHashMap;

use super::item::EventId;
use super::omitted::Omitted;
use super::resource::{Class, ResourceId};
use crate::event::TaskId;

/// The graph of one run. All lists are in the order of first sight, so that the same
/// log always gives the same ones.
#[derive(Debug, Default)]
pub struct Graph {
    /// Processes.
    pub processes: Vec<Process>,
    /// Tasks: the threads of the processes, their first ones included.
    pub tasks: Vec<Task>,
    /// What the processes did, one program after the other.
    pub activities: Vec<Activity>,
    /// Resources; the index of one is its [`ResourceId::index`].
    pub resources: Vec<Resource>,
    /// States that contents of files took on in the run.
    pub versions: Vec<Version>,
    /// What activities did to resources.
    pub usages: Vec<Usage>,
    /// Whom messages went to and came from, where a socket has no peer of its own.
    pub letters: Vec<Letters>,
    /// Which functions activities called.
    pub called: Vec<Called>,
    /// What went from one activity to another.
    pub passages: Vec<Passage>,
    /// Signals from one activity to another.
    pub signals: Vec<Signalling>,
    /// Names that files came to have beside another one, or instead of it.
    pub renames: Vec<Renaming>,
    /// Who used which database.
    pub sessions: Vec<Session>,
    /// When tasks could not go on before another one had done something.
    pub held_up: Vec<HeldUp>,
    /// Which calls the log does not have, as its header says.
    pub omitted: Omitted,
    /// The latest time in the log: nanoseconds since the run's start.
    pub end: u64,
    /// How often [`Builder::next_revision`] has been called. A part of the graph has the
    /// one in which it last changed; so what has come since revision N was over is what
    /// has a greater one.
    pub revision: u32,
    /// Whether something of what a process did is missing, though no filter left it out.
    pub is_partial: bool,
    /// Whether the log has nothing of some processes.
    pub is_cut: bool,
    by_task: FxHashMap<TaskId, u32>,
    by_process: FxHashMap<TaskId, u32>,
}

impl Graph {
    /// A process, by its first task.
    pub fn process(&self, id: TaskId) -> Option<&Process> {
        self.processes.get(*self.by_process.get(&id)? as usize)
    }

    /// A task.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(*self.by_task.get(&id)? as usize)
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.get(id.index())
    }

    /// An activity.
    pub fn activity(&self, index: ActivityIndex) -> Option<&Activity> {
        self.activities.get(index.position())
    }

    /// The process of an activity.
    pub fn process_of(&self, index: ActivityIndex) -> Option<&Process> {
        self.process(self.activity(index)?.id.process)
    }

    /// What may have been done by anybody without a record of it: what the log leaves
    /// out, or anything, where something of what a process did is missing, or all of it.
    pub fn unseen(&self) -> Omitted {
        if self.is_partial || self.is_cut { Omitted::ANYTHING } else { self.omitted }
    }

    /// What is known of bytes taken from a thing of that class, and given to it, before
    /// any usage of it is added: nothing, or that there may have been some.
    pub fn uncounted(&self, class: Class) -> (Amount, Amount) {
        let unseen = self.unseen();
        let amount = |is_at_least| Amount { bytes: 0, is_at_least };
        let carries = class.carries_bytes();
        (amount(carries && unseen.takes(class)), amount(carries && unseen.gives(class)))
    }

    /// The activity that an event is part of. An exec that succeeded belongs to what
    /// it began.
    pub fn activity_of(&self, event: EventId) -> Option<ActivityIndex> {
        let task = self.task(event.task)?;
        let since = |index: &&ActivityIndex| {
            self.activity(**index).is_some_and(|activity| {
                activity.id.since.task == event.task && activity.id.since.ordinal <= event.ordinal
            })
        };
        // A thread that did not make the exec did not outlive it.
        let activities = &self.process(task.process)?.activities;
        activities.iter().rev().find(since).copied().or(Some(task.activity))
    }

    /// What a task's process was doing at a time.
    pub fn activity_at(&self, task: TaskId, time: u64) -> Option<ActivityIndex> {
        let activities = &self.process(self.task(task)?.process)?.activities;
        let began = |index: &&ActivityIndex| {
            self.activity(**index).is_some_and(|activity| activity.started <= time)
        };
        activities.iter().rev().find(began).or(activities.first()).copied()
    }
}
