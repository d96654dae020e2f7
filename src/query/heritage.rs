//! What one run left to another: a file that both know by the same path on the same
//! machine.
//!
//! No two things become one for that. A run that finds a file where another one had left
//! one found what stood there: that is followed from run to run, backwards in time.

use rustc_hash::FxHashMap;

use super::contents::{Content, Contents, Writer};
use super::subject::{Key, Subject};
use crate::flow::graph::{ActivityIndex, Deed, Renaming, Usage, Version};
use crate::flow::{ResourceId, VersionId};

/// All runs, with what is in their files.
#[derive(Debug)]
pub(super) struct Heritage<'a> {
    subjects: &'a [Subject],
    /// Of each run.
    pub(super) contents: Vec<Contents<'a>>,
    /// Of each run, how names came to lead to something else.
    renames: Vec<FxHashMap<ResourceId, Vec<&'a Renaming>>>,
    names: FxHashMap<Key<'a>, Vec<(usize, ResourceId)>>,
}

/// What a run had done, at some time, to a file that it may have left to others. Times are
/// nanoseconds since 1970.
struct Part {
    run: usize,
    name: ResourceId,
    writers: Vec<Writer>,
    first: u64,
    last: u64,
    /// Whether nothing is left of what the run had found there.
    is_whole: bool,
}

