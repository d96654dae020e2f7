//! The runs that are asked about.

use rustc_hash::FxHashMap;

use super::{Cell, Error};
use crate::flow::graph::{Activity, ActivityIndex, Graph, Resource};
use crate::flow::{Authority, Class, Moniker, ResourceId, State, command_line};
use crate::log::Header;
use crate::merge::{self, Index};

/// A run that is asked about.
#[derive(Debug)]
pub struct Subject {
    /// Its graph.
    pub(super) graph: Graph,
    /// When it started: nanoseconds since 1970.
    pub(super) started: u64,
    /// The directory that its command was started in: what relative paths are
    /// relative to.
    cwd: Vec<u8>,
    /// Its UUID.
    run: [u8; 16],
    /// The machine that it was on; empty if that is not known.
    machine: Vec<u8>,
    /// Files that other machines have, with the names of those, and the paths there.
    remote: FxHashMap<ResourceId, (Vec<u8>, Vec<u8>)>,
    /// What other runs may know of it, until they are joined.
    pub(super) index: Option<Index>,
    /// The other ends of its connections, in other runs.
    pub(super) across: Vec<Across>,
}

/// A connection to another run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Across {
    /// The socket of this run.
    pub(super) own: ResourceId,
    /// The place of the other run.
    pub(super) run: usize,
    /// The socket there.
    pub(super) other: ResourceId,
}

/// What a file is to all runs that know it: a path on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key<'a> {
    machine: &'a [u8],
    path: &'a [u8],
}

impl Subject {
    /// The run of a log, with its graph; `state` is that of the flow which made it.
    pub(super) fn new(header: &Header, state: &State, graph: Graph) -> Self {
        let machine = match header.host.machine_id.as_bytes() {
            b"" => header.host.name.clone(),
            id => id.to_vec(),
        };
        let remote = graph.resources.iter().filter_map(|one| Some((one.id, remote(state, one)?)));
        Self {
            started: header.clock.realtime,
            cwd: header.cwd.clone(),
            run: header.run,
            machine,
            remote: remote.collect(),
            index: None,
            across: Vec::new(),
            graph,
        }
    }

    /// Whether another one has all that is in this one: the same log, or a longer part of
    /// the same run.
    fn is_within(&self, other: &Self) -> bool {
        let is_in_other = |task: &crate::flow::graph::Task| {
            other.graph.task(task.id).is_some_and(|same| same.calls >= task.calls)
        };
        self.run == other.run
            && self.run != [0; 16]
            && self.graph.end <= other.graph.end
            && self.graph.tasks.iter().all(is_in_other)
    }

    /// The command line of an activity; of a forked process that has run no program of
    /// its own, its parent's, and of one whose parent is not recorded, that of the first
    /// program that it ran.
    pub(super) fn command(&self, activity: ActivityIndex) -> Cell {
        let later = self.graph.process_of(activity).map(|process| &process.activities);
        let all = std::iter::once(&activity).chain(later.into_iter().flatten());
        let argvs = all.filter_map(|index| self.graph.activity(*index)).map(Activity::argv);
        let first = argvs.into_iter().find(|argv| !argv.is_empty());
        first.map_or(Cell::Unknown, |argv| Cell::Text(command_line(argv)))
    }

    /// The process id of an activity.
    pub(super) fn pid(&self, activity: ActivityIndex) -> Cell {
        self.graph.process_of(activity).map(|process| process.pid.into()).into()
    }

    /// The name of a resource.
    pub(super) fn name(&self, id: ResourceId) -> &[u8] {
        self.graph.resource(id).map_or(&[], |resource| &resource.name)
    }

    /// What a file is to other runs; `None` of what is no file, or has no path.
    pub(super) fn key(&self, id: ResourceId) -> Option<Key<'_>> {
        let is_file = |one: &&Resource| one.class == Class::File && one.has_path();
        let file = self.graph.resource(id).filter(is_file)?;
        if let Some((machine, path)) = self.remote.get(&id) {
            return Some(Key { machine, path });
        }
        let is_known = !self.machine.is_empty();
        is_known.then_some(Key { machine: &self.machine, path: &file.name })
    }

    /// What has that path, relative to where the run began.
    fn at_path(&self, path: &[u8]) -> Option<ResourceId> {
        let path = absolute(&self.cwd, path);
        self.graph.resources.iter().find(|resource| *resource.name == *path).map(|one| one.id)
    }
}

