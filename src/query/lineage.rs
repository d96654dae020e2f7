//! What a file was made from, and what was made from it.
//!
//! Content goes from a file to an activity that reads, maps or executes it, from an
//! activity to a file that it writes, and from one activity to another through pipes
//! and connections. What an activity took after it had given no longer matters, so a
//! search comes to an activity with a time, and goes on from what was before it. From one
//! run to another it goes by the files that the one left and the other found.

use rustc_hash::FxHashMap;

use super::contents::{Content, Contents, Writer};
use super::heritage::Heritage;
use super::search::{Found, Search, Step, Who};
use super::subject::Subject;
use crate::flow::graph::{ActivityIndex, Graph, Passage, Usage};
use crate::flow::{Class, ResourceId, VersionId};

/// How files came about, by who took and gave.
#[derive(Debug)]
pub(super) struct Lineage<'a> {
    subjects: &'a [Subject],
    heritage: Heritage<'a>,
    /// Of each run.
    activities: Vec<Activities<'a>>,
}

/// What the activities of a run took and gave.
#[derive(Debug, Default)]
struct Activities<'a> {
    usages: FxHashMap<ActivityIndex, Vec<&'a Usage>>,
    into: FxHashMap<ActivityIndex, Vec<&'a Passage>>,
    out_of: FxHashMap<ActivityIndex, Vec<&'a Passage>>,
}

impl<'a> Activities<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut all = Self::default();
        for usage in graph.usages.iter().filter(|usage| usage.has_taken() || usage.has_given()) {
            all.usages.entry(usage.activity).or_default().push(usage);
        }
        // Content of files is found by its versions.
        let streams = graph.passages.iter().filter(|one| one.is_data() && one.version.is_none());
        for passage in streams.filter(|passage| passage.from != passage.to) {
            all.into.entry(passage.to).or_default().push(passage);
            all.out_of.entry(passage.from).or_default().push(passage);
        }
        all
    }
}

impl<'a> Lineage<'a> {
    pub(super) fn new(subjects: &'a [Subject]) -> Self {
        let activities = subjects.iter().map(|subject| Activities::new(&subject.graph)).collect();
        Self { subjects, heritage: Heritage::new(subjects), activities }
    }

    /// What the files that have had those names, each in its run, were made from.
    pub(super) fn made_from(&self, names: &[(usize, ResourceId)]) -> Found {
        let mut search = Search::new(|old, new| new > old);
        for (run, contents, name) in self.named(names) {
            let own = contents.named(name).into_iter().flat_map(|one| contents.writers(one));
            let is_found = contents.named(name).into_iter().any(|one| contents.is_found(one));
            let found = is_found.then(|| self.heritage.givers(run, name, u64::MAX));
            let all = own.map(|writer| (run, writer)).chain(found.into_iter().flatten());
            for (run, writer) in all {
                search.later(Who { run, activity: writer.activity }, writer.last, 0);
            }
        }
        while let Some(step) = search.next() {
            let Some(all) = self.activities.get(step.who.run) else { continue };
            for passage in all.into.get(&step.who.activity).into_iter().flatten() {
                if passage.taken.first < step.time {
                    let given = passage.given.map_or(passage.taken.last, |given| given.last);
                    search.now(step.beside(passage.from), step.time.min(given), step.depth);
                }
            }
            for usage in all.usages.get(&step.who.activity).into_iter().flatten() {
                if usage.taken.is_some_and(|taken| taken.first < step.time) {
                    self.took(usage, step, &mut search);
                    self.came_across(usage, step, &mut search);
                }
            }
        }
        search.found
    }

