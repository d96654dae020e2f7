//! The loop: waits, asks the transition what a stop means, does it, resumes.

use super::capture::{Limits, Reader, Secrets};
use super::contents::Contents;
use super::launch;
use super::machine::{Act, Go, Observed, State, transition};
use super::task::{Pending, Task, Unseen};
use super::written::Written;
use super::{Ending, Error, Options, Outcome, Shared, Sink, Until};
use crate::abi::Verb;
use crate::event::{Batch, Kind, Phase, Role, State as PieceState, TaskId};
use crate::sys::clock;
use crate::sys::ptrace::{Stopped, SyscallInfo, Until as StopAt};
use crate::sys::signals::{self, Noted};
use crate::sys::spawn::Child;
use crate::sys::wait::{self, Status, Stop};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// A batch is handed over when its oldest observation is that old, in ns.
const FLUSH_AFTER: u64 = 170_000_000;
/// … or when it has that many records (a block has at most 16,384) …
const FLUSH_RECORDS: usize = 12_000;
/// … or that many bytes of memory.
const FLUSH_BYTES: usize = 1 << 20;
/// Calls that are pending then may have megabytes of argv each: with so many bytes
/// the batch goes, and the others are in the next one.
const SPLIT_BYTES: usize = 2 << 20;

/// SIGTERMs that come within this time, in ns, are one request to end: `timeout(1)`
/// sends one to its child and one to the whole group, service managers a SIGHUP too.
const ONE_REQUEST: u64 = 100_000_000;

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
    base: u64,
    /// The time of the last observation: each has its own.
    last_time: u64,
    /// When the oldest observation in the batch was made.
    dirty_since: Option<u64>,
    /// Live tasks by thread id.
    pub(super) tasks: FxHashMap<i32, Task>,
    pub(super) next_task: u32,
    /// Tasks that stopped before their creator told of them.
    pub(super) early: FxHashMap<i32, (Stop, Stopped)>,
    /// Tasks that ended before that.
    pub(super) early_ends: FxHashMap<i32, Ending>,
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
    /// Hashes of files being made, once there are some.
    pub(super) contents: Option<Contents>,
    /// When the first SIGTERM or SIGHUP was passed on.
    warned: Option<u64>,
    /// A terminal's stop signal has reached us too.
    stop_wanted: bool,
}

