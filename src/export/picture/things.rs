//! Which resources a diagram shows, and what processes did to them.
//!
//! Most of what a program touches tells little of a run: it looks for files that are not
//! there, lists directories, reads libraries. Shown is what carried content from one
//! process to another, what was written, read or talked to, and what a failed process
//! missed. What is not shown is counted.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::board::{Board, Limits, Tie};
use super::group::Groups;
use super::thing::{Did, Thing, box_of, sort_of};
use super::words::counted;
use crate::event::TaskId;
use crate::export::Scope;
use crate::export::scope::Fate;
use crate::flow::graph::Graph;
use crate::flow::{Class, ResourceId};

/// Why a resource is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Omitted {
    Looked,
    Program,
    System,
    Directory,
    Plain,
    Idle,
}

impl Omitted {
    fn words(self, count: usize) -> String {
        match self {
            Self::Looked => {
                counted(count, "name only looked at or missed", "names only looked at or missed")
            }
            Self::Program => {
                counted(count, "program that was only run", "programs that were only run")
            }
            Self::System => {
                let files = counted(count, "system file", "system files");
                [&files, " (--fold-system shows them as one)"].concat()
            }
            Self::Directory => counted(count, "directory", "directories"),
            Self::Plain => counted(count, "device, user or machine", "devices, users or machines"),
            Self::Idle => {
                counted(count, "pipe or socket without traffic", "pipes or sockets without traffic")
            }
        }
    }
}

/// Adds resources and all arrows to and from them.
pub(super) fn add(
    board: &mut Board,
    groups: &Groups,
    graph: &Graph,
    (scope, limits): (&Scope, Limits),
    cwd: &[u8],
) {
    let mut things = Things::new(graph, groups, scope);
    things.gather();
    things.omit();
    things.put_together();
    let cut = things.cut(limits.things);
    let omitted: Vec<_> = things.omitted.iter().map(|(why, count)| why.words(*count)).collect();
    if !omitted.is_empty() {
        board.notes.push(["Left out: ", &omitted.join(", "), "."].concat());
    }
    if cut > 0 {
        let resources = counted(cut, "resource", "resources");
        board.notes.push(format!(
            "For want of room: {resources} with the least traffic (--only, --ignore choose)."
        ));
    }
    let known = std::mem::take(&mut things.known);
    let mut arrows = Vec::new();
    for thing in &known {
        if let Some(ways) = thing.direct(graph) {
            arrows.extend(ways);
        } else {
            arrows.extend(thing.arrows(board.boxes.len()));
            board.boxes.push(box_of(thing, graph, cwd, limits.width));
        }
    }
    arrows.extend(things.signals());
    let more = arrows.len().saturating_sub(limits.arrows);
    arrows.truncate(limits.arrows);
    for (from, to, tie, label) in arrows {
        board.arrow(from, to, tie, label);
    }
    if more > 0 {
        board.notes.push(["For want of room: ", &counted(more, "arrow", "arrows"), "."].concat());
    }
}

struct Things<'a> {
    graph: &'a Graph,
    groups: &'a Groups,
    scope: &'a Scope,
    places: FxHashMap<TaskId, usize>,
    known: Vec<Thing>,
    omitted: BTreeMap<Omitted, usize>,
}

impl<'a> Things<'a> {
    fn new(graph: &'a Graph, groups: &'a Groups, scope: &'a Scope) -> Self {
        let places = graph.processes.iter().enumerate().map(|(place, one)| (one.id, place));
        let (places, known, omitted) = (places.collect(), Vec::new(), BTreeMap::new());
        Self { graph, groups, scope, places, known, omitted }
    }

    /// What was done to each resource, and by whom.
    fn gather(&mut self) {
        let mut all: FxHashMap<ResourceId, Thing> = FxHashMap::default();
        let folding = Scope { fold_system: true, ..self.scope.clone() };
        let mut system: Option<ResourceId> = None;
        let mut hidden = BTreeSet::new();
        for usage in self.graph.usages.iter().filter(|usage| usage.has_deeds()) {
            let Some(resource) = self.graph.resource(usage.resource) else { continue };
            let fate = folding.fate(&resource.name, resource.class);
            // Files of the system that the run wrote are of interest.
            let fate =
                if resource.life.modified && fate == Fate::Folded { Fate::Told } else { fate };
            let id = match fate {
                Fate::Hidden => continue,
                Fate::Folded if self.scope.fold_system => *system.get_or_insert(usage.resource),
                Fate::Folded if !self.scope.wants_resources() => {
                    hidden.insert(usage.resource);
                    continue;
                }
                _ => self.one_end(usage.resource),
            };
            let process = self.graph.activity(usage.activity).map(|activity| activity.id.process);
            let Some(group) = process.and_then(|id| self.group_of(id)) else { continue };
            let thing = all.entry(id).or_insert_with(|| Thing::new(id, fate == Fate::Folded));
            if fate == Fate::Folded && !thing.members.contains(&usage.resource) {
                thing.members.push(usage.resource);
            }
            thing.did(group, usage);
        }
        if !hidden.is_empty() {
            self.omitted.insert(Omitted::System, hidden.len());
        }
        self.blame(&mut all);
        self.known = all.into_values().collect();
        self.known.sort_by_key(|thing| thing.members[0]);
    }

