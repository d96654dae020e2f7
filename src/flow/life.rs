//! Tasks that start, end, and wait for each other.

use rustc_hash::FxHashMap;

use super::irregular::{CLONE_FILES, CLONE_FS};
use super::item::{Edge, EdgeKind, EventId, Item, Side};
use super::plan::Plan;
use super::space::CLONE_NEWNS;
use super::task::{Process, Standing, Task};
use super::thread::clone_arguments;
use super::{Descriptors, Flow};
use crate::abi::Scalar;
use crate::event::{Origin, Phase, Record, Role, State, TaskId};

/// A process that has ended and may still be waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dead {
    pub(super) exit: EventId,
    pid: u32,
    own_pid: Option<u32>,
    parent: Option<TaskId>,
}

/// A task whose maker's call has not ended yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Born {
    child: TaskId,
    /// Whether the edge from that call has been given out.
    is_told: bool,
}

/// The call that made the task which has started.
pub(super) fn maker_call(start: &Record<'_>) -> Option<EventId> {
    let [.., maker, ordinal, _] = start.words;
    let task = TaskId(maker as u32);
    (!task.is_none()).then_some(EventId { task, ordinal })
}

impl Flow {
    /// A task is there. Whether it shares its maker's tables is only known when
    /// the maker's call ends ([`Flow::forked`]): until then a thread shares, and
    /// any other task has a copy.
    pub(super) fn start(&mut self, record: &Record<'_>) {
        let [tid, pid, process, maker, _, origin] = record.words;
        let id = record.task;
        self.bury(id); // a log that starts a task twice is damaged
        let origin = Origin::from_code(origin as u8).unwrap_or(Origin::Orphan);
        let maker = TaskId(maker as u32);
        let parent = maker_call(record);
        let process = TaskId(process as u32);
        let (files, place) = self.tables_for(maker, process, origin);
        let task = Task {
            id,
            tid: tid as u32,
            process,
            origin,
            parent,
            own_tid: None,
            started: record.start,
            last: record.ordinal,
            seen: record.start,
            files,
            place,
            pending: None,
            execed: false,
            stop: None,
        };
        self.state.tasks.insert(id, task);
        self.join_process(process, pid as u32, maker);
        if let Some(cause) = parent {
            let is_told = self.makers.contains(&cause);
            self.born.insert(cause, Born { child: id, is_told });
            let effect = EventId { task: id, ordinal: record.ordinal };
            if is_told {
                self.after.push(Item::Edge(fork(cause, effect)));
            }
        }
        self.before.push(Item::Task(id));
        self.apply_facts(id, record.ordinal);
    }

    fn tables_for(
        &mut self,
        maker: TaskId,
        process: TaskId,
        origin: Origin,
    ) -> (super::pool::Handle, super::pool::Handle) {
        let is_attached = origin == Origin::Attached;
        let from = if is_attached { process } else { maker };
        let tables = self.state.tasks.get(&from).map(|task| (task.files, task.place));
        match tables {
            Some((files, place)) if is_attached || origin == Origin::Thread => {
                (self.state.files.share(files), self.state.standings.share(place))
            }
            Some((files, place)) => {
                let files = self.state.files.get(files).clone();
                let place = *self.state.standings.get(place);
                (self.state.files.add(files), self.state.standings.add(place))
            }
            None => {
                let cwd = (origin == Origin::Root && !self.first_cwd.is_empty())
                    .then(|| self.state.file_named(&self.first_cwd));
                let place = Standing { cwd, ..Standing::default() };
                (self.state.files.add(Descriptors::default()), self.state.standings.add(place))
            }
        }
    }

    fn join_process(&mut self, id: TaskId, pid: u32, maker: TaskId) {
        if let Some(process) = self.state.processes.get_mut(&id) {
            process.threads += 1;
            return;
        }
        let parent = self.state.process_of(maker);
        let process = Process {
            id,
            pid,
            own_pid: None,
            group: parent.and_then(|parent| parent.group),
            parent: parent.map(|parent| parent.id),
            threads: 1,
            execution: parent.and_then(|parent| parent.execution.clone()),
            user: parent.and_then(|parent| parent.user),
            has_own_users: parent.is_some_and(|parent| parent.has_own_users),
            is_partial: false,
            account: None,
            children: FxHashMap::default(),
        };
        self.state.processes.insert(id, process);
        // The kernel gave the number again: the one who had it has been reaped.
        if let Some(old) = self.state.by_pid.insert(pid, id) {
            self.dead.remove(&old);
        }
    }

