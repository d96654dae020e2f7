//! Which sockets are the two ends of a connection, and which gets a datagram.
//!
//! The ends of a TCP connection know each other's addresses. Of a Unix connection only
//! one end has a name as a rule: but who connects is queued at the listening socket, and
//! accept(2) takes the first of the queue. So the n-th connection made is the n-th
//! accepted, as far as calls did not overlap; and the kernel tells which process it was
//! that connected.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Flow;
use super::effect::address;
use super::item::{EventId, Place};
use super::plan::Plan;
use super::resource::ResourceId;
use super::socket::{AF_INET, AF_INET6, AF_UNIX, Endpoint, SOCK_DGRAM, Socket};
use crate::abi::Verb;
use crate::event::Record;

/// Connections that nobody has accepted yet, kept for one listening socket at most:
/// who accepts them may be a process that is not recorded.
const KEPT: usize = 1 << 12;

/// Two sockets that have proved to be the ends of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    pub(super) ends: [ResourceId; 2],
    /// Whether nothing else is possible.
    pub(super) certain: bool,
}

/// What is known of who may be whose peer.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    /// Sockets by their own address and their peer's.
    connected: FxHashMap<(Endpoint, Endpoint), ResourceId>,
    /// Those that can be sent datagrams, and those of Unix that may listen, by their
    /// addresses.
    bound: FxHashMap<Endpoint, ResourceId>,
    /// By the listening socket.
    queues: FxHashMap<ResourceId, Queue>,
    /// Calls that have been entered and not returned, with their queues.
    begun: FxHashMap<EventId, ResourceId>,
    /// Queues that the slice of time at hand has touched.
    touched: FxHashSet<ResourceId>,
    /// Connections whose other end has just been found.
    met: Vec<Met>,
}

/// A connect(2) or accept(2) that has succeeded, with the socket that is an end now.
#[derive(Clone, Copy, Debug)]
struct Done {
    socket: ResourceId,
    /// The process that connected, as far as it is known.
    by: Option<u32>,
    start: u64,
    end: u64,
}

/// A call that has been entered and not returned.
#[derive(Clone, Copy, Debug)]
struct Begun {
    event: EventId,
    by: Option<u32>,
    start: u64,
}

const fn overlap(one: &Done, (start, end): (u64, u64)) -> bool {
    start < one.end && one.start < end
}

/// Connections that wait at a listening socket.
#[derive(Debug, Default)]
struct Queue {
    /// Who connected, and who accepted; in the order in which the calls returned.
    connects: Vec<Done>,
    accepts: Vec<Done>,
    connecting: Vec<Begun>,
    accepting: Vec<Begun>,
    /// The ends of the last calls that may have met others than it is told.
    doubted: (u64, u64),
}

/// Whether a connection that `by` made may be the one that was accepted.
fn fits(by: Option<u32>, start: u64, accept: &Done) -> bool {
    start <= accept.end && accept.by.zip(by).is_none_or(|(told, by)| told == by)
}

impl Queue {
    /// A slice of time is over: says who met whom.
    fn settle(&mut self, met: &mut Vec<Met>) {
        let accepts = std::mem::take(&mut self.accepts);
        for accept in &accepts {
            let first = self.connects.iter().position(|one| fits(one.by, one.start, accept));
            let Some(first) = first else {
                if self.connecting.iter().any(|one| fits(one.by, one.start, accept)) {
                    self.accepts.push(*accept); // the other call has not returned yet
                }
                continue; // or it was made by somebody who is not recorded
            };
            let connect = self.connects.remove(first);
            let certain = self.is_certain(&connect, accept, &accepts);
            if !certain {
                self.doubted = (self.doubted.0.max(connect.end), self.doubted.1.max(accept.end));
            }
            met.push(Met { ends: [connect.socket, accept.socket], certain });
        }
        if self.connects.len() > KEPT {
            self.connects.drain(..self.connects.len() - KEPT);
        }
    }

    /// Whether no other order of overlapping calls is possible.
    fn is_certain(&self, connect: &Done, accept: &Done, accepts: &[Done]) -> bool {
        if connect.start < self.doubted.0 || accept.start < self.doubted.1 {
            return false;
        }
        let done = self.connects.iter().filter(|one| fits(one.by, one.start, accept));
        let begun = self.connecting.iter().filter(|one| fits(one.by, one.start, accept));
        let others: Vec<_> = done
            .map(|one| (one.start, one.end))
            .chain(begun.map(|one| (one.start, u64::MAX)))
            .collect();
        if others.is_empty() {
            return true; // the only one that was there to be accepted
        }
        let mut rivals = accepts
            .iter()
            .filter(|one| one.socket != accept.socket && fits(connect.by, connect.start, one));
        !others.iter().any(|other| overlap(connect, *other))
            && !rivals.any(|one| overlap(accept, (one.start, one.end)))
            && !self.accepting.iter().any(|one| overlap(accept, (one.start, u64::MAX)))
    }
}

