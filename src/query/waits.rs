//! Who could not go on before somebody else had done something, beside what the graph
//! knows of that (ends, bytes): who waited for room in a pipe, for a lock, for a futex, for
//! who connects or accepts; and who slept until a signal came, as shells do in `wait`, and
//! then learnt whose end that was.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::handover::{Call, Handovers};
use super::room::Channel;
use crate::abi::Verb;
use crate::event::{Kind, Record, Role, TaskId};
use crate::flow::graph::{HeldUp, Why};
use crate::flow::{Class, Edge, EdgeKind, Event, Process, ResourceId, State};

/// `EINPROGRESS`, errno(3): a connection that is made without waiting.
const EINPROGRESS: u16 = 115;

/// A futex: a word in the memory of a process, or of any.
type Word = (TaskId, u64);

/// Finds them.
#[derive(Debug, Default)]
pub(super) struct Waits {
    found: Vec<HeldUp>,
    channels: FxHashMap<ResourceId, Channel>,
    locks: Handovers<ResourceId>,
    /// The locks of each process.
    holders: FxHashMap<TaskId, FxHashSet<ResourceId>>,
    futexes: Handovers<Word>,
    /// Sockets that accept(2) returned, with the sleep before it. Whose peers they are may
    /// be learnt later.
    accepts: Vec<(ResourceId, Call, Option<Call>)>,
    /// By the socket that connects.
    connects: FxHashMap<ResourceId, Call>,
    /// The latest calls in which living tasks slept.
    slept: FxHashMap<TaskId, VecDeque<Call>>,
    /// When tasks asked to be ended, and were.
    ends: FxHashMap<TaskId, [Option<u64>; 2]>,
}

/// Sleeps of a task that are remembered.
const SLEEPS: usize = 8;

impl Waits {
    /// All that were found; `state` is that of the flow, which is finished.
    pub(super) fn finish(mut self, state: &State) -> Vec<HeldUp> {
        for (socket, accept, slept) in std::mem::take(&mut self.accepts) {
            let peer = state.socket(socket).and_then(|socket| socket.peer);
            let connect = peer.and_then(|peer| self.connects.get(&peer)).copied();
            if let Some(connect) = connect {
                self.met(accept, slept, connect);
            }
        }
        self.found
    }

    /// Takes an event.
    pub(super) fn event(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        match (record.kind, event.prototype) {
            (Kind::Call, Some(prototype)) => {
                let until = record.end.unwrap_or(record.start);
                let call = Call { task: record.task, from: record.start, until };
                self.call(state, event, prototype.effect.verb, prototype.name, call);
            }
            (Kind::Exit, _) => {
                self.slept.remove(&record.task);
                self.ends.entry(record.task).or_default()[1] = Some(record.start);
            }
            _ => {}
        }
    }

    /// Takes an edge.
    pub(super) fn edge(&mut self, edge: &Edge) {
        let (by, task) = (edge.cause.task, edge.effect.task);
        if edge.kind != EdgeKind::Wait {
            return;
        }
        let [asked, ended] = self.ends.get(&by).copied().unwrap_or_default();
        // The end itself may have been seen only after the wait had returned.
        let ends = [ended, asked].into_iter().flatten();
        let found = ends.filter_map(|at| {
            let mut sleeps = self.slept.get(&task)?.iter();
            sleeps.find(|sleep| sleep.from < at && at <= sleep.until).map(|sleep| (*sleep, at))
        });
        if let Some((Call { from, until, .. }, at)) = found.into_iter().next() {
            self.found.push(HeldUp { task, from, until, by, at, why: Why::End });
        }
    }

    fn call(&mut self, state: &State, event: &Event<'_>, verb: Verb, name: &str, call: Call) {
        let record = &event.record;
        match verb {
            Verb::Connects if has_connected(record) => self.connected(event, call),
            Verb::Exits => self.exits(state, name, call),
            Verb::Sleeps | Verb::Waits if !record.is_begun() => {
                // A signal ends a sleep, which fails then.
                self.sleeps(call);
                self.futex(state, record, name, call);
            }
            _ if record.failed || record.is_begun() => {}
            Verb::Reads | Verb::Writes | Verb::Copies | Verb::Sends | Verb::Receives => {
                self.moved(state, event, call);
            }
            Verb::Accepts => self.accepted(event, call),
            Verb::Closes => self.closed(state, event, call),
            _ if name == "futex_wake" => self.futex(state, record, name, call),
            _ if name == "flock" => self.flock(state, event, call),
            Verb::Controls if name.starts_with("fcntl") => self.fcntl(state, event, call),
            _ => {}
        }
    }

    fn sleeps(&mut self, call: Call) {
        let all = self.slept.entry(call.task).or_default();
        if all.len() == SLEEPS {
            all.pop_front();
        }
        all.push_back(call);
    }

    fn add(&mut self, waited: Option<Call>, by: Option<Call>, why: Why) {
        let (Some(waited), Some(by)) = (waited, by) else { return };
        let Call { task, from, until } = waited;
        self.found.push(HeldUp { task, from, until, by: by.task, at: by.from, why });
    }

