//! What took longer, or waited longer, and names that tell the same day in both runs.

use std::time::Duration;

use super::finding::{Finding, Force, Kind};
use super::pair::{Both, Pair, text};
use super::portrait::{Deeds, Portrait, ProgramId, ThingId, Use};

/// Waits that differ by less are no finding: nanoseconds.
const WAIT: u64 = 300_000_000;
/// Nor are those that are less than so many times as long.
const TIMES: u64 = 3;
/// Nor those that are not so many times what waits differ by on the whole.
const DEVIATIONS: u64 = 6;

/// Programs whose durations tell how noisy the machine was.
const MANY: usize = 8;
/// What is taken for noise of fewer, at most: nanoseconds.
const NOISE: u64 = 50_000_000;

pub(super) fn find(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let noise = noise(pair);
    for both in pair.all_things() {
        wait(pair, both, noise, found);
    }
    durations(pair, noise, found);
    stale(pair, found);
    not_fresh(pair, found);
}

/// How findings about a wait are called in every pair of runs.
pub(super) fn wait_key(run: &Portrait, thing: ThingId) -> String {
    format!("wait:{}", text(run.name(thing)))
}

/// The same of how long a command took.
pub(super) fn duration_key(run: &Portrait, program: ProgramId) -> String {
    format!("duration:{}", text(&run.command(program, true)))
}

/// A time for people.
pub(super) fn shown(ns: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..1_000_000 => format!("{} µs", ns / 1000),
        1_000_000..SECOND => format!("{}.{} ms", ns / 1_000_000, ns / 100_000 % 10),
        _ if ns < 100 * SECOND => format!("{}.{:02} s", ns / SECOND, ns / 10_000_000 % 100),
        _ => humantime::format_duration(Duration::from_secs(ns / SECOND)).to_string(),
    }
}

/// How much the durations of programs that are the same differ: the median, which a few
/// that are slow for a reason do not move.
fn noise(pair: &Pair<'_>) -> u64 {
    let length = |started: u64, ended: Option<u64>| Some(ended?.saturating_sub(started));
    let mut differences: Vec<u64> = pair
        .programs()
        .into_iter()
        .filter_map(|(a, b)| {
            let (one, other) = (&pair.a.programs[a as usize], &pair.b.programs[b as usize]);
            let (a, b) = (length(one.started, one.ended)?, length(other.started, other.ended)?);
            Some(a.abs_diff(b))
        })
        .collect();
    differences.sort_unstable();
    let median = differences.get(differences.len() / 2).copied().unwrap_or_default();
    // A few programs may all be slow for the reason that is looked for.
    if differences.len() < MANY { median.min(NOISE) } else { median }
}

fn is_much_longer(a: u64, b: u64, noise: u64) -> bool {
    let more = b.saturating_sub(a);
    more > WAIT && b / TIMES > a && more > DEVIATIONS * noise
}

/// A peer that answered later, a lock that was held longer.
fn wait(pair: &Pair<'_>, both: Both, noise: u64, found: &mut Vec<Finding>) {
    let Both { a: Some(a), b: Some(b) } = both else { return };
    let sum = |users: &[(ProgramId, Use)]| users.iter().map(|(_, one)| one.waited).sum::<u64>();
    let (users_a, users_b) = (pair.users_a(Some(a)), pair.users_b(Some(b)));
    let (was, is) = (sum(users_a), sum(users_b));
    let (a_is_longer, b_is_longer) =
        (is_much_longer(is, was, noise), is_much_longer(was, is, noise));
    if !a_is_longer && !b_is_longer {
        return;
    }
    let Some((program, one)) = users_b.iter().max_by_key(|(_, one)| one.waited) else { return };
    let name = pair.b.shown_thing(b);
    let what = if pair.b.is_path(b) {
        format!("the wait for {name}")
    } else {
        format!("the answers: {name}")
    };
    found.push(Finding {
        kind: Kind::Wait,
        // That something was quicker harms nobody.
        force: if b_is_longer { Force::Cause } else { Force::Hint },
        what: format!("{what} took {}", if b_is_longer { "longer" } else { "less" }),
        a: Some(shown(was)),
        b: Some(shown(is)),
        command: Some(pair.b.shown_command(*program)),
        evidence: vec![format!("programs that are the same differ by {} otherwise", shown(noise))],
        at: one.first,
        key: wait_key(pair.b, b),
        is_relevant: true,
    });
}

/// Programs of which it is told that they took longer: those that did most.
const LONGER: usize = 5;

