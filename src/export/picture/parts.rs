//! What a process was doing when: its own work, waiting for others, or nothing of its own
//! yet.

use rustc_hash::FxHashMap;

use crate::event::TaskId;
use crate::flow::graph::{Graph, HeldUp, Process};

/// A part of a process's time, nanoseconds since the run's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// When it begins.
    pub from: u64,
    /// When the next one begins, or the process ends.
    pub until: u64,
    /// What it is.
    pub kind: PartKind,
}

/// What a part of a process's time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A copy of its parent, that has not begun its own program yet.
    Forked,
    /// It works.
    Works,
    /// It waits for others: for an end, or for bytes.
    Waits,
}

/// When each task waited for others.
#[derive(Debug)]
pub struct Waits<'a>(FxHashMap<TaskId, Vec<&'a HeldUp>>);

impl<'a> Waits<'a> {
    /// Those of a run.
    pub fn new(graph: &'a Graph) -> Self {
        let mut waits: FxHashMap<TaskId, Vec<&HeldUp>> = FxHashMap::default();
        for held in &graph.held_up {
            waits.entry(held.task).or_default().push(held);
        }
        Self(waits)
    }
}

/// When a process was there: from its start to its end, or that of the log.
pub fn lifetime(graph: &Graph, process: &Process) -> (u64, u64) {
    (process.started, process.ended.unwrap_or(graph.end).max(process.started))
}

/// The parts of a process's time, one after the other. Waits are told that are
/// `long_enough`; of a process with several threads none, for while one waits, others may
/// work.
pub fn parts(
    graph: &Graph,
    process: &Process,
    waits: &Waits<'_>,
    long_enough: impl Fn(u64, u64) -> bool,
) -> Vec<Part> {
    let (start, end) = lifetime(graph, process);
    let own = own_program(graph, process).filter(|own| (start..end).contains(own));
    let own = own.unwrap_or(start);
    let mut parts = Vec::new();
    let mut add = |from: u64, until: u64, kind| {
        if from < until || (from == until && start == end && kind == PartKind::Works) {
            parts.push(Part { from, until, kind });
        }
    };
    let work = |from: u64, until: u64, add: &mut dyn FnMut(u64, u64, PartKind)| {
        add(from, own.clamp(from, until), PartKind::Forked);
        add(own.clamp(from, until), until, PartKind::Works);
    };
    let mut from = start;
    for (wait, until) in apart(process, waits, (start, end), long_enough) {
        work(from, wait, &mut add);
        add(wait, until, PartKind::Waits);
        from = until;
    }
    work(from, end, &mut add);
    parts
}

/// When a forked process began a program of its own.
fn own_program(graph: &Graph, process: &Process) -> Option<u64> {
    let mut activities = process.activities.iter().filter_map(|index| graph.activity(*index));
    activities.find(|activity| activity.is_own()).map(|activity| activity.started)
}

/// When its only thread waited, in order and apart from each other.
fn apart(
    process: &Process,
    waits: &Waits<'_>,
    (start, end): (u64, u64),
    long_enough: impl Fn(u64, u64) -> bool,
) -> Vec<(u64, u64)> {
    if process.threads > 1 {
        return Vec::new();
    }
    // It goes on once the other one has done it.
    let span =
        |held: &HeldUp| (held.from.max(start), held.at.clamp(held.from, held.until).min(end));
    let mut all: Vec<_> =
        waits.0.get(&process.id).into_iter().flatten().copied().map(span).collect();
    all.retain(|(from, until)| from < until);
    all.sort_unstable();
    let mut apart: Vec<(u64, u64)> = Vec::new();
    for (from, until) in all {
        match apart.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => apart.push((from, until)),
        }
    }
    apart.retain(|(from, until)| long_enough(*from, *until));
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::picture::kit::{child, family};

    #[test]
    fn parts_follow_each_other_from_start_to_end() {
        let graph = family(&[child(&["a"], 2, 5), child(&["b"], 7, 9)]);
        for process in &graph.processes {
            let (start, end) = lifetime(&graph, process);
            let parts = parts(&graph, process, &Waits::new(&graph), |_, _| true);
            assert_eq!((parts[0].from, parts[parts.len() - 1].until), (start, end));
            assert!(parts.windows(2).all(|pair| pair[0].until == pair[1].from), "{parts:?}");
        }
        let kinds: Vec<_> = parts(&graph, &graph.processes[1], &Waits::new(&graph), |_, _| true)
            .iter()
            .map(|part| part.kind)
            .collect();
        assert_eq!(kinds, [PartKind::Forked, PartKind::Works]);
    }
}
