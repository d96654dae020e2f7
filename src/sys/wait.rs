//! Waiting for tracees and decoding what `waitpid(2)` says.

use super::check;
use super::ptrace::Stopped;
use std::io;

/// What became of a tracee.
#[derive(Debug)]
pub enum Status {
    /// It ended by `exit`, with this code (0 to 255).
    Exited(i32),
    /// A signal ended it.
    Killed {
        /// The signal.
        signal: i32,
        /// Whether it dumped core.
        core: bool,
    },
    /// It is in a ptrace-stop, to be resumed by the token.
    Stopped(Stop, Stopped),
}

/// The ptrace-stops of a seized tracee (`ptrace(2)`, "Stopped states").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Syscall-stop: at entry or exit; `PTRACE_GET_SYSCALL_INFO` tells which.
    Syscall,
    /// Signal-delivery-stop.
    Signal(i32),
    /// Group-stop: job control has stopped the process by this signal.
    Group(i32),
    /// `PTRACE_EVENT_STOP` with SIGTRAP: a new child's first stop, the answer to
    /// PTRACE_INTERRUPT, or the end of a group-stop.
    Trap,
    /// The tracee has made a child by fork (or a clone that signals SIGCHLD).
    Fork,
    /// … by vfork.
    Vfork,
    /// … by another clone.
    Clone,
    /// The tracee has a new program.
    Exec,
    /// A seccomp filter has asked for the tracer (RET_TRACE) at the entry of a call.
    Seccomp,
    /// The tracee is about to end.
    Exiting,
    /// Another `PTRACE_EVENT_*`.
    Other(i32),
}

const EVENT_STOP: i32 = 128; // PTRACE_EVENT_STOP, linux/ptrace.h

/// Decodes the stop in a wait status: `WSTOPSIG` and the event above it.
pub const fn decode_stop(status: i32) -> Stop {
    let signal = (status >> 8) & 0xff;
    match status >> 16 {
        0 if signal == libc::SIGTRAP | 0x80 => Stop::Syscall, // PTRACE_O_TRACESYSGOOD
        0 => Stop::Signal(signal),
        EVENT_STOP if signal == libc::SIGTRAP => Stop::Trap,
        EVENT_STOP => Stop::Group(signal),
        libc::PTRACE_EVENT_FORK => Stop::Fork,
        libc::PTRACE_EVENT_VFORK => Stop::Vfork,
        libc::PTRACE_EVENT_CLONE => Stop::Clone,
        libc::PTRACE_EVENT_EXEC => Stop::Exec,
        libc::PTRACE_EVENT_SECCOMP => Stop::Seccomp,
        libc::PTRACE_EVENT_EXIT => Stop::Exiting,
        event => Stop::Other(event),
    }
}

/// Waits for any tracee. `Ok(None)` where a signal of our own came first.
///
/// # Errors
/// `ECHILD` when there is no tracee (and no child) left.
pub fn any() -> io::Result<Option<(i32, Status)>> {
    wait(-1, libc::__WALL)
}

/// The next status that is there already, if any.
///
/// # Errors
/// `ECHILD` when there is no tracee (and no child) left.
pub fn any_now() -> io::Result<Option<(i32, Status)>> {
    wait(-1, libc::__WALL | libc::WNOHANG)
}

/// Waits for this tracee alone. `Ok(None)` where a signal of our own came first.
///
/// # Errors
/// `ECHILD` when it is no tracee of ours.
pub fn one(tid: i32) -> io::Result<Option<(i32, Status)>> {
    wait(tid, libc::__WALL)
}

/// The status of this tracee that is there already, if any.
///
/// # Errors
/// `ECHILD` when it is no tracee of ours.
pub fn one_now(tid: i32) -> io::Result<Option<(i32, Status)>> {
    wait(tid, libc::__WALL | libc::WNOHANG)
}

