//! Bars: when a process was there, and when it only waited for others.

use super::layout::Subject;
use crate::export::picture::{PartKind, parts};
use crate::flow::graph::{End, Process};

/// A bar of a process by itself.
const HEIGHT: f64 = 8.0;
/// Bars of several processes in one lane.
const SMALL: f64 = 4.0;
/// The most rows of those.
const ROWS: usize = 8;
/// What is nearer than that to the bar before is one with it.
const APART: f64 = 0.4;
/// What is shorter is drawn as long as this.
const LEAST: f64 = 1.5;

/// A part of a process's time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    /// From and to.
    pub(super) x: (f64, f64),
    /// Its top.
    pub(super) y: f64,
    pub(super) height: f64,
    pub(super) look: BarLook,
}

/// How a bar looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BarLook {
    /// A copy of its parent, before its own program.
    Forked,
    /// It works, and will end well.
    Good,
    Failed,
    Killed,
    /// It was not seen to end.
    Running,
    /// It waits for others.
    Waits,
}

impl BarLook {
    /// Its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Forked => "forked",
            Self::Good => "good",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Running => "running",
            Self::Waits => "waits",
        }
    }

    const fn of(end: End) -> Self {
        match end {
            End::None | End::LetGo => Self::Running,
            End::Exited(0) => Self::Good,
            End::Exited(_) => Self::Failed,
            End::Killed { .. } => Self::Killed,
        }
    }
}

/// The bars of a lane, the first line's first.
pub(super) fn bars_of(subject: &Subject<'_>, group: usize, top: f64) -> Vec<Bar> {
    let mut members = subject.members(group);
    match (members.next(), members.next()) {
        (Some(only), None) => alone(subject, only, top),
        _ => together(subject, group, top),
    }
}

/// Of one process: thin where it waits, pale before its first own program.
fn alone(subject: &Subject<'_>, process: &Process, top: f64) -> Vec<Bar> {
    // What is shorter would not be seen.
    const LEAST_WAIT: f64 = 2.0;
    let is_seen = |from, until| subject.x(until) - subject.x(from) > LEAST_WAIT;
    let mut bars = Vec::new();
    for part in parts(subject.graph, process, subject.waits, is_seen) {
        let x = (subject.x(part.from), subject.x(part.until));
        let look = match part.kind {
            PartKind::Forked => BarLook::Forked,
            PartKind::Works => BarLook::of(process.end),
            PartKind::Waits => BarLook::Waits,
        };
        let (x, y, height) = match part.kind {
            PartKind::Waits => (x, top + HEIGHT / 2.0 - 1.0, 2.0),
            _ => (widened(x), top, HEIGHT),
        };
        bars.push(Bar { x, y, height, look });
    }
    bars
}

/// Of several processes: in as many rows as run at the same time.
fn together(subject: &Subject<'_>, group: usize, top: f64) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    // Of each row: when its last process ended, and its last bar's place.
    let mut rows: Vec<(u64, usize)> = Vec::new();
    let mut members: Vec<_> = subject.members(group).collect();
    members.sort_by_key(|process| process.started);
    for process in members {
        let (start, end) = (process.started, subject.ended(process));
        let look = BarLook::of(process.end);
        let free = rows.iter().position(|(until, _)| *until <= start);
        let row = free.unwrap_or_else(|| {
            if rows.len() < ROWS {
                rows.push((0, usize::MAX));
                return rows.len() - 1;
            }
            // The one that is free first.
            (0..ROWS).min_by_key(|row| rows[*row].0).unwrap_or_default()
        });
        let x = widened((subject.x(start), subject.x(end)));
        rows[row].0 = rows[row].0.max(end);
        let last = bars.get_mut(rows[row].1);
        if let Some(bar) = last.filter(|bar| x.0 - bar.x.1 < APART && bar.look == look) {
            bar.x.1 = bar.x.1.max(x.1);
        } else {
            rows[row].1 = bars.len();
            let y = top + row as f64 * (SMALL + 1.0);
            bars.push(Bar { x, y, height: SMALL, look });
        }
    }
    bars
}

fn widened((from, until): (f64, f64)) -> (f64, f64) {
    (from, until.max(from + LEAST))
}
