//! Descriptors that a process gets from another one: with a message (`SCM_RIGHTS`,
//! unix(7)), or by taking a copy (pidfd_getfd(2)).

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::Flow;
use super::descriptors::{Descriptor, Descriptors};
use super::irregular::MSG_CMSG_CLOEXEC;
use super::item::{EventId, Place, Use};
use super::plan::Plan;
use super::pool::Handle;
use super::resource::ResourceId;
use super::transfer::{message_flags, stays};
use crate::abi::Verb;
use crate::event::{Batch, Record, Role, TaskId, passed_descriptors};

/// Messages with descriptors that nobody has received yet: of more, the oldest are
/// forgotten, whose receivers may not be recorded.
const KEPT: usize = 1024;

/// Who sends a message with descriptors, and how many.
#[derive(Clone, Copy, Debug)]
struct Label {
    event: EventId,
    socket: ResourceId,
    /// The sender's process, by its id as the tracer sees it.
    by: Option<u32>,
    count: usize,
}

/// A message that nobody has received yet. What it brings is open as long as it is on
/// its way, as if it were a process: a table of its own, counted from 0.
#[derive(Debug)]
struct Parcel {
    label: Label,
    table: Handle,
}

/// A call of the slice of time at hand that sends such a message.
#[derive(Debug)]
struct Ahead {
    event: EventId,
    start: u64,
    socket: i32,
    passed: Vec<i32>,
}

/// Descriptors on their way.
#[derive(Debug, Default)]
pub(super) struct Parcels {
    sent: VecDeque<Parcel>,
    /// Those who receive may return before those who send.
    ahead: Vec<Ahead>,
    /// Calls whose message was received before they have ended.
    early: FxHashSet<EventId>,
}

impl Parcels {
    /// A call will never end.
    pub(super) fn cut(&mut self, event: EventId) {
        self.early.remove(&event);
    }
}

impl Flow {
    /// Notes who passes descriptors in a slice of time, before it is read.
    pub(super) fn look_ahead(&mut self, batch: &Batch) {
        self.parcels.ahead.clear();
        for record in batch.iter().filter(|record| !record.failed && brings_control(record)) {
            let plan = record.call.and_then(|call| self.plans.get(call));
            if plan.is_none_or(|plan| plan.prototype.effect.verb != Verb::Sends) {
                continue;
            }
            let event = EventId { task: record.task, ordinal: record.ordinal };
            let (start, socket, passed) = (record.start, record.words[0] as i32, passed(&record));
            self.parcels.ahead.retain(|known| known.event != event);
            self.parcels.ahead.push(Ahead { event, start, socket, passed });
        }
    }

    /// A call has begun or ended that may bring descriptors along.
    pub(super) fn pass_descriptors(&mut self, record: &Record<'_>, plan: &Plan) {
        match plan.prototype.effect.verb {
            Verb::Sends if brings_control(record) => self.sends_descriptors(record),
            Verb::Receives if record.end.is_some() && !record.failed && brings_control(record) => {
                self.receives_descriptors(record, plan);
            }
            _ => {}
        }
    }

    fn sends_descriptors(&mut self, record: &Record<'_>) {
        let event = EventId { task: record.task, ordinal: record.ordinal };
        self.parcels.ahead.retain(|known| known.event != event);
        let known = self.parcels.sent.iter().position(|parcel| parcel.label.event == event);
        match known {
            Some(at) if record.failed => self.lose(at),
            Some(_) => {}
            None if self.parcels.early.contains(&event) => {
                if record.end.is_some() {
                    self.parcels.early.remove(&event);
                }
            }
            None if record.failed => {}
            None => {
                let passed = passed(record);
                if let Some(label) = self.label(event, record.words[0] as i32, &passed) {
                    let contents = self.contents(event.task, &passed);
                    self.send(label, contents);
                }
            }
        }
    }

    fn label(&self, event: EventId, socket: i32, passed: &[i32]) -> Option<Label> {
        let socket = self.state.descriptor(event.task, socket)?;
        let by = self.state.process_of(event.task).map(|process| process.pid);
        (!passed.is_empty()).then_some(Label { event, socket, by, count: passed.len() })
    }

    /// What a task passes, as its descriptors stand now.
    fn contents(&self, task: TaskId, passed: &[i32]) -> Descriptors {
        let mut contents = Descriptors::default();
        for (index, fd) in (0..).zip(passed) {
            if let Some(slot) = self.state.slot(task, *fd) {
                contents.set(index, slot);
            }
        }
        contents
    }

    fn send(&mut self, label: Label, contents: Descriptors) {
        if self.parcels.sent.len() == KEPT {
            self.lose(0);
        }
        let table = self.state.files.add(contents);
        self.parcels.sent.push_back(Parcel { label, table });
    }

    /// A message is no longer on its way.
    fn lose(&mut self, at: usize) {
        if let Some(parcel) = self.parcels.sent.remove(at) {
            self.state.files.release(parcel.table);
        }
    }

