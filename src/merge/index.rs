//! What is kept of a log to find what other runs have of the same: its things, the keys
//! that they offer, and what went through its sockets.

use std::net::{IpAddr, SocketAddr};

use super::rule::Reason;
use super::traffic::Traffic;
use crate::event::TaskId;
use crate::flow::{Identity, ResourceId};
use crate::log::{Clock, Host};

/// Something of a run that may be the same as something of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// The machine that it was on.
    Machine,
    /// A process, by its first task.
    Process(TaskId),
    /// A resource.
    Resource(ResourceId),
}

/// A thing with what is known of it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Which.
    pub thing: Thing,
    /// A word for what it is, as [`Class::name`](crate::flow::Class::name) has it;
    /// `machine` or `process`.
    pub class: &'static str,
    /// What it is called in its run.
    pub name: Vec<u8>,
    /// Of a file, which the kernel's it is.
    pub(super) identity: Option<Identity>,
    /// Of a file, when it was made: nanoseconds since 1970.
    pub(super) born: Option<i64>,
    /// Of a file, where in its file system it is.
    pub(super) place: Option<(u64, Vec<u8>)>,
    /// Whether it may be on another machine.
    pub(super) may_be_remote: bool,
}

/// A key that a thing offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// By which rule.
    pub reason: Reason,
    /// The key.
    pub key: Vec<u8>,
    /// The place of the thing in [`Index::things`].
    pub thing: usize,
    /// How sure it is that the thing has it, in percent.
    pub confidence: u8,
    /// Whether it is one that the thing may have, and others are asked for: two such keys
    /// are no match.
    pub is_own: bool,
}

/// One end of an internet connection.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// The place of its socket in [`Index::things`].
    pub(super) thing: usize,
    pub(super) socket: ResourceId,
    /// `TCP` or `UDP`.
    pub(super) protocol: &'static str,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) traffic: Traffic,
}

/// A process, as far as another recorder may have followed it too.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub(super) thing: usize,
    pub(super) pid: u32,
    /// The programs that it ran when rtrace attached to it, and when rtrace let go of it.
    pub(super) argvs: [Vec<Vec<u8>>; 2],
    /// When rtrace attached to it: nanoseconds since the run's start.
    pub(super) attached: Option<u64>,
    /// When rtrace let go of it.
    pub(super) let_go: Option<u64>,
}

/// What is kept of a log.
#[derive(Clone, Debug)]
pub struct Index {
    /// The place of its log among those that are merged; who reads them sets it.
    pub source: usize,
    /// The run's UUID.
    pub run: [u8; 16],
    /// The machine.
    pub host: Host,
    /// The run's start.
    pub clock: Clock,
    /// argv of the command.
    pub command: Vec<Vec<u8>>,
    /// The latest time in the log: nanoseconds since the run's start.
    pub end: u64,
    /// What may be the same as something of another run.
    pub things: Vec<Named>,
    /// The keys that those offer.
    pub offers: Vec<Offer>,
    /// How many records the log has.
    pub(super) records: u64,
    /// The network that its command was in, as the kernel names it.
    pub(super) network: Option<Vec<u8>>,
    pub(super) ends: Vec<End>,
    /// Since when somebody has listened at an address.
    pub(super) listens: Vec<(SocketAddr, u64)>,
    pub(super) followed: Vec<Followed>,
    /// Who uses which database through which socket: places in `things`.
    pub(super) sessions: Vec<(ResourceId, usize)>,
}

impl Index {
    /// The machine's addresses that others may know.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let all = self.host.addresses.iter().filter_map(|text| text.parse().ok());
        all.map(|ip: IpAddr| ip.to_canonical()).filter(is_known_elsewhere)
    }

    /// Among whom 127.0.0.1 is one machine.
    pub(super) fn network(&self) -> Vec<u8> {
        network_of(&self.host, self.network.as_deref())
    }
}

/// A network of a machine, by its name in the kernel: among those who are in it, 127.0.0.1
/// is one machine.
pub(super) fn network_of(host: &Host, name: Option<&[u8]>) -> Vec<u8> {
    let machine = if host.machine_id.is_empty() { &host.boot_id } else { &host.machine_id };
    let machine = machine.as_bytes();
    match name {
        Some(name) => [machine, name].join(&b' '),
        // Of two networks of a machine, few have the same addresses.
        None => [machine, host.addresses.join(" ").as_bytes()].join(&b' '),
    }
}

/// Whether an address means the same to other machines: not loopback, not link-local.
pub(super) fn is_known_elsewhere(ip: &IpAddr) -> bool {
    let is_link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !ip.is_loopback() && !ip.is_unspecified() && !is_link_local
}
