//! The runs that are asked about.

use super::{Cell, Error};
use crate::flow::ResourceId;
use crate::flow::command_line;
use crate::flow::graph::{Activity, ActivityIndex, Graph, Resource};

/// A run that is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its graph.
    pub graph: &'a Graph,
    /// The directory that its command was started in: what relative paths are
    /// relative to.
    pub cwd: &'a [u8],
}

impl<'a> Subject<'a> {
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
    pub(super) fn name(&self, id: ResourceId) -> &'a [u8] {
        self.graph.resource(id).map_or(&[], |resource| &resource.name)
    }

    /// What has that path, relative to where the run began.
    fn at_path(&self, path: &[u8]) -> Option<&'a Resource> {
        let path = absolute(self.cwd, path);
        self.graph.resources.iter().find(|resource| *resource.name == *path)
    }
}

/// What a path means in each of the runs that know it.
///
/// # Errors
/// None does.
pub(super) fn at_path<'a>(
    subjects: &[Subject<'a>],
    path: &[u8],
) -> Result<Vec<(Subject<'a>, ResourceId)>, Error> {
    let found: Vec<_> =
        subjects.iter().filter_map(|subject| Some((*subject, subject.at_path(path)?.id))).collect();
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
fn near(subjects: &[Subject<'_>], path: &[u8]) -> Vec<String> {
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
