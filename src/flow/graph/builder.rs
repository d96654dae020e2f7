//! How the flow's items become the graph.

use std::convert::Infallible;

use rustc_hash::FxHashMap;

use super::Graph;
use super::failure::{Failure, Recent};
use super::held_up::{Closings, HeldUp, Sleeps, Why};
use super::parts::{Activity, ActivityIndex, End, Process, Resource, Task, Version};
use super::passage::{Carrier, Key, Passage, Passed};
use super::revision::Revisions;
use super::session::Sessions;
use super::tie::Ties;
use super::usage::{Span, Usage, deed};
use crate::abi::Verb;
use crate::event::{FactKey, Kind, Record, TaskId};
use crate::flow::descriptors::Descriptors;
use crate::flow::item::{Edge, EdgeKind, Event, EventId, Item, Look, Sink, Through, Transfer};
use crate::flow::resource::{Class, ResourceId};
use crate::flow::socket::keeps_messages_apart;
use crate::flow::state::State;
use crate::flow::version;

/// Standard error.
const STDERR: u64 = 2;

type UsageKey = (ActivityIndex, ResourceId, Option<version::VersionId>);

/// Folds the items of a flow into a [`Graph`].
#[derive(Debug, Default)]
pub struct Builder {
    graph: Graph,
    usages: FxHashMap<UsageKey, u32>,
    passages: FxHashMap<Key, u32>,
    /// By the place of a task in the graph.
    sleeps: Vec<Sleeps>,
    closings: Closings,
    recent: FxHashMap<TaskId, Recent>,
    /// Type, permissions and size of files, as last seen.
    seen: FxHashMap<ResourceId, (Option<u32>, Option<u64>)>,
    /// The event at hand, with its times.
    now: Option<(EventId, Span)>,
    ties: Ties,
    sessions: Sessions,
    revisions: Revisions,
    /// Versions from here on are the doing of the event that comes next.
    timed: usize,
    /// Whether the deeds of the event at hand are left out.
    leaves_out: bool,
}

impl Builder {
    /// A graph with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The graph so far: all but resources.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// A slice of the log is over, and the graph complete as far as it goes: what changes
    /// from here on has the next [revision](Graph::revision). `state` is the flow's.
    pub fn next_revision(&mut self, state: &State) {
        let living = self.graph.tasks.iter().filter(|task| task.ended.is_none());
        self.revisions.open_now(state, living.map(|task| task.id), self.graph.revision);
        self.graph.revision += 1;
    }

    /// Takes an event as [`item`](Sink::item) does, but leaves out what it did to resources.
    /// Numbers of bytes that it may have moved are then not exact, so that none says less
    /// than it seems to.
    pub fn event_left_out(&mut self, state: &State, event: &Event<'_>) {
        self.leaves_out = true;
        self.event(state, event);
        self.leaves_out = false;
    }

    /// The graph, once the flow is finished; `state` is the flow's.
    pub fn finish(mut self, state: &State) -> Graph {
        let living = self.graph.tasks.iter().filter(|task| task.ended.is_none());
        self.revisions.open_now(state, living.map(|task| task.id), self.graph.revision);
        let all = (0..state.resource_count()).map(ResourceId::from_index);
        self.graph.resources = all
            .filter_map(|id| {
                let known = state.resource(id)?;
                let (mode, size) = self.seen.get(&id).copied().unwrap_or_default();
                Some(Resource {
                    id,
                    class: known.class,
                    name: state.name_of(id).into(),
                    identity: known.identity,
                    socket: state.socket(id).cloned(),
                    database: state.database(id).cloned(),
                    life: state.name_life(id),
                    is_open: self.revisions.is_open(id),
                    mode,
                    size,
                    revision: self.revisions.of(id),
                })
            })
            .collect();
        self.graph
    }

    fn task(&mut self, state: &State, id: TaskId) {
        let Some(task) = state.task(id) else { return };
        if self.graph.by_task.contains_key(&id) {
            return; // a log that starts a task twice is damaged
        }
        let started = task.started;
        let activity = self.process(state, task.process, started);
        let Some(activity) = activity else { return };
        self.graph.by_task.insert(id, self.graph.tasks.len() as u32);
        self.sleeps.push(Sleeps::default());
        self.graph.tasks.push(Task {
            id,
            tid: task.tid,
            process: task.process,
            origin: task.origin,
            parent: task.parent,
            started,
            ended: None,
            calls: 0,
            activity,
            is_let_go: false,
            born: self.graph.revision,
            revision: self.graph.revision,
        });
    }

