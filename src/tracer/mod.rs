//! The tracer: starts a command, follows all that it starts, and turns their
//! stops into records.
//!
//! `wait → classify → transition → capture → resume`: [`machine`](self) decides
//! without a system call what a stop means, the engine does it. Records go to a
//! [`Sink`] in batches; what becomes of them is not known here.

mod account;
mod attach;
mod batches;
mod births;
mod blindspots;
mod calls;
mod capture;
mod contents;
mod detach;
mod ends;
mod engine;
mod facts;
mod held;
mod launch;
mod machine;
mod placement;
mod process;
mod program;
mod requests;
mod rights;
mod seccomp;
mod task;
mod waiter;
mod written;

pub use attach::Refusal;
pub use facts::arguments;
pub use launch::{Launch, find_command};
pub use placement::Colocate;

use crate::abi::Filter;
use crate::event::Batch;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Where batches go. Blocks while the receiver is behind: nothing is dropped.
pub trait Sink {
    /// Takes a batch and gives back an empty one to fill.
    fn submit(&mut self, batch: Batch) -> Batch;

    /// The command has executed its program, which has not done anything yet.
    fn begun(&mut self) {}
}

/// What to record, and until when.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes kept of each data buffer (`-s`).
    pub data_limit: usize,
    /// The calls to record; tasks, signals and execs are recorded in any case.
    pub filter: Filter,
    /// Whether to record the environment at each exec.
    pub env: bool,
    /// What to learn from the living system.
    pub facts: Facts,
    /// When to stop following.
    pub until: Until,
    /// Whether a command stops at the calls of `filter` alone, and at those that rtrace must
    /// know of, by a seccomp filter: all other calls cost next to nothing. The filter cannot
    /// be taken off again, and without a tracer the calls that it traces fail with ENOSYS;
    /// so the tree is killed when rtrace ends, as with `kill_on_exit`. Not for
    /// [`Tracer::attach`].
    pub by_seccomp: bool,
    /// Whether the kernel kills the tree when rtrace ends.
    pub kill_on_exit: bool,
    /// Whether tracer and tracees may share a processor.
    pub colocate: Colocate,
}

impl Default for Options {
    /// Every call, 64 bytes of each buffer, the environment, names, until the last task's
    /// end, and placement as fits.
    fn default() -> Self {
        Self {
            data_limit: 64,
            filter: Filter::all(),
            env: true,
            facts: Facts::Names,
            until: Until::Last,
            by_seccomp: false,
            kill_on_exit: false,
            colocate: Colocate::Auto,
        }
    }
}

/// What to learn from the living system, beside the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facts {
    /// Nothing but ids in other PID namespaces and blind spots.
    None,
    /// Real paths, states of files, programs, ends of sockets, what was inherited.
    Names,
    /// And hashes of what is in files ([`FactKind::Content`](crate::event::FactKind)): of
    /// at most 64 MiB whole, of longer ones the first and the last 8 MiB.
    Full,
}

impl Facts {
    /// Its name on the command line and in a log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Names => "names",
            Self::Full => "full",
        }
    }
}

/// When to stop following the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When the command itself has ended; what is left runs on, untraced.
    Root,
    /// When its last descendant has ended.
    Last,
}

/// How the tracing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What became of the command; `None` where it lives on.
    pub root: Option<Ending>,
    /// Whether living tasks were let go.
    pub detached: bool,
}

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code.
    Exited(i32),
    /// It was killed by this signal, and may have dumped core.
    Killed {
        /// The signal.
        signal: i32,
        /// Whether there is a core.
        core: bool,
    },
}

/// Why a command could not be traced.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such command in PATH.
    #[error("{0:?}: no such command")]
    NotFound(String),
    /// It is there, and must not be executed.
    #[error("{command:?}: cannot execute")]
    NotExecutable {
        /// The file.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// The child could not do what comes before its exec.
    #[error("cannot {what}")]
    Prepare {
        /// What it was to do.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The kernel does not let us trace.
    #[error("cannot trace process {pid}")]
    Seize {
        /// The process.
        pid: i32,
        /// Why.
        source: io::Error,
    },
    /// A process cannot be attached to.
    #[error("cannot attach to process {pid}: {refusal}")]
    Attach {
        /// The process.
        pid: i32,
        /// Why not.
        refusal: Refusal,
    },
    /// Something that should always work did not.
    #[error("cannot {what}")]
    System {
        /// What was being done.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// What other threads may know of a running tracer.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// Set while the tracer holds observations that it has not handed over; a
    /// helper thread wakes the tracer while it is, see [`Tracer::run`].
    pub dirty: Arc<AtomicBool>,
    /// Set while tasks are being let go; it must be woken then too.
    pub leaving: Arc<AtomicBool>,
    /// Set while tasks may have to be let go from a processor that they share; it must
    /// be woken then every few ms.
    pub crowded: Arc<AtomicBool>,
    /// Set by the helper thread when the time to let go has come.
    pub expired: Arc<AtomicBool>,
}

pub use engine::Tracer;
pub use requests::CAUGHT;
