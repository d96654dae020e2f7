//! What calls do to descriptors, directories and sockets, by the verb of their
//! prototype.

use super::Flow;
use super::descriptors::{Access, Descriptor};
use super::irregular::{
    self, CLONE_FILES, CLOSE_RANGE_CLOEXEC, CLOSE_RANGE_UNSHARE, Control, Irregular, O_CLOEXEC,
};
use super::item::{Item, Place, Use};
use super::plan::{Cloexec, Plan};
use super::resource::{Class, ResourceId};
use super::socket::{AF_UNIX, Endpoint, Socket};
use crate::abi::{Param, Verb};
use crate::event::{Record, Role, TaskId};

/// The bit of `%network` in [`crate::abi::Classes`].
const NETWORK: usize = 2;
/// `EBADF`, errno(3).
const EBADF: u16 = 9;
/// `EINPROGRESS`, errno(3).
const EINPROGRESS: u16 = 115;

impl Flow {
    /// Finds what the arguments stand for, as it was before the call.
    pub(super) fn name_arguments(&mut self, record: &Record<'_>, plan: &Plan) {
        let task = record.task;
        for &(arg, verb) in &plan.descriptors {
            let fd = word(record, arg) as i32;
            if let Some(resource) = self.state.descriptor(task, fd) {
                let verb = if self.takes_by_vmsplice(task, fd, plan) { Verb::Reads } else { verb };
                self.uses.push(Use { place: Place::Argument(arg), verb, resource, version: None });
            }
        }
        if plan.prototype.effect.verb == Verb::Takes {
            self.name_taken(record);
        }
        for path in &plan.paths {
            let Some(bytes) = record.path(path.arg) else { continue };
            let base = match path.at {
                Some(at) => self.state.descriptor(task, word(record, at) as i32),
                None => self.state.cwd(task),
            };
            // What only looks may mean the link itself, and tells nothing.
            let through = (path.verb != Verb::Looks).then(|| self.state.behind_link(task, bytes));
            let resource = through.flatten().unwrap_or_else(|| self.state.file(task, base, bytes));
            self.uses.push(Use {
                place: Place::Argument(path.arg),
                verb: path.verb,
                resource,
                version: None,
            });
        }
        self.name_numbers(record, plan);
        if let Irregular::Memory(verb) = plan.irregular {
            self.name_memory(record, verb);
        }
    }

    /// Whether a call is a vmsplice(2) of a pipe's reading end, which takes bytes.
    fn takes_by_vmsplice(&self, task: TaskId, fd: i32, plan: &Plan) -> bool {
        let access = || self.state.slot(task, fd).map(|slot| slot.access);
        plan.irregular == Irregular::Vmsplice && access() == Some(Access::Reads)
    }

    /// A socket's peer is on another machine.
    pub(super) fn meet_host(&mut self, id: ResourceId, remote: Option<&Endpoint>) {
        let host = remote.and_then(|remote| self.state.host_of(remote));
        if let (Some(host), Some(socket)) = (host, self.state.resources.socket_mut(id)) {
            socket.host = Some(host);
        }
    }

    /// Does what the call did.
    pub(super) fn apply(&mut self, record: &Record<'_>, plan: &Plan) {
        let verb = plan.prototype.effect.verb;
        if record.failed {
            self.apply_failed(record, plan);
            return;
        }
        self.name_numbered_result(record, plan);
        match verb {
            Verb::Opens => self.opens(record, plan),
            Verb::Makes => self.makes(record, plan),
            Verb::Pairs => self.pairs(record, plan),
            Verb::Closes => self.closes(record, plan),
            Verb::Dups => self.dups(record, plan),
            Verb::Takes => self.takes(record),
            Verb::Accepts => self.accepts(record, plan),
            Verb::Connects => self.connects(record, plan),
            Verb::Binds => self.binds(record, plan),
            Verb::Moves => self.moves(record),
            Verb::Roots => self.roots(record),
            Verb::Mounts => self.mounted(record, plan),
            Verb::Lists => self.lists(),
            Verb::Looks => self.looked(record, plan),
            Verb::Creates => self.creates(record, plan),
            Verb::Forks => self.forked(record, plan),
            Verb::Execs => self.executed(record),
            Verb::Waits => self.waited(record, plan),
            _ => self.controls(record, plan),
        }
    }

