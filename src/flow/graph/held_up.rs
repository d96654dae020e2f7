//! Which tasks could not go on before another one had done something.
//!
//! A task that waits sits in a call, from before the moment at which what it waits for
//! happens. That call need not be the one that gets it: a process may sleep in poll(2)
//! and then read, or be woken by SIGCHLD and then ask whose end it was.

use rustc_hash::FxHashMap;

use crate::event::TaskId;
use crate::flow::resource::ResourceId;

/// A task waited for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldUp {
    /// Who waited.
    pub task: TaskId,
    /// When the call began in which it waited: nanoseconds since the run's start.
    pub from: u64,
    /// When that call ended.
    pub until: u64,
    /// Who was waited for.
    pub by: TaskId,
    /// When that one did what it was waited for.
    pub at: u64,
    /// What that was.
    pub why: Why,
}

/// What a task waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The other one's end.
    End,
    /// Bytes from it.
    Bytes,
    /// That it closed the other end.
    Close,
    /// That it read, from a pipe or connection that was full.
    Room,
    /// That it gave back a lock, or woke who waited on a futex.
    Lock,
    /// That it connected, or accepted a connection.
    Meeting,
}

/// Calls in which a task slept, the latest few, and the one by which it ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sleeps {
    latest: [(u64, u64); 8],
    next: usize,
    exit: Option<u64>,
}

impl Sleeps {
    pub(super) fn add(&mut self, start: u64, end: u64) {
        self.latest[self.next] = (start, end);
        self.next = (self.next + 1) % self.latest.len();
    }

    /// The one during which that moment was.
    pub(super) fn at(&self, time: u64) -> Option<(u64, u64)> {
        self.latest.iter().find(|(start, end)| *start < time && time <= *end).copied()
    }

    /// The task asks to be ended: descriptors are closed from then on, and the end
    /// itself is seen when that is done.
    pub(super) fn exits_at(&mut self, time: u64) {
        self.exit = Some(time);
    }

    /// When it asked to be ended, if it did.
    pub(super) fn exit(&self) -> Option<u64> {
        self.exit
    }
}

/// Who closed what last, and who read the end of it.
#[derive(Debug, Default)]
pub(super) struct Closings {
    closed: FxHashMap<ResourceId, (TaskId, u64)>,
    ends: FxHashMap<ResourceId, (TaskId, u64, u64)>,
}

impl Closings {
    /// A task has closed a pipe, or the other end of a connection.
    pub(super) fn closed(&mut self, what: ResourceId, by: TaskId, at: u64) -> Option<HeldUp> {
        self.closed.insert(what, (by, at));
        self.ends.get(&what).and_then(|(task, from, until)| held(*task, (*from, *until), by, at))
    }

    /// A task has read the end of a pipe or connection.
    pub(super) fn ended(
        &mut self,
        what: ResourceId,
        task: TaskId,
        from: u64,
        until: u64,
    ) -> Option<HeldUp> {
        self.ends.insert(what, (task, from, until));
        self.closed.get(&what).and_then(|(by, at)| held(task, (from, until), *by, *at))
    }
}

fn held(task: TaskId, (from, until): (u64, u64), by: TaskId, at: u64) -> Option<HeldUp> {
    let is_between = from < at && at <= until && task != by;
    is_between.then_some(HeldUp { task, from, until, by, at, why: Why::Close })
}
