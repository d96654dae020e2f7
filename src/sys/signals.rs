//! The tracer's own signals.
//!
//! Handlers only note which signals came, and from where; the tracer's loop
//! takes the notes. They are installed without SA_RESTART, so that a signal ends
//! the tracer's `waitpid`. A signal that the caller had ignored stays ignored.

use super::check;
use std::io;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// Signals that were sent by a process (`kill(2)`): bit n−1 for signal n.
static SENT: AtomicU64 = AtomicU64::new(0);
/// Signals that the kernel sent: a terminal's Ctrl-C, a hang-up.
static KERNEL: AtomicU64 = AtomicU64::new(0);

/// The process that sent signal n, at n; 0: not known; [`SEVERAL`].
static SENDERS: [AtomicI32; 65] = [const { AtomicI32::new(0) }; 65];
const SEVERAL: i32 = -1;

/// Signals that came since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    sent: u64,
    kernel: u64,
    passing: u64,
}

impl Noted {
    /// Those that a process sent to us.
    pub fn sent(self) -> impl Iterator<Item = i32> {
        signals(self.sent)
    }

    /// Whether one of these came, from the kernel or to us.
    pub fn any_of(self, wanted: &[i32]) -> bool {
        wanted.iter().any(|signal| (self.sent | self.kernel) & bit(*signal) != 0)
    }

    /// Whether one of these came, were it in passing.
    pub fn any_at_all(self, wanted: &[i32]) -> bool {
        Self { sent: self.sent | self.passing, ..self }.any_of(wanted)
    }
}

const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

fn signals(mask: u64) -> impl Iterator<Item = i32> {
    (1..=64).filter(move |signal| mask & bit(*signal) != 0)
}

/// Takes the notes. A signal whose one sender meant others (`is_passing`) is kept apart.
pub fn take(is_passing: impl Fn(i32) -> bool) -> Noted {
    let sent = SENT.swap(0, Ordering::Relaxed);
    let kernel = KERNEL.swap(0, Ordering::Relaxed);
    let passes = |signal: &i32| {
        let sender = SENDERS.get(*signal as usize).map_or(0, |s| s.swap(0, Ordering::Relaxed));
        sender > 0 && is_passing(sender)
    };
    let passing = signals(sent).filter(passes).fold(0, |mask, signal| mask | bit(signal));
    Noted { sent: sent & !passing, kernel, passing }
}

/// Takes the notes of these signals alone, and says whether there was one.
pub fn take_any_of(wanted: &[i32]) -> bool {
    let mask = !wanted.iter().fold(0, |mask, signal| mask | bit(*signal));
    let before =
        SENT.fetch_and(mask, Ordering::Relaxed) | KERNEL.fetch_and(mask, Ordering::Relaxed);
    before & !mask != 0
}

/// Whether there are notes to take.
pub fn noted() -> bool {
    SENT.load(Ordering::Relaxed) | KERNEL.load(Ordering::Relaxed) != 0
}

extern "C" fn note(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo_t to an SA_SIGINFO handler; what a
    // process sent has its id (SI_USER, SI_TKILL, SI_QUEUE, sigaction(2)).
    let (by_process, sender) = unsafe { ((*info).si_code <= 0, (*info).si_pid()) };
    if !by_process {
        KERNEL.fetch_or(bit(signal), Ordering::Relaxed);
        return;
    }
    if let Some(slot) = SENDERS.get(signal as usize) {
        let before = slot.swap(sender, Ordering::Relaxed);
        if before != 0 && before != sender {
            slot.store(SEVERAL, Ordering::Relaxed);
        }
    }
    SENT.fetch_or(bit(signal), Ordering::Relaxed);
}

/// Does nothing but end a blocking call.
extern "C" fn wake(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {}

/// Handlers in place; what was there before returns when this is dropped.
#[derive(Debug)]
pub struct Handlers {
    before: Vec<(i32, Saved)>,
}

struct Saved(libc::sigaction);

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sigaction")
    }
}

impl Handlers {
    /// Notes these signals from now on, and makes [`Kicker::kick`] work.
    ///
    /// # Errors
    /// EINVAL for a signal that cannot be caught.
    pub fn install(signals: &[i32]) -> io::Result<Self> {
        let mut handlers = Self { before: Vec::new() };
        // These are our own affair, whatever our caller does with them. A log that
        // is longer than RLIMIT_FSIZE is an error of `write(2)`, and not our death.
        handlers.set(kick_signal(), wake)?;
        handlers.set(libc::SIGXFSZ, wake)?;
        unblock(kick_signal());
        for signal in signals {
            if !is_ignored(*signal)? {
                handlers.set(*signal, note)?;
            }
        }
        Ok(handlers)
    }

