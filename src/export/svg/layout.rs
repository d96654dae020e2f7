//! Where everything of a run's picture stands. Numbers are user units of the SVG, from
//! the top left.

use rustc_hash::FxHashMap;

use super::bars::{Bar, bars_of};
use super::curves::{Curve, curves};
use super::doings::Doings;
use super::text::{Look, Span, Text};
use crate::event::TaskId;
use crate::export::Run;
use crate::export::picture::{
    Gap, Groups, Scale, Tick, Waits, command, counted, end_text, lifetime, moments, readable,
    reason_text, shortened, span, time_text,
};
use crate::flow::command_line;
use crate::flow::graph::{End, Graph, Process};

/// The whole picture's width.
pub(super) const WIDTH: f64 = 1200.0;
/// Free at each side.
pub(super) const MARGIN: f64 = 24.0;
/// The most lanes.
pub(super) const LANES: usize = 40;
/// Up to so many lanes have room for words.
const FEW: usize = 14;
/// The width of what is compressed.
const GAP: f64 = 36.0;
/// Columns of a command line.
const COMMAND: usize = 84;
/// Columns of the reason for a failure.
const REASON: usize = 64;

/// A run, laid out.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) height: f64,
    pub(super) heading: Vec<Text>,
    /// The top of the lanes, and their bottom.
    pub(super) field: (f64, f64),
    pub(super) ticks: Vec<Tick>,
    pub(super) gaps: Vec<Gap>,
    pub(super) lanes: Vec<Lane>,
    pub(super) branches: Vec<Branch>,
    pub(super) curves: Vec<Curve>,
    /// What was put together or left out.
    pub(super) notes: Vec<String>,
    /// All that a reader must know who cannot see it.
    pub(super) description: String,
}

/// A process, or several that are alike.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) group: usize,
    pub(super) bottom: f64,
    /// The middle of the first bar: where branches leave and join.
    pub(super) line: f64,
    pub(super) bars: Vec<Bar>,
    pub(super) label: Text,
    pub(super) words: Vec<Text>,
    pub(super) title: String,
}

/// From a parent to a child, or back.
#[derive(Debug)]
pub(super) struct Branch {
    /// On the parent's line.
    pub(super) parent: (f64, f64),
    /// On the child's.
    pub(super) child: (f64, f64),
    pub(super) is_join: bool,
}

/// What a layout is made from.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) run: &'a Run,
    pub(super) graph: &'a Graph,
    pub(super) doings: &'a Doings,
    pub(super) groups: &'a Groups,
    pub(super) places: &'a FxHashMap<TaskId, usize>,
    pub(super) scale: &'a Scale,
    pub(super) waits: &'a Waits<'a>,
}

impl Subject<'_> {
    /// The place of a time in the picture.
    pub(super) fn x(&self, time: u64) -> f64 {
        MARGIN + self.scale.at(time)
    }

    /// The group of a process.
    pub(super) fn group_of(&self, process: TaskId) -> Option<usize> {
        self.groups.of.get(*self.places.get(&process)?).copied()
    }

    pub(super) fn members(&self, group: usize) -> impl Iterator<Item = &Process> + Clone {
        self.groups.members(group, self.graph)
    }

    pub(super) fn ended(&self, process: &Process) -> u64 {
        lifetime(self.graph, process).1
    }
}

impl Layout {
    pub(super) fn new(run: &Run, graph: &Graph, doings: &Doings, blind_spots: usize) -> Self {
        let groups = Groups::new(graph, LANES, false);
        let places = graph.processes.iter().enumerate().map(|(place, one)| (one.id, place));
        let places = places.collect();
        let scale = scale(graph, doings);
        let (groups, places, scale, waits) = (&groups, &places, &scale, &Waits::new(graph));
        let subject = Subject { run, graph, doings, groups, places, scale, waits };
        let heading = heading(&subject);
        let top = heading.last().map_or(0.0, |line| line.y) + 40.0;
        let (lanes, bottom) = lanes(&subject, top);
        let (curves, left_out) = curves(&subject, &lanes);
        let mut notes = notes(&subject);
        notes.extend(left_out);
        if blind_spots > 0 {
            let what = counted(blind_spots, "thing", "things");
            notes.push(format!("Not seen by rtrace: {what} (rtrace show lists them)."));
        }
        let ticks = scale.ticks(96.0).into_iter().map(|tick| Tick { at: MARGIN + tick.at, ..tick });
        let shift = |gap: &Gap| Gap {
            places: (MARGIN + gap.places.0, MARGIN + gap.places.1),
            times: gap.times,
        };
        Self {
            height: bottom + 40.0 + 16.0 * notes.len() as f64,
            heading,
            field: (top, bottom),
            ticks: ticks.collect(),
            gaps: scale.gaps.iter().map(shift).collect(),
            branches: branches(&subject, &lanes),
            curves,
            lanes,
            notes,
            description: description(&subject),
        }
    }
}

