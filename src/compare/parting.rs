//! Where programs that are the same part: what one of them does and the other never.
//!
//! That something is done more often, or earlier or later among other things, is no
//! difference: loops go round as often as they must, and threads and parallel processes
//! take turns as they come. So a step counts only if the other run's program does not do
//! it at all, nor any other that runs the same command.

use rustc_hash::{FxHashMap, FxHashSet};

use super::finding::{Count, Finding, Force, Kind};
use super::pair::{Both, Pair, text};
use super::portrait::{Portrait, ProgramId, Step, ThingId, Track};
use super::sequence::{common, folded};

/// Programs of which it is told where they part: those that do so first.
const TOLD: usize = 5;

/// Finds them, and counts steps.
pub(super) fn find(pair: &Pair<'_>, found: &mut Vec<Finding>) -> Count {
    let numbers = Numbers::of(pair);
    let mut count = Count { what: "calls, those of a loop once", ..Count::default() };
    let (tracks_a, tracks_b) = (by_program(pair.a), by_program(pair.b));
    let none = Vec::new();
    let mut parted = Vec::new();
    for (a, b) in pair.programs() {
        let one = tracks_a.get(&a).unwrap_or(&none);
        let other = tracks_b.get(&b).unwrap_or(&none);
        let mut parting = Parting { a, b, only_a: Vec::new(), only_b: Vec::new() };
        for index in 0..one.len().max(other.len()) {
            let threads = (one.get(index).copied(), other.get(index).copied());
            numbers.part(threads, &mut parting, &mut count);
        }
        count.only_a += parting.only_a.len() as u64;
        count.only_b += parting.only_b.len() as u64;
        if !parting.only_a.is_empty() || !parting.only_b.is_empty() {
            parted.push(parting.finding(pair));
        }
    }
    parted.sort_by_key(|finding| finding.at);
    found.extend(parted.into_iter().take(TOLD));
    count
}

fn by_program(run: &Portrait) -> FxHashMap<ProgramId, Vec<&Track>> {
    let mut tracks: FxHashMap<ProgramId, Vec<&Track>> = FxHashMap::default();
    for track in &run.tracks {
        tracks.entry(track.program).or_default().push(track);
    }
    tracks
}

/// Programs that run the same command.
type Group = u32;

/// Steps of both runs, numbered alike, and who does them.
struct Numbers<'a> {
    pair: &'a Pair<'a>,
    /// Numbers of the first run's steps; those of the second are their places.
    of_a: Vec<u32>,
    groups_a: Vec<Group>,
    groups_b: Vec<Group>,
    /// What the programs of a group do, in the first run and in the second.
    done_a: FxHashSet<(Group, u32)>,
    done_b: FxHashSet<(Group, u32)>,
}

impl<'a> Numbers<'a> {
    fn of(pair: &'a Pair<'a>) -> Self {
        let mut known = FxHashMap::default();
        let (groups_a, groups_b) = (groups(pair.a, &mut known), groups(pair.b, &mut known));
        let of_a = numbers_of_a(pair);
        let all_a = pair.a.tracks.iter().flat_map(|track| {
            let group = groups_a[track.program as usize];
            track.steps.iter().map(move |(step, _)| (group, *step))
        });
        let done_a = all_a.map(|(group, step)| (group, of_a[step as usize])).collect();
        let all_b = pair.b.tracks.iter().flat_map(|track| {
            let group = groups_b[track.program as usize];
            track.steps.iter().map(move |(step, _)| (group, *step))
        });
        let done_b = all_b.collect();
        Self { pair, of_a, groups_a, groups_b, done_a, done_b }
    }

    /// Where two threads part, added to what is known of their programs.
    fn part(
        &self,
        (one, other): (Option<&Track>, Option<&Track>),
        parting: &mut Parting,
        count: &mut Count,
    ) {
        let steps = |track: Option<&Track>| -> Vec<(u32, u64)> {
            let steps = track.map_or(&[][..], |track| &track.steps);
            folded(steps).into_iter().map(|at| steps[at]).collect()
        };
        let (a, b) = (steps(one), steps(other));
        let numbers_a: Vec<u32> = a.iter().map(|(step, _)| self.of_a[*step as usize]).collect();
        let numbers_b: Vec<u32> = b.iter().map(|(step, _)| *step).collect();
        let both = common(&numbers_a, &numbers_b);
        count.same += both.len() as u64;
        let (mut moved_a, mut moved_b) = (0, 0);
        let (group_a, group_b) =
            (self.groups_a[parting.a as usize], self.groups_b[parting.b as usize]);
        for (at, before) in apart(a.len(), both.iter().map(|pair| pair.0)) {
            let last = before.map(|place| b[both[place].1]);
            let is_done = self.done_b.contains(&(group_b, numbers_a[at]));
            if !is_done && self.lasts(self.pair.a, a[at].0) {
                let time = self.at(parting.a, a[at].1, last.map(|last| last.1));
                parting.only_a.push(Parted { step: a[at].0, at: time, last: last.map(|it| it.0) });
            } else {
                moved_a += 1;
            }
        }
        for (at, before) in apart(b.len(), both.iter().map(|pair| pair.1)) {
            let last = before.map(|place| b[both[place].1].0);
            let is_done = self.done_a.contains(&(group_a, numbers_b[at]));
            if !is_done && self.lasts(self.pair.b, b[at].0) {
                parting.only_b.push(Parted { step: b[at].0, at: b[at].1, last });
            } else {
                moved_b += 1;
            }
        }
        count.changed += moved_a.max(moved_b);
    }

