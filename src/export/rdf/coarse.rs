//! The graph without its events: processes, executions and resources, and in numbers
//! what was done and what went from one to another.

use std::io;

use oxrdf::NamedNodeRef;

use super::graph::Graph;
use super::linked;
use super::vocabulary as v;
use super::writer::Triples;
use crate::event::{Batch, Kind};
use crate::export::{Detail, Exporter, Run};
use crate::flow::graph::{
    self as numbers, ActivityIndex, Amount, Builder, Carrier, Deed, Passage, Span, Usage,
};
use crate::flow::{Flow, Item, Sink, State};
use crate::merge::Merged;

/// An exporter that folds events.
pub(super) struct Coarse<T> {
    flow: Flow,
    items: Items<T>,
}

/// What is written at once, and what is counted until the end.
struct Items<T> {
    graph: Graph<T>,
    builder: Builder,
}

impl<T: Triples> Coarse<T> {
    pub(super) fn new(graph: Graph<T>) -> Self {
        Self { flow: Flow::new(), items: Items { graph, builder: Builder::new() } }
    }
}

impl<T: Triples> Exporter for Coarse<T> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow = run.flow();
        self.items.builder = Builder::new();
        self.items.graph.begin(run)
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.items.graph.calls.look_ahead(batch);
        self.flow.batch(batch, &mut self.items)
    }

    fn end(&mut self) -> io::Result<()> {
        self.flow.finish(&mut self.items)?;
        let state = self.flow.state();
        let numbers = std::mem::take(&mut self.items.builder).finish(state);
        self.items.graph.numbers(state, &numbers)?;
        self.items.graph.name_the_rest(state)
    }

    fn linked(&mut self, merged: &Merged) -> io::Result<()> {
        linked::write(merged, &mut self.items.graph.out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.items.graph.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.items.graph.out.finish()
    }
}

impl<T: Triples> Sink for Items<T> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        let calls = &mut self.graph.calls;
        let Some(item) = calls.count(&mut self.builder, state, item) else { return Ok(()) };
        let has_resources = self.graph.detail >= Detail::Resource;
        match item {
            Item::Task(id) => self.graph.task(state, id),
            Item::Execution(id) => match state.execution(id) {
                Some(execution) => self.graph.execution(state, execution),
                None => Ok(()),
            },
            Item::Event(event) if event.record.kind == Kind::Exit => {
                self.graph.exit(state, &event.record)
            }
            Item::Partial(process) => self.graph.partial(process),
            Item::ActsAs(process) => self.graph.acts_as(state, process),
            Item::BlindSpot(spot) => self.graph.blind_spot(&spot),
            Item::Resource(id) if has_resources => self.graph.resource(state, id),
            Item::Learnt(id) if has_resources => self.graph.learnt(state, id),
            Item::Database(used) if has_resources => self.graph.database_use(state, used),
            _ => Ok(()),
        }
    }
}

impl<T: Triples> Graph<T> {
    fn numbers(&mut self, state: &State, numbers: &numbers::Graph) -> io::Result<()> {
        for process in &numbers.processes {
            self.names.process(process.id, &mut self.subject);
            self.integer(v::CALL_COUNT, process.calls)?;
            self.integer(v::ERROR_COUNT, process.errors)?;
        }
        if self.detail >= Detail::Resource {
            for resource in &numbers.resources {
                self.fate(state, resource)?;
            }
            for version in &numbers.versions {
                let &numbers::Version { id, resource, activity, before, .. } = version;
                self.version(state, resource, id, before, |graph| {
                    graph.name_activity(numbers, activity);
                })?;
            }
            for (index, usage) in numbers.usages.iter().enumerate() {
                self.usage(state, numbers, index, usage)?;
            }
            for called in &numbers.called {
                self.called(numbers, called)?;
            }
        }
        let data = numbers.passages.iter().enumerate().filter(|(_, passage)| passage.is_data());
        for (index, passage) in data {
            self.passage(state, numbers, index, passage)?;
        }
        Ok(())
    }

    /// What became of a name.
    fn fate(&mut self, state: &State, resource: &numbers::Resource) -> io::Result<()> {
        self.names.resource(state, resource.id, &mut self.subject);
        if resource.life.created.is_some() {
            self.yes(v::WAS_CREATED)?;
        }
        if resource.life.modified {
            self.yes(v::WAS_MODIFIED)?;
        }
        if resource.life.deleted.is_some() { self.yes(v::WAS_DELETED) } else { Ok(()) }
    }

    /// Who did something: an execution; before a process's first exec the process.
    pub(super) fn name_activity(&mut self, numbers: &numbers::Graph, index: ActivityIndex) {
        let Some(activity) = numbers.activity(index) else { return };
        if activity.is_own() {
            self.names.execution(activity.id.since, &mut self.object);
        } else {
            self.names.process(activity.id.process, &mut self.object);
        }
    }

