//! What the recorder learnt beside the calls: what was open before, real paths,
//! inodes, addresses, ids in other namespaces.

use rustc_hash::FxHashMap;

use super::Flow;
use super::descriptors::{Access, Descriptor};
use super::irregular::O_CLOEXEC;
use super::item::{EventId, Item, Place};
use super::resource::{Class, Identity, ResourceId};
use super::socket::{Endpoint, Socket};
use super::task::{Account, Execution, Standing};
use super::touch::Found;
use crate::abi::Verb;
use crate::event::{Fact, FactKey, FactKind, Origin, TaskId};

/// Facts that wait for the event they belong to.
#[derive(Debug, Default)]
pub(super) struct Facts {
    by_event: FxHashMap<EventId, Vec<Fact>>,
    /// Those that are given out, and have not been.
    told: Vec<Fact>,
    /// Of the event at hand: the file that it opened, and those that it runs.
    pub(super) found: Option<Found>,
    pub(super) programs: Vec<ResourceId>,
}

impl Facts {
    /// Takes over a batch's facts.
    pub(super) fn take(&mut self, facts: &[Fact]) {
        for fact in facts.iter().filter(|fact| is_used(fact.kind)) {
            let event = EventId { task: fact.task, ordinal: fact.ordinal };
            self.by_event.entry(event).or_default().push(fact.clone());
        }
        self.told.extend(facts.iter().filter(|fact| is_told(fact.kind)).cloned());
    }

    /// The program that runs since that exec stop, if its call is not recorded.
    pub(super) fn executable_at(&self, stop: EventId) -> Option<&Fact> {
        self.by_event.get(&stop)?.iter().find(|fact| fact.kind == FactKind::Executable)
    }

    /// Those that are given out, and have not been.
    pub(super) fn told_mut(&mut self) -> &mut [Fact] {
        &mut self.told
    }

    /// What is to be told of a task, or of all, each once.
    pub(super) fn take_told(&mut self, of: Option<TaskId>) -> Vec<Fact> {
        let is_wanted = |fact: &mut Fact| of.is_none_or(|task| fact.task == task);
        self.told.extract_if(.., is_wanted).collect()
    }
}

/// Kinds that change what the flow knows; the others are given out, or are for
/// readers of the log.
fn is_used(kind: FactKind) -> bool {
    !matches!(
        kind,
        FactKind::BlindSpot
            | FactKind::Mount
            | FactKind::Mapping
            | FactKind::Written
            | FactKind::Content
    )
}

/// Kinds that are items themselves.
fn is_told(kind: FactKind) -> bool {
    use FactKind::{BlindSpot, Content, Executable, File, Written};
    matches!(kind, BlindSpot | Content | Executable | File | Written)
}

impl Flow {
    /// The file that a fact is about; nothing where it is none.
    pub(super) fn file_of(&mut self, fact: &Fact) -> Option<ResourceId> {
        let path = fact.bytes(FactKey::Path).filter(|path| path.first() == Some(&b'/'))?;
        // What /proc calls a file whose last name is gone; it had that name.
        let had = path.strip_suffix(b" (deleted)").unwrap_or(path);
        let known = self.state.known_file(path);
        Some(known.unwrap_or_else(|| self.state.file_named(had)))
    }

    /// Applies the facts that belong to an event that has just been read.
    pub(super) fn apply_facts(&mut self, task: TaskId, ordinal: u64) {
        self.facts.found = None;
        self.facts.programs.clear();
        self.name_seen(|fact| fact.task == task && fact.ordinal == ordinal);
        if self.facts.by_event.is_empty() {
            return;
        }
        let event = EventId { task, ordinal };
        for fact in self.facts.by_event.remove(&event).unwrap_or_default() {
            self.apply_fact(&fact);
        }
    }