    fn group_of(&self, process: TaskId) -> Option<usize> {
        self.groups.of.get(*self.places.get(&process)?).copied()
    }

    /// A connection is one thing, whichever end is used.
    fn one_end(&self, id: ResourceId) -> ResourceId {
        let socket = self.graph.resource(id).and_then(|one| one.socket.as_ref());
        socket.and_then(|socket| socket.peer).map_or(id, |peer| peer.min(id))
    }

    /// What failed processes missed.
    fn blame(&self, all: &mut FxHashMap<ResourceId, Thing>) {
        for (process, group) in self.graph.processes.iter().zip(&self.groups.of) {
            let Some(failure) = &process.failure else { continue };
            for id in failure.resources.iter().flatten() {
                let Some(resource) = self.graph.resource(*id) else { continue };
                if self.scope.fate(&resource.name, resource.class) == Fate::Told {
                    let thing = all.entry(*id).or_insert_with(|| Thing::new(*id, false));
                    thing.blamed.insert(*group, failure.errno);
                }
            }
        }
    }

    /// Leaves out what tells little.
    fn omit(&mut self) {
        if self.scope.wants_resources() {
            return; // it is what was asked for
        }
        let (graph, omitted) = (self.graph, &mut self.omitted);
        self.known.retain(|thing| {
            let why = why_omitted(thing, graph);
            if let Some(why) = why {
                *omitted.entry(why).or_default() += thing.members.len();
            }
            why.is_none()
        });
    }

    /// Resources of a kind, of which the same processes did the same, become one.
    fn put_together(&mut self) {
        const LEAST: usize = 3;
        let mut places: FxHashMap<_, usize> = FxHashMap::default();
        let mut parts: Vec<Vec<Thing>> = Vec::new();
        for thing in self.known.drain(..) {
            let sort = sort_of(&thing, self.graph);
            let key = (sort, thing.is_system, thing.ways());
            let place = *places.entry(key).or_insert(parts.len());
            match parts.get_mut(place) {
                Some(part) => part.push(thing),
                None => parts.push(vec![thing]),
            }
        }
        for mut part in parts {
            if part.len() < LEAST {
                self.known.append(&mut part);
            } else {
                let whole = part.into_iter().reduce(Thing::with);
                self.known.extend(whole);
            }
        }
    }

    /// Keeps the most telling ones; how many resources go.
    fn cut(&mut self, limit: usize) -> usize {
        self.known.sort_by_key(|thing| std::cmp::Reverse(thing.weight()));
        let gone = self.known.split_off(limit.min(self.known.len()));
        self.known.sort_by_key(|thing| thing.members[0]);
        gone.iter().map(|thing| thing.members.len()).sum()
    }

    /// Signals from one group to another, but for those that tell of a child's end.
    fn signals(&self) -> Vec<(usize, usize, Tie, String)> {
        const SIGCHLD: u32 = 17;
        let mut counts: BTreeMap<(usize, usize, u32), u64> = BTreeMap::new();
        let group = |index| self.group_of(self.graph.process_of(index)?.id);
        for one in self.graph.signals.iter().filter(|one| one.signal != SIGCHLD) {
            if let (Some(from), Some(to)) = (group(one.from), group(one.to)) {
                *counts.entry((from, to, one.signal)).or_default() += one.count;
            }
        }
        let arrow = |((from, to, signal), count): ((usize, usize, u32), u64)| {
            let name = super::words::signal_text(signal);
            let label = if count > 1 { format!("{name} ×{count}") } else { name.into_owned() };
            (from, to, Tie::Signal, label)
        };
        counts.into_iter().map(arrow).collect()
    }
}

fn why_omitted(thing: &Thing, graph: &Graph) -> Option<Omitted> {
    if !thing.blamed.is_empty() || thing.is_system {
        return None;
    }
    let resource = graph.resource(thing.members[0])?;
    let any = |did: fn(&Did) -> bool| thing.by.values().any(did);
    let carries = any(|did| did.gave || did.took);
    let changes = any(|did| did.changed);
    match resource.class {
        Class::Directory => (!changes).then_some(Omitted::Directory),
        Class::User | Class::Host | Class::Semaphore | Class::Function => Some(Omitted::Plain),
        Class::Device if is_dull(&resource.name) => Some(Omitted::Plain),
        Class::Pipe | Class::Socket | Class::Anonymous => {
            let moved = any(|did| did.read.bytes + did.written.bytes > 0);
            (!moved).then_some(Omitted::Idle)
        }
        Class::Database => None,
        _ if carries || changes => {
            let only_run = !any(|did| did.gave || did.changed || did.read_calls > 0);
            only_run.then_some(Omitted::Program)
        }
        _ => Some(Omitted::Looked),
    }
}

/// Devices that lead nowhere.
fn is_dull(name: &[u8]) -> bool {
    matches!(name, b"/dev/null" | b"/dev/zero" | b"/dev/full" | b"/dev/urandom" | b"/dev/random")
}
