//! Signals: from who sent one to who got it.
//!
//! What a task gets comes with the number of who sent it, and with how it was sent
//! (`si_pid` and `si_code` of sigaction(2)); what is known of the calls that send must
//! agree with that. Calls and deliveries are matched when a slice of time is over:
//! only then are all calls known that may have sent one, those that have begun and
//! not ended included.
//!
//! Of a standard signal (below 32) at most one waits in a queue: what is sent
//! meanwhile adds nothing, and leads to nothing. Real-time signals wait in order
//! (signal(7)).

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::Flow;
use super::item::{Delivery, Edge, EdgeKind, EventId, Item, Place, Side};
use super::plan::Plan;
use super::state::State;
use crate::event::{Record, Role, TaskId};

/// Calls that nobody has got anything of yet, and ends that nobody was told of: of
/// more, the oldest are forgotten, whose receivers may keep them blocked for ever.
const KEPT: usize = 1024;

const SIGKILL: u64 = 9;
const SIGCHLD: u64 = 17;
/// The first signal of which several can wait.
const FIRST_REAL_TIME: u64 = 32;

/// `si_code`, sigaction(2): of kill(2); of tkill(2) and tgkill(2).
const SI_USER: i32 = 0;
const SI_TKILL: i32 = -6;
/// Codes of SIGCHLD that tell of a child's end.
const CLD_EXITED_TO_DUMPED: std::ops::RangeInclusive<i32> = 1..=3;

/// Whom a call sends a signal to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Process(TaskId),
    /// A thread, and its process.
    Thread(TaskId, TaskId),
    /// All of a process group, by its id as the tracer sees it; of one that is not
    /// known, or all processes that may be signalled.
    Group(Option<u32>),
    /// Whoever it is: the call names a descriptor of which that is not known.
    Any,
}

impl Target {
    fn is(self, got: &Got) -> bool {
        match self {
            Self::Process(process) => got.process == process,
            Self::Thread(_, process) if got.signal == SIGKILL => got.process == process,
            Self::Thread(thread, _) => got.task() == thread,
            Self::Group(Some(group)) => got.group.is_none_or(|own| own == group),
            Self::Group(None) | Self::Any => true,
        }
    }

    /// Whether several processes get it.
    const fn is_shared(self) -> bool {
        matches!(self, Self::Group(_))
    }
}

/// A call that sends a signal.
#[derive(Clone, Debug)]
struct Sent {
    event: EventId,
    start: u64,
    end: Option<u64>,
    signal: u64,
    target: Target,
    origin: Origin,
    /// Of a group, those that have got it.
    got_by: Vec<TaskId>,
}

/// What `siginfo_t` says of where a signal comes from, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Origin {
    code: Option<i32>,
    /// The sender's process id, as the receiver sees it; 0 if it does not.
    pid: Option<u32>,
}

impl Origin {
    /// Reads a `siginfo_t` of a system with 8-byte words: the union that `si_pid` is
    /// in lies at 16 (`asm-generic/siginfo.h`).
    fn parse(bytes: &[u8]) -> Self {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Self { code: word(8).map(|code| code as i32), pid: word(16) }
    }

    /// Whether what was sent as `sent` may arrive as this.
    fn agrees(self, sent: Self) -> bool {
        let same_code = self.code.zip(sent.code).is_none_or(|(own, sent)| own == sent);
        // From outside of the receiver's PID namespace comes 0.
        let same_pid = self.pid.zip(sent.pid).is_none_or(|(own, sent)| own == 0 || own == sent);
        same_code && same_pid
    }
}

/// A task got a signal: it was delivered, waited for, or the task died of it.
#[derive(Clone, Copy, Debug)]
struct Got {
    event: EventId,
    side: Side,
    time: u64,
    /// When the task did not have it yet for certain.
    since: u64,
    process: TaskId,
    group: Option<u32>,
    signal: u64,
    origin: Origin,
}

impl Got {
    const fn task(&self) -> TaskId {
        self.event.task
    }
}

/// A process that has ended.
#[derive(Clone, Copy, Debug)]
struct Ended {
    exit: EventId,
    pid: u32,
    own_pid: Option<u32>,
}

/// Signals on their way.
#[derive(Debug, Default)]
pub(super) struct Signals {
    sent: VecDeque<Sent>,
    /// Of the slice of time at hand.
    got: Vec<Got>,
    /// Calls that have led to something before they have ended.
    answered: FxHashSet<EventId>,
    /// Those who ended last.
    ended: VecDeque<Ended>,
}

impl Signals {
    /// A call that sends, begun or ended.
    fn send(&mut self, sent: Sent, failed: bool) {
        let known = self.sent.iter().position(|one| one.event == sent.event);
        match known {
            Some(at) if failed => {
                self.sent.remove(at);
            }
            Some(at) => self.sent[at].end = sent.end,
            None if failed => {}
            None if self.answered.contains(&sent.event) => {
                if sent.end.is_some() {
                    self.answered.remove(&sent.event);
                }
            }
            None => {
                if self.sent.len() == KEPT {
                    self.sent.pop_front();
                }
                self.sent.push_back(sent);
            }
        }
    }

