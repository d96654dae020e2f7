//! Who is meant by a process or thread number: PID namespaces have their own
//! (pid_namespaces(7)).

use super::Flow;
use super::plan::Plan;
use super::resource::ResourceId;
use super::state::State;
use super::task::{Process, Task};
use crate::event::{Record, TaskId};

impl State {
    /// Whether a task is in another PID namespace than the tracer.
    pub(super) fn is_in_namespace(&self, task: TaskId) -> bool {
        self.process_of(task).is_some_and(Process::is_in_namespace)
    }

    /// The living process that `number` means to `task`. Namespaces side by side use
    /// the same numbers: of several, the youngest is likeliest.
    pub(super) fn process_called(&self, task: TaskId, number: u32) -> Option<TaskId> {
        let caller = self.process_of(task)?;
        let known = caller.children.get(&number).copied();
        if let Some(child) = known.filter(|child| self.processes.contains_key(child)) {
            return Some(child);
        }
        if caller.is_in_namespace() {
            let inside = self.processes.values().filter(|one| one.own_pid == Some(number));
            return inside.map(|one| one.id).max();
        }
        let found = self.by_pid.get(&number).copied();
        found.filter(|found| self.processes.contains_key(found))
    }

    /// The living thread that `number` means to `task`.
    pub(super) fn thread_called(&self, task: TaskId, number: u32) -> Option<&Task> {
        let inside = self.is_in_namespace(task);
        let is_meant = |one: &&Task| {
            if inside { one.own_tid == Some(number) } else { one.tid == number }
        };
        // Most that name a thread name their own (raise(3), abort(3)).
        let own = self.task(task).filter(is_meant);
        own.or_else(|| self.tasks.values().filter(is_meant).max_by_key(|one| one.id))
    }

    /// A pidfd stands for the process that the tracer calls `pid`.
    pub(super) fn knows_pidfd(&mut self, pidfd: ResourceId, pid: u32) {
        if let Some(process) = self.by_pid.get(&pid) {
            self.pidfds.insert(pidfd, *process);
        }
    }

    /// The process group that `number` means to `task`, by the tracer's number.
    pub(super) fn group_called(&self, task: TaskId, number: u32) -> Option<u32> {
        if !self.is_in_namespace(task) {
            return Some(number);
        }
        let leader = self.process_called(task, number)?;
        self.process(leader).map(|leader| leader.pid)
    }
}

impl Flow {
    /// setpgid(2) has succeeded.
    pub(super) fn joined_group(&mut self, record: &Record<'_>) {
        let [number, group, ..] = record.words.map(|word| word as u32);
        let state = &self.state;
        let process = match number {
            0 => state.task(record.task).map(|task| task.process),
            _ => state.process_called(record.task, number),
        };
        let Some(process) = process else { return };
        let group = match group {
            0 => state.process(process).map(|process| process.pid),
            _ => state.group_called(record.task, group),
        };
        if let Some(process) = self.state.processes.get_mut(&process) {
            process.group = group;
        }
    }

    /// setsid(2) has succeeded: a group of its own.
    pub(super) fn began_session(&mut self, task: TaskId) {
        let Some(process) = self.state.task(task).map(|task| task.process) else { return };
        if let Some(process) = self.state.processes.get_mut(&process) {
            process.group = Some(process.pid);
        }
    }

    /// A pidfd was opened for a process.
    pub(super) fn opened_pidfd(&mut self, record: &Record<'_>, plan: &Plan) {
        if plan.prototype.name != "pidfd_open" {
            return;
        }
        let process = self.state.process_called(record.task, record.words[0] as u32);
        let pidfd = self.state.descriptor(record.task, record.result as i32);
        if let (Some(process), Some(pidfd)) = (process, pidfd) {
            self.state.pidfds.insert(pidfd, process);
        }
    }
}
