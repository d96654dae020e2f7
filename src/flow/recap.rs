//! What of a run's past its present needs: for a log that begins in its midst.

use std::collections::BTreeMap;
use std::convert::Infallible;

use rustc_hash::{FxHashMap, FxHashSet};

use super::irregular::O_CLOEXEC;
use super::user::OWN_USERS;
use super::{Class, Descriptor, EventId, Execution, Flow, Item, Sink, Socket, State};
use crate::abi::Verb;
use crate::event::{
    Batch, Fact, FactKey, FactKind, Kind, Origin, Phase, Record, Role, State as Read, TaskId, Value,
};

/// Blind spots of a task that are remembered.
const BLIND_SPOTS: usize = 16;

/// Follows a run, and sums up at any moment what its living tasks are: how they
/// started, what they run, what is open in them and where they stand.
///
/// What it keeps is bounded by what lives, if [`Recap::renew`] is called now and then:
/// between two calls, distinct resources add up.
#[derive(Debug, Default)]
pub struct Recap {
    flow: Flow,
    tasks: FxHashMap<TaskId, Lived>,
    execs: FxHashMap<EventId, Exec>,
    mounts: Vec<Fact>,
}

/// A living task.
#[derive(Debug)]
struct Lived {
    start: Batch,
    origin: Origin,
    maker: TaskId,
    facts: Vec<Fact>,
    /// Executables of an exec that has not ended yet.
    early: Vec<Fact>,
    /// The stop of its last exec.
    exec: Option<EventId>,
}

/// An exec by which a living process runs what it runs.
#[derive(Debug)]
struct Exec {
    /// The start of the task that made it, and its end, if that was before.
    start: Batch,
    end: Option<Batch>,
    /// The exec stop and the call, as far as they are recorded.
    records: Batch,
    facts: Vec<Fact>,
}

impl Recap {
    /// Nothing has happened yet, to a command that starts in `cwd`.
    pub fn new(cwd: &[u8]) -> Self {
        let mut recap = Self::default();
        recap.flow.set_cwd(cwd);
        recap
    }

    /// The same with other prototypes than those of [`crate::abi`].
    #[cfg(test)]
    pub(super) fn with_prototypes(cwd: &[u8], lookup: super::Lookup) -> Self {
        let mut flow = Flow::with_prototypes(lookup);
        flow.set_cwd(cwd);
        Self { flow, ..Self::default() }
    }

    /// What is known now.
    pub fn state(&self) -> &State {
        self.flow.state()
    }

    /// Reads what happened next.
    pub fn take(&mut self, batch: &Batch) {
        let Ok(()) = self.flow.batch(batch, &mut Quiet);
        for record in batch.iter() {
            match record.kind {
                Kind::Start => self.started(&record),
                Kind::Exit | Kind::Detach => self.ended(&record),
                Kind::Exec => self.stopped_at_exec(&record),
                Kind::Call if !record.is_begun() && !record.failed => self.returned(&record),
                _ => {}
            }
        }
        batch.facts().iter().for_each(|fact| self.learn(fact));
        if self.execs.len() > 2 * self.tasks.len() + 64 {
            self.sweep();
        }
    }

    fn started(&mut self, record: &Record<'_>) {
        let lived = Lived {
            start: alone(record),
            origin: Origin::from_code(record.words[5] as u8).unwrap_or(Origin::Orphan),
            maker: TaskId(record.words[3] as u32),
            facts: Vec::new(),
            early: Vec::new(),
            exec: None,
        };
        self.tasks.insert(record.task, lived);
    }

    fn ended(&mut self, record: &Record<'_>) {
        let Some(lived) = self.tasks.remove(&record.task) else { return };
        if lived.exec.is_none() {
            return;
        }
        let own = self.execs.iter_mut().filter(|(id, _)| id.task == record.task);
        own.for_each(|(_, exec)| exec.end = Some(alone(record)));
    }

