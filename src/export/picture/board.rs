//! What a diagram shows of a run: boxes for processes and resources, arrows between them.

use super::group::Groups;
use super::words::{counted, end_text, error_text, readable, reason_text, shortened, time_text};
use crate::export::{Run, Scope};
use crate::flow::command_line;
use crate::flow::graph::{End, Graph, Process};

/// The most that is shown, so that it can be read.
#[derive(Clone, Copy, Debug)]
pub(in crate::export) struct Limits {
    /// Boxes for processes.
    pub(in crate::export) processes: usize,
    /// Boxes for resources.
    pub(in crate::export) things: usize,
    /// Arrows, beside those from parents to children.
    pub(in crate::export) arrows: usize,
    /// Columns of a line in a box.
    pub(in crate::export) width: usize,
}

/// A run as boxes and arrows.
#[derive(Debug)]
pub(in crate::export) struct Board {
    /// The command, and in another line when and where it ran.
    pub(in crate::export) title: [String; 2],
    pub(in crate::export) boxes: Vec<Node>,
    pub(in crate::export) arrows: Vec<Arrow>,
    /// What was left out, a sentence each.
    pub(in crate::export) notes: Vec<String>,
}

/// A thing that is drawn as a box.
#[derive(Debug)]
pub(in crate::export) struct Node {
    pub(in crate::export) kind: Kind,
    /// Short lines.
    pub(in crate::export) lines: Vec<String>,
    /// All there is to say.
    pub(in crate::export) tooltip: String,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::export) enum Kind {
    /// Processes that ended well.
    Process,
    /// Processes that are not known to have ended.
    Running,
    /// Processes that ended badly.
    Failed,
    /// Processes that a signal ended.
    Killed,
    /// Files, directories, devices.
    File,
    /// Pipes, sockets and what else carries bytes.
    Channel,
    /// What a failed process missed.
    Blamed,
}

impl Kind {
    pub(in crate::export) const ALL: [Self; 7] = [
        Self::Process,
        Self::Running,
        Self::Failed,
        Self::Killed,
        Self::File,
        Self::Channel,
        Self::Blamed,
    ];

    /// What it is in a legend.
    pub(in crate::export) const fn meaning(self) -> &'static str {
        match self {
            Self::Process => "ended well",
            Self::Running => "went on",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::File => "file",
            Self::Channel => "pipe or socket",
            Self::Blamed => "missed",
        }
    }

    /// A word for it in the document.
    pub(in crate::export) const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::File => "file",
            Self::Channel => "channel",
            Self::Blamed => "blamed",
        }
    }
}

/// An arrow from one box to another, by their places.
#[derive(Debug)]
pub(in crate::export) struct Arrow {
    pub(in crate::export) from: usize,
    pub(in crate::export) to: usize,
    pub(in crate::export) tie: Tie,
    /// How much, or what; may be empty.
    pub(in crate::export) label: String,
}

/// What ties one box to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::export) enum Tie {
    /// The one started the other.
    Fork,
    /// The other waited for the end of the one.
    Join,
    /// Content went.
    Data,
    /// The one made, changed or removed the other, but for its content.
    Change,
    /// A signal.
    Signal,
    /// The one needed the other in vain.
    Blame,
}

impl Tie {
    pub(in crate::export) const ALL: [Self; 6] =
        [Self::Fork, Self::Join, Self::Data, Self::Change, Self::Signal, Self::Blame];

    /// What it is in a legend.
    pub(in crate::export) const fn meaning(self) -> &'static str {
        match self {
            Self::Fork => "starts",
            Self::Join => "is waited for by",
            Self::Data => "data",
            Self::Change => "makes, renames, removes",
            Self::Signal => "signals",
            Self::Blame => "failed at",
        }
    }
}

impl Board {
    /// A run as boxes and arrows, within limits.
    pub(in crate::export) fn new(run: &Run, graph: &Graph, scope: &Scope, limits: Limits) -> Self {
        let groups = Groups::new(graph, limits.processes, true);
        let mut board = Self {
            title: title(run, graph),
            boxes: Vec::new(),
            arrows: Vec::new(),
            notes: Vec::new(),
        };
        for place in 0..groups.all.len() {
            board.boxes.push(process_box(&groups, place, graph, limits.width));
        }
        board.births(&groups, graph);
        super::things::add(&mut board, &groups, graph, (scope, limits), &run.cwd);
        board
    }

    /// From parents to children, and back from those that were waited for.
    fn births(&mut self, groups: &Groups, graph: &Graph) {
        for (place, group) in groups.all.iter().enumerate() {
            let Some(parent) = group.parent else { continue };
            self.arrow(parent, place, Tie::Fork, String::new());
            let waiter = |process: &Process| {
                let task = graph.task(process.waited?.0.task)?;
                graph.processes.iter().position(|one| one.id == task.process)
            };
            let by = groups.members(place, graph).find_map(waiter);
            if let Some(by) = by.and_then(|by| groups.of.get(by)).filter(|by| **by != place) {
                self.arrow(place, *by, Tie::Join, String::new());
            }
        }
    }

    pub(super) fn arrow(&mut self, from: usize, to: usize, tie: Tie, label: String) {
        self.arrows.push(Arrow { from, to, tie, label });
    }
}

fn title(run: &Run, graph: &Graph) -> [String; 2] {
    const WIDTH: usize = 100;
    let (from, until) = super::scale::span(graph);
    let (command, host) = (readable(&command_line(&run.command)), readable(&run.host));
    let count = counted(graph.processes.len(), "process", "processes");
    let began = run.start_text();
    let began = began.split('.').next().unwrap_or_default();
    let facts = format!("on {host}, {began}Z, {}, {count}", time_text(until - from));
    [shortened(&command, WIDTH).into_owned(), facts]
}

fn process_box(groups: &Groups, place: usize, graph: &Graph, width: usize) -> Node {
    let mut members = groups.members(place, graph);
    let Some(first) = members.next() else {
        return Node { kind: Kind::Process, lines: Vec::new(), tooltip: String::new() };
    };
    let others = members.count();
    let kind = match first.end {
        End::None | End::LetGo => Kind::Running,
        End::Exited(0) => Kind::Process,
        End::Exited(_) => Kind::Failed,
        End::Killed { .. } => Kind::Killed,
    };
    let lived =
        |process: &Process| process.ended.unwrap_or(graph.end).saturating_sub(process.started);
    let longest = groups.members(place, graph).map(lived).max().unwrap_or_default();
    let end = end_text(first.end);
    let facts = if others == 0 {
        format!("{}, {end}", time_text(longest))
    } else {
        format!("up to {}, {end}", time_text(longest))
    };
    let mut lines = vec![groups.label(place, graph, width), facts];
    let failures = || groups.members(place, graph).filter_map(|one| one.failure.as_ref());
    lines.extend(failures().next().map(error_text));
    let reasons: Vec<_> = failures().map(|failure| reason_text(failure, graph)).collect();
    Node { kind, lines, tooltip: tooltip(groups, place, graph, &reasons) }
}

fn tooltip(groups: &Groups, place: usize, graph: &Graph, reasons: &[String]) -> String {
    const SHOWN: usize = 12;
    let line = |process: &Process| {
        let command = super::group::command(graph, process);
        format!("{}  {command}  {}", process.pid, end_text(process.end))
    };
    let mut lines: Vec<_> = groups.members(place, graph).take(SHOWN).map(line).collect();
    let more = groups.members(place, graph).count() - lines.len();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.extend(reasons.iter().take(SHOWN).cloned());
    lines.join("\n")
}
