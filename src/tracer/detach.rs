//! Letting go of living tasks.

use super::Sink;
use super::blindspots::submitted;
use super::engine::Tracer;
use super::machine::Go;
use super::process::{self, Life};
use crate::event::Kind;
use crate::sys::ptrace::{self, Stopped};
use crate::sys::{clock, signals};
use std::sync::atomic::Ordering;

/// A task that is to be let go has that long to stop, in ns, if it sleeps where
/// nothing but its death can wake it.
const PATIENCE: u64 = 200_000_000;

impl<S: Sink> Tracer<S> {
    /// Starts to let go of every task: each is detached at its next stop, which
    /// this asks for. Where the tree is to die with rtrace, it dies now.
    pub(super) fn detach_all(&mut self, reason: u64) {
        if self.detaching.replace(reason).is_some() {
            return;
        }
        self.detaching_since = clock::monotonic();
        self.shared.leaving.store(true, Ordering::Relaxed);
        for (tid, task) in &self.tasks {
            let asked = if self.options.kill_on_exit {
                signals::send(task.pid, libc::SIGKILL)
            } else {
                ptrace::interrupt(*tid)
            };
            // ESRCH: it has just ended, and that is being waited for.
            drop(asked);
        }
    }

    /// Detaches a task that has stopped. A signal that it was about to get is
    /// delivered; one in a group-stop stays stopped.
    pub(super) fn let_go(&mut self, go: Go, stopped: Stopped, reason: u64) {
        let tid = stopped.tid();
        let time = self.now();
        self.abandon(tid);
        if let Some(fact) = self.tasks.get(&tid).and_then(|task| submitted(task, time)) {
            self.batch.push_fact(fact);
        }
        self.note(tid, Kind::Detach, time, [reason, 0, 0, 0, 0, 0]);
        let signal = match go {
            Go::On(signal) => signal,
            Go::Listen => 0,
        };
        self.unbind(tid);
        // ESRCH: it was killed while it stood; there is nothing to let go of.
        let _ = stopped.detach(signal);
        self.forget(tid);
    }

    /// Tasks that do not stop, since they sleep uninterruptibly: only a stopped one
    /// can be detached by a request. They are left to the kernel, which lets go of
    /// them, whatever they do then, when rtrace ends.
    pub(super) fn leave_asleep(&mut self) {
        let Some(reason) = self.detaching else { return };
        if self.options.kill_on_exit || clock::monotonic() < self.detaching_since + PATIENCE {
            return;
        }
        let asleep = |tid: &&i32| process::life(**tid) == Life::Asleep;
        for tid in self.tasks.keys().filter(asleep).copied().collect::<Vec<_>>() {
            let time = self.now();
            self.abandon(tid);
            self.note(tid, Kind::Detach, time, [reason, 0, 0, 0, 0, 0]);
            self.unbind(tid);
            self.forget(tid);
        }
    }
}
