//! Names that hold outside of a run: what two runs, or two machines, both touch has
//! the same one in both.
//!
//! A moniker is `Class.Key1=Value1,Key2=Value2` and stands under an [`Authority`],
//! which says among what it is unique. Classes and keys are those of the Common
//! Information Model where that has them:
//!
//! | thing | class and keys | authority |
//! | --- | --- | --- |
//! | machine | `CIM_ComputerSystem.Name` | everywhere |
//! | process | `CIM_Process.Handle` | boot |
//! | file | `CIM_DataFile.Name` | machine, or the server of its mount |
//! | directory | `CIM_Directory.Name` | machine, or the server of its mount |
//! | device | `Device.Name` | machine |
//! | terminal | `Terminal.Name` | machine |
//! | FIFO | `Pipe.Name` | machine, or the server of its mount |
//! | pipe | `Pipe.Inode` | boot |
//! | connection | `Socket.Protocol,End1,End2`, the lesser end first | everywhere; boot if local |
//! | socket with an own address only | `Socket.Protocol,Address` | everywhere; boot if local |
//! | other socket | `Socket.Inode` | boot |
//! | System V's memory, queues, semaphores | `SharedMemory.Id`, `MessageQueue.Id`, `Semaphore.Id` | boot |
//! | POSIX message queue | `MessageQueue.Name` | boot |
//! | user | `User.Id` | machine |
//! | function of the kernel | `Function.Name` (of another ABI than the machine's own `Function.Abi,Name`) | machine |
//! | database | `Database.Server,Name` (SQLite: `Database.Name`) | everywhere; machine if local |
//!
//! What else the kernel makes (an eventfd, an epoll) nobody outside can name: it has
//! no moniker.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::database::Database;
use super::resource::{Class, Resource, ResourceId};
use super::socket::{Endpoint, SOCK_DGRAM, SOCK_STREAM, Socket};
use super::state::State;

/// A thing's name outside of its run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moniker<'a> {
    /// Among what it is unique.
    pub authority: Authority<'a>,
    /// The class.
    pub class: &'static str,
    /// Keys and their values, in the class's order.
    pub keys: Vec<(&'static str, Cow<'a, [u8]>)>,
}

/// Who gives a name, and so among what it is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authority<'a> {
    /// The machine that the run was on.
    Machine,
    /// That machine, until it is started anew.
    Boot,
    /// Another machine, by the name that this one has for it.
    Server(&'a [u8]),
    /// Nobody: the name is the same everywhere.
    Everywhere,
}

impl<'a> Moniker<'a> {
    fn new(authority: Authority<'a>, class: &'static str) -> Self {
        Self { authority, class, keys: Vec::new() }
    }

    fn key(mut self, key: &'static str, value: impl Into<Cow<'a, [u8]>>) -> Self {
        self.keys.push((key, value.into()));
        self
    }

    /// A machine's, by its host name or address.
    pub fn of_host(name: &'a [u8]) -> Self {
        Self::new(Authority::Everywhere, "CIM_ComputerSystem").key("Name", name)
    }

    /// A process's, by its id.
    pub fn of_process(pid: u32) -> Self {
        Self::new(Authority::Boot, "CIM_Process").key("Handle", pid.to_string().into_bytes())
    }

    /// A function's of the kernel; of one that is called by another ABI than the machine's
    /// own, by that too.
    pub(super) fn of_function(abi: Option<&'static str>, name: Vec<u8>) -> Self {
        let moniker = Self::new(Authority::Machine, "Function");
        let moniker = match abi {
            Some(abi) => moniker.key("Abi", abi.as_bytes()),
            None => moniker,
        };
        moniker.key("Name", name)
    }

