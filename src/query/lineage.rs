//! What a file was made from, and what was made from it.
//!
//! Content goes from a file to an activity that reads, maps or executes it, from an
//! activity to a file that it writes, and from one activity to another through pipes
//! and connections. What an activity took after it had given no longer matters, so a
//! search comes to an activity with a time, and goes on from what was before it.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::contents::{Content, Contents};
use crate::flow::ResourceId;
use crate::flow::graph::{ActivityIndex, Graph, Passage, Usage};
use crate::flow::{Class, VersionId};

/// How files came about, by who took and gave.
#[derive(Debug)]
pub(super) struct Lineage<'a> {
    graph: &'a Graph,
    contents: Contents<'a>,
    by_activity: FxHashMap<ActivityIndex, Vec<&'a Usage>>,
    into: FxHashMap<ActivityIndex, Vec<&'a Passage>>,
    out_of: FxHashMap<ActivityIndex, Vec<&'a Passage>>,
}

/// Names of files, each with how many steps it is away.
pub(super) type Found = FxHashMap<ResourceId, u64>;

/// A place that the search has come to: an activity, the time that matters, and how
/// many steps it is away.
#[derive(Clone, Copy, Debug)]
struct Step {
    activity: ActivityIndex,
    time: u64,
    depth: u64,
}

impl<'a> Lineage<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut by_activity: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for usage in graph.usages.iter().filter(|usage| usage.has_taken() || usage.has_given()) {
            by_activity.entry(usage.activity).or_default().push(usage);
        }
        let (mut into, mut out_of) =
            (FxHashMap::<_, Vec<_>>::default(), FxHashMap::<_, Vec<_>>::default());
        // Content of files is found by its versions.
        let streams = graph.passages.iter().filter(|one| one.is_data() && one.version.is_none());
        for passage in streams.filter(|passage| passage.from != passage.to) {
            into.entry(passage.to).or_default().push(passage);
            out_of.entry(passage.from).or_default().push(passage);
        }
        Self { graph, contents: Contents::new(graph), by_activity, into, out_of }
    }

    /// What the files that have had that name were made from.
    pub(super) fn made_from(&self, name: ResourceId) -> Found {
        let mut search = Search::new(|old, new| new > old);
        for content in self.contents.named(name) {
            for writer in self.contents.writers(content) {
                search.later(writer.activity, writer.last, 0);
            }
        }
        while let Some(step) = search.next() {
            for passage in self.into.get(&step.activity).into_iter().flatten() {
                if passage.taken.first < step.time {
                    let given = passage.given.map_or(passage.taken.last, |given| given.last);
                    search.now(passage.from, step.time.min(given), step.depth);
                }
            }
            for usage in self.by_activity.get(&step.activity).into_iter().flatten() {
                if usage.taken.is_some_and(|taken| taken.first < step.time) {
                    self.took(usage, step, &mut search);
                }
            }
        }
        search.found
    }

    /// An activity took something from a file: who had given it?
    fn took(&self, usage: &Usage, step: Step, search: &mut Search) {
        let until = usage.taken.map_or(step.time, |taken| taken.last);
        let writers: Vec<_> = self
            .contents
            .writers(Content::of(usage))
            .into_iter()
            .filter(|writer| self.is_left(usage.version, writer.number) && writer.first < until)
            .collect();
        let is_own = |activity| activity == usage.activity;
        let is_all_own = writers.iter().all(|writer| is_own(writer.activity));
        let first = usage.taken.map_or(0, |taken| taken.first);
        let is_new = match usage.version {
            Some(version) => self.contents.is_all_by(version, usage.activity),
            None => writers.iter().any(|writer| writer.first < first),
        };
        // What it had written itself says nothing of others.
        if !self.is_file(usage) || is_new && is_all_own {
            return;
        }
        search.found(usage.resource, step.depth + 1);
        for writer in writers.iter().filter(|writer| !is_own(writer.activity)) {
            search.later(writer.activity, writer.last.min(until), step.depth + 1);
        }
    }

    /// What was made from the files that have had that name.
    pub(super) fn made_of(&self, name: ResourceId) -> Found {
        let mut search = Search::new(|old, new| new < old);
        for content in self.contents.named(name) {
            for usage in self.contents.usages(content) {
                if let Some(taken) = usage.taken {
                    search.later(usage.activity, taken.first, 0);
                }
            }
        }
        while let Some(step) = search.next() {
            for passage in self.out_of.get(&step.activity).into_iter().flatten() {
                if passage.given.is_none_or(|given| given.last > step.time) {
                    search.now(passage.to, step.time.max(passage.taken.first), step.depth);
                }
            }
            for usage in self.by_activity.get(&step.activity).into_iter().flatten() {
                if usage.given.is_some_and(|given| given.last > step.time) {
                    self.gave(usage, step, &mut search);
                }
            }
        }
        search.found
    }

    /// An activity gave something to a file: who took it?
    fn gave(&self, usage: &Usage, step: Step, search: &mut Search) {
        if !self.is_file(usage) {
            return;
        }
        let content = Content::of(usage);
        for name in self.names(usage, content) {
            search.found(name, step.depth + 1);
        }
        let since = usage.given.map_or(0, |given| given.first);
        for reader in self.contents.usages(content) {
            let Some(taken) = reader.taken.filter(|taken| taken.last > since) else { continue };
            let number = usage.version.map(|version| version.number);
            if reader.activity != usage.activity && self.is_left(reader.version, number) {
                let time = taken.first.max(step.time);
                search.later(reader.activity, time, step.depth + 1);
            }
        }
    }

    /// The names that a file had which was written by one of them: that one, and what
    /// it has at the end.
    fn names(&self, usage: &Usage, content: Content) -> Vec<ResourceId> {
        let Content::File(file) = content else { return vec![usage.resource] };
        let is_it = |id: ResourceId| {
            self.graph.resource(id).is_some_and(|resource| resource.life.file == Some(file))
        };
        let all = self.graph.resources.iter().map(|resource| resource.id);
        let mut names: Vec<_> = all.filter(|id| is_it(*id)).collect();
        if names.is_empty() {
            names.push(usage.resource);
        }
        names
    }

    /// Whether something that was written into one version is left in another.
    fn is_left(&self, read: Option<VersionId>, written: Option<u32>) -> bool {
        let (Some(read), Some(written)) = (read, written) else { return true };
        (self.contents.oldest_left(read)..=read.number).contains(&written)
    }

    /// Whether a usage is about what files hold: a device has no content that stays,
    /// but it can give some.
    fn is_file(&self, usage: &Usage) -> bool {
        let class = self.graph.resource(usage.resource).filter(|resource| resource.has_path());
        match class.map(|resource| resource.class) {
            Some(Class::File) => true,
            Some(Class::Device) => usage.bytes_in.known() != Some(0),
            _ => false,
        }
    }
}

