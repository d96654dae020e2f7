//! What rtrace could not see, said in the log.

use super::Sink;
use super::engine::Tracer;
use super::process::namespace_ids;
use super::task::Task;
use crate::event::{Fact, FactKey, FactKind, Value};

/// A child that nobody traces (linux/sched.h).
pub(super) const CLONE_UNTRACED: u64 = 0x80_0000;

impl<S: Sink> Tracer<S> {
    /// Records that something about a task could not be seen, and why.
    pub(super) fn blind_spot(&mut self, tid: i32, why: &str) {
        if let Some(pid) = self.tasks.get(&tid).map(|task| task.pid) {
            self.blind_spot_about(tid, pid, why);
        }
    }

    /// The same, of a process that is none of ours.
    fn blind_spot_about(&mut self, tid: i32, pid: i32, why: &str) {
        let time = self.now();
        let Some(task) = self.tasks.get(&tid) else { return };
        self.batch.push_fact(Fact {
            kind: FactKind::BlindSpot,
            task: task.id,
            ordinal: task.pending.ordinal,
            time,
            fields: vec![
                (FactKey::Pid, Value::Number(i64::from(pid))),
                (FactKey::Text, Value::Bytes(why.as_bytes().to_vec())),
            ],
        });
    }

    /// Blind spots that a call which returned makes.
    pub(super) fn blind_spots_of_call(&mut self, tid: i32, result: i64, failed: bool) {
        const EPERM: i64 = 1;
        let Some(task) = self.tasks.get(&tid) else { return };
        let name = task.pending.prototype.map_or("", |p| p.name);
        let flags = task.pending.clone_flags;
        match name {
            "io_uring_setup" if !failed => self.uring_made(tid),
            "io_uring_enter" if !failed => {
                if let Some(task) = self.tasks.get_mut(&tid) {
                    task.unseen.submitted += result as u64;
                }
            }
            "clone" | "clone3" if !failed && flags & CLONE_UNTRACED != 0 => {
                let why = format!("child {result} was made with CLONE_UNTRACED");
                self.blind_spot_about(tid, result as i32, &why);
            }
            "ptrace" if failed && -result == EPERM && self.wants_a_tracee(task) => {
                self.blind_spot(tid, "ptrace was refused: rtrace traces the same task already");
            }
            _ => {}
        }
    }

    /// A ring is there. One that the kernel polls takes submissions without a call.
    fn uring_made(&mut self, tid: i32) {
        // linux/io_uring.h
        const FLAGS: u64 = 8;
        const IORING_SETUP_SQPOLL: u64 = 2;
        let Some(params) = self.tasks.get(&tid).map(|task| task.pending.args[1]) else { return };
        self.reader.begin(tid);
        let flags = self.reader.word(params.wrapping_add(FLAGS), 4).unwrap_or_default();
        self.blind_spot(
            tid,
            if flags & IORING_SETUP_SQPOLL == 0 {
                "operations of an io_uring make no system calls"
            } else {
                "operations of an io_uring make no system calls, nor do submissions to this one \
                 (SQPOLL): they are not counted"
            },
        );
    }

    /// Says how many operations a task that is about to be gone has submitted.
    pub(super) fn note_submitted(&mut self, task: &Task, time: u64) {
        if let Some(fact) = submitted(task, time) {
            self.batch.push_fact(fact);
        }
    }

    /// Says, once of a task, that its memory cannot be read.
    pub(super) fn note_lost_memory(&mut self, tid: i32) {
        let Some(error) = self.reader.take_lost() else { return };
        let task = self.tasks.get_mut(&tid).filter(|task| !task.unseen.memory);
        let Some(task) = task else { return };
        task.unseen.memory = true;
        let why = format!("memory that calls point to cannot be read: {error}");
        self.blind_spot(tid, &why);
    }

    /// Whether the call asks for what the kernel refuses on our account: a task has
    /// one tracer, and that of all our tasks is rtrace.
    fn wants_a_tracee(&self, caller: &Task) -> bool {
        // linux/ptrace.h
        const TRACEME: u32 = 0;
        const ATTACH: u32 = 16;
        const SEIZE: u32 = 0x4206;
        let [request, target, ..] = caller.pending.args;
        match request as u32 {
            TRACEME => true,
            // No task may trace another one of its own process, with rtrace or without.
            ATTACH | SEIZE => self
                .as_called_by(caller, target as i32)
                .is_some_and(|target| target.process != caller.process),
            _ => false,
        }
    }

    /// The task of ours that `caller` calls by that id. In a PID namespace of its own
    /// ids are other ones than ours: one that a task has in any will do.
    pub(super) fn as_called_by(&self, caller: &Task, id: i32) -> Option<&Task> {
        if !caller.nested {
            return self.tasks.get(&id);
        }
        let mut nested = self.tasks.values().filter(|task| task.nested);
        nested.find(|task| namespace_ids(task.tid).contains(&id))
    }
}

/// What a task has submitted to rings, if anything.
pub(super) fn submitted(task: &Task, time: u64) -> Option<Fact> {
    let count = task.unseen.submitted;
    let why = match count {
        0 => return None,
        1 => "1 operation was submitted to an io_uring".to_owned(),
        _ => format!("{count} operations were submitted to an io_uring"),
    };
    Some(Fact {
        kind: FactKind::BlindSpot,
        task: task.id,
        ordinal: task.next_ordinal,
        time,
        fields: vec![
            (FactKey::Pid, Value::Number(i64::from(task.pid))),
            (FactKey::Count, Value::Number(count as i64)),
            (FactKey::Text, Value::Bytes(why.into_bytes())),
        ],
    })
}
