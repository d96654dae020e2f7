//! Tasks that run a new program.

use std::sync::Arc;

use super::Flow;
use super::item::{EventId, Item, Place};
use super::task::Execution;
use crate::event::{FactKey, Record, Role, TaskId};

impl Flow {
    /// The exec stop. Its execve, which ends later, may name a descriptor that the
    /// exec closes: the table changes after that call has been read. Where the call is
    /// not recorded, a fact of the stop itself says what runs.
    pub(super) fn exec_stop(&mut self, record: &Record<'_>) {
        let Some(task) = self.state.tasks.get_mut(&record.task) else { return };
        task.tid = record.words[0] as u32;
        task.execed = true;
        let id = EventId { task: record.task, ordinal: record.ordinal };
        let Some(fact) = self.facts.executable_at(id) else { return };
        let executable = fact.bytes(FactKey::Path).map(<[u8]>::to_vec);
        let argv = fact.list(FactKey::Argv).unwrap_or_default().to_vec();
        self.settle_exec(record.task);
        self.apply_facts(record.task, record.ordinal);
        let execution = Execution {
            id,
            process: TaskId::NONE,
            started: record.start,
            executable: executable.map(|path| {
                let name = self.state.seen(record.task, &path).into_owned();
                self.state.file_named(&name)
            }),
            argv,
            env: None,
            cwd: self.state.cwd(record.task),
            user: None,
        };
        self.user_of_exec(id);
        self.run(record.task, execution);
    }

    /// Does what an exec does to the descriptors, if that is still to be done.
    pub(super) fn settle_exec(&mut self, task: TaskId) {
        let Some(task) = self.state.tasks.get_mut(&task) else { return };
        if std::mem::take(&mut task.execed) {
            task.files = self.state.files.unshare(task.files);
            self.state.files.get_mut(task.files).exec();
        }
    }

    /// An exec call has ended.
    pub(super) fn executed(&mut self, record: &Record<'_>) {
        if record.failed {
            return;
        }
        if let Some(task) = self.state.tasks.get_mut(&record.task) {
            task.execed = true;
        }
        self.settle_exec(record.task);
        let id = EventId { task: record.task, ordinal: record.ordinal };
        self.user_of_exec(id);
        let executable = self.uses.iter().rev().find(|u| matches!(u.place, Place::Argument(_)));
        let strings = record.pieces.iter().filter(|piece| piece.role == Role::Arg);
        let argv = strings.map(|piece| record.bytes(piece).to_vec()).collect();
        let base = self.state.process_of(record.task).and_then(|p| p.execution.clone());
        let base = base.as_ref().and_then(|execution| execution.env.as_deref());
        let execution = Execution {
            id,
            process: TaskId::NONE,
            started: record.end.unwrap_or(record.start),
            executable: executable.map(|u| u.resource),
            argv,
            env: environment(record, base),
            cwd: self.state.cwd(record.task),
            user: None,
        };
        self.run(record.task, execution);
    }

    /// A program may be another user's, and act as that one: what the fact of an exec says
    /// of that holds for the execution, too.
    fn user_of_exec(&mut self, id: EventId) {
        if let Some(fact) = self.facts.executable_at(id).cloned() {
            self.user_fact(&fact);
        }
    }

    /// The process of `task` runs a program from now on.
    pub(super) fn run(&mut self, task: TaskId, mut execution: Execution) {
        let Some(process) = self.state.tasks.get(&task).map(|task| task.process) else { return };
        let Some(process) = self.state.processes.get_mut(&process) else { return };
        execution.process = process.id;
        execution.user = process.user;
        self.before.push(Item::Execution(execution.id));
        process.execution = Some(Arc::new(execution));
    }
}

/// The environment of an exec, whole or as a difference to the one before.
fn environment(record: &Record<'_>, base: Option<&[Arc<[u8]>]>) -> Option<Vec<Arc<[u8]>>> {
    let mut env: Option<Vec<Arc<[u8]>>> = None;
    for piece in record.pieces {
        let bytes = record.bytes(piece);
        match piece.role {
            Role::Env => env.get_or_insert_default().push(bytes.into()),
            Role::EnvDiff => {
                let env = env.get_or_insert_default();
                match bytes.split_first() {
                    Some((b'+', string)) => env.push(string.into()),
                    Some((b'=', run)) => env.extend_from_slice(run_of(run, base)?),
                    _ => return None,
                }
            }
            _ => {}
        }
    }
    env
}

/// `FIRST,COUNT` of the environment before; `None` if that one is not known (a
/// damaged log).
fn run_of<'a>(run: &[u8], base: Option<&'a [Arc<[u8]>]>) -> Option<&'a [Arc<[u8]>]> {
    let (first, count) = std::str::from_utf8(run).ok()?.split_once(',')?;
    let (first, count): (usize, usize) = (first.parse().ok()?, count.parse().ok()?);
    base?.get(first..first.checked_add(count)?)
}