/// A search by breadth.
struct Search {
    queue: VecDeque<Step>,
    /// How an activity has been come to.
    seen: FxHashMap<ActivityIndex, u64>,
    /// Whether a time says more of an activity than the one before.
    says_more: fn(u64, u64) -> bool,
    found: Found,
}

impl Search {
    fn new(says_more: fn(u64, u64) -> bool) -> Self {
        let (seen, found) = (FxHashMap::default(), Found::default());
        Self { queue: VecDeque::new(), seen, says_more, found }
    }

    /// The next step that says more of its activity than those before.
    fn next(&mut self) -> Option<Step> {
        loop {
            let step = self.queue.pop_front()?;
            let known = self.seen.get(&step.activity).copied();
            if known.is_none_or(|known| (self.says_more)(known, step.time)) {
                self.seen.insert(step.activity, step.time);
                return Some(step);
            }
        }
    }

    /// A step as far away as the one at hand.
    fn now(&mut self, activity: ActivityIndex, time: u64, depth: u64) {
        self.queue.push_front(Step { activity, time, depth });
    }

    /// A step farther away.
    fn later(&mut self, activity: ActivityIndex, time: u64, depth: u64) {
        self.queue.push_back(Step { activity, time, depth });
    }

    fn found(&mut self, name: ResourceId, depth: u64) {
        let known = self.found.entry(name).or_insert(depth);
        *known = depth.min(*known);
    }
}