    /// Applies the facts that came behind their event; keeps those that came before
    /// it; drops those of tasks that are gone.
    pub(super) fn apply_late_facts(&mut self) {
        let tasks = &self.state.tasks;
        let mut late = Vec::new();
        self.facts.by_event.retain(|event, facts| match tasks.get(&event.task) {
            Some(task) if event.ordinal > task.last => true,
            Some(_) => {
                late.append(facts);
                false
            }
            None => event.ordinal == 0,
        });
        late.sort_by_key(|fact| (fact.time, fact.task, fact.ordinal));
        self.uses.clear(); // they are of another event
        for fact in &late {
            self.apply_fact(fact);
        }
    }

    fn apply_fact(&mut self, fact: &Fact) {
        match fact.kind {
            FactKind::Process => self.process_fact(fact),
            FactKind::Descriptor => self.descriptor_fact(fact),
            FactKind::Executable => self.executable_fact(fact),
            FactKind::File => self.file_fact(fact),
            FactKind::Socket => self.socket_fact(fact),
            FactKind::Ids => self.ids_fact(fact),
            FactKind::Standing => self.standing_fact(fact),
            FactKind::Account => self.account_fact(fact),
            FactKind::BlindSpot
            | FactKind::Mount
            | FactKind::Mapping
            | FactKind::Written
            | FactKind::Content => {}
        }
    }

    /// What a process had read and written when it ended.
    fn account_fact(&mut self, fact: &Fact) {
        let process = self.state.tasks.get(&fact.task).map(|task| task.process);
        if let Some(process) = process.and_then(|id| self.state.processes.get_mut(&id)) {
            process.account = Account::of(fact);
        }
    }

    /// Where a process stood when its recording began, and what it ran then.
    fn process_fact(&mut self, fact: &Fact) {
        self.ids_fact(fact);
        self.user_fact(fact);
        self.space_fact(fact);
        let mut file = |key| fact.bytes(key).map(|path| self.state.file_named(path));
        let (cwd, root, executable) =
            (file(FactKey::Cwd), file(FactKey::Root), file(FactKey::Path));
        let group = fact.number(FactKey::Pgid).and_then(|group| u32::try_from(group).ok());
        if let Some(process) = self.state.processes.get_mut(&fact.task) {
            process.group = group.filter(|group| *group != 0);
        }
        let Some(task) = self.state.tasks.get(&fact.task) else { return };
        *self.state.standings.get_mut(task.place) = Standing { cwd, root, ..Standing::default() };
        if task.origin != Origin::Attached {
            return;
        }
        let execution = Execution {
            id: EventId { task: fact.task, ordinal: 0 },
            process: TaskId::NONE,
            started: task.started,
            executable,
            argv: fact.list(FactKey::Argv).unwrap_or_default().to_vec(),
            env: None,
            cwd,
            user: None,
        };
        self.run(fact.task, execution);
    }

    /// Where a task stands when a log begins in the midst of its life.
    fn standing_fact(&mut self, fact: &Fact) {
        self.user_of_recap(fact);
        let mut directory = |key| fact.bytes(key).map(|path| self.state.file_named(path));
        let (cwd, root) = (directory(FactKey::Cwd), directory(FactKey::Root));
        if let Some(task) = self.state.tasks.get(&fact.task) {
            *self.state.standings.get_mut(task.place) =
                Standing { cwd, root, ..Standing::default() };
        }
        self.inherit_execution(fact);
    }

    /// A task runs what another process, which may be dead, began to run.
    fn inherit_execution(&mut self, fact: &Fact) {
        let number = |key| fact.number(key);
        let by = number(FactKey::ExecTask).and_then(|task| u32::try_from(task).ok());
        let (Some(by), Some(ordinal)) = (by, number(FactKey::ExecOrdinal)) else { return };
        let id = EventId { task: TaskId(by), ordinal: ordinal as u64 };
        let execution = self.state.process_of(id.task).and_then(|by| by.execution.clone());
        let Some(execution) = execution.filter(|execution| execution.id == id) else { return };
        let process = self.state.tasks.get(&fact.task).map(|task| task.process);
        if let Some(process) = process.and_then(|id| self.state.processes.get_mut(&id)) {
            process.execution.get_or_insert(execution);
        }
    }

