//! How the flow goes on from one record to the next.

use rustc_hash::FxHashSet;

use super::item::{Edge, EdgeKind, Event, EventId, Item, Side, Sink};
use super::{Flow, event_id, life};
use crate::abi::{Prototype, Verb};
use crate::event::{Batch, Kind, Record, TaskId};

impl Flow {
    pub(super) fn record<S: Sink + ?Sized>(
        &mut self,
        record: &Record<'_>,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        self.uses.clear();
        self.databases.clear();
        let mut prototype = None;
        match record.kind {
            Kind::Call => prototype = self.call(record),
            Kind::Start => self.start(record),
            Kind::Exit => {
                self.end_pending(record.task, sink)?;
                self.tell_facts(Some(event_id(record)), sink)?;
                self.exit(record);
            }
            Kind::Detach => {
                self.end_pending(record.task, sink)?;
                self.tell_facts(Some(event_id(record)), sink)?;
                self.leave(record.task);
            }
            Kind::Exec => self.exec_stop(record),
            Kind::Signal => {
                self.settle_exec(record.task);
                self.signalled(record);
            }
            Kind::Stop | Kind::Continue => self.settle_exec(record.task),
        }
        if !record.is_begun() {
            self.link_next(record);
            if record.kind != Kind::Exec {
                self.found_memory(record);
            }
        }
        self.tell(record, prototype, sink)
    }

    /// A call has ended, or begun.
    fn call(&mut self, record: &Record<'_>) -> Option<&'static Prototype> {
        let plan = record.call.and_then(|call| self.plans.get(call));
        let Some(plan) = plan else {
            self.settle_exec(record.task);
            self.keep_pending(record);
            return None;
        };
        if plan.prototype.effect.verb != Verb::Execs {
            self.settle_exec(record.task);
        }
        self.name_arguments(record, &plan);
        self.transfer(record, &plan);
        self.pass_descriptors(record, &plan);
        self.follow_threads(record, plan.prototype);
        if plan.prototype.effect.verb == Verb::Signals {
            self.send_signal(record, &plan);
        }
        if !record.is_begun() {
            self.apply(record, &plan);
            self.apply_facts(record.task, record.ordinal);
            if !record.failed {
                self.touch_files(record, &plan);
                self.watch_databases(record, &plan);
            }
        }
        self.meet(record, &plan);
        self.keep_pending(record);
        Some(plan.prototype)
    }

    /// Remembers a call that has begun, forgets one that has ended.
    fn keep_pending(&mut self, record: &Record<'_>) {
        let Some(task) = self.state.tasks.get_mut(&record.task) else { return };
        if record.is_begun() {
            let mut copy = Box::new(Batch::new());
            copy.push(record);
            task.pending = Some(copy);
        } else if task.pending.is_some() {
            task.pending = None;
        }
    }

    /// A task's pending call will never end: it is an event as it stands.
    pub(super) fn end_pending<S: Sink + ?Sized>(
        &mut self,
        task: TaskId,
        sink: &mut S,
    ) -> Result<(), S::Error> {
        let pending = self.state.tasks.get_mut(&task).and_then(|task| task.pending.take());
        let Some(pending) = pending else { return Ok(()) };
        let Some(record) = pending.get(0) else { return Ok(()) };
        self.uses.clear();
        let plan = record.call.and_then(|call| self.plans.get(call));
        if let Some(plan) = &plan {
            self.name_arguments(&record, plan);
        }
        let event = event_id(&record);
        self.transfer_cut(event);
        self.signals.cut(event);
        self.parcels.cut(event);
        self.link_next(&record);
        self.tell_before(sink)?;
        let prototype = plan.map(|plan| plan.prototype);
        let event = Event { record, prototype, uses: &self.uses, statements: &[] };
        sink.item(&self.state, Item::Event(event))?;
        for item in self.after.drain(..) {
            sink.item(&self.state, item)?;
        }
        self.uses.clear();
        Ok(())
    }

    /// The edge from a task's event before.
    fn link_next(&mut self, record: &Record<'_>) {
        let effect = event_id(record);
        // An exec stop lies inside its execve, which ends later: it has no place
        // in the chain of events that follow each other. Without that call it has.
        let is_inside = record.kind == Kind::Exec && self.state.execution(effect).is_none();
        if record.kind == Kind::Start {
            return;
        }
        let Some(task) = self.state.tasks.get_mut(&record.task) else { return };
        if is_inside {
            task.stop = Some(record.ordinal);
            return;
        }
        if record.ordinal <= task.last {
            return;
        }
        let cause = EventId { task: record.task, ordinal: task.last };
        let is_stop = task.stop == Some(record.ordinal.saturating_sub(1));
        let is_only_stop = is_stop && task.last + 2 == record.ordinal;
        let is_gap = self.gaps.between(record.task, task.last, record.ordinal) && !is_only_stop;
        task.last = record.ordinal;
        task.seen = record.end.unwrap_or(record.start);
        let edge = Edge { kind: EdgeKind::Next, cause, from: Side::End, effect, to: Side::Start };
        self.after.push(Item::Edge(edge));
        // What a filter left out leaves gaps everywhere.
        if is_gap && self.state.omitted.is_nothing() {
            self.went_unseen(record.task);
        }
    }

    /// Notes which calls made the tasks that start in a slice of time, if it has them: a
    /// filter may have left them out, or they came before the log.
    pub(super) fn look_for_makers(&mut self, batch: &Batch) {
        self.makers.clear();
        let starts = batch.iter().filter(|record| record.kind == Kind::Start);
        let causes: FxHashSet<_> = starts.filter_map(|start| life::maker_call(&start)).collect();
        if !causes.is_empty() {
            let all = batch.iter().filter(|record| record.kind == Kind::Call);
            self.makers
                .extend(all.map(|call| event_id(&call)).filter(|call| causes.contains(call)));
        }
    }
}
