//! Starting the command: `fork(2)`, wait for the tracer, `execve(2)`.
//!
//! `std::process` cannot wait between fork and exec for somebody to seize the
//! child, and changes more than we want. Everything that allocates happens before the
//! fork; the child only makes system calls.

use super::seccomp::{self, Instruction};
use super::{check, errno, startup};
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What to start.
#[derive(Debug)]
pub struct Command {
    /// The file to execute, already looked up in PATH.
    pub file: CString,
    /// argv.
    pub argv: Vec<CString>,
    /// The environment, `NAME=value` each.
    pub env: Vec<CString>,
    /// Where to change to before.
    pub dir: Option<CString>,
    /// Whom to become before.
    pub user: Option<User>,
    /// Whether our standard error is its standard output too.
    pub stdout_is_stderr: bool,
    /// A filter of its system calls and its children's, if it is to have one.
    pub filter: Option<Vec<Instruction>>,
}

/// Credentials to take on.
#[derive(Debug, Clone)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// What the child could not do before its new program ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// Change its groups or ids.
    User = 1,
    /// Change its directory.
    Directory = 2,
    /// Execute the file.
    Exec = 3,
    /// Take on its standard output.
    Output = 4,
    /// Install the filter of its calls.
    Filter = 5,
}

/// A child that waits to be let go.
#[derive(Debug)]
pub struct Child {
    /// Its process id.
    pub pid: i32,
    /// The directory that it changes to, if any.
    pub dir: PathBuf,
    go: File,
    failure: File,
    /// It was let go.
    goes: bool,
}

/// One that was never let go is not left behind.
impl Drop for Child {
    fn drop(&mut self) {
        if self.goes || self.is_gone(libc::WNOHANG) {
            return;
        }
        // SAFETY: the child is there until somebody has waited for its end.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        while !self.is_gone(0) {}
    }
}

impl Child {
    /// Lets it execute the command.
    ///
    /// # Errors
    /// EPIPE where it is gone.
    pub fn go(&mut self) -> io::Result<()> {
        self.goes = true;
        self.go.write_all(b"g")
    }

    /// Takes its next status; whether that is its end, or it has been taken before.
    fn is_gone(&self, options: i32) -> bool {
        let mut status = 0;
        // SAFETY: `status` is a valid int for the call to write.
        let got = unsafe { libc::waitpid(self.pid, &raw mut status, options | libc::__WALL) };
        got == -1 || got == self.pid && !libc::WIFSTOPPED(status)
    }

    /// Why the command did not start; asked once the child has ended or executed.
    pub fn failure(&mut self) -> Option<(Step, io::Error)> {
        let mut said = [0; 5];
        self.failure.read_exact(&mut said).ok()?;
        let step = match said[0] {
            1 => Step::User,
            2 => Step::Directory,
            4 => Step::Output,
            5 => Step::Filter,
            _ => Step::Exec,
        };
        let code = i32::from_ne_bytes([said[1], said[2], said[3], said[4]]);
        Some((step, io::Error::from_raw_os_error(code)))
    }
}

fn pipe() -> io::Result<(File, File)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    check(i64::from(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }))?;
    // SAFETY: both descriptors are new and ours.
    let (read, write) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    Ok((read.into(), write.into()))
}

/// Starts a child that will execute `command` after [`Child::go`]. It has our
/// caller's signal dispositions and descriptors. To be called while this process
/// has one thread only.
///
/// # Errors
/// Those of `pipe2(2)` and `fork(2)`.
pub fn start(command: &Command) -> io::Result<Child> {
    let (wait, go) = pipe()?;
    let (failure, fail) = pipe()?;
    let argv = pointers(&command.argv);
    let env = pointers(&command.env);
    let shell = shell_argv(command);
    let shell = pointers(&shell);
    // SAFETY: the child makes only system calls on memory that was prepared
    // above, and ends in `execve` or `_exit`.
    let pid = check(i64::from(unsafe { libc::fork() }))? as i32;
    if pid == 0 {
        drop(go);
        let (step, code) = become_command(command, &wait, &argv, &env, &shell);
        let [a, b, c, d] = code.to_ne_bytes();
        // The parent knows from the exit status alone, if even this fails.
        let _ = (&fail).write_all(&[step as u8, a, b, c, d]);
        // SAFETY: ends the child without running anything of the parent's.
        unsafe { libc::_exit(127) };
    }
    let dir = command.dir.as_deref().map(CStr::to_bytes).unwrap_or_default();
    Ok(Child { pid, dir: OsStr::from_bytes(dir).into(), go, failure, goes: false })
}

/// argv of the shell that runs a script without a `#!` line, as `execvp(3)` has it.
fn shell_argv(command: &Command) -> Vec<CString> {
    let mut argv = vec![c"sh".to_owned(), command.file.clone()];
    argv.extend(command.argv.iter().skip(1).cloned());
    argv
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

/// The child's part; returns what failed.
fn become_command(
    command: &Command,
    wait: &File,
    argv: &[*const libc::c_char],
    env: &[*const libc::c_char],
    shell: &[*const libc::c_char],
) -> (Step, i32) {
    // SAFETY: plain system calls on valid, NUL- or null-terminated memory.
    unsafe {
        let mut byte = 0u8;
        loop {
            match libc::read(wait.as_raw_fd(), (&raw mut byte).cast(), 1) {
                1 => break,
                -1 if errno() == libc::EINTR => {}
                _ => libc::_exit(127), // the tracer is gone
            }
        }
        // Before it becomes another user, who may not without PR_SET_NO_NEW_PRIVS.
        if let Some(program) = &command.filter
            && let Err(error) = seccomp::install(program)
        {
            return (Step::Filter, error);
        }
        if let Some(user) = &command.user
            && (libc::setgroups(user.groups.len(), user.groups.as_ptr()) != 0
                || libc::setgid(user.gid) != 0
                || libc::setuid(user.uid) != 0)
        {
            return (Step::User, errno());
        }
        if let Some(dir) = &command.dir
            && libc::chdir(dir.as_ptr()) != 0
        {
            return (Step::Directory, errno());
        }
        let sigpipe = if startup::sigpipe_ignored() { libc::SIG_IGN } else { libc::SIG_DFL };
        libc::signal(libc::SIGPIPE, sigpipe);
        if command.stdout_is_stderr && libc::dup2(2, 1) == -1 {
            return (Step::Output, errno());
        }
        for fd in startup::closed_descriptors() {
            libc::close(fd);
        }
        libc::execve(command.file.as_ptr(), argv.as_ptr(), env.as_ptr());
        let failed = errno();
        if failed == libc::ENOEXEC {
            libc::execve(c"/bin/sh".as_ptr(), shell.as_ptr(), env.as_ptr());
        }
        (Step::Exec, failed)
    }
}

/// Whether this process may execute the file (`access(2)` with X_OK).
pub fn executable(file: &CStr) -> bool {
    // SAFETY: `file` is NUL-terminated.
    unsafe { libc::access(file.as_ptr(), libc::X_OK) == 0 }
}
