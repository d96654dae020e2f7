//! A log's batchflow as tests like it: its events by name, and the edges between them.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::Path;

use rtrace::event::{Batch, Piece, Role};
use rtrace::flow::{Edge, EdgeKind, EventId, Flow, Item, Side, Sink, State};

/// What a log's flow has given out.
#[derive(Debug, Default)]
pub struct Graph {
    /// The events, each once.
    pub events: BTreeMap<EventId, Node>,
    /// The edges, as they came.
    pub edges: Vec<Edge>,
    faults: Vec<String>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Node {
    /// A call's name, or the word for its kind.
    pub name: String,
    /// When it began.
    pub start: u64,
    /// When it was over; of a call that never returned, nothing.
    pub end: Option<u64>,
    /// The words of its record.
    pub words: [u64; 6],
    /// What a call returned.
    pub result: i64,
    /// The captured memory, one piece behind the other.
    pub memory: Vec<u8>,
    /// Of that, the bytes that were read or written.
    pub data: Vec<u8>,
}

impl Sink for Graph {
    type Error = Infallible;

    fn item(&mut self, _: &State, item: Item<'_>) -> Result<(), Infallible> {
        match item {
            Item::Event(event) => {
                let record = event.record;
                let name = event.prototype.map_or(record.kind.name(), |prototype| prototype.name);
                let pieces = |roles: &[Role]| {
                    let is_meant = |piece: &&Piece| roles.is_empty() || roles.contains(&piece.role);
                    let pieces = record.pieces.iter().filter(is_meant);
                    pieces.flat_map(|piece| record.bytes(piece)).copied().collect()
                };
                let node = Node {
                    name: name.to_owned(),
                    start: record.start,
                    end: record.end,
                    words: record.words,
                    result: record.result,
                    memory: pieces(&[]),
                    data: pieces(&[Role::Data, Role::IovData]),
                };
                if self.events.insert(event.id(), node).is_some() {
                    self.faults.push(format!("{} comes twice", shown(event.id())));
                }
            }
            Item::Edge(edge) => self.edges.push(edge),
            _ => {}
        }
        Ok(())
    }
}

fn shown(id: EventId) -> String {
    format!("{}/{}", id.task, id.ordinal)
}

impl Graph {
    /// Reads a whole log, and holds it to what every graph must be.
    #[track_caller]
    pub fn of(log: &Path) -> Self {
        let graph = Self::read(log);
        graph.is_sound();
        graph
    }

    fn read(log: &Path) -> Self {
        let mut reader = rtrace::log::Reader::open(log).expect("the log can be read");
        let (mut flow, mut batch) = (Flow::new(), Batch::new());
        flow.set_cwd(&reader.header().cwd);
        let mut graph = Self::default();
        while reader.next_batch(&mut batch).expect("the log is whole").is_some() {
            let Ok(()) = flow.batch(&batch, &mut graph);
        }
        let Ok(()) = flow.finish(&mut graph);
        graph
    }

    /// The edges of a kind, with their events.
    pub fn links(&self, is_meant: impl Fn(EdgeKind) -> bool) -> Vec<(&Node, &Node)> {
        let edges = self.edges.iter().filter(|edge| is_meant(edge.kind));
        edges.map(|edge| (&self.events[&edge.cause], &self.events[&edge.effect])).collect()
    }

    /// The events of that name, in the order of their tasks.
    pub fn named(&self, name: &str) -> impl Iterator<Item = (EventId, &Node)> {
        self.events.iter().filter(move |(_, node)| node.name == name).map(|(id, node)| (*id, node))
    }

    /// No edge to nowhere, none from what is later, and no cycle.
    #[track_caller]
    pub fn is_sound(&self) {
        let mut faults = self.faults.clone();
        for edge in &self.edges {
            let ends = (self.events.get(&edge.cause), self.events.get(&edge.effect));
            let (Some(cause), Some(effect)) = ends else {
                faults.push(format!("an edge to nowhere: {edge:?}"));
                continue;
            };
            let cause = if edge.from == Side::Start { Some(cause.start) } else { cause.end };
            if cause.zip(effect.end).is_some_and(|(cause, effect)| cause > effect) {
                faults.push(format!("a cause that is later than its effect: {edge:?}"));
            }
        }
        faults.extend(self.cycle());
        assert!(faults.is_empty(), "not sound:\n{}", faults[..faults.len().min(30)].join("\n"));
    }

    /// Sorts starts and ends of events such that every edge leads forward; says what
    /// cannot be sorted.
    fn cycle(&self) -> Option<String> {
        let mut after: HashMap<(EventId, Side), Vec<(EventId, Side)>> = HashMap::new();
        let mut causes: HashMap<(EventId, Side), usize> = HashMap::new();
        let own = self.events.keys().map(|id| ((*id, Side::Start), (*id, Side::End)));
        let edges = self.edges.iter().map(|edge| ((edge.cause, edge.from), (edge.effect, edge.to)));
        for (from, to) in own.chain(edges) {
            after.entry(from).or_default().push(to);
            causes.entry(from).or_default();
            *causes.entry(to).or_default() += 1;
        }
        let mut free: Vec<_> =
            causes.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node).collect();
        while let Some(node) = free.pop() {
            causes.remove(&node);
            for next in after.remove(&node).unwrap_or_default() {
                let count = causes.get_mut(&next)?;
                *count -= 1;
                if *count == 0 {
                    free.push(next);
                }
            }
        }
        let stuck: Vec<_> =
            causes.keys().map(|(id, side)| format!("{} {side:?}", shown(*id))).collect();
        (!stuck.is_empty()).then(|| format!("in a cycle, or behind one: {}", stuck.join(", ")))
    }
}
