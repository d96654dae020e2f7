//! Processes as bars to scale.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use rtrace::export::Run;
use rtrace::export::picture::{
    Groups, PartKind, Scale, Waits, counted, end_text, lifetime, moments, parts, reason_text,
    shortened, span, time_text,
};
use rtrace::flow::graph::{End, Graph, Process};
use unicode_width::UnicodeWidthStr as _;

use super::super::terminal;
use super::heading;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Cyan.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const KILLED: Style = AnsiColor::Magenta.on_default();

/// The most lines for processes.
const LINES: usize = 200;
/// Columns of a gap.
const GAP: f64 = 3.0;
/// Columns for how long a process lived.
const TIME: usize = 9;

/// The timeline of a run, with escape sequences for colours, `width` columns wide.
pub(super) fn text(run: &Run, graph: &Graph, width: usize, is_utf8: bool) -> String {
    let mut text = heading(run, graph, is_utf8);
    let timeline = Timeline::new(graph, width, is_utf8);
    timeline.axis(&mut text);
    timeline.lines(&mut text);
    timeline.notes(&mut text);
    text
}

struct Timeline<'a> {
    graph: &'a Graph,
    groups: Groups,
    scale: Scale,
    waits: Waits<'a>,
    /// Columns for branches and commands, and for bars.
    left: usize,
    bars: usize,
    is_utf8: bool,
}

/// What stands in a column of a bar; what comes later hides what comes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Free,
    Waits,
    Forked,
    Works,
    Gap,
}

impl Cell {
    const fn letter(self, is_utf8: bool) -> char {
        match (self, is_utf8) {
            (Self::Free, _) => ' ',
            (Self::Gap, true) => '┊',
            (Self::Gap, false) => ':',
            (Self::Waits, true) => '─',
            (Self::Waits, false) => '-',
            (Self::Forked, true) => '░',
            (Self::Forked, false) => '.',
            (Self::Works, true) => '█',
            (Self::Works, false) => '#',
        }
    }
}

impl<'a> Timeline<'a> {
    fn new(graph: &'a Graph, width: usize, is_utf8: bool) -> Self {
        let groups = Groups::new(graph, LINES, false);
        let wanted = |place: usize| {
            let name = groups.label(place, graph, width).width();
            2 * groups.all.get(place).map_or(0, |group| group.depth) + name
        };
        let widest = (0..groups.all.len()).map(wanted).max().unwrap_or_default();
        let left = widest.clamp(8, (width * 2 / 5).max(8));
        let bars = width.saturating_sub(left + TIME + 2).max(10);
        let length = f64::from(u16::try_from(bars).unwrap_or(u16::MAX));
        let scale = Scale::new(&mut moments(graph), span(graph), length, GAP);
        Self { graph, groups, scale, waits: Waits::new(graph), left, bars, is_utf8 }
    }

    /// The column of a time.
    fn column(&self, time: u64) -> usize {
        (self.scale.at(time) as usize).min(self.bars - 1)
    }

