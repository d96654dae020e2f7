use rustc_hash::FxHashSet;

use super::super::contents::Content;
use super::super::subject::Key;
use super::{Cell, Error, Params, Rows, Subject, query, sorted};
use crate::flow::graph::{Deed, Usage};
use crate::flow::{Class, Sort};

query! {
    /// Files that were opened and that nobody in the runs ever read, wrote, mapped, executed or
    /// made short; with who opened them. Where calls that do so were not recorded, or something
    /// of what the process did is missing, no file is said to be unused.
    "unused"() of [READS, WRITES, MAPS, DESCRIPTORS, NAMES, LISTS]
        -> "path", "pid", "command"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let used = |subject| used(subject).filter_map(|usage| subject.key(usage.resource));
    let elsewhere = if subjects.len() > 1 { subjects } else { &[] };
    let elsewhere: FxHashSet<_> = elsewhere.iter().flat_map(used).collect();
    Ok(sorted(subjects.iter().flat_map(|subject| unused(subject, &elsewhere)).collect()))
}

/// What was done with files.
fn used(subject: &Subject) -> impl Iterator<Item = &Usage> {
    subject.graph.usages.iter().filter(|usage| is_use(usage))
}

fn unused(subject: &Subject, elsewhere: &FxHashSet<Key<'_>>) -> Rows {
    let graph = &subject.graph;
    let omitted = graph.omitted;
    if omitted.takes(Class::File) || omitted.gives(Class::File) || omitted.has(Sort::Names) {
        return Rows::new();
    }
    let names: FxHashSet<_> = used(subject).map(|usage| usage.resource).collect();
    let contents: FxHashSet<_> = used(subject).map(Content::of).collect();
    let is_unused = |usage: &&Usage| {
        let Some(resource) = graph.resource(usage.resource) else { return false };
        let file = resource.life.file.map(Content::File);
        let is_file = resource.class == Class::File && resource.has_path();
        // As far as may be, it was used without a record of it.
        let is_known = usage.bytes_in.known().is_some() && usage.bytes_out.known().is_some();
        is_file
            && is_known
            && usage.count(Deed::Open) > 0
            && !names.contains(&usage.resource)
            && !file.is_some_and(|file| contents.contains(&file))
            && !subject.key(usage.resource).is_some_and(|key| elsewhere.contains(&key))
    };
    let opened = graph.usages.iter().filter(is_unused);
    opened
        .map(|usage| {
            let path = Cell::from(subject.name(usage.resource));
            vec![path, subject.pid(usage.activity), subject.command(usage.activity)]
        })
        .collect()
}

fn is_use(usage: &Usage) -> bool {
    let deeds = [Deed::Read, Deed::Write, Deed::Map, Deed::MapShared, Deed::Execute];
    let deeds = deeds.into_iter().chain([Deed::List, Deed::Truncate]);
    deeds.into_iter().any(|deed| usage.count(deed) > 0)
}