    /// An activity took something from a file: who had given it?
    fn took(&self, usage: &Usage, step: Step, search: &mut Search) {
        let run = step.who.run;
        let Some(contents) = self.heritage.contents.get(run) else { return };
        let until = usage.taken.map_or(step.time, |taken| taken.last);
        let is_earlier = |writer: &Writer| {
            is_left(contents, usage.version, writer.number) && writer.first < until
        };
        let writers = contents.writers(Content::of(usage)).into_iter();
        let writers: Vec<_> = writers.filter(is_earlier).collect();
        let is_all_own = writers.iter().all(|writer| step.is_by(writer.activity));
        let first = usage.taken.map_or(0, |taken| taken.first);
        let is_new = match usage.version {
            Some(version) => contents.is_all_by(version, usage.activity),
            None => writers.iter().any(|writer| writer.first < first),
        };
        // What it had written itself says nothing of others.
        if !self.is_file(run, usage) || is_new && is_all_own {
            return;
        }
        search.found(run, usage.resource, step.depth + 1);
        for writer in writers.iter().filter(|writer| !step.is_by(writer.activity)) {
            let who = step.beside(writer.activity);
            search.later(who, writer.last.min(until), step.depth + 1);
        }
        for (other, writer) in self.heritage.givers_of(run, usage) {
            let until = self.heritage.time_in(other, run, until);
            let who = Who { run: other, activity: writer.activity };
            search.later(who, writer.last.min(until), step.depth + 1);
        }
    }

    /// What was made from the files that have had those names, each in its run.
    pub(super) fn made_of(&self, names: &[(usize, ResourceId)]) -> Found {
        let mut search = Search::new(|old, new| new < old);
        for (run, contents, name) in self.named(names) {
            for usage in contents.named(name).into_iter().flat_map(|one| contents.usages(one)) {
                if let Some(taken) = usage.taken {
                    search.later(Who { run, activity: usage.activity }, taken.first, 0);
                }
            }
        }
        while let Some(step) = search.next() {
            let Some(all) = self.activities.get(step.who.run) else { continue };
            for passage in all.out_of.get(&step.who.activity).into_iter().flatten() {
                if passage.given.is_none_or(|given| given.last > step.time) {
                    let time = step.time.max(passage.taken.first);
                    search.now(step.beside(passage.to), time, step.depth);
                }
            }
            for usage in all.usages.get(&step.who.activity).into_iter().flatten() {
                if usage.given.is_some_and(|given| given.last > step.time) {
                    self.gave(usage, step, &mut search);
                    self.went_across(usage, step, &mut search);
                }
            }
        }
        search.found
    }

    /// An activity took something from a connection: who, in another run, had given it?
    fn came_across(&self, usage: &Usage, step: Step, search: &mut Search) {
        let until = usage.taken.map_or(step.time, |taken| taken.last.min(step.time));
        for (run, other) in self.other_ends(step.who.run, usage) {
            let until = self.heritage.time_in(run, step.who.run, until);
            if let Some(given) = other.given.filter(|given| given.first < until) {
                let who = Who { run, activity: other.activity };
                search.now(who, given.last.min(until), step.depth);
            }
        }
    }

    /// An activity gave something to a connection: who, in another run, took it?
    fn went_across(&self, usage: &Usage, step: Step, search: &mut Search) {
        let since = usage.given.map_or(step.time, |given| given.first.max(step.time));
        for (run, other) in self.other_ends(step.who.run, usage) {
            let since = self.heritage.time_in(run, step.who.run, since);
            if let Some(taken) = other.taken.filter(|taken| taken.last > since) {
                let who = Who { run, activity: other.activity };
                search.now(who, taken.first.max(since), step.depth);
            }
        }
    }

