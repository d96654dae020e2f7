//! Which processes share a box or a lane. Up to a limit each has its own; beyond that
//! siblings that are alike share one, as few of them as will do.
//!
//! A process that failed is never put together with one that did not, or that failed
//! otherwise: it would not be seen.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::words::{counted, readable, shortened};
use crate::flow::command_line;
use crate::flow::graph::{End, Graph, Process};

/// Processes of a run that are shown as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Their places in [`Graph::processes`], in the order in which they were first seen;
    /// at least one.
    pub members: Vec<usize>,
    /// The group of their parents: its place, which is a smaller one.
    pub parent: Option<usize>,
    /// How many groups are above it.
    pub depth: usize,
    /// What the members have in common.
    pub likeness: Likeness,
}

/// What siblings have in common that are shown as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Each is shown by itself.
    One,
    /// Command line, end, and all that they started.
    Equal,
    /// Program and end.
    Program,
    /// The end, and whose descendants they are.
    End,
}

/// The processes of a run in groups, parents before their children, siblings in the
/// order in which they began.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The groups.
    pub all: Vec<Group>,
    /// The group of each process, by its place in the graph.
    pub of: Vec<usize>,
}

impl Groups {
    /// At most some `limit` groups (more only if processes ended in more ways).
    /// With `always`, equal siblings share one even if there is room for all.
    pub fn new(graph: &Graph, limit: usize, always: bool) -> Self {
        let tree = Tree::new(graph);
        let first = if always { (Likeness::Equal, 2) } else { (Likeness::One, usize::MAX) };
        // Large numbers of siblings are the first to share.
        let least = [64, 32, 16, 8, 4, 2];
        let of_kind = |likeness| least.map(|least| (likeness, least));
        let ways =
            [Likeness::Equal, Likeness::Program, Likeness::End].into_iter().flat_map(of_kind);
        let mut keys = Keys::default();
        let mut groups = tree.groups(keys.of(&tree, first.0), first, usize::MAX);
        for way in ways {
            if groups.all.len() <= limit {
                return groups;
            }
            groups = tree.groups(keys.of(&tree, way.0), way, usize::MAX);
        }
        let mut depth = groups.all.iter().map(|group| group.depth).max().unwrap_or_default();
        while groups.all.len() > limit && depth > 1 {
            depth /= 2;
            groups = tree.groups(keys.of(&tree, Likeness::End), (Likeness::End, 2), depth);
        }
        groups
    }

    /// The processes of a group.
    pub fn members<'a>(
        &'a self,
        group: usize,
        graph: &'a Graph,
    ) -> impl Iterator<Item = &'a Process> + Clone {
        let members = self.all.get(group).map_or(&[][..], |group| &group.members);
        members.iter().filter_map(|place| graph.processes.get(*place))
    }

    /// What a group is called: the command, or the program, with how many they are.
    pub fn label(&self, group: usize, graph: &Graph, width: usize) -> String {
        let Some(known) = self.all.get(group) else { return String::new() };
        let count = known.members.len();
        let (name, times) = match known.likeness {
            Likeness::One | Likeness::Equal => (
                self.members(group, graph).next().map_or_else(String::new, |p| command(graph, p)),
                "",
            ),
            Likeness::Program => (program_of(self.members(group, graph), graph), ""),
            Likeness::End => (self.programs(group, graph), ""),
        };
        let times =
            if count > 1 { [times, " ×", &count.to_string()].concat() } else { String::new() };
        let room = width.saturating_sub(times.chars().count());
        [&shortened(&name, room), times.as_str()].concat()
    }

    /// The programs in a group, the most frequent first.
    fn programs(&self, group: usize, graph: &Graph) -> String {
        const SHOWN: usize = 3;
        let mut counts: Vec<(String, usize)> = Vec::new();
        let mut places: FxHashMap<String, usize> = FxHashMap::default();
        for process in self.members(group, graph) {
            let name = program(graph, process);
            match places.entry(name) {
                Entry::Occupied(place) => counts[*place.get()].1 += 1,
                Entry::Vacant(place) => {
                    counts.push((place.key().clone(), 1));
                    place.insert(counts.len() - 1);
                }
            }
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let more = counts.len().saturating_sub(SHOWN);
        let mut names: Vec<_> = counts.into_iter().take(SHOWN).map(|(name, _)| name).collect();
        if more > 0 {
            names.push(counted(more, "other", "others"));
        }
        names.join(", ")
    }
}

/// The processes with their parents, who always come before them.
struct Tree<'a> {
    graph: &'a Graph,
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
}