/// The axis: nothing happens where no process starts, ends, or changes its program, and
/// none does anything that has words.
fn scale(graph: &Graph, doings: &Doings) -> Scale {
    let mut moments = moments(graph);
    for doing in graph.processes.iter().flat_map(|process| doings.of(process.id)) {
        moments.extend([doing.span.0, doing.span.1]);
    }
    Scale::new(&mut moments, span(graph), WIDTH - 2.0 * MARGIN, GAP)
}

fn heading(subject: &Subject<'_>) -> Vec<Text> {
    const TITLE: f64 = 15.0;
    let Subject { run, graph, .. } = subject;
    let command = readable(&command_line(&run.command));
    let failed = graph.processes.iter().filter(|process| process.end.is_bad()).count();
    let began = run.start_text();
    let (from, until) = span(graph);
    let facts = format!(
        "{} on {}, {}Z, {}",
        time_text(until - from),
        readable(&run.host),
        began.split('.').next().unwrap_or_default(),
        counted(graph.processes.len(), "process", "processes"),
    );
    let title = vec![Span::new(shortened(&command, 120).into_owned(), Look::Name)];
    let mut below = vec![Span::new(facts, Look::Dim)];
    if failed > 0 {
        below.push(Span::new(format!(", {failed} failed"), Look::Bad));
    }
    vec![Text::new((MARGIN, 30.0), TITLE, title), Text::new((MARGIN, 50.0), 12.0, below)]
}

fn lanes(subject: &Subject<'_>, top: f64) -> (Vec<Lane>, f64) {
    let count = subject.groups.all.len();
    let mut y = top + 10.0;
    let mut lanes = Vec::with_capacity(count);
    for group in 0..count {
        let lane = match count {
            ..=FEW => lane(subject, group, y, 2),
            _ => slim_lane(subject, group, y).unwrap_or_else(|| lane(subject, group, y, 1)),
        };
        y = lane.bottom;
        lanes.push(lane);
    }
    (lanes, y + 6.0)
}

/// A lane with its label above the bars and words below.
fn lane(subject: &Subject<'_>, group: usize, top: f64, rows: usize) -> Lane {
    const LABEL: f64 = 18.0;
    let bars = bars_of(subject, group, top + LABEL);
    let line = line_of(&bars, top + LABEL);
    let below = bars.iter().map(|bar| bar.y + bar.height).fold(line, f64::max);
    let left = sides(&bars).0;
    let mut label = label(subject, group, 12.5);
    (label.x, label.y) = (left + 2.0, top + LABEL - 5.0);
    let label = label.inside(MARGIN, WIDTH - MARGIN);
    let (words, under) = super::words::place(subject, group, below, rows);
    Lane { group, bottom: under + 8.0, line, bars, label, words, title: title(subject, group) }
}

/// A lane with its label beside the bars, if there is room for it.
fn slim_lane(subject: &Subject<'_>, group: usize, top: f64) -> Option<Lane> {
    const HEIGHT: f64 = 20.0;
    const APART: f64 = 8.0;
    if subject.members(group).count() > 1 {
        return None;
    }
    let bars = bars_of(subject, group, top + 6.0);
    let line = line_of(&bars, top + 6.0);
    let (left, right) = sides(&bars);
    let mut label = label(subject, group, 11.5);
    label.y = line + 4.0;
    label.x = right + APART;
    if label.x + label.width() > WIDTH - MARGIN {
        label.x = left - APART - label.width();
    }
    let (bottom, words, title) = (top + HEIGHT, Vec::new(), title(subject, group));
    let fits = label.x >= MARGIN;
    fits.then_some(Lane { group, bottom, line, bars, label, words, title })
}

fn line_of(bars: &[Bar], top: f64) -> f64 {
    bars.first().map_or(top, |bar| bar.y + bar.height / 2.0)
}

/// Where bars begin and end.
fn sides(bars: &[Bar]) -> (f64, f64) {
    let left = bars.iter().map(|bar| bar.x.0).fold(WIDTH - MARGIN, f64::min);
    (left, bars.iter().map(|bar| bar.x.1).fold(left, f64::max))
}

