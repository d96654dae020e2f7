//! What only the living system can tell: read from `/proc` at a stop.
//!
//! Nothing here may ask the file system of a tracee's file: its server may be a tracee
//! too, and stand in a stop that waits for us (FUSE), or be out of reach (NFS). So a
//! file is looked at by [`file::look`] alone, and never opened; links of `/proc` are
//! read, which the kernel answers from what it has in memory.

use super::engine::Tracer;
use super::process::{effective_user, namespace_ids};
use super::rights::info_fields;
use super::{Facts, Sink};
use crate::abi::{Prototype, Verb};
use crate::event::{Fact, FactKey, FactKind, Role, Value};
use crate::sys::file::{self, Stat};
use crate::sys::socket;
use rustc_hash::FxHashSet;
use std::fs;
use std::os::unix::ffi::OsStringExt;

/// The bit of `%network` in [`crate::abi::Classes`].
const NETWORK: usize = 2;

type Fields = Vec<(FactKey, Value)>;

/// Files that are remembered as known: of one that is forgotten there is a second
/// fact when it is opened again, so that a long trace does not take more memory.
const KNOWN_FILES: usize = 1 << 16;

/// The device number of `/dev/fuse` (admin-guide/devices.txt).
const FUSE: u64 = libc::makedev(10, 229);

pub(super) fn link(path: &str) -> Option<Value> {
    fs::read_link(path).ok().map(|target| Value::Bytes(target.into_os_string().into_vec()))
}

/// What `/proc` calls a descriptor, `pipe:[77]`, and its inode number.
fn link_with_inode(tid: i32, fd: i32) -> Option<(Value, i64)> {
    let target = fs::read_link(format!("/proc/{tid}/fd/{fd}")).ok()?;
    let (_, inode) = target.to_str()?.strip_suffix(']')?.split_once(":[")?;
    let inode = inode.parse().ok()?;
    Some((Value::Bytes(target.into_os_string().into_vec()), inode))
}

/// A process's arguments, as they stand in its memory now.
pub fn arguments(tid: i32) -> Vec<Vec<u8>> {
    let all = fs::read(format!("/proc/{tid}/cmdline")).unwrap_or_default();
    all.split_inclusive(|byte| *byte == 0)
        .map(|one| one.strip_suffix(&[0]).unwrap_or(one).to_vec())
        .collect()
}

pub(super) fn number(n: impl Into<i64>) -> Value {
    Value::Number(n.into())
}

pub(super) fn stat_fields(stat: &Stat, fields: &mut Fields) {
    fields.push((FactKey::Device, Value::Number(stat.device as i64)));
    fields.push((FactKey::Inode, Value::Number(stat.inode as i64)));
    fields.push((FactKey::Mode, number(stat.mode)));
    fields.push((FactKey::Size, Value::Number(stat.size as i64)));
    fields.push((FactKey::Modified, Value::Number(stat.modified)));
    fields.push((FactKey::Changed, Value::Number(stat.changed)));
    if let Some(born) = stat.born {
        fields.push((FactKey::Born, Value::Number(born)));
    }
    if stat.special != 0 {
        fields.push((FactKey::Special, Value::Number(stat.special as i64)));
    }
}

fn socket_fields(pid: i32, fd: i32, fields: &mut Fields) {
    let Ok(socket) = socket::look(pid, fd) else { return };
    let peer = socket.peer.filter(|_| !socket.remote.is_empty());
    fields.extend(peer.map(|peer| (FactKey::Pid, number(peer))));
    fields.push((FactKey::Family, number(socket.family)));
    fields.push((FactKey::Type, number(socket.kind)));
    fields.push((FactKey::Protocol, number(socket.protocol)));
    fields.push((FactKey::Local, Value::Bytes(socket.local)));
    fields.push((FactKey::Remote, Value::Bytes(socket.remote)));
}

impl<S: Sink> Tracer<S> {
    /// A fact that belongs to the task's last call.
    pub(super) fn fact(&mut self, tid: i32, kind: FactKind, fields: Fields) {
        let ordinal = self.tasks.get(&tid).map_or(0, |task| task.pending.ordinal);
        self.fact_at(tid, ordinal, kind, fields);
    }

