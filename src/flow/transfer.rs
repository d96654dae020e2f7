//! Bytes that go from one process to another through pipes and connections.
//!
//! Calls are collected for a slice of time and matched at its end: only then is
//! it known which calls overlapped, those that have begun and not ended included.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Flow;
use super::item::{Edge, EdgeKind, EventId, Item, Place, Side, Transfer};
use super::meeting::Meetings;
use super::plan::Plan;
use super::resource::{Class, ResourceId};
use super::socket::{AF_UNIX, Endpoint, SOCK_DGRAM, Socket, keeps_messages_apart};
use super::state::State;
use super::stream::{Glimpse, Moved, Stream, Way};
use crate::abi::{Ty, Verb};
use crate::event::{Piece, Record, Role};

/// The kernel's name of what eventfd(2) makes.
const EVENTFD: &[u8] = b"anon_inode:[eventfd]";
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
    /// Datagrams, into the socket that gets them.
    Into(ResourceId),
    /// Through an eventfd(2), which counts.
    Counter(ResourceId),
}

impl Channel {
    const fn resource(self) -> ResourceId {
        match self {
            Self::Pipe(id) | Self::From(id) | Self::To(id) | Self::Into(id) | Self::Counter(id) => {
                id
            }
        }
    }
}

/// What a record tells of a call that moves bytes.
#[derive(Clone, Copy, Debug)]
enum Step {
    Began(u64),
    Failed,
    /// It moved nobody knows how many.
    Lost,
    Moved(Moved),
}

/// A datagram that was sent, or is about to be.
#[derive(Debug)]
struct Letter {
    event: EventId,
    step: Step,
    from: ResourceId,
    to: Option<Endpoint>,
}

/// All streams of a run.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    pub(super) meetings: Meetings,
    streams: FxHashMap<Channel, Stream>,
    /// Those that the slice of time at hand has touched.
    touched: Vec<Channel>,
    /// Datagrams of the slice of time at hand: who gets one may be known at its end.
    letters: Vec<Letter>,
    /// Sockets of which it is not certain whose peers they are.
    doubtful: FxHashSet<ResourceId>,
    /// Pipes and sockets through which bytes may have gone without a record of it.
    partial: FxHashSet<ResourceId>,
}

impl Transfers {
    fn stream(&mut self, channel: Channel) -> &mut Stream {
        self.touched.push(channel);
        self.streams.entry(channel).or_default()
    }

    fn take(&mut self, channel: Channel, way: Way, event: EventId, step: Step) {
        let stream = self.stream(channel);
        match step {
            Step::Began(start) => stream.began(way, event, start),
            Step::Failed => {
                stream.ended(way, event);
            }
            Step::Lost => {
                stream.ended(way, event);
                stream.lost_count(way);
            }
            Step::Moved(moved) => stream.moved(way, moved),
        }
    }

    /// Bytes may have gone through those without a record of it.
    pub(super) fn went_unseen(&mut self, through: impl Iterator<Item = ResourceId>) {
        self.partial.extend(through);
    }

    /// The slice of time's datagrams go where they were sent.
    fn deliver(&mut self) {
        for letter in std::mem::take(&mut self.letters) {
            let to = letter.to.and_then(|to| self.meetings.at(&to));
            let channel = to.map_or(Channel::From(letter.from), Channel::Into);
            self.take(channel, Way::In, letter.event, letter.step);
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
            let Some(&used) = self.uses.iter().find(|one| one.place == place) else { continue };
            // vmsplice(2) takes bytes out of a pipe's reading end.
            let way = if used.verb == Verb::Reads { Way::Out } else { way };
            self.move_through(record, plan, used.resource, way);
        }
    }

    fn move_through(&mut self, record: &Record<'_>, plan: &Plan, through: ResourceId, way: Way) {
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let socket = self.state.socket(through);
        let is_letter = way == Way::In && socket.is_some_and(is_addressed);
        let to = socket.and_then(|socket| socket.remote.clone());
        let Some(channel) = channel(&self.state, through, way) else { return };
        let count = match channel {
            Channel::Counter(_) => counted(record),
            _ => count(record, plan, socket),
        };
        let step = match (record.end, count) {
            (None, _) => Step::Began(record.start),
            (Some(_), _) if record.failed => Step::Failed,
            (Some(_), None) => Step::Lost,
            (Some(end), Some(count)) => {
                let stays = way == Way::Out && stays(record, plan);
                let glimpse = glimpse(record);
                Step::Moved(Moved { event, start: record.start, end, count, stays, glimpse })
            }
        };
        if is_letter {
            let to = given_address(record).or(to);
            self.transfers.letters.push(Letter { event, step, from: through, to });
        } else {
            self.transfers.take(channel, way, event, step);
        }
    }

    /// An eventfd begins with a count, as if its maker had written it.
    pub(super) fn made_counter(&mut self, record: &Record<'_>, plan: &Plan) {
        let made = self.uses.iter().find(|one| one.place == Place::Result);
        let (Some(made), Some(end)) = (made, record.end) else { return };
        if plan.prototype.name.starts_with("eventfd") {
            let event = EventId { task: record.task, ordinal: record.ordinal };
            let count = u64::from(record.words[0] as u32);
            let (start, glimpse) = (record.start, Glimpse::default());
            let moved = Moved { event, start, end, count, stays: false, glimpse };
            self.state.resources.make_own(made.resource);
            self.transfers.stream(Channel::Counter(made.resource)).moved(Way::In, moved);
        }
    }