    /// A resource's, by what is known of it now; `None` if that is not enough, or if
    /// there is nothing by which anybody outside could know it.
    pub fn of(state: &'a State, id: ResourceId) -> Option<Self> {
        let resource = state.resource(id)?;
        let name = state.name_of(id);
        let class = match resource.class {
            Class::Socket => return of_socket(state, id, name, resource),
            Class::Pipe if name.first() != Some(&b'/') => return by_inode(resource, "Pipe"),
            Class::Anonymous | Class::Function => return None,
            Class::Database => return of_database(state, state.database(id)?),
            Class::File => "CIM_DataFile",
            Class::Directory => "CIM_Directory",
            Class::Device => return by_path(name, "Device"),
            Class::Terminal => return by_path(name, "Terminal"),
            Class::SharedMemory => return by_number(state, id, "SharedMemory"),
            Class::Semaphore => return by_number(state, id, "Semaphore"),
            Class::User => {
                let moniker = by_number(state, id, "User")?;
                return Some(Self { authority: Authority::Machine, ..moniker });
            }
            Class::MessageQueue => {
                let by_name =
                    name.strip_prefix(b"mqueue:").and_then(|name| by_path(name, "MessageQueue"));
                let by_name = by_name.map(|moniker| Self { authority: Authority::Boot, ..moniker });
                return by_name.or_else(|| by_number(state, id, "MessageQueue"));
            }
            Class::Host => return Some(Self::of_host(name)),
            Class::Pipe => "Pipe",
        };
        match state.mounts.owner(name) {
            Some((server, path)) => {
                Some(Self::new(Authority::Server(server), class).key("Name", path))
            }
            None => by_path(name, class),
        }
    }

    /// The whole name, without its authority. A value that could be taken for more
    /// than one is quoted as in a CIM object path (DMTF DSP0004): with `"` around it,
    /// and a backslash before each `"` and each backslash in it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.class.as_bytes().to_vec();
        let separators = std::iter::once(b'.').chain(std::iter::repeat(b','));
        for ((key, value), separator) in self.keys.iter().zip(separators) {
            out.push(separator);
            out.extend_from_slice(key.as_bytes());
            out.push(b'=');
            quote(value, &mut out);
        }
        out
    }
}

fn quote(value: &[u8], out: &mut Vec<u8>) {
    if !value.iter().any(|byte| b",=\"".contains(byte)) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for &byte in value {
        if b"\"\\".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A path whose directory is not known names nothing.
fn by_path<'a>(path: &'a [u8], class: &'static str) -> Option<Moniker<'a>> {
    let is_absolute = path.first() == Some(&b'/');
    is_absolute.then(|| Moniker::new(Authority::Machine, class).key("Name", path))
}

fn by_number<'a>(state: &State, id: ResourceId, class: &'static str) -> Option<Moniker<'a>> {
    let number = state.number(id)?.id.to_string();
    Some(Moniker::new(Authority::Boot, class).key("Id", number.into_bytes()))
}

fn by_inode<'a>(resource: &Resource, class: &'static str) -> Option<Moniker<'a>> {
    let inode = resource.identity?.inode.to_string();
    Some(Moniker::new(Authority::Boot, class).key("Inode", inode.into_bytes()))
}

fn of_socket<'a>(
    state: &'a State,
    id: ResourceId,
    name: &'a [u8],
    resource: &Resource,
) -> Option<Moniker<'a>> {
    if name.first() == Some(&b'/') {
        return Some(unix_address(name)); // its file
    }
    let by_address = state.socket(id).and_then(|socket| {
        let (local, remote) = (socket.local.as_ref(), socket.remote.as_ref());
        unix(socket).or_else(|| internet(socket, local?, remote))
    });
    by_address.or_else(|| by_inode(resource, "Socket"))
}

/// By its server and its name there.
fn of_database<'a>(state: &'a State, database: &'a Database) -> Option<Moniker<'a>> {
    let name = database.name.as_deref();
    let Some(server) = &database.server else {
        let path = name?;
        let moniker = |authority| Moniker::new(authority, "Database");
        return Some(match state.mounts.owner(path) {
            Some((server, path)) => moniker(Authority::Server(server)).key("Name", path),
            None => moniker(Authority::Machine).key("Name", path),
        });
    };
    let is_local = address(server)
        .is_none_or(|server| server.ip().is_loopback() || server.ip().is_unspecified());
    let authority = if is_local { Authority::Machine } else { Authority::Everywhere };
    let moniker = Moniker::new(authority, "Database").key("Server", server.to_bytes());
    Some(match name {
        Some(name) => moniker.key("Name", name),
        None => moniker,
    })
}

