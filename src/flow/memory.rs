//! Bytes that one process copies out of another one's memory, or into it:
//! process_vm_readv(2), process_vm_writev(2).
//!
//! Memory stands in the graph as the file by which it could be opened,
//! `/proc/PID/mem`. What is read there has come from the process's last event before; what
//! is written is there at its next one.

use rustc_hash::FxHashMap;

use super::Flow;
use super::item::{Edge, EdgeKind, EventId, Item, Place, Side, Transfer, Use};
use super::resource::ResourceId;
use crate::abi::Verb;
use crate::event::{Record, TaskId};

/// What has been copied.
#[derive(Debug, Default)]
pub(super) struct Memories {
    /// Bytes copied through each so far, out and in: they are counted as those of a pipe.
    moved: FxHashMap<(ResourceId, Verb), u64>,
    /// By process: what was written to its memory since its last event.
    written: FxHashMap<TaskId, Vec<Written>>,
}

/// A call that has written.
#[derive(Clone, Copy, Debug)]
struct Written {
    cause: EventId,
    given: (u64, u64),
    through: ResourceId,
    bytes: (u64, u64),
}

impl Memories {
    /// Counts bytes; the first of them, and the one behind the last.
    fn count(&mut self, through: ResourceId, verb: Verb, bytes: u64) -> (u64, u64) {
        let moved = self.moved.entry((through, verb)).or_default();
        let from = *moved;
        *moved = moved.saturating_add(bytes);
        (from, *moved)
    }
}

impl Flow {
    /// The process whose memory a call is about, and that memory.
    pub(super) fn name_memory(&mut self, record: &Record<'_>, verb: Verb) {
        let Some(process) = self.remote(record) else { return };
        let Some(pid) = self.state.process(process).map(|process| process.pid) else { return };
        let resource = self.state.file_named(format!("/proc/{pid}/mem").as_bytes());
        let place = Place::Argument(0);
        self.uses.push(Use { place, verb, resource, version: None });
    }

    fn remote(&self, record: &Record<'_>) -> Option<TaskId> {
        let number = record.words[0] as u32;
        let of_thread = || Some(self.state.thread_called(record.task, number)?.process);
        self.state.process_called(record.task, number).or_else(of_thread)
    }

    /// Such a call has succeeded.
    pub(super) fn copied_memory(&mut self, record: &Record<'_>, verb: Verb) {
        let own = self.state.task(record.task).map(|task| task.process);
        let Some(remote) = self.remote(record).filter(|remote| own != Some(*remote)) else {
            return;
        };
        let place = Place::Argument(0);
        let used = self.uses.iter().find(|used| used.place == place).map(|used| used.resource);
        let bytes = u64::try_from(record.result).unwrap_or_default();
        let (Some(through), 1.., Some(end)) = (used, bytes, record.end) else { return };
        let bytes = self.memories.count(through, verb, bytes);
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let times = (record.start, end);
        if verb == Verb::Writes {
            let written = Written { cause: event, given: times, through, bytes };
            self.memories.written.entry(remote).or_default().push(written);
            return;
        }
        let threads = self.state.tasks.values().filter(|task| task.process == remote);
        let Some(last) = threads.max_by_key(|task| (task.seen, task.id)) else { return };
        let cause = EventId { task: last.id, ordinal: last.last };
        let given = (last.seen, last.seen);
        self.after.push(copied(through, bytes, (cause, given), (event, times)));
    }

    /// An event of a process to whose memory something was written: that is there now.
    pub(super) fn found_memory(&mut self, record: &Record<'_>) {
        if self.memories.written.is_empty() {
            return;
        }
        let Some(process) = self.state.task(record.task).map(|task| task.process) else { return };
        let effect = EventId { task: record.task, ordinal: record.ordinal };
        let taken = (record.start, record.end.unwrap_or(record.start));
        for one in self.memories.written.remove(&process).unwrap_or_default() {
            let cause = (one.cause, one.given);
            self.after.push(copied(one.through, one.bytes, cause, (effect, taken)));
        }
    }
}

type Moment = (EventId, (u64, u64));

fn copied(
    through: ResourceId,
    (from, to): (u64, u64),
    (cause, given): Moment,
    (effect, taken): Moment,
) -> Item<'static> {
    let (certain, counted) = (true, true);
    let transfer = Transfer { through, from, to, certain, counted, given, taken };
    let kind = EdgeKind::Data(transfer);
    Item::Edge(Edge { kind, cause, from: Side::Start, effect, to: Side::End })
}
