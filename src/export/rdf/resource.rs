//! Resources as triples.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::io;

use oxrdf::NamedNodeRef;
use rustc_hash::FxBuildHasher;

use super::graph::Graph;
use super::text::readable;
use super::vocabulary as v;
use super::writer::Triples;
use crate::export::Detail;
use crate::flow::{Authority, Class, Endpoint, Moniker, ResourceId, Socket, State};

impl<T: Triples> Graph<T> {
    /// A resource, when it is first named.
    pub(super) fn resource(&mut self, state: &State, id: ResourceId) -> io::Result<()> {
        self.names.name_resource(state, id);
        self.names.resource(state, id, &mut self.subject);
        if !self.decide(state, id)? {
            return Ok(());
        }
        let name = state.name_of(id);
        self.class(v::ENTITY)?;
        if name.first() == Some(&b'/') {
            self.plain(v::LABEL, &readable(name))?;
            self.class(v::FILE_CLASS)?;
            self.bytes(v::PATH, v::PATH_BYTES, name)?;
            self.typed.insert((id, Class::File));
        } else {
            self.bytes(v::LABEL, v::LABEL_BYTES, name)?;
        }
        self.learnt(state, id)
    }

    /// What more is known of a resource.
    pub(super) fn learnt(&mut self, state: &State, id: ResourceId) -> io::Result<()> {
        let Some(resource) = state.resource(id) else { return Ok(()) };
        self.names.resource(state, id, &mut self.subject);
        if self.comes_to_light(state, id) {
            return self.resource(state, id);
        }
        if self.is_silent() {
            return Ok(());
        }
        if self.typed.insert((id, resource.class)) {
            self.class(class_of(resource.class))?;
            if resource.class == Class::User {
                self.class(v::AGENT)?;
            }
        }
        if let Some(identity) = resource.identity
            && self.identified.insert(id)
        {
            if identity.device != 0 {
                self.integer(v::DEVICE, identity.device)?;
            }
            self.integer(v::INODE, identity.inode)?;
        }
        if let Some(socket) = state.socket(id) {
            self.socket(socket)?;
        }
        if let Some(host) = state.socket(id).and_then(|socket| socket.host) {
            self.names.resource(state, host, &mut self.object);
            self.link(v::REMOTE_HOST)?;
        }
        if let Some(number) = state.number(id) {
            self.integer(v::IDENTIFIER, number.id)?;
            if let Some(key) = number.key {
                self.integer(v::KEY, key)?;
            }
        }
        if let Some(database) = state.database(id) {
            self.database(database)?;
        }
        // A file may prove to be something else as long as nobody has looked at it.
        let is_sure = resource.class != Class::File || resource.identity.is_some();
        if is_sure { self.name_outside(state, id) } else { Ok(()) }
    }

    /// The run is over: files that nobody has looked at stay files.
    pub(super) fn name_the_rest(&mut self, state: &State) -> io::Result<()> {
        if self.detail < Detail::Resource {
            return Ok(());
        }
        let rest = state.resource_ids().filter(|id| !self.monikers.contains_key(id));
        for id in rest.collect::<Vec<_>>() {
            self.names.resource(state, id, &mut self.subject);
            self.name_outside(state, id)?;
        }
        Ok(())
    }

    /// Writes the resource's moniker, unless that is no news.
    fn name_outside(&mut self, state: &State, id: ResourceId) -> io::Result<()> {
        let Some(moniker) = Moniker::of(state, id) else { return Ok(()) };
        let hash = FxBuildHasher.hash_one(&moniker);
        if self.monikers.insert(id, hash) == Some(hash) {
            return Ok(());
        }
        self.moniker(&moniker)?;
        if self.names.by_moniker(&moniker, &mut self.object) && self.subject != self.object {
            self.link(v::SAME_AS)?;
        }
        Ok(())
    }

    fn socket(&mut self, socket: &Socket) -> io::Result<()> {
        if socket.family.is_some() {
            self.plain(v::PROTOCOL, socket.protocol_name())?;
        }
        let ends = [
            (v::LOCAL, v::LOCAL_BYTES, &socket.local),
            (v::REMOTE, v::REMOTE_BYTES, &socket.remote),
        ];
        for (predicate, raw, end) in ends {
            let Some(end) = end else { continue };
            self.text.clear();
            let _ = write!(self.text, "{end}");
            self.literal(predicate)?;
            if let Endpoint::Unix(name) = end
                && matches!(readable(name.strip_prefix(b"\0").unwrap_or(name)), Cow::Owned(_))
            {
                self.raw(raw, name)?;
            }
        }
        Ok(())
    }

    /// The moniker of `self.subject`, and under whose authority it stands.
    pub(super) fn moniker(&mut self, moniker: &Moniker<'_>) -> io::Result<()> {
        self.bytes(v::MONIKER, v::MONIKER_BYTES, &moniker.to_bytes())?;
        let authority = match moniker.authority {
            Authority::Everywhere => return Ok(()),
            Authority::Machine | Authority::Boot => self.names.machine().to_vec(),
            Authority::Server(name) => name.to_vec(),
        };
        self.bytes(v::AUTHORITY, v::AUTHORITY_BYTES, &authority)
    }
}

fn class_of(class: Class) -> NamedNodeRef<'static> {
    match class {
        Class::File => v::FILE_CLASS,
        Class::Directory => v::DIRECTORY_CLASS,
        Class::Device => v::DEVICE_CLASS,
        Class::Terminal => v::TERMINAL_CLASS,
        Class::SharedMemory => v::SHARED_MEMORY_CLASS,
        Class::MessageQueue => v::MESSAGE_QUEUE_CLASS,
        Class::Semaphore => v::SEMAPHORE_CLASS,
        Class::User => v::USER_CLASS,
        Class::Host => v::HOST_CLASS,
        Class::Pipe => v::PIPE_CLASS,
        Class::Socket => v::SOCKET_CLASS,
        Class::Database => v::DATABASE_CLASS,
        Class::Function => v::FUNCTION_CLASS,
        Class::Anonymous => v::ANONYMOUS_CLASS,
    }
}
