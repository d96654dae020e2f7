//! A resource in a diagram, or several that are alike.

use std::collections::BTreeMap;

use super::board::{Kind, Node, Tie};
use super::words::{amount_text, counted, readable, shortened, size_text};
use crate::abi::errno_name;
use crate::flow::graph::{Amount, Deed, Graph, Resource, Usage};
use crate::flow::{Class, Endpoint, ResourceId};

/// A resource, or several.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    /// Which: at least one.
    pub(super) members: Vec<ResourceId>,
    /// Whether it stands for the system's files.
    pub(super) is_system: bool,
    /// What was done to it, by the group that did.
    pub(super) by: BTreeMap<usize, Did>,
    /// The groups that failed because of it, with their errors.
    pub(super) blamed: BTreeMap<usize, u16>,
}

/// What a group did to a thing.
#[expect(clippy::struct_excessive_bools, reason = "each can be so without the others")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Did {
    pub(super) took: bool,
    pub(super) gave: bool,
    /// Made, cut, altered or removed it.
    pub(super) changed: bool,
    pub(super) removed: bool,
    pub(super) read_calls: u64,
    pub(super) read: Amount,
    pub(super) written: Amount,
}

impl Did {
    fn plus(self, other: Self) -> Self {
        Self {
            took: self.took || other.took,
            gave: self.gave || other.gave,
            changed: self.changed || other.changed,
            removed: self.removed || other.removed,
            read_calls: self.read_calls + other.read_calls,
            read: self.read.plus(other.read),
            written: self.written.plus(other.written),
        }
    }
}

impl From<&Usage> for Did {
    fn from(usage: &Usage) -> Self {
        let did = |deeds: &[Deed]| deeds.iter().any(|deed| usage.count(*deed) > 0);
        // Looking for more and finding none is no reading.
        let read_calls = usage.count(Deed::Read);
        Self {
            took: usage.has_taken(),
            gave: usage.has_given(),
            changed: did(&[Deed::Make, Deed::Remove, Deed::Truncate, Deed::Alter]),
            removed: did(&[Deed::Remove]),
            read_calls,
            read: usage.bytes_in,
            written: usage.bytes_out,
        }
    }
}

impl Thing {
    pub(super) fn new(id: ResourceId, is_system: bool) -> Self {
        Self { members: vec![id], is_system, by: BTreeMap::new(), blamed: BTreeMap::new() }
    }

    pub(super) fn did(&mut self, group: usize, usage: &Usage) {
        let did = self.by.entry(group).or_default();
        *did = did.plus(usage.into());
    }

    /// Both together.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.members.extend(other.members);
        for (group, did) in other.by {
            let own = self.by.entry(group).or_default();
            *own = own.plus(did);
        }
        self.blamed.extend(other.blamed);
        self
    }

    /// Who did what kinds of things: what is alike has the same.
    pub(super) fn ways(&self) -> Vec<(usize, bool, bool, bool)> {
        let mut ways: Vec<_> =
            self.by.iter().map(|(group, did)| (*group, did.took, did.gave, did.changed)).collect();
        ways.retain(|way| way.1 || way.2 || way.3);
        ways.extend(self.blamed.keys().map(|group| (*group, false, false, false)));
        ways
    }

    /// What is shown first if there is no room for all.
    pub(super) fn weight(&self) -> (bool, bool, bool, u64) {
        let (mut bytes, mut gave, mut takers) = (0u64, false, 0);
        for did in self.by.values() {
            bytes = bytes.saturating_add(did.read.bytes.max(did.written.bytes));
            gave |= did.gave || did.changed;
            takers += usize::from(did.took);
        }
        (!self.blamed.is_empty(), gave && takers > 0, gave, bytes)
    }

    /// What one group gave to one other through it, where it is nothing but a way: a pipe
    /// or a connection.
    pub(super) fn direct(&self, graph: &Graph) -> Option<Vec<(usize, usize, Tie, String)>> {
        let class = graph.resource(self.members[0])?.class;
        if !matches!(class, Class::Pipe | Class::Socket | Class::Anonymous)
            || !self.blamed.is_empty()
        {
            return None;
        }
        let mut users = self.by.iter().filter(|(_, did)| did.gave || did.took);
        let ((one, did_one), (other, did_other)) = (users.next()?, users.next()?);
        // Who reads a pipe that it writes to, too, may have read its own bytes.
        let is_clear = class == Class::Socket
            || (did_one.gave != did_one.took && did_other.gave != did_other.took);
        if users.next().is_some() || !is_clear {
            return None;
        }
        let way = |from: (&usize, &Did), to: (&usize, &Did)| {
            let goes = from.1.gave && to.1.took;
            let amount = if to.1.read.is_at_least { from.1.written } else { to.1.read };
            let words = [Some(self.way_name(class, graph)), amount_text(amount)];
            let label = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
            goes.then_some((*from.0, *to.0, Tie::Data, label))
        };
        let ways =
            [way((one, did_one), (other, did_other)), way((other, did_other), (one, did_one))];
        let ways: Vec<_> = ways.into_iter().flatten().collect();
        (!ways.is_empty()).then_some(ways)
    }

    fn way_name(&self, class: Class, graph: &Graph) -> String {
        let socket = graph.resource(self.members[0]).and_then(|one| one.socket.as_ref());
        let name = socket.map_or(class.name(), |socket| socket.protocol_name());
        match self.members.len() {
            1 => name.to_owned(),
            count => format!("{name} ×{count}"),
        }
    }

    /// From and to the groups, the thing being in that place.
    pub(super) fn arrows(&self, place: usize) -> Vec<(usize, usize, Tie, String)> {
        let mut arrows = Vec::new();
        for (group, did) in &self.by {
            if did.gave {
                let label = amount_text(did.written).unwrap_or_default();
                arrows.push((*group, place, Tie::Data, label));
            } else if did.changed {
                let what = if did.removed { "removes" } else { "" };
                arrows.push((*group, place, Tie::Change, what.to_owned()));
            }
            if did.took {
                let label = amount_text(did.read).unwrap_or_default();
                arrows.push((place, *group, Tie::Data, label));
            }
        }
        for (group, errno) in &self.blamed {
            let number = errno.to_string();
            let error = errno_name(*errno).unwrap_or(&number);
            arrows.push((*group, place, Tie::Blame, error.to_owned()));
        }
        arrows
    }
}

