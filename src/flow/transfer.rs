//! Bytes that go from one process to another through pipes and connections.
//!
//! Calls are collected for a slice of time and matched at its end: only then is
//! it known which calls overlapped, those that have begun and not ended included.

use rustc_hash::FxHashMap;

use super::Flow;
use super::item::{Edge, EdgeKind, EventId, Item, Place, Side, Transfer};
use super::plan::Plan;
use super::resource::{Class, ResourceId};
use super::socket::{
    AF_INET, AF_INET6, AF_UNIX, Endpoint, SOCK_DGRAM, Socket, keeps_messages_apart,
};
use super::state::State;
use super::stream::{Moved, Stream, Way};
use crate::abi::{Ty, Verb};
use crate::event::Record;

/// `MSG_PEEK`, recv(2).
const MSG_PEEK: u64 = 2;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Channel {
    /// Through a pipe.
    Pipe(ResourceId),
    /// Out of a socket, to whichever is its peer.
    From(ResourceId),
    /// Into a socket whose peer is not known, or not yet.
    To(ResourceId),
}

impl Channel {
    const fn resource(self) -> ResourceId {
        match self {
            Self::Pipe(id) | Self::From(id) | Self::To(id) => id,
        }
    }
}

/// All streams of a run.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    streams: FxHashMap<Channel, Stream>,
    /// Those that the slice of time at hand has touched.
    touched: Vec<Channel>,
    /// Sockets by their own address and their peer's.
    connected: FxHashMap<(Endpoint, Endpoint), ResourceId>,
    /// Connections whose other end has just been found.
    met: Vec<(ResourceId, ResourceId)>,
}

impl Transfers {
    fn stream(&mut self, channel: Channel) -> &mut Stream {
        self.touched.push(channel);
        self.streams.entry(channel).or_default()
    }

    /// The addresses of a socket are known.
    pub(super) fn connect(&mut self, id: ResourceId, socket: &Socket) {
        if !matches!(socket.family, Some(AF_INET | AF_INET6)) {
            return; // the ends of a Unix connection are not told by its addresses
        }
        let (Some(local), Some(remote)) = (&socket.local, &socket.remote) else { return };
        let peer = self.connected.get(&(remote.clone(), local.clone())).copied();
        self.connected.insert((local.clone(), remote.clone()), id);
        if let Some(peer) = peer.filter(|peer| *peer != id) {
            self.met.push((id, peer));
        }
    }
}

impl Flow {
    /// A call has begun or ended that may move bytes.
    pub(super) fn transfer(&mut self, record: &Record<'_>, plan: &Plan) {
        let verb = plan.prototype.effect.verb;
        let ways: &[Way] = match verb {
            Verb::Reads | Verb::Receives => &[Way::Out],
            Verb::Writes | Verb::Sends => &[Way::In],
            Verb::Copies => &[Way::Out, Way::In],
            _ => return,
        };
        for (operand, &way) in plan.prototype.effect.operands.iter().zip(ways) {
            let place = Place::Argument(operand.arg);
            let used = self.uses.iter().find(|one| one.place == place);
            let Some(channel) = used.and_then(|one| channel(&self.state, one.resource, way)) else {
                continue;
            };
            self.move_through(record, plan, channel, way);
        }
    }

    fn move_through(&mut self, record: &Record<'_>, plan: &Plan, channel: Channel, way: Way) {
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let count = count(record, plan, self.state.socket(channel.resource()));
        let stream = self.transfers.stream(channel);
        match (record.end, count) {
            (None, _) => stream.began(way, event, record.start),
            (Some(_), _) if record.failed => {
                stream.ended(way, event);
            }
            (Some(_), None) => stream.lost_count(way),
            (Some(end), Some(count)) => {
                let stays = way == Way::Out && stays(record, plan);
                stream.moved(way, Moved { event, start: record.start, end, count, stays });
            }
        }
    }

