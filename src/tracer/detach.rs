//! Letting go of living tasks.

use super::Sink;
use super::blindspots::submitted;
use super::engine::Tracer;
use super::machine::Go;
use crate::event::Kind;
use crate::sys::ptrace::{self, Stopped};
use crate::sys::signals;

impl<S: Sink> Tracer<S> {
    /// Starts to let go of every task: each is detached at its next stop, which
    /// this asks for. Where the tree is to die with rtrace, it dies now.
    pub(super) fn detach_all(&mut self, reason: u64) {
        if self.detaching.replace(reason).is_some() {
            return;
        }
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
        // ESRCH: it was killed while it stood; there is nothing to let go of.
        let _ = stopped.detach(signal);
        self.tasks.remove(&tid);
    }
}
