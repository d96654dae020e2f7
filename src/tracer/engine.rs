//! The loop: waits, asks the transition what a stop means, does it, resumes.

use super::account::Account;
use super::capture::{Limits, Reader, Secrets};
use super::contents::Contents;
use super::launch;
use super::machine::{Act, Go, Observed, State, next_stop, transition};
use super::placement::{Placement, Seat};
use super::task::{Pending, Task, Unseen};
use super::waiter::Waiter;
use super::written::Written;
use super::{Ending, Error, Options, Outcome, Shared, Sink};
use crate::abi::Verb;
use crate::event::{Batch, Kind, Phase, Role, State as PieceState, TaskId};
use crate::sys::ptrace::{Stopped, SyscallInfo, Until as StopAt};
use crate::sys::signals;
use crate::sys::spawn::Child;
use crate::sys::wait::{Status, Stop};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Bytes of a `siginfo_t` that carry anything (`asm-generic/siginfo.h`).
const SIGINFO_USED: usize = 48;

/// Follows a tree of tasks; fills batches and hands them to its sink.
#[derive(Debug)]
pub struct Tracer<S> {
    pub(super) options: Options,
    pub(super) limits: Limits,
    pub(super) sink: S,
    pub(super) batch: Batch,
    pub(super) shared: Shared,
    pub(super) reader: Reader,
    pub(super) secrets: Secrets,
    /// CLOCK_MONOTONIC at the run's start.
    pub(super) base: u64,
    /// The time of the last observation: each has its own.
    pub(super) last_time: u64,
    /// When the oldest observation in the batch was made.
    pub(super) dirty_since: Option<u64>,
    /// Live tasks by thread id.
    pub(super) tasks: FxHashMap<i32, Task>,
    pub(super) next_task: u32,
    /// Tasks that stopped before their creator told of them.
    pub(super) early: FxHashMap<i32, (Stop, Stopped)>,
    /// Tasks that ended before that.
    pub(super) early_ends: FxHashMap<i32, Ending>,
    /// The task that entered a call last that makes one.
    pub(super) last_forking: i32,
    pub(super) root: Option<Root>,
    /// Processes of which a task is in an exec, and that task.
    pub(super) execs: FxHashMap<TaskId, TaskId>,
    /// Why tasks are being let go, once they are.
    pub(super) detaching: Option<u64>,
    /// When that began: CLOCK_MONOTONIC.
    pub(super) detaching_since: u64,
    /// Files whose facts are in the log: device, inode, time of change, and a hash
    /// of the name that was opened.
    pub(super) known_files: FxHashSet<(u64, u64, i64, u64)>,
    /// Sockets that have sent to an address, by inode.
    pub(super) known_senders: FxHashSet<i64>,
    pub(super) written: Written,
    waiter: Waiter,
    pub(super) placement: Placement,
    /// Whether the thread that wakes this one has been told that it must.
    pub(super) was_crowded: bool,
    /// Hashes of files being made, once there are some.
    pub(super) contents: Option<Contents>,
    /// When the first SIGTERM or SIGHUP was passed on.
    pub(super) warned: Option<u64>,
    /// A terminal's stop signal has reached us too.
    pub(super) stop_wanted: bool,
}

/// The command.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) pid: i32,
    pub(super) child: Child,
    pub(super) started: bool,
    pub(super) ending: Option<Ending>,
}

impl<S: Sink> Tracer<S> {
    /// A tracer with nothing to trace yet. `base` is CLOCK_MONOTONIC at the run's start.
    pub fn new(mut options: Options, sink: S, base: u64) -> Self {
        options.kill_on_exit |= options.by_seccomp;
        Self {
            limits: Limits { data: options.data_limit },
            placement: Placement::new(options.colocate),
            waiter: Waiter::default(),
            was_crowded: false,
            options,
            sink,
            batch: Batch::new(),
            shared: Shared::default(),
            reader: Reader::new(),
            secrets: Secrets::of_this_machine(),
            base,
            last_time: 0,
            dirty_since: None,
            tasks: FxHashMap::default(),
            next_task: 1,
            early: FxHashMap::default(),
            early_ends: FxHashMap::default(),
            last_forking: 0,
            root: None,
            execs: FxHashMap::default(),
            detaching: None,
            detaching_since: 0,
            known_files: FxHashSet::default(),
            known_senders: FxHashSet::default(),
            written: Written::default(),
            contents: None,
            warned: None,
            stop_wanted: false,
        }
    }