impl<'a> Tree<'a> {
    fn new(graph: &'a Graph) -> Self {
        let places: FxHashMap<_, _> = graph
            .processes
            .iter()
            .enumerate()
            .map(|(place, process)| (process.id, place))
            .collect();
        let mut children = vec![Vec::new(); graph.processes.len()];
        let mut roots = Vec::new();
        for (place, process) in graph.processes.iter().enumerate() {
            let parent = process.parent.and_then(|parent| places.get(&parent).copied());
            match parent.filter(|parent| *parent < place) {
                Some(parent) => children[parent].push(place),
                None => roots.push(place),
            }
        }
        Self { graph, children, roots }
    }

    /// Groups of siblings with the same key, if there are at least so many of them; from
    /// `depth` on all descendants together.
    fn groups(&self, keys: &[u32], (likeness, least): (Likeness, usize), depth: usize) -> Groups {
        let mut groups = Groups { all: Vec::new(), of: vec![0; self.graph.processes.len()] };
        // What is still to be placed, the next one last: children come before their
        // parent's next sibling.
        let mut open = Vec::new();
        let below = |members: &[usize], parent, level, open: &mut Vec<_>| {
            let mut siblings = members.to_vec();
            if level >= depth {
                siblings = self.descendants(siblings);
            }
            for part in split(siblings, keys, least).into_iter().rev() {
                open.push((part, parent, level));
            }
        };
        below(&self.roots, None, 0, &mut open);
        while let Some((members, parent, level)) = open.pop() {
            let place = groups.all.len();
            for member in &members {
                groups.of[*member] = place;
            }
            if level < depth {
                let children = members.iter().flat_map(|member| &self.children[*member]);
                let children = in_order(children.copied().collect());
                below(&children, Some(place), level + 1, &mut open);
            }
            let likeness = if members.len() > 1 { likeness } else { Likeness::One };
            groups.all.push(Group { members, parent, depth: level, likeness });
        }
        groups
    }

    /// Those and all below them.
    fn descendants(&self, mut all: Vec<usize>) -> Vec<usize> {
        let mut next = 0;
        while let Some(one) = all.get(next).copied() {
            all.extend(self.children[one].iter().copied());
            next += 1;
        }
        in_order(all)
    }
}

fn in_order(mut places: Vec<usize>) -> Vec<usize> {
    places.sort_unstable();
    places.dedup();
    places
}

/// Puts those with the same key together, if there are so many; in the order of the
/// first of each.
fn split(siblings: Vec<usize>, keys: &[u32], least: usize) -> Vec<Vec<usize>> {
    let mut counts: FxHashMap<u32, usize> = FxHashMap::default();
    for place in &siblings {
        *counts.entry(keys[*place]).or_default() += 1;
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut known: FxHashMap<u32, usize> = FxHashMap::default();
    for place in siblings {
        let key = keys[place];
        if counts.get(&key).is_none_or(|count| *count < least) {
            parts.push(vec![place]);
            continue;
        }
        match known.entry(key) {
            Entry::Occupied(part) => parts[*part.get()].push(place),
            Entry::Vacant(part) => {
                part.insert(parts.len());
                parts.push(vec![place]);
            }
        }
    }
    parts
}

/// Numbers for what processes have in common, made when they are asked for.
#[derive(Default)]
struct Keys {
    known: Option<(Likeness, Vec<u32>)>,
}

impl Keys {
    fn of(&mut self, tree: &Tree<'_>, likeness: Likeness) -> &[u32] {
        if self.known.as_ref().is_none_or(|(known, _)| *known != likeness) {
            self.known = Some((likeness, keys(tree, likeness)));
        }
        self.known.as_ref().map_or(&[], |(_, keys)| keys)
    }
}

/// What is compared: the command or program, the end, and the numbers of the children.
type Traits = (String, (u8, u8), Vec<u32>);

fn keys(tree: &Tree<'_>, likeness: Likeness) -> Vec<u32> {
    let graph = tree.graph;
    let mut numbers: FxHashMap<Traits, u32> = FxHashMap::default();
    let mut keys = vec![0; graph.processes.len()];
    // What a process started is known before it.
    for (place, process) in graph.processes.iter().enumerate().rev() {
        let end = match process.end {
            End::None => (0, 0),
            End::LetGo => (1, 0),
            End::Exited(code) => (2, code),
            End::Killed { signal, .. } => (3, signal), // with a core or without
        };
        let own = match likeness {
            Likeness::One => break, // none is like another
            Likeness::Equal => {
                let mut below: Vec<_> = tree.children[place].iter().map(|c| keys[*c]).collect();
                below.sort_unstable();
                (command(graph, process), end, below)
            }
            Likeness::Program => (program(graph, process), end, Vec::new()),
            Likeness::End => (String::new(), end, Vec::new()),
        };
        let next = numbers.len() as u32;
        keys[place] = *numbers.entry(own).or_insert(next);
    }
    keys
}

/// The last program of a process as a command line, after the names of those that it ran
/// before; of one that never ran one of its own, whose copy it is.
pub fn command(graph: &Graph, process: &Process) -> String {
    match last_argv(graph, process) {
        Some((argv, true)) => {
            let mut words = before(graph, process);
            words.push(readable(&command_line(argv)));
            words.join(" ▸ ")
        }
        Some((argv, false)) => forked(argv),
        None => format!("process {}", process.pid),
    }
}

/// The programs that a process ran before its last one: the latest two, by name.
fn before(graph: &Graph, process: &Process) -> Vec<String> {
    const SHOWN: usize = 2;
    let activities = process.activities.iter().filter_map(|index| graph.activity(*index));
    let own = activities.filter(|activity| activity.is_own());
    let mut names: Vec<_> = own.map(|activity| readable(base_name(activity.argv()))).collect();
    names.pop();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    let mut shown = names.split_off(more);
    if more > 0 {
        shown.insert(0, "…".to_owned());
    }
    shown
}

/// The name of the last program of a process.
pub fn program(graph: &Graph, process: &Process) -> String {
    match last_argv(graph, process) {
        Some((argv, true)) => readable(base_name(argv)),
        Some((argv, false)) => forked(argv),
        None => "process".to_owned(),
    }
}

fn program_of<'a>(mut all: impl Iterator<Item = &'a Process> + Clone, graph: &Graph) -> String {
    let Some(first) = all.next() else { return String::new() };
    let whole = command(graph, first);
    if all.all(|other| command(graph, other) == whole) { whole } else { program(graph, first) }
}