    /// A call that had begun will never end: it may have moved bytes, or not.
    pub(super) fn transfer_cut(&mut self, event: EventId) {
        for channel in self.uses.iter().flat_map(|one| {
            [Channel::Pipe(one.resource), Channel::From(one.resource), Channel::To(one.resource)]
        }) {
            if let Some(stream) = self.transfers.streams.get_mut(&channel) {
                for way in [Way::In, Way::Out] {
                    if stream.ended(way, event) {
                        stream.lost_count(way);
                    }
                }
            }
        }
    }

    /// A slice of time is over.
    pub(super) fn settle_transfers(&mut self) {
        self.introduce();
        let mut touched = std::mem::take(&mut self.transfers.touched);
        touched.sort_unstable_by_key(|channel| channel.resource());
        touched.dedup();
        for channel in touched.drain(..) {
            let through = channel.resource();
            let doubt = has_doubt(&self.state, channel);
            let before = &mut self.before;
            let Some(stream) = self.transfers.streams.get_mut(&channel) else { continue };
            stream.settle(|passed| {
                let transfer = Transfer {
                    through,
                    from: passed.bytes.start,
                    to: passed.bytes.end,
                    certain: passed.certain && !doubt,
                    given: passed.given,
                    taken: passed.taken,
                };
                before.push(Item::Edge(Edge {
                    kind: EdgeKind::Data(transfer),
                    cause: passed.write,
                    from: Side::Start,
                    effect: passed.read,
                    to: Side::End,
                }));
            });
        }
        self.transfers.touched = touched; // its room is used again
    }

    /// Two sockets have proved to be each other's peers.
    fn introduce(&mut self) {
        for (one, other) in std::mem::take(&mut self.transfers.met) {
            for (socket, peer) in [(one, other), (other, one)] {
                if let Some(socket) = self.state.resources.socket_mut(socket) {
                    socket.peer = Some(peer);
                }
                if let Some(reads) = self.transfers.streams.remove(&Channel::To(socket)) {
                    self.transfers.stream(Channel::From(peer)).read_by(reads);
                }
            }
        }
    }
}

/// Where the bytes go that a call moves there.
fn channel(state: &State, id: ResourceId, way: Way) -> Option<Channel> {
    match state.resource(id)?.class {
        Class::Pipe => Some(Channel::Pipe(id)),
        Class::Socket => Some(match (way, state.socket(id)?.peer) {
            (Way::In, _) => Channel::From(id),
            (Way::Out, Some(peer)) => Channel::From(peer),
            (Way::Out, None) => Channel::To(id),
        }),
        _ => None,
    }
}

/// Whether bytes may have gone in or out, or been lost, without a record of it: a
/// pipe that was there before the run has other users, and UDP may drop.
fn has_doubt(state: &State, channel: Channel) -> bool {
    match channel {
        Channel::Pipe(id) => !state.resources.is_own(id),
        Channel::From(id) | Channel::To(id) => state
            .socket(id)
            .is_none_or(|socket| socket.kind == Some(SOCK_DGRAM) && socket.family != Some(AF_UNIX)),
    }
}

/// Bytes that a call moved, or messages where those are kept apart; `None` where
/// the record does not tell.
fn count(record: &Record<'_>, plan: &Plan, socket: Option<&Socket>) -> Option<u64> {
    let moved = u64::try_from(record.result).unwrap_or_default();
    let is_many = matches!(plan.prototype.name, "sendmmsg" | "recvmmsg" | "recvmmsg_time64");
    let is_apart = socket.is_some_and(keeps_messages_apart);
    match (is_apart, is_many) {
        (true, true) => Some(moved),
        (true, false) => Some(1),
        (false, true) => None,
        (false, false) => Some(moved),
    }
}

/// Whether the bytes stay where they are.
fn stays(record: &Record<'_>, plan: &Plan) -> bool {
    if plan.prototype.name == "tee" {
        return true;
    }
    let mut params = plan.prototype.params.iter().zip(record.words);
    let is_flags = |ty: &Ty| matches!(ty, Ty::Flags(set) if set.name == "msg_flags");
    params.any(|(param, word)| is_flags(&param.ty) && word & MSG_PEEK != 0)
}
