//! What events touch: files, pipes, sockets and other things that a descriptor
//! or a path stands for.

use rustc_hash::{FxHashMap, FxHashSet};

use super::database::Database;
use super::ipc::Number;
use super::names::{NameId, Names};
use super::socket::Socket;

/// A resource of a run: a sequence number in the order of first mention, so the
/// same log always gives the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(u32);

impl ResourceId {
    pub(crate) fn from_index(index: usize) -> Self {
        Self(index as u32)
    }

    /// Its number, counted from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What kind of thing a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Something with a path in a file system: a regular file, as long as nothing
    /// more special is known.
    File,
    /// A directory.
    Directory,
    /// A character or block device.
    Device,
    /// A character device at which somebody sits, or may.
    Terminal,
    /// A pipe or FIFO.
    Pipe,
    /// A socket.
    Socket,
    /// Shared memory of System V; that of shm_open(3) is a file.
    SharedMemory,
    /// A message queue, of System V or POSIX.
    MessageQueue,
    /// A set of semaphores of System V.
    Semaphore,
    /// A user of the machine.
    User,
    /// Another machine.
    Host,
    /// A database, of a server or in a file.
    Database,
    /// What is called, as [`Function`](super::Function) tells it: no call touches it as it
    /// touches the others, so that it is none of the state's resources.
    Function,
    /// Something of the kernel's that has only descriptors: epoll, eventfd, …
    Anonymous,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::File,
        Self::Directory,
        Self::Device,
        Self::Terminal,
        Self::Pipe,
        Self::Socket,
        Self::SharedMemory,
        Self::MessageQueue,
        Self::Semaphore,
        Self::User,
        Self::Host,
        Self::Database,
        Self::Function,
        Self::Anonymous,
    ];

    /// A word for it, as exports print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Device => "device",
            Self::Terminal => "terminal",
            Self::SharedMemory => "shared memory",
            Self::MessageQueue => "message queue",
            Self::Semaphore => "semaphore",
            Self::User => "user",
            Self::Host => "host",
            Self::Pipe => "pipe",
            Self::Socket => "socket",
            Self::Database => "database",
            Self::Function => "function",
            Self::Anonymous => "anonymous",
        }
    }

    /// Whether a thing of that class is there for as long as somebody has it open, or it
    /// has a path.
    pub(super) const fn has_descriptors(self) -> bool {
        match self {
            Self::SharedMemory
            | Self::MessageQueue
            | Self::Semaphore
            | Self::User
            | Self::Host
            | Self::Database
            | Self::Function => false,
            Self::File
            | Self::Directory
            | Self::Device
            | Self::Terminal
            | Self::Pipe
            | Self::Socket
            | Self::Anonymous => true,
        }
    }

    /// Whether there are calls that take bytes from things of that class, or give them.
    pub(super) const fn carries_bytes(self) -> bool {
        self.has_descriptors() && !matches!(self, Self::Directory)
            || matches!(self, Self::MessageQueue)
    }

    /// The class that a file's type bits (`S_IFMT` of `st_mode`, inode(7)) tell.
    pub const fn from_mode(mode: u32) -> Option<Self> {
        match mode & 0o170_000 {
            0o100_000 => Some(Self::File),
            0o040_000 => Some(Self::Directory),
            0o020_000 | 0o060_000 => Some(Self::Device),
            0o010_000 => Some(Self::Pipe),
            0o140_000 => Some(Self::Socket),
            _ => None,
        }
    }
}

/// A file as the file system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `st_dev`.
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
}

/// A resource.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// What kind of thing it is.
    pub class: Class,
    /// Its absolute path, or the kernel's word for what has none (`pipe:[77]`,
    /// `anon_inode:[eventpoll]`), as a link in `/proc/PID/fd` would say.
    pub name: NameId,
    /// Where a fact told it.
    pub identity: Option<Identity>,
}

impl Resource {
    /// Whether its name is a path.
    pub fn has_path(&self, names: &Names) -> bool {
        names.get(self.name).first() == Some(&b'/')
    }
}

/// All resources of a run.
#[derive(Debug, Default)]
pub(super) struct Resources {
    all: Vec<Resource>,
    by_path: FxHashMap<NameId, ResourceId>,
    by_inode: FxHashMap<Identity, ResourceId>,
    sockets: FxHashMap<ResourceId, Socket>,
    /// Things that calls name otherwise than by a path.
    by_name: FxHashMap<(Class, NameId), ResourceId>,
    numbers: FxHashMap<ResourceId, Number>,
    databases: FxHashMap<ResourceId, Database>,
    by_database: FxHashMap<Database, ResourceId>,
    /// Pipes and eventfds that a call of this run has made.
    own: FxHashSet<ResourceId>,
    /// Where paths that lead through symbolic links were last seen to lead.
    aliases: FxHashMap<ResourceId, ResourceId>,
    /// The same of directories that names were in.
    directories: FxHashMap<NameId, NameId>,
}