/// Only the end that everybody can connect to has a name: a connection has none that
/// both of its ends would know.
fn unix<'a>(socket: &Socket) -> Option<Moniker<'a>> {
    let own = socket.local.as_ref().filter(|_| socket.remote.is_none())?;
    let address = match (own, &socket.path) {
        (Endpoint::Unix(name), _) if name.is_empty() => return None,
        (Endpoint::Unix(_), Some(path)) => path.clone(),
        (Endpoint::Unix(_), None) => own.to_bytes(),
        _ => return None,
    };
    // In which directory a relative path is, nobody has told.
    address.first().is_some_and(|first| b"/@".contains(first)).then(|| unix_address(&address))
}

fn unix_address<'a>(address: &[u8]) -> Moniker<'a> {
    Moniker::new(Authority::Boot, "Socket")
        .key("Protocol", &b"UNIX"[..])
        .key("Address", address.to_vec())
}

fn internet<'a>(
    socket: &Socket,
    local: &Endpoint,
    remote: Option<&Endpoint>,
) -> Option<Moniker<'a>> {
    let protocol: &[u8] = match socket.kind? {
        SOCK_STREAM => b"TCP",
        SOCK_DGRAM => b"UDP",
        _ => return None,
    };
    let local = address(local)?;
    let start = |is_local| {
        let authority = if is_local { Authority::Boot } else { Authority::Everywhere };
        Moniker::new(authority, "Socket").key("Protocol", protocol)
    };
    let text = |end: SocketAddr| end.to_string().into_bytes();
    let Some(remote) = remote else {
        let is_local = local.ip().is_loopback() || local.ip().is_unspecified();
        return Some(start(is_local).key("Address", text(local)));
    };
    let remote = address(remote)?;
    // The kernel has not chosen an address yet.
    if local.ip().is_unspecified() || local.port() == 0 {
        return None;
    }
    let is_local = local.ip().is_loopback() || remote.ip().is_loopback();
    let ends = [local.min(remote), local.max(remote)].map(text);
    let [first, second] = ends;
    Some(start(is_local).key("End1", first).key("End2", second))
}

/// The same end, as both ends see it.
pub(super) fn canonical(end: Endpoint) -> Endpoint {
    match address(&end) {
        Some(SocketAddr::V4(v4)) => Endpoint::Inet(*v4.ip(), v4.port()),
        _ => end,
    }
}