    /// A fork, vfork or clone has returned to the maker.
    pub(super) fn forked(&mut self, record: &Record<'_>, plan: &Plan) {
        let cause = EventId { task: record.task, ordinal: record.ordinal };
        let Some(Born { child, is_told }) = self.born.remove(&cause) else { return };
        if !is_told {
            // It was not there yet when the child's start was read.
            self.after.push(Item::Edge(fork(cause, EventId { task: child, ordinal: 0 })));
        }
        if record.failed {
            return;
        }
        let arguments = clone_arguments(record, plan);
        if let Some(arguments) = arguments {
            self.made_thread(record.task, child, arguments);
            self.made_with_users(record.task, child, arguments.0);
        }
        let Some(process) = self.state.tasks.get(&child).map(|task| task.process) else {
            // It has already ended; a wait may still ask for it.
            self.adopt(record, child);
            return;
        };
        if process == child {
            self.adopt(record, child);
        }
        if let Some((flags, _)) = arguments {
            self.set_sharing(record.task, child, flags);
            self.left_space(child, flags);
        }
    }

    /// Remembers under which number the maker knows its child: its own PID
    /// namespace may call it otherwise than the tracer does.
    fn adopt(&mut self, record: &Record<'_>, child: TaskId) {
        let Some(parent) = self.state.tasks.get(&record.task).map(|task| task.process) else {
            return;
        };
        if let Some(parent) = self.state.processes.get_mut(&parent) {
            parent.children.insert(record.result as u32, child);
        }
    }

    fn set_sharing(&mut self, maker: TaskId, child: TaskId, flags: u64) {
        let (Some(from), Some(to)) = (self.state.tasks.get(&maker), self.state.tasks.get(&child))
        else {
            return;
        };
        let (from_files, from_place) = (from.files, from.place);
        let (mut files, mut place) = (to.files, to.place);
        if flags & CLONE_FILES == 0 {
            files = self.state.files.unshare(files);
        } else if files != from_files {
            self.state.files.release(files);
            files = self.state.files.share(from_files);
        }
        if flags & CLONE_FS == 0 {
            place = self.state.standings.unshare(place);
        } else if place != from_place {
            self.state.standings.release(place);
            place = self.state.standings.share(from_place);
        }
        if let Some(task) = self.state.tasks.get_mut(&child) {
            (task.files, task.place) = (files, place);
        }
    }

    /// unshare(2).
    pub(super) fn unshare(&mut self, task: TaskId, flags: u64) {
        self.left_users(task, flags);
        let is_new = flags & CLONE_NEWNS != 0;
        let Some(task) = self.state.tasks.get_mut(&task) else { return };
        if flags & CLONE_FILES != 0 {
            task.files = self.state.files.unshare(task.files);
        }
        // A new mount namespace comes with a root and a working directory of its own.
        if flags & CLONE_FS != 0 || is_new {
            task.place = self.state.standings.unshare(task.place);
        }
        let task = task.id;
        self.left_space(task, flags);
    }

    /// A task has ended.
    pub(super) fn exit(&mut self, record: &Record<'_>) {
        self.apply_facts(record.task, record.ordinal);
        self.leave(record.task);
        self.killed(record);
        let exit = EventId { task: record.task, ordinal: record.ordinal };
        let Some(process) = self.state.tasks.get(&record.task).map(|task| task.process) else {
            return;
        };
        let Some(process) = self.state.processes.get(&process) else { return };
        if process.threads > 1 {
            return;
        }
        self.signals.ended(exit, process.pid, process.own_pid);
        let (pid, own_pid, parent) = (process.pid, process.own_pid, process.parent);
        self.dead.insert(process.id, Dead { exit, pid, own_pid, parent });
    }

    /// A task is no longer there once this event has been given out.
    pub(super) fn leave(&mut self, task: TaskId) {
        if self.state.tasks.contains_key(&task) {
            self.leaving = Some(task);
            self.after.push(Item::Ended(task));
        }
    }

    /// Forgets a task that has left.
    pub(super) fn bury(&mut self, task: TaskId) {
        let Some(task) = self.state.tasks.remove(&task) else { return };
        self.state.files.release(task.files);
        self.state.standings.release(task.place);
        let Some(process) = self.state.processes.get_mut(&task.process) else { return };
        process.threads = process.threads.saturating_sub(1);
        if process.threads == 0 {
            self.state.processes.remove(&task.process);
        }
    }

