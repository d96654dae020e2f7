//! Files that a run makes for itself, under names that nobody else needs to know: which
//! of them are the same in two runs.
//!
//! No rule knows all the ways in which programs draw names. But what a program makes in a
//! temporary directory, or makes and removes, is what the same program makes there in the
//! other run, if both do the same to it.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::align::base;
use super::pair::{Both, Pair};
use super::portrait::{Deeds, Portrait, ProgramId, ThingId};

/// Where files are of no lasting interest; file-hierarchy(7).
const DIRECTORIES: [&[u8]; 4] = [b"/tmp/", b"/var/tmp/", b"/dev/shm/", b"/run/user/"];

/// Whether a path leads to where files are of no lasting interest.
pub(super) fn is_temporary(path: &[u8]) -> bool {
    DIRECTORIES.iter().any(|directory| path.starts_with(directory))
}

/// What may make two files of different names the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Likeness {
    /// The program that touched it first, by its number in the second run.
    maker: ProgramId,
    directory: Vec<u8>,
    extension: Vec<u8>,
    deeds: u16,
}

/// Joins things that only one of the runs has, where they are the same one.
pub(super) fn join(pair: &mut Pair<'_>) {
    let all: Vec<Both> = pair.all_things().collect();
    let mut wanted: FxHashMap<Likeness, VecDeque<ThingId>> = FxHashMap::default();
    for b in all.iter().filter(|both| both.a.is_none()).filter_map(|both| both.b) {
        let users = pair.users_b(Some(b)).iter().map(|(user, one)| (*user, one.deeds));
        if let Some(likeness) = likeness(pair.b, b, &users.collect::<Vec<_>>()) {
            wanted.entry(likeness).or_default().push_back(b);
        }
    }
    for a in all.iter().filter(|both| both.b.is_none()).filter_map(|both| both.a) {
        let users = pair.users_a(Some(a)).iter();
        let users = users
            .filter_map(|(user, one)| Some((pair.alignment.programs[*user as usize]?, one.deeds)));
        let Some(likeness) = likeness(pair.a, a, &users.collect::<Vec<_>>()) else { continue };
        let Some(b) = wanted.get_mut(&likeness).and_then(VecDeque::pop_front) else { continue };
        pair.things[a as usize] = Some(b);
        pair.things_back[b as usize] = Some(a);
    }
}

/// What a thing is known by, if it is one that a run makes for itself.
fn likeness(run: &Portrait, id: ThingId, users: &[(ProgramId, u16)]) -> Option<Likeness> {
    let thing = run.things.get(id as usize)?;
    let path = run.text(thing.raw);
    let is_own = thing.changed.is_some() && (is_temporary(path) || thing.is_gone);
    if !is_own || !run.is_path(id) {
        return None;
    }
    let (maker, _) = *users.first()?;
    let name = base(path);
    let directory = run.text(thing.name);
    let directory = &directory[..directory.len() - base(directory).len()];
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0);
    Some(Likeness {
        maker,
        directory: directory.to_vec(),
        extension: dot.map(|dot| name[dot..].to_vec()).unwrap_or_default(),
        deeds: users.iter().fold(0, |deeds, (_, more)| deeds | more) & Deeds::WEIGHTY,
    })
}