impl Meetings {
    /// More is known of a socket's addresses.
    pub(super) fn addressed(&mut self, id: ResourceId, socket: &Socket) {
        match socket.family {
            Some(AF_UNIX) => {
                if let (Some(name), None) = (named(socket), &socket.remote) {
                    self.bound.insert(name, id);
                }
            }
            Some(AF_INET | AF_INET6) if socket.kind == Some(SOCK_DGRAM) => {
                if let Some(local) = &socket.local {
                    self.bound.insert(canonical(local), id);
                }
            }
            Some(AF_INET | AF_INET6) => self.connected(id, socket),
            _ => {}
        }
    }

    fn connected(&mut self, id: ResourceId, socket: &Socket) {
        let (Some(local), Some(remote)) = (&socket.local, &socket.remote) else { return };
        let (local, remote) = (canonical(local), canonical(remote));
        let peer = self.connected.get(&(remote.clone(), local.clone())).copied();
        self.connected.insert((local, remote), id);
        if let Some(peer) = peer.filter(|peer| *peer != id) {
            self.met.push(Met { ends: [id, peer], certain: true });
        }
    }

    /// The socket that gets what is sent to an address.
    pub(super) fn at(&self, address: &Endpoint) -> Option<ResourceId> {
        let address = canonical(address);
        let exact = self.bound.get(&address);
        let all = || match address {
            Endpoint::Inet(_, port) => {
                let wide = self.bound.get(&Endpoint::Inet([0; 4].into(), port));
                wide.or_else(|| self.bound.get(&Endpoint::Inet6([0; 16].into(), port)))
            }
            Endpoint::Inet6(_, port) => self.bound.get(&Endpoint::Inet6([0; 16].into(), port)),
            _ => None,
        };
        exact.or_else(all).copied()
    }

    /// A call will never end.
    pub(super) fn cut(&mut self, event: EventId) {
        let queue = self.begun.remove(&event).and_then(|id| self.queues.get_mut(&id));
        if let Some(queue) = queue {
            queue.connecting.retain(|one| one.event != event);
            queue.accepting.retain(|one| one.event != event);
        }
    }

    /// A slice of time is over: the connections whose other end has been found.
    pub(super) fn settle(&mut self) -> Vec<Met> {
        let mut touched: Vec<_> = self.touched.drain().collect();
        touched.sort_unstable();
        for listener in touched {
            if let Some(queue) = self.queues.get_mut(&listener) {
                queue.settle(&mut self.met);
            }
        }
        std::mem::take(&mut self.met)
    }
}

impl Flow {
    /// A call has begun or ended that may make or accept a Unix connection.
    pub(super) fn meet(&mut self, record: &Record<'_>, plan: &Plan) {
        let verb = plan.prototype.effect.verb;
        if !matches!(verb, Verb::Accepts | Verb::Connects) {
            return;
        }
        let event = EventId { task: record.task, ordinal: record.ordinal };
        self.transfers.meetings.cut(event); // it has ended, or will be noted anew
        let Some(own) = self.operand(plan, 0) else { return };
        let (listener, socket) = if verb == Verb::Accepts {
            let made = self.uses.iter().find(|one| one.place == Place::Result);
            (own, made.map(|one| one.resource))
        } else {
            let known = self.state.socket(own).and_then(|socket| socket.remote.clone());
            let name = if record.end.is_some() { known } else { address(record, plan) };
            let Some(listener) = name.and_then(|name| self.transfers.meetings.at(&name)) else {
                return;
            };
            (listener, Some(own))
        };
        let is_queued = self.state.socket(listener).is_some_and(|socket| {
            socket.family == Some(AF_UNIX) && socket.kind != Some(SOCK_DGRAM)
        });
        if !is_queued {
            return;
        }
        let by = match verb {
            Verb::Accepts => socket.and_then(|id| self.state.socket(id)?.peer_pid),
            _ => self.state.process_of(record.task).map(|process| process.pid),
        };
        let meetings = &mut self.transfers.meetings;
        meetings.touched.insert(listener);
        let queue = meetings.queues.entry(listener).or_default();
        let (pending, done) = match verb {
            Verb::Accepts => (&mut queue.accepting, &mut queue.accepts),
            _ => (&mut queue.connecting, &mut queue.connects),
        };
        match (record.end, socket) {
            (None, _) => {
                pending.push(Begun { event, by, start: record.start });
                meetings.begun.insert(event, listener);
            }
            (Some(end), Some(socket)) if !record.failed => {
                done.push(Done { socket, by, start: record.start, end });
            }
            _ => {}
        }
    }
}

/// The name that others can connect to.
fn named(socket: &Socket) -> Option<Endpoint> {
    let is_name = |local: &&Endpoint| !matches!(local, Endpoint::Unix(name) if name.is_empty());
    socket.local.as_ref().filter(is_name).cloned()
}

/// An IPv4 address is the same inside of an IPv6 one (`::ffff:127.0.0.1`, ipv6(7)).
fn canonical(address: &Endpoint) -> Endpoint {
    match address {
        Endpoint::Inet6(inner, port) => match inner.to_ipv4_mapped() {
            Some(inner) => Endpoint::Inet(inner, *port),
            None => address.clone(),
        },
        _ => address.clone(),
    }
}