    /// A call will never end.
    pub(super) fn cut(&mut self, event: EventId) {
        self.answered.remove(&event);
    }

    /// A process has ended.
    pub(super) fn ended(&mut self, exit: EventId, pid: u32, own_pid: Option<u32>) {
        if self.ended.len() == KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { exit, pid, own_pid });
    }

    /// The call that led to `got`: the first that can have.
    fn cause(&mut self, got: &Got) -> Option<EventId> {
        let is_cause = |one: &Sent| {
            one.signal == got.signal
                && one.start <= got.time
                && one.target.is(got)
                && got.origin.agrees(one.origin)
                && !one.got_by.contains(&got.process)
        };
        let candidates = self.sent.iter().enumerate().filter(|(_, one)| is_cause(one));
        let (at, _) = candidates.min_by_key(|(_, one)| one.start)?;
        let target = self.sent[at].target;
        let event = self.sent[at].event;
        if got.signal != SIGKILL {
            self.arrived(at, got);
            if got.signal < FIRST_REAL_TIME {
                self.forget_merged(target, got);
            }
        }
        Some(event)
    }

    /// The signal is no longer on its way to who got it.
    fn arrived(&mut self, at: usize, got: &Got) {
        if self.sent[at].target.is_shared() {
            self.sent[at].got_by.push(got.process);
        } else if let Some(sent) = self.sent.remove(at)
            && sent.end.is_none()
        {
            self.answered.insert(sent.event);
        }
    }

    /// What was sent while the same signal was already waiting in that queue.
    fn forget_merged(&mut self, target: Target, got: &Got) {
        let is_merged = |one: &Sent| {
            let is_before = one.end.is_some_and(|end| end <= got.since);
            one.signal == got.signal
                && is_before
                && one.target.is(got)
                && matches!(one.target, Target::Thread(..)) == matches!(target, Target::Thread(..))
        };
        for one in self.sent.iter_mut().filter(|one| one.target.is_shared()) {
            if is_merged(one) && !one.got_by.contains(&got.process) {
                one.got_by.push(got.process);
            }
        }
        self.sent.retain(|one| one.target.is_shared() || !is_merged(one));
    }

    /// Forgets what can no longer arrive.
    fn sweep(&mut self, state: &State) {
        self.sent.retain(|one| match one.target {
            Target::Process(process) => state.process(process).is_some(),
            Target::Thread(thread, _) => state.task(thread).is_some(),
            Target::Group(_) | Target::Any => true,
        });
    }
}

impl Flow {
    /// A call has begun or ended that sends a signal.
    pub(super) fn send_signal(&mut self, record: &Record<'_>, plan: &Plan) {
        let Some(operand) = plan.prototype.effect.operands.first() else { return };
        let word = |arg: u8| record.words.get(usize::from(arg)).copied().unwrap_or_default();
        // The signal, and in some calls a siginfo_t, follow whom it is for.
        let (signal, info) = (word(operand.arg + 1), operand.arg + 2);
        if signal == 0 {
            return; // only asks whether it could be sent
        }
        let Some(caller) = self.state.process_of(record.task) else { return };
        let own = Origin { code: None, pid: Some(caller.own_pid.unwrap_or(caller.pid)) };
        let number = word(operand.arg) as i32;
        let (target, origin) = match plan.prototype.name {
            "kill" => {
                (self.signalled_by_kill(record.task, number), Origin { code: Some(SI_USER), ..own })
            }
            "tkill" | "tgkill" => {
                (self.signalled_thread(record.task, number), Origin { code: Some(SI_TKILL), ..own })
            }
            "rt_tgsigqueueinfo" => {
                (self.signalled_thread(record.task, number), given(record, info))
            }
            "rt_sigqueueinfo" => (self.signalled_process(record.task, number), given(record, info)),
            _ => (self.signalled_by_pidfd(operand.arg), given_or(record, info, own)),
        };
        let Some(target) = target else { return };
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let (start, end) = (record.start, record.end);
        let sent = Sent { event, start, end, signal, target, origin, got_by: Vec::new() };
        self.signals.send(sent, record.failed);
    }

    /// Whom kill(2) means by a number.
    fn signalled_by_kill(&self, task: TaskId, number: i32) -> Option<Target> {
        match number {
            0 => Some(Target::Group(self.state.process_of(task)?.group)),
            -1 => Some(Target::Group(None)),
            ..0 => Some(Target::Group(self.state.group_called(task, number.unsigned_abs()))),
            _ => self.signalled_process(task, number),
        }
    }