/// The machine that owns a file, and its path there, if that is not the run's own.
fn remote(state: &State, resource: &Resource) -> Option<(Vec<u8>, Vec<u8>)> {
    let moniker = Moniker::of(state, resource.id).filter(|_| resource.has_path())?;
    let Authority::Server(machine) = moniker.authority else { return None };
    let (_, path) = moniker.keys.into_iter().next()?;
    Some((machine.to_vec(), path.into_owned()))
}

/// Each run once, though its log be given twice, or a part of it beside the whole.
pub fn distinct(subjects: Vec<Subject>) -> Vec<Subject> {
    let mut kept: Vec<Subject> = Vec::new();
    for subject in subjects {
        if kept.iter().all(|other| !subject.is_within(other)) {
            kept.retain(|other| !other.is_within(&subject));
            kept.push(subject);
        }
    }
    kept
}

/// Joins runs by the connections between them, and their clocks by one.
pub fn join(subjects: &mut [Subject]) {
    let indices = subjects.iter_mut().enumerate().filter_map(|(place, subject)| {
        let mut index = subject.index.take()?;
        index.source = place;
        Some(index)
    });
    let merged = merge::merge(indices.collect());
    for (index, clock) in merged.runs.iter().zip(&merged.clocks) {
        if let (Some(subject), Ok(started)) =
            (subjects.get_mut(index.source), u64::try_from(clock.started))
        {
            subject.started = started;
        }
    }
    for joint in merged.joints() {
        let places = joint.runs.map(|run| merged.runs.get(run).map(|index| index.source));
        let [Some(one), Some(other)] = places else { continue };
        let [here, there] = joint.sockets;
        for (at, own, run, other) in [(one, here, other, there), (other, there, one, here)] {
            if let Some(subject) = subjects.get_mut(at) {
                subject.across.push(Across { own, run, other });
            }
        }
    }
}

/// What a path means in each of the runs that know it: the places of those, with the
/// resource.
///
/// # Errors
/// None does.
pub(super) fn at_path(
    subjects: &[Subject],
    path: &[u8],
) -> Result<Vec<(usize, ResourceId)>, Error> {
    let all = subjects.iter().enumerate();
    let found: Vec<_> =
        all.filter_map(|(place, subject)| Some((place, subject.at_path(path)?))).collect();
    if found.is_empty() {
        return Err(Error::NoPath {
            path: String::from_utf8_lossy(path).into_owned(),
            near: near(subjects, path),
        });
    }
    Ok(found)
}

/// The paths that are most like one that is not there: those with the same last part
/// first, then those that differ by few letters.
fn near(subjects: &[Subject], path: &[u8]) -> Vec<String> {
    const SHOWN: usize = 3;
    let last = |path: &[u8]| -> Vec<u8> {
        path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec()
    };
    let wanted = last(path);
    let resources = subjects.iter().flat_map(|subject| &subject.graph.resources);
    let names = || resources.clone().filter(|resource| resource.has_path()).map(|one| &*one.name);
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let mut same: Vec<_> = names().filter(|name| last(name) == wanted).map(text).collect();
    if same.is_empty() && wanted.len() > 2 {
        let lasts: Vec<String> = names().map(|name| text(&last(name))).collect();
        let wanted = text(&wanted);
        let nearest = crate::abi::nearest(&wanted, lasts.iter().map(String::as_str));
        let is_near = |name: &&[u8]| nearest.is_some_and(|nearest| text(&last(name)) == nearest);
        same = names().filter(is_near).map(text).collect();
    }
    same.sort_unstable();
    same.dedup();
    same.truncate(SHOWN);
    same
}

/// A path as it is from the root on, without `.` and `..`.
fn absolute(cwd: &[u8], path: &[u8]) -> Vec<u8> {
    let is_absolute = path.first() == Some(&b'/');
    let base = if is_absolute { &[][..] } else { cwd };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in base.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    [b"/", parts.join(&b'/').as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_where_the_run_began() {
        for (path, expected) in [
            (&b"a/b"[..], &b"/home/a/b"[..]),
            (b"./../x", b"/x"),
            (b"/x//y/.", b"/x/y"),
            (b"../../..", b"/"),
        ] {
            assert_eq!(absolute(b"/home", path), expected);
        }
    }
}