    /// A wait has returned: which process's end did it see?
    pub(super) fn waited(&mut self, record: &Record<'_>, plan: &Plan) {
        const WNOWAIT: u64 = 0x0100_0000;
        let returns_pid = plan.prototype.returns == Scalar::Pid;
        let child = if returns_pid { wait4_child(record) } else { waitid_child(record) };
        let Some((pid, is_told)) = child else { return };
        let Some(child) = self.child(record.task, pid) else { return };
        let wait = EventId { task: record.task, ordinal: record.ordinal };
        match self.dead.get(&child) {
            Some(dead) => self.after.push(Item::Edge(joined(dead.exit, wait))),
            // Its parent hears of an end after its tracer has: what lives has only stopped,
            // unless the log has no end of it.
            None if !is_told => return,
            None => {}
        }
        if returns_pid || record.words[3] & WNOWAIT == 0 {
            self.reap(record.task, pid, child);
        }
    }

    /// The process that `pid` means to `task`.
    fn child(&self, task: TaskId, pid: u32) -> Option<TaskId> {
        let caller = self.state.process_of(task)?;
        if let Some(&child) = caller.children.get(&pid) {
            return Some(child);
        }
        // An orphan that the caller took over; its maker knew the number.
        let by_tracer = self.state.by_pid.get(&pid).copied();
        if !caller.is_in_namespace() {
            return by_tracer;
        }
        let orphans = self.dead.iter().filter(|(_, dead)| dead.own_pid == Some(pid));
        // Those of another namespace have the number too: the youngest is likeliest.
        orphans.map(|(id, _)| *id).max().or(by_tracer)
    }

    fn reap(&mut self, task: TaskId, pid: u32, child: TaskId) {
        let parent = self.dead.remove(&child).and_then(|dead| {
            if self.state.by_pid.get(&dead.pid) == Some(&child) {
                self.state.by_pid.remove(&dead.pid);
            }
            dead.parent
        });
        let caller = self.state.tasks.get(&task).map(|task| task.process);
        for process in [caller, parent].into_iter().flatten() {
            if let Some(process) = self.state.processes.get_mut(&process)
                && process.children.get(&pid) == Some(&child)
            {
                process.children.remove(&pid);
            }
        }
    }
}

/// A call has made a task: it may return after the whole life of that.
fn fork(cause: EventId, effect: EventId) -> Edge {
    Edge { kind: EdgeKind::Fork, cause, from: Side::Start, effect, to: Side::Start }
}

fn joined(exit: EventId, wait: EventId) -> Edge {
    Edge { kind: EdgeKind::Wait, cause: exit, from: Side::End, effect: wait, to: Side::End }
}

/// The child whose end wait4(2) returned, `None` if it stopped or continued; and
/// whether the status says so, for which the caller may not have asked.
fn wait4_child(record: &Record<'_>) -> Option<(u32, bool)> {
    let pid = u32::try_from(record.result).ok().filter(|pid| *pid > 0)?;
    let status = record.piece(1, Role::Struct).map(|piece| record.bytes(piece));
    let status =
        status.and_then(|bytes| Some(u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?)));
    let is_stop = status.is_some_and(|status| status & 0xff == 0x7f || status == 0xffff);
    (!is_stop).then_some((pid, status.is_some()))
}

/// The same of waitid(2), by the `siginfo_t` that it filled, or the id that was
/// asked for.
fn waitid_child(record: &Record<'_>) -> Option<(u32, bool)> {
    const P_PID: u64 = 1;
    const CLD_EXITED_TO_DUMPED: std::ops::RangeInclusive<u32> = 1..=3;
    if record.result != 0 {
        return None;
    }
    let info = record.piece(2, Role::Struct).filter(|piece| piece.state == State::Whole);
    let Some(info) = info.filter(|piece| piece.phase == Phase::Exit) else {
        return (record.words[0] == P_PID).then_some((record.words[1] as u32, false));
    };
    let bytes = record.bytes(info);
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let pid = if wide_siginfo(record) { word(16)? } else { word(12)? };
    (CLD_EXITED_TO_DUMPED.contains(&word(8)?) && pid > 0).then_some((pid, true))
}

/// Where a long has 8 bytes, the union in `siginfo_t` is aligned to 8, and `si_pid`
/// lies at 16 (`asm-generic/siginfo.h`).
fn wide_siginfo(record: &Record<'_>) -> bool {
    record.call.is_some_and(|call| call.abi.word() == 8)
}
