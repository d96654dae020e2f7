//! How the flow's items become the graph.

use std::convert::Infallible;

use rustc_hash::FxHashMap;

use super::Graph;
use super::called;
use super::failure::Recent;
use super::held_up::{Closings, Sleeps};
use super::holders::Holders;
use super::letter;
use super::parts::{ActivityIndex, Resource};
use super::passage::Key;
use super::revision::Revisions;
use super::session::Sessions;
use super::tie::Ties;
use super::usage::Span;
use crate::event::{FactKey, TaskId};
use crate::flow::item::{Event, EventId, Item, Look, Sink};
use crate::flow::resource::ResourceId;
use crate::flow::state::State;
use crate::flow::version;

pub(super) type UsageKey = (ActivityIndex, ResourceId, Option<version::VersionId>);

/// Folds the items of a flow into a [`Graph`].
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) graph: Graph,
    pub(super) usages: FxHashMap<UsageKey, u32>,
    pub(super) called: called::Places,
    pub(super) letters: letter::Places,
    pub(super) passages: FxHashMap<Key, u32>,
    /// By the place of a task in the graph.
    pub(super) sleeps: Vec<Sleeps>,
    pub(super) closings: Closings,
    pub(super) recent: FxHashMap<TaskId, Recent>,
    /// Type, permissions and size of files, as last seen.
    pub(super) seen: FxHashMap<ResourceId, (Option<u32>, Option<u64>)>,
    /// The event at hand, with its times.
    pub(super) now: Option<(EventId, Span)>,
    pub(super) ties: Ties,
    pub(super) sessions: Sessions,
    pub(super) holders: Holders,
    pub(super) revisions: Revisions,
    /// Versions from here on are the doing of the event that comes next.
    pub(super) timed: usize,
    /// Whether the deeds of the event at hand are left out.
    pub(super) leaves_out: bool,
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
        (self.graph.omitted, self.graph.is_cut) = (state.omitted(), state.is_cut());
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
        (self.graph.omitted, self.graph.is_cut) = (state.omitted(), state.is_cut());
        // Done with; as large as a good part of what is to come.
        self.usages = FxHashMap::default();
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
                    socket: state.socket(id).cloned().map(Box::new),
                    database: state.database(id).cloned().map(Box::new),
                    life: state.name_life(id),
                    is_own: state.resources.is_own(id),
                    is_open: self.revisions.is_open(id),
                    mode,
                    size,
                    revision: self.revisions.of(id),
                })
            })
            .collect();
        let unseen = self.holders.passages(&self.graph);
        self.graph.passages.extend(unseen);
        self.graph
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
            Item::ActsAs(process) => self.acts_as(state, process),
            Item::Partial(process) => self.partial(state, process),
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