    /// A task of a process has started; what the process does.
    fn process(&mut self, state: &State, id: TaskId, started: u64) -> Option<ActivityIndex> {
        let revision = self.graph.revision;
        if let Some(process) = self.process_mut(id) {
            process.threads += 1;
            process.revision = revision;
            return process.activities.last().copied();
        }
        let process = state.process(id)?;
        self.graph.by_process.insert(id, self.graph.processes.len() as u32);
        self.graph.processes.push(Process {
            id,
            pid: process.pid,
            parent: process.parent,
            started,
            ended: None,
            end: End::None,
            threads: 1,
            activities: Vec::new(),
            calls: 0,
            errors: 0,
            waited: None,
            failure: None,
            said: Vec::new(),
            born: revision,
            revision,
        });
        self.activity(state, id, started)
    }

    fn process_mut(&mut self, id: TaskId) -> Option<&mut Process> {
        self.graph.processes.get_mut(*self.graph.by_process.get(&id)? as usize)
    }

    /// A process does something else from now on.
    fn activity(&mut self, state: &State, task: TaskId, started: u64) -> Option<ActivityIndex> {
        let id = state.activity(task)?;
        let execution = state.process(id.process)?.execution.clone();
        let before = self.process_mut(id.process)?.activities.last().copied();
        let before = before.and_then(|index| self.graph.activities.get_mut(index.position()));
        let revision = self.graph.revision;
        if let Some(before) = before {
            before.revision = revision;
            if before.id == id {
                before.execution = execution; // learnt later
                return None;
            }
            before.ended = Some(started);
        }
        let index = ActivityIndex(self.graph.activities.len() as u32);
        let (ended, born) = (None, revision);
        self.graph.activities.push(Activity { id, execution, started, ended, born, revision });
        let process = self.process_mut(id.process)?;
        process.revision = revision;
        process.activities.push(index);
        Some(index)
    }

    fn execution(&mut self, state: &State, id: EventId) {
        let started = state.execution(id).map(|execution| execution.started);
        if let Some(started) = started {
            self.activity(state, id.task, started);
        }
    }