impl Resources {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, id: ResourceId) -> Option<&Resource> {
        self.all.get(id.index())
    }

    /// A thing that no other mention can mean.
    pub(super) fn add(&mut self, class: Class, name: NameId) -> ResourceId {
        let id = ResourceId::from_index(self.all.len());
        self.all.push(Resource { class, name, identity: None });
        if class == Class::Socket {
            self.sockets.insert(id, Socket::default());
        }
        id
    }

    /// The file of that path, if it has been mentioned.
    pub(super) fn known_at(&self, path: NameId) -> Option<ResourceId> {
        self.by_path.get(&path).copied()
    }

    /// The file of that path.
    pub(super) fn at_path(&mut self, path: NameId) -> ResourceId {
        if let Some(&id) = self.by_path.get(&path) {
            return id;
        }
        let id = self.add(Class::File, path);
        self.by_path.insert(path, id);
        id
    }

    /// A fact has shown that opening `path` opens `real`.
    pub(super) fn leads_to(&mut self, path: ResourceId, real: ResourceId) {
        if path == real {
            self.aliases.remove(&path);
        } else {
            self.aliases.insert(path, real);
        }
    }

    /// What stands in one directory stands in another: they are one.
    pub(super) fn directory_leads_to(&mut self, directory: NameId, real: NameId) {
        self.directories.insert(directory, real);
    }

    /// The directory that `directory` was last seen to be, if that is another name.
    pub(super) fn real_directory(&self, directory: NameId) -> Option<NameId> {
        self.directories.get(&directory).copied()
    }

    /// What opening `path` opens, as far as a fact has shown it.
    pub(super) fn real(&self, path: ResourceId) -> ResourceId {
        self.aliases.get(&path).copied().unwrap_or(path)
    }

    /// The pipe or socket of that inode, if one is known.
    pub(super) fn at_inode(&self, identity: Identity) -> Option<ResourceId> {
        self.by_inode.get(&identity).copied()
    }

    /// Sets what a fact told; says whether that is news.
    pub(super) fn learn(&mut self, id: ResourceId, class: Class, identity: Identity) -> bool {
        let Some(resource) = self.all.get_mut(id.index()) else { return false };
        let special = resource.class == Class::File && class != Class::File;
        if !special && resource.identity.is_some() {
            return false;
        }
        if special {
            resource.class = class;
        }
        resource.identity = Some(identity);
        if matches!(class, Class::Pipe | Class::Socket) {
            self.by_inode.insert(identity, id);
        }
        true
    }

    /// A better name for a thing without a path.
    pub(super) fn rename(&mut self, id: ResourceId, name: NameId) -> bool {
        match self.all.get_mut(id.index()) {
            Some(resource) if resource.name != name => {
                resource.name = name;
                true
            }
            _ => false,
        }
    }

    /// That a file is a directory, as a call on it proved.
    pub(super) fn is_directory(&mut self, id: ResourceId) -> bool {
        match self.all.get_mut(id.index()) {
            Some(resource) if resource.class == Class::File => {
                resource.class = Class::Directory;
                true
            }
            _ => false,
        }
    }

    /// That a name leads to a FIFO, as the call that made it said.
    pub(super) fn is_fifo(&mut self, id: ResourceId) {
        if let Some(resource) = self.all.get_mut(id.index()) {
            resource.class = Class::Pipe;
        }
        self.make_own(id);
    }

    /// A call of this run has made it: nobody else has it, unless it was given away.
    pub(super) fn make_own(&mut self, id: ResourceId) {
        self.own.insert(id);
    }

    /// Whether a call of this run has made it.
    pub(super) fn is_own(&self, id: ResourceId) -> bool {
        self.own.contains(&id)
    }

    /// The thing of that class and name.
    pub(super) fn at_name(&mut self, class: Class, name: NameId) -> ResourceId {
        if let Some(&id) = self.by_name.get(&(class, name)) {
            return id;
        }
        let id = self.add(class, name);
        self.by_name.insert((class, name), id);
        id
    }

    pub(super) fn number(&self, id: ResourceId) -> Option<Number> {
        self.numbers.get(&id).copied()
    }

    /// Sets by what number the kernel knows it; a key once learnt stays.
    pub(super) fn set_number(&mut self, id: ResourceId, number: Number) {
        let known = self.numbers.entry(id).or_insert(number);
        known.key = number.key.or(known.key);
    }

    /// The resource that is that database; a new one is called `name`.
    pub(super) fn at_database(&mut self, database: Database, name: NameId) -> ResourceId {
        if let Some(&id) = self.by_database.get(&database) {
            return id;
        }
        let id = self.add(Class::Database, name);
        self.by_database.insert(database.clone(), id);
        self.databases.insert(id, database);
        id
    }

    pub(super) fn database(&self, id: ResourceId) -> Option<&Database> {
        self.databases.get(&id)
    }

    pub(super) fn socket(&self, id: ResourceId) -> Option<&Socket> {
        self.sockets.get(&id)
    }

    pub(super) fn socket_mut(&mut self, id: ResourceId) -> Option<&mut Socket> {
        self.sockets.get_mut(&id)
    }
}