/// Command, how long it took, and what went wrong; its place is yet to be found.
fn label(subject: &Subject<'_>, group: usize, size: f64) -> Text {
    let graph = subject.graph;
    let mut members = subject.members(group);
    let first = members.next();
    let command = subject.groups.label(group, graph, COMMAND);
    let mut spans = vec![Span::new(command, Look::Name)];
    let longest = subject.members(group).map(|one| subject.ended(one) - one.started).max();
    let each = if members.next().is_some() { "  up to " } else { "  " };
    spans.push(Span::new([each, &time_text(longest.unwrap_or_default())].concat(), Look::Dim));
    let threads = subject.members(group).map(|one| one.threads).max().unwrap_or(1);
    if threads > 1 {
        spans.push(Span::new(format!(", {threads} threads"), Look::Dim));
    }
    if let Some(process) = first.filter(|process| process.end != End::Exited(0)) {
        let look = match process.end {
            End::Killed { .. } => Look::Killed,
            End::Exited(_) => Look::Bad,
            End::None | End::LetGo => Look::Dim,
        };
        let mark = if process.end.is_bad() { "  ✗ " } else { "  " };
        spans.push(Span::new([mark, &end_text(process.end)].concat(), look));
    }
    let failure = subject.members(group).find_map(|process| process.failure.as_ref());
    if let Some(failure) = failure {
        let reason = reason_text(failure, graph);
        let reason = super::words::without(&reason, &subject.run.cwd);
        let reason = super::words::reason(&reason, REASON);
        spans.push(Span::new(["  ", &reason].concat(), Look::Reason));
    }
    Text::new((0.0, 0.0), size, spans)
}

fn title(subject: &Subject<'_>, group: usize) -> String {
    const SHOWN: usize = 8;
    let line = |process: &Process| {
        let command = command(subject.graph, process);
        let lived = time_text(subject.ended(process) - process.started);
        format!("{}  {command}  {lived}  {}", process.pid, end_text(process.end))
    };
    let mut lines: Vec<_> = subject.members(group).take(SHOWN).map(line).collect();
    let more = subject.members(group).count() - lines.len();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// Forks and joins.
fn branches(subject: &Subject<'_>, lanes: &[Lane]) -> Vec<Branch> {
    let mut branches = Vec::new();
    for lane in lanes {
        let group = &subject.groups.all[lane.group];
        let Some(parent) = group.parent.and_then(|parent| lanes.get(parent)) else { continue };
        let Some(first) = subject.members(lane.group).next() else { continue };
        let start = subject.x(first.started);
        branches.push(Branch {
            parent: (start, parent.line),
            child: (start, lane.line),
            is_join: false,
        });
        let waited = subject.members(lane.group).filter_map(|process| {
            let (event, at) = process.waited?;
            let by = subject.group_of(subject.graph.task(event.task)?.process)?;
            Some((at, subject.ended(process), by))
        });
        let last = waited.max_by_key(|(at, ..)| *at);
        if let Some((at, ended, by)) = last.filter(|(.., by)| *by != lane.group)
            && let Some(waiter) = lanes.get(by)
        {
            branches.push(Branch {
                parent: (subject.x(at.max(ended)), waiter.line),
                child: (subject.x(ended), lane.line),
                is_join: true,
            });
        }
    }
    branches
}

fn notes(subject: &Subject<'_>) -> Vec<String> {
    let together = subject.groups.all.iter().filter(|group| group.members.len() > 1);
    let (lanes, processes) = together
        .fold((0, 0), |(lanes, processes), group| (lanes + 1, processes + group.members.len()));
    if lanes == 0 {
        return Vec::new();
    }
    let lanes = counted(lanes, "lane", "lanes");
    vec![format!("{processes} processes that are alike share {lanes}, marked ×.")]
}

fn description(subject: &Subject<'_>) -> String {
    const SHOWN: usize = 20;
    let graph = subject.graph;
    let (from, until) = span(graph);
    let count = counted(graph.processes.len(), "process", "processes");
    let mut sentences = vec![format!("{count} in {}.", time_text(until - from))];
    let failed = graph.processes.iter().filter(|process| process.end.is_bad());
    for process in failed.clone().take(SHOWN) {
        let command = command(graph, process);
        let (command, end) = (shortened(&command, COMMAND), end_text(process.end));
        let why = process.failure.as_ref().map(|failure| reason_text(failure, graph));
        let why = why.map_or_else(String::new, |why| [": ", &why].concat());
        sentences.push(format!("{command} ended with {end}{why}."));
    }
    let more = failed.count().saturating_sub(SHOWN);
    if more > 0 {
        sentences.push(format!("{more} more failed."));
    }
    sentences.join(" ")
}