    /// A descriptor that was open when the recording began.
    fn descriptor_fact(&mut self, fact: &Fact) {
        let Some(fd) = fd_of(fact) else { return };
        if self.state.slot(fact.task, fd).is_some() {
            return; // it came late: a call has spoken since
        }
        let path = fact.bytes(FactKey::Path).unwrap_or_default();
        let Some(resource) = self.resource_of(fact, path) else { return };
        let flags = fact.number(FactKey::Flags).unwrap_or_default();
        let cloexec = flags as u64 & O_CLOEXEC != 0;
        self.open_slot(fact.task, fd, Descriptor::new(resource, cloexec, Access::Any));
        self.learn(resource, fact);
    }

    /// The resource that `/proc/PID/fd` calls `link`.
    fn resource_of(&mut self, fact: &Fact, link: &[u8]) -> Option<ResourceId> {
        if link.first() == Some(&b'/') {
            let name = self.state.seen(fact.task, link).into_owned();
            return Some(self.state.file_named(&name));
        }
        let class = class_of_link(link)?;
        if let Some(known) = self.known_by_inode(fact, link) {
            return Some(known);
        }
        let name = self.state.names.intern(link);
        Some(self.state.resources.add(class, name))
    }

    /// A pipe or socket that is known already. (All of `anon_inode` share an inode.)
    fn known_by_inode(&self, fact: &Fact, link: &[u8]) -> Option<ResourceId> {
        let class = class_of_link(link)?;
        if class == Class::Anonymous {
            return None;
        }
        self.state.resources.at_inode(inode_of(fact, link)?)
    }

    /// What a descriptor that a call has just made stands for, or what a path does.
    fn file_fact(&mut self, fact: &Fact) {
        let path = fact.bytes(FactKey::Path).unwrap_or_default();
        let slot = fd_of(fact).and_then(|fd| Some((fd, self.state.slot(fact.task, fd)?)));
        let Some((fd, slot)) = slot else {
            if self.came_from_outside(fact, path) {
                return;
            }
            if path.first() == Some(&b'/') {
                let name = self.state.seen(fact.task, path).into_owned();
                let file = self.state.file_named(&name);
                self.learn(file, fact);
            }
            return;
        };
        let found = self.real_resource(fact, path, slot.resource);
        self.note_link(found);
        self.note_found(fact, path);
        if found != slot.resource {
            self.open_slot(fact.task, fd, Descriptor { resource: found, ..slot });
            let results = self.uses.iter_mut().filter(|u| !matches!(u.place, Place::Argument(_)));
            results.filter(|u| u.resource == slot.resource).for_each(|u| u.resource = found);
        }
        self.learn(found, fact);
    }

    /// What the event at hand opened.
    fn note_found(&mut self, fact: &Fact, link: &[u8]) {
        let unsigned = |key| fact.number(key).and_then(|number| u64::try_from(number).ok());
        self.facts.found = Some(Found {
            identity: inode_of(fact, link),
            length: unsigned(FactKey::Size),
            born: unsigned(FactKey::Born),
        });
    }

    /// What the exec at hand made the kernel read.
    fn note_programs(&mut self, fact: &Fact) {
        let paths = [FactKey::Path, FactKey::Script, FactKey::Loader];
        let paths = paths.into_iter().filter_map(|key| fact.bytes(key));
        // Interpreters stand among their arguments, which are seldom paths of files.
        let words = fact.list(FactKey::Interpreters).unwrap_or_default();
        let is_path = |path: &&[u8]| path.first() == Some(&b'/');
        let paths: Vec<&[u8]> =
            paths.chain(words.iter().map(Vec::as_slice)).filter(is_path).collect();
        for path in paths {
            let name = self.state.seen(fact.task, path).into_owned();
            let named = self.state.file_named(&name);
            let real = self.state.resources.real(named);
            self.facts.programs.push(real);
        }
    }