    fn stopped_at_exec(&mut self, record: &Record<'_>) {
        let Some(lived) = self.tasks.get_mut(&record.task) else { return };
        let id = EventId { task: record.task, ordinal: record.ordinal };
        lived.exec = Some(id);
        let start = lived.start.clone();
        let exec = Exec { start, end: None, records: alone(record), facts: Vec::new() };
        self.execs.insert(id, exec);
    }

    /// Of an exec, the call completes what its stop began.
    fn returned(&mut self, record: &Record<'_>) {
        let Some(prototype) = record.call.and_then(|call| self.flow.prototype(call)) else {
            return;
        };
        let Some(lived) = self.tasks.get_mut(&record.task) else { return };
        if prototype.effect.verb != Verb::Execs {
            return;
        }
        let Some(mut exec) = lived.exec.take().and_then(|stop| self.execs.remove(&stop)) else {
            return;
        };
        let id = EventId { task: record.task, ordinal: record.ordinal };
        lived.exec = Some(id);
        let early = lived.early.drain(..).filter(|fact| fact.ordinal == record.ordinal);
        exec.facts.extend(early);
        exec.records.push(record);
        self.execs.insert(id, exec);
    }

    fn learn(&mut self, fact: &Fact) {
        if fact.kind == FactKind::Mount {
            self.mounts.push(fact.clone());
            return;
        }
        let Some(lived) = self.tasks.get_mut(&fact.task) else { return };
        let id = EventId { task: fact.task, ordinal: fact.ordinal };
        match (fact.kind, self.execs.get_mut(&id)) {
            (FactKind::Executable, Some(exec)) => exec.facts.push(fact.clone()),
            (FactKind::Executable, None) => lived.early.push(fact.clone()),
            (FactKind::Process | FactKind::Ids, _) => lived.facts.push(fact.clone()),
            (FactKind::BlindSpot, _) => lived.note_blind_spot(fact),
            _ => {}
        }
    }

    /// Forgets the execs by which nothing runs any more.
    fn sweep(&mut self) {
        let used = self.used();
        self.execs.retain(|id, _| used.contains(id));
    }

    /// The execs of living processes, and those that are under way.
    fn used(&self) -> FxHashSet<EventId> {
        let running = self.flow.state.processes.values();
        let running = running.filter_map(|process| process.execution.as_ref());
        let last = self.tasks.values().filter_map(|task| task.exec);
        running.map(|execution| execution.id).chain(last).collect()
    }

    /// Forgets the resources that nothing living knows.
    pub fn renew(&mut self, time: u64) {
        self.sweep();
        let recap = self.batches(time);
        let new = Flow::with_prototypes(self.flow.lookup());
        let old = std::mem::replace(&mut self.flow, new);
        for batch in &recap {
            let Ok(()) = self.flow.batch(batch, &mut Quiet);
        }
        self.flow.take_over(old);
    }

    /// The recap, to be read in this order: [`Recap::past`], [`Recap::present`] at `time`,
    /// and the ends of those tasks of the past that do not live. No record is made up:
    /// each has the identity and the times that it had.
    pub fn batches(&self, time: u64) -> [Batch; 3] {
        [self.past(|_| true), self.present(time, |_| true), self.ends(|_| true)]
    }

    /// The records and facts by which the chosen tasks came to be what they are.
    pub fn past(&self, is_wanted: impl Fn(TaskId) -> bool) -> Batch {
        let mut records = Ordered::default();
        let mut facts: Vec<&Fact> = self.mounts.iter().collect();
        for (_, lived) in self.tasks.iter().filter(|(id, _)| is_wanted(**id)) {
            records.add(&lived.start);
            facts.extend(&lived.facts);
        }
        for exec in self.used_execs(&is_wanted) {
            facts.extend(&exec.facts);
            records.add(&exec.records);
            records.add(&exec.start);
        }
        let processes = self.flow.state.processes.values();
        let executions = processes.filter_map(|process| process.execution.as_deref());
        let executions = executions.map(|execution| (execution.id, execution)).collect();
        let mut past = Batch::new();
        records.records().for_each(|record| push_whole(&record, &executions, &mut past));
        facts.sort_by_key(|fact| (fact.time, fact.task, fact.ordinal));
        for fact in facts {
            past.push_fact(fact.clone());
        }
        past
    }

