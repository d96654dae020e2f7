//! New tasks: from their creator's event, and those that come before it.

use super::account::Account;
use super::ends::{exit_words, write_exit};
use super::engine::Tracer;
use super::machine::{Birth, State};
use super::placement::{Parent, Seat};
use super::process::thread_group;
use super::task::{Pending, Task, Unseen};
use super::{Ending, Sink};
use crate::abi::Verb;
use crate::event::{Kind, Origin, TaskId};

// linux/sched.h
const CLONE_PARENT: u64 = 0x8000;
const CLONE_THREAD: u64 = 0x1_0000;
const CLONE_NEWPID: u64 = 0x2000_0000;

impl<S: Sink> Tracer<S> {
    /// `parent` has made a child; its first stop may have come already.
    pub(super) fn born(&mut self, parent: i32, child: i32, birth: Birth, time: u64) {
        let Some(task) = self.tasks.get(&parent) else { return };
        let flags = if task.pending.active { task.pending.clone_flags } else { 0 };
        let thread = if task.pending.active {
            flags & CLONE_THREAD != 0
        } else {
            // A clone that was under way when we attached: its flags were not seen. A
            // child that has gone already is a thread, as almost all of its kind are.
            birth == Birth::Clone && thread_group(child).is_none_or(|group| group == task.pid)
        };
        let nested = task.nested || flags & CLONE_NEWPID != 0;
        let origin = match birth {
            Birth::Fork if flags & CLONE_PARENT != 0 => Origin::Clone,
            Birth::Fork => Origin::Fork,
            Birth::Vfork => Origin::Vfork,
            Birth::Clone if thread => Origin::Thread,
            Birth::Clone => Origin::Clone,
        };
        let creator = (task.id, task.pending.ordinal);
        let process = (origin == Origin::Thread).then_some((task.process, task.pid));
        let env = task.env.clone();
        let heritage = task.seat.heritage();
        let (is_sieved, maker) = (task.is_sieved, task.process);
        let id = self.add(child, origin, creator, process, env, time);
        self.place_child(child, heritage);
        if let Some(task) = self.tasks.get_mut(&child) {
            task.is_sieved = is_sieved;
        }
        if is_sieved && process.is_none() {
            self.written.inherit(id, maker);
        }
        if nested {
            self.ids_fact(child);
        }
        if let Some(ending) = self.early_ends.remove(&child) {
            self.ended_early(child, ending, time);
        } else if let Some((stop, stopped)) = self.early.remove(&child) {
            self.stopped(stop, stopped);
        }
    }

    /// A task is there. `process` is the task that stands for its process (none: this
    /// one does) and the process's id; without it, the task is a process of its own.
    pub(super) fn add(
        &mut self,
        tid: i32,
        origin: Origin,
        (parent, ordinal): (TaskId, u64),
        process: Option<(TaskId, i32)>,
        env: super::task::Environment,
        time: u64,
    ) -> TaskId {
        let id = TaskId(self.next_task);
        self.next_task += 1;
        let (process, pid) = process.unwrap_or((id, tid));
        let process = if process.is_none() { id } else { process };
        let mut record = self.batch.record(Kind::Start, id, 0);
        record.at(time).words([
            tid as u64,
            pid as u64,
            u64::from(process.0),
            u64::from(parent.0),
            ordinal,
            u64::from(origin.code()),
        ]);
        record.finish();
        let task = Task {
            id,
            tid,
            pid,
            process,
            state: State::New,
            stopped: 0,
            next_ordinal: 1,
            pending: Pending::default(),
            env,
            last_verb: Verb::None,
            unseen: Unseen::default(),
            nested: false,
            is_sieved: false,
            is_ending: false,
            account: Account::default(),
            seat: Seat::default(),
        };
        self.tasks.insert(tid, task);
        id
    }

    /// The command's own start, told when its program runs.
    pub(super) fn root_started(&mut self, tid: i32) {
        let Some(root) = &mut self.root else { return };
        root.started = true;
        let id = TaskId(self.next_task);
        self.next_task += 1;
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        task.id = id;
        task.process = id;
        task.next_ordinal = 2; // the exec that is pending has 1
        let mut record = self.batch.record(Kind::Start, id, 0);
        let origin = u64::from(Origin::Root.code());
        record.at(task.pending.start.saturating_sub(1)).words([
            tid as u64,
            tid as u64,
            u64::from(id.0),
            0,
            0,
            origin,
        ]);
        record.finish();
        self.root_facts(tid);
    }

    fn ended_early(&mut self, tid: i32, ending: Ending, time: u64) {
        let Some(mut task) = self.forget(tid) else { return };
        write_exit(&mut self.batch, &mut task, time, exit_words(ending, TaskId::NONE));
    }

    /// Tasks whose creator was killed before it could tell of them: when no task
    /// is in a call that makes one, nobody will. Those that have ended never ran;
    /// their ids may come again.
    pub(super) fn adopt_orphans(&mut self) {
        let none = self.early.is_empty() && self.early_ends.is_empty();
        // Mostly it is the one that was about to fork last, so that there is no need to
        // look at all.
        let is_forking = |tid: &i32| self.tasks.get(tid).is_some_and(Task::is_forking);
        if none || is_forking(&self.last_forking) || self.tasks.values().any(Task::is_forking) {
            return;
        }
        self.early_ends.clear();
        let orphans: Vec<_> = self.early.drain().collect();
        for (tid, (stop, stopped)) in orphans {
            let time = self.now();
            let pid = thread_group(tid).unwrap_or(tid);
            let process = self.tasks.get(&pid).map(|leader| (leader.process, pid));
            let env = self.tasks.get(&pid).map(|leader| leader.env.clone()).unwrap_or_default();
            self.add(tid, Origin::Orphan, (TaskId::NONE, 0), process, env, time);
            self.place_child(tid, Parent::UNKNOWN);
            self.stopped(stop, stopped);
        }
    }
}

impl Task {
    /// Whether it is in a call that makes a task, or may be in one that it was in
    /// already when it was attached to.
    fn is_forking(&self) -> bool {
        let forks = || self.pending.prototype.is_some_and(|p| p.effect.verb == Verb::Forks);
        self.state == State::New || self.pending.active && forks()
    }
}
