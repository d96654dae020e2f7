//! Signals for rtrace itself: passed on to the command, or asking to let go.

use super::Sink;
use super::engine::Tracer;
use crate::sys::clock;
use crate::sys::signals::{self, Noted};
use std::io;

/// SIGTERMs that come within this time, in ns, are one request to end: `timeout(1)`
/// sends one to its child and one to the whole group, service managers a SIGHUP too.
const ONE_REQUEST: u64 = 100_000_000;

/// Signals that are passed on to the command when a process sent them to us. A
/// terminal's Ctrl-C reaches the command by itself; a hang-up only the session's
/// leader.
const FORWARDED: [i32; 6] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];
/// A terminal's stop signals: they stop rtrace once they have stopped the command.
const STOPPING: [i32; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
/// All signals that [`Tracer::run`] expects to be noted (`sys::signals::Handlers`).
pub const CAUGHT: [i32; 9] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

impl<S: Sink> Tracer<S> {
    /// Whether that process is a tracee whose `kill(2)` is for a whole group: we have
    /// got it because we are in that group, and so has the command.
    pub(super) fn is_signalling_a_group(&self, sender: i32) -> bool {
        self.tasks.values().filter(|task| task.pid == sender).any(|task| {
            let is_kill = task.pending.prototype.is_some_and(|call| call.name == "kill");
            is_kill && task.pending.args[0] as i32 <= 0
        })
    }

    /// Signals of our own: the command's first, a second SIGTERM or SIGHUP lets go.
    pub(super) fn noted(&mut self, noted: Noted) {
        self.stop_wanted |= noted.any_at_all(&STOPPING);
        self.mirror_stop();
        let root = self.root.as_ref().filter(|root| root.ending.is_none()).map(|root| root.pid);
        let terminating = noted.any_of(&[libc::SIGTERM, libc::SIGHUP]);
        let now = clock::monotonic();
        let another = self.warned.is_none_or(|at| now >= at + ONE_REQUEST);
        match root {
            // Only descendants are left: nobody else would take a Ctrl-C.
            None if terminating && another || noted.any_of(&[libc::SIGINT]) => self.detach_all(0),
            Some(_) if terminating && another && self.warned.is_some() => self.detach_all(0),
            Some(pid) => {
                self.warned = self.warned.or(terminating.then_some(now));
                let hung_up = noted.any_of(&[libc::SIGHUP]) && signals::leads_session();
                let sent = noted.sent().filter(|signal| FORWARDED.contains(signal));
                for signal in sent.chain(hung_up.then_some(libc::SIGHUP)) {
                    // ESRCH: it has just ended, and that is being waited for.
                    let _: io::Result<()> = signals::send(pid, signal);
                }
            }
            None => {}
        }
    }

    /// A task has been stopped; if that was a terminal's doing, it may mean us too.
    pub(super) fn has_stopped(&mut self) {
        self.stop_wanted |= signals::take_any_of(&STOPPING);
        self.mirror_stop();
    }

    /// When a terminal has stopped the command, stops rtrace too, and by the same
    /// signal, so that the shell that waits for it gets its prompt back. Which of
    /// the two is stopped first is the kernel's affair.
    fn mirror_stop(&mut self) {
        let root = self.root.as_ref().and_then(|root| self.tasks.get(&root.pid));
        let signal = root.map_or(0, |root| root.stopped);
        if self.stop_wanted && signal != 0 {
            self.stop_wanted = false;
            self.flush();
            signals::stop_self(signal);
        }
    }
}