    /// The ends of the tasks in the past of the chosen ones that do not live.
    pub fn ends(&self, is_wanted: impl Fn(TaskId) -> bool) -> Batch {
        let mut records = Ordered::default();
        self.used_execs(&is_wanted).filter_map(|exec| exec.end.as_ref()).for_each(|end| {
            records.add(end);
        });
        let mut ends = Batch::new();
        records.records().for_each(|record| ends.push(&record));
        ends
    }

    fn used_execs(&self, is_wanted: &impl Fn(TaskId) -> bool) -> impl Iterator<Item = &Exec> {
        let used = self.used();
        let execs = self.execs.iter();
        execs.filter(move |(id, _)| used.contains(id) && is_wanted(id.task)).map(|(_, exec)| exec)
    }

    /// What is open in the chosen tasks, and where they stand.
    pub fn present(&self, time: u64, is_wanted: impl Fn(TaskId) -> bool) -> Batch {
        let mut present = Batch::new();
        let mut tasks: Vec<_> = self.tasks.keys().copied().filter(|id| is_wanted(*id)).collect();
        tasks.sort_unstable();
        for id in tasks {
            let Some(lived) = self.tasks.get(&id) else { continue };
            // A thread has what its maker has.
            let shares = lived.origin == Origin::Thread
                && self.tasks.contains_key(&lived.maker)
                && is_wanted(lived.maker);
            if !shares {
                let mut add = |kind, fields| {
                    present.push_fact(Fact { kind, task: id, ordinal: 0, time, fields });
                };
                self.standing(id, &mut add);
                self.descriptors(id, &mut add);
            }
        }
        present
    }

    fn standing(&self, id: TaskId, add: &mut impl FnMut(FactKind, Fields)) {
        let Some(task) = self.flow.state.task(id) else { return };
        let place = self.flow.state.standings.get(task.place);
        let mut fields = Fields::new();
        for (key, directory) in [(FactKey::Cwd, place.cwd), (FactKey::Root, place.root)] {
            let name = directory.map(|id| self.flow.state.name_of(id));
            if let Some(name) = name.filter(|name| name.first() == Some(&b'/')) {
                fields.push((key, Value::Bytes(name.to_vec())));
            }
        }
        let process = self.flow.state.process(task.process);
        let user = process.and_then(|process| self.flow.state.number(process.user?));
        fields.extend(user.map(|user| (FactKey::Uid, Value::Number(user.id.into()))));
        if process.is_some_and(|process| process.has_own_users) {
            fields.push((FactKey::Namespaces, Value::List(vec![OWN_USERS.to_vec()])));
        }
        let execution = process.and_then(|process| process.execution.as_ref());
        // Who ran it first may be dead, as may be those in between.
        if let Some(execution) = execution.filter(|execution| execution.process != task.process) {
            let (by, ordinal) = (execution.id.task.0, execution.id.ordinal);
            fields.push((FactKey::ExecTask, Value::Number(by.into())));
            fields.push((FactKey::ExecOrdinal, Value::Number(ordinal as i64)));
        }
        if !fields.is_empty() {
            add(FactKind::Standing, fields);
        }
    }

    fn descriptors(&self, id: TaskId, add: &mut impl FnMut(FactKind, Fields)) {
        let Some(table) = self.flow.state.descriptors(id) else { return };
        let mut open: Vec<(i32, Descriptor)> = table.iter().collect();
        open.sort_unstable_by_key(|(fd, _)| *fd);
        for (fd, descriptor) in open {
            let mut fields = vec![(FactKey::Fd, Value::Number(fd.into()))];
            let flags = if descriptor.cloexec { O_CLOEXEC as i64 } else { 0 };
            fields.push((FactKey::Flags, Value::Number(flags)));
            self.describe(descriptor, &mut fields);
            add(FactKind::Descriptor, fields);
        }
    }

