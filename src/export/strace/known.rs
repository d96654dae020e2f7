//! What stands behind descriptors, for `-y` and `-yy`.

use std::fmt::Write as _;
use std::io;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::abi::Verb;
use crate::event::{Fact, FactKey, FactKind, Phase, Record, TaskId};
use crate::flow::{
    AF_NETLINK, AF_UNIX, Class, Endpoint, Event, Item, Place, ResourceId, Sink, Socket, State,
};
use crate::render::{Descriptors, Timeline, escaped_name, named, quoted};

/// What the text needs beyond the flow's state: how things were before the event
/// at hand, and what only `-yy` shows.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    /// `-yy`: protocols and addresses, device numbers, processes.
    has_details: bool,
    /// Sockets as they were before the event at hand, and those it changes.
    sockets: FxHashMap<ResourceId, Socket>,
    changed: Vec<ResourceId>,
    /// Files that were unlinked.
    unlinked: FxHashSet<ResourceId>,
    /// Device numbers of device files, by path.
    devices: FxHashMap<Vec<u8>, Device>,
    /// Processes that pidfds stand for.
    pidfds: FxHashMap<ResourceId, u64>,
}

/// What a device file stands for.
#[derive(Clone, Copy, Debug)]
struct Device {
    kind: &'static str,
    number: u64,
}

impl Knowledge {
    pub(super) fn new(has_details: bool) -> Self {
        Self { has_details, ..Self::default() }
    }

    /// Notes the device files among the facts.
    pub(super) fn take_devices(&mut self, facts: &[Fact]) {
        const TYPE: i64 = 0o170_000;
        const CHARACTER: i64 = 0o020_000;
        if !self.has_details {
            return;
        }
        let are_files = |fact: &&Fact| matches!(fact.kind, FactKind::File | FactKind::Descriptor);
        for fact in facts.iter().filter(are_files) {
            let (Some(number), Some(path)) =
                (fact.number(FactKey::Special), fact.bytes(FactKey::Path))
            else {
                continue;
            };
            let mode = fact.number(FactKey::Mode).unwrap_or_default();
            let kind = if mode & TYPE == CHARACTER { "char" } else { "block" };
            self.devices.insert(path.to_vec(), Device { kind, number: number as u64 });
        }
    }

    /// Takes over what an event has changed, once it is in the lines.
    fn advance(&mut self, state: &State, event: &Event<'_>) {
        for id in self.changed.drain(..) {
            if let Some(socket) = state.socket(id) {
                self.sockets.insert(id, socket.clone());
            }
        }
        let Some(prototype) = event.prototype.filter(|_| !event.record.failed) else { return };
        match prototype.effect.verb {
            Verb::Unlinks => {
                let touched = event.uses.iter().filter(|one| one.verb == Verb::Unlinks);
                self.unlinked.extend(touched.map(|one| one.resource));
            }
            Verb::Opens | Verb::Makes => {
                for one in event.uses {
                    self.unlinked.remove(&one.resource);
                }
            }
            _ => {}
        }
    }

    /// What a call that has just ended has made, which its result shows.
    fn note_made(&mut self, event: &Event<'_>) {
        if let (Some("pidfd_open"), Some(made)) =
            (event.prototype.map(|prototype| prototype.name), event.returned())
        {
            self.pidfds.insert(made, event.record.words[0] & 0xffff_ffff);
        }
    }
}

/// Gives events to the lines together with what their descriptors stand for.
pub(super) struct Described<'a> {
    pub(super) timeline: &'a mut Timeline,
    pub(super) knowledge: &'a mut Knowledge,
}

impl Sink for Described<'_> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        match item {
            Item::Event(event) | Item::Begun(event) => {
                if self.knowledge.has_details {
                    self.knowledge.note_made(&event);
                }
                let known = Known { state, event: &event, knowledge: self.knowledge };
                self.timeline.push(&event.record, &known);
                self.knowledge.advance(state, &event);
            }
            Item::Resource(id) | Item::Learnt(id)
                if self.knowledge.has_details && state.socket(id).is_some() =>
            {
                self.knowledge.changed.push(id);
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is known of the descriptors of an event.
struct Known<'a> {
    state: &'a State,
    event: &'a Event<'a>,
    knowledge: &'a Knowledge,
}

impl Descriptors for Known<'_> {
    fn describe(&self, task: TaskId, fd: i32, phase: Phase, out: &mut String) {
        let Some(id) = self.resource(task, fd, phase) else { return };
        let Some(resource) = self.state.resource(id) else { return };
        let name = self.state.name_of(id);
        if name.is_empty() {
            return;
        }
        let socket = self.socket(id, phase).filter(|_| self.knowledge.has_details);
        out.push('<');
        match (socket, self.knowledge.pidfds.get(&id)) {
            (Some(socket), _) => self.endpoints(id, socket, out),
            // Writing to a string does not fail.
            (None, Some(pid)) => _ = write!(out, "pid:{pid}"),
            (None, None) => self.name(name, out),
        }
        out.push('>');
        let is_memory = resource.class == Class::Anonymous && name.starts_with(MEMORY);
        if is_memory || self.knowledge.unlinked.contains(&id) {
            out.push_str("(deleted)");
        }
    }
}