    fn set(
        &mut self,
        signal: i32,
        handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void),
    ) -> io::Result<()> {
        // SAFETY: all-zero bytes are a valid sigaction (empty mask, no flags).
        let (mut old, mut new): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
        new.sa_sigaction = handler as *const () as usize;
        new.sa_flags = libc::SA_SIGINFO;
        // SAFETY: the handlers only touch atomics and return: async-signal-safe.
        check(i64::from(unsafe { libc::sigaction(signal, &raw const new, &raw mut old) }))?;
        self.before.push((signal, Saved(old)));
        Ok(())
    }
}

impl Drop for Handlers {
    fn drop(&mut self) {
        for (signal, saved) in &self.before {
            // SAFETY: restores an action that the kernel itself gave us.
            unsafe { libc::sigaction(*signal, &raw const saved.0, std::ptr::null_mut()) };
        }
    }
}

fn is_ignored(signal: i32) -> io::Result<bool> {
    // SAFETY: all-zero bytes are a valid sigaction.
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: `now` is valid to write; a null new action changes nothing.
    check(i64::from(unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut now) }))?;
    Ok(now.sa_sigaction == libc::SIG_IGN)
}

/// Takes a signal out of the calling thread's mask.
fn unblock(signal: i32) {
    // SAFETY: an all-zero sigset_t is the empty set; it is valid for both calls.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
    }
}

/// A real-time signal that nothing else here uses.
fn kick_signal() -> i32 {
    libc::SIGRTMIN() + 4
}

/// Wakes a thread out of a blocking call. The caller repeats it until it sees
/// that the thread has noticed: one that comes just before the call is lost.
#[derive(Clone, Copy, Debug)]
pub struct Kicker {
    pid: i32,
    tid: i32,
}

impl Kicker {
    /// For the calling thread.
    pub fn here() -> Self {
        // SAFETY: both only ask for numbers.
        unsafe { Self { pid: libc::getpid(), tid: libc::gettid() } }
    }

    /// Wakes it.
    pub fn kick(self) {
        // SAFETY: sends a signal for which `Handlers` has installed a handler.
        unsafe { libc::syscall(libc::SYS_tgkill, self.pid, self.tid, kick_signal()) };
    }
}

/// A signal mask to return to.
pub struct Mask(libc::sigset_t);

/// Blocks all signals in the calling thread, so that threads it starts do not
/// take those that are meant for the tracer.
pub fn block_all() -> Mask {
    // SAFETY: all-zero bytes are a valid sigset_t; both sets are valid for the calls.
    unsafe {
        let (mut all, mut old): (libc::sigset_t, libc::sigset_t) = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut old);
        Mask(old)
    }
}

impl Mask {
    /// Sets the mask back.
    pub fn restore(self) {
        // SAFETY: a mask that the kernel itself gave us.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut());
        }
    }
}

/// Whether this process leads its session: it alone then learns that the terminal
/// has hung up.
pub fn leads_session() -> bool {
    // SAFETY: both only ask for numbers.
    unsafe { libc::getsid(0) == libc::getpid() }
}

/// Sends a signal to a process.
///
/// # Errors
/// ESRCH, EPERM.
pub fn send(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: sends a signal; touches no memory.
    check(i64::from(unsafe { libc::kill(pid, signal) })).map(drop)
}

/// Stops this process by a stop signal until SIGCONT, as job control stops the
/// command. Returns at once where the kernel does not stop it (in an orphaned
/// process group, for one).
pub fn stop_self(signal: i32) {
    // SAFETY: all-zero bytes are a valid sigaction: SIG_DFL, no mask, no flags.
    let (default, mut ours): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
    // SAFETY: the actions are valid; what the kernel gave is set again. SIGSTOP's
    // cannot be changed, and need not.
    unsafe {
        let changed = libc::sigaction(signal, &raw const default, &raw mut ours) == 0;
        libc::raise(signal);
        if changed {
            libc::sigaction(signal, &raw const ours, std::ptr::null_mut());
        }
    }
}

/// Ends this process as the signal would have, without writing a second core.
/// Returns where the signal does not kill.
pub fn die_of(signal: i32) {
    // SAFETY: plain requests on this process; the structs are valid.
    unsafe {
        let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core);
        libc::signal(signal, libc::SIG_DFL);
        unblock(signal);
        libc::raise(signal);
    }
}
