//! The chain of tasks that decided how long a run took.

use rustc_hash::FxHashMap;

use crate::event::TaskId;
use crate::flow::graph::{ActivityIndex, Graph, HeldUp, Task};

/// A part of the chain: what one activity did on it. Times are nanoseconds since the
/// run's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) activity: ActivityIndex,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The chain, from the first of its tasks on; each part begins where the one before
/// ends.
pub(super) fn path(graph: &Graph) -> Vec<Part> {
    let mut waits: FxHashMap<TaskId, Vec<&HeldUp>> = FxHashMap::default();
    for held in &graph.held_up {
        waits.entry(held.task).or_default().push(held);
    }
    for all in waits.values_mut() {
        all.sort_by_key(|held| held.at);
    }
    let end = |task: &&Task| task.ended.unwrap_or(graph.end);
    // Of those that end at once, the one that began first.
    let Some(last) = graph.tasks.iter().rev().max_by_key(end) else { return Vec::new() };
    let (mut task, mut time) = (last, end(&last));
    let mut parts = Vec::new();
    // Each turn comes to an earlier time, or from a task to the one that made it.
    loop {
        let (from, next) = before(graph, &waits, task, time);
        add(graph, task.id, from, time, &mut parts);
        let is_earlier = |one: &&Task| from < time || one.started < task.started;
        let Some(next) = next.and_then(|id| graph.task(id)).filter(is_earlier) else { break };
        (task, time) = (next, from);
    }
    parts.reverse();
    parts
}

/// Until when a task had been on its own at that time, and who was at work before: whom
/// it waited for, or who made it.
fn before(
    graph: &Graph,
    waits: &FxHashMap<TaskId, Vec<&HeldUp>>,
    task: &Task,
    time: u64,
) -> (u64, Option<TaskId>) {
    let all = waits.get(&task.id).map_or(&[][..], Vec::as_slice);
    let count = all.partition_point(|held| held.at < time);
    let is_whole = |held: &&&HeldUp| {
        let by = graph.task(held.by).map(|by| by.started);
        held.at > task.started && by.is_some_and(|started| started <= held.at)
    };
    match all.get(..count).unwrap_or_default().iter().rev().find(is_whole) {
        Some(held) => (held.at, Some(held.by)),
        None => (task.started.min(time), task.parent.map(|parent| parent.task)),
    }
}

/// Adds what a task did from one time to another, the last of it first.
fn add(graph: &Graph, task: TaskId, from: u64, until: u64, parts: &mut Vec<Part>) {
    let mut until = until;
    while from < until {
        // What began at that very moment was not there before it.
        let Some(activity) = graph.activity_at(task, until - 1) else { return };
        let started = graph.activity(activity).map_or(from, |one| one.started);
        let start = if started < until { started.max(from) } else { from };
        match parts.last_mut() {
            Some(later) if later.activity == activity && later.start == until => {
                later.start = start;
            }
            _ => parts.push(Part { activity, start, end: until }),
        }
        until = start;
    }
}
