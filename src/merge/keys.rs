//! Which keys the things of a log offer.

use std::net::{IpAddr, SocketAddr};

use rustc_hash::FxHashMap;

use super::index::{End, Followed, Named, Offer, Thing, is_known_elsewhere, network_of};
use super::indexing::Indexing;
use super::names::lower;
use super::rule::Reason;
use crate::event::TaskId;
use crate::flow::{Authority, Class, Database, Endpoint, Moniker, ResourceId, State};
use crate::log::Header;

/// How sure it is that a server listens at an address of its machine, where it is known
/// to do so at another one, in percent.
const OTHER_ADDRESS: u8 = 80;

/// Gathers them.
pub(super) struct Keys<'a> {
    header: &'a Header,
    state: &'a State,
    seen: Indexing,
    /// Among whom 127.0.0.1 is one machine.
    network: Vec<u8>,
    things: Vec<Named>,
    offers: Vec<Offer>,
    places: FxHashMap<ResourceId, usize>,
}

type Parts = (Vec<Named>, Vec<Offer>, Vec<End>, Vec<(SocketAddr, u64)>, Vec<(ResourceId, usize)>);

impl<'a> Keys<'a> {
    pub(super) fn new(header: &'a Header, state: &'a State, seen: Indexing) -> Self {
        let (things, offers, places) = (Vec::new(), Vec::new(), FxHashMap::default());
        let network = network_of(&header.host, seen.network.as_deref());
        Self { header, state, seen, network, things, offers, places }
    }

    fn thing(&mut self, thing: Thing, class: &'static str, name: &[u8]) -> usize {
        self.things.push(Named {
            thing,
            class,
            name: name.to_vec(),
            identity: None,
            born: None,
            place: None,
            may_be_remote: false,
        });
        self.things.len() - 1
    }

    fn offer(&mut self, reason: Reason, thing: usize, words: &[&[u8]]) {
        self.offer_with(reason, thing, words, reason.confidence(), false);
    }

    /// A key has no part that is not known.
    fn offer_with(
        &mut self,
        reason: Reason,
        thing: usize,
        words: &[&[u8]],
        confidence: u8,
        is_own: bool,
    ) {
        if words.iter().all(|word| !word.is_empty()) {
            let key = words.join(&b' ');
            self.offers.push(Offer { reason, key, thing, confidence, is_own });
        }
    }

    /// The machine that the run was on.
    pub(super) fn machine(&mut self) {
        let host = &self.header.host;
        let machine = self.thing(Thing::Machine, "machine", &host.name);
        self.offer(Reason::Boot, machine, &[host.boot_id.as_bytes()]);
        self.offer(Reason::Machine, machine, &[host.machine_id.as_bytes()]);
        for address in self.addresses() {
            let key = address.to_string();
            let confidence = Reason::Address.confidence();
            self.offer_with(Reason::Address, machine, &[key.as_bytes()], confidence, true);
        }
        let (name, confidence) = (lower(&host.name), Reason::Name.confidence());
        self.offer_with(Reason::Name, machine, &[&name], confidence, true);
    }

    fn addresses(&self) -> Vec<IpAddr> {
        let all = self.header.host.addresses.iter().filter_map(|text| text.parse().ok());
        all.map(|ip: IpAddr| ip.to_canonical()).filter(is_known_elsewhere).collect()
    }

    /// All resources that somebody else may know.
    pub(super) fn resources(&mut self) {
        for id in self.state.resource_ids() {
            self.resource(id);
        }
    }

    fn resource(&mut self, id: ResourceId) {
        let Some(class) = self.state.resource(id).map(|resource| resource.class) else { return };
        if class == Class::Anonymous {
            return;
        }
        let name = self.state.name_of(id);
        let is_kept = matches!(class, Class::Host | Class::Database | Class::User);
        if !is_kept && !self.seen.used.contains(&id) {
            return;
        }
        if class != Class::Socket && name.first() == Some(&b'/') {
            return self.file(id, class);
        }
        let thing = self.thing(Thing::Resource(id), class.name(), name);
        self.places.insert(id, thing);
        match class {
            Class::Host => self.host(thing, name),
            Class::Database => self.database(id, thing),
            Class::User => {
                let number = self.state.number(id).map(|number| number.id.to_string());
                let number = number.unwrap_or_default();
                let machine = self.header.host.machine_id.as_bytes();
                self.offer(Reason::User, thing, &[machine, number.as_bytes()]);
            }
            _ => self.of_kernel(id, thing),
        }
    }

