//! Files that one run found in a directory and the other did not: who lists a directory
//! uses what is there, and asks for nothing that is not.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::align::base;
use super::finding::{Finding, Force, Kind};
use super::pair::{Both, Pair, text};
use super::portrait::{Deeds, Portrait, ProgramId, ThingId, Use};

/// Files of a directory that are named.
const NAMED: usize = 3;

pub(super) fn find(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let listed_a = listed(pair.a, &pair.users_a);
    let listed_b = listed(pair.b, &pair.users_b);
    let mut only: BTreeMap<(bool, &[u8]), Vec<ThingId>> = BTreeMap::new();
    for both in pair.all_things() {
        let (run, id, users, is_a) = match both {
            Both { a: Some(a), b: None } => (pair.a, a, pair.users_a(Some(a)), true),
            Both { a: None, b: Some(b) } => (pair.b, b, pair.users_b(Some(b)), false),
            _ => continue,
        };
        let directory = directory(run.name(id));
        let is_listed = listed_a.contains_key(directory) && listed_b.contains_key(directory);
        let is_input = is_listed && is_input(run, id, users) && !run.is_temporary(id);
        if is_input && users.first().is_some_and(|(user, _)| got_there(pair, *user, is_a)) {
            only.entry((is_a, directory)).or_default().push(id);
        }
    }
    for ((is_a, directory), files) in only {
        let Some((program, at)) = listed_b.get(directory) else { continue };
        let run = if is_a { pair.a } else { pair.b };
        found.push(finding(pair, run, is_a, directory, &files, (*program, *at)));
    }
}

/// The directory that a path is in, without the slash.
pub(super) fn directory(path: &[u8]) -> &[u8] {
    path[..path.len() - base(path).len()].strip_suffix(b"/").unwrap_or_default()
}

/// Directories that a run has listed: who did so first, and when.
fn listed<'a>(
    run: &'a Portrait,
    users: &FxHashMap<ThingId, Vec<(ProgramId, Use)>>,
) -> FxHashMap<&'a [u8], (ProgramId, u64)> {
    let lists = |(thing, users): (&ThingId, &Vec<(ProgramId, Use)>)| {
        let (program, one) = users.iter().find(|(_, one)| one.deeds & Deeds::LIST != 0)?;
        run.is_path(*thing).then(|| (run.name(*thing), (*program, one.first)))
    };
    users.iter().filter_map(lists).collect()
}

/// Whether the run took what is in a file that it found.
fn is_input(run: &Portrait, id: ThingId, users: &[(ProgramId, Use)]) -> bool {
    let takes = |(_, one): &(ProgramId, Use)| one.deeds & (Deeds::READ | Deeds::EXECUTE) != 0;
    run.is_path(id) && run.things[id as usize].changed.is_none() && users.iter().any(takes)
}

/// Whether the run that has not used a file got as far as the other that has: whether what
/// is the same as the user of it, or as the process that led to it, did not fail.
fn got_there(pair: &Pair<'_>, user: ProgramId, is_a: bool) -> bool {
    let (run, other) = if is_a { (pair.a, pair.b) } else { (pair.b, pair.a) };
    let partners = if is_a { &pair.alignment.processes } else { &pair.alignment.back };
    let mut process = run.program(user).map(|program| program.process);
    while let Some(id) = process {
        if let Some(partner) = partners.get(id as usize).copied().flatten() {
            return !other.processes[partner as usize].end.is_bad();
        }
        // A parent comes before its children.
        process = run.processes.get(id as usize).and_then(|one| one.parent);
        process = process.filter(|parent| *parent < id);
    }
    false
}

fn finding(
    pair: &Pair<'_>,
    run: &Portrait,
    is_a: bool,
    directory: &[u8],
    files: &[ThingId],
    (program, at): (ProgramId, u64),
) -> Finding {
    let names: Vec<String> = files
        .iter()
        .take(NAMED)
        .map(|file| text(base(run.text(run.things[*file as usize].raw))))
        .collect();
    let more = files.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let directory = text(directory);
    let (what, words) = match (files, is_a) {
        ([file], true) => (format!("{} is missing", run.shown_thing(*file)), "it was there".into()),
        ([file], false) => (format!("{} is there", run.shown_thing(*file)), "it was used".into()),
        (all, true) => (
            format!("{} files in {directory} that the second run has not", all.len()),
            names.join(", ") + &more,
        ),
        (all, false) => (
            format!("{} files in {directory} that the first run had not", all.len()),
            names.join(", ") + &more,
        ),
    };
    Finding {
        kind: Kind::Missing,
        force: Force::Cause,
        what,
        a: is_a.then(|| words.clone()),
        b: (!is_a).then_some(words),
        command: Some(pair.b.shown_command(program)),
        evidence: vec!["the directory is listed, and what is in it is used".into()],
        at,
        key: format!("listing:{directory}"),
        is_relevant: true,
    }
}