    /// What another thread needs to wake this one.
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// The sink.
    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Gives back the sink, after the last batch.
    pub fn into_sink(self) -> S {
        self.sink
    }

    pub(super) fn add_root(&mut self, child: Child) {
        let pid = child.pid;
        let task = Task {
            id: TaskId::NONE,
            tid: pid,
            pid,
            process: TaskId::NONE,
            state: State::Launching,
            stopped: 0,
            next_ordinal: 1,
            pending: Pending::default(),
            env: Rc::default(),
            last_verb: Verb::None,
            unseen: Unseen::default(),
            nested: false,
            is_sieved: self.options.by_seccomp,
            is_ending: false,
            account: Account::default(),
            seat: Seat::default(),
        };
        self.tasks.insert(pid, task);
        self.root = Some(Root { pid, child, started: false, ending: None });
    }

    /// Lets the command go and follows it to its end (see [`Options::until`]), or
    /// until a second SIGTERM or SIGHUP. Another thread must wake this one every
    /// now and then while [`Shared::dirty`] is set or a signal is noted.
    ///
    /// # Errors
    /// [`Error::NotExecutable`] and [`Error::Prepare`] where the command could not
    /// be executed after all; [`Error::System`].
    pub fn run(&mut self, name: &std::ffi::OsStr) -> Result<Outcome, Error> {
        self.placement.begin();
        if let Some(root) = &mut self.root {
            root.child
                .go()
                .map_err(|source| Error::System { what: "start the command", source })?;
        }
        self.follow()?;
        let root = self.root.as_mut();
        if let Some(root) = root
            && !root.started
            && let Some(error) = launch::failure(&mut root.child, name)
        {
            return Err(error);
        }
        Ok(Outcome {
            root: self.root.as_ref().and_then(|root| root.ending),
            detached: self.detaching.is_some(),
        })
    }

    /// Follows all tasks to their ends, or until they have been let go.
    pub(super) fn follow(&mut self) -> Result<(), Error> {
        while !self.tasks.is_empty() || !self.early.is_empty() {
            let tracees = self.tasks.len() + self.early.len();
            match self.waiter.next(tracees) {
                Ok(Some((tid, status))) => self.status(tid, status),
                Ok(None) => self.unbind_stale(),
                Err(e) if e.raw_os_error() == Some(libc::ECHILD) => break,
                Err(source) => return Err(Error::System { what: "wait for a tracee", source }),
            }
            if signals::noted() {
                self.noted(signals::take(|sender| self.is_signalling_a_group(sender)));
            }
            if self.shared.expired.load(Ordering::Relaxed) {
                self.detach_all(0);
            }
            self.leave_asleep();
            self.flush_if_due();
            self.note_crowd();
        }
        self.placement.end();
        self.finish_contents();
        self.flush();
        Ok(())
    }

    pub(super) fn status(&mut self, tid: i32, status: Status) {
        match status {
            Status::Exited(code) => self.ended(tid, Ending::Exited(code)),
            Status::Killed { signal, core } => self.ended(tid, Ending::Killed { signal, core }),
            Status::Stopped(stop, stopped) if self.tasks.contains_key(&tid) => {
                self.stopped(stop, stopped);
            }
            Status::Stopped(Stop::Exec, stopped) => self.stopped(Stop::Exec, stopped),
            // Whoever made it may never tell: it may be a leader that was killed in that call,
            // whose end is told of only after that of this one.
            Status::Stopped(Stop::Exiting, stopped) => self.go_on(Go::On(0), stopped),
            // Its creator has not told of it yet: it waits.
            Status::Stopped(stop, stopped) => {
                self.early.insert(tid, (stop, stopped));
                self.adopt_orphans();
            }
        }
    }

