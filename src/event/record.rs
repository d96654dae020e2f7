//! One record: a view into a [`Batch`](super::Batch).

use super::kind::{Kind, Lane, coded};
use crate::abi::Abi;

/// A task (a thread) of a run: a sequence number from 1, never used again,
/// unlike the kernel's thread ids. 0 stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

impl TaskId {
    /// No task.
    pub const NONE: Self = Self(0);

    /// Whether it is no task.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl std::fmt::Display for TaskId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A kernel error number, 1 to 4095.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errno(pub u16);

/// One row of the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// What it is about, and what the words mean.
    pub kind: Kind,
    /// The task that it happened to.
    pub task: TaskId,
    /// Its place in the task's life, counted when it began: 0 is the start.
    /// (task, ordinal) identifies an event within a run.
    pub ordinal: u64,
    /// The way it came.
    pub lane: Lane,
    /// Nanoseconds since the run's start (CLOCK_MONOTONIC). Within a run no two
    /// observations of one tracer have the same time.
    pub start: u64,
    /// When it ended; `None` for a call that has only begun. Equal to `start`
    /// for what is not a call.
    pub end: Option<u64>,
    /// For a call, its ABI and number as the kernel got it (x32: with bit 30).
    /// The words that the call does not have are 0.
    pub call: Option<Call>,
    /// Arguments, or what [`Kind`] says. The address of a path or other string that
    /// the call was given is 0 where a whole piece has the string.
    pub words: [u64; 6],
    /// What a call returned: the register, sign-extended; an error is −4095…−1
    /// and also [`Record::error`]. 0 where there is no end.
    pub result: i64,
    /// Captured memory, in the order of arguments, entry before exit.
    pub pieces: &'a [Piece],
    /// The bytes that pieces point into: the batch's.
    pub(super) bytes: &'a [u8],
    /// Whether the kernel said that the result is an error.
    pub failed: bool,
}

/// Which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The ABI by which the kernel was entered.
    pub abi: Abi,
    /// The number; of a call made through another one (i386's `socketcall` and
    /// `ipc`) that of [`abi::Subcall`](crate::abi::Subcall).
    pub nr: u64,
}

impl<'a> Record<'a> {
    /// The error of a call that failed.
    pub fn error(&self) -> Option<Errno> {
        self.failed.then(|| Errno(self.result.unsigned_abs() as u16))
    }

    /// Nanoseconds from start to end.
    pub fn duration(&self) -> Option<u64> {
        self.end.map(|end| end.saturating_sub(self.start))
    }

    /// Whether a call has only begun.
    pub const fn is_begun(&self) -> bool {
        self.end.is_none()
    }

    /// The bytes of a piece of this record.
    pub fn bytes(&self, piece: &Piece) -> &'a [u8] {
        self.bytes
            .get(piece.from as usize..piece.from as usize + piece.len as usize)
            .unwrap_or_default()
    }

    /// The first piece of argument `arg` in that role, whatever the phase.
    pub fn piece(&self, arg: u8, role: Role) -> Option<&'a Piece> {
        self.pieces.iter().find(|p| p.arg == arg && p.role == role)
    }

    /// All pieces of argument `arg` in that role, with their bytes.
    pub fn pieces_of(&self, arg: u8, role: Role) -> impl Iterator<Item = (&'a Piece, &'a [u8])> {
        let record = *self;
        self.pieces
            .iter()
            .filter(move |p| p.arg == arg && p.role == role)
            .map(move |p| (p, record.bytes(p)))
    }

    /// The path that argument `arg` points to, without its NUL, if all of it
    /// could be read.
    pub fn path(&self, arg: u8) -> Option<&'a [u8]> {
        self.piece(arg, Role::Path).filter(|p| p.state == State::Whole).map(|p| self.bytes(p))
    }
}

/// A piece of the tracee's memory that belongs to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The argument that led to it.
    pub arg: u8,
    /// What it is to that argument.
    pub role: Role,
    /// When it was read.
    pub phase: Phase,
    /// Whether all of it could be read.
    pub state: State,
    /// Where it starts in the batch's bytes.
    pub from: u32,
    /// How many bytes of it were kept.
    pub len: u32,
}

coded! {
    /// What a piece is to its argument. Lists (argv, the buffers of an iovec)
    /// are several pieces of one role, in order.
    Role {
        /// A file name, without its NUL.
        Path = 0, "path";
        /// Another string, without its NUL.
        Str = 1, "str";
        /// One string of argv.
        Arg = 2, "arg";
        /// One string of an environment, `NAME=value`.
        Env = 3, "env";
        /// An environment as a difference to the one that the task had before
        /// its exec, by the last exec of it or of who made it: `=FIRST,COUNT` for a
        /// run of strings taken over from there (decimal, counted from 0),
        /// `+NAME=value` for a string of its own. Where that exec's environment is not
        /// in the log, there is no difference but the whole.
        EnvDiff = 4, "envdiff";
        /// Opaque bytes, cut at `-s`.
        Data = 5, "data";
        /// One struct or an array of them, as in memory.
        Struct = 6, "struct";
        /// A socket address.
        Sockaddr = 7, "sockaddr";
        /// The `struct iovec`s themselves.
        Iovec = 8, "iovec";
        /// The bytes that one iovec points to, cut at `-s`.
        IovData = 9, "iovdata";
        /// Control messages of a `struct msghdr`.
        Control = 10, "control";
        /// The `u32` that says how long another argument's memory is.
        Length = 11, "length";
        /// A signal set or `fd_set`.
        Bits = 12, "bits";
        /// Memory that a struct points to (as `clone_args.set_tid` does).
        Inner = 13, "inner";
    }
}

/// The part of a block that keeps a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Strings that come again: kept once a block.
    Dictionary,
    /// Structs, as they lay in memory.
    Structs,
    /// Bytes read and written.
    Data,
}

impl Role {
    /// Where a log keeps pieces of this role.
    pub const fn section(self) -> Section {
        match self {
            Self::Path | Self::Str | Self::Arg | Self::Env | Self::EnvDiff | Self::Sockaddr => {
                Section::Dictionary
            }
            Self::Data | Self::IovData => Section::Data,
            Self::Struct
            | Self::Iovec
            | Self::Control
            | Self::Length
            | Self::Bits
            | Self::Inner => Section::Structs,
        }
    }
}

coded! {
    /// When a piece was read.
    Phase {
        /// At entry, before the kernel looked at it.
        Entry = 0, "entry";
        /// At exit, after the kernel wrote it.
        Exit = 1, "exit";
    }
}

coded! {
    /// How much of a piece could be read.
    State {
        /// All of it.
        Whole = 0, "whole";
        /// Nothing: a bad pointer, or no permission.
        Unreadable = 1, "unreadable";
        /// It runs into memory that cannot be read; what came before is kept.
        Faulted = 2, "faulted";
        /// There was more, but a limit (`-s`, PATH_MAX) was reached.
        Cut = 3, "cut";
    }
}