    /// What was done at the other end of a connection, with the place of that run.
    fn other_ends(
        &self,
        run: usize,
        usage: &Usage,
    ) -> impl Iterator<Item = (usize, &'a Usage)> + use<'a> {
        let (subjects, own) = (self.subjects, usage.resource);
        let across = subjects.get(run).map_or(&[][..], |subject| &subject.across);
        across.iter().filter(move |one| one.own == own).flat_map(move |one| {
            let usages = subjects.get(one.run).map_or(&[][..], |other| &other.graph.usages);
            let there = usages.iter().filter(|usage| usage.resource == one.other);
            there.map(|usage| (one.run, usage))
        })
    }

    /// An activity gave something to a file: who took it?
    fn gave(&self, usage: &Usage, step: Step, search: &mut Search) {
        let run = step.who.run;
        let Some(contents) = self.heritage.contents.get(run) else { return };
        if !self.is_file(run, usage) {
            return;
        }
        let content = Content::of(usage);
        let since = usage.given.map_or(0, |given| given.first);
        for reader in contents.usages(content) {
            let Some(taken) = reader.taken.filter(|taken| taken.last > since) else { continue };
            let number = usage.version.map(|version| version.number);
            if reader.activity != usage.activity && is_left(contents, reader.version, number) {
                let time = taken.first.max(step.time);
                search.later(step.beside(reader.activity), time, step.depth + 1);
            }
        }
        for name in names(contents, usage, content) {
            search.found(run, name, step.depth + 1);
            self.left(name, step, search);
        }
    }

    /// An activity left a file of that name: who, of other runs, took what it had given?
    /// Those may have given it other names.
    fn left(&self, name: ResourceId, step: Step, search: &mut Search) {
        let (mut names, mut done) = (vec![(step.who.run, name)], 0);
        while let Some(&(run, name)) = names.get(done) {
            done += 1;
            add(&mut names, self.heritage.names(run, name).iter().copied());
            let Some(contents) = self.heritage.contents.get(run) else { continue };
            if run == step.who.run {
                continue;
            }
            for content in contents.named(name) {
                contents.usages(content).for_each(|one| self.found_by(run, one, step, search));
                let later = contents.names_of(content).iter();
                add(&mut names, later.map(|name| (run, *name)));
            }
            add(&mut names, self.heritage.moved_to(run, name).map(|name| (run, name)));
        }
    }

    /// A usage of another run takes what the step's activity had given, or something else.
    fn found_by(&self, run: usize, reader: &Usage, step: Step, search: &mut Search) {
        let since = self.heritage.time_in(run, step.who.run, step.time);
        let Some(taken) = reader.taken.filter(|taken| taken.last > since) else { return };
        let givers = self.heritage.givers_of(run, reader);
        if givers.iter().any(|(of, one)| *of == step.who.run && step.is_by(one.activity)) {
            let who = Who { run, activity: reader.activity };
            search.later(who, taken.first.max(since), step.depth + 1);
        }
    }

    /// Names with their runs and what is in the files of those.
    fn named<'b>(
        &'b self,
        names: &'b [(usize, ResourceId)],
    ) -> impl Iterator<Item = (usize, &'b Contents<'a>, ResourceId)> {
        names
            .iter()
            .filter_map(|(run, name)| Some((*run, self.heritage.contents.get(*run)?, *name)))
    }

    /// Whether a usage is about what files hold: a device has no content that stays,
    /// but it can give some.
    fn is_file(&self, run: usize, usage: &Usage) -> bool {
        let resource =
            self.subjects.get(run).and_then(|subject| subject.graph.resource(usage.resource));
        match resource.filter(|resource| resource.has_path()).map(|resource| resource.class) {
            Some(Class::File) => true,
            Some(Class::Device) => usage.bytes_in.known() != Some(0),
            _ => false,
        }
    }
}

/// Adds what is not there already.
fn add<T: PartialEq>(all: &mut Vec<T>, more: impl Iterator<Item = T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// The names that a file had which was written by one of them: that one, and what it has
/// at the end.
fn names(contents: &Contents<'_>, usage: &Usage, content: Content) -> Vec<ResourceId> {
    let names = contents.names_of(content);
    if names.is_empty() { vec![usage.resource] } else { names.to_vec() }
}

/// Whether something that was written into one version is left in another.
fn is_left(contents: &Contents<'_>, read: Option<VersionId>, written: Option<u32>) -> bool {
    let (Some(read), Some(written)) = (read, written) else { return true };
    (contents.oldest_left(read)..=read.number).contains(&written)
}