    /// Bytes went into a pipe or connection, or came out of one.
    fn moved(&mut self, state: &State, event: &Event<'_>, call: Call) {
        for moved in event.moved() {
            let Some(id) = moved.resource else { continue };
            let channel = match state.resource(id).map(|resource| resource.class) {
                Some(Class::Pipe) => Some(id),
                // What is written to a socket is read from its peer.
                Some(Class::Socket) if moved.is_read => Some(id),
                Some(Class::Socket) => state.socket(id).and_then(|socket| socket.peer),
                _ => None,
            };
            let (Some(channel), Some(count)) = (channel, moved.amount.known()) else { continue };
            let channel = self.channels.entry(channel).or_default();
            if moved.is_read {
                let writer = channel.took(call, count);
                self.add(writer, Some(call), Why::Room);
            } else {
                let reader = channel.wrote(call, count);
                self.add(Some(call), reader, Why::Room);
            }
        }
    }

    /// flock(2).
    fn flock(&mut self, state: &State, event: &Event<'_>, call: Call) {
        const LOCK_UN: u64 = 8;
        let Some(file) = event.argument(0) else { return };
        if event.record.words[1] & LOCK_UN != 0 {
            self.unlocked(state, file, call);
        } else {
            self.locked(state, file, call);
        }
    }

    /// fcntl(2) with a lock, for which it waits or not.
    fn fcntl(&mut self, state: &State, event: &Event<'_>, call: Call) {
        /// `F_SETLK`, `F_SETLKW`, `F_SETLK64`, `F_SETLKW64`, `F_OFD_SETLK`, `F_OFD_SETLKW`.
        const SET: [u64; 6] = [6, 7, 13, 14, 37, 38];
        const F_UNLCK: [u8; 2] = 2i16.to_ne_bytes();
        let record = &event.record;
        let Some(file) = event.argument(0).filter(|_| SET.contains(&record.words[1])) else {
            return;
        };
        let lock = record.pieces_of(2, Role::Struct).next();
        match lock.and_then(|(_, bytes)| bytes.first_chunk()) {
            Some(&F_UNLCK) => self.unlocked(state, file, call),
            Some(_) => self.locked(state, file, call),
            None => {}
        }
    }

    fn locked(&mut self, state: &State, file: ResourceId, call: Call) {
        let by = self.locks.got(file, call);
        self.add(Some(call), by, Why::Lock);
        if let Some(task) = state.task(call.task) {
            self.holders.entry(task.process).or_default().insert(file);
        }
    }

    fn unlocked(&mut self, state: &State, file: ResourceId, call: Call) {
        let process = state.task(call.task).map(|task| task.process);
        let holds = process.and_then(|process| self.holders.get_mut(&process));
        if holds.is_some_and(|holds| holds.remove(&file)) {
            let waited = self.locks.given(file, call);
            self.add(waited, Some(call), Why::Lock);
        }
    }

    /// A lock goes with the descriptor.
    fn closed(&mut self, state: &State, event: &Event<'_>, call: Call) {
        if self.holders.is_empty() {
            return;
        }
        for one in event.uses {
            self.unlocked(state, one.resource, call);
        }
    }

    /// With the last thread, or all at once.
    fn exits(&mut self, state: &State, name: &str, call: Call) {
        self.ends.entry(call.task).or_default()[0] = Some(call.from);
        let is_last = |one: &&Process| one.threads <= 1 || name == "exit_group";
        let Some(process) = state.process_of(call.task).filter(is_last) else { return };
        for file in self.holders.remove(&process.id).unwrap_or_default() {
            let waited = self.locks.given(file, call);
            self.add(waited, Some(call), Why::Lock);
        }
    }

    /// futex(2) and its successors, by their operations.
    fn futex(&mut self, state: &State, record: &Record<'_>, name: &str, call: Call) {
        const WAIT: [u64; 4] = [0, 6, 9, 11];
        const WAKE: [u64; 6] = [1, 3, 4, 5, 7, 10];
        const PRIVATE: u64 = 128;
        let [word, second, _, flags, ..] = record.words;
        let (waits, wakes, private) = match name {
            _ if record.failed => return,
            "futex" | "futex_time64" => {
                let op = second & 0x7f;
                (WAIT.contains(&op), WAKE.contains(&op), second & PRIVATE)
            }
            "futex_wait" => (true, false, flags & PRIVATE),
            "futex_wake" => (false, true, flags & PRIVATE),
            _ => return,
        };
        let process = state.task(call.task).map(|task| task.process);
        let memory = process.filter(|_| private != 0).unwrap_or(TaskId::NONE);
        if waits {
            let by = self.futexes.got((memory, word), call);
            self.add(Some(call), by, Why::Lock);
        } else if wakes && record.result > 0 {
            let waited = self.futexes.given((memory, word), call);
            self.add(waited, Some(call), Why::Lock);
        }
    }

    fn connected(&mut self, event: &Event<'_>, call: Call) {
        if let Some(socket) = event.argument(0) {
            self.connects.insert(socket, call);
        }
    }

    fn accepted(&mut self, event: &Event<'_>, call: Call) {
        if let Some(socket) = event.returned() {
            let slept = self.slept.get(&call.task).and_then(|slept| slept.back()).copied();
            self.accepts.push((socket, call, slept));
        }
    }

    /// Who waits for connections sleeps in accept(2), or in poll(2) before it; who connects
    /// waits if many do.
    fn met(&mut self, accept: Call, slept: Option<Call>, connect: Call) {
        let mut waited = [Some(accept), slept].into_iter().flatten();
        let waited = waited.find(|one| one.waited_for(&connect));
        if waited.is_some() {
            self.add(waited, Some(connect), Why::Meeting);
        } else if connect.waited_for(&accept) {
            self.add(Some(connect), Some(accept), Why::Meeting);
        }
    }
}

fn has_connected(record: &Record<'_>) -> bool {
    !record.is_begun() && record.error().is_none_or(|error| error.0 == EINPROGRESS)
}
