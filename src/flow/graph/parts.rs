//! The nodes of the graph.

use std::sync::Arc;

use super::Failure;
use crate::event::{Origin, TaskId};
use crate::flow::database::Database;
use crate::flow::item::{ActivityId, EventId};
use crate::flow::resource::{Class, Identity, ResourceId};
use crate::flow::socket::Socket;
use crate::flow::task::{Account, Execution};
use crate::flow::version::{Name, VersionId};

/// An activity by its place in [`Graph::activities`](super::Graph::activities).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActivityIndex(pub(super) u32);

impl ActivityIndex {
    /// Its place, counted from 0.
    pub fn position(self) -> usize {
        self.0 as usize
    }
}

/// A process: a thread group. Times are nanoseconds since the run's start.
#[derive(Debug)]
pub struct Process {
    /// Its first task.
    pub id: TaskId,
    /// Its id as the tracer saw it.
    pub pid: u32,
    /// The process that made it.
    pub parent: Option<TaskId>,
    /// When it was first seen.
    pub started: u64,
    /// When its last task ended, or was let go of.
    pub ended: Option<u64>,
    /// How it ended.
    pub end: End,
    /// How many tasks it has had.
    pub threads: u32,
    /// What it did, one after the other: one activity at least.
    pub activities: Vec<ActivityIndex>,
    /// As whom it acted, one after the other; none where that is not known.
    pub users: Vec<ResourceId>,
    /// Calls that it made.
    pub calls: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// What it had read and written in all when it ended, where the log tells it.
    pub account: Option<Account>,
    /// The wait that returned it, and when.
    pub waited: Option<(EventId, u64)>,
    /// Of one that ended badly, the call that is to blame.
    pub failure: Option<Failure>,
    /// Of one that ended badly, what it wrote last to standard error, as far as that is in
    /// the log.
    pub said: Vec<u8>,
    /// Whether something of what it did is missing, though no filter left it out: it was
    /// lost, came before the log's beginning, or could not be seen.
    pub is_partial: bool,
    /// Where in the graph its usages begin.
    pub(super) first_usage: usize,
    /// The [revision](super::Graph::revision) in which it came.
    pub born: u32,
    /// The [revision](super::Graph::revision) in which it last changed.
    pub revision: u32,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Nothing is known of an end: it still ran when the log ended.
    #[default]
    None,
    /// rtrace let go of it while it ran.
    LetGo,
    /// With an exit code.
    Exited(u8),
    /// By a signal.
    Killed {
        /// Its number.
        signal: u8,
        /// Whether a core was dumped.
        core: bool,
    },
}

impl End {
    /// Whether it ended, and otherwise than with 0.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Killed { .. } | Self::Exited(1..))
    }
}

/// A task: a thread.
#[derive(Debug)]
pub struct Task {
    /// Its number in the run.
    pub id: TaskId,
    /// Its thread id when it was first seen.
    pub tid: u32,
    /// Its process.
    pub process: TaskId,
    /// How it came to be.
    pub origin: Origin,
    /// The call that made it.
    pub parent: Option<EventId>,
    /// When it was first seen.
    pub started: u64,
    /// When it ended, or was let go of.
    pub ended: Option<u64>,
    /// Calls that it made.
    pub calls: u64,
    /// What its process did when it began.
    pub activity: ActivityIndex,
    /// Whether it went on when rtrace let go of it.
    pub is_let_go: bool,
    /// The [revision](super::Graph::revision) in which it came.
    pub born: u32,
    /// The [revision](super::Graph::revision) in which it last changed.
    pub revision: u32,
}

/// What a process did from an exec (or its birth) on.
#[derive(Debug)]
pub struct Activity {
    /// Its identity.
    pub id: ActivityId,
    /// The program; a forked process goes on with its parent's. `None` where no exec
    /// has been seen.
    pub execution: Option<Arc<Execution>>,
    /// When it began.
    pub started: u64,
    /// When it gave way to the next one, or its process ended.
    pub ended: Option<u64>,
    /// The [revision](super::Graph::revision) in which it came.
    pub born: u32,
    /// The [revision](super::Graph::revision) in which it last changed.
    pub revision: u32,
}

impl Activity {
    /// Whether it has come to an end, and not only its recording.
    pub fn is_over(&self, process: &Process) -> bool {
        self.ended.is_some_and(|at| process.end != End::LetGo || process.ended != Some(at))
    }

    /// Whether the program is one that it began itself, and not its parent's.
    pub fn is_own(&self) -> bool {
        self.execution.as_ref().is_some_and(|execution| execution.id == self.id.since)
    }

    /// The arguments of its program.
    pub fn argv(&self) -> &[Vec<u8>] {
        self.execution.as_ref().map_or(&[], |execution| &execution.argv)
    }
}

/// A resource, as it was when the run ended.
#[derive(Debug)]
pub struct Resource {
    /// Its number.
    pub id: ResourceId,
    /// What kind of thing it is.
    pub class: Class,
    /// Its absolute path, or the kernel's word for what has none.
    pub name: Box<[u8]>,
    /// Device and inode, where a fact told them.
    pub identity: Option<Identity>,
    /// Of a socket, its ends.
    pub socket: Option<Box<Socket>>,
    /// Of a database, which.
    pub database: Option<Box<Database>>,
    /// Of a path, what became of it.
    pub life: Name,
    /// Of a pipe or an eventfd, whether a call of this run has made it.
    pub is_own: bool,
    /// Whether a living task still had it open when the log ended.
    pub is_open: bool,
    /// Type and permission bits, as last seen.
    pub mode: Option<u32>,
    /// Bytes in it, as last seen.
    pub size: Option<u64>,
    /// The [revision](super::Graph::revision) in which it last changed.
    pub revision: u32,
}

impl Resource {
    /// Whether its name is a path.
    pub fn has_path(&self) -> bool {
        self.name.first() == Some(&b'/')
    }

    /// Whether it is no longer there at the end of the run: a name that was removed,
    /// or a thing without a name that nobody has open.
    pub fn is_gone(&self) -> bool {
        // Those nobody in the run would know of.
        if !self.class.has_descriptors() {
            return false;
        }
        if self.has_path() { self.life.deleted.is_some() } else { !self.is_open }
    }
}

/// A state of a file's content that came about in the run.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Which.
    pub id: VersionId,
    /// The name by which the file was changed.
    pub resource: ResourceId,
    /// Who did.
    pub activity: ActivityIndex,
    /// The first event that changed it.
    pub event: EventId,
    /// When that event ended.
    pub time: u64,
    /// What it was before; `None` where nothing of that is left.
    pub before: Option<VersionId>,
}