    fn shown<'b>(&self, text: &'b str) -> std::borrow::Cow<'b, str> {
        terminal::shown(text, self.is_utf8)
    }

    fn axis(&self, text: &mut String) {
        const APART: f64 = 10.0;
        let mut line = " ".repeat(self.left + TIME + 2);
        for tick in self.scale.ticks(APART) {
            let label = self.shown(&tick.label).into_owned();
            let at = self.left + TIME + 2 + tick.at as usize;
            let is_free =
                at >= line.width() && at + label.width() <= self.left + TIME + 2 + self.bars;
            if is_free {
                line.extend(std::iter::repeat_n(' ', at - line.width()));
                line.push_str(&label);
            }
        }
        let _ = writeln!(text, "{DIM}{}{DIM:#}", line.trim_end());
    }

    fn lines(&self, text: &mut String) {
        // Whether a group has a younger sibling, by its place.
        let mut last = vec![true; self.groups.all.len()];
        let mut youngest: Vec<Option<usize>> = vec![None; self.groups.all.len()];
        for (place, group) in self.groups.all.iter().enumerate() {
            if let Some(parent) = group.parent
                && let Some(before) = youngest[parent].replace(place)
            {
                last[before] = false;
            }
        }
        for place in 0..self.groups.all.len() {
            self.line(place, &last, text);
        }
    }

    fn line(&self, place: usize, last: &[bool], text: &mut String) {
        let Some(first) = self.groups.members(place, self.graph).next() else { return };
        let (branches, below) = self.branches(place, last);
        let room = self.left.saturating_sub(branches.width());
        let label = self.groups.label(place, self.graph, room);
        let label = self.shown(&label);
        let free = " ".repeat(room.saturating_sub(label.width()));
        let lived = |process: &Process| {
            let (from, until) = lifetime(self.graph, process);
            until - from
        };
        let longest = self.groups.members(place, self.graph).map(lived).max().unwrap_or_default();
        let time = time_text(longest);
        let time = self.shown(&time);
        let style = style_of(first.end);
        let _ = write!(text, "{DIM}{branches}{DIM:#}{BOLD}{label}{BOLD:#}{free}{DIM}");
        let _ = write!(text, "{}{time}{DIM:#}  ", " ".repeat(TIME.saturating_sub(time.width())));
        self.bar(place, style, text);
        if first.end != End::Exited(0) {
            self.ending(place, first, &below, text);
        }
    }

    /// A line below: how they ended, and why.
    fn ending(&self, place: usize, first: &Process, below: &str, text: &mut String) {
        let mark = if first.end.is_bad() { "✗ " } else { "" };
        let failure = self.groups.members(place, self.graph).find_map(|one| one.failure.as_ref());
        let mut words = [mark, &end_text(first.end)].concat();
        if let Some(failure) = failure {
            words.extend([": ", &reason_text(failure, self.graph)]);
        }
        let room = (self.left + TIME + 2 + self.bars).saturating_sub(below.width() + 2);
        let words = shortened(&words, room);
        let style = style_of(first.end);
        let _ = writeln!(text, "{DIM}{below}{DIM:#}  {style}{}{style:#}", self.shown(&words));
    }

    /// What leads to a line, and what stands below it.
    fn branches(&self, place: usize, last: &[bool]) -> (String, String) {
        const DEEPEST: usize = 8;
        let [tee, end, pass] =
            if self.is_utf8 { ["├─", "└─", "│ "] } else { ["|-", "`-", "| "] };
        let above = |place: &usize| self.groups.all.get(*place)?.parent;
        let chain: Vec<usize> = std::iter::successors(Some(place), above).collect();
        // The first process has no branch, so the last of the chain is left out.
        let inner = chain.len().saturating_sub(1);
        let mut branches = String::new();
        for one in chain.iter().take(inner).take(DEEPEST).rev() {
            branches.push_str(if last[*one] { "  " } else { pass });
        }
        let mut below = branches.clone();
        if inner > 0 {
            let stem: Vec<char> = branches.chars().collect();
            branches = stem[..stem.len() - 2].iter().collect();
            branches.push_str(if last[place] { end } else { tee });
        }
        let has_children =
            self.groups.all.get(place + 1).is_some_and(|next| next.parent == Some(place));
        below.push_str(if has_children { pass } else { "  " });
        (branches, below)
    }

    fn bar(&self, place: usize, style: Style, text: &mut String) {
        let mut cells = vec![Cell::Free; self.bars];
        for gap in &self.scale.gaps {
            let middle = usize::midpoint(gap.places.0 as usize, gap.places.1 as usize);
            if let Some(cell) = cells.get_mut(middle) {
                *cell = Cell::Gap;
            }
        }
        for process in self.groups.members(place, self.graph) {
            // What is shorter than a column would hide what is longer.
            let is_seen = |from, until| self.column(until) > self.column(from) + 1;
            for part in parts(self.graph, process, &self.waits, is_seen) {
                let kind = match part.kind {
                    PartKind::Waits => Cell::Waits,
                    PartKind::Forked => Cell::Forked,
                    PartKind::Works => Cell::Works,
                };
                for cell in &mut cells[self.column(part.from)..=self.column(part.until)] {
                    *cell = kind.max(*cell);
                }
            }
        }
        let used = cells.iter().rposition(|cell| *cell != Cell::Free).map_or(0, |last| last + 1);
        cells.truncate(used);
        for run in cells.chunk_by(|one, other| one == other) {
            let style = if run[0] == Cell::Works { style } else { DIM };
            let letters: String = run.iter().map(|cell| cell.letter(self.is_utf8)).collect();
            let _ = match run[0] {
                Cell::Free => write!(text, "{letters}"),
                _ => write!(text, "{style}{letters}{style:#}"),
            };
        }
        text.push('\n');
    }

    fn notes(&self, text: &mut String) {
        if !self.scale.gaps.is_empty() {
            let gap = Cell::Gap.letter(self.is_utf8);
            let times = self.scale.gaps.iter().map(|gap| time_text(gap.times.1 - gap.times.0));
            let times = times.collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "{DIM}{gap} compressed: {}{DIM:#}", self.shown(&times));
        }
        let together = self.groups.all.iter().filter(|group| group.members.len() > 1);
        let processes: usize = together.clone().map(|group| group.members.len()).sum();
        if processes > 0 {
            let lines = counted(together.count(), "line", "lines");
            let words = format!("{processes} processes that are alike share {lines}");
            let _ = writeln!(text, "{DIM}{}{DIM:#}", self.shown(&words));
        }
    }
}

const fn style_of(end: End) -> Style {
    match end {
        End::None | End::LetGo | End::Exited(0) => GOOD,
        End::Exited(_) => BAD,
        End::Killed { .. } => KILLED,
    }
}
