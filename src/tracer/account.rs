//! What a process has read and written in all, by the kernel's own account (`/proc/PID/io`,
//! proc_pid_io(5)): asked for when it ends, where the calls that move bytes are not seen.

use super::Sink;
use super::engine::Tracer;
use super::task::Task;
use crate::event::{Fact, FactKey, FactKind, Value};
use std::fs;

/// The lines of `/proc/PID/io` that are kept.
const LINES: [(&str, FactKey); 6] = [
    ("rchar", FactKey::Rchar),
    ("wchar", FactKey::Wchar),
    ("syscr", FactKey::Syscr),
    ("syscw", FactKey::Syscw),
    ("read_bytes", FactKey::ReadBytes),
    ("write_bytes", FactKey::WriteBytes),
];

/// An account: the fields of its fact.
pub(super) type Account = Vec<(FactKey, Value)>;

fn parse(text: &str) -> Account {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let known = lines.filter_map(|(name, number)| {
        let (_, key) = LINES.iter().find(|(known, _)| *known == name)?;
        Some((*key, Value::Number(number.parse().ok()?)))
    });
    known.collect()
}

impl<S: Sink> Tracer<S> {
    /// A task is about to end. The last one of its process to do so has the whole account:
    /// that is the leader, or whoever comes after it.
    pub(super) fn is_ending(&mut self, tid: i32) {
        let Some(task) = self.tasks.get_mut(&tid).filter(|task| !task.id.is_none()) else { return };
        task.is_ending = true;
        let pid = task.pid;
        if let Some(leader) = self.tasks.get_mut(&pid).filter(|leader| leader.is_ending)
            // A kernel may be without (CONFIG_TASK_IO_ACCOUNTING).
            && let Ok(text) = fs::read_to_string(format!("/proc/{tid}/io"))
        {
            leader.account = parse(&text);
        }
    }

    /// What is known of a process whose leader is gone.
    pub(super) fn account_fact(&mut self, leader: &mut Task, time: u64) {
        let fields = std::mem::take(&mut leader.account);
        if !fields.is_empty() {
            let (task, ordinal) = (leader.id, leader.next_ordinal); // the end's
            self.batch.push_fact(Fact { kind: FactKind::Account, task, ordinal, time, fields });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_what_it_knows() {
        let text = "rchar: 4292\nwchar: 0\nsyscr: 13\nread_bytes: odd\ncancelled_write_bytes: 7\n";
        let number = |key, n| (key, Value::Number(n));
        let known = [(FactKey::Rchar, 4292), (FactKey::Wchar, 0), (FactKey::Syscr, 13)];
        assert_eq!(parse(text), known.map(|(key, n)| number(key, n)));
        assert!(parse("").is_empty());
    }
}
