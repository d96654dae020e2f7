//! How the items of a log become its index, in one pass.

use std::convert::Infallible;

use rustc_hash::{FxHashMap, FxHashSet};

use super::index::{Followed, Index};
use super::keys::Keys;
use super::names::Book;
use super::traffic::{Role, Traffic};
use crate::abi::Verb;
use crate::event::{Batch, FactKey, FactKind, Kind, Origin, Record, TaskId};
use crate::flow::graph::{Amount, Deed, deed};
use crate::flow::{Event, Item, Look, ResourceId, Sink, State, Use};
use crate::log::Header;

/// What is in a file at a moment, as far as it tells it from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) hash: Vec<u8>,
    pub(super) size: i64,
    /// When it was last changed: seconds since 1970, which is all that SFTP knows.
    pub(super) modified: i64,
}

/// Takes the items of a log that is to be merged with others.
#[derive(Debug, Default)]
pub struct Indexing {
    pub(super) traffic: FxHashMap<ResourceId, Traffic>,
    pub(super) listens: FxHashMap<ResourceId, u64>,
    pub(super) born: FxHashMap<ResourceId, i64>,
    pub(super) stamps: FxHashMap<ResourceId, Stamp>,
    pub(super) sessions: FxHashSet<(ResourceId, ResourceId)>,
    pub(super) book: Book,
    /// What somebody did more to than to look at it, or for it.
    pub(super) used: FxHashSet<ResourceId>,
    followed: FxHashMap<TaskId, Followed>,
    pub(super) network: Option<Vec<u8>>,
    records: u64,
    end: u64,
}

impl Indexing {
    /// Nothing has been read.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a batch says beside its records; the flow is given the batch after it.
    pub fn look_ahead(&mut self, batch: &Batch) {
        self.records += batch.len() as u64;
        let processes = batch.facts().iter().filter(|fact| fact.kind == FactKind::Process);
        for fact in processes {
            let spaces = fact.list(FactKey::Namespaces).unwrap_or_default();
            let network = spaces.iter().find(|space| space.starts_with(b"net:"));
            self.network = self.network.take().or_else(|| network.cloned());
        }
    }

    /// The index; `state` is that of the flow, which is finished.
    pub fn finish(mut self, header: &Header, state: &State) -> Index {
        let mut followed: Vec<_> = std::mem::take(&mut self.followed).into_iter().collect();
        followed.sort_unstable_by_key(|(task, _)| *task);
        let (network, records, end) = (self.network.clone(), self.records, self.end);
        let mut keys = Keys::new(header, state, self);
        keys.machine();
        keys.resources();
        let followed = followed.into_iter().filter_map(|(task, one)| keys.process(task, one));
        let followed = followed.collect();
        let (things, offers, ends, listens, sessions) = keys.finish();
        Index {
            source: 0,
            run: header.run,
            host: header.host.clone(),
            clock: header.clock,
            command: header.command.clone(),
            end,
            things,
            offers,
            records,
            network,
            ends,
            listens,
            followed,
            sessions,
        }
    }

    fn event(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        let end = record.end.unwrap_or(record.start);
        self.end = self.end.max(end);
        match (record.kind, event.prototype) {
            (Kind::Call, Some(prototype)) => {
                self.book.event(state, event);
                let used = event.uses.iter().filter(|one| is_used(event, one));
                self.used.extend(used.map(|one| one.resource));
                match prototype.effect.verb {
                    Verb::Connects => self.opened(event.argument(0), Role::Connects, record),
                    Verb::Accepts => self.opened(event.returned(), Role::Accepts, record),
                    Verb::Listens if !record.failed => {
                        if let Some(socket) = event.argument(0) {
                            self.listens.entry(socket).or_insert(record.start);
                        }
                    }
                    Verb::Reads | Verb::Receives | Verb::Writes | Verb::Sends | Verb::Copies => {
                        self.moved(state, event, end);
                    }
                    _ => {}
                }
            }
            (Kind::Detach, _) => self.let_go(state, record),
            (Kind::Exit, _) => drop(self.followed.remove(&record.task)),
            _ => {}
        }
    }