/// How the flow names what memfd_create(2) makes.
const MEMORY: &[u8] = b"memfd:";

impl Known<'_> {
    /// What the event touches comes first: a close has taken its descriptor away,
    /// and a dup2 has put another file behind its own.
    fn resource(&self, task: TaskId, fd: i32, phase: Phase) -> Option<ResourceId> {
        let record: &Record<'_> = &self.event.record;
        let word = |arg: u8| record.words[usize::from(arg.min(5))] as i32;
        let mut uses = self.event.uses.iter();
        if phase == Phase::Exit {
            let returned = self.event.returned();
            return returned.or_else(|| self.state.descriptor(task, fd));
        }
        let named = uses.find(|one| matches!(one.place, Place::Argument(arg) if word(arg) == fd));
        if let Some(named) = named {
            return Some(named.resource);
        }
        let is_new = self.event.returned().is_some() && record.result == i64::from(fd);
        if is_new { None } else { self.state.descriptor(task, fd) }
    }

    fn socket(&self, id: ResourceId, phase: Phase) -> Option<&Socket> {
        let now = self.state.socket(id);
        match phase {
            Phase::Entry => self.knowledge.sockets.get(&id).or(now),
            Phase::Exit => now,
        }
    }

    fn name(&self, name: &[u8], out: &mut String) {
        // How the flow tells a POSIX message queue from a file.
        let name = name.strip_prefix(b"mqueue:").unwrap_or(name);
        if name.starts_with(MEMORY) {
            out.push('/');
        }
        escaped_name(name, out);
        if let Some(device) = self.knowledge.devices.get(name) {
            let number = device.number;
            let major = (number >> 8 & 0xfff) | (number >> 32 & 0xffff_f000);
            let minor = (number & 0xff) | (number >> 12 & 0xffff_ff00);
            // Writing to a string does not fail.
            let _ = write!(out, "<{} {major}:{minor}>", device.kind);
        }
    }

    /// `TCP:[127.0.0.1:1->127.0.0.1:2]`; without an address its inode.
    fn endpoints(&self, id: ResourceId, socket: &Socket, out: &mut String) {
        let has_port =
            |end: &&Endpoint| !matches!(end, Endpoint::Inet(_, 0) | Endpoint::Inet6(_, 0));
        let protocol = match (socket.family, socket.protocol_name()) {
            // The kernel's own names know no others of this family (unix(7)).
            (Some(AF_UNIX), "UNIX-DGRAM" | "UNIX-SEQPACKET") => "UNIX",
            (_, name) => name,
        };
        out.push_str(protocol);
        out.push_str(":[");
        match (socket.family, &socket.local) {
            (Some(AF_UNIX), local) => self.unix(id, socket, local.as_ref(), out),
            (Some(AF_NETLINK), Some(Endpoint::Netlink(port, _))) if *port != 0 => {
                let mut family = String::new();
                named("netlink_family", socket.protocol.unwrap_or_default().into(), &mut family);
                // Writing to a string does not fail.
                let _ = write!(out, "{}:{port}", family.trim_start_matches("NETLINK_"));
            }
            (_, Some(local @ (Endpoint::Inet(..) | Endpoint::Inet6(..)))) if has_port(&local) => {
                // Writing to a string does not fail.
                let _ = write!(out, "{local}");
                if let Some(remote) = socket.remote.as_ref().filter(has_port) {
                    let _ = write!(out, "->{remote}");
                }
            }
            _ => self.inode(id, out),
        }
        out.push(']');
    }

    /// `123->124,"/run/x"`, where there is a peer and a name.
    fn unix(&self, id: ResourceId, socket: &Socket, local: Option<&Endpoint>, out: &mut String) {
        self.inode(id, out);
        if let Some(peer) = socket.peer {
            out.push_str("->");
            self.inode(peer, out);
        }
        match local {
            Some(Endpoint::Unix(name)) if name.first() == Some(&0) => {
                out.push_str(",@");
                quoted(&name[1..], out);
            }
            Some(Endpoint::Unix(path)) if !path.is_empty() => {
                out.push(',');
                quoted(path, out);
            }
            _ => {}
        }
    }

    fn inode(&self, id: ResourceId, out: &mut String) {
        match self.state.resource(id).and_then(|resource| resource.identity) {
            // Writing to a string does not fail.
            Some(identity) => _ = write!(out, "{}", identity.inode),
            None => out.push('?'),
        }
    }
}
