//! What rtrace could not see, said in the log.

use super::Sink;
use super::engine::Tracer;
use super::facts::namespace_ids;
use super::task::Task;
use crate::event::{Fact, FactKey, FactKind, Value};

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
        const CLONE_UNTRACED: u64 = 0x80_0000; // linux/sched.h
        const EPERM: i64 = 1;
        let Some(task) = self.tasks.get(&tid) else { return };
        let name = task.pending.prototype.map_or("", |p| p.name);
        let flags = task.pending.clone_flags;
        match name {
            "io_uring_setup" if !failed => {
                self.blind_spot(tid, "operations of an io_uring make no system calls");
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
    fn as_called_by(&self, caller: &Task, id: i32) -> Option<&Task> {
        if !caller.nested {
            return self.tasks.get(&id);
        }
        let mut nested = self.tasks.values().filter(|task| task.nested);
        nested.find(|task| namespace_ids(task.tid).contains(&id))
    }
}