/// What sort of thing it is: those of one sort may be shown as one.
pub(super) fn sort_of(thing: &Thing, graph: &Graph) -> &'static str {
    graph.resource(thing.members[0]).map_or("resource", |resource| resource.class.name())
}

/// The box of a thing. Paths below `cwd` are shown from there on.
pub(super) fn box_of(thing: &Thing, graph: &Graph, cwd: &[u8], width: usize) -> Node {
    let resources = || thing.members.iter().filter_map(|id| graph.resource(*id));
    let class = resources().next().map_or(Class::File, |resource| resource.class);
    let kind = match class {
        _ if !thing.blamed.is_empty() => Kind::Blamed,
        Class::Pipe | Class::Socket | Class::Anonymous | Class::MessageQueue => Kind::Channel,
        _ => Kind::File,
    };
    let mut lines = Vec::new();
    let count = thing.members.len();
    let mut one = resources();
    match (one.next(), one.next()) {
        (Some(only), None) if !thing.is_system => {
            lines.push(shortened(&readable(&name_of(only, cwd)), width).into_owned());
            lines.extend(fate_of(only));
        }
        _ => {
            let sort = if thing.is_system { "system file" } else { class.name() };
            lines.push(counted(count, sort, &plural(sort)));
            if !thing.is_system {
                let common = common_directory(resources().map(|one| &*one.name));
                lines.extend(common.map(|path| {
                    let inside = [relative(&path, cwd), b"*"].concat();
                    shortened(&readable(&inside), width).into_owned()
                }));
            }
        }
    }
    Node { kind, lines, tooltip: tooltip(resources(), count) }
}

fn tooltip<'a>(resources: impl Iterator<Item = &'a Resource>, count: usize) -> String {
    const SHOWN: usize = 12;
    let mut lines: Vec<_> = resources.take(SHOWN).map(|one| readable(&one.name)).collect();
    if count > lines.len() {
        lines.push(format!("and {} more", count - lines.len()));
    }
    lines.join("\n")
}

/// What became of it, and how large it was.
fn fate_of(resource: &Resource) -> Option<String> {
    let life = resource.life;
    let fate = match (life.created.is_some(), life.deleted.is_some()) {
        (true, true) => Some("made and removed"),
        (false, true) => Some("removed"),
        (true, false) => Some("made"),
        (false, false) if life.modified => Some("changed"),
        (false, false) => None,
    };
    let size = resource.size.filter(|_| resource.class == Class::File).map(size_text);
    let words: Vec<_> = fate.map(str::to_owned).into_iter().chain(size).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A socket by its ends, anything else by its name.
pub(super) fn name_of(resource: &Resource, cwd: &[u8]) -> Vec<u8> {
    let socket = resource.socket.as_ref().filter(|_| !resource.has_path());
    let Some(socket) = socket else { return relative(&resource.name, cwd).to_vec() };
    let ends = [&socket.local, &socket.remote].into_iter().flatten().map(Endpoint::to_bytes);
    let ends: Vec<_> = ends.filter(|end| !end.is_empty()).collect();
    if ends.is_empty() {
        return resource.name.to_vec();
    }
    let between = ends.join(" ↔ ".as_bytes());
    [socket.protocol_name().as_bytes(), b" ", &between].concat()
}

fn relative<'a>(path: &'a [u8], cwd: &[u8]) -> &'a [u8] {
    let below = path.strip_prefix(cwd).and_then(|rest| rest.strip_prefix(b"/"));
    below.filter(|rest| !rest.is_empty() && cwd.len() > 1).unwrap_or(path)
}

/// The directory that all of these paths are in, with a slash at its end.
fn common_directory<'a>(mut paths: impl Iterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut common = paths.next().filter(|path| path.first() == Some(&b'/'))?.to_vec();
    for path in paths {
        let same = common.iter().zip(path).take_while(|(one, other)| one == other).count();
        common.truncate(same);
    }
    let end = common.iter().rposition(|byte| *byte == b'/')?;
    common.truncate(end + 1);
    (common.len() > 1).then_some(common)
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) => [stem, "ies"].concat(),
        None => [word, "s"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_where_the_run_began() {
        assert_eq!(relative(b"/home/me/x", b"/home/me"), b"x");
        assert_eq!(relative(b"/home/menu", b"/home/me"), b"/home/menu");
        assert_eq!(relative(b"/x", b"/"), b"/x");
    }

    #[test]
    fn what_several_paths_share() {
        let common =
            |paths: &[&'static str]| common_directory(paths.iter().map(|path| path.as_bytes()));
        assert_eq!(common(&["/a/bc", "/a/bd", "/a/b/c"]), Some(b"/a/".to_vec()));
        assert_eq!(common(&["/a", "/b"]), None);
        assert_eq!(common(&["pipe:[1]", "pipe:[2]"]), None);
    }
}
