//! The tasks that are traced, and what is known of each.

use super::account::Account;
use super::capture::Capture;
use super::machine::State;
use super::placement::Seat;
use crate::abi::{self, Prototype, Verb};
use crate::event::{Batch, Call, Kind, TaskId};
use std::rc::Rc;

/// An environment: `NAME=value` each, secrets already taken out.
pub(super) type Environment = Rc<Vec<Vec<u8>>>;

/// A live task.
#[derive(Debug)]
pub(super) struct Task {
    /// Its number in the run.
    pub(super) id: TaskId,
    /// Thread id, as the tracer sees it.
    pub(super) tid: i32,
    /// Thread-group id.
    pub(super) pid: i32,
    /// The task that stands for its process.
    pub(super) process: TaskId,
    /// Where it is.
    pub(super) state: State,
    /// The signal of the group-stop that it is in; 0 if it is in none.
    pub(super) stopped: i32,
    /// The ordinal of its next event.
    pub(super) next_ordinal: u64,
    /// The call that it is in; its memory is used again for the next.
    pub(super) pending: Pending,
    /// The environment of its execution, if it is in the log; else empty.
    pub(super) env: Environment,
    /// The effect of the last call that it entered.
    pub(super) last_verb: Verb,
    /// What of it is not seen.
    pub(super) unseen: Unseen,
    /// Whether it, or children that it makes, may be in a PID namespace of their own.
    pub(super) nested: bool,
    /// Whether a filter stops it at the calls that are wanted, so that it need not stop at
    /// every call.
    pub(super) is_sieved: bool,
    /// Whether it has shown that it is about to end.
    pub(super) is_ending: bool,
    /// Of a leader: what its process has read and written, once that is known.
    pub(super) account: Account,
    /// Where it runs.
    pub(super) seat: Seat,
}

/// What of a task is not seen.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// Operations that it has submitted to an io_uring.
    pub(super) submitted: u64,
    /// Whether the log says that its memory cannot be read.
    pub(super) memory: bool,
}

/// A call between entry and exit.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Whether there is one.
    pub(super) active: bool,
    /// Whether it is wanted in the log (`-e trace=`).
    pub(super) wanted: bool,
    /// Whether it stands in the log as begun.
    pub(super) begun: bool,
    /// Which call.
    pub(super) call: Option<Call>,
    /// Its prototype, if its number is known.
    pub(super) prototype: Option<&'static Prototype>,
    /// Argument registers at entry.
    pub(super) args: [u64; 6],
    /// When it was entered.
    pub(super) start: u64,
    /// Its ordinal.
    pub(super) ordinal: u64,
    /// Memory captured at entry, then at exit.
    pub(super) memory: Capture,
    /// For an exec: the environment that it passes.
    pub(super) env: Option<Environment>,
    /// For an exec: the leader whose thread id it took.
    pub(super) superseded: TaskId,
    /// For a fork: the clone flags.
    pub(super) clone_flags: u64,
}

impl Task {
    /// Takes the next ordinal.
    pub(super) fn ordinal(&mut self) -> u64 {
        let ordinal = self.next_ordinal;
        self.next_ordinal += 1;
        ordinal
    }

    /// Whether it stops at a call only if the filter says so.
    pub(super) fn stops_by_filter(&self) -> bool {
        self.is_sieved && self.state != State::Launching
    }

    /// The code that it passes to the exit call it is in.
    pub(super) fn exiting(&self) -> Option<i32> {
        let exits = self.pending.active && self.last_verb == Verb::Exits;
        exits.then_some((self.pending.args[0] & 0xff) as i32)
    }

    /// Writes the pending call as it stands: without an end.
    pub(super) fn write_begun(&mut self, batch: &mut Batch) {
        let pending = &mut self.pending;
        if pending.active && pending.wanted && !pending.begun {
            pending.begun = true;
            pending.write(self.id, None, batch);
        }
    }
}

impl Pending {
    /// A call begins: what was known of the one before is forgotten.
    pub(super) fn begin(
        &mut self,
        call: Call,
        prototype: Option<&'static Prototype>,
        args: [u64; 6],
        ordinal: u64,
        time: u64,
    ) {
        let mut memory = std::mem::take(&mut self.memory);
        memory.clear();
        *self = Self {
            active: true,
            call: Some(call),
            prototype,
            args: prototype.map_or(args, |prototype| abi::given(prototype, &args)),
            start: time,
            ordinal,
            memory,
            ..Self::default()
        };
    }

    /// Writes the call, with its end and result where it has one.
    pub(super) fn write(&self, task: TaskId, end: Option<(u64, i64, bool)>, batch: &mut Batch) {
        let mut record = batch.record(Kind::Call, task, self.ordinal);
        record.start(self.start).words(self.memory.untold(self.args));
        if let Some(call) = self.call {
            record.call(call);
        }
        if let Some((end, result, failed)) = end {
            record.returned(end, result, failed);
        }
        self.memory.write(&mut record);
        record.finish();
    }
}
