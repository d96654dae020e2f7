//! Descriptors that a tracee got from another process: with a message (`SCM_RIGHTS`,
//! unix(7)), or by taking a copy (pidfd_getfd(2)).

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
        fields.extend(flags(tid, fd).map(|flags| (FactKey::Flags, Value::Number(flags))));
        stat_fields(&stat, &mut fields);
        self.fact(tid, FactKind::File, fields);
        if stat.mode & libc::S_IFMT == libc::S_IFSOCK {
            let pid = self.tasks.get(&tid).map_or(tid, |task| task.pid);
            self.socket_fact(tid, pid, fd);
        }
    }
}

/// The flags of an open descriptor, `O_CLOEXEC` included: `flags` of proc_pid_fdinfo(5).
pub(super) fn flags(tid: i32, fd: i32) -> Option<i64> {
    let info = fs::read_to_string(format!("/proc/{tid}/fdinfo/{fd}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    i64::from_str_radix(flags.trim(), 8).ok()
}