    /// What the kernel keeps, and nobody outside of it knows.
    fn of_kernel(&mut self, id: ResourceId, thing: usize) {
        let is_internet = self.state.socket(id).is_some_and(|socket| {
            let ends = [&socket.local, &socket.remote];
            let is_it = |end: &Endpoint| matches!(end, Endpoint::Inet(..) | Endpoint::Inet6(..));
            ends.into_iter().flatten().any(is_it)
        });
        let boot = self.header.host.boot_id.as_bytes();
        let moniker = Moniker::of(self.state, id).filter(|_| !is_internet);
        if let Some(moniker) = moniker.filter(|moniker| moniker.authority == Authority::Boot) {
            self.offer(Reason::Kernel, thing, &[boot, &moniker.to_bytes()]);
        }
        // By its number a socket is known whatever its name is.
        let identity = self.state.resource(id).and_then(|resource| resource.identity);
        if let Some(identity) = identity.filter(|_| self.state.socket(id).is_some()) {
            let number = format!("Socket.Inode={}", identity.inode);
            self.offer(Reason::Kernel, thing, &[boot, number.as_bytes()]);
        }
    }

    /// What has a path; what is no more than a name of the kernel's for its own things is
    /// left out.
    fn file(&mut self, id: ResourceId, class: Class) {
        let (state, name) = (self.state, self.state.name_of(id));
        if [&b"/proc/"[..], b"/sys/", b"/dev/fd/"].iter().any(|own| name.starts_with(own)) {
            return;
        }
        let place = state.on_device(id);
        let thing = self.thing(Thing::Resource(id), class.name(), name);
        self.places.insert(id, thing);
        let named = &mut self.things[thing];
        named.identity = state.resource(id).and_then(|one| one.identity);
        named.born = self.seen.born.get(&id).copied();
        named.may_be_remote = place.as_ref().is_some_and(|place| place.may_be_remote);
        named.place = place.map(|place| (place.device, place.path));
        let (identity, place) = (named.identity, named.place.clone());
        let boot = self.header.host.boot_id.as_bytes();
        if let Some(identity) = identity.filter(|identity| identity.device != 0) {
            let numbers = [identity.device.to_string(), identity.inode.to_string()];
            let [device, inode] = numbers.each_ref().map(String::as_bytes);
            self.offer(Reason::Inode, thing, &[boot, device, inode]);
        }
        if let Some((device, path)) = place {
            self.offer(Reason::Mount, thing, &[boot, device.to_string().as_bytes(), &path]);
        }
        let moniker = Moniker::of(state, id);
        if let Some(Moniker { authority: Authority::Server(server), keys, .. }) = &moniker {
            for (_, path) in keys.iter().take(1) {
                self.exported(thing, server, path);
            }
        } else {
            let machine = self.header.host.machine_id.as_bytes();
            self.offer(Reason::Path, thing, &[machine, name]);
        }
        if let Some(stamp) = self.seen.stamps.get(&id).cloned() {
            let hash = blake3::Hash::from_slice(&stamp.hash).map(|hash| hash.to_hex());
            let numbers = [stamp.size, stamp.modified].map(|number| number.to_string());
            if let (Ok(hash), true) = (hash, stamp.size > 0) {
                let [size, modified] = numbers.each_ref().map(String::as_bytes);
                self.offer(Reason::Content, thing, &[hash.as_bytes(), size, modified]);
            }
        }
    }

