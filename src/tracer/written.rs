//! What files are like after they were written: looked at just before a descriptor
//! that wrote one is closed, or its process ends, while it is still there.

use super::Sink;
use super::engine::Tracer;
use super::facts::{link, number, stat_fields};
use super::task::Pending;
use crate::abi::{Prototype, Scalar, Ty, Verb};
use crate::event::{FactKey, FactKind, TaskId};
use crate::sys::file::{self, Stat};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Files whose last known state is remembered: of one that is forgotten there may be
/// a second fact that says the same.
const KNOWN_STATES: usize = 1 << 16;

/// Descriptors that wrote, and how files were when they were last looked at.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By process. A descriptor that was closed unseen is just looked at in vain.
    by_process: FxHashMap<TaskId, BTreeSet<i32>>,
    /// Size, modification and change, by device and inode.
    states: FxHashMap<(u64, u64), (u64, i64, i64)>,
}

impl Written {
    fn note(&mut self, process: TaskId, fd: i32) {
        self.by_process.entry(process).or_default().insert(fd);
    }

    /// A process has copies of another one's descriptors.
    pub(super) fn inherit(&mut self, child: TaskId, parent: TaskId) {
        if let Some(fds) = self.by_process.get(&parent).cloned() {
            self.by_process.insert(child, fds);
        }
    }

    fn has(&self, process: TaskId, fd: i32) -> bool {
        self.by_process.get(&process).is_some_and(|fds| fds.contains(&fd))
    }

    /// The descriptors of a process that wrote, and are no longer remembered.
    fn take(&mut self, process: TaskId, fds: RangeInclusive<i32>) -> Vec<i32> {
        let Some(all) = self.by_process.get_mut(&process) else { return Vec::new() };
        if fds.is_empty() {
            return Vec::new();
        }
        let taken: Vec<_> = all.range(fds).copied().collect();
        for fd in &taken {
            all.remove(fd);
        }
        if all.is_empty() {
            self.by_process.remove(&process);
        }
        taken
    }

    /// Remembers how a file is; whether that is news.
    pub(super) fn look(&mut self, stat: &Stat) -> bool {
        if self.states.len() >= KNOWN_STATES {
            self.states.clear();
        }
        let state = (stat.size, stat.modified, stat.changed);
        self.states.insert((stat.device, stat.inode), state) != Some(state)
    }
}

/// Which descriptor a call that returned has written, or changed the file behind it.
fn written_by(prototype: &Prototype, args: &[u64; 6]) -> Option<i32> {
    const PROT_WRITE: u64 = 2;
    const MAP_PRIVATE: u64 = 2;
    let operand = |index: usize| {
        let arg = usize::from(prototype.effect.operands.get(index)?.arg);
        let is_fd = matches!(prototype.params.get(arg)?.ty, Ty::Scalar(Scalar::Fd));
        is_fd.then(|| args.get(arg).copied()).flatten()
    };
    let fd = match prototype.effect.verb {
        Verb::Writes | Verb::Truncates | Verb::Alters => operand(0)?,
        Verb::Copies => operand(1)?,
        Verb::Maps if args[2] & PROT_WRITE != 0 && args[3] & MAP_PRIVATE == 0 => operand(0)?,
        _ => return None,
    };
    Some(fd as i32).filter(|fd| *fd >= 0)
}

/// The descriptor by which a file may be written from now on, where a call that returned
/// `result` has made one, and which it is a copy of, if it is one.
fn may_write(pending: &Pending, result: i64) -> Option<(i32, Option<i32>)> {
    let [first, second, third, ..] = pending.args;
    let for_writing = |flags: u64| flags as i32 & libc::O_ACCMODE != libc::O_RDONLY;
    let source = match pending.prototype?.name {
        "open" if for_writing(second) => None,
        "openat" if for_writing(third) => None,
        "creat" | "openat2" | "open_by_handle_at" => None,
        "dup" | "dup2" | "dup3" => Some(first as i32),
        "fcntl" | "fcntl64"
            if [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC].contains(&(second as i32)) =>
        {
            Some(first as i32)
        }
        _ => return None,
    };
    Some((result as i32, source))
}