fn forked(argv: &[Vec<u8>]) -> String {
    ["(fork of ", &readable(base_name(argv)), ")"].concat()
}

fn base_name(argv: &[Vec<u8>]) -> &[u8] {
    let path = argv.first().map_or(&[][..], Vec::as_slice);
    path.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()).unwrap_or(b"?")
}

/// The arguments of the last program, and whether the process began that itself.
fn last_argv<'a>(graph: &'a Graph, process: &Process) -> Option<(&'a [Vec<u8>], bool)> {
    let mut latest = process.activities.iter().rev().filter_map(|index| graph.activity(*index));
    let last = latest.find(|activity| !activity.argv().is_empty())?;
    // Whose parent is not known was there before, and began its program unseen.
    let is_first = process.parent.is_none_or(|parent| graph.process(parent).is_none());
    Some((last.argv(), last.is_own() || is_first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::picture::kit::{Child, child, family};

    fn labels(graph: &Graph, groups: &Groups) -> Vec<String> {
        (0..groups.all.len()).map(|group| groups.label(group, graph, 40)).collect()
    }

    #[test]
    fn each_has_its_own_while_there_is_room() {
        let graph = family(&[child(&["true"], 1, 2), child(&["true"], 3, 4)]);
        assert_eq!(labels(&graph, &Groups::new(&graph, 10, false)), ["sh", "true", "true"]);
        assert_eq!(labels(&graph, &Groups::new(&graph, 10, true)), ["sh", "true ×2"]);
    }

    #[test]
    fn those_that_are_many_share_first_and_failures_stay_apart() {
        let mut children: Vec<Child> =
            (0..20).map(|at| child(&["cc", "x.c"], at, at + 1)).collect();
        children[7].end = (1, 0);
        children[9].end = (0, 9);
        children.extend([child(&["ld", "a"], 30, 31), child(&["ld", "b"], 31, 32)]);
        let graph = family(&children);
        let groups = Groups::new(&graph, 8, false);
        assert_eq!(
            labels(&graph, &groups),
            ["sh", "cc x.c ×18", "cc x.c", "cc x.c", "ld a", "ld b"]
        );
        for (group, known) in groups.all.iter().enumerate() {
            assert!(known.parent.is_none_or(|parent| parent < group), "parents come first");
            let ends = groups.members(group, &graph).map(|process| process.end.is_bad());
            assert_eq!(ends.collect::<std::collections::BTreeSet<_>>().len(), 1);
        }
        let fewer = labels(&graph, &Groups::new(&graph, 5, false));
        assert_eq!(fewer, ["sh", "cc x.c ×18", "cc x.c", "cc x.c", "ld ×2"]);
        let least = labels(&graph, &Groups::new(&graph, 4, false));
        assert_eq!(least, ["sh", "cc, ld ×20", "cc x.c", "cc x.c"]);
    }
}