    fn usage(
        &mut self,
        state: &State,
        numbers: &numbers::Graph,
        index: usize,
        usage: &Usage,
    ) -> io::Result<()> {
        self.names.resource(state, usage.resource, &mut self.object);
        if self.fates.told(&self.object).is_none() || !usage.has_deeds() {
            return Ok(());
        }
        if usage.is_mere_look() {
            return self.mere_look(state, numbers, usage);
        }
        self.names.usage(index, &mut self.subject);
        self.class(v::USAGE_CLASS)?;
        self.name_activity(numbers, usage.activity);
        self.link(v::BY_ACTIVITY)?;
        self.names.resource(state, usage.resource, &mut self.object);
        self.link(v::OF_RESOURCE)?;
        self.at_version(usage.version)?;
        for (deed, count) in usage.deeds() {
            self.integer(count_of(deed), count)?;
        }
        if usage.has_taken() || usage.bytes_in.is_at_least {
            self.amount(usage.bytes_in, v::BYTES_IN, v::BYTES_IN_AT_LEAST)?;
        }
        if usage.has_given() || usage.bytes_out.is_at_least {
            self.amount(usage.bytes_out, v::BYTES_OUT, v::BYTES_OUT_AT_LEAST)?;
        }
        self.span(usage.span)?;
        self.usage_in_prov(state, numbers, usage)
    }

    /// Most that a program does to files is to look at them, or for them.
    fn mere_look(
        &mut self,
        state: &State,
        numbers: &numbers::Graph,
        usage: &Usage,
    ) -> io::Result<()> {
        self.name_activity(numbers, usage.activity);
        std::mem::swap(&mut self.subject, &mut self.object);
        self.names.resource(state, usage.resource, &mut self.object);
        let has_seen = usage.count(Deed::Look) > 0;
        self.link(if has_seen { v::LOOKED_AT } else { v::MISSED })
    }

    /// The same in PROV: from the activity to what it used, and back from what it made.
    fn usage_in_prov(
        &mut self,
        state: &State,
        numbers: &numbers::Graph,
        usage: &Usage,
    ) -> io::Result<()> {
        self.name_activity(numbers, usage.activity);
        std::mem::swap(&mut self.subject, &mut self.object);
        self.names.resource(state, usage.resource, &mut self.object);
        if usage.has_taken() {
            self.link(v::USED)?;
        }
        std::mem::swap(&mut self.subject, &mut self.object);
        if usage.has_given() { self.link(v::WAS_GENERATED_BY) } else { Ok(()) }
    }

    fn passage(
        &mut self,
        state: &State,
        numbers: &numbers::Graph,
        index: usize,
        passage: &Passage,
    ) -> io::Result<()> {
        self.names.resource(state, passage.through, &mut self.object);
        if !self.tells_through(state, passage.through) {
            return Ok(());
        }
        self.names.passage(index, &mut self.subject);
        self.class(v::PASSAGE_CLASS)?;
        self.name_activity(numbers, passage.from);
        self.link(v::FROM)?;
        self.name_activity(numbers, passage.to);
        self.link(v::TO)?;
        if self.detail >= Detail::Resource {
            self.names.resource(state, passage.through, &mut self.object);
            self.link(v::THROUGH)?;
            self.at_version(passage.version)?;
        }
        match (passage.carrier, passage.known()) {
            (Carrier::Bytes, Some(amount)) => self.integer(v::BYTES, amount)?,
            (Carrier::Messages, Some(amount)) => self.integer(v::MESSAGES, amount)?,
            _ => {}
        }
        self.boolean(v::CERTAIN, passage.is_certain())?;
        self.span(passage.taken)?;
        if !passage.is_certain() || passage.from == passage.to {
            return Ok(());
        }
        self.name_activity(numbers, passage.to);
        std::mem::swap(&mut self.subject, &mut self.object);
        self.name_activity(numbers, passage.from);
        self.link(v::WAS_INFORMED_BY)
    }

    /// A number of bytes that is exact, or the least that it is.
    fn amount(
        &mut self,
        amount: Amount,
        exact: NamedNodeRef<'static>,
        at_least: NamedNodeRef<'static>,
    ) -> io::Result<()> {
        self.integer(if amount.is_at_least { at_least } else { exact }, amount.bytes)
    }

    pub(super) fn span(&mut self, span: Span) -> io::Result<()> {
        self.time(v::FIRST, span.first)?;
        self.time(v::LAST, span.last)
    }
}

const fn count_of(deed: Deed) -> NamedNodeRef<'static> {
    match deed {
        Deed::Open => v::OPEN_COUNT,
        Deed::Read => v::READ_COUNT,
        Deed::Write => v::WRITE_COUNT,
        Deed::Map => v::MAP_COUNT,
        Deed::MapShared => v::SHARED_MAP_COUNT,
        Deed::Execute => v::EXECUTE_COUNT,
        Deed::List => v::LIST_COUNT,
        Deed::Look => v::LOOK_COUNT,
        Deed::Truncate => v::TRUNCATE_COUNT,
        Deed::Make => v::MAKE_COUNT,
        Deed::Remove => v::REMOVE_COUNT,
        Deed::Alter => v::ALTER_COUNT,
        Deed::Connect => v::CONNECT_COUNT,
        Deed::Other => v::OTHER_COUNT,
        Deed::Fail => v::FAILURE_COUNT,
    }
}
