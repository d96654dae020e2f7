//! The ends of tasks, and of calls that never return.

use super::engine::Tracer;
use super::task::Task;
use super::{Ending, Sink, Until};
use crate::event::{Batch, Kind, TaskId};

impl<S: Sink> Tracer<S> {
    /// A task is gone.
    pub(super) fn ended(&mut self, tid: i32, ending: Ending) {
        if let Some(root) = self.root.as_mut().filter(|root| root.pid == tid) {
            root.ending = Some(ending);
        }
        let time = self.now();
        self.early.remove(&tid);
        self.abandon(tid);
        self.after_unmount(tid);
        let Some(mut task) = self.forget(tid) else {
            self.early_ends.insert(tid, ending);
            self.adopt_orphans();
            return;
        };
        self.end_heir(&task, ending);
        if !task.id.is_none() {
            self.note_submitted(&task, time);
            self.account_fact(&mut task, time);
            let by = self.ended_by_exec(&task);
            write_exit(&mut self.batch, &mut task, time, exit_words(ending, by));
        }
        if task.tid == task.pid {
            self.forget_written(task.process);
        }
        self.execs.retain(|_, executing| *executing != task.id);
        self.adopt_orphans();
        if self.root.as_ref().is_some_and(|root| root.ending.is_some())
            && self.options.until == Until::Root
        {
            self.detach_all(1);
        }
    }

    /// The pending call will never return: it is written without an end.
    pub(super) fn abandon(&mut self, tid: i32) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        if !task.id.is_none() {
            task.write_begun(&mut self.batch);
        }
        task.pending.active = false;
    }

    /// A task is no longer ours.
    pub(super) fn forget(&mut self, tid: i32) -> Option<Task> {
        let mut task = self.tasks.remove(&tid)?;
        self.placement.leaves(&mut task.seat);
        Some(task)
    }
}

/// The words of an exit record; `by` is the task whose exec ended this one.
pub(super) fn exit_words(ending: Ending, by: TaskId) -> [u64; 6] {
    let by = u64::from(by.0);
    match ending {
        Ending::Exited(code) => [code as u64, 0, 0, by, 0, 0],
        Ending::Killed { signal, core } => [0, signal as u64, u64::from(core), by, 0, 0],
    }
}

/// The end of a task, as a record.
pub(super) fn write_exit(batch: &mut Batch, task: &mut Task, time: u64, words: [u64; 6]) {
    let ordinal = task.ordinal();
    let mut record = batch.record(Kind::Exit, task.id, ordinal);
    record.at(time).words(words);
    record.finish();
}