/// SIGCHLDs, which name who has stopped or ended, kept for [`Notices::next`]; what was
/// there before returns when this is dropped. One that comes while another is waiting to
/// be taken is lost.
pub struct Notices {
    mask: libc::sigset_t,
    action: libc::sigaction,
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}

impl Notices {
    /// For the calling thread. Others have all signals blocked.
    pub fn keep() -> Self {
        let set = sigchld();
        // SAFETY: all-zero bytes are valid values of these C structs (SIG_DFL, no flags);
        // all pointers are to them. The kernel sends none to who ignores them.
        unsafe {
            let (mut mask, mut action, default) =
                (std::mem::zeroed(), std::mem::zeroed(), std::mem::zeroed());
            libc::sigaction(libc::SIGCHLD, &raw const default, &raw mut action);
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, &raw mut mask);
            Self { mask, action }
        }
    }

    /// Who has stopped or ended, or will have by now: the id from the next SIGCHLD.
    /// `None` where a signal of our own or the end of `timeout` came first.
    pub fn next(&self, timeout: Option<std::time::Duration>) -> Option<i32> {
        let set = sigchld();
        let timeout = timeout.map(|timeout| libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(timeout.subsec_nanos()),
        });
        let until = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: an all-zero siginfo_t is valid; the pointers are to values that live
        // through the call. A SIGCHLD has an id.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let got = libc::sigtimedwait(&raw const set, &raw mut info, until);
            (got == libc::SIGCHLD).then(|| info.si_pid())
        }
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        // SAFETY: values that the kernel itself gave us.
        unsafe {
            libc::sigaction(libc::SIGCHLD, &raw const self.action, std::ptr::null_mut());
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.mask, std::ptr::null_mut());
        }
    }
}

/// The set of SIGCHLD alone.
fn sigchld() -> libc::sigset_t {
    // SAFETY: an all-zero sigset_t is the empty set, and valid for the call.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        set
    }
}

fn wait(tid: i32, options: i32) -> io::Result<Option<(i32, Status)>> {
    let mut status = 0;
    // SAFETY: `status` is a valid int for the call to write.
    let result = check(i64::from(unsafe {
        // Tracees are this thread's; children of others are others' affair.
        libc::waitpid(tid, &raw mut status, options | libc::__WNOTHREAD)
    }));
    match result {
        Ok(0) => Ok(None),
        Ok(tid) => Ok(Some((tid as i32, decode(tid as i32, status)))),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(e) => Err(e),
    }
}

fn decode(tid: i32, status: i32) -> Status {
    if libc::WIFSTOPPED(status) {
        Status::Stopped(decode_stop(status), Stopped::new(tid))
    } else if libc::WIFSIGNALED(status) {
        Status::Killed { signal: libc::WTERMSIG(status), core: libc::WCOREDUMP(status) }
    } else {
        Status::Exited(libc::WEXITSTATUS(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_are_told_apart() {
        let stopped = |signal: i32, event: i32| decode_stop(0x7f | signal << 8 | event << 16);
        assert_eq!(stopped(libc::SIGTRAP | 0x80, 0), Stop::Syscall);
        assert_eq!(stopped(libc::SIGTRAP, 0), Stop::Signal(libc::SIGTRAP));
        assert_eq!(stopped(libc::SIGTRAP, 128), Stop::Trap);
        assert_eq!(stopped(libc::SIGTSTP, 128), Stop::Group(libc::SIGTSTP));
        assert_eq!(stopped(libc::SIGTRAP, libc::PTRACE_EVENT_EXEC), Stop::Exec);
        assert_eq!(stopped(libc::SIGTRAP, libc::PTRACE_EVENT_SECCOMP), Stop::Seccomp);
        assert_eq!(stopped(64, 0), Stop::Signal(64), "a real-time signal is a signal");
        assert_eq!(stopped(libc::SIGTRAP, 99), Stop::Other(99));
    }
}
