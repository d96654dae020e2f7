//! What calls are counted by, and the table that comes of it.

use std::sync::Arc;

use super::tally::Tally;
use crate::abi::Abi;

/// What gets a row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Each kind of call.
    Call,
    /// Each process.
    Process,
    /// Each file, and what else has a descriptor: directories, devices, pipes.
    File,
    /// Each connection or other socket.
    Peer,
}

/// What a row is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A kind of call.
    Call {
        /// Its name.
        name: String,
        /// By which table the kernel was entered.
        abi: Abi,
    },
    /// A process of a run.
    Process {
        /// The run's UUID.
        run: [u8; 16],
        /// The task that stands for it.
        task: u32,
        /// Its id.
        pid: u32,
        /// What it ran last; a fork without an exec runs what its maker ran.
        command: Vec<Vec<u8>>,
        /// How it ended.
        end: End,
    },
    /// A file.
    File {
        /// The machine that it is on: its id, or its name where it has none.
        machine: Arc<[u8]>,
        /// `file`, `directory`, `device`, `pipe`, `anonymous`; `unknown` are the
        /// descriptors of which the log does not tell what they are.
        class: &'static str,
        /// The absolute path, or the kernel's word for what has none.
        name: Vec<u8>,
        /// What tells things without a path apart: log and resource.
        only: Option<(usize, usize)>,
    },
    /// A socket.
    Peer {
        /// The machine whose socket it is.
        machine: Arc<[u8]>,
        /// `TCP`, `UDPv6`, `UNIX-STREAM`, …
        protocol: &'static str,
        /// Its own address; empty where none is known.
        local: Vec<u8>,
        /// Its peer's.
        remote: Vec<u8>,
        /// The kernel's word for it, `socket:[77]`, where no address is known.
        name: Vec<u8>,
        /// What tells those apart: log and resource.
        only: Option<(usize, usize)>,
    },
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// With that status.
    Exited(u64),
    /// By that signal.
    Killed(u64),
    /// It had not ended when rtrace let go of it.
    LetGo,
    /// It had not ended when the log did.
    #[default]
    Running,
}

/// A row: calls of one kind, process, file or peer.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is of.
    pub key: Key,
    /// Its numbers.
    pub tally: Tally,
}

/// Calls by what they are counted by.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// In the order of their keys, until they are [sorted](Self::sort).
    pub rows: Vec<Row>,
    /// All calls that are in a row, each once, though it may be in two: a rename is one
    /// of both files.
    pub total: Tally,
}

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// [`Tally::count`].
    Count,
    /// [`Tally::errors`].
    Errors,
    /// [`Tally::unfinished`].
    Unfinished,
    /// [`Tally::total`].
    Total,
    /// [`Tally::mean`].
    Mean,
    /// Of [`Tally::percentiles`] the first.
    P50,
    /// The second.
    P95,
    /// The third.
    P99,
    /// [`Tally::max`].
    Max,
    /// [`Tally::read`].
    Read,
    /// [`Tally::written`].
    Written,
}

impl Column {
    /// All of them, as they stand in a table.
    pub const ALL: [Self; 11] = [
        Self::Count,
        Self::Errors,
        Self::Unfinished,
        Self::Total,
        Self::Mean,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Max,
        Self::Read,
        Self::Written,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Errors => "errors",
            Self::Unfinished => "unfinished",
            Self::Total => "total",
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Read => "read",
            Self::Written => "written",
        }
    }

    /// The column of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// Whether tables of that kind have it: calls are not counted with bytes.
    pub fn is_of(self, by: By) -> bool {
        by != By::Call || !self.is_bytes()
    }

    /// Whether it counts bytes.
    pub const fn is_bytes(self) -> bool {
        matches!(self, Self::Read | Self::Written)
    }

    /// Whether it is a time, in nanoseconds.
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Total | Self::Mean | Self::P50 | Self::P95 | Self::P99 | Self::Max)
    }

    /// The numbers of a row; `None` are times of what has none.
    pub fn values(tally: &Tally) -> [Option<u64>; Self::ALL.len()] {
        let [p50, p95, p99] = tally.percentiles();
        let has_times = tally.mean().is_some();
        [
            Some(tally.count),
            Some(tally.errors),
            Some(tally.unfinished),
            has_times.then_some(tally.total),
            tally.mean(),
            p50,
            p95,
            p99,
            has_times.then_some(tally.max),
            Some(tally.read.bytes),
            Some(tally.written.bytes),
        ]
    }

    /// The number of a row.
    pub fn value(self, tally: &Tally) -> Option<u64> {
        Self::values(tally)[self as usize]
    }
}

impl Table {
    /// Puts the rows with the largest numbers first; equal ones stay in their order.
    pub fn sort(&mut self, column: Column) {
        self.rows.sort_by_cached_key(|row| std::cmp::Reverse(column.value(&row.tally)));
    }
}
