//! What processes did, as a few words: calls that moved bytes, changed names, or waited,
//! with equal ones in a row as one.

use rustc_hash::FxHashMap;

use crate::abi::Verb;
use crate::event::{Kind, TaskId};
use crate::export::picture::{amount_text, readable};
use crate::export::scope::Fate;
use crate::export::{Scope, picture::shortened};
use crate::flow::graph::{Amount, Graph, Resource};
use crate::flow::{Class, Event, ResourceId, State};

/// How many are kept of a process. What comes later is only counted.
const MOST: usize = 160;
/// How far back an equal one is looked for: programs read and write in turns.
const BACK: usize = 4;

/// Equal calls in a row.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    name: &'static str,
    about: Option<ResourceId>,
    count: u64,
    bytes: Option<Amount>,
    /// When the first began and the last ended.
    pub(super) span: (u64, u64),
}

/// Those of each process.
#[derive(Debug, Default)]
pub(super) struct Doings {
    /// Which of them are told.
    pub(super) scope: Scope,
    of: FxHashMap<TaskId, Vec<Doing>>,
}

impl Doings {
    pub(super) fn new(scope: &Scope) -> Self {
        Self { scope: scope.clone(), of: FxHashMap::default() }
    }

    pub(super) fn add(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        let Some(prototype) = event.prototype.filter(|_| record.kind == Kind::Call) else { return };
        if record.failed || !is_telling(prototype.effect.verb) || !self.scope.tells(record) {
            return;
        }
        let Some(process) = state.process_of(record.task) else { return };
        let moved = event.moved().next();
        let about = moved.and_then(|moved| moved.resource);
        let about = about.or(event.uses.first().map(|one| one.resource));
        if about.is_some_and(|id| !self.is_told(state, id)) {
            return;
        }
        let bytes = moved.map(|moved| moved.amount);
        if bytes == Some(Amount::default()) {
            return; // it has only seen that there is no more
        }
        let end = record.end.unwrap_or(record.start);
        let own = self.of.entry(process.id).or_default();
        let is_equal = |one: &&mut Doing| one.name == prototype.name && one.about == about;
        if let Some(before) = own.iter_mut().rev().take(BACK).find(is_equal) {
            before.count += 1;
            before.span.1 = before.span.1.max(end);
            before.bytes = match (before.bytes, bytes) {
                (Some(one), Some(other)) => Some(one.plus(other)),
                (one, other) => one.or(other),
            };
        } else if own.len() < MOST {
            let span = (record.start, end);
            own.push(Doing { name: prototype.name, about, count: 1, bytes, span });
        }
    }

    fn is_told(&self, state: &State, id: ResourceId) -> bool {
        let Some(resource) = state.resource(id) else { return true };
        self.scope.fate(state.name_of(id), resource.class) == Fate::Told
    }

    /// Those of a process, in the order of time.
    pub(super) fn of(&self, process: TaskId) -> &[Doing] {
        self.of.get(&process).map_or(&[], Vec::as_slice)
    }
}

/// Whether calls that do that tell what a program is about.
const fn is_telling(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Reads
            | Verb::Writes
            | Verb::Sends
            | Verb::Receives
            | Verb::Copies
            | Verb::Connects
            | Verb::Accepts
            | Verb::Renames
            | Verb::Unlinks
            | Verb::Creates
            | Verb::Links
            | Verb::Signals
    )
}

impl Doing {
    /// `read names.txt ×41, 1.2 MB`.
    pub(super) fn text(&self, graph: &Graph) -> String {
        const NAME: usize = 24;
        let mut text = self.name.to_owned();
        let resource = self.about.and_then(|id| graph.resource(id));
        let has_name = |one: &&Resource| one.has_path() && one.class != Class::Terminal;
        if let Some(path) = resource.filter(has_name) {
            let last = path.name.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty());
            text.push(' ');
            text.push_str(&shortened(&readable(last.unwrap_or(b"/")), NAME));
        } else if let Some(resource) = resource {
            text.push(' ');
            let socket = resource.socket.as_ref();
            text.push_str(socket.map_or(resource.class.name(), |socket| socket.protocol_name()));
        }
        if self.count > 1 {
            text.extend([" ×", &self.count.to_string()]);
        }
        if let Some(amount) = self.bytes.and_then(amount_text) {
            text.push_str(", ");
            text.push_str(&amount);
        }
        text
    }

    /// The greater, the sooner it gets room.
    pub(super) fn weight(&self) -> (u64, u64) {
        (self.bytes.map_or(0, |amount| amount.bytes), self.count)
    }
}