impl<'a> Heritage<'a> {
    pub(super) fn new(subjects: &'a [Subject]) -> Self {
        let renames = |subject: &'a Subject| {
            let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
            for renaming in &subject.graph.renames {
                all.entry(renaming.to).or_default().push(renaming);
            }
            all
        };
        Self {
            subjects,
            contents: subjects.iter().map(|one| Contents::new(&one.graph)).collect(),
            renames: subjects.iter().map(renames).collect(),
            names: names(subjects),
        }
    }

    /// A time of one run, as another one counts it.
    pub(super) fn time_in(&self, other: usize, run: usize, time: u64) -> u64 {
        self.since_1970(run, time).saturating_sub(self.since_1970(other, 0))
    }

    fn since_1970(&self, run: usize, time: u64) -> u64 {
        self.subjects.get(run).map_or(0, |subject| subject.started).saturating_add(time)
    }

    /// What the file of that name is called in all runs that know it.
    pub(super) fn names(&self, run: usize, name: ResourceId) -> &[(usize, ResourceId)] {
        let key = self.subjects.get(run).and_then(|subject| subject.key(name));
        key.and_then(|key| self.names.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// The names that a run gave to what it had found under one.
    pub(super) fn moved_to(
        &self,
        run: usize,
        name: ResourceId,
    ) -> impl Iterator<Item = ResourceId> {
        let renames = self.subjects.get(run).map_or(&[][..], |one| &one.graph.renames);
        renames.iter().filter(move |one| one.from == name).map(|one| one.to)
    }

    /// Who, of other runs, had given what a usage took; with the places of their runs.
    pub(super) fn givers_of(&self, run: usize, usage: &Usage) -> Vec<(usize, Writer)> {
        match usage.taken {
            Some(taken) if self.is_found(run, usage) => {
                self.givers(run, usage.resource, taken.last)
            }
            _ => Vec::new(),
        }
    }

    /// Whether something is left in what a usage took of what the run had found.
    fn is_found(&self, run: usize, usage: &Usage) -> bool {
        let Some(contents) = self.contents.get(run) else { return false };
        usage.version.is_none_or(|version| contents.oldest_left(version) == 0)
    }

    /// Who, of other runs, had given what a run found under a name at that time of its
    /// own; with the places of their runs.
    pub(super) fn givers(&self, run: usize, name: ResourceId, until: u64) -> Vec<(usize, Writer)> {
        let mut found = Vec::new();
        if self.subjects.len() < 2 {
            return found;
        }
        let (mut run, mut name, mut until) = (run, name, self.since_1970(run, until));
        // Each turn comes to an earlier time.
        loop {
            let name_found = self.name_found(run, name, until);
            let others = self.names(run, name_found).iter().filter(|(other, _)| *other != run);
            let parts = others.filter_map(|(other, name)| self.part(*other, *name, until));
            let Some(part) = parts.max_by_key(|part| part.last) else { return found };
            found.extend(part.writers.iter().map(|writer| (part.run, *writer)));
            if part.is_whole || part.first >= until {
                return found;
            }
            name = self.name_found(part.run, part.name, until);
            (run, until) = (part.run, part.first);
        }
    }

    /// The name under which a run had found what it calls `name` at that time.
    fn name_found(&self, run: usize, name: ResourceId, until: u64) -> ResourceId {
        let (mut name, mut until) = (name, until);
        loop {
            let all = self.renames.get(run).and_then(|renames| renames.get(&name));
            let moves = all.into_iter().flatten().filter(|renaming| {
                self.since_1970(run, renaming.span.last) <= until
                    && self.since_1970(run, renaming.span.first) < until
            });
            let Some(last) = moves.max_by_key(|renaming| renaming.span.last) else { return name };
            (name, until) = (last.from, self.since_1970(run, last.span.first));
        }
    }

    /// What a run had done to the file of that name, if it had done something to it.
    fn part(&self, run: usize, name: ResourceId, until: u64) -> Option<Part> {
        let (subject, contents) = (self.subjects.get(run)?, self.contents.get(run)?);
        let end = until.saturating_sub(subject.started);
        let moved = self.renames.get(run)?.get(&name).into_iter().flatten();
        let moved = moved.map(|renaming| renaming.span.last).filter(|last| *last < end);
        let life = subject.graph.resource(name)?.life;
        let mut part =
            Part { run, name, writers: Vec::new(), first: until, last: 0, is_whole: false };
        let mut times: Vec<u64> = moved.collect();
        match life.file {
            Some(file) => {
                let versions = contents.before(file, end);
                times.extend(versions.iter().map(|version| version.time));
                if let Some(Version { id, .. }) = versions.last() {
                    part.writers = left(contents, *id, end);
                    part.is_whole = contents.oldest_left(*id) > 0;
                }
            }
            None if life.deleted.is_some() => {
                times.extend(removed(contents, name).filter(|time| *time < end));
                part.is_whole = true;
            }
            None => {
                let writers = contents.writers(Content::Name(name));
                part.writers = writers.into_iter().filter(|writer| writer.first < end).collect();
                times.extend(part.writers.iter().map(|writer| writer.first));
            }
        }
        part.first = self.since_1970(run, *times.iter().min()?);
        part.last = self.since_1970(run, *times.iter().max()?);
        Some(part)
    }
}

impl Heritage<'_> {
    /// Who, of another run, was the first to write over what a usage had taken, and left.
    pub(super) fn overwriter(&self, run: usize, usage: &Usage) -> Option<(usize, ActivityIndex)> {
        let since = self.since_1970(run, usage.taken?.first);
        let life = self.subjects.get(run)?.graph.resource(usage.resource)?.life;
        let is_left = usage.version.is_none_or(|version| life.file == Some(version.file));
        let others = self.names(run, usage.resource).iter();
        let others = others.filter(|(other, _)| *other != run && is_left);
        let changes = others.filter_map(|(other, name)| {
            let first = self.contents.get(*other)?.changed_as_found(*name)?;
            let is_moved = self.name_found(*other, *name, self.since_1970(*other, first.time));
            let is_it = is_moved == *name && self.since_1970(*other, first.time) > since;
            is_it.then_some((*other, first))
        });
        let first = changes.min_by_key(|(other, first)| self.since_1970(*other, first.time));
        first.map(|(other, first)| (other, first.activity))
    }
}

/// Names that several runs know.
fn names(subjects: &[Subject]) -> FxHashMap<Key<'_>, Vec<(usize, ResourceId)>> {
    let mut names: FxHashMap<_, Vec<_>> = FxHashMap::default();
    if subjects.len() < 2 {
        return names;
    }
    for (run, subject) in subjects.iter().enumerate() {
        for resource in &subject.graph.resources {
            if let Some(key) = subject.key(resource.id) {
                names.entry(key).or_default().push((run, resource.id));
            }
        }
    }
    names
}

/// Who had written what is left in a version at that time.
fn left(contents: &Contents<'_>, version: VersionId, end: u64) -> Vec<Writer> {
    let numbers = contents.oldest_left(version)..=version.number;
    let is_left = |writer: &Writer| writer.number.is_none_or(|number| numbers.contains(&number));
    let writers = contents.writers(Content::File(version.file)).into_iter();
    writers.filter(|writer| is_left(writer) && writer.first < end).collect()
}

/// When a name was removed.
fn removed<'a>(contents: &'a Contents<'_>, name: ResourceId) -> impl Iterator<Item = u64> + 'a {
    let removals = contents.changes(name).filter(|usage| usage.count(Deed::Remove) > 0);
    removals.map(|usage| usage.span.last)
}