    /// When in the second run a program would have done what it did only in the first: after
    /// what both did before, and after those that it had started had ended.
    fn at(&self, program: ProgramId, time: u64, last: Option<u64>) -> u64 {
        let after = last.unwrap_or_else(|| self.pair.at(program, time));
        let process = self.pair.a.program(program).map(|one| one.process);
        after.max(process.map_or(0, |process| self.pair.siblings_end(process, time)))
    }

    /// Whether a step is about nothing that is temporary, or that the first run has left
    /// for the second to find.
    fn lasts(&self, run: &Portrait, step: u32) -> bool {
        let pair = self.pair;
        let is_left = |thing: ThingId| {
            let is_of_a = std::ptr::eq(run, pair.a);
            let a = if is_of_a { Some(thing) } else { pair.things_back[thing as usize] };
            pair.was_left(Both { a, b: None })
        };
        let mut things = run.steps[step as usize].things.into_iter().flatten();
        !things.any(|thing| run.is_temporary(thing) || is_left(thing))
    }
}

/// A group for each program of a run.
fn groups(run: &Portrait, known: &mut FxHashMap<(bool, Vec<u8>), Group>) -> Vec<Group> {
    let programs = run.programs.iter().zip(0..);
    let groups = programs.map(|(program, id)| {
        let next = known.len() as Group;
        *known.entry((program.is_own, run.command(id, true))).or_insert(next)
    });
    groups.collect()
}

/// Numbers of the first run's steps: that of the second's that is the same, or a new one.
fn numbers_of_a(pair: &Pair<'_>) -> Vec<u32> {
    let steps_b = pair.b.steps.iter().zip(0_u32..);
    let known: FxHashMap<_, u32> =
        steps_b.map(|(step, id)| ((pair.b.text(step.call), step.errno, step.things), id)).collect();
    let number = |(step, id): (&Step, u32)| {
        let things = step.things.map(|thing| thing.map(|id| pair.things[id as usize]));
        let is_shared = !things.contains(&Some(None));
        let key = (pair.a.text(step.call), step.errno, things.map(Option::flatten));
        let shared = known.get(&key).copied().filter(|_| is_shared);
        shared.unwrap_or(pair.b.steps.len() as u32 + id)
    };
    pair.a.steps.iter().zip(0..).map(number).collect()
}

/// The places of a sequence that are not among the given ones, each with how many of
/// those are before it, less one.
fn apart(
    len: usize,
    common: impl Iterator<Item = usize>,
) -> impl Iterator<Item = (usize, Option<usize>)> {
    let mut common = common.peekable();
    let mut passed: Option<usize> = None;
    (0..len).filter_map(move |at| {
        if common.next_if_eq(&at).is_some() {
            passed = Some(passed.map_or(0, |passed| passed + 1));
            return None;
        }
        Some((at, passed))
    })
}

/// Where two programs part.
struct Parting {
    a: ProgramId,
    b: ProgramId,
    only_a: Vec<Parted>,
    only_b: Vec<Parted>,
}

/// A step that only one of them does.
struct Parted {
    /// Which, in its own run.
    step: u32,
    /// When, in the second run.
    at: u64,
    /// What both did just before, in the second run.
    last: Option<u32>,
}

impl Parting {
    fn finding(&self, pair: &Pair<'_>) -> Finding {
        let command = pair.b.shown_command(self.b);
        let parted = || self.only_a.iter().chain(&self.only_b);
        let first = parted().min_by_key(|parted| parted.at);
        let last = first.and_then(|first| first.last);
        Finding {
            kind: Kind::Calls,
            force: Force::Hint,
            what: format!("what {command} does"),
            a: told(pair.a, &self.only_a),
            b: told(pair.b, &self.only_b),
            command: Some(command),
            evidence: last
                .map(|last| format!("before that, both did: {}", pair.b.shown_step(last)))
                .into_iter()
                .collect(),
            at: first.map_or(0, |first| first.at),
            key: format!("calls:{}", text(&pair.b.command(self.b, true))),
            is_relevant: false,
        }
    }
}

/// Words for what only one of two programs does.
fn told(run: &Portrait, parted: &[Parted]) -> Option<String> {
    let first = run.shown_step(parted.first()?.step);
    let all: FxHashSet<u32> = parted.iter().map(|parted| parted.step).collect();
    Some(match all.len() {
        1 => first,
        more => format!("{first}, and {} more that the other run has not", more - 1),
    })
}

impl Portrait {
    /// A step for people: `openat /etc/x: ENOENT`.
    fn shown_step(&self, step: u32) -> String {
        let Some(step) = self.steps.get(step as usize) else { return String::new() };
        let things = step.things.into_iter().flatten();
        let words = things
            .fold(self.shown(step.call), |words, thing| words + " " + &self.shown_thing(thing));
        match step.errno {
            0 => words,
            errno => {
                let name = crate::abi::errno_name(errno);
                words + ": " + &name.map_or_else(|| format!("error {errno}"), str::to_owned)
            }
        }
    }
}
