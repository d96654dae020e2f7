//! Tasks, processes and executions.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::item::EventId;
use super::pool::Handle;
use super::resource::ResourceId;
use super::space::SpaceId;
use crate::event::{Batch, Fact, FactKey, Origin, TaskId};

/// A task: a thread. The first thread of a process stands for the process.
#[derive(Debug)]
pub struct Task {
    /// Its number in the run.
    pub id: TaskId,
    /// Its thread id as the tracer sees it; an exec can change it.
    pub tid: u32,
    /// The process (thread group) that it belongs to, named by its first thread.
    pub process: TaskId,
    /// Its id in its own PID namespace, where a fact told it.
    pub(super) own_tid: Option<u32>,
    /// How it came to be.
    pub origin: Origin,
    /// The call that made it, where that is known.
    pub parent: Option<EventId>,
    /// When it was first seen: nanoseconds since the run's start.
    pub started: u64,
    /// The last event of it so far.
    pub last: u64,
    /// When that had ended.
    pub(super) seen: u64,
    pub(super) files: Handle,
    pub(super) place: Handle,
    /// A call that has begun and not yet ended: a batch of one record.
    pub(super) pending: Option<Box<Batch>>,
    /// An exec has happened whose effect on the descriptors is still to be done.
    pub(super) execed: bool,
    /// The last exec's stop, which lies inside its call and takes an ordinal behind that.
    pub(super) stop: Option<u64>,
}

/// A process: a thread group.
#[derive(Debug)]
pub struct Process {
    /// Its first thread.
    pub id: TaskId,
    /// Its id as the tracer sees it.
    pub pid: u32,
    /// Its id in its own PID namespace, where a fact told it.
    pub own_pid: Option<u32>,
    /// Its process group, by the id that the tracer sees; `None` if it is not known.
    pub(super) group: Option<u32>,
    /// The process that made it.
    pub parent: Option<TaskId>,
    /// Living threads.
    pub threads: u32,
    /// The program that it runs: `None` before the first known exec. A fork takes
    /// its parent's over.
    pub execution: Option<Arc<Execution>>,
    /// As whom it acts: its effective user. `None` where that is not known.
    pub user: Option<ResourceId>,
    /// Whether it is in a user namespace that it has not always been in, where users have
    /// other numbers than for the tracer.
    pub(super) has_own_users: bool,
    /// Whether something that it did is missing, though no filter left it out: it was
    /// lost, came before the log's beginning, or could not be seen.
    pub is_partial: bool,
    /// What it had read and written in all when it ended, where a fact told it.
    pub account: Option<Account>,
    /// Living or unwaited children, by their ids in this process's namespace.
    pub(super) children: FxHashMap<u32, TaskId>,
}

impl Process {
    /// Whether it is in another PID namespace than the tracer.
    pub(super) fn is_in_namespace(&self) -> bool {
        self.own_pid.is_some_and(|own| own != self.pid)
    }
}

/// What a process had read and written in all when it ended, over all its programs, by the
/// kernel's account (proc_pid_io(5)): not by recv(2) and send(2), nor by mapped memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Bytes that read(2) and its like gave.
    pub taken: u64,
    /// Bytes that write(2) and its like took.
    pub given: u64,
    /// Bytes that had to be fetched from storage.
    pub fetched: u64,
    /// Bytes that were to be sent to storage.
    pub stored: u64,
}

impl Account {
    /// The account in a fact, if it is whole.
    pub(super) fn of(fact: &Fact) -> Option<Self> {
        let number = |key| u64::try_from(fact.number(key)?).ok();
        Some(Self {
            taken: number(FactKey::Rchar)?,
            given: number(FactKey::Wchar)?,
            fetched: number(FactKey::ReadBytes)?,
            stored: number(FactKey::WriteBytes)?,
        })
    }
}

/// A process's life in one program, from an exec on.
#[derive(Debug)]
pub struct Execution {
    /// The exec; (task, 0) for what ran already when the recording began.
    pub id: EventId,
    /// The process.
    pub process: TaskId,
    /// When it began: nanoseconds since the run's start.
    pub started: u64,
    /// The program's file.
    pub executable: Option<ResourceId>,
    /// Its arguments, the program's name first.
    pub argv: Vec<Vec<u8>>,
    /// Its environment; `None` if it was not recorded.
    pub env: Option<Vec<Arc<[u8]>>>,
    /// The directory it began in.
    pub cwd: Option<ResourceId>,
    /// As whom it began; `None` where that is not known.
    pub user: Option<ResourceId>,
}

impl Execution {
    /// The command line, as a shell's user would type it.
    pub fn command_line(&self) -> Vec<u8> {
        super::command_line(&self.argv)
    }
}

/// Where a process stands in the file system; shared with `CLONE_FS`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    pub(super) cwd: Option<ResourceId>,
    /// `None`: the tracer's own root.
    pub(super) root: Option<ResourceId>,
    /// In which mount namespace.
    pub(super) space: SpaceId,
}
