//! Whom messages went to and came from that have an address each: those of a socket that
//! is not connected.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::parts::ActivityIndex;
use super::usage::Amount;
use crate::abi::Verb;
use crate::event::Role;
use crate::flow::item::Event;
use crate::flow::resource::ResourceId;
use crate::flow::socket::Endpoint;
use crate::flow::state::State;

/// All that one activity sent to an address by one socket, and got from there.
#[derive(Clone, Debug)]
pub struct Letters {
    /// Who.
    pub activity: ActivityIndex,
    /// By which socket.
    pub socket: ResourceId,
    /// The address.
    pub remote: Endpoint,
    /// Of the usage's bytes, those that came from there.
    pub bytes_in: Amount,
    /// Those that went there.
    pub bytes_out: Amount,
}

/// Where in the graph they are.
pub(super) type Places = FxHashMap<(ActivityIndex, ResourceId, Endpoint), u32>;

impl Builder {
    /// A call may have sent or got a message with an address.
    pub(super) fn wrote_to(&mut self, state: &State, event: &Event<'_>, activity: ActivityIndex) {
        let (record, Some(prototype)) = (&event.record, event.prototype) else { return };
        if record.failed || !matches!(prototype.effect.verb, Verb::Sends | Verb::Receives) {
            return;
        }
        let mut addresses = record.pieces.iter().filter(|piece| piece.role == Role::Sockaddr);
        let Some(address) = addresses.next_back() else { return };
        // Of several messages in one call it is not told how many bytes each has.
        if matches!(prototype.name, "sendmmsg" | "recvmmsg" | "recvmmsg_time64") {
            return;
        }
        let Some(remote) = Endpoint::parse(record.bytes(address)) else { return };
        let Some(moved) = event.moved().next() else { return };
        let Some(socket) = moved.resource else { return };
        if state.socket(socket).is_none_or(|socket| socket.remote.is_some()) {
            return;
        }
        let all = &mut self.graph.letters;
        let place = *self.letters.entry((activity, socket, remote)).or_insert_with_key(|key| {
            let (bytes_in, bytes_out) = (Amount::default(), Amount::default());
            all.push(Letters { activity, socket, remote: key.2.clone(), bytes_in, bytes_out });
            all.len() as u32 - 1
        });
        if let Some(letters) = all.get_mut(place as usize) {
            let sum = if moved.is_read { &mut letters.bytes_in } else { &mut letters.bytes_out };
            *sum = sum.plus(moved.amount);
        }
    }
}