    /// A descriptor came with a message, or was taken, from somebody of whom that is not
    /// known, or with a child.
    fn came_from_outside(&mut self, fact: &Fact, path: &[u8]) -> bool {
        // A fact that comes late tells of what may be closed by now.
        let is_now = self.state.task(fact.task).is_some_and(|task| task.last < fact.ordinal);
        let fd = fd_of(fact).filter(|_| is_now);
        let found = fd.and_then(|fd| Some((fd, self.resource_of(fact, path)?)));
        let Some((fd, resource)) = found else { return false };
        let flags = fact.number(FactKey::Flags).unwrap_or_default();
        let cloexec = flags as u64 & O_CLOEXEC != 0;
        self.open_slot(fact.task, fd, Descriptor::new(resource, cloexec, Access::Any));
        self.learn(resource, fact);
        true
    }

    /// The path that the event at hand opened has proved to lead to `real`.
    fn note_link(&mut self, real: ResourceId) {
        let opened = self.uses.iter().rev().find(|one| one.verb == Verb::Opens);
        if let Some(path) = opened.map(|one| one.resource) {
            self.state.resources.leads_to(path, real);
            self.state.note_directory(path, real);
        }
    }

    /// The resource that `assumed` proved to be: a path may have led through
    /// symbolic links, a pipe's other end may be known already.
    fn real_resource(&mut self, fact: &Fact, link: &[u8], assumed: ResourceId) -> ResourceId {
        let name = self.state.name_of(assumed);
        // What came with a message may have lost its name since it was opened.
        let is_same = link.strip_suffix(b" (deleted)").is_some_and(|had| {
            had == name || had.strip_prefix(b"/").is_some_and(|memory| memory == name)
        });
        if is_same {
            return assumed;
        }
        if link.first() == Some(&b'/') {
            let name = self.state.seen(fact.task, link).into_owned();
            return self.state.file_named(&name);
        }
        if let Some(known) = self.known_by_inode(fact, link) {
            return known;
        }
        let is_file = self.state.name_of(assumed).first() == Some(&b'/');
        let class = class_of_link(link);
        if class.is_some() && class != self.state.resource(assumed).map(|known| known.class) {
            return self.resource_of(fact, link).unwrap_or(assumed);
        }
        if !link.is_empty() && !is_file {
            let name = self.state.names.intern(link);
            self.state.resources.rename(assumed, name);
        }
        assumed
    }

    fn socket_fact(&mut self, fact: &Fact) {
        let slot = fd_of(fact).and_then(|fd| self.state.slot(fact.task, fd));
        let Some(id) = slot.map(|slot| slot.resource) else { return };
        if let Some(inode) = fact.number(FactKey::Inode) {
            let name = self.state.names.intern(format!("socket:[{inode}]").as_bytes());
            self.state.resources.rename(id, name);
        }
        self.learn(id, fact);
    }

    fn executable_fact(&mut self, fact: &Fact) {
        self.ids_fact(fact);
        self.user_fact(fact);
        if let Some(path) = fact.bytes(FactKey::Path).filter(|path| path.first() == Some(&b'/')) {
            let name = self.state.seen(fact.task, path).into_owned();
            let file = self.state.file_named(&name);
            self.learn(file, fact);
            self.note_programs(fact);
        }
        let cwd = fact.bytes(FactKey::Cwd);
        let cwd = cwd.map(|cwd| self.state.seen(fact.task, cwd).into_owned());
        let cwd = cwd.map(|cwd| self.state.file_named(&cwd));
        if let (Some(cwd), Some(task)) = (cwd, self.state.tasks.get(&fact.task)) {
            self.state.standings.get_mut(task.place).cwd = Some(cwd);
        }
    }

    fn ids_fact(&mut self, fact: &Fact) {
        let Some(own) = fact.number(FactKey::NsPid) else { return };
        let Some(task) = self.state.tasks.get_mut(&fact.task) else { return };
        task.own_tid = Some(own as u32);
        // Of a process, its first thread's id is its own.
        if let Some(process) = self.state.processes.get_mut(&fact.task) {
            process.own_pid = Some(own as u32);
        }
    }

