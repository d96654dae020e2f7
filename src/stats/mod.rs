//! Calls, counted and timed: by their kind, by process, by file and by peer.
//!
//! A [`Stats`] reads the batches of logs, one log after the other, and gives a
//! [`Table`]. What it keeps grows with what gets a row, not with events.
//!
//! Times are those that passed between a call's entry and its exit, sleep included.

mod durations;
mod row;
mod tally;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::sync::Arc;

use rustc_hash::FxHashMap;

pub use row::{By, Column, End, Key, Row, Table};
pub use tally::Tally;

pub use crate::flow::graph::Amount;

use crate::abi::{Filter, Verb};
use crate::event::{Batch, Call, Kind, Record, TaskId};
use crate::flow::graph::{Deed, deed};
use crate::flow::{
    Class, Endpoint, Event, Execution, Flow, Item, Omitted, Place, ResourceId, Sink, Sort, State,
    Use,
};
use crate::log::Header;
use crate::render;

/// Which calls are counted.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Only these kinds.
    pub filter: Option<Filter>,
    /// Only those of these processes and threads, by their ids; empty: of all.
    pub pids: Vec<u32>,
}

/// Counts calls of one or several logs.
#[derive(Debug)]
pub struct Stats {
    flow: Flow,
    counts: Counts,
    /// Rows of the logs before.
    rows: BTreeMap<Key, Tally>,
    logs: usize,
    run: [u8; 16],
    machine: Arc<[u8]>,
}

/// The log at hand: what identifies a row for people may become known late.
#[derive(Debug)]
struct Counts {
    by: By,
    select: Select,
    calls: FxHashMap<Call, (String, Tally)>,
    processes: FxHashMap<TaskId, Process>,
    resources: FxHashMap<ResourceId, Tally>,
    /// Of descriptors that stand for nothing known.
    unknown: Tally,
    total: Tally,
    /// Whether bytes may have been moved by calls that are not in the log.
    is_partial: bool,
}

#[derive(Debug, Default)]
struct Process {
    pid: u32,
    execution: Option<Arc<Execution>>,
    end: End,
    tally: Tally,
}

impl Stats {
    /// No calls yet.
    pub fn new(by: By, select: Select) -> Self {
        let counts = Counts {
            by,
            select,
            calls: FxHashMap::default(),
            processes: FxHashMap::default(),
            resources: FxHashMap::default(),
            unknown: Tally::default(),
            total: Tally::default(),
            is_partial: false,
        };
        Self {
            flow: Flow::new(),
            counts,
            rows: BTreeMap::new(),
            logs: 0,
            run: [0; 16],
            machine: Arc::default(),
        }
    }

    /// A log begins.
    pub fn begin(&mut self, header: &Header) {
        self.flow = Flow::new();
        self.flow.set_cwd(&header.cwd);
        self.flow.set_started(header.clock.realtime);
        let omitted = Omitted::by_set(header.options.trace.as_deref());
        self.flow.set_omitted(omitted);
        let is_cut = !header.options.processes.is_empty();
        if is_cut {
            self.flow.set_cut();
        }
        self.run = header.run;
        self.machine = match header.host.machine_id.as_str() {
            "" => header.host.name.as_slice().into(),
            id => id.as_bytes().into(),
        };
        let has_all = !omitted.has(Sort::Reads) && !omitted.has(Sort::Writes);
        self.counts.is_partial = is_cut || !has_all;
    }

    /// The next slice of the log.
    pub fn batch(&mut self, batch: &Batch) {
        let Ok(()) = self.flow.batch(batch, &mut self.counts);
    }

    /// The log is over; whether all of it could be read.
    pub fn end(&mut self, is_complete: bool) {
        let Ok(()) = self.flow.finish(&mut self.counts);
        self.counts.is_partial |= !is_complete;
        self.take_calls();
        self.take_processes();
        self.take_resources();
        if self.counts.is_partial {
            self.counts.total.miss_bytes();
        }
        self.logs += 1;
    }

    /// What came of all logs.
    pub fn table(self) -> Table {
        let rows = self.rows.into_iter().map(|(key, tally)| Row { key, tally }).collect();
        Table { rows, total: self.counts.total }
    }