/// The command.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) pid: i32,
    pub(super) child: Child,
    pub(super) started: bool,
    pub(super) ending: Option<Ending>,
}

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
    /// A tracer with nothing to trace yet. `base` is CLOCK_MONOTONIC at the run's start.
    pub fn new(options: Options, sink: S, base: u64) -> Self {
        Self {
            limits: Limits { data: options.data_limit },
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
            match wait::any() {
                Ok(Some((tid, status))) => self.status(tid, status),
                Ok(None) => {}
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
        }
        self.finish_contents();
        self.flush();
        Ok(())
    }

    /// A time for an observation: later than all before it.
    pub(super) fn now(&mut self) -> u64 {
        let now = (clock::monotonic() - self.base).max(self.last_time + 1);
        self.last_time = now;
        if self.dirty_since.is_none() {
            self.dirty_since = Some(now);
            self.shared.dirty.store(true, Ordering::Relaxed);
        }
        now
    }

    fn flush_if_due(&mut self) {
        if self.dirty_since.is_none() {
            self.take_contents();
        }
        let Some(since) = self.dirty_since else { return };
        let full = self.batch.len() >= FLUSH_RECORDS || self.batch.byte_len() >= FLUSH_BYTES;
        if full || clock::monotonic() - self.base >= since + FLUSH_AFTER {
            self.flush();
        }
    }

    /// Hands over the batch, with the calls that are pending now.
    pub(super) fn flush(&mut self) {
        self.take_contents();
        for task in self.tasks.values_mut() {
            if !task.id.is_none() {
                task.write_begun(&mut self.batch);
            }
            if self.batch.byte_len() >= SPLIT_BYTES {
                let full = std::mem::take(&mut self.batch);
                self.batch = self.sink.submit(full);
            }
        }
        self.dirty_since = None;
        self.shared.dirty.store(false, Ordering::SeqCst);
        if self.has_contents() {
            self.shared.dirty.store(true, Ordering::SeqCst); // they came in between
        }
        if !self.batch.is_empty() {
            let full = std::mem::take(&mut self.batch);
            self.batch = self.sink.submit(full);
        }
    }

    pub(super) fn status(&mut self, tid: i32, status: Status) {
        match status {
            Status::Exited(code) => self.ended(tid, Ending::Exited(code)),
            Status::Killed { signal, core } => self.ended(tid, Ending::Killed { signal, core }),
            Status::Stopped(stop, stopped) if self.tasks.contains_key(&tid) => {
                self.stopped(stop, stopped);
            }
            Status::Stopped(Stop::Exec, stopped) => self.stopped(Stop::Exec, stopped),
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
        let time = self.now();
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        let (observed, info) = match stop {
            Stop::Syscall => match stopped.syscall_info() {
                Ok(info @ SyscallInfo::Entry { .. }) => (Observed::Entry, info),
                Ok(info @ SyscallInfo::Exit { .. }) => (Observed::Exit, info),
                // Killed meanwhile: its end is what comes next.
                Ok(SyscallInfo::None) | Err(_) => (Observed::Stop(stop), SyscallInfo::None),
            },
            other => (Observed::Stop(other), SyscallInfo::None),
        };
        let (state, act, go) = transition(task.state, task.stopped != 0, observed);
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
                self.stop_wanted |= signals::take_any_of(&STOPPING);
                self.mirror_stop();
            }
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

    /// Lets a stopped task go on; ESRCH says that it was killed, and its end will come.
    fn go_on(&mut self, go: Go, stopped: Stopped) {
        if let Some(reason) = self.detaching {
            return self.let_go(go, stopped, reason);
        }
        let tid = stopped.tid();
        let result = match go {
            Go::On(signal) => stopped.resume(StopAt::Syscall, signal),
            Go::Listen => stopped.listen(),
        };
        if let Err(error) = result {
            self.blind_spot(tid, &format!("could not be resumed: {error}"));
        }
    }

    /// A task is gone.
    fn ended(&mut self, tid: i32, ending: Ending) {
        if let Some(root) = self.root.as_mut().filter(|root| root.pid == tid) {
            root.ending = Some(ending);
        }
        let time = self.now();
        self.early.remove(&tid);
        self.abandon(tid);
        self.after_unmount(tid);
        let Some(mut task) = self.tasks.remove(&tid) else {
            self.early_ends.insert(tid, ending);
            self.adopt_orphans();
            return;
        };
        self.end_heir(&task, ending);
        if !task.id.is_none() {
            self.note_submitted(&task, time);
            let by = self.ended_by_exec(&task);
            write_exit(&mut self.batch, &mut task, time, exit_words(ending, by));
        }
        if task.tid == task.pid {
            self.forget_written(task.process);
        }
        self.execs.retain(|_, executing| *executing != task.id);
        self.adopt_orphans();
        if self.root.as_ref().is_some_and(|root| root.ending.is_some())
            && self.options.until == Until::Root
        {
            self.detach_all(1);
        }
    }

    /// The pending call will never return: it is written without an end.
    pub(super) fn abandon(&mut self, tid: i32) {
        let Some(task) = self.tasks.get_mut(&tid) else { return };
        if !task.id.is_none() {
            task.write_begun(&mut self.batch);
        }
        task.pending.active = false;
    }

    /// Whether that process is a tracee whose `kill(2)` is for a whole group: we have
    /// got it because we are in that group, and so has the command.
    fn is_signalling_a_group(&self, sender: i32) -> bool {
        self.tasks.values().filter(|task| task.pid == sender).any(|task| {
            let is_kill = task.pending.prototype.is_some_and(|call| call.name == "kill");
            is_kill && task.pending.args[0] as i32 <= 0
        })
    }

    /// Signals of our own: the command's first, a second SIGTERM or SIGHUP lets go.
    fn noted(&mut self, noted: Noted) {
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

/// The words of an exit record; `by` is the task whose exec ended this one.
pub(super) fn exit_words(ending: Ending, by: TaskId) -> [u64; 6] {
    let by = u64::from(by.0);
    match ending {
        Ending::Exited(code) => [code as u64, 0, 0, by, 0, 0],
        Ending::Killed { signal, core } => [0, signal as u64, u64::from(core), by, 0, 0],
    }
}

/// The end of a task, as a record.
pub(super) fn write_exit(batch: &mut Batch, task: &mut Task, time: u64, words: [u64; 6]) {
    let ordinal = task.ordinal();
    let mut record = batch.record(Kind::Exit, task.id, ordinal);
    record.at(time).words(words);
    record.finish();
}
