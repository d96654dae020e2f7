//! What edges are to the graph: what went from one activity to another, and who waited
//! for whom.

use super::builder::Builder;
use super::held_up::{HeldUp, Sleeps, Why};
use super::parts::Version;
use super::passage::{Carrier, Key, Passage, Passed};
use super::usage::Span;
use crate::event::TaskId;
use crate::flow::item::{Edge, EdgeKind, Through, Transfer};
use crate::flow::socket::keeps_messages_apart;
use crate::flow::state::State;
use crate::flow::version;

impl Builder {
    pub(super) fn version(&mut self, version: &version::Version) {
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

    pub(super) fn edge(&mut self, state: &State, edge: &Edge) {
        match edge.kind {
            EdgeKind::Wait => self.waited(edge),
            EdgeKind::Data(transfer) => self.transferred(state, edge, &transfer),
            EdgeKind::Content(through) => self.through(edge, Carrier::Content, &through),
            EdgeKind::Overwrite(through) => self.through(edge, Carrier::Overwrite, &through),
            EdgeKind::Signal(got) => self.ties.signalled(&mut self.graph, edge, got),
            EdgeKind::Next | EdgeKind::Fork => {}
        }
    }

    pub(super) fn sleeps_of(&self, task: TaskId) -> Option<&Sleeps> {
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
            places: Some((transfer.from, transfer.to)),
            certain: transfer.certain,
            counted: transfer.counted,
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
        let (certain, counted) = (through.certain, true);
        self.pass(key, Passed { places: None, certain, counted, given: None, taken });
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

    pub(super) fn held_up(&mut self, held: Option<HeldUp>) {
        // A process that ends closes the same pipe by several descriptors.
        let held = held.filter(|held| self.graph.held_up.last() != Some(held));
        self.graph.held_up.extend(held);
    }
}
