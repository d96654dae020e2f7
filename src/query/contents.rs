//! Which file a name led to, and who made what is in it.

use rustc_hash::FxHashMap;

use crate::flow::graph::{ActivityIndex, Deed, Graph, Usage, Version};
use crate::flow::{Class, FileId, ResourceId, VersionId};

/// What has content: a file, whatever its names; a name, where no more is known of
/// what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Content {
    File(FileId),
    Name(ResourceId),
}

impl Content {
    /// What a usage is about.
    pub(super) fn of(usage: &Usage) -> Self {
        usage.version.map_or(Self::Name(usage.resource), |version| Self::File(version.file))
    }
}

/// A graph's usages, by what one asks for.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    by_content: FxHashMap<Content, Vec<&'a Usage>>,
    versions: FxHashMap<FileId, Vec<&'a Version>>,
    /// Files that a name led to.
    files: FxHashMap<ResourceId, Vec<FileId>>,
    /// Names that a file had when the run ended.
    names: FxHashMap<FileId, Vec<ResourceId>>,
    /// Who made or removed names.
    changes: FxHashMap<ResourceId, Vec<&'a Usage>>,
    /// Whether every write to a file is recorded.
    has_all_writes: bool,
}

impl<'a> Contents<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut all = Self {
            by_content: FxHashMap::default(),
            versions: FxHashMap::default(),
            files: FxHashMap::default(),
            names: FxHashMap::default(),
            changes: FxHashMap::default(),
            has_all_writes: !graph.unseen().gives(Class::File),
        };
        for usage in &graph.usages {
            all.used(usage);
        }
        for version in &graph.versions {
            all.versions.entry(version.id.file).or_default().push(version);
            all.files.entry(version.resource).or_default().push(version.id.file);
        }
        for resource in &graph.resources {
            let Some(file) = resource.life.file else { continue };
            all.files.entry(resource.id).or_default().push(file);
            all.names.entry(file).or_default().push(resource.id);
        }
        all.versions.values_mut().for_each(|all| all.sort_by_key(|version| version.id.number));
        for files in all.files.values_mut() {
            files.sort_unstable();
            files.dedup();
        }
        all
    }

    fn used(&mut self, usage: &'a Usage) {
        if usage.count(Deed::Make) + usage.count(Deed::Remove) > 0 {
            self.changes.entry(usage.resource).or_default().push(usage);
        }
        if let Some(version) = usage.version {
            let files = self.files.entry(usage.resource).or_default();
            if files.last() != Some(&version.file) {
                files.push(version.file);
            }
        }
        if usage.has_taken() || usage.has_given() {
            self.by_content.entry(Content::of(usage)).or_default().push(usage);
        }
    }

    /// All that a name led to in the run.
    pub(super) fn named(&self, name: ResourceId) -> Vec<Content> {
        let files = self.files.get(&name).into_iter().flatten();
        let mut found: Vec<_> = files.map(|file| Content::File(*file)).collect();
        // Where files are known, what is said of the name alone is not about content,
        // unless it is a write.
        let name = Content::Name(name);
        if found.is_empty() || self.usages(name).any(Usage::has_given) {
            found.push(name);
        }
        found
    }

    /// The names that a file had when the run ended.
    pub(super) fn names_of(&self, content: Content) -> &[ResourceId] {
        let Content::File(file) = content else { return &[] };
        self.names.get(&file).map_or(&[], Vec::as_slice)
    }

    /// Who made or removed a name.
    pub(super) fn changes(&self, name: ResourceId) -> impl Iterator<Item = &'a Usage> {
        self.changes.get(&name).into_iter().flatten().copied()
    }

    /// Who took something from it, or gave something to it.
    pub(super) fn usages(&self, content: Content) -> impl Iterator<Item = &'a Usage> {
        self.by_content.get(&content).into_iter().flatten().copied()
    }

    /// Who really wrote it, with how much and when; if nobody did, who made or emptied
    /// it.
    pub(super) fn writers(&self, content: Content) -> Vec<Writer> {
        let given = self.usages(content).filter_map(|usage| {
            let bytes = usage.bytes_out.known();
            let (number, last) = (usage.version.map(|version| version.number), usage.given?.last);
            let first = usage.given?.first;
            Some(Writer { activity: usage.activity, number, bytes, first, last })
        });
        let found: Vec<_> = given.collect();
        if found.is_empty() { self.makers(content) } else { found }
    }

    fn makers(&self, content: Content) -> Vec<Writer> {
        // Perhaps writes were not recorded.
        let bytes = self.has_all_writes.then_some(0);
        let made =
            |activity, number, time| Writer { activity, number, bytes, first: time, last: time };
        match content {
            Content::File(file) => self
                .versions
                .get(&file)
                .into_iter()
                .flatten()
                .map(|one| made(one.activity, Some(one.id.number), one.time))
                .collect(),
            Content::Name(name) => {
                let makers = self.changes(name).filter(|usage| usage.count(Deed::Make) > 0);
                makers.map(|usage| made(usage.activity, None, usage.span.last)).collect()
            }
        }
    }

    /// The first of the versions that something is left of in this one.
    pub(super) fn oldest_left(&self, version: VersionId) -> u32 {
        let until = self.until(version);
        let fresh = until.iter().rev().find(|one| one.before.is_none());
        fresh.map(|one| one.id.number).unwrap_or_default()
    }

    /// Whether something is left at the end of what the run had found.
    pub(super) fn is_found(&self, content: Content) -> bool {
        let Content::File(file) = content else { return true };
        let last = self.versions.get(&file).and_then(|all| all.last());
        last.is_none_or(|last| self.oldest_left(last.id) == 0)
    }

    /// The first change of what the run had found under a name, if that was made through
    /// it: not once it had been removed.
    pub(super) fn changed_as_found(&self, name: ResourceId) -> Option<&'a Version> {
        let files = self.files.get(&name).into_iter().flatten();
        let first = files.filter_map(|file| self.versions.get(file)?.first().copied());
        let first = first.filter(|first| first.id.number == 1 && first.resource == name);
        let first = first.min_by_key(|first| first.time)?;
        let mut removals = self.changes(name).filter(|usage| usage.count(Deed::Remove) > 0);
        let was_there = removals.all(|usage| usage.span.first > first.time);
        was_there.then_some(first)
    }

    /// The versions of a file that came about before that time: nanoseconds since the
    /// run's start.
    pub(super) fn before(&self, file: FileId, time: u64) -> &[&'a Version] {
        let all = self.versions.get(&file).map_or(&[][..], Vec::as_slice);
        let count = all.iter().take_while(|one| one.time < time).count();
        all.get(..count).unwrap_or_default()
    }

    /// The versions of a file up to that one which came about in the run.
    fn until(&self, version: VersionId) -> &[&'a Version] {
        let all = self.versions.get(&version.file).map_or(&[][..], Vec::as_slice);
        let count = all.partition_point(|one| one.id.number <= version.number);
        all.get(..count).unwrap_or_default()
    }

    /// Whether all that is in a version was made by that activity, from nothing on.
    pub(super) fn is_all_by(&self, version: VersionId, activity: ActivityIndex) -> bool {
        let mut until = self.until(version).iter().rev();
        let by = |one: &&&Version| one.activity == activity;
        until.by_ref().take_while(by).any(|one| one.before.is_none())
    }
}

/// An activity that wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub(super) activity: ActivityIndex,
    /// The version that it wrote.
    pub(super) number: Option<u32>,
    /// How much, if that is known.
    pub(super) bytes: Option<u64>,
    /// When it began to.
    pub(super) first: u64,
    /// When it had done so.
    pub(super) last: u64,
}