    /// One stop of a known task.
    pub(super) fn stopped(&mut self, stop: Stop, stopped: Stopped) {
        let tid = stopped.tid();
        if stop == Stop::Exec {
            self.replaced(&stopped);
        }
        // A task that stops at every call has shown this entry already.
        if stop == Stop::Seccomp && !self.tasks.get(&tid).is_some_and(Task::stops_by_filter) {
            return self.go_on(Go::On(0), stopped);
        }
        let time = self.now();
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        let (observed, info) = match stop {
            Stop::Syscall | Stop::Seccomp => match stopped.syscall_info() {
                Ok(info @ SyscallInfo::Entry { .. }) => (Observed::Entry, info),
                Ok(info @ SyscallInfo::Exit { .. }) => (Observed::Exit, info),
                // Killed meanwhile: its end is what comes next.
                Ok(SyscallInfo::None) | Err(_) => (Observed::Stop(stop), SyscallInfo::None),
            },
            other => (Observed::Stop(other), SyscallInfo::None),
        };
        let (state, act, go) = transition(task.state, task.stopped != 0, observed);
        self.placement.stops(&mut task.seat, time);
        if observed == Observed::Entry && self.detaching.is_none() {
            self.placement.enters(&mut task.seat, tid, task.pid);
        }
        if state == State::Outside && matches!(go, Go::On(_)) {
            self.placement.goes(&mut task.seat, time);
        }
        task.state = state;
        task.stopped = match (act, go) {
            (Act::Stopped(signal), _) => signal,
            (_, Go::Listen) => task.stopped,
            _ => 0,
        };
        self.act(tid, act, info, &stopped, time);
        self.go_on(go, stopped);
    }

    fn act(&mut self, tid: i32, act: Act, info: SyscallInfo, stopped: &Stopped, time: u64) {
        match (act, info) {
            (Act::Enter { lost }, SyscallInfo::Entry { arch, nr, args }) => {
                if lost {
                    self.abandon(tid);
                }
                self.enter(tid, arch, nr, args, time);
            }
            (Act::Leave, SyscallInfo::Exit { result, failed }) => {
                self.leave(tid, result, failed, time);
            }
            (Act::Born(birth), _) => {
                if let Ok(child) = stopped.event_message() {
                    self.born(tid, child as i32, birth, time);
                }
            }
            (Act::Exec, _) => self.executed(tid, stopped, time),
            (Act::Signal(signal), _) => self.signalled(tid, signal, stopped, time),
            (Act::Stopped(signal), _) => {
                self.note(tid, Kind::Stop, time, [signal as u64, 0, 0, 0, 0, 0]);
                self.has_stopped();
            }
            (Act::Exiting, _) => self.is_ending(tid),
            (Act::Continued, _) => self.note(tid, Kind::Continue, time, [0; 6]),
            _ => {}
        }
    }

    /// A record without memory, of something that happened at one instant.
    pub(super) fn note(&mut self, tid: i32, kind: Kind, time: u64, words: [u64; 6]) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        if task.id.is_none() {
            return; // the command's launcher, which is none of its tasks
        }
        let ordinal = task.ordinal();
        let mut record = self.batch.record(kind, task.id, ordinal);
        record.at(time).words(words);
        record.finish();
    }

    fn signalled(&mut self, tid: i32, signal: i32, stopped: &Stopped, time: u64) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        let ordinal = task.ordinal();
        let mut record = self.batch.record(Kind::Signal, task.id, ordinal);
        record.at(time).words([signal as u64, 0, 0, 0, 0, 0]);
        if let Ok(info) = stopped.siginfo() {
            let used = &info[..SIGINFO_USED];
            record.piece(0, Role::Struct, Phase::Entry, PieceState::Whole, used);
        }
        record.finish();
        self.before_dying(tid, signal);
    }

    /// Where a task that goes on stops next.
    fn until(&self, tid: i32) -> StopAt {
        if !self.options.by_seccomp {
            return StopAt::Syscall;
        }
        let task = self.tasks.get(&tid).filter(|task| task.stops_by_filter());
        task.map_or(StopAt::Syscall, |task| next_stop(task.state))
    }

    /// Lets a stopped task go on; ESRCH says that it was killed, and its end will come.
    fn go_on(&mut self, go: Go, stopped: Stopped) {
        if let Some(reason) = self.detaching {
            return self.let_go(go, stopped, reason);
        }
        let tid = stopped.tid();
        let result = match go {
            Go::On(signal) => stopped.resume(self.until(tid), signal),
            Go::Listen => stopped.listen(),
        };
        if let Err(error) = result {
            self.blind_spot(tid, &format!("could not be resumed: {error}"));
        }
    }
}
