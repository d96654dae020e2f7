//! The flow's items as triples.

use std::borrow::Cow;
use std::io;

use oxrdf::{LiteralRef, NamedNodeRef, TermRef, TripleRef};
use rustc_hash::{FxHashMap, FxHashSet};

use super::iri::Names;
use super::text::{allowed, allowed_json, readable};
use super::told::Fates;
use super::vocabulary as v;
use super::writer::Triples;
use crate::event::{Kind, Record, TaskId};
use crate::export::decode::{base64, json_bytes};
use crate::export::scope::Calls;
use crate::export::time::write_utc;
use crate::export::{Detail, Options, Run, Scope};
use crate::flow::{
    Account, Class, Edge, EdgeKind, EventId, Execution, Function, Item, Moniker, ResourceId, Sink,
    State, Version, command_line,
};
use crate::render::decimal;

/// Writes the graph of one run after the other.
pub(super) struct Graph<T> {
    pub(super) out: T,
    pub(super) names: Names,
    /// CLOCK_REALTIME when the run started.
    started: u64,
    /// IRIs of the triple at hand, and the text of its literal.
    pub(super) subject: String,
    pub(super) object: String,
    pub(super) text: String,
    /// How deep it goes.
    pub(super) detail: Detail,
    pub(super) scope: Scope,
    pub(super) fates: Fates,
    pub(super) calls: Calls,
    /// Processes that have been described.
    processes: FxHashSet<TaskId>,
    /// As whom they act, as far as it has been told.
    users: FxHashMap<TaskId, Vec<ResourceId>>,
    /// Functions that have been described.
    pub(super) functions: FxHashSet<Function>,
    /// Resources whose class, identity or address has been written.
    pub(super) typed: FxHashSet<(ResourceId, Class)>,
    pub(super) identified: FxHashSet<ResourceId>,
    /// The hash of the last moniker that was written of each.
    pub(super) monikers: FxHashMap<ResourceId, u64>,
}

impl<T: Triples> Graph<T> {
    pub(super) fn new(out: T, options: &Options) -> Self {
        Self {
            out,
            names: Names::new(options),
            started: 0,
            subject: String::new(),
            object: String::new(),
            text: String::new(),
            scope: options.scope.clone(),
            fates: Fates::default(),
            calls: Calls::new(&options.scope),
            detail: options.detail.unwrap_or(Detail::Event),
            processes: FxHashSet::default(),
            users: FxHashMap::default(),
            functions: FxHashSet::default(),
            typed: FxHashSet::default(),
            identified: FxHashSet::default(),
            monikers: FxHashMap::default(),
        }
    }

