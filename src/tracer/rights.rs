//! Descriptors that a tracee got otherwise than as a result: with a message
//! (`SCM_RIGHTS`, unix(7)), by taking a copy (pidfd_getfd(2)), with a child
//! (`CLONE_PIDFD`).

use super::engine::Tracer;
use super::facts::{link, number, stat_fields};
use super::{Facts, Sink};
use crate::event::{FactKey, FactKind, Role, Value, passed_descriptors};
use crate::sys::file;
use std::fs;

impl<S: Sink> Tracer<S> {
    /// The message that a task has received may have brought descriptors.
    pub(super) fn received(&mut self, tid: i32) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let memory = &task.pending.memory;
        let Some(word) = task.pending.call.map(|call| call.abi.word()) else { return };
        let brought: Vec<i32> = memory
            .pieces_in(Role::Control)
            .flat_map(|control| passed_descriptors(control, word))
            .collect();
        for fd in brought {
            self.given(tid, fd);
        }
    }

    /// The call that made a child has returned, and may have made a pidfd of it.
    pub(super) fn made_pidfd(&mut self, tid: i32) {
        const CLONE_PIDFD: u64 = 0x1000; // linux/sched.h
        let Some(pending) = self.tasks.get(&tid).map(|task| &task.pending) else { return };
        if pending.clone_flags & CLONE_PIDFD == 0 {
            return;
        }
        // clone(2) has the address in the place of parent_tid, clone3(2) in its struct.
        let address = match pending.memory.entry_bytes_of(0, Role::Struct) {
            Some(arguments) => arguments.get(8..16).and_then(|bytes| bytes.try_into().ok()),
            None => Some(pending.args[2].to_le_bytes()),
        };
        self.reader.begin(tid);
        let fd = address.and_then(|bytes| self.reader.word(u64::from_le_bytes(bytes), 4));
        if let Some(fd) = fd {
            self.given(tid, fd as i32);
        }
    }

    /// What a descriptor stands for that another process has opened: it may be none of
    /// ours, or have opened it long ago.
    pub(super) fn given(&mut self, tid: i32, fd: i32) {
        if self.options.facts == Facts::None {
            return;
        }
        let path = format!("/proc/{tid}/fd/{fd}");
        let Ok(stat) = file::look(&path) else { return };
        self.may_serve(tid, stat.special);
        self.written.look(&stat);
        let mut fields = vec![(FactKey::Fd, number(fd))];
        fields.extend(link(&path).map(|value| (FactKey::Path, value)));
        info_fields(tid, fd, &mut fields);
        stat_fields(&stat, &mut fields);
        self.fact(tid, FactKind::File, fields);
        if stat.mode & libc::S_IFMT == libc::S_IFSOCK {
            let pid = self.tasks.get(&tid).map_or(tid, |task| task.pid);
            self.socket_fact(tid, pid, fd);
        }
    }
}

/// What proc_pid_fdinfo(5) says of an open descriptor: its flags, `O_CLOEXEC` included,
/// and of a pidfd whose it is.
pub(super) fn info_fields(tid: i32, fd: i32, fields: &mut Vec<(FactKey, Value)>) {
    let info = fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).unwrap_or_default();
    let number = |name: &str, radix| {
        let line = info.lines().find_map(|line| line.strip_prefix(name))?;
        i64::from_str_radix(line.trim(), radix).ok()
    };
    let known = [
        (FactKey::Flags, number("flags:", 8)),
        (FactKey::Offset, number("pos:", 10)),
        (FactKey::Pid, number("Pid:", 10).filter(|pid| *pid > 0)),
    ];
    fields.extend(known.into_iter().filter_map(|(key, n)| Some((key, Value::Number(n?)))));
}
