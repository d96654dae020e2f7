//! The chain of tasks that decided how long it all took.

use rustc_hash::FxHashMap;

use super::heritage::Heritage;
use super::subject::Subject;
use crate::event::TaskId;
use crate::flow::graph::{ActivityIndex, Graph, HeldUp, Task};

/// A part of the chain: what one activity did on it. Times are nanoseconds since its run's
/// start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The place of its run.
    pub(super) run: usize,
    pub(super) activity: ActivityIndex,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The chain that ends last, from the first of its tasks on. In a run each part begins
/// where the one before ends; what was before that run had a part in it if it left a file
/// that the run found.
pub(super) fn path(subjects: &[Subject]) -> Vec<Part> {
    let end = |(_, subject): &(usize, &Subject)| subject.started.saturating_add(subject.graph.end);
    let Some((run, subject)) = subjects.iter().enumerate().max_by_key(end) else {
        return Vec::new();
    };
    let heritage = (subjects.len() > 1).then(|| Heritage::new(subjects));
    let mut parts = Vec::new();
    let mut next = last(&subject.graph).map(|(task, time)| (run, task.id, time));
    let mut left: Vec<_> = (0..subjects.len()).collect();
    while let Some((run, task, time)) = next {
        left.retain(|other| *other != run);
        if let Some(subject) = subjects.get(run) {
            back(run, &subject.graph, task, time, &mut parts);
        }
        next = heritage.as_ref().and_then(|heritage| earlier(subjects, heritage, run, &left));
    }
    parts.reverse();
    parts
}

/// The task of a run that ended last, and when. Of those that end at once, the one that
/// began first.
fn last(graph: &Graph) -> Option<(&Task, u64)> {
    let ends = graph.tasks.iter().map(|task| (task, task.ended.unwrap_or(graph.end)));
    ends.rev().max_by_key(|(_, end)| *end)
}

/// The last that another run, which was over before, gave to this one.
fn earlier(
    subjects: &[Subject],
    heritage: &Heritage<'_>,
    run: usize,
    left: &[usize],
) -> Option<(usize, TaskId, u64)> {
    let subject = subjects.get(run)?;
    let is_over = |other: usize| {
        subjects
            .get(other)
            .is_some_and(|other| other.started.saturating_add(other.graph.end) <= subject.started)
    };
    let taken = subject.graph.usages.iter().filter(|usage| usage.has_taken());
    let given = taken.flat_map(|usage| heritage.givers_of(run, usage));
    let given = given.filter(|(other, _)| left.contains(other) && is_over(*other));
    let time = |(other, writer): &(usize, super::contents::Writer)| {
        subjects.get(*other).map_or(0, |other| other.started.saturating_add(writer.last))
    };
    let (other, writer) = given.max_by_key(time)?;
    let process = subjects.get(other)?.graph.process_of(writer.activity)?;
    Some((other, process.id, writer.last))
}

/// Goes back from a task at a time to the first of its run, and adds what it passes, the
/// last of it first.
fn back(run: usize, graph: &Graph, task: TaskId, time: u64, parts: &mut Vec<Part>) {
    let mut waits: FxHashMap<TaskId, Vec<&HeldUp>> = FxHashMap::default();
    for held in &graph.held_up {
        waits.entry(held.task).or_default().push(held);
    }
    for all in waits.values_mut() {
        all.sort_by_key(|held| held.at);
    }
    let Some(mut task) = graph.task(task) else { return };
    let mut time = time;
    // Each turn comes to an earlier time, or from a task to the one that made it.
    loop {
        let (from, next) = before(graph, &waits, task, time);
        add(run, graph, task.id, from, time, parts);
        let is_earlier = |one: &&Task| from < time || one.started < task.started;
        let Some(next) = next.and_then(|id| graph.task(id)).filter(is_earlier) else { return };
        (task, time) = (next, from);
    }
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
fn add(run: usize, graph: &Graph, task: TaskId, from: u64, until: u64, parts: &mut Vec<Part>) {
    let mut until = until;
    while from < until {
        // What began at that very moment was not there before it.
        let Some(activity) = graph.activity_at(task, until - 1) else { return };
        let started = graph.activity(activity).map_or(from, |one| one.started);
        let start = if started < until { started.max(from) } else { from };
        match parts.last_mut() {
            Some(later)
                if later.run == run && later.activity == activity && later.start == until =>
            {
                later.start = start;
            }
            _ => parts.push(Part { run, activity, start, end: until }),
        }
        until = start;
    }
}