    fn receives_descriptors(&mut self, record: &Record<'_>, plan: &Plan) {
        let received = passed(record);
        let Some(own) = self.operand(plan, 0).filter(|_| !received.is_empty()) else { return };
        let contents = self.unpack(own, record, received.len(), stays(record, plan));
        let cloexec = message_flags(record, plan) & MSG_CMSG_CLOEXEC != 0;
        for (index, fd) in (0..).zip(received) {
            let Some(slot) = contents.get(i32::from(index)) else {
                self.covers(record.task, fd);
                continue;
            };
            self.open_slot(record.task, fd, Descriptor { cloexec, ..slot });
            let (place, verb, resource) = (Place::Pair(index), Verb::None, slot.resource);
            self.uses.push(Use { place, verb, resource, version: None });
        }
    }

    /// What came with the message that a socket has got.
    fn unpack(
        &mut self,
        own: ResourceId,
        record: &Record<'_>,
        count: usize,
        stays: bool,
    ) -> Descriptors {
        let sent = self.parcels.sent.iter().position(|one| self.is_for(&one.label, own, count));
        if let Some(at) = sent {
            let contents = self.state.files.get(self.parcels.sent[at].table).clone();
            if !stays {
                self.lose(at);
            }
            return contents;
        }
        let until = record.end.unwrap_or(record.start);
        let found = self.parcels.ahead.iter().position(|one| {
            let label = self.label(one.event, one.socket, &one.passed);
            one.start <= until && label.is_some_and(|label| self.is_for(&label, own, count))
        });
        let Some(at) = found else { return Descriptors::default() };
        let event = self.parcels.ahead[at].event;
        let contents = self.contents(event.task, &self.parcels.ahead[at].passed);
        if !stays {
            self.parcels.ahead.swap_remove(at);
            self.parcels.early.insert(event);
        }
        contents
    }

    /// Whether a socket may have got this, with as many descriptors.
    fn is_for(&self, label: &Label, own: ResourceId, count: usize) -> bool {
        let ends = self.state.socket(own).zip(self.state.socket(label.socket));
        let Some((receiver, sender)) = ends else { return false };
        let is_peer = match (receiver.peer, sender.peer) {
            (Some(peer), _) => peer == label.socket,
            (None, Some(peer)) => peer == own,
            // They will prove to be each other's peers, or they exchange datagrams.
            (None, None) => {
                let by = receiver.peer_pid.zip(label.by);
                label.socket != own && by.is_none_or(|(told, by)| told == by)
            }
        };
        is_peer && label.count == count
    }

    /// pidfd_getfd(2) names a descriptor of another process.
    pub(super) fn name_taken(&mut self, record: &Record<'_>) {
        const TARGET: u8 = 1;
        let taken = self.taken(record);
        self.uses.retain(|one| one.place != Place::Argument(TARGET));
        self.uses.extend(taken.map(|slot| {
            let (place, verb) = (Place::Argument(TARGET), Verb::Takes);
            Use { place, verb, resource: slot.resource, version: None }
        }));
    }

    /// pidfd_getfd(2) has returned a copy.
    pub(super) fn takes(&mut self, record: &Record<'_>) {
        let fd = record.result as i32;
        match self.taken(record) {
            Some(slot) => {
                self.open_slot(record.task, fd, Descriptor { cloexec: true, ..slot });
                let (place, verb, resource) = (Place::Result, Verb::None, slot.resource);
                self.uses.push(Use { place, verb, resource, version: None });
            }
            None => self.covers(record.task, fd),
        }
    }

    fn taken(&self, record: &Record<'_>) -> Option<Descriptor> {
        let [pidfd, target, ..] = record.words.map(|word| word as i32);
        let pidfd = self.state.descriptor(record.task, pidfd)?;
        let process = *self.state.pidfds.get(&pidfd)?;
        // Its first thread may be gone before the others.
        let mut threads = self.state.tasks.values().filter(|task| task.process == process);
        let thread = match self.state.task(process) {
            Some(leader) => leader,
            None => threads.next()?,
        };
        self.state.slot(thread.id, target)
    }

    /// A descriptor stands for something that is not known: no longer for what it did.
    fn covers(&mut self, task: TaskId, fd: i32) {
        self.table(task, |table| table.close(fd, u64::MAX));
    }
}

fn brings_control(record: &Record<'_>) -> bool {
    record.pieces.iter().any(|piece| piece.role == Role::Control)
}

/// The descriptors in the control messages of a call.
fn passed(record: &Record<'_>) -> Vec<i32> {
    let word = record.call.map_or(8, |call| call.abi.word());
    let controls = record.pieces.iter().filter(|piece| piece.role == Role::Control);
    controls.flat_map(|piece| passed_descriptors(record.bytes(piece), word)).collect()
}
