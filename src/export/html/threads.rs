//! The threads that live, and what waits to be packed of each process.

use std::collections::BTreeMap;
use std::io;
use std::mem;

use super::fold::{Folder, Key, SHORT, Told};
use super::lead::Lead;
use super::node::Node;
use super::store::{Pack, Store};
use crate::event::TaskId;
use crate::export::json::{Listener, Names, is_shown};
use crate::flow::graph::Graph;
use crate::flow::{Edge, EdgeKind, Event, EventId, Item};

/// Bytes of events, unpacked, that make a pack: some 64 KB of them packed.
const ENOUGH: usize = 1 << 20;
/// What waits of all processes is not more than that.
const MOST: usize = 64 << 20;

/// All of a run.
pub(super) struct Threads {
    living: BTreeMap<TaskId, Thread>,
    waiting: Waiting,
    /// Of processes that have ended.
    ended: Pack,
    store: Store,
    /// How many runs are over.
    run: u32,
    events: u64,
    failure: Option<io::Error>,
}

/// What waits of living processes.
#[derive(Default)]
struct Waiting {
    packs: BTreeMap<TaskId, Pack>,
    /// Bytes of them all.
    bytes: usize,
}

impl Waiting {
    /// Adds something to what waits of a process; the bytes that it has then.
    fn add(&mut self, process: TaskId, what: impl FnOnce(&mut Pack)) -> usize {
        let pack = self.packs.entry(process).or_default();
        let before = pack.size;
        what(pack);
        self.bytes += pack.size - before;
        pack.size
    }

    fn take(&mut self, process: TaskId) -> Option<Pack> {
        let pack = self.packs.remove(&process)?;
        self.bytes -= pack.size;
        Some(pack)
    }

    fn largest(&self) -> Option<TaskId> {
        let sizes = self.packs.iter().map(|(process, pack)| (pack.size, *process));
        sizes.max().map(|(_, process)| process)
    }
}

/// A living thread.
struct Thread {
    process: TaskId,
    folder: Folder,
}

impl Listener for Threads {
    fn item(&mut self, item: &Item<'_>, graph: &Graph, names: &Names<'_>) {
        if self.failure.is_some() {
            return;
        }
        let done = match item {
            Item::Event(event) if is_shown(names.state, event) => self.event(event, graph, names),
            Item::Edge(edge) if edge.kind != EdgeKind::Next => {
                self.edge(edge, graph, names);
                Ok(())
            }
            Item::Ended(task) => self.ended(*task, graph),
            _ => Ok(()),
        };
        self.failure = done.err();
    }
}

impl Threads {
    pub(super) fn new(store: Store) -> Self {
        Self {
            living: BTreeMap::new(),
            waiting: Waiting::default(),
            ended: Pack::default(),
            store,
            run: 0,
            events: 0,
            failure: None,
        }
    }

    /// What went wrong since the last time.
    pub(super) fn failure(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// The run is over.
    pub(super) fn end_run(&mut self) -> io::Result<()> {
        self.failure()?;
        let living: Vec<_> = self.living.keys().copied().collect();
        for task in living {
            self.finish_thread(task);
        }
        for (process, pack) in mem::take(&mut self.waiting).packs {
            self.pack_ended(process, pack)?;
        }
        self.store.add(&mem::take(&mut self.ended), None)?;
        self.run += 1;
        Ok(())
    }

    /// All that was packed, and how many events there were.
    pub(super) fn finish(self) -> (Store, u64) {
        (self.store, self.events)
    }

    fn event(&mut self, event: &Event<'_>, graph: &Graph, names: &Names<'_>) -> io::Result<()> {
        self.events += 1;
        let id = event.id();
        let process = graph.task(id.task).map_or(id.task, |task| task.process);
        let new = || Thread { process, folder: Folder::new(SHORT) };
        let thread = self.living.entry(id.task).or_insert_with(new);
        let activity = graph.activity_of(id).and_then(|index| graph.activity(index));
        let key = Key::of(event, activity.map(|activity| activity.id.since));
        if let Some(known) = thread.folder.expected(key) {
            known.node.add_event(event, graph.revision);
            return Ok(());
        }
        let told = Told::new(key, Node::of(event, graph, names), Vec::new());
        let size = self.waiting.add(process, |pack| {
            thread.folder.push(told, &mut |told| pack.add(told));
        });
        if size > ENOUGH {
            self.pack(process)?;
        }
        while self.waiting.bytes > MOST {
            let Some(largest) = self.waiting.largest() else { break };
            self.pack(largest)?;
        }
        Ok(())
    }

    fn edge(&mut self, edge: &Edge, graph: &Graph, names: &Names<'_>) {
        let mut lead = Lead::of(edge, graph.revision, names);
        if let Some(source) = self.find(edge.cause) {
            lead.source.clone_from(&source.node.id);
        }
        if let Some(target) = self.find(edge.effect) {
            lead.target.clone_from(&target.node.id);
            Lead::gather(&mut target.leads, lead);
            return;
        }
        // It was told of already.
        let task = graph.task(edge.effect.task);
        let process = task.map_or(edge.effect.task, |task| task.process);
        self.waiting.add(process, |pack| pack.late(&names.ids.thread(edge.effect.task), lead));
    }

    fn find(&mut self, event: EventId) -> Option<&mut Told> {
        self.living.get_mut(&event.task)?.folder.find(event.ordinal)
    }

    fn ended(&mut self, task: TaskId, graph: &Graph) -> io::Result<()> {
        let Some(process) = self.finish_thread(task) else { return Ok(()) };
        let is_over = graph.process(process).is_none_or(|process| process.ended.is_some());
        let pack = if is_over { self.waiting.take(process) } else { None };
        pack.map_or(Ok(()), |pack| self.pack_ended(process, pack))
    }

    /// Tells of the last events of a thread; its process.
    fn finish_thread(&mut self, task: TaskId) -> Option<TaskId> {
        let mut thread = self.living.remove(&task)?;
        self.waiting.add(thread.process, |pack| {
            thread.folder.finish(&mut |told| pack.add(told));
        });
        Some(thread.process)
    }

    /// Small processes share a pack.
    fn pack_ended(&mut self, process: TaskId, pack: Pack) -> io::Result<()> {
        if pack.size > ENOUGH / 4 {
            return self.store.add(&pack, Some((self.run, process)));
        }
        self.ended.join(pack);
        if self.ended.size > ENOUGH {
            let ended = mem::take(&mut self.ended);
            return self.store.add(&ended, None);
        }
        Ok(())
    }

    fn pack(&mut self, process: TaskId) -> io::Result<()> {
        let pack = self.waiting.take(process);
        pack.map_or(Ok(()), |pack| self.store.add(&pack, Some((self.run, process))))
    }
}