    fn event(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        let end = record.end.unwrap_or(record.start);
        let span = Span { first: record.start, last: end };
        self.now = Some((event.id(), span));
        self.graph.end = self.graph.end.max(end);
        for version in self.graph.versions.iter_mut().skip(self.timed) {
            version.time = end;
        }
        self.timed = self.graph.versions.len();
        let Some(&index) = self.graph.by_task.get(&record.task) else { return };
        let Some(task) = self.graph.tasks.get_mut(index as usize) else { return };
        let id = task.process;
        task.revision = self.graph.revision;
        match record.kind {
            Kind::Call => {
                task.calls += 1;
                self.call(state, event, index as usize, id);
            }
            Kind::Exit | Kind::Detach => {
                task.ended = Some(record.start);
                task.is_let_go = record.kind == Kind::Detach;
                if task.is_let_go {
                    self.revisions.left_open(state, record.task);
                }
                if state.process(id).is_some_and(|process| process.threads <= 1) {
                    self.process_ended(state, record, id);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, state: &State, event: &Event<'_>, task: usize, process: TaskId) {
        let record = &event.record;
        let revision = self.graph.revision;
        let Some(known) = self.process_mut(process) else { return };
        known.revision = revision;
        known.calls += 1;
        known.errors += u64::from(record.failed);
        let number = known.calls;
        let Some(activity) = known.activities.last().copied() else { return };
        for (index, one) in event.uses.iter().enumerate() {
            let key = (activity, one.resource, one.version);
            let is_again = event.uses[..index].iter().any(|before| before == one);
            if !is_again {
                let (deed, leaves_out) = (deed(event, one), self.leaves_out);
                let usage = self.usage(key, event.id());
                if leaves_out { usage.left_out(deed) } else { usage.did(deed, event) }
            }
        }
        if record.failed {
            if let Some(failure) = Failure::of(event, number) {
                self.recent.entry(process).or_default().failed(failure);
            }
            return;
        }
        let Some(prototype) = event.prototype else { return };
        match prototype.effect.verb {
            Verb::Sleeps | Verb::Waits => {
                if let (Some(sleeps), Some(end)) = (self.sleeps.get_mut(task), record.end) {
                    sleeps.add(record.start, end);
                }
            }
            Verb::Exits => {
                if let Some(sleeps) = self.sleeps.get_mut(task) {
                    sleeps.exits_at(record.start);
                }
            }
            Verb::Writes if record.words[0] == STDERR => {
                self.recent.entry(process).or_default().said(record);
            }
            Verb::Reads | Verb::Receives if record.result == 0 => self.read_end(state, event),
            Verb::Renames | Verb::Links if !self.leaves_out => {
                self.renamed(state, event, activity);
            }
            Verb::Closes => {
                for one in event.uses {
                    self.closed(state, one.resource, record.task, record.start);
                }
            }
            _ => {}
        }
    }

    fn usage(&mut self, key: UsageKey, event: EventId) -> &mut Usage {
        self.revisions.changed(key.1, self.graph.revision);
        let usages = &mut self.graph.usages;
        let span = self.now.map_or(Span { first: 0, last: 0 }, |(_, span)| span);
        let index = *self.usages.entry(key).or_insert_with(|| {
            let (activity, resource, version) = key;
            usages.push(Usage::new(activity, resource, version, event, span));
            usages.len() as u32 - 1
        });
        let usage = &mut usages[index as usize];
        usage.revision = self.graph.revision;
        usage
    }

    /// A file has got another name.
    fn renamed(&mut self, state: &State, event: &Event<'_>, activity: ActivityIndex) {
        let Some((_, span)) = self.now else { return };
        if let Some(names) = self.ties.renamed(&mut self.graph, event, activity, span) {
            self.revisions.renamed(state, names, self.graph.revision);
        }
    }

    /// A read has returned nothing: what it read from is over.
    fn read_end(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        let Some(what) = event.uses.first().map(|one| one.resource) else { return };
        let class = state.resource(what).map(|resource| resource.class);
        if let (Some(Class::Pipe | Class::Socket), Some(end)) = (class, record.end) {
            let held = self.closings.ended(what, record.task, record.start, end);
            self.held_up(held);
        }
    }

    /// A task has closed a descriptor, and may have ended a pipe or connection.
    fn closed(&mut self, state: &State, what: ResourceId, by: TaskId, at: u64) {
        let ended = match state.resource(what).map(|resource| resource.class) {
            Some(Class::Pipe) => Some(what),
            Some(Class::Socket) => state.socket(what).and_then(|socket| socket.peer),
            _ => None,
        };
        if let Some(ended) = ended {
            let held = self.closings.closed(ended, by, at);
            self.held_up(held);
        }
    }

    fn held_up(&mut self, held: Option<HeldUp>) {
        // A process that ends closes the same pipe by several descriptors.
        let held = held.filter(|held| self.graph.held_up.last() != Some(held));
        self.graph.held_up.extend(held);
    }

    fn process_ended(&mut self, state: &State, record: &Record<'_>, id: TaskId) {
        let recent = self.recent.remove(&id);
        let (at, revision) = (record.start, self.graph.revision);
        let Some(process) = self.process_mut(id) else { return };
        process.revision = revision;
        let end = match (record.kind, record.words) {
            (Kind::Detach, _) => End::LetGo,
            (_, [code, 0, ..]) => End::Exited(code as u8),
            (_, [_, signal, core, ..]) => End::Killed { signal: signal as u8, core: core != 0 },
        };
        (process.ended, process.end) = (Some(at), end);
        if end.is_bad() {
            process.said = recent.as_ref().map(|recent| recent.said.clone()).unwrap_or_default();
            process.failure = recent.and_then(|recent| recent.blame(state, end, process.calls));
        }
        let last = process.activities.last().copied();
        if let Some(activity) = last.and_then(|l| self.graph.activities.get_mut(l.position())) {
            (activity.ended, activity.revision) = (Some(at), revision);
        }
        let at = self.sleeps_of(record.task).and_then(Sleeps::exit).unwrap_or(at);
        let open = state.descriptors(record.task).into_iter().flat_map(Descriptors::iter);
        for (_, descriptor) in open {
            self.closed(state, descriptor.resource, record.task, at);
        }
    }

    fn version(&mut self, version: &version::Version) {
        let Some(activity) = self.graph.activity_of(version.event) else { return };
        self.graph.versions.push(Version {
            id: version.id,
            resource: version.resource,
            activity,
            event: version.event,
            time: 0, // its event comes next
            before: version.before,
        });
    }

    fn edge(&mut self, state: &State, edge: &Edge) {
        match edge.kind {
            EdgeKind::Wait => self.waited(edge),
            EdgeKind::Data(transfer) => self.transferred(state, edge, &transfer),
            EdgeKind::Content(through) => self.through(edge, Carrier::Content, &through),
            EdgeKind::Overwrite(through) => self.through(edge, Carrier::Overwrite, &through),
            EdgeKind::Signal(got) => self.ties.signalled(&mut self.graph, edge, got),
            EdgeKind::Next | EdgeKind::Fork => {}
        }
    }

    fn sleeps_of(&self, task: TaskId) -> Option<&Sleeps> {
        self.sleeps.get(*self.graph.by_task.get(&task)? as usize)
    }

    /// A wait has returned a process that has ended, or a thread.
    fn waited(&mut self, edge: &Edge) {
        let (by, task) = (edge.cause.task, edge.effect.task);
        let revision = self.graph.revision;
        let Some(ended) = self.graph.task(by) else { return };
        let (ended, process) = (ended.ended, ended.process);
        // The end itself may have been seen only after the wait had returned.
        let exit = self.sleeps_of(by).and_then(Sleeps::exit);
        let waiter = self.sleeps_of(task);
        let slept = ended.into_iter().chain(exit).find_map(|at| Some((at, waiter?.at(at)?)));
        let is_thread = self.graph.task(task).is_some_and(|waiter| waiter.process == process);
        if let Some(process) = self.process_mut(process).filter(|_| !is_thread) {
            let at = slept.map(|(at, _)| at).or(ended).unwrap_or_default();
            process.waited.get_or_insert((edge.effect, at));
            process.revision = revision;
        }
        self.held_up(slept.map(|(at, (from, until))| HeldUp {
            task,
            from,
            until,
            by,
            at,
            why: Why::End,
        }));
    }

    fn transferred(&mut self, state: &State, edge: &Edge, transfer: &Transfer) {
        let (cause, effect) = (edge.cause, edge.effect);
        let ends = (self.graph.activity_of(cause), self.graph.activity_of(effect));
        let (Some(from), Some(to)) = ends else { return };
        let through = transfer.through;
        let apart = state.socket(through).is_some_and(keeps_messages_apart);
        let carrier = if apart { Carrier::Messages } else { Carrier::Bytes };
        let passed = Passed {
            amount: transfer.to.saturating_sub(transfer.from),
            certain: transfer.certain,
            given: Some(Span { first: transfer.given.0, last: transfer.given.1 }),
            taken: Span { first: transfer.taken.0, last: transfer.taken.1 },
        };
        self.pass(Key { from, to, through, carrier, version: None }, passed);
        self.held_up_by_bytes(cause.task, effect.task, transfer);
    }

    fn held_up_by_bytes(&mut self, by: TaskId, task: TaskId, transfer: &Transfer) {
        let at = transfer.given.0;
        let (from, until) = (transfer.taken.0, transfer.taken.1);
        let slept = || self.sleeps_of(task)?.at(at);
        let waited = if from < at && at <= until { Some((from, until)) } else { slept() };
        let waited = waited.filter(|_| task != by);
        let held =
            waited.map(|(from, until)| HeldUp { task, from, until, by, at, why: Why::Bytes });
        self.held_up(held);
    }

    fn through(&mut self, edge: &Edge, carrier: Carrier, through: &Through) {
        let ends = (self.graph.activity_of(edge.cause), self.graph.activity_of(edge.effect));
        let ((Some(from), Some(to)), Some((_, taken))) = (ends, self.now) else { return };
        let version = Some(through.version);
        let key = Key { from, to, through: through.file, carrier, version };
        self.pass(key, Passed { amount: 1, certain: through.certain, given: None, taken });
    }

    fn pass(&mut self, key: Key, passed: Passed) {
        let passages = &mut self.graph.passages;
        let index = *self.passages.entry(key).or_insert_with(|| {
            passages.push(Passage::new(key, passed));
            passages.len() as u32 - 1
        });
        passages[index as usize].add(passed);
        passages[index as usize].revision = self.graph.revision;
    }

    fn look(&mut self, look: &Look<'_>) {
        self.revisions.changed(look.resource, self.graph.revision);
        let number = |key| look.fact.number(key);
        let (mode, size) = self.seen.entry(look.resource).or_default();
        *mode = number(FactKey::Mode).map(|n| n as u32).or(*mode);
        *size = number(FactKey::Size).map(|n| n as u64).or(*size);
    }
}

impl Sink for Builder {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match item {
            Item::Task(id) => self.task(state, id),
            Item::Execution(id) => self.execution(state, id),
            Item::Event(event) => self.event(state, &event),
            Item::Edge(edge) => self.edge(state, &edge),
            Item::Version(version) => self.version(&version),
            Item::Look(look) => self.look(&look),
            Item::Database(used) => self.sessions.used(&mut self.graph, used),
            Item::Resource(id) | Item::Learnt(id) => {
                self.revisions.changed(id, self.graph.revision);
            }
            _ => {}
        }
        Ok(())
    }
}