    /// A call that had begun will never end: it may have moved bytes, or not.
    pub(super) fn transfer_cut(&mut self, event: EventId) {
        self.transfers.deliver();
        self.transfers.meetings.cut(event);
        let used = self.uses.iter().map(|one| one.resource);
        let sent_to = used.clone().filter_map(|one| {
            let remote = self.state.socket(one)?.remote.as_ref()?;
            self.transfers.meetings.at(remote)
        });
        let all = used.chain(sent_to).flat_map(|one| {
            [Channel::Pipe, Channel::From, Channel::To, Channel::Into, Channel::Counter]
                .map(|channel| channel(one))
        });
        for channel in all.collect::<Vec<_>>() {
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
        self.transfers.deliver();
        let mut touched = std::mem::take(&mut self.transfers.touched);
        touched.sort_unstable_by_key(|channel| channel.resource());
        touched.dedup();
        for channel in touched.drain(..) {
            let through = channel.resource();
            let is_doubtful = self.transfers.doubtful.contains(&through);
            let is_partial =
                self.transfers.partial.contains(&through) || self.state.may_pass_unseen(through);
            let may_lose = may_lose(&self.state, channel);
            let doubt = is_doubtful || is_partial || has_doubt(&self.state, channel);
            let before = &mut self.before;
            let Some(stream) = self.transfers.streams.get_mut(&channel) else { continue };
            if may_lose {
                stream.loses();
            }
            stream.settle(|passed| {
                let transfer = Transfer {
                    through,
                    from: passed.bytes.start,
                    to: passed.bytes.end,
                    certain: passed.certain && !doubt,
                    counted: !is_partial,
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
        for met in self.transfers.meetings.settle() {
            let [one, other] = met.ends;
            if !met.certain {
                self.transfers.doubtful.extend(met.ends);
            }
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
        Class::Socket => {
            let socket = state.socket(id)?;
            Some(match (way, socket.peer) {
                (Way::Out, None) if is_addressed(socket) => Channel::Into(id),
                (Way::In, _) => Channel::From(id),
                (Way::Out, Some(peer)) => Channel::From(peer),
                (Way::Out, None) => Channel::To(id),
            })
        }
        Class::Anonymous if state.name_of(id) == EVENTFD => Some(Channel::Counter(id)),
        _ => None,
    }
}

/// Whether each of its messages goes to an address, and not to the socket that it was
/// made in a pair with.
fn is_addressed(socket: &Socket) -> bool {
    socket.kind == Some(SOCK_DGRAM) && socket.peer.is_none()
}

/// Whether bytes may have gone in or out, or been lost, without a record of it: a
/// pipe that was there before the run has other users, and UDP may drop.
fn has_doubt(state: &State, channel: Channel) -> bool {
    match channel {
        Channel::Pipe(id) | Channel::Counter(id) => !state.resources.is_own(id),
        Channel::From(id) | Channel::To(id) | Channel::Into(id) => {
            state.socket(id).is_none() || may_lose(state, channel)
        }
    }
}

/// Whether messages may get lost on their way: datagrams over IP.
fn may_lose(state: &State, channel: Channel) -> bool {
    let socket = state.socket(channel.resource());
    socket.is_some_and(|it| it.kind == Some(SOCK_DGRAM) && it.family != Some(AF_UNIX))
}

/// What the record has of the bytes that the call moved.
fn glimpse(record: &Record<'_>) -> Glimpse {
    let is_data = |piece: &&Piece| matches!(piece.role, Role::Data | Role::IovData);
    let pieces = record.pieces.iter().filter(is_data).map(|piece| record.bytes(piece));
    Glimpse::of(u64::try_from(record.result).unwrap_or_default(), pieces)
}

/// The address that a message is sent to.
fn given_address(record: &Record<'_>) -> Option<Endpoint> {
    let piece = record.pieces.iter().find(|piece| piece.role == Role::Sockaddr)?;
    Endpoint::parse(record.bytes(piece))
}

/// What an eventfd's count was raised by, or was: the number that was written or read.
fn counted(record: &Record<'_>) -> Option<u64> {
    let is_data = |piece: &&Piece| matches!(piece.role, Role::Data | Role::IovData);
    let bytes = record.bytes(record.pieces.iter().find(is_data)?);
    Some(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?))
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
pub(super) fn stays(record: &Record<'_>, plan: &Plan) -> bool {
    plan.prototype.name == "tee" || message_flags(record, plan) & MSG_PEEK != 0
}

/// The flags of recvmsg(2) and the like; 0 for a call that has none.
pub(super) fn message_flags(record: &Record<'_>, plan: &Plan) -> u64 {
    let mut params = plan.prototype.params.iter().zip(record.words);
    let is_flags = |ty: &Ty| matches!(ty, Ty::Flags(set) if set.name == "msg_flags");
    params.find(|(param, _)| is_flags(&param.ty)).map_or(0, |(_, word)| word)
}
