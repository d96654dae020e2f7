//! Files that a run makes for itself, under names that nobody else needs to know: which
//! of them are the same in two runs.
//!
//! No rule knows all the ways in which programs draw names. But what a program makes in a
//! temporary directory, or makes and removes, is what the same program makes there in the
//! other run, if both do the same to it. So is what it makes under a name that looks drawn.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::align::base;
use super::holds::is_random;
use super::pair::{Both, Pair};
use super::portrait::{Deeds, Portrait, ProgramId, ThingId};

/// Letters and digits that are fewer are no drawn name.
const DRAWN: usize = 6;
/// An extension that is longer is drawn rather than chosen.
const EXTENSION: usize = 6;

/// Where files are of no lasting interest; file-hierarchy(7).
const DIRECTORIES: [&[u8]; 4] = [b"/tmp/", b"/var/tmp/", b"/dev/shm/", b"/run/user/"];

impl Portrait {
    /// Whether a thing is where files are of no lasting interest. A run may be at home
    /// there itself: what is below the directory that it was started in is not.
    pub(super) fn is_temporary(&self, id: ThingId) -> bool {
        let path = self.name(id);
        let home = self.programs.iter().find(|program| program.is_own);
        let home = home.and_then(|program| program.cwd).map_or(&b""[..], |cwd| self.text(cwd));
        let is_below = |directory: &[u8]| {
            let below = path.strip_prefix(directory);
            !directory.is_empty() && below.is_some_and(|rest| rest.starts_with(b"/"))
        };
        DIRECTORIES.iter().any(|directory| path.starts_with(directory)) && !is_below(home)
    }
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

/// Joins things that only one of the runs has, where they are the same one. How many of
/// them there are does not matter: one that is left over is one more of the others.
pub(super) fn join(pair: &mut Pair<'_>) {
    let all: Vec<Both> = pair.all_things().collect();
    let mut wanted: FxHashMap<Likeness, VecDeque<ThingId>> = FxHashMap::default();
    let mut like_b: FxHashMap<Likeness, ThingId> = FxHashMap::default();
    for (b, is_only) in all.iter().filter_map(|both| Some((both.b?, both.a.is_none()))) {
        let Some(likeness) = likeness_b(pair, b) else { continue };
        if is_only {
            wanted.entry(likeness).or_default().push_back(b);
        } else {
            like_b.entry(likeness).or_insert(b);
        }
    }
    let mut like_a: FxHashMap<Likeness, ThingId> = FxHashMap::default();
    for (a, known) in all.iter().filter_map(|both| Some((both.a?, both.b))) {
        let Some(likeness) = likeness_a(pair, a) else { continue };
        let other = known.is_none().then(|| wanted.get_mut(&likeness)?.pop_front()).flatten();
        if let Some(b) = other {
            pair.things_back[b as usize] = Some(a);
            like_b.entry(likeness.clone()).or_insert(b);
        }
        if known.is_none() {
            pair.things[a as usize] = other.or(like_b.get(&likeness).copied());
        }
        if known.or(other).is_some() {
            like_a.entry(likeness).or_insert(a);
        }
    }
    for (likeness, left) in wanted {
        for b in left {
            pair.things_back[b as usize] = like_a.get(&likeness).copied();
        }
    }
}

/// What a thing of the second run is known by.
fn likeness_b(pair: &Pair<'_>, b: ThingId) -> Option<Likeness> {
    let users = pair.users_b(Some(b)).iter().map(|(user, one)| (*user, one.deeds));
    likeness(pair.b, b, &users.collect::<Vec<_>>())
}

/// The same of the first run, in terms of the second.
fn likeness_a(pair: &Pair<'_>, a: ThingId) -> Option<Likeness> {
    let users = pair.users_a(Some(a)).iter();
    let users =
        users.filter_map(|(user, one)| Some((pair.alignment.programs[*user as usize]?, one.deeds)));
    likeness(pair.a, a, &users.collect::<Vec<_>>())
}

/// What a thing is known by, if it is one that a run makes for itself.
fn likeness(run: &Portrait, id: ThingId, users: &[(ProgramId, u16)]) -> Option<Likeness> {
    let thing = run.things.get(id as usize)?;
    if thing.changed.is_none() || !run.is_path(id) {
        return None;
    }
    let (maker, _) = *users.first()?;
    let deeds = users.iter().fold(0, |deeds, (_, more)| deeds | more) & Deeds::WEIGHTY;
    let normal = run.text(thing.name);
    let (undrawn, is_drawn) = without_drawn(normal);
    if !run.is_temporary(id) && !thing.is_gone {
        let like = Likeness { maker, directory: undrawn, extension: Vec::new(), deeds };
        return is_drawn.then_some(like);
    }
    let (directory, _) = without_drawn(&normal[..normal.len() - base(normal).len()]);
    let name = base(run.text(thing.raw));
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|at| *at > 0);
    let extension = dot.map(|dot| &name[dot..]).filter(|extension| extension.len() < EXTENSION);
    Some(Likeness { maker, directory, extension: extension.unwrap_or_default().to_vec(), deeds })
}

/// A path without the parts that look drawn; whether there are any. Beside one, letters
/// with digits among them are taken for drawn, too.
fn without_drawn(path: &[u8]) -> (Vec<u8>, bool) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
    let parts = || path.chunk_by(|one, other| is_word(one) == is_word(other));
    let is_long = |part: &[u8]| part.len() >= DRAWN && is_word(&part[0]);
    let is_drawn = parts().any(|part| is_long(part) && is_random(part));
    let is_mixed = |part: &[u8]| {
        part.iter().any(u8::is_ascii_digit) && part.iter().any(u8::is_ascii_alphabetic)
    };
    let mut undrawn = Vec::with_capacity(path.len());
    for part in parts() {
        let is_one = is_drawn && is_long(part) && (is_random(part) || is_mixed(part));
        undrawn.extend_from_slice(if is_one { b"*" } else { part });
    }
    (undrawn, is_drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_parts_of_names() {
        let shown = |path: &str| {
            let (path, is_drawn) = without_drawn(path.as_bytes());
            (String::from_utf8(path).expect("it is text"), is_drawn)
        };
        assert_eq!(shown("/b/targetDIRbVM/TAG"), ("/b/*/TAG".into(), true));
        assert_eq!(shown("/b/x-1hjok4e-hogzhyeo65/a1"), ("/b/x-*-*/a1".into(), true));
        assert_eq!(shown("/data/berlin01/report.csv"), ("/data/berlin01/report.csv".into(), false));
    }
}