    fn take_calls(&mut self) {
        for (call, (name, tally)) in std::mem::take(&mut self.counts.calls) {
            self.put(Key::Call { name, abi: call.abi }, tally);
        }
    }

    fn take_processes(&mut self) {
        for (id, process) in std::mem::take(&mut self.counts.processes) {
            let execution = process.execution;
            let command = execution.map(|execution| execution.argv.clone()).unwrap_or_default();
            let (run, pid, end) = (self.run, process.pid, process.end);
            self.put(Key::Process { run, task: id.0, pid, command, end }, process.tally);
        }
    }

    fn take_resources(&mut self) {
        for (id, tally) in std::mem::take(&mut self.counts.resources) {
            if let Some(key) = self.key_of(id) {
                self.put(key, tally);
            }
        }
        let unknown = std::mem::take(&mut self.counts.unknown);
        let (machine, name) = (self.machine.clone(), Vec::new());
        self.put(Key::File { machine, class: "unknown", name, only: None }, unknown);
    }

    fn key_of(&self, id: ResourceId) -> Option<Key> {
        let state = self.flow.state();
        let resource = state.resource(id)?;
        let (machine, name) = (self.machine.clone(), state.name_of(id).to_vec());
        let only = Some((self.logs, id.index()));
        if resource.class != Class::Socket {
            let only = only.filter(|_| name.first() != Some(&b'/'));
            return Some(Key::File { machine, class: resource.class.name(), name, only });
        }
        let socket = state.socket(id)?;
        let ends = [&socket.local, &socket.remote];
        let [local, remote] =
            ends.map(|end| end.as_ref().map(Endpoint::to_bytes).unwrap_or_default());
        let protocol = socket.protocol_name();
        let is_named = !local.is_empty() || !remote.is_empty();
        let (name, only) = if is_named { (Vec::new(), None) } else { (name, only) };
        Some(Key::Peer { machine, protocol, local, remote, name, only })
    }

    fn put(&mut self, key: Key, mut tally: Tally) {
        if tally.count == 0 {
            return;
        }
        if self.counts.is_partial {
            tally.miss_bytes();
        }
        match self.rows.entry(key) {
            Entry::Occupied(mut row) => row.get_mut().merge(&tally),
            Entry::Vacant(place) => {
                place.insert(tally);
            }
        }
    }
}

impl Sink for Counts {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match item {
            Item::Event(event) if event.record.kind == Kind::Call => self.call(state, &event),
            Item::Event(event) => self.ends(state, &event.record),
            Item::Task(id) => self.runs(state, id),
            Item::Execution(id) => self.runs(state, id.task),
            Item::BlindSpot(spot) => self.missed(state, spot.event.task),
            _ => {}
        }
        Ok(())
    }
}

impl Counts {
    fn wants(&self, state: &State, record: &Record<'_>) -> bool {
        let Select { filter, pids } = &self.select;
        let is_kind = filter
            .as_ref()
            .is_none_or(|filter| record.call.is_some_and(|call| filter.allows(call.abi, call.nr)));
        let is_whose = || {
            let tid = state.task(record.task).map(|task| task.tid);
            let pid = state.process_of(record.task).map(|process| process.pid);
            [tid, pid].into_iter().flatten().any(|id| pids.contains(&id))
        };
        is_kind && (pids.is_empty() || is_whose())
    }

    fn call(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        if !self.wants(state, record) {
            return;
        }
        let (duration, failed) = (record.duration(), record.failed);
        let is_in = match self.by {
            By::Call => self.count_call(record),
            By::Process => self.count_process(state, event),
            By::File => self.count_resources(state, event, |class| class != Class::Socket),
            By::Peer => self.count_resources(state, event, |class| class == Class::Socket),
        };
        if is_in {
            self.total.add(duration, failed);
        }
    }

    fn count_call(&mut self, record: &Record<'_>) -> bool {
        let Some(call) = record.call else { return false };
        let (_, tally) = self.calls.entry(call).or_insert_with(|| {
            let mut name = String::new();
            render::name(record, &mut name);
            (name, Tally::default())
        });
        tally.add(record.duration(), record.failed);
        true
    }