/// The address and port. One end may see as `::ffff:10.0.0.1` what the other calls
/// 10.0.0.1.
pub(super) fn address(end: &Endpoint) -> Option<SocketAddr> {
    match end {
        Endpoint::Inet(ip, port) => Some((IpAddr::V4(*ip), *port).into()),
        Endpoint::Inet6(ip, port) => Some((ip.to_canonical(), *port).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Identity;

    fn shown(moniker: Option<Moniker<'_>>) -> String {
        let Some(moniker) = moniker else { return "none".into() };
        let authority = match moniker.authority {
            Authority::Machine => "machine".into(),
            Authority::Boot => "boot".into(),
            Authority::Everywhere => "-".into(),
            Authority::Server(name) => String::from_utf8_lossy(name).into_owned(),
        };
        format!("{authority} {}", String::from_utf8_lossy(&moniker.to_bytes()))
    }

    #[test]
    fn files_belong_to_the_machine_or_to_their_server() {
        let mut state = State::default();
        state.mounts.take(b"9 1 0:4 / /net rw - nfs4 srv:/export rw");
        let name = |path: &str, state: &mut State| {
            let id = state.file_named(path.as_bytes());
            shown(Moniker::of(state, id))
        };
        assert_eq!(name("/etc/passwd", &mut state), "machine CIM_DataFile.Name=/etc/passwd");
        assert_eq!(name("/net/a b", &mut state), "srv CIM_DataFile.Name=/export/a b");
        assert_eq!(name("relative", &mut state), "none");
        let quoted = name("/a,b=\"c\\\"", &mut state);
        assert_eq!(quoted, r#"machine CIM_DataFile.Name="/a,b=\"c\\\"""#);
        assert_eq!(name(r"/a\b", &mut state), r"machine CIM_DataFile.Name=/a\b");
        let directory = state.file_named(b"/net");
        state.resources.is_directory(directory);
        assert_eq!(shown(Moniker::of(&state, directory)), "srv CIM_Directory.Name=/export");
    }

    #[test]
    fn pipes_have_an_inode_or_a_path() {
        let mut state = State::default();
        let name = state.names.intern(b"pipe:[77]");
        let pipe = state.resources.add(Class::Pipe, name);
        assert_eq!(shown(Moniker::of(&state, pipe)), "none");
        state.resources.learn(pipe, Class::Pipe, Identity { device: 0, inode: 77 });
        assert_eq!(shown(Moniker::of(&state, pipe)), "boot Pipe.Inode=77");
        let fifo = state.file_named(b"/run/fifo");
        state.resources.learn(fifo, Class::Pipe, Identity { device: 3, inode: 5 });
        assert_eq!(shown(Moniker::of(&state, fifo)), "machine Pipe.Name=/run/fifo");
    }

    fn inet(address: &str) -> Endpoint {
        match address.parse::<SocketAddr>().expect("an address") {
            SocketAddr::V4(address) => Endpoint::Inet(*address.ip(), address.port()),
            SocketAddr::V6(address) => Endpoint::Inet6(*address.ip(), address.port()),
        }
    }

    fn socket(local: Option<Endpoint>, remote: Option<Endpoint>, kind: u32) -> String {
        let mut state = State::default();
        let name = state.names.intern(b"socket:[5]");
        let id = state.resources.add(Class::Socket, name);
        state.resources.learn(id, Class::Socket, Identity { device: 0, inode: 5 });
        if let Some(socket) = state.resources.socket_mut(id) {
            *socket = Socket { kind: Some(kind), local, remote, ..Socket::default() };
        }
        shown(Moniker::of(&state, id))
    }

    #[test]
    fn both_ends_of_a_connection_have_the_same_name() {
        let ends = |one, other| socket(Some(inet(one)), Some(inet(other)), SOCK_STREAM);
        let name = "- Socket.Protocol=TCP,End1=10.0.0.1:40000,End2=10.0.0.2:80";
        assert_eq!(ends("10.0.0.1:40000", "10.0.0.2:80"), name);
        assert_eq!(ends("10.0.0.2:80", "10.0.0.1:40000"), name);
        assert_eq!(ends("[::ffff:10.0.0.2]:80", "[::ffff:10.0.0.1]:40000"), name);
        let name = "boot Socket.Protocol=TCP,End1=[::1]:80,End2=[::1]:4000";
        assert_eq!(ends("[::1]:4000", "[::1]:80"), name);
        assert_eq!(ends("0.0.0.0:4000", "10.0.0.2:80"), "boot Socket.Inode=5");
    }

    #[test]
    fn what_listens_has_its_address() {
        let listens = |address| socket(Some(inet(address)), None, SOCK_STREAM);
        assert_eq!(listens("10.0.0.1:80"), "- Socket.Protocol=TCP,Address=10.0.0.1:80");
        assert_eq!(listens("0.0.0.0:80"), "boot Socket.Protocol=TCP,Address=0.0.0.0:80");
        let name = "boot Socket.Protocol=UDP,Address=127.0.0.1:53";
        assert_eq!(socket(Some(inet("127.0.0.1:53")), None, SOCK_DGRAM), name);
        let path = || Endpoint::Unix(b"/run/x".to_vec());
        let name = "boot Socket.Protocol=UNIX,Address=/run/x";
        assert_eq!(socket(Some(path()), None, SOCK_STREAM), name);
        let unnamed = || Endpoint::Unix(Vec::new());
        assert_eq!(socket(Some(path()), Some(unnamed()), SOCK_STREAM), "boot Socket.Inode=5");
        assert_eq!(socket(Some(unnamed()), Some(path()), SOCK_STREAM), "boot Socket.Inode=5");
        assert_eq!(socket(None, None, SOCK_STREAM), "boot Socket.Inode=5");
        let relative = Endpoint::Unix(b"x".to_vec());
        assert_eq!(socket(Some(relative), None, SOCK_STREAM), "boot Socket.Inode=5");
    }
}