    /// What a call does although it failed.
    fn apply_failed(&mut self, record: &Record<'_>, plan: &Plan) {
        let error = record.error().map(|errno| errno.0);
        match plan.prototype.effect.verb {
            // Linux frees the descriptor before anything can fail (close(2)).
            Verb::Closes if plan.irregular == Irregular::No && error != Some(EBADF) => {
                self.closes(record, plan);
            }
            Verb::Connects if error == Some(EINPROGRESS) => self.connects(record, plan),
            Verb::Forks => self.forked(record, plan),
            _ => {}
        }
    }

    fn opens(&mut self, record: &Record<'_>, plan: &Plan) {
        let named = self.uses.iter().rev().find(|u| u.verb == Verb::Opens).map(|u| u.resource);
        let resource = match named {
            Some(path) => self.state.resources.real(path),
            None => self.anonymous(record, plan),
        };
        let cloexec = match plan.irregular {
            Irregular::Openat2 => irregular::openat2_flags(record) & O_CLOEXEC != 0,
            _ => is_cloexec(record, plan),
        };
        let access = plan.open_flags.of_call(record).map_or(Access::Any, Access::of_flags);
        self.give(record, Descriptor::new(resource, cloexec, access));
    }

    fn makes(&mut self, record: &Record<'_>, plan: &Plan) {
        let resource = if plan.prototype.classes.has(NETWORK) {
            self.socket(record)
        } else {
            self.anonymous(record, plan)
        };
        self.give(record, Descriptor::new(resource, is_cloexec(record, plan), Access::Any));
        self.opened_pidfd(record, plan);
        self.made_counter(record, plan);
    }

    fn pairs(&mut self, record: &Record<'_>, plan: &Plan) {
        let Some(operand) = plan.prototype.effect.operands.first() else { return };
        let piece = record.piece(operand.arg, Role::Struct).map(|piece| record.bytes(piece));
        let Some((first, second)) = piece.and_then(two_ints) else { return };
        let (one, two) = if plan.prototype.classes.has(NETWORK) {
            let (one, two) = (self.socket(record), self.socket(record));
            for (end, peer) in [(one, two), (two, one)] {
                if let Some(socket) = self.state.resources.socket_mut(end) {
                    socket.peer = Some(peer);
                }
            }
            (one, two)
        } else {
            let name = self.state.names.intern(b"pipe");
            let pipe = self.state.resources.add(Class::Pipe, name);
            self.state.resources.make_own(pipe);
            (pipe, pipe)
        };
        let cloexec = is_cloexec(record, plan);
        for (index, (fd, resource)) in (0..).zip([(first, one), (second, two)]) {
            let access = match (plan.prototype.classes.has(NETWORK), index) {
                (true, _) => Access::Any,
                (false, 0) => Access::Reads,
                (false, _) => Access::Writes,
            };
            let slot = Descriptor::new(resource, cloexec, access);
            self.open_slot(record.task, fd, Descriptor { since: made(record), ..slot });
            self.uses.push(Use {
                place: Place::Pair(index),
                verb: Verb::Pairs,
                resource,
                version: None,
            });
        }
    }

    fn closes(&mut self, record: &Record<'_>, plan: &Plan) {
        let operands = plan.prototype.effect.operands;
        let flags = record.words[2];
        match *operands {
            [fd] => self.table(record.task, |table| {
                table.close(word(record, fd.arg) as i32, record.start);
            }),
            [first, last] => {
                if flags & CLOSE_RANGE_UNSHARE != 0 {
                    self.unshare(record.task, CLONE_FILES);
                }
                let (first, last) = (word(record, first.arg), word(record, last.arg));
                let only_mark = flags & CLOSE_RANGE_CLOEXEC != 0;
                self.table(record.task, |table| {
                    table.close_range(first as u32, last as u32, only_mark);
                });
            }
            _ => {}
        }
    }

    fn dups(&mut self, record: &Record<'_>, plan: &Plan) {
        let Some(from) = plan.prototype.effect.operands.first() else { return };
        let (from, to) = (word(record, from.arg) as i32, record.result as i32);
        if from == to {
            return; // dup2 to itself changes nothing, not even the mark
        }
        self.duplicate(record, from, is_cloexec(record, plan));
    }

