//! What placement asks of the tracer's tasks.

use super::{Parent, Placement};
use crate::abi::Verb;
use crate::sys::clock;
use crate::tracer::Sink;
use crate::tracer::blindspots::CLONE_UNTRACED;
use crate::tracer::engine::Tracer;
use std::sync::atomic::Ordering;

impl<S: Sink> Tracer<S> {
    /// Before a call that shows or changes where a task may run, or that makes a child
    /// which we shall not see: who is meant runs as without rtrace, until it returns.
    pub(in crate::tracer) fn unbind_who_is_asked_for(&mut self, tid: i32) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let Some(prototype) = task.pending.prototype else { return };
        let target = match prototype.effect.verb {
            Verb::None if is_about_processors(prototype.name) => {
                match task.pending.args[0] as i32 {
                    0 => tid,
                    other => self.as_called_by(task, other).map_or(tid, |target| target.tid),
                }
            }
            Verb::Forks if task.pending.clone_flags & CLONE_UNTRACED != 0 => tid,
            // As another user it could not be let go any more.
            Verb::Credits => tid,
            _ => return,
        };
        self.unbind(target);
        if let Some(task) = self.tasks.get_mut(&target) {
            Placement::may_change(&mut task.seat);
        }
        if let Some(task) = self.tasks.get_mut(&tid) {
            self.placement.asks(&mut task.seat);
        }
    }

    /// Lets a task run where it is to.
    pub(in crate::tracer) fn unbind(&mut self, tid: i32) {
        if let Some(task) = self.tasks.get_mut(&tid) {
            self.placement.let_go(&mut task.seat, tid);
        }
    }

    /// Lets those run where they are to that have not stopped for long.
    pub(in crate::tracer) fn unbind_stale(&mut self) {
        if !self.placement.is_crowded() {
            return;
        }
        let time = clock::monotonic().saturating_sub(self.base);
        for tid in self.placement.bound_tasks() {
            if self.tasks.get(&tid).is_some_and(|task| task.seat.is_stale(time)) {
                self.unbind(tid);
            }
        }
    }

    /// Tells the thread that wakes this one whether it has to, for [`Self::unbind_stale`].
    pub(in crate::tracer) fn note_crowd(&mut self) {
        let is_crowded = self.placement.is_crowded();
        if is_crowded != self.was_crowded {
            self.was_crowded = is_crowded;
            self.shared.crowded.store(is_crowded, Ordering::Relaxed);
        }
    }

    /// A new task is where its maker was.
    pub(in crate::tracer) fn place_child(&mut self, tid: i32, parent: Parent) {
        if let Some(task) = self.tasks.get_mut(&tid) {
            self.placement.inherits(&mut task.seat, parent, tid, task.pid);
        }
    }
}

/// Whether a call without effect on resources has to do with affinity, or with policies:
/// SCHED_DEADLINE is for tasks that may run everywhere only (sched(7)).
pub(in crate::tracer) fn is_about_processors(name: &str) -> bool {
    matches!(
        name,
        "sched_getaffinity" | "sched_setaffinity" | "sched_setattr" | "sched_setscheduler"
    )
}
