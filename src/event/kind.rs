//! The kinds of records, with the stable codes that stand for them in a log.

macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $word:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant = $code,)* }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code in a log.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// What a log's code stands for; `None` for one of a newer rtrace.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// A word for it, as exports print it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}
pub(super) use coded;

coded! {
    /// What a record is about.
    Kind {
        /// A system call. Words: its arguments. Result: what it returned. A call
        /// that has no end has *begun*; a later record of the same identity
        /// completes it, and if none comes, it never returned.
        Call = 0, "call";
        /// A task was seen for the first time. Ordinal 0. Words: thread id,
        /// thread-group id (both as the tracer sees them), the task that is its
        /// process (itself, unless it is a thread), the task that made it (0: none
        /// known), the ordinal of the call that did, and an [`Origin`] code.
        Start = 1, "start";
        /// A task ended. Words: exit code, the signal that killed it (0: none),
        /// whether it dumped core, and, where a thread ended because another one
        /// of its process executed a program, that thread's task.
        Exit = 2, "exit";
        /// A signal was delivered. Words: its number. Piece 0: `siginfo_t`.
        Signal = 3, "signal";
        /// A task's memory became that of a new program; stands between the
        /// begin and the end of its `execve`. Words: thread id now, thread id
        /// before (another one where a thread that was not the leader did it),
        /// and the task that had this thread id until now (0: itself).
        Exec = 4, "exec";
        /// The process was stopped by a signal (job control). Words: the signal.
        Stop = 5, "stop";
        /// It goes on after a stop.
        Continue = 6, "continue";
        /// rtrace let go of a living task. Words: a reason, 0 asked to, 1 the
        /// root ended (`--until=root`), 2 lost to the kernel.
        Detach = 7, "detach";
    }
}

coded! {
    /// The way a record came.
    Lane {
        /// A ptrace stop.
        Ptrace = 0, "ptrace";
        /// A recorder inside the tracee.
        Agent = 1, "agent";
        /// Another tracer's log.
        Import = 2, "import";
        /// A seccomp stop.
        Seccomp = 3, "seccomp";
    }
}

coded! {
    /// How a task came to be.
    Origin {
        /// The command that rtrace ran.
        Root = 0, "root";
        /// `fork`, or a `clone` that is like it.
        Fork = 1, "fork";
        /// `vfork`, or a `clone` with `CLONE_VFORK`.
        Vfork = 2, "vfork";
        /// A thread of its parent's process (`CLONE_THREAD`).
        Thread = 3, "thread";
        /// Another `clone` (no SIGCHLD, or with CLONE_PARENT, …).
        Clone = 4, "clone";
        /// It was there when rtrace attached.
        Attached = 5, "attached";
        /// Its creator died before it could be named.
        Orphan = 6, "orphan";
    }
}
