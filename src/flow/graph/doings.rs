//! What events are to the graph: what was done, by whom, to what.

use super::builder::{Builder, UsageKey};
use super::failure::Failure;
use super::parts::ActivityIndex;
use super::unseen;
use super::usage::{Deed, Span, Usage, deed};
use crate::abi::Verb;
use crate::event::{Kind, TaskId};
use crate::flow::item::{Event, EventId};
use crate::flow::omitted::Omitted;
use crate::flow::resource::{Class, ResourceId};
use crate::flow::state::State;

/// Standard error.
const STDERR: u64 = 2;

impl Builder {
    pub(super) fn event(&mut self, state: &State, event: &Event<'_>) {
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
        let unseen = if known.is_partial { Omitted::ANYTHING } else { state.omitted() };
        let Some(activity) = known.activities.last().copied() else { return };
        if !self.leaves_out {
            self.called(activity, record);
            self.wrote_to(state, event, activity);
        }
        for (index, one) in event.uses.iter().enumerate() {
            let key = (activity, one.resource, one.version);
            let is_again = event.uses[..index].iter().any(|before| before == one);
            if !is_again {
                let deed = deed(event, one);
                let leaves_out = self.leaves_out;
                let usage = self.usage(key, event.id());
                if leaves_out {
                    usage.left_out(deed);
                } else {
                    usage.did(deed, event);
                }
                if deed == Deed::Open || !unseen.is_nothing() {
                    unseen::note(state, event, one, unseen, usage);
                }
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
    pub(super) fn closed(&mut self, state: &State, what: ResourceId, by: TaskId, at: u64) {
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
}
