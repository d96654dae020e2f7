//! A process of ours that goes on when this one is killed, to put things right.
//!
//! It has a session of its own, so that no terminal and no signal for our process group
//! reaches it; it blocks all signals, and holds no descriptor and no directory of ours.
//! That we are gone it learns from a pipe, whose other end the kernel closes with us.

use super::check;
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// As long as somebody has this, [`Watch::until_alone`] waits.
#[derive(Debug)]
pub struct Lifeline(#[expect(dead_code, reason = "closed by being dropped")] OwnedFd);

/// The other end.
#[derive(Debug)]
pub struct Watch(File);

impl Watch {
    /// Waits until the lifeline is gone, and who had it, very likely, too.
    pub fn until_alone(mut self) {
        let mut byte = [0];
        // The end of the file, or an error that would not go away either.
        while self.0.read(&mut byte).is_err_and(|e| e.kind() == io::ErrorKind::Interrupted) {}
    }
}

/// A lifeline.
///
/// # Errors
/// Those of `pipe2(2)`.
pub fn lifeline() -> io::Result<(Lifeline, Watch)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    check(i64::from(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }))?;
    // SAFETY: both are new and ours.
    let (watch, hold) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    Ok((Lifeline(hold), Watch(watch.into())))
}

/// Forks a process of that name (at most 15 bytes) that does `work`, and then ends. All
/// signals should be blocked in the calling thread. Its id.
///
/// # Errors
/// Those of `fork(2)`.
pub fn start(name: &CStr, watch: Watch, work: impl FnOnce(Watch)) -> io::Result<i32> {
    // SAFETY: the C library makes its allocator usable in the child, whatever other
    // threads were doing; the child never returns from here.
    let pid = check(i64::from(unsafe { libc::fork() }))? as i32;
    if pid == 0 {
        // Nobody is there to be told of a panic, and it must not reach our caller's code.
        let _ = catch_unwind(AssertUnwindSafe(|| work(cut_loose(name, watch))));
        // SAFETY: ends the child without running anything of the parent's.
        unsafe { libc::_exit(0) };
    }
    Ok(pid)
}

/// Waits for its end.
pub fn wait_for(pid: i32) {
    // SAFETY: no status is asked for.
    while unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL) } == -1
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}

/// Gives up all that the process has in common with others but the watch.
fn cut_loose(name: &CStr, watch: Watch) -> Watch {
    // SAFETY: plain requests on this process, which has one thread; `watch` is moved to
    // descriptor 0, which nothing else here owns from then on.
    unsafe {
        libc::setsid();
        libc::prctl(libc::PR_SET_NAME, name.as_ptr());
        libc::chdir(c"/".as_ptr());
        libc::dup2(watch.0.as_raw_fd(), 0);
        std::mem::forget(watch);
        if libc::syscall(libc::SYS_close_range, 1, u32::MAX, 0) == -1 {
            // Before Linux 5.9.
            for fd in 1..libc::sysconf(libc::_SC_OPEN_MAX).clamp(1024, 1 << 20) {
                libc::close(fd as i32);
            }
        }
        Watch(File::from_raw_fd(0))
    }
}