    fn duplicate(&mut self, record: &Record<'_>, from: i32, cloexec: bool) {
        let to = record.result as i32;
        match self.state.slot(record.task, from) {
            Some(from) => {
                self.open_slot(
                    record.task,
                    to,
                    Descriptor { cloexec, since: made(record), ..from },
                );
                let (place, verb, resource) = (Place::Result, Verb::None, from.resource);
                self.uses.push(Use { place, verb, resource, version: None });
            }
            // A copy of something unknown covers what was there.
            None => self.table(record.task, |table| table.close(to, u64::MAX)),
        }
    }

    fn accepts(&mut self, record: &Record<'_>, plan: &Plan) {
        let listener = self.operand(plan, 0).and_then(|id| self.state.socket(id)).cloned();
        let mut socket = listener.unwrap_or_default();
        socket.remote = address(record, plan);
        (socket.peer_pid, socket.remote_path) = (None, None);
        socket.host = socket.remote.as_ref().and_then(|remote| self.state.host_of(remote));
        let resource = self.new_socket(socket);
        if let Some(socket) = self.state.socket(resource) {
            self.databases.connected(resource, socket, true);
        }
        self.give(record, Descriptor::new(resource, is_cloexec(record, plan), Access::Any));
    }

    fn connects(&mut self, record: &Record<'_>, plan: &Plan) {
        let remote = address(record, plan);
        if let Some(id) = self.operand(plan, 0) {
            self.meet_host(id, remote.as_ref());
        }
        let path = remote.as_ref().and_then(Endpoint::path);
        let path = path.and_then(|path| self.state.absolute_path(record.task, path));
        self.set_address(plan, |socket| (socket.remote, socket.remote_path) = (remote, path));
        let end = self.operand(plan, 0);
        if let Some((id, socket)) = end.and_then(|id| Some((id, self.state.socket(id)?))) {
            self.databases.connected(id, socket, false);
        }
    }

    fn binds(&mut self, record: &Record<'_>, plan: &Plan) {
        let local = address(record, plan);
        let path = local.as_ref().and_then(Endpoint::path);
        let path = path.and_then(|path| self.state.absolute_path(record.task, path));
        self.set_address(plan, |socket| (socket.local, socket.path) = (local, path));
    }

    fn set_address(&mut self, plan: &Plan, set: impl FnOnce(&mut Socket)) {
        let Some(id) = self.operand(plan, 0) else { return };
        if let Some(socket) = self.state.resources.socket_mut(id) {
            set(socket);
            self.transfers.meetings.addressed(id, socket);
            self.before.push(Item::Learnt(id));
        }
    }

    fn moves(&mut self, record: &Record<'_>) {
        let Some(to) = self.uses.last().map(|u| u.resource) else { return };
        self.found_directory(to);
        if let Some(task) = self.state.tasks.get(&record.task) {
            self.state.standings.get_mut(task.place).cwd = Some(to);
        }
    }

    fn roots(&mut self, record: &Record<'_>) {
        let Some(to) = self.uses.last().map(|u| u.resource) else { return };
        self.found_directory(to);
        if let Some(task) = self.state.tasks.get(&record.task) {
            self.state.standings.get_mut(task.place).root = Some(to);
        }
    }

    fn lists(&mut self) {
        if let Some(listed) = self.uses.first().map(|u| u.resource) {
            self.found_directory(listed);
        }
    }

    /// mknod(2) may make a FIFO.
    fn creates(&mut self, record: &Record<'_>, plan: &Plan) {
        let is_mode = |(param, _): &(&Param, u64)| param.name == "mode";
        let mode = plan.prototype.params.iter().zip(record.words).find(is_mode);
        let made = self.uses.iter().find(|one| one.verb == Verb::Creates);
        let class = mode.and_then(|(_, mode)| Class::from_mode(mode as u32));
        if let (Some(made), Some(Class::Pipe)) = (made.map(|one| one.resource), class) {
            self.state.resources.is_fifo(made);
            self.before.push(Item::Learnt(made));
        }
    }

    pub(super) fn found_directory(&mut self, id: ResourceId) {
        if self.state.resources.is_directory(id) {
            self.before.push(Item::Learnt(id));
        }
    }

