//! ptrace requests (`ptrace(2)`).
//!
//! A [`Stopped`] is the right to act on a stopped tracee, and every request that
//! lets it run consumes it: to resume twice, or to forget whether one has, does
//! not compile. A tracee can be killed while it is stopped; each request then
//! says ESRCH, which is an outcome and not an error: see [`Stopped::resume`].

use super::check;
use std::io;

/// What syscall-stops we ask for when a tracee goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Stop at the next syscall entry or exit (`PTRACE_SYSCALL`).
    Syscall,
    /// Stop at signals and events alone (`PTRACE_CONT`).
    Event,
}

/// A tracee in a ptrace-stop.
#[derive(Debug)]
#[must_use = "a tracee stays stopped until it is resumed"]
pub struct Stopped {
    tid: i32,
}

/// Whether a tracee was still there to take a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// It goes on.
    Running,
    /// It was killed meanwhile (ESRCH); its end is still to be waited for.
    Gone,
}

/// A syscall-stop, as `PTRACE_GET_SYSCALL_INFO` describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyscallInfo {
    /// Before the call.
    Entry {
        /// `AUDIT_ARCH_*` of the ABI it was made by.
        arch: u32,
        /// The number, as the kernel got it.
        nr: u64,
        /// The argument registers.
        args: [u64; 6],
    },
    /// After it.
    Exit {
        /// The result, sign-extended.
        result: i64,
        /// Whether it is an error.
        failed: bool,
    },
    /// Not at a call at all.
    None,
}

impl Stopped {
    pub(super) const fn new(tid: i32) -> Self {
        Self { tid }
    }

    /// The stopped tracee's thread id.
    pub const fn tid(&self) -> i32 {
        self.tid
    }

    /// Lets it run, with `signal` (0: none) delivered where it stands in a
    /// signal-delivery-stop.
    ///
    /// # Errors
    /// Those of `ptrace(2)` but ESRCH, which is [`Resumed::Gone`].
    pub fn resume(self, until: Until, signal: i32) -> io::Result<Resumed> {
        let request = match until {
            Until::Syscall => libc::PTRACE_SYSCALL,
            Until::Event => libc::PTRACE_CONT,
        };
        outcome(request_word(request, self.tid, signal as usize))
    }

    /// Leaves it in its group-stop, where SIGCONT is to be noticed (`PTRACE_LISTEN`).
    ///
    /// # Errors
    /// As [`Stopped::resume`].
    pub fn listen(self) -> io::Result<Resumed> {
        outcome(request_word(libc::PTRACE_LISTEN, self.tid, 0))
    }

    /// Lets go of it for good; it runs on, with `signal` delivered.
    ///
    /// # Errors
    /// As [`Stopped::resume`].
    pub fn detach(self, signal: i32) -> io::Result<Resumed> {
        outcome(request_word(libc::PTRACE_DETACH, self.tid, signal as usize))
    }

    /// What syscall-stop it is in.
    ///
    /// # Errors
    /// ESRCH where the tracee was killed meanwhile.
    pub fn syscall_info(&self) -> io::Result<SyscallInfo> {
        // SAFETY: all-zero bytes are a valid value of this plain C struct.
        let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
        // SAFETY: `info` is as long as the size that is passed, and lives through the call.
        check(unsafe {
            libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, self.tid, size_of_val(&info), &raw mut info)
        })?;
        // SAFETY: `op` says which member of the union the kernel has written.
        Ok(unsafe {
            match info.op {
                libc::PTRACE_SYSCALL_INFO_ENTRY | libc::PTRACE_SYSCALL_INFO_SECCOMP => {
                    SyscallInfo::Entry {
                        arch: info.arch,
                        nr: info.u.entry.nr,
                        args: info.u.entry.args,
                    }
                }
                libc::PTRACE_SYSCALL_INFO_EXIT => SyscallInfo::Exit {
                    result: info.u.exit.sval,
                    failed: info.u.exit.is_error != 0,
                },
                _ => SyscallInfo::None,
            }
        })
    }

    /// The word that belongs to a ptrace event: the child's or the former thread id.
    ///
    /// # Errors
    /// ESRCH where the tracee was killed meanwhile.
    pub fn event_message(&self) -> io::Result<u64> {
        let mut message: libc::c_ulong = 0;
        // SAFETY: `message` is a valid unsigned long for the request to write.
        check(unsafe {
            libc::ptrace(libc::PTRACE_GETEVENTMSG, self.tid, 0usize, &raw mut message)
        })?;
        Ok(message)
    }

    /// The `siginfo_t` of a signal-delivery-stop, as it lies in memory.
    ///
    /// # Errors
    /// EINVAL in a group-stop; ESRCH where the tracee was killed meanwhile.
    pub fn siginfo(&self) -> io::Result<[u8; size_of::<libc::siginfo_t>()]> {
        let mut info = [0u64; size_of::<libc::siginfo_t>() / 8];
        // SAFETY: `info` has the size and at least the alignment of a siginfo_t.
        check(unsafe {
            libc::ptrace(libc::PTRACE_GETSIGINFO, self.tid, 0usize, info.as_mut_ptr())
        })?;
        let mut bytes = [0; size_of::<libc::siginfo_t>()];
        for (to, word) in bytes.chunks_exact_mut(8).zip(info) {
            to.copy_from_slice(&word.to_ne_bytes());
        }
        Ok(bytes)
    }
}

/// The options of every tracee of ours; children inherit them.
const OPTIONS: i32 = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC;

/// How to trace, beside what holds for every tracee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// The kernel kills it when the tracer ends.
    pub exit_kill: bool,
    /// It stops where a seccomp filter asks for the tracer, (RET_TRACE).
    pub seccomp: bool,
    /// It stops before it ends.
    pub exits: bool,
}

/// Starts to trace a task without stopping it (`PTRACE_SEIZE`).
///
/// # Errors
/// EPERM where that is not allowed or it has a tracer already; ESRCH.
pub fn seize(tid: i32, manner: Manner) -> io::Result<()> {
    let asked = [
        (manner.exit_kill, libc::PTRACE_O_EXITKILL),
        (manner.seccomp, libc::PTRACE_O_TRACESECCOMP),
        (manner.exits, libc::PTRACE_O_TRACEEXIT),
    ];
    let asked = asked.into_iter().filter(|(is_asked, _)| *is_asked);
    let options = asked.fold(OPTIONS, |options, (_, option)| options | option);
    request_word(libc::PTRACE_SEIZE, tid, options as usize)
}

/// Asks a running tracee to stop (`PTRACE_INTERRUPT`).
///
/// # Errors
/// ESRCH where it is gone.
pub fn interrupt(tid: i32) -> io::Result<()> {
    request_word(libc::PTRACE_INTERRUPT, tid, 0)
}

fn outcome(result: io::Result<()>) -> io::Result<Resumed> {
    match result {
        Ok(()) => Ok(Resumed::Running),
        Err(e) if e.raw_os_error() == Some(libc::ESRCH) => Ok(Resumed::Gone),
        Err(e) => Err(e),
    }
}

/// A request whose data is a word, not a pointer.
fn request_word(request: libc::c_uint, tid: i32, data: usize) -> io::Result<()> {
    // SAFETY: these requests read no memory of ours; data is a number.
    check(unsafe { libc::ptrace(request, tid, 0usize, data) }).map(drop)
}
