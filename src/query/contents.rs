//! Which file a name led to, and who made what is in it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::flow::graph::{ActivityIndex, Deed, Graph, Usage, Version};
use crate::flow::{FileId, ResourceId, VersionId};

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
    graph: &'a Graph,
    by_content: FxHashMap<Content, Vec<&'a Usage>>,
    versions: FxHashMap<FileId, Vec<&'a Version>>,
}

impl<'a> Contents<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut by_content: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for usage in graph.usages.iter().filter(|usage| usage.has_taken() || usage.has_given()) {
            by_content.entry(Content::of(usage)).or_default().push(usage);
        }
        let mut versions: FxHashMap<_, Vec<&Version>> = FxHashMap::default();
        for version in &graph.versions {
            versions.entry(version.id.file).or_default().push(version);
        }
        for all in versions.values_mut() {
            all.sort_by_key(|version| version.id.number);
        }
        Self { graph, by_content, versions }
    }

    /// All that a name led to in the run.
    pub(super) fn named(&self, name: ResourceId) -> Vec<Content> {
        let used = self.graph.usages.iter().filter(|usage| usage.resource == name);
        let mut found: FxHashSet<_> = used.map(Content::of).collect();
        let now = self.graph.resource(name).and_then(|resource| resource.life.file);
        found.extend(now.map(Content::File));
        let versions = self.graph.versions.iter().filter(|version| version.resource == name);
        found.extend(versions.map(|version| Content::File(version.id.file)));
        // Where files are known, what is said of the name alone is not about content,
        // unless it is a write.
        let has_file = found.iter().any(|content| matches!(content, Content::File(_)));
        let says_more = |content: &Content| match content {
            Content::File(_) => true,
            Content::Name(_) => !has_file || self.usages(*content).any(Usage::has_given),
        };
        let mut found: Vec<_> = found.into_iter().filter(says_more).collect();
        found.sort_unstable();
        found
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
        let made = |activity, number, time| Writer {
            activity,
            number,
            bytes: None,
            first: time,
            last: time,
        };
        match content {
            Content::File(file) => self
                .versions
                .get(&file)
                .into_iter()
                .flatten()
                .map(|one| made(one.activity, Some(one.id.number), one.time))
                .collect(),
            Content::Name(name) => {
                let is_made =
                    |usage: &&Usage| usage.resource == name && usage.count(Deed::Make) > 0;
                let makers = self.graph.usages.iter().filter(is_made);
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