    fn signalled_process(&self, task: TaskId, number: i32) -> Option<Target> {
        self.state.process_called(task, number as u32).map(Target::Process)
    }

    fn signalled_thread(&self, task: TaskId, number: i32) -> Option<Target> {
        let thread = self.state.thread_called(task, number as u32)?;
        Some(Target::Thread(thread.id, thread.process))
    }

    fn signalled_by_pidfd(&self, arg: u8) -> Option<Target> {
        let pidfd = self.uses.iter().find(|one| one.place == Place::Argument(arg))?.resource;
        Some(match self.state.pidfds.get(&pidfd).copied() {
            Some(process) => Target::Process(process),
            None => Target::Any,
        })
    }

    /// A signal was delivered.
    pub(super) fn signalled(&mut self, record: &Record<'_>) {
        let info = record.piece(0, Role::Struct).map(|piece| record.bytes(piece));
        let origin = info.map(Origin::parse).unwrap_or_default();
        let since = self.state.task(record.task).map_or(0, |task| task.seen);
        self.got_signal(record, record.words[0], origin, (Side::Start, since));
    }

    /// A task has died of a signal; only SIGKILL is not delivered before.
    pub(super) fn killed(&mut self, record: &Record<'_>) {
        let since = self.state.task(record.task).map_or(0, |task| task.seen);
        if record.words[1] == SIGKILL {
            self.got_signal(record, SIGKILL, Origin::default(), (Side::Start, since));
        }
    }

    /// sigwaitinfo(2) and the like have returned.
    pub(super) fn awaited_signal(&mut self, record: &Record<'_>) {
        const INFO: u8 = 1;
        let wide = record.call.is_some_and(|call| call.abi.word() == 8);
        let info = record.piece(INFO, Role::Struct).filter(|_| wide);
        let origin = info.map(|piece| Origin::parse(record.bytes(piece))).unwrap_or_default();
        let signal = u64::try_from(record.result).unwrap_or_default();
        self.got_signal(record, signal, origin, (Side::End, record.start));
    }

    fn got_signal(
        &mut self,
        record: &Record<'_>,
        signal: u64,
        origin: Origin,
        (side, since): (Side, u64),
    ) {
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let time = record.end.unwrap_or(record.start);
        let tells_end = origin.code.is_some_and(|code| CLD_EXITED_TO_DUMPED.contains(&code));
        if signal == SIGCHLD && tells_end {
            if let Some(cause) = origin.pid.and_then(|pid| self.ended_child(record.task, pid)) {
                let kind = EdgeKind::Signal(Delivery { signal: signal as u32, time });
                let edge = Edge { kind, cause, from: Side::End, effect: event, to: side };
                self.after.push(Item::Edge(edge));
            }
            return;
        }
        let Some(process) = self.state.process_of(record.task) else { return };
        let (group, process) = (process.group, process.id);
        let got = Got { event, side, time, since, process, group, signal, origin };
        self.signals.got.push(got);
    }

    /// The end of the child that has, or had, that number; it may have been waited
    /// for before its parent gets the signal.
    fn ended_child(&self, task: TaskId, pid: u32) -> Option<EventId> {
        let caller = self.state.process_of(task)?;
        let known = caller.children.get(&pid).and_then(|child| self.dead.get(child));
        if let Some(dead) = known {
            return Some(dead.exit);
        }
        let inside = self.state.is_in_namespace(task);
        let is_it = |one: &&Ended| if inside { one.own_pid == Some(pid) } else { one.pid == pid };
        self.signals.ended.iter().rev().find(is_it).map(|one| one.exit)
    }

    /// A slice of time is over.
    pub(super) fn settle_signals(&mut self) {
        let mut got = std::mem::take(&mut self.signals.got);
        got.sort_by_key(|one| one.time);
        for one in got.drain(..) {
            let Some(cause) = self.signals.cause(&one) else { continue };
            let kind = EdgeKind::Signal(Delivery { signal: one.signal as u32, time: one.time });
            let (effect, to) = (one.event, one.side);
            let edge = Edge { kind, cause, from: Side::Start, effect, to };
            self.before.push(Item::Edge(edge));
        }
        self.signals.got = got; // its room is used again
        self.signals.sweep(&self.state);
    }
}

/// What the caller says of itself in a `siginfo_t`; in another layout than the
/// tracer's, nothing is read.
fn given(record: &Record<'_>, arg: u8) -> Origin {
    let wide = record.call.is_some_and(|call| call.abi.word() == 8);
    let info = record.piece(arg, Role::Struct).filter(|_| wide);
    info.map(|piece| Origin::parse(record.bytes(piece))).unwrap_or_default()
}

/// The same where the kernel fills it in if the caller does not.
fn given_or(record: &Record<'_>, arg: u8, own: Origin) -> Origin {
    match record.words.get(usize::from(arg)) {
        Some(0) => own,
        _ => given(record, arg),
    }
}
