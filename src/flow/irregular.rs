//! The few calls whose effect depends on more than their prototype says, by name.

use crate::abi::{Param, Prototype, Ty, Verb};
use crate::event::{Record, Role};

/// `O_CLOEXEC`, and with it `SOCK_CLOEXEC`: the same on every ABI here.
pub(super) const O_CLOEXEC: u64 = 0o2_000_000;

/// Calls that mark what they make close-on-exec without being asked to
/// (pidfd_open(2), pidfd_getfd(2), io_uring_setup(2), bpf(2), mq_overview(7),
/// landlock_create_ruleset(2)).
pub(super) const ALWAYS_CLOEXEC: [&str; 6] =
    ["pidfd_open", "pidfd_getfd", "io_uring_setup", "bpf", "mq_open", "landlock_create_ruleset"];

/// What to do beyond the verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Irregular {
    No,
    Fcntl,
    Ioctl,
    CloseRange,
    Clone,
    Clone3,
    Unshare,
    SetNamespace,
    Openat2,
    JoinGroup,
    BeginSession,
    AwaitSignal,
    /// It copies memory of another process, which it reads or writes.
    Memory(Verb),
    Vmsplice,
}

impl Irregular {
    pub(super) fn of(prototype: &Prototype) -> Self {
        match prototype.name {
            "fcntl" | "fcntl64" => Self::Fcntl,
            "ioctl" => Self::Ioctl,
            "close_range" => Self::CloseRange,
            "clone" => Self::Clone,
            "clone3" => Self::Clone3,
            "unshare" => Self::Unshare,
            "setns" => Self::SetNamespace,
            "openat2" => Self::Openat2,
            "setpgid" => Self::JoinGroup,
            "setsid" => Self::BeginSession,
            "rt_sigtimedwait" | "rt_sigtimedwait_time64" => Self::AwaitSignal,
            "vmsplice" => Self::Vmsplice,
            _ => Self::of_memory(prototype).map_or(Self::No, Self::Memory),
        }
    }

    /// What process_vm_readv(2) and process_vm_writev(2) do to another process's memory.
    pub(super) fn of_memory(prototype: &Prototype) -> Option<Verb> {
        match prototype.name {
            "process_vm_readv" => Some(Verb::Reads),
            "process_vm_writev" => Some(Verb::Writes),
            _ => None,
        }
    }
}

/// Where a call has the flags of open(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenFlags {
    /// It opens no file.
    None,
    /// In an argument.
    Argument(u8),
    /// In the `struct open_how` of openat2(2).
    How,
    /// It has the same always, as creat(2).
    Always(u64),
}

impl OpenFlags {
    pub(super) fn of(prototype: &Prototype) -> Self {
        const CREAT: u64 = 0o1101; // O_CREAT|O_WRONLY|O_TRUNC
        match prototype.name {
            "creat" => return Self::Always(CREAT),
            "openat2" => return Self::How,
            _ => {}
        }
        let has_flags =
            |param: &Param| matches!(param.ty, Ty::Flags(set) if set.name == "open_flags");
        let arg = prototype.params.iter().position(has_flags);
        arg.map_or(Self::None, |arg| Self::Argument(arg as u8))
    }

    pub(super) fn of_call(self, record: &Record<'_>) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Argument(arg) => record.words.get(usize::from(arg)).copied(),
            Self::How => Some(openat2_flags(record)),
            Self::Always(flags) => Some(flags),
        }
    }
}

/// `flags` of `struct open_how`, openat2(2).
pub(super) fn openat2_flags(record: &Record<'_>) -> u64 {
    let how = record.piece(2, Role::Struct).map(|piece| record.bytes(piece));
    let flags = how.and_then(|bytes| bytes.get(..8)?.try_into().ok());
    flags.map_or(0, u64::from_le_bytes)
}

/// What an fcntl or ioctl does to the descriptor table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Nothing,
    /// The result is a copy.
    Duplicate {
        cloexec: bool,
    },
    /// The mark changes.
    Mark {
        cloexec: bool,
    },
}

/// fcntl(2), by its command and argument.
pub(super) fn fcntl(command: u64, argument: u64) -> Control {
    const F_DUPFD: u32 = 0;
    const F_SETFD: u32 = 2;
    const F_DUPFD_CLOEXEC: u32 = 1030;
    const FD_CLOEXEC: u64 = 1;
    match command as u32 {
        F_DUPFD => Control::Duplicate { cloexec: false },
        F_DUPFD_CLOEXEC => Control::Duplicate { cloexec: true },
        F_SETFD => Control::Mark { cloexec: argument & FD_CLOEXEC != 0 },
        _ => Control::Nothing,
    }
}

/// ioctl(2), by its request (`asm-generic/ioctls.h`).
pub(super) fn ioctl(request: u64) -> Control {
    const FIONCLEX: u32 = 0x5450;
    const FIOCLEX: u32 = 0x5451;
    match request as u32 {
        FIOCLEX => Control::Mark { cloexec: true },
        FIONCLEX => Control::Mark { cloexec: false },
        _ => Control::Nothing,
    }
}

/// A flag of recvmsg(2).
pub(super) const MSG_CMSG_CLOEXEC: u64 = 0x4000_0000;
/// Flags of close_range(2).
pub(super) const CLOSE_RANGE_UNSHARE: u64 = 2;
/// Flags of close_range(2).
pub(super) const CLOSE_RANGE_CLOEXEC: u64 = 4;

/// Flags of clone(2) and unshare(2).
pub(super) const CLONE_FS: u64 = 0x200;
/// Flags of clone(2) and unshare(2).
pub(super) const CLONE_FILES: u64 = 0x400;
/// Flags of clone(2).
pub(super) const CLONE_THREAD: u64 = 0x1_0000;
/// Flags of clone(2).
pub(super) const CLONE_CHILD_CLEARTID: u64 = 0x20_0000;

/// How the kernel names the thing behind a descriptor that a call made out of
/// nothing, as `/proc/PID/fd` shows it.
pub(super) fn anonymous_name(prototype: &Prototype) -> &'static str {
    match prototype.name {
        "epoll_create" | "epoll_create1" => "anon_inode:[eventpoll]",
        "eventfd" | "eventfd2" => "anon_inode:[eventfd]",
        "timerfd_create" => "anon_inode:[timerfd]",
        "signalfd" | "signalfd4" => "anon_inode:[signalfd]",
        "inotify_init" | "inotify_init1" => "anon_inode:inotify",
        "fanotify_init" => "anon_inode:[fanotify]",
        "pidfd_open" | "clone" | "clone3" => "anon_inode:[pidfd]",
        "userfaultfd" => "anon_inode:[userfaultfd]",
        "io_uring_setup" => "anon_inode:[io_uring]",
        "perf_event_open" => "anon_inode:[perf_event]",
        "memfd_create" | "memfd_secret" => "memfd",
        _ if matches!(prototype.effect.verb, Verb::Accepts) => "socket",
        _ => "anon_inode",
    }
}