    fn controls(&mut self, record: &Record<'_>, plan: &Plan) {
        let fd = record.words[0] as i32;
        let control = match plan.irregular {
            Irregular::Fcntl => irregular::fcntl(record.words[1], record.words[2]),
            Irregular::Ioctl => irregular::ioctl(record.words[1]),
            Irregular::CloseRange => return self.closes(record, plan),
            Irregular::Unshare => return self.unshare(record.task, record.words[0]),
            Irregular::SetNamespace => return self.joined_namespaces(record),
            Irregular::JoinGroup => return self.joined_group(record),
            Irregular::BeginSession => return self.began_session(record.task),
            Irregular::AwaitSignal => return self.awaited_signal(record),
            Irregular::Memory(verb) => return self.copied_memory(record, verb),
            _ => return,
        };
        match control {
            Control::Nothing => {}
            Control::Duplicate { cloexec } => self.duplicate(record, fd, cloexec),
            Control::Mark { cloexec } => {
                self.table(record.task, |table| table.set_cloexec(fd, cloexec));
            }
        }
    }

    /// The call returned a descriptor.
    fn give(&mut self, record: &Record<'_>, descriptor: Descriptor) {
        let resource = descriptor.resource;
        let descriptor = Descriptor { since: made(record), ..descriptor };
        self.open_slot(record.task, record.result as i32, descriptor);
        self.uses.push(Use { place: Place::Result, verb: Verb::None, resource, version: None });
    }

    pub(super) fn open_slot(&mut self, task: TaskId, fd: i32, descriptor: Descriptor) {
        self.table(task, |table| table.set(fd, descriptor));
    }

    pub(super) fn table(&mut self, task: TaskId, change: impl FnOnce(&mut super::Descriptors)) {
        if let Some(task) = self.state.tasks.get(&task) {
            change(self.state.files.get_mut(task.files));
        }
    }

    /// What the effect's operand number `index` stands for.
    pub(super) fn operand(&self, plan: &Plan, index: usize) -> Option<ResourceId> {
        let arg = plan.prototype.effect.operands.get(index)?.arg;
        self.uses.iter().find(|u| u.place == Place::Argument(arg)).map(|u| u.resource)
    }

    fn anonymous(&mut self, record: &Record<'_>, plan: &Plan) -> ResourceId {
        if plan.prototype.name == "mq_open"
            && let Some(queue) = self.queue(record)
        {
            return queue;
        }
        let mut name = irregular::anonymous_name(plan.prototype).as_bytes().to_vec();
        if let ("memfd_create", Some(piece)) = (plan.prototype.name, record.piece(0, Role::Str)) {
            name.push(b':');
            name.extend_from_slice(record.bytes(piece));
        }
        let name = self.state.names.intern(&name);
        self.state.resources.add(Class::Anonymous, name)
    }

    /// A socket as socket(2) and socketpair(2) make it: family, type, protocol.
    fn socket(&mut self, record: &Record<'_>) -> ResourceId {
        const TYPE_MASK: u64 = 0xf;
        let [family, kind, protocol, ..] = record.words;
        self.new_socket(Socket {
            family: Some(family as u16),
            kind: Some((kind & TYPE_MASK) as u32),
            protocol: Some(protocol as u32),
            ..Socket::default()
        })
    }

    pub(super) fn new_socket(&mut self, socket: Socket) -> ResourceId {
        let name = self.state.names.intern(b"socket");
        let id = self.state.resources.add(Class::Socket, name);
        if let Some(place) = self.state.resources.socket_mut(id) {
            if socket.family != Some(AF_UNIX) {
                self.transfers.meetings.addressed(id, &socket);
            }
            *place = socket;
        }
        id
    }
}

/// When a call that made a descriptor had returned.
fn made(record: &Record<'_>) -> u64 {
    record.end.unwrap_or(record.start)
}

fn word(record: &Record<'_>, arg: u8) -> u64 {
    record.words.get(usize::from(arg)).copied().unwrap_or_default()
}

fn is_cloexec(record: &Record<'_>, plan: &Plan) -> bool {
    match plan.cloexec {
        Cloexec::Never => false,
        Cloexec::Always => true,
        Cloexec::Flag(arg, bits) => word(record, arg) & bits != 0,
    }
}

fn two_ints(bytes: &[u8]) -> Option<(i32, i32)> {
    let int = |at: usize| Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some((int(0)?, int(4)?))
}

/// The socket address that the effect's second operand points to; for one that the
/// kernel wrote, as it was at exit.
pub(super) fn address(record: &Record<'_>, plan: &Plan) -> Option<Endpoint> {
    let arg = plan.prototype.effect.operands.get(1)?.arg;
    let piece = record.pieces_of(arg, Role::Sockaddr).last()?;
    Endpoint::parse(piece.1)
}