    /// A run begins: itself and its host.
    pub(super) fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.names.begin(run);
        self.started = run.started;
        self.processes.clear();
        self.users.clear();
        self.functions.clear();
        self.typed.clear();
        self.identified.clear();
        self.monikers.clear();
        self.fates = Fates::default();
        self.calls.begin();
        self.out.begin(self.names.base())?;
        self.subject = self.names.run().to_owned();
        self.class(v::RUN_CLASS)?;
        self.class(v::ACTIVITY)?;
        self.time(v::STARTED_AT, 0)?;
        self.bytes(v::COMMAND, v::COMMAND_BYTES, &command_line(&run.command))?;
        self.recorded(run)?;
        self.names.host(&mut self.object);
        self.link(v::HOST)?;
        self.link(v::WAS_ASSOCIATED_WITH)?;
        self.names.host(&mut self.subject);
        self.class(v::HOST_CLASS)?;
        self.class(v::ENTITY)?;
        self.class(v::AGENT)?;
        self.bytes(v::LABEL, v::LABEL_BYTES, &run.host)?;
        self.moniker(&Moniker::of_host(&run.host))?;
        if !run.machine_id.is_empty() {
            self.plain(v::MACHINE_ID, &run.machine_id)?;
        }
        if !run.boot_id.is_empty() {
            self.plain(v::BOOT_ID, &run.boot_id)?;
        }
        for address in &run.addresses {
            self.plain(v::ADDRESS, address)?;
        }
        if !run.kernel.is_empty() {
            self.plain(v::KERNEL, &run.kernel)?;
        }
        Ok(())
    }

    /// What the log can have of the run, which `self.subject` is.
    fn recorded(&mut self, run: &Run) -> io::Result<()> {
        if let Some(set) = &run.calls {
            self.plain(v::RECORDED_CALLS, set)?;
        }
        for what in run.left_out() {
            self.plain(v::LEFT_OUT, what)?;
        }
        for pid in &run.processes {
            self.integer(v::CUT_TO, *pid)?;
        }
        run.kept.map_or(Ok(()), |kept| self.integer(v::KEPT_BYTES, kept))
    }

    /// Something of what a process did is missing.
    pub(super) fn partial(&mut self, process: TaskId) -> io::Result<()> {
        self.names.process(process, &mut self.subject);
        self.object = self.names.run().to_owned();
        self.link(v::PARTIAL)
    }

    pub(super) fn task(&mut self, state: &State, id: TaskId) -> io::Result<()> {
        let Some(task) = state.task(id) else { return Ok(()) };
        self.process(state, task.process)?;
        if self.detail < Detail::Event {
            return Ok(());
        }
        self.names.thread(id, &mut self.subject);
        self.class(v::THREAD_CLASS)?;
        self.class(v::ACTIVITY)?;
        self.integer(v::TID, task.tid)?;
        self.time(v::STARTED_AT, task.started)?;
        self.names.process(task.process, &mut self.object);
        self.link(v::PROCESS)
    }

    fn process(&mut self, state: &State, id: TaskId) -> io::Result<()> {
        let Some(process) = state.process(id) else { return Ok(()) };
        if !self.processes.insert(id) {
            return Ok(());
        }
        let started = state.task(id).map_or(0, |task| task.started);
        self.names.name_process(id, process.pid);
        self.names.process(id, &mut self.subject);
        self.class(v::PROCESS_CLASS)?;
        self.class(v::ACTIVITY)?;
        self.integer(v::PID, process.pid)?;
        self.moniker(&Moniker::of_process(process.pid))?;
        self.time(v::STARTED_AT, started)?;
        self.object = self.names.run().to_owned();
        self.link(v::RUN)?;
        if let Some(parent) = process.parent {
            self.names.process(parent, &mut self.object);
            self.link(v::PARENT)?;
            self.link(v::WAS_INFORMED_BY)?;
        }
        if let Some(execution) = &process.execution {
            self.names.execution(execution.id, &mut self.object);
            self.link(v::EXECUTION)?;
        }
        self.acts_as(state, id)
    }

    /// A process acts as somebody from now on.
    pub(super) fn acts_as(&mut self, state: &State, id: TaskId) -> io::Result<()> {
        let user = state.process(id).and_then(|process| process.user);
        let told = self.users.entry(id).or_default();
        let news = user.filter(|user| !told.contains(user));
        told.extend(news);
        self.names.process(id, &mut self.subject);
        self.runs_as(state, news)
    }

    /// As whom `self.subject` acts.
    fn runs_as(&mut self, state: &State, user: Option<ResourceId>) -> io::Result<()> {
        let Some(user) = user.filter(|_| self.detail >= Detail::Resource) else { return Ok(()) };
        self.names.resource(state, user, &mut self.object);
        self.link(v::RUNS_AS)?;
        self.link(v::WAS_ASSOCIATED_WITH)
    }

    pub(super) fn execution(&mut self, state: &State, execution: &Execution) -> io::Result<()> {
        self.names.process(execution.process, &mut self.subject);
        self.names.execution(execution.id, &mut self.object);
        self.link(v::EXECUTION)?;
        std::mem::swap(&mut self.subject, &mut self.object);
        self.class(v::EXECUTION_CLASS)?;
        self.class(v::ACTIVITY)?;
        self.time(v::STARTED_AT, execution.started)?;
        if self.detail == Detail::Event {
            self.name_event(execution.id);
            self.link(v::STARTED_BY)?;
            self.link(v::WAS_INFORMED_BY)?;
        }
        let has_resources = self.detail >= Detail::Resource;
        if let Some(file) = execution.executable.filter(|_| has_resources) {
            self.names.resource(state, file, &mut self.object);
            self.link(v::EXECUTABLE)?;
            self.link(v::USED)?;
        }
        if let Some(cwd) = execution.cwd.filter(|_| has_resources) {
            self.names.resource(state, cwd, &mut self.object);
            self.link(v::WORKING_DIRECTORY)?;
        }
        self.runs_as(state, execution.user)?;
        self.bytes(v::COMMAND_LINE, v::COMMAND_LINE_BYTES, &command_line(&execution.argv))?;
        self.words(v::ARGV, &execution.argv)?;
        for variable in execution.env.iter().flatten() {
            self.bytes(v::ENVIRONMENT, v::ENVIRONMENT_BYTES, variable)?;
        }
        Ok(())
    }

    /// Words in order, as a JSON array; one that is no text as an object
    /// with its bytes in base64.
    pub(super) fn words(
        &mut self,
        predicate: NamedNodeRef<'static>,
        words: &[Vec<u8>],
    ) -> io::Result<()> {
        let values: Vec<_> = words.iter().map(|arg| json_bytes(arg)).collect();
        let json = serde_json::to_string(&values).map_err(io::Error::other)?;
        self.text = allowed_json(&json);
        self.typed_literal(predicate, v::JSON)
    }

    fn edge(&mut self, edge: &Edge) -> io::Result<()> {
        self.names.event(edge.cause, &mut self.subject);
        self.names.event(edge.effect, &mut self.object);
        let predicate = match edge.kind {
            EdgeKind::Next => return self.link(v::NEXT),
            EdgeKind::Fork => v::FORKS,
            EdgeKind::Wait => v::JOINS,
            EdgeKind::Signal(_) => v::SIGNALS,
            EdgeKind::Data(transfer) if transfer.certain => v::FEEDS,
            EdgeKind::Content(through) if through.certain => v::FEEDS,
            EdgeKind::Data(_) | EdgeKind::Content(_) => return self.link(v::MAY_FEED),
            EdgeKind::Overwrite(_) => return self.link(v::OVERWRITTEN_BY),
        };
        self.link(predicate)?;
        std::mem::swap(&mut self.subject, &mut self.object);
        self.link(v::WAS_INFORMED_BY)
    }

    /// The end of a task, and of its process if it was the last one there.
    pub(super) fn exit(&mut self, state: &State, record: &Record<'_>) -> io::Result<()> {
        if self.detail == Detail::Event {
            self.names.thread(record.task, &mut self.subject);
            self.time(v::ENDED_AT, record.start)?;
        }
        let Some(process) = state.process_of(record.task).filter(|p| p.threads == 1) else {
            return Ok(());
        };
        self.names.process(process.id, &mut self.subject);
        self.processes.remove(&process.id);
        self.users.remove(&process.id);
        self.time(v::ENDED_AT, record.start)?;
        if let Some(Account { taken, given, fetched, stored }) = process.account {
            self.integer(v::ACCOUNTED_IN, taken)?;
            self.integer(v::ACCOUNTED_OUT, given)?;
            self.integer(v::STORAGE_IN, fetched)?;
            self.integer(v::STORAGE_OUT, stored)?;
        }
        match record.words {
            [code, 0, ..] => self.integer(v::EXIT_CODE, code),
            [_, signal, ..] => self.integer(v::KILLED_BY, signal),
        }
    }

    /// Names an event as `self.object`; nothing leads to one that is not told of.
    fn name_event(&mut self, id: EventId) {
        self.object.clear();
        if !self.calls.hides(id) {
            self.names.event(id, &mut self.object);
        }
    }

    /// Names what did something as `self.object`: the event, or where that is not told of
    /// who did it.
    fn name_maker(&mut self, state: &State, event: EventId) {
        match state.activity(event.task) {
            Some(doer) if self.calls.hides(event) => match state.execution(doer.since) {
                Some(execution) => self.names.execution(execution.id, &mut self.object),
                None => self.names.process(doer.process, &mut self.object),
            },
            _ => self.name_event(event),
        }
    }

    // What follows writes one triple about `self.subject`.

    pub(super) fn class(&mut self, class: NamedNodeRef<'static>) -> io::Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        let subject = NamedNodeRef::new_unchecked(&self.subject);
        self.out.triple(TripleRef::new(subject, v::TYPE, class))
    }

    /// To `self.object`.
    pub(super) fn link(&mut self, predicate: NamedNodeRef<'static>) -> io::Result<()> {
        let ends = (self.fates.told(&self.subject), self.fates.told(&self.object));
        let (Some(subject), Some(object)) = ends else {
            return Ok(());
        };
        let subject = NamedNodeRef::new_unchecked(subject);
        let object = NamedNodeRef::new_unchecked(object);
        self.out.triple(TripleRef::new(subject, predicate, object))
    }

    /// `self.text`, as a string.
    pub(super) fn literal(&mut self, predicate: NamedNodeRef<'static>) -> io::Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        let subject = NamedNodeRef::new_unchecked(&self.subject);
        let text = allowed(&self.text);
        let object = TermRef::Literal(LiteralRef::new_simple_literal(&text));
        self.out.triple(TripleRef::new(subject, predicate, object))
    }

    /// `self.text`, as a value of that datatype.
    fn typed_literal(
        &mut self,
        predicate: NamedNodeRef<'static>,
        datatype: NamedNodeRef<'static>,
    ) -> io::Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        let subject = NamedNodeRef::new_unchecked(&self.subject);
        let object = TermRef::Literal(LiteralRef::new_typed_literal(&self.text, datatype));
        self.out.triple(TripleRef::new(subject, predicate, object))
    }

    pub(super) fn plain(&mut self, predicate: NamedNodeRef<'static>, text: &str) -> io::Result<()> {
        self.text.clear();
        self.text.push_str(text);
        self.literal(predicate)
    }

    /// Bytes that are mostly text: as text for people, and where that cannot have
    /// all of them, as they are.
    pub(super) fn bytes(
        &mut self,
        predicate: NamedNodeRef<'static>,
        raw: NamedNodeRef<'static>,
        bytes: &[u8],
    ) -> io::Result<()> {
        let text = readable(bytes);
        let is_whole = matches!(text, Cow::Borrowed(_));
        self.plain(predicate, &text)?;
        if is_whole {
            return Ok(());
        }
        self.raw(raw, bytes)
    }

    pub(super) fn raw(&mut self, predicate: NamedNodeRef<'static>, bytes: &[u8]) -> io::Result<()> {
        self.text = base64(bytes);
        self.typed_literal(predicate, v::BASE64)
    }

    pub(super) fn integer(
        &mut self,
        predicate: NamedNodeRef<'static>,
        number: impl Into<i128>,
    ) -> io::Result<()> {
        let number = number.into();
        self.text.clear();
        // No number of a log has more than 64 bits.
        match u64::try_from(number) {
            Ok(number) => decimal(number, &mut self.text),
            Err(_) => decimal(number as i64, &mut self.text),
        }
        self.typed_literal(predicate, v::INTEGER)
    }

    pub(super) fn yes(&mut self, predicate: NamedNodeRef<'static>) -> io::Result<()> {
        self.boolean(predicate, true)
    }

    pub(super) fn boolean(
        &mut self,
        predicate: NamedNodeRef<'static>,
        value: bool,
    ) -> io::Result<()> {
        self.text.clear();
        self.text.push_str(if value { "true" } else { "false" });
        self.typed_literal(predicate, v::BOOLEAN)
    }

    /// A point in time, as nanoseconds since 1970.
    pub(super) fn moment(&mut self, predicate: NamedNodeRef<'static>, ns: u64) -> io::Result<()> {
        self.text.clear();
        write_utc(ns, &mut self.text);
        self.typed_literal(predicate, v::DATE_TIME)
    }

    /// A time of the run.
    pub(super) fn time(&mut self, predicate: NamedNodeRef<'static>, ns: u64) -> io::Result<()> {
        self.moment(predicate, self.started.saturating_add(ns))
    }
}

impl<T: Triples> Sink for Graph<T> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        let Some(item) = self.calls.told(item) else { return Ok(()) };
        match item {
            Item::Resource(id) => self.resource(state, id),
            Item::Learnt(id) => self.learnt(state, id),
            Item::Task(id) => self.task(state, id),
            Item::Execution(id) => match state.execution(id) {
                Some(execution) => self.execution(state, execution),
                None => Ok(()),
            },
            // A moment inside an exec call, which is an event itself if it is recorded.
            Item::Event(event)
                if event.record.kind == Kind::Exec && state.execution(event.id()).is_none() =>
            {
                Ok(())
            }
            Item::Event(event) => self.event(state, &event),
            Item::Edge(edge) => self.edge(&edge),
            Item::Database(used) => self.database_use(state, used),
            Item::BlindSpot(spot) => self.blind_spot(&spot),
            Item::Look(look) => self.look(state, &look),
            Item::Version(Version { id, resource, event, before }) => {
                self.version(state, resource, id, before, |graph| {
                    graph.name_maker(state, event);
                })
            }
            Item::Partial(process) => self.partial(process),
            Item::ActsAs(process) => self.acts_as(state, process),
            Item::Begun(_) | Item::Ended(_) => Ok(()),
        }
    }
}