    fn opened(&mut self, socket: Option<ResourceId>, role: Role, record: &Record<'_>) {
        /// A connection that is made without waiting, errno(3).
        const EINPROGRESS: u16 = 115;
        let is_begun = record.error().is_some_and(|error| error.0 == EINPROGRESS);
        let Some(socket) = socket.filter(|_| !record.failed || is_begun) else { return };
        let traffic = self.traffic.entry(socket).or_default();
        traffic.role = Some(role);
        traffic.opened = Some((record.start, record.end.filter(|_| !record.failed)));
        traffic.touched(record.start, record.end.unwrap_or(record.start));
    }

    fn moved(&mut self, state: &State, event: &Event<'_>, end: u64) {
        let (start, task) = (event.record.start, event.record.task);
        for moved in event.moved() {
            let Some(socket) = moved.resource.filter(|id| state.socket(*id).is_some()) else {
                continue;
            };
            let traffic = self.traffic.entry(socket).or_default();
            traffic.touched(start, end);
            let way = if moved.is_read { &mut traffic.received } else { &mut traffic.sent };
            way.moved(moved.amount, start, end, task);
        }
    }

    fn task(&mut self, state: &State, id: TaskId) {
        let Some(task) = state.task(id).filter(|task| task.process == id) else { return };
        let Some(process) = state.process(id) else { return };
        let attached = (task.origin == Origin::Attached).then_some(task.started);
        let (pid, argvs) = (process.pid, Default::default());
        self.followed.insert(id, Followed { thing: 0, pid, argvs, attached, let_go: None });
    }

    /// rtrace let go of a task: what its process ran then.
    fn let_go(&mut self, state: &State, record: &Record<'_>) {
        let process = state.process_of(record.task).filter(|process| process.id == record.task);
        let argv = process.and_then(|process| process.execution.as_ref());
        let argv = argv.map(|execution| execution.argv.clone());
        if let Some(followed) = self.followed.get_mut(&record.task) {
            followed.let_go = Some(record.start);
            followed.argvs[1] = argv.unwrap_or_default();
        }
    }

    fn execution(&mut self, state: &State, id: crate::flow::EventId) {
        let Some(execution) = state.execution(id).filter(|_| id.ordinal == 0) else { return };
        if let Some(followed) = self.followed.get_mut(&id.task) {
            followed.argvs[0].clone_from(&execution.argv);
        }
    }

    fn look(&mut self, look: &Look<'_>) {
        let number = |key| look.fact.number(key);
        if let Some(born) = number(FactKey::Born) {
            self.born.insert(look.resource, born);
        }
        let is_whole = number(FactKey::Stale).is_none();
        let hash = look.fact.bytes(FactKey::Hash).filter(|_| is_whole);
        let known = (hash, number(FactKey::Size), number(FactKey::Modified));
        if let (Some(hash), Some(size), Some(modified)) = known {
            let stamp =
                Stamp { hash: hash.to_vec(), size, modified: modified.div_euclid(1_000_000_000) };
            self.stamps.insert(look.resource, stamp);
        }
    }
}

/// Whether a call does more to a thing than to look at it, or for it.
fn is_used(event: &Event<'_>, one: &Use) -> bool {
    !matches!(deed(event, one), Deed::Look | Deed::Fail)
}

impl Sink for Indexing {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        match item {
            Item::Event(event) => self.event(state, &event),
            Item::Task(id) => self.task(state, id),
            Item::Execution(id) => self.execution(state, id),
            Item::Look(look) => self.look(&look),
            Item::Database(used) => {
                self.sessions.insert((used.through, used.database));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Index {
    /// Bytes that a socket sent and received, as far as all of them are known.
    pub(super) fn bytes(traffic: &Traffic) -> Option<(u64, u64)> {
        let known = |amount: Amount| amount.known();
        Some((known(traffic.sent.amount)?, known(traffic.received.amount)?))
    }
}