    fn describe(&self, descriptor: Descriptor, fields: &mut Fields) {
        let state = &self.flow.state;
        let Some(resource) = state.resource(descriptor.resource) else { return };
        let name = state.name_of(descriptor.resource).to_vec();
        fields.push((FactKey::Path, Value::Bytes(name)));
        if let Some(identity) = resource.identity {
            fields.push((FactKey::Device, Value::Number(identity.device as i64)));
            fields.push((FactKey::Inode, Value::Number(identity.inode as i64)));
        }
        let mode = resource.class.type_bits();
        fields.extend(mode.map(|mode| (FactKey::Mode, Value::Number(mode.into()))));
        if let Some(socket) = state.socket(descriptor.resource) {
            socket_fields(socket, fields);
        }
    }
}

impl Lived {
    fn note_blind_spot(&mut self, fact: &Fact) {
        let known = || self.facts.iter().filter(|known| known.kind == FactKind::BlindSpot);
        let is_new = !known().any(|known| known.fields == fact.fields);
        if is_new && known().count() < BLIND_SPOTS {
            self.facts.push(fact.clone());
        }
    }
}

type Fields = Vec<(FactKey, Value)>;

fn socket_fields(socket: &Socket, fields: &mut Fields) {
    let numbers = [
        (FactKey::Family, socket.family.map(i64::from)),
        (FactKey::Type, socket.kind.map(i64::from)),
        (FactKey::Protocol, socket.protocol.map(i64::from)),
    ];
    fields.extend(numbers.into_iter().filter_map(|(key, n)| Some((key, Value::Number(n?)))));
    for (key, end) in [(FactKey::Local, &socket.local), (FactKey::Remote, &socket.remote)] {
        fields.extend(end.as_ref().map(|end| (key, Value::Bytes(end.to_sockaddr()))));
    }
}

/// Records in the order in which they ended, each once.
#[derive(Default)]
struct Ordered<'a>(BTreeMap<(u64, TaskId, u64), (&'a Batch, usize)>);

impl<'a> Ordered<'a> {
    fn add(&mut self, batch: &'a Batch) {
        for (index, record) in batch.iter().enumerate() {
            let time = record.end.unwrap_or(record.start);
            self.0.insert((time, record.task, record.ordinal), (batch, index));
        }
    }

    fn records(&self) -> impl Iterator<Item = Record<'a>> {
        self.0.values().filter_map(|(batch, index)| batch.get(*index))
    }
}

/// Copies a record. An environment that is a difference to one that will not be there
/// is written out.
fn push_whole(record: &Record<'_>, executions: &FxHashMap<EventId, &Execution>, into: &mut Batch) {
    let id = EventId { task: record.task, ordinal: record.ordinal };
    let is_difference = record.pieces.iter().any(|piece| piece.role == Role::EnvDiff);
    let env = executions.get(&id).and_then(|execution| execution.env.as_ref());
    let Some(env) = env.filter(|_| is_difference) else { return into.push(record) };
    let mut copy = into.record(record.kind, record.task, record.ordinal);
    copy.lane(record.lane).start(record.start).words(record.words);
    copy.ended(record.end, record.result, record.failed);
    record.call.into_iter().for_each(|call| _ = copy.call(call));
    let mut env = Some(env);
    for piece in record.pieces {
        if piece.role != Role::EnvDiff {
            copy.piece(piece.arg, piece.role, piece.phase, piece.state, record.bytes(piece));
            continue;
        }
        for entry in env.take().into_iter().flatten() {
            copy.piece(piece.arg, Role::Env, Phase::Entry, Read::Whole, entry);
        }
    }
    copy.finish();
}

fn alone(record: &Record<'_>) -> Batch {
    let mut batch = Batch::new();
    batch.push(record);
    batch
}

/// A sink for those who only want the state.
struct Quiet;

impl Sink for Quiet {
    type Error = Infallible;

    fn item(&mut self, _: &State, _: Item<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Class {
    /// The type bits of `st_mode` that say so; `None` where nothing is sure.
    const fn type_bits(self) -> Option<u32> {
        match self {
            Self::Directory => Some(0o040_000),
            Self::Device | Self::Terminal => Some(0o020_000),
            Self::Pipe => Some(0o010_000),
            Self::Socket => Some(0o140_000),
            _ => None,
        }
    }
}
