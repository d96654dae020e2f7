//! Tasks, processes and what these do, from their beginnings to their ends.

use super::builder::Builder;
use super::failure::Ending;
use super::held_up::Sleeps;
use super::parts::{Activity, ActivityIndex, End, Process, Task};
use super::unseen;
use crate::event::{Kind, Record, TaskId};
use crate::flow::descriptors::Descriptors;
use crate::flow::item::EventId;
use crate::flow::omitted::Omitted;
use crate::flow::state::State;

impl Builder {
    pub(super) fn task(&mut self, state: &State, id: TaskId) {
        let Some(task) = state.task(id) else { return };
        if self.graph.by_task.contains_key(&id) {
            return; // a log that starts a task twice is damaged
        }
        let started = task.started;
        let activity = self.process(state, task.process, started);
        let Some(activity) = activity else { return };
        self.graph.by_task.insert(id, self.graph.tasks.len() as u32);
        self.sleeps.push(Sleeps::default());
        self.graph.tasks.push(Task {
            id,
            tid: task.tid,
            process: task.process,
            origin: task.origin,
            parent: task.parent,
            started,
            ended: None,
            calls: 0,
            activity,
            is_let_go: false,
            born: self.graph.revision,
            revision: self.graph.revision,
        });
    }

    /// A task of a process has started; what the process does.
    fn process(&mut self, state: &State, id: TaskId, started: u64) -> Option<ActivityIndex> {
        let revision = self.graph.revision;
        if let Some(process) = self.process_mut(id) {
            process.threads += 1;
            process.revision = revision;
            return process.activities.last().copied();
        }
        let process = state.process(id)?;
        self.graph.by_process.insert(id, self.graph.processes.len() as u32);
        self.graph.processes.push(Process {
            id,
            pid: process.pid,
            parent: process.parent,
            started,
            ended: None,
            end: End::None,
            threads: 1,
            activities: Vec::new(),
            users: process.user.into_iter().collect(),
            calls: 0,
            errors: 0,
            account: None,
            waited: None,
            failure: None,
            said: Vec::new(),
            is_partial: false,
            first_usage: self.graph.usages.len(),
            born: revision,
            revision,
        });
        self.activity(state, id, started)
    }

    pub(super) fn process_mut(&mut self, id: TaskId) -> Option<&mut Process> {
        self.graph.processes.get_mut(*self.graph.by_process.get(&id)? as usize)
    }

    /// A process does something else from now on.
    fn activity(&mut self, state: &State, task: TaskId, started: u64) -> Option<ActivityIndex> {
        let id = state.activity(task)?;
        let execution = state.process(id.process)?.execution.clone();
        let before = self.process_mut(id.process)?.activities.last().copied();
        let before = before.and_then(|index| self.graph.activities.get_mut(index.position()));
        let revision = self.graph.revision;
        if let Some(before) = before {
            before.revision = revision;
            if before.id == id {
                before.execution = execution; // learnt later
                return None;
            }
            before.ended = Some(started);
        }
        let index = ActivityIndex(self.graph.activities.len() as u32);
        let (ended, born) = (None, revision);
        self.graph.activities.push(Activity { id, execution, started, ended, born, revision });
        let process = self.process_mut(id.process)?;
        process.revision = revision;
        process.activities.push(index);
        Some(index)
    }

    pub(super) fn execution(&mut self, state: &State, id: EventId) {
        let started = state.execution(id).map(|execution| execution.started);
        if let Some(started) = started {
            let began = self.activity(state, id.task, started);
            if let Some(activity) = began {
                self.holders.note(state, id.task, activity);
            }
        }
    }

    pub(super) fn process_ended(&mut self, state: &State, record: &Record<'_>, id: TaskId) {
        let recent = self.recent.remove(&id);
        let (at, revision) = (record.start, self.graph.revision);
        let Some(process) = self.process_mut(id) else { return };
        process.revision = revision;
        let end = match (record.kind, record.words) {
            (Kind::Detach, _) => End::LetGo,
            (_, [code, 0, ..]) => End::Exited(code as u8),
            (_, [_, signal, core, ..]) => End::Killed { signal: signal as u8, core: core != 0 },
        };
        (process.ended, process.end) = (Some(at), end);
        process.account = state.process(id).and_then(|process| process.account);
        let unseen = if process.is_partial { Omitted::ANYTHING } else { state.omitted() };
        if end.is_bad() {
            let end = Ending {
                end,
                calls: process.calls,
                last: EventId { task: record.task, ordinal: record.ordinal },
                unseen,
            };
            process.said = recent.as_ref().map(|recent| recent.said.clone()).unwrap_or_default();
            process.failure = recent.and_then(|recent| recent.blame(state, end));
        }
        let last = process.activities.last().copied();
        if let Some(activity) = last.and_then(|l| self.graph.activities.get_mut(l.position())) {
            (activity.ended, activity.revision) = (Some(at), revision);
        }
        if let Some(last) = last {
            self.holders.note(state, record.task, last);
        }
        let at = self.sleeps_of(record.task).and_then(Sleeps::exit).unwrap_or(at);
        let open = state.descriptors(record.task).into_iter().flat_map(Descriptors::iter);
        for (_, descriptor) in open {
            self.closed(state, descriptor.resource, record.task, at);
        }
    }

    /// A process acts as somebody from now on.
    pub(super) fn acts_as(&mut self, state: &State, id: TaskId) {
        let revision = self.graph.revision;
        let user = state.process(id).and_then(|process| process.user);
        let (Some(user), Some(process)) = (user, self.process_mut(id)) else { return };
        if process.users.last() != Some(&user) {
            process.users.push(user);
            process.revision = revision;
        }
    }

    /// Something of what a process did is missing.
    pub(super) fn partial(&mut self, state: &State, id: TaskId) {
        let revision = self.graph.revision;
        if !std::mem::replace(&mut self.graph.is_partial, true) {
            // It may have been with any of them.
            state.resource_ids().for_each(|id| self.revisions.changed(id, revision));
        }
        let Some(index) = self.graph.by_process.get(&id) else { return };
        let Some(process) = self.graph.processes.get_mut(*index as usize) else { return };
        process.is_partial = true;
        process.revision = revision;
        let usages = self.graph.usages.get_mut(process.first_usage..).unwrap_or_default();
        unseen::doubt(state, process, usages, revision);
    }
}