    /// A file of a server: by the server's name, and by each address of that.
    fn exported(&mut self, thing: usize, server: &[u8], path: &[u8]) {
        let bare = server.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]"));
        let server = lower(bare.unwrap_or(server));
        let address = std::str::from_utf8(&server).ok().and_then(|text| text.parse().ok());
        let is_here = server == b"localhost" || address.is_some_and(|ip: IpAddr| ip.is_loopback());
        if is_here {
            let network = self.network.clone();
            self.offer(Reason::Export, thing, &[&network, path]);
            return;
        }
        let found: Vec<_> = self.seen.book.addresses(&server).collect();
        let known = address.map(|ip| ip.to_canonical().to_string().into_bytes()).unwrap_or(server);
        self.offer(Reason::Export, thing, &[&known, path]);
        for address in found {
            self.offer(Reason::Export, thing, &[address.to_string().as_bytes(), path]);
        }
    }

    fn host(&mut self, thing: usize, name: &[u8]) {
        self.offer(Reason::Address, thing, &[name]);
        let address = std::str::from_utf8(name).ok().and_then(|text| text.parse().ok());
        let Some(address) = address else { return };
        let names: Vec<_> = self.seen.book.names(address).map(<[u8]>::to_vec).collect();
        for name in &names {
            self.offer(Reason::Name, thing, &[name]);
        }
    }

    fn database(&mut self, id: ResourceId, thing: usize) {
        let Some(database) = self.state.database(id).cloned() else { return };
        let name = database.name.as_deref().unwrap_or_default();
        let system = database.system.name().as_bytes();
        let network = self.network.clone();
        let Some(server) = &database.server else { return self.database_file(id, thing, name) };
        let address = address(server);
        let is_here = address.is_none_or(|address| {
            !is_known_elsewhere(&address.ip()) || self.addresses().contains(&address.ip())
        });
        if let Some(address) = address.filter(|address| is_known_elsewhere(&address.ip())) {
            let key = [system, address.to_string().as_bytes(), name].map(<[u8]>::to_vec);
            self.offer(Reason::Database, thing, &key.each_ref().map(Vec::as_slice));
        }
        if !is_here {
            return;
        }
        // Its own machine knows it by many addresses.
        match port(&database) {
            Some(port) => {
                self.offer(Reason::Database, thing, &[&network, system, port.as_bytes(), name]);
                for ip in self.addresses() {
                    let other = SocketAddr::new(ip, port.parse().unwrap_or_default()).to_string();
                    let words = [system, other.as_bytes(), name];
                    if address.is_none_or(|address| address.ip() != ip) {
                        self.offer_with(Reason::Database, thing, &words, OTHER_ADDRESS, true);
                    }
                }
            }
            None => {
                self.offer(Reason::Database, thing, &[&network, system, &server.to_bytes(), name]);
            }
        }
    }

    fn database_file(&mut self, id: ResourceId, thing: usize, path: &[u8]) {
        let moniker = Moniker::of(self.state, id);
        if let Some(Moniker { authority: Authority::Server(server), keys, .. }) = moniker {
            for (_, path) in keys.iter().take(1) {
                self.exported(thing, server, path);
            }
        } else {
            let machine = self.header.host.machine_id.as_bytes();
            self.offer(Reason::Path, thing, &[machine, path]);
        }
    }

    /// A process that another recorder may have followed before, or will after.
    pub(super) fn process(&mut self, task: TaskId, mut one: Followed) -> Option<Followed> {
        if one.attached.is_none() && one.let_go.is_none() {
            return None;
        }
        let argv = one.argvs.iter().rev().find(|argv| !argv.is_empty());
        let name = crate::flow::command_line(argv.map_or(&[], Vec::as_slice));
        one.thing = self.thing(Thing::Process(task), "process", &name);
        let boot = self.header.host.boot_id.as_bytes();
        self.offer(Reason::Process, one.thing, &[boot, one.pid.to_string().as_bytes()]);
        Some(one)
    }

    pub(super) fn finish(mut self) -> Parts {
        let ends = self.ends();
        let listens = self.seen.listens.iter().filter_map(|(id, since)| {
            let local = self.state.socket(*id)?.local.as_ref().and_then(address)?;
            Some((local, *since))
        });
        let mut listens: Vec<_> = listens.collect();
        listens.sort_unstable();
        let sessions = self.seen.sessions.iter();
        let sessions =
            sessions.filter_map(|(socket, database)| Some((*socket, *self.places.get(database)?)));
        let mut sessions: Vec<_> = sessions.collect();
        sessions.sort_unstable();
        (self.things, self.offers, ends, listens, sessions)
    }

    /// Ends of connections whose other end is not in this log.
    fn ends(&mut self) -> Vec<End> {
        let mut ends = Vec::new();
        for id in self.state.resource_ids() {
            let Some(socket) = self.state.socket(id).filter(|socket| socket.peer.is_none()) else {
                continue;
            };
            let protocol = match socket.protocol_name() {
                "TCP" | "TCPv6" => "TCP",
                "UDP" | "UDPv6" => "UDP",
                _ => continue,
            };
            let addresses = (socket.local.as_ref(), socket.remote.as_ref());
            let (Some(local), Some(remote)) = addresses else { continue };
            let (Some(local), Some(remote)) = (address(local), address(remote)) else { continue };
            let (Some(thing), true) = (self.places.get(&id).copied(), remote.port() != 0) else {
                continue;
            };
            let traffic = self.seen.traffic.remove(&id).unwrap_or_default();
            ends.push(End { thing, socket: id, protocol, local, remote, traffic });
        }
        ends
    }
}

/// The port of a server: of one that listens at a Unix socket, that of the same server
/// (PostgreSQL, unix_socket_directories).
fn port(database: &Database) -> Option<String> {
    match database.server.as_ref()? {
        Endpoint::Unix(path) => {
            let file = path.rsplit(|byte| *byte == b'/').next()?;
            let port = std::str::from_utf8(file.strip_prefix(b".s.PGSQL.")?).ok()?;
            port.parse::<u16>().ok().map(|port| port.to_string())
        }
        server => address(server).map(|address| address.port().to_string()),
    }
}

/// The address and port of an end. One may see as `::ffff:10.0.0.1` what another calls
/// 10.0.0.1.
fn address(end: &Endpoint) -> Option<SocketAddr> {
    match end {
        Endpoint::Inet(ip, port) => Some((*ip, *port).into()),
        Endpoint::Inet6(ip, port) => Some((ip.to_canonical(), *port).into()),
        _ => None,
    }
}