    fn count_process(&mut self, state: &State, event: &Event<'_>) -> bool {
        let record = &event.record;
        let process = state.task(record.task).map_or(record.task, |task| task.process);
        let tally = &mut self.processes.entry(process).or_default().tally;
        tally.add(record.duration(), record.failed);
        for moved in event.moved() {
            tally.add_moved(moved);
            self.total.add_moved(moved);
        }
        true
    }

    fn count_resources(
        &mut self,
        state: &State,
        event: &Event<'_>,
        wanted: impl Fn(Class) -> bool,
    ) -> bool {
        let record = &event.record;
        let is_wanted =
            |id: &ResourceId| state.resource(*id).is_some_and(|resource| wanted(resource.class));
        let mut is_in = false;
        for id in touched(event).filter(is_wanted) {
            self.resources.entry(id).or_default().add(record.duration(), record.failed);
            is_in = true;
        }
        self.mapped(event);
        for moved in event.moved() {
            let tally = match moved.resource {
                Some(id) if is_wanted(&id) => self.resources.entry(id).or_default(),
                None if self.by == By::File => &mut self.unknown,
                _ => continue,
            };
            if moved.resource.is_none() {
                tally.add(record.duration(), record.failed);
            }
            tally.add_moved(moved);
            self.total.add_moved(moved);
            is_in = true;
        }
        is_in
    }

    /// What is mapped is read, or written, without calls.
    fn mapped(&mut self, event: &Event<'_>) {
        for used in event.uses {
            let deed = deed(event, used);
            if !matches!(deed, Deed::Map | Deed::MapShared) {
                continue;
            }
            let Some(tally) = self.resources.get_mut(&used.resource) else { continue };
            tally.read.is_at_least = true;
            tally.written.is_at_least |= deed == Deed::MapShared;
        }
    }

    /// What a process runs now.
    fn runs(&mut self, state: &State, task: TaskId) {
        if self.by != By::Process {
            return;
        }
        let Some(process) = state.process_of(task) else { return };
        let own = self.processes.entry(process.id).or_default();
        own.pid = process.pid;
        own.execution.clone_from(&process.execution);
    }

    fn ends(&mut self, state: &State, record: &Record<'_>) {
        let Some(process) = state.process_of(record.task) else { return };
        let Some(own) = self.processes.get_mut(&process.id) else { return };
        match (record.kind, record.words) {
            (Kind::Exit, [code, 0, ..]) if process.threads == 1 => own.end = End::Exited(code),
            (Kind::Exit, [_, signal, ..]) if process.threads == 1 => own.end = End::Killed(signal),
            (Kind::Detach, _) => own.end = End::LetGo,
            _ => {}
        }
    }

    /// Something could not be seen: whose bytes are not all known then, and which
    /// files' or peers' they were is not known at all.
    fn missed(&mut self, state: &State, task: TaskId) {
        if self.by == By::Process {
            let process = state.task(task).map_or(task, |task| task.process);
            self.processes.entry(process).or_default().tally.miss_bytes();
            self.total.miss_bytes();
        } else {
            self.is_partial = true;
        }
    }
}

/// What a call does something to, or gives a descriptor of, each once; if that is
/// nothing, what it names. What it only implies does not count: no call asked for it.
fn touched(event: &Event<'_>) -> impl Iterator<Item = ResourceId> {
    let is_done_to = |used: &Use| match used.place {
        Place::Argument(_) => used.verb != Verb::None,
        Place::Result | Place::Pair(_) => true,
        Place::Implied => false,
    };
    let is_any = event.uses.iter().any(is_done_to);
    let is_chosen = move |used: &Use| {
        if is_any { is_done_to(used) } else { used.place != Place::Implied }
    };
    event.uses.iter().enumerate().filter_map(move |(index, used)| {
        let is_same = |before: &Use| before.resource == used.resource && is_chosen(before);
        let is_new = !event.uses[..index].iter().any(is_same);
        (is_chosen(used) && is_new).then_some(used.resource)
    })
}