    fn fact_at(&mut self, tid: i32, ordinal: u64, kind: FactKind, fields: Fields) {
        if self.options.facts == Facts::None && kind != FactKind::Ids {
            return;
        }
        let time = self.now();
        let Some(task) = self.tasks.get(&tid).map(|task| task.id) else { return };
        self.batch.push_fact(Fact { kind, task, ordinal, time, fields });
    }

    /// The command as it starts: who and where it is, and what it inherited.
    pub(super) fn root_facts(&mut self, tid: i32) {
        self.descriptor_facts(tid); // also without facts: who serves files must be known
        if self.options.facts == Facts::None {
            return;
        }
        self.process_fact(tid);
        self.mount_facts(tid);
    }

    /// The same of a process that was there before us, and the files that it has
    /// mapped. `tid` is a thread of it that lives.
    pub(super) fn attached_process(&mut self, tid: i32) {
        self.descriptor_facts(tid);
        self.process_fact(tid);
        if self.options.facts != Facts::None {
            self.mapping_facts(tid);
        }
    }

    /// The mounts that a task sees.
    pub(super) fn mount_facts(&mut self, tid: i32) {
        let mounts = fs::read(format!("/proc/{tid}/mountinfo")).unwrap_or_default();
        for line in mounts.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let text = Value::Bytes(line.to_vec());
            self.fact(tid, FactKind::Mount, vec![(FactKey::Text, text)]);
        }
    }

    /// The files in a process's memory, each once, as `/proc/PID/maps` names them.
    fn mapping_facts(&mut self, tid: i32) {
        let maps = fs::read(format!("/proc/{tid}/maps")).unwrap_or_default();
        let mut seen = FxHashSet::default();
        for line in maps.split(|byte| *byte == b'\n') {
            // address permissions offset device inode path
            let Some(path) = line.iter().position(|byte| *byte == b'/') else { continue };
            let (before, path) = line.split_at(path);
            let words = String::from_utf8_lossy(before);
            let inode = words.split_whitespace().nth(4).and_then(|inode| inode.parse().ok());
            if !seen.insert(path) {
                continue;
            }
            let mut fields = vec![(FactKey::Path, Value::Bytes(path.to_vec()))];
            fields.extend(inode.map(|inode| (FactKey::Inode, Value::Number(inode))));
            self.fact(tid, FactKind::Mapping, fields);
        }
    }

    fn process_fact(&mut self, tid: i32) {
        let status = fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
        let nth = |name: &str, n: usize, radix: u32| {
            let word = line(name)?.split_whitespace().nth(n)?;
            i64::from_str_radix(word, radix).ok()
        };
        let mut fields: Fields = vec![(FactKey::Tid, number(tid))];
        let numbers = [
            (FactKey::Pid, nth("Tgid:", 0, 10)),
            (FactKey::Ppid, nth("PPid:", 0, 10)),
            (FactKey::Uid, nth("Uid:", 1, 10)),
            (FactKey::Gid, nth("Gid:", 1, 10)),
            (FactKey::Umask, nth("Umask:", 0, 8)),
            (FactKey::Pgid, nth("NSpgid:", 0, 10)),
            (FactKey::Sid, nth("NSsid:", 0, 10)),
        ];
        fields.extend(numbers.into_iter().filter_map(|(key, n)| Some((key, Value::Number(n?)))));
        if let Some(groups) = line("Groups:") {
            let groups = groups.split_whitespace().map(|g| g.as_bytes().to_vec()).collect();
            fields.push((FactKey::Groups, Value::List(groups)));
        }
        let links = [("exe", FactKey::Path), ("cwd", FactKey::Cwd), ("root", FactKey::Root)];
        for (name, key) in links {
            fields.extend(link(&format!("/proc/{tid}/{name}")).map(|value| (key, value)));
        }
        fields.push((FactKey::Argv, Value::List(arguments(tid))));
        let mut spaces: Vec<Vec<u8>> = fs::read_dir(format!("/proc/{tid}/ns"))
            .into_iter()
            .flatten()
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .map(|target| target.into_os_string().into_vec())
            .collect();
        spaces.sort_unstable();
        fields.push((FactKey::Namespaces, Value::List(spaces)));
        self.fact(tid, FactKind::Process, fields);
    }

    fn descriptor_facts(&mut self, tid: i32) {
        let mut open: Vec<i32> = fs::read_dir(format!("/proc/{tid}/fd"))
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        open.sort_unstable();
        for fd in open {
            let path = format!("/proc/{tid}/fd/{fd}");
            let mut fields = vec![(FactKey::Fd, number(fd))];
            fields.extend(link(&path).map(|value| (FactKey::Path, value)));
            info_fields(tid, fd, &mut fields);
            if let Ok(stat) = file::look(&path) {
                stat_fields(&stat, &mut fields);
                if stat.mode & libc::S_IFMT == libc::S_IFSOCK {
                    socket_fields(tid, fd, &mut fields);
                }
                self.may_serve(tid, stat.special);
            }
            self.fact(tid, FactKind::Descriptor, fields);
        }
    }

    /// The program that a task has just started to run. The fact belongs to the call
    /// that did it; where that is not recorded, to the exec stop, and has the argv.
    pub(super) fn executable_fact(&mut self, tid: i32, stop: u64) {
        if self.options.facts == Facts::None {
            return;
        }
        let Some(pending) = self.tasks.get(&tid).map(|task| &task.pending) else { return };
        let (is_recorded, call) = (pending.wanted, pending.ordinal);
        let exe = format!("/proc/{tid}/exe");
        let mut fields: Fields = vec![(FactKey::Pid, number(tid))];
        fields.extend(effective_user(tid).map(|user| (FactKey::Uid, number(user))));
        fields.extend(link(&exe).map(|value| (FactKey::Path, value)));
        fields.extend(link(&format!("/proc/{tid}/cwd")).map(|value| (FactKey::Cwd, value)));
        let ordinal = if is_recorded { call } else { stop };
        if let Ok(stat) = file::look(&exe) {
            stat_fields(&stat, &mut fields);
            self.hash_content(tid, ordinal, &exe, &stat);
        }
        self.program_fields(tid, &mut fields);
        if !is_recorded {
            fields.push((FactKey::Argv, Value::List(arguments(tid))));
        }
        self.fact_at(tid, ordinal, FactKind::Executable, fields);
    }

    /// What a call that has just returned lets us learn.
    pub(super) fn learn(&mut self, tid: i32, result: i64, failed: bool) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let Some(prototype) = task.pending.prototype else { return };
        let (pid, first) = (task.pid, task.pending.args[0] as i32);
        match prototype.effect.verb {
            Verb::Opens if !failed => self.file_fact(tid, result as i32),
            _ if self.options.facts == Facts::None => {}
            Verb::Makes if !failed && prototype.name == "open_by_handle_at" => {
                self.file_fact(tid, result as i32);
            }
            Verb::Makes if !failed && prototype.classes.has(NETWORK) => {
                self.inode_fact(tid, FactKind::Socket, result as i32);
            }
            Verb::Pairs if !failed => self.pair_facts(tid, prototype),
            Verb::Accepts if !failed => self.socket_fact(tid, pid, result as i32),
            Verb::Sends if !failed => self.sender_fact(tid, pid, first),
            Verb::Receives if !failed => self.received(tid),
            Verb::Forks if !failed => self.made_pidfd(tid),
            Verb::Takes if !failed => self.given(tid, result as i32),
            Verb::Binds | Verb::Listens if !failed => self.socket_fact(tid, pid, first),
            Verb::Connects if !failed || result == -i64::from(libc::EINPROGRESS) => {
                self.socket_fact(tid, pid, first);
            }
            _ if !failed => self.note_written(tid),
            _ => {}
        }
        // Children that it makes from now on may have ids of their own.
        if !failed && matches!(prototype.name, "unshare" | "setns") {
            self.nest(tid);
        }
        if !failed && prototype.name == "ioctl" {
            self.served_memory(tid);
        }
        self.blind_spots_of_call(tid, result, failed);
    }

    /// Remembers memory that the tracee itself will provide, if it has just said so.
    fn served_memory(&mut self, tid: i32) {
        const UFFDIO_REGISTER: u64 = 0xc020_aa00; // linux/userfaultfd.h
        let Some(task) = self.tasks.get(&tid) else { return };
        let [_, request, range, ..] = task.pending.args;
        if request & 0xffff_ffff != UFFDIO_REGISTER {
            return;
        }
        self.reader.begin(tid);
        let start = self.reader.word(range, 8);
        let len = self.reader.word(range.wrapping_add(8), 8);
        if let (Some(start), Some(len)) = (start, len)
            && self.reader.served.add(start, len)
        {
            self.blind_spot(tid, "memory behind a userfaultfd is read only once it is there");
        }
    }

    /// A tracee has a device open; that may be FUSE's, by which it serves files.
    pub(super) fn may_serve(&mut self, tid: i32, device: u64) {
        if device == FUSE && self.reader.served.expect_fuse() {
            self.blind_spot(tid, "memory of a file on FUSE is read only once it is there");
        }
    }

    fn file_fact(&mut self, tid: i32, fd: i32) {
        let path = format!("/proc/{tid}/fd/{fd}");
        let Ok(stat) = file::look(&path) else { return };
        self.may_serve(tid, stat.special);
        if self.options.facts == Facts::None {
            return;
        }
        self.written.look(&stat);
        if self.known_files.len() >= KNOWN_FILES {
            self.known_files.clear();
        }
        // By the name it was opened by too: what that leads to is part of the fact.
        let name = self.tasks.get(&tid).map_or(0, |task| task.pending.memory.path_hash());
        if !self.known_files.insert((stat.device, stat.inode, stat.changed, name)) {
            return;
        }
        let mut fields = vec![(FactKey::Fd, number(fd))];
        fields.extend(link(&path).map(|value| (FactKey::Path, value)));
        stat_fields(&stat, &mut fields);
        self.fact(tid, FactKind::File, fields);
        self.content_of_call(tid, &path, &stat);
    }

    /// The two ends that a call has just made: a pipe's have one inode.
    fn pair_facts(&mut self, tid: i32, prototype: &Prototype) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let arg = prototype.effect.operands.first().map_or(0, |operand| operand.arg);
        let Some(ends) = task.pending.memory.bytes_of(arg, Role::Struct) else { return };
        let (ends, _) = ends.as_chunks::<4>();
        let &[first, second] = ends else { return };
        let [first, second] = [first, second].map(i32::from_le_bytes);
        if prototype.classes.has(NETWORK) {
            self.inode_fact(tid, FactKind::Socket, first);
            self.inode_fact(tid, FactKind::Socket, second);
        } else {
            self.inode_fact(tid, FactKind::File, first);
        }
    }

    /// The inode of a pipe or socket that has just been made: all that is not in
    /// the call itself.
    fn inode_fact(&mut self, tid: i32, kind: FactKind, fd: i32) {
        let Some((path, inode)) = link_with_inode(tid, fd) else { return };
        let mut fields = vec![(FactKey::Fd, number(fd))];
        if kind == FactKind::File {
            fields.push((FactKey::Path, path));
        }
        fields.push((FactKey::Inode, Value::Number(inode)));
        self.fact(tid, kind, fields);
    }

    pub(super) fn socket_fact(&mut self, tid: i32, pid: i32, fd: i32) {
        let mut fields = vec![(FactKey::Fd, number(fd))];
        let inode = link_with_inode(tid, fd).map(|(_, inode)| inode);
        fields.extend(inode.map(|inode| (FactKey::Inode, Value::Number(inode))));
        socket_fields(pid, fd, &mut fields);
        self.fact(tid, FactKind::Socket, fields);
    }

    /// A socket that sent to an internet address: it has got one of its own by that, if
    /// it had none. Told once.
    fn sender_fact(&mut self, tid: i32, pid: i32, fd: i32) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let address = task.pending.memory.pieces_in(Role::Sockaddr).next().unwrap_or_default();
        let family = address.first_chunk().map(|family| i32::from(u16::from_ne_bytes(*family)));
        if !matches!(family, Some(libc::AF_INET | libc::AF_INET6)) {
            return;
        }
        let Some((_, inode)) = link_with_inode(tid, fd) else { return };
        if self.known_senders.len() >= KNOWN_FILES {
            self.known_senders.clear();
        }
        if self.known_senders.insert(inode) {
            self.socket_fact(tid, pid, fd);
        }
    }

    fn nest(&mut self, tid: i32) {
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.nested = true;
        }
    }

    /// A new task's id in its own PID namespace, where that is another one than ours.
    pub(super) fn ids_fact(&mut self, tid: i32) {
        self.nest(tid);
        let &[_, .., inner] = namespace_ids(tid).as_slice() else { return };
        let fields = vec![(FactKey::Tid, number(tid)), (FactKey::NsPid, number(inner))];
        self.fact(tid, FactKind::Ids, fields);
    }
}
