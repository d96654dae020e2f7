//! Threads that others wait for.
//!
//! As a thread ends, the kernel clears a word in memory and wakes who waits on it:
//! the word that its maker named by `CLONE_CHILD_CLEARTID` (clone(2)), or it itself by
//! set_tid_address(2). That wait, a futex(2), is what pthread_join(3) is. The waiter
//! may have been woken before the tracer hears of the end, but not before the thread
//! has called exit(2): so an edge begins there.

use rustc_hash::FxHashMap;

use super::Flow;
use super::irregular::{CLONE_CHILD_CLEARTID, CLONE_THREAD, Irregular};
use super::item::{Edge, EdgeKind, EventId, Item, Side};
use super::plan::Plan;
use crate::abi::{Prototype, Verb};
use crate::event::{Record, Role, TaskId};

/// `EAGAIN`, errno(3).
const EAGAIN: u16 = 11;

/// Slices of time that a thread is remembered for when it has gone: who waits for it
/// has been woken, but may not have returned.
const KEPT: u8 = 8;

/// A word in the memory of a process.
type Word = (TaskId, u64);

/// A wait on a word that was cleared.
#[derive(Clone, Copy, Debug)]
struct Wait {
    event: EventId,
    end: u64,
    word: Word,
}

/// A thread's last call.
#[derive(Clone, Copy, Debug)]
struct Last {
    event: EventId,
    start: u64,
    /// Slices of time for which the thread has been gone.
    gone: u8,
}

/// Threads that others may wait for, and who waited.
#[derive(Debug, Default)]
pub(super) struct Joins {
    /// Whose ends clear a word, with the times when they were first seen.
    words: FxHashMap<Word, Vec<(TaskId, u64)>>,
    exits: FxHashMap<TaskId, Last>,
    /// Of the slice of time at hand.
    waits: Vec<Wait>,
}

impl Joins {
    /// The last call of the thread that cleared the word of a wait.
    fn cause(&self, wait: &Wait) -> Option<EventId> {
        let threads = self.words.get(&wait.word)?;
        // musl has one word for all threads, by which none of them is told apart.
        let lives = |(thread, born): &&(TaskId, u64)| {
            *born < wait.end && self.exits.get(thread).is_none_or(|last| last.start > wait.end)
        };
        if threads.iter().any(|thread| lives(&thread)) {
            return None;
        }
        let exits = threads.iter().filter_map(|(thread, _)| self.exits.get(thread));
        let before = exits.filter(|last| last.start <= wait.end);
        before.max_by_key(|last| last.start).map(|last| last.event)
    }

    /// A slice of time is over: forgets those that have been gone for long.
    fn sweep(&mut self, lives: impl Fn(TaskId) -> bool) {
        self.exits.retain(|thread, last| {
            last.gone += u8::from(!lives(*thread));
            last.gone <= KEPT
        });
        let exits = &self.exits;
        self.words.retain(|_, threads| {
            threads.retain(|(thread, _)| lives(*thread) || exits.contains_key(thread));
            !threads.is_empty()
        });
    }
}

/// The flags of a clone, and the word that the child's end clears. `None` for other
/// calls, and where they are not known.
pub(super) fn clone_arguments(record: &Record<'_>, plan: &Plan) -> Option<(u64, u64)> {
    match plan.irregular {
        Irregular::Clone => {
            let at = plan.prototype.params.iter().position(|param| param.name == "child_tid");
            Some((record.words[0], at.and_then(|at| record.words.get(at)).copied()?))
        }
        Irregular::Clone3 => {
            // struct clone_args: flags, pidfd, child_tid, …, of 8 bytes each.
            let piece = record.piece(0, Role::Struct).map(|piece| record.bytes(piece))?;
            let (words, _) = piece.as_chunks::<8>();
            let word = |at: usize| words.get(at).map(|word| u64::from_le_bytes(*word));
            Some((word(0)?, word(2).unwrap_or_default()))
        }
        _ => None,
    }
}

impl Flow {
    /// A call has begun or ended that threads begin, end or wait by.
    pub(super) fn follow_threads(&mut self, record: &Record<'_>, prototype: &Prototype) {
        match (prototype.effect.verb, prototype.name) {
            (Verb::Exits, "exit") => {
                let event = EventId { task: record.task, ordinal: record.ordinal };
                let last = Last { event, start: record.start, gone: 0 };
                self.joins.exits.insert(record.task, last);
            }
            (Verb::Sleeps, name) if record.end.is_some() && is_wait(record, name) => {
                self.waited_on_word(record);
            }
            (_, "set_tid_address") if record.end.is_some() => {
                self.clears(record.task, record.task, record.words[0]);
            }
            _ => {}
        }
    }

    /// A thread was made that clears a word at its end.
    pub(super) fn made_thread(&mut self, maker: TaskId, child: TaskId, (flags, word): (u64, u64)) {
        if flags & CLONE_THREAD != 0 && flags & CLONE_CHILD_CLEARTID != 0 {
            self.clears(maker, child, word);
        }
    }

    /// The end of `thread` will clear a word in the process of `maker`.
    fn clears(&mut self, maker: TaskId, thread: TaskId, word: u64) {
        let Some(process) = self.state.task(maker).map(|task| task.process) else { return };
        let born = self.state.task(thread).map_or(0, |task| task.started);
        self.joins.words.entry((process, word)).or_default().push((thread, born));
    }

    fn waited_on_word(&mut self, record: &Record<'_>) {
        let Some(process) = self.state.task(record.task).map(|task| task.process) else { return };
        let word = (process, record.words[0]);
        // Few futexes are such words; those of a thread just made are known later.
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let end = record.end.unwrap_or(record.start);
        self.joins.waits.push(Wait { event, end, word });
    }

    /// A slice of time is over.
    pub(super) fn settle_joins(&mut self) {
        let mut waits = std::mem::take(&mut self.joins.waits);
        for wait in waits.drain(..) {
            let Some(cause) = self.joins.cause(&wait) else { continue };
            let (kind, effect) = (EdgeKind::Wait, wait.event);
            let edge = Edge { kind, cause, from: Side::Start, effect, to: Side::End };
            self.before.push(Item::Edge(edge));
        }
        self.joins.waits = waits; // its room is used again
        let tasks = &self.state.tasks;
        self.joins.sweep(|task| tasks.contains_key(&task));
    }
}

/// Whether a wait on a futex found its word changed, at once or when it was woken.
fn is_wait(record: &Record<'_>, name: &str) -> bool {
    const FUTEX_WAIT: u64 = 0;
    const FUTEX_WAIT_BITSET: u64 = 9;
    const COMMAND: u64 = 0x7f; // the rest are flags
    let is_wait = match name {
        "futex" | "futex_time64" => {
            matches!(record.words[1] & COMMAND, FUTEX_WAIT | FUTEX_WAIT_BITSET)
        }
        "futex_wait" => true,
        _ => false,
    };
    is_wait && record.error().is_none_or(|error| error.0 == EAGAIN)
}