impl<S: Sink> Tracer<S> {
    /// A call has succeeded by which a file may be written, in calls that a filter in the
    /// kernel hides.
    pub(super) fn note_writable(&mut self, tid: i32, result: i64) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let Some((fd, source)) = may_write(&task.pending, result) else { return };
        if source.is_none_or(|source| self.written.has(task.process, source)) {
            self.written.note(task.process, fd);
        }
    }

    /// A call has succeeded.
    pub(super) fn note_written(&mut self, tid: i32) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let pending = &task.pending;
        let Some(prototype) = pending.prototype else { return };
        if let Some(fd) = written_by(prototype, &pending.args) {
            self.written.note(task.process, fd);
        }
    }

    /// A call begins: it may close descriptors.
    pub(super) fn before_closing(&mut self, tid: i32) {
        let Some(task) = self.tasks.get(&tid) else { return };
        let Some(prototype) = task.pending.prototype else { return };
        let [first, second, ..] = task.pending.args.map(|word| word as i32);
        let closed = match (prototype.effect.verb, prototype.effect.operands.len()) {
            (Verb::Closes, 1) => first..=first,
            // close_range: its bounds are unsigned.
            (Verb::Closes, _) => first.max(0)..=if second < 0 { i32::MAX } else { second },
            (Verb::Dups, 2) => second..=second,
            (Verb::Execs | Verb::Exits, _) => 0..=i32::MAX,
            _ => return,
        };
        self.written_facts(tid, closed);
    }

    /// A signal is delivered: if nothing catches it, that is the end.
    pub(super) fn before_dying(&mut self, tid: i32, signal: i32) {
        let is_harmless = [libc::SIGCHLD, libc::SIGURG, libc::SIGWINCH, libc::SIGCONT];
        if !is_harmless.contains(&signal) {
            self.written_facts(tid, 0..=i32::MAX);
        }
    }

    /// A process is gone.
    pub(super) fn forget_written(&mut self, process: TaskId) {
        self.written.by_process.remove(&process);
    }

    /// Says how the files are that these descriptors have written.
    fn written_facts(&mut self, tid: i32, fds: RangeInclusive<i32>) {
        let Some(process) = self.tasks.get(&tid).map(|task| task.process) else { return };
        // In the next program, too, writes may be hidden.
        let goes_on = self.options.by_seccomp && self.is_executing(tid);
        for fd in self.written.take(process, fds) {
            self.written_fact(tid, fd);
            if goes_on {
                self.written.note(process, fd);
            }
        }
    }

    fn is_executing(&self, tid: i32) -> bool {
        self.tasks.get(&tid).is_some_and(|task| task.last_verb == Verb::Execs)
    }

    fn written_fact(&mut self, tid: i32, fd: i32) {
        let path = format!("/proc/{tid}/fd/{fd}");
        let Ok(stat) = file::look(&path) else { return };
        if stat.mode & libc::S_IFMT != libc::S_IFREG || !self.written.look(&stat) {
            return;
        }
        let mut fields = vec![(FactKey::Fd, number(fd))];
        fields.extend(link(&path).map(|value| (FactKey::Path, value)));
        stat_fields(&stat, &mut fields);
        self.fact(tid, FactKind::Written, fields);
        self.content_of_call(tid, &path, &stat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{self, Abi};

    fn by(nr: u64, args: [u64; 6]) -> Option<i32> {
        written_by(abi::lookup(Abi::X86_64, nr).expect("a call"), &args)
    }

    #[test]
    fn calls_that_write_a_descriptor() {
        assert_eq!(by(1, [5, 0, 0, 0, 0, 0]), Some(5)); // write
        assert_eq!(by(40, [6, 5, 0, 0, 0, 0]), Some(6)); // sendfile: to, from
        assert_eq!(by(326, [5, 0, 6, 0, 0, 0]), Some(6)); // copy_file_range: from, to
        assert_eq!(by(77, [7, 0, 0, 0, 0, 0]), Some(7)); // ftruncate
        assert_eq!(by(76, [7, 0, 0, 0, 0, 0]), None); // truncate: by path
        assert_eq!(by(91, [8, 0, 0, 0, 0, 0]), Some(8)); // fchmod
        assert_eq!(by(0, [5, 0, 0, 0, 0, 0]), None); // read
        assert_eq!(by(9, [0, 10, 3, 1, 4, 0]), Some(4)); // mmap, shared
        assert_eq!(by(9, [0, 10, 3, 2, 4, 0]), None); // mmap, private
        assert_eq!(by(9, [0, 10, 3, 0x21, u64::MAX, 0]), None); // mmap, anonymous
    }

    #[test]
    fn descriptors_are_taken_once() {
        let mut written = Written::default();
        for fd in [1, 3, 7] {
            written.note(TaskId(1), fd);
            written.note(TaskId(2), fd);
        }
        assert_eq!(written.take(TaskId(1), 2..=5), [3]);
        assert_eq!(written.take(TaskId(1), 0..=i32::MAX), [1, 7]);
        assert!(written.take(TaskId(1), 0..=i32::MAX).is_empty());
        // close_range may be asked for anything.
        assert!(written.take(TaskId(2), RangeInclusive::new(5, 2)).is_empty());
        assert_eq!(written.take(TaskId(2), 7..=7), [7]);
    }
}