/// Programs that took longer.
fn durations(pair: &Pair<'_>, noise: u64, found: &mut Vec<Finding>) {
    let mut longer = Vec::new();
    for (a, b) in pair.programs() {
        let (one, other) = (&pair.a.programs[a as usize], &pair.b.programs[b as usize]);
        let (Some(ended_a), Some(ended_b)) = (one.ended, other.ended) else { continue };
        if !other.is_own {
            continue;
        }
        let was = ended_a.saturating_sub(one.started);
        let is = ended_b.saturating_sub(other.started);
        if !is_much_longer(was, is, noise) && !is_much_longer(is, was, noise) {
            continue;
        }
        longer.push((
            was.abs_diff(is),
            Finding {
                kind: Kind::Duration,
                force: Force::Hint,
                what: format!("how long {} took", pair.b.shown_command(b)),
                a: Some(shown(was)),
                b: Some(shown(is)),
                command: Some(pair.b.shown_command(b)),
                evidence: Vec::new(),
                at: other.started,
                key: duration_key(pair.b, b),
                is_relevant: true,
            },
        ));
    }
    longer.sort_by_key(|(by, _)| std::cmp::Reverse(*by));
    found.extend(longer.into_iter().take(LONGER).map(|(_, finding)| finding));
}

/// Names that tell the same day in both runs, where others tell another one.
fn stale(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let dated = |both: &Both| {
        let (one, other) = (&pair.a.things[both.a? as usize], &pair.b.things[both.b? as usize]);
        let is_dated = !one.dates.is_empty() && one.count == 1 && other.count == 1;
        is_dated.then(|| pair.a.text(one.raw) == pair.b.text(other.raw))
    };
    let all: Vec<(Both, bool)> =
        pair.all_things().filter_map(|both| Some((both, dated(&both)?))).collect();
    if all.iter().all(|(_, is_same)| *is_same) {
        return; // the runs are of one day
    }
    for (both, _) in all.into_iter().filter(|(_, is_same)| *is_same) {
        let Some(b) = both.b else { continue };
        let users = pair.users_b(Some(b)).iter();
        let Some((program, one)) = users.into_iter().find(|(_, one)| is_content(one)) else {
            continue;
        };
        found.push(Finding {
            kind: Kind::Stale,
            force: Force::Hint,
            what: format!("{} is of the same day in both runs", pair.b.shown_thing(b)),
            a: None,
            b: None,
            command: Some(pair.b.shown_command(*program)),
            evidence: vec!["other names tell another day".into()],
            at: one.first,
            key: format!("stale:{}", text(pair.b.name(b))),
            is_relevant: true,
        });
    }
}

fn is_content(one: &Use) -> bool {
    one.deeds & (Deeds::READ | Deeds::WRITE) != 0
}

/// How old a file may be that is fresh: nanoseconds.
const FRESH: i64 = 24 * 3600 * 1_000_000_000;

/// Inputs that were fresh for the first run, and that the second uses as they are.
fn not_fresh(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let (began_a, began_b) = (pair.a.about.began as i64, pair.b.about.began as i64);
    if began_b - began_a < FRESH / 2 {
        return;
    }
    for both in pair.all_things() {
        let Both { a: Some(a), b: Some(b) } = both else { continue };
        let modified = |thing: ThingId, things: &[super::portrait::Thing]| {
            let thing = &things[thing as usize];
            thing.before.as_ref().filter(|_| thing.changed.is_none())?.modified
        };
        let times = modified(a, &pair.a.things).zip(modified(b, &pair.b.things));
        let Some((was, is)) = times.filter(|(was, is)| was == is) else { continue };
        if was > began_a || began_a - was > FRESH {
            continue;
        }
        let users = pair.users_b(Some(b)).iter();
        let Some((program, one)) = users.into_iter().find(|(_, one)| is_content(one)) else {
            continue;
        };
        let age = Duration::from_secs(((began_b - is) / 1_000_000_000).unsigned_abs());
        found.push(Finding {
            kind: Kind::Stale,
            force: Force::Hint,
            what: format!("{} is what the first run had", pair.b.shown_thing(b)),
            a: Some("it was fresh".into()),
            b: Some(format!("it is {} old", humantime::format_duration(age))),
            command: Some(pair.b.shown_command(*program)),
            evidence: Vec::new(),
            at: one.first,
            key: format!("stale:{}", text(pair.b.name(b))),
            is_relevant: true,
        });
    }
}