    /// Takes over class, identity and addresses.
    fn learn(&mut self, id: ResourceId, fact: &Fact) {
        let link = fact.bytes(FactKey::Path).unwrap_or_default();
        let mode = fact.number(FactKey::Mode).unwrap_or_default();
        let known = self.state.resource(id).map(|resource| resource.class);
        let class = Class::from_mode(mode as u32).or_else(|| class_of_link(link)).or(known);
        let class = class.map(|class| match class {
            Class::Device if is_terminal(fact, link) => Class::Terminal,
            other => other,
        });
        let pid = fact.number(FactKey::Pid).and_then(|pid| u32::try_from(pid).ok());
        if let Some(pid) = pid.filter(|_| link == b"anon_inode:[pidfd]") {
            self.state.knows_pidfd(id, pid);
        }
        let identity = inode_of(fact, link);
        let mut news = match (class, identity) {
            (Some(class), Some(identity)) => self.state.resources.learn(id, class, identity),
            _ => false,
        };
        self.meet_host(id, fact.bytes(FactKey::Remote).and_then(Endpoint::parse).as_ref());
        if let Some(socket) = self.state.resources.socket_mut(id)
            && learn_socket(socket, fact)
        {
            self.transfers.meetings.addressed(id, socket);
            news = true;
        }
        if news {
            self.before.push(Item::Learnt(id));
        }
    }
}

/// Whether a device is a terminal, by its number (`admin-guide/devices.txt`), or, where
/// that is not known, its name.
fn is_terminal(fact: &Fact, path: &[u8]) -> bool {
    const CHARACTER: i64 = 0o020_000;
    const TYPE: i64 = 0o170_000;
    if fact.number(FactKey::Mode).is_none_or(|mode| mode & TYPE != CHARACTER) {
        return false;
    }
    match fact.number(FactKey::Special) {
        // Consoles, /dev/tty and its kin, pseudo-terminals, USB and other serial lines, hvc.
        Some(number) => matches!(number >> 8 & 0xfff, 4 | 5 | 136..=143 | 188 | 204 | 229),
        None => path.starts_with(b"/dev/pts/") || path.starts_with(b"/dev/tty"),
    }
}

fn fd_of(fact: &Fact) -> Option<i32> {
    fact.number(FactKey::Fd).and_then(|fd| i32::try_from(fd).ok())
}

/// Pipes and sockets have inode numbers of their own, whatever device they say.
fn inode_of(fact: &Fact, link: &[u8]) -> Option<Identity> {
    let inode = || fact.number(FactKey::Inode).map(|inode| inode as u64);
    if fact.kind == FactKind::Socket || class_of_link(link).is_some() {
        return inode().or_else(|| inode_in_link(link)).map(|inode| Identity { device: 0, inode });
    }
    Some(Identity { device: fact.number(FactKey::Device)? as u64, inode: inode()? })
}

/// 77 of `pipe:[77]`.
fn inode_in_link(link: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(link).ok()?;
    text.split_once(":[")?.1.strip_suffix(']')?.parse().ok()
}

/// The class of what `/proc/PID/fd` shows without a path.
fn class_of_link(link: &[u8]) -> Option<Class> {
    let kind = link.split(|byte| *byte == b':').next()?;
    match kind {
        b"pipe" => Some(Class::Pipe),
        b"socket" => Some(Class::Socket),
        // The flow's own word for what memfd_create(2) makes.
        b"anon_inode" | b"memfd" => Some(Class::Anonymous),
        _ => None,
    }
}

fn learn_socket(socket: &mut Socket, fact: &Fact) -> bool {
    let number = |key| fact.number(key).and_then(|n| u32::try_from(n).ok());
    let end = |key| fact.bytes(key).and_then(Endpoint::parse);
    let before = socket.clone();
    socket.family = number(FactKey::Family).map(|n| n as u16).or(socket.family);
    socket.kind = number(FactKey::Type).or(socket.kind);
    socket.protocol = number(FactKey::Protocol).or(socket.protocol);
    socket.peer_pid = number(FactKey::Pid).or(socket.peer_pid);
    socket.local = end(FactKey::Local).or(socket.local.take());
    socket.remote = end(FactKey::Remote).or(socket.remote.take());
    *socket != before
}
