//! All clocks by one: from what each two of them differ by, as far as connections between
//! them tell.

#![expect(clippy::cast_precision_loss, reason = "differences of clocks: days have 47 bits")]

use std::collections::BTreeMap;

use super::connection::Match;
use super::fit::{Bound, Contradiction, Fit, fit};
use super::index::Index;
use super::machine::{Machines, is_one_boot};

/// What the clock of a run has to do with the one that all are aligned to. Times are
/// nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aligned {
    /// When the run started, since 1970, by the clock that all are aligned to.
    pub started: i64,
    /// What the run's own clock was ahead of that then.
    pub ahead: i64,
    /// What a nanosecond of the run's clock is by that one.
    pub rate: f64,
    /// By how much `started` may be wrong; `None`: nothing but the clocks themselves has
    /// told.
    pub error: Option<u64>,
}

impl Aligned {
    /// A time of the run, since 1970, by the clock that all are aligned to.
    pub fn time(&self, since_start: u64) -> i64 {
        let passed = since_start as f64 * (self.rate - 1.0);
        let since_start = i64::try_from(since_start).unwrap_or(i64::MAX);
        self.started.saturating_add(since_start).saturating_add(passed.round() as i64)
    }
}

/// What contradicts itself: no steady clocks could have shown these times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Runs with the two clocks.
    pub runs: [usize; 2],
    /// How many connections were matched between them.
    pub connections: usize,
    /// Nanoseconds that are missing to make it possible.
    pub missing: u64,
}

/// Two clocks with what connections between them have told.
#[derive(Debug, Default)]
struct Between {
    uppers: Vec<Bound>,
    lowers: Vec<Bound>,
    count: usize,
}

/// Aligns all of them to the clock of the first run.
pub(super) fn align(
    runs: &[Index],
    machines: &Machines,
    matches: &[Match],
) -> (Vec<Aligned>, Vec<Conflict>) {
    let mut between: BTreeMap<[usize; 2], Between> = BTreeMap::new();
    for one in matches {
        let clocks = one.candidate.ends.map(|(run, _)| machines.clocks[run].0);
        if clocks[0] != clocks[1] {
            let known = between.entry(clocks).or_default();
            known.uppers.extend(&one.candidate.uppers);
            known.lowers.extend(&one.candidate.lowers);
            known.count += 1;
        }
    }
    let (mut fits, mut conflicts) = (BTreeMap::new(), Vec::new());
    for (clocks, known) in &between {
        match fitted(runs, machines, *clocks, known) {
            Ok(fit) => fits.extend(fit.map(|fit| (*clocks, fit))),
            Err(Contradiction(missing)) => conflicts.push(Conflict {
                runs: clocks.map(|clock| machines.readers[clock]),
                connections: known.count,
                missing,
            }),
        }
    }
    let paths = paths(machines.readers.len(), &fits);
    conflicts.extend(circles(machines, &paths, &fits, &between));
    let aligned = (0..runs.len()).map(|run| aligned(runs, machines, run, &paths)).collect();
    (aligned, conflicts)
}

/// What two clocks differ by.
fn fitted(
    runs: &[Index],
    machines: &Machines,
    clocks: [usize; 2],
    known: &Between,
) -> Result<Option<Fit>, Contradiction> {
    let [one, other] = clocks;
    let said = machines.said(runs, one, other);
    let [first, second] = clocks.map(|clock| &runs[machines.readers[clock]]);
    let mut highs = known.uppers.iter().map(|(_, ahead)| *ahead);
    let mut lows = known.lowers.iter().map(|(_, ahead)| *ahead);
    // The clock of one kernel is one clock, as long as nothing speaks against it.
    if is_one_boot(first, second) && highs.all(|high| said <= high) && lows.all(|low| low <= said) {
        return Ok(Some(Fit { error: Some(0), ..Fit::said(said) }));
    }
    let of_clock = |place: &usize| machines.clocks[*place].0 == one;
    let spans = (0..runs.len())
        .filter(of_clock)
        .map(|run| (machines.read(run, 0), machines.read(run, runs[run].end)));
    let span = spans.fold((i64::MAX, i64::MIN), |all, one| (all.0.min(one.0), all.1.max(one.1)));
    fit(&known.uppers, &known.lowers, span)
}

/// How a clock is reached from the first one of its like: over which clock, and with what
/// error.
#[derive(Clone, Debug)]
struct Reached {
    over: Option<(usize, Fit, bool)>,
    error: u64,
}

/// The way to each clock on which the errors add up to the least; the first clock of each
/// that hang together stands for itself.
fn paths(count: usize, fits: &BTreeMap<[usize; 2], Fit>) -> Vec<Reached> {
    let mut all: Vec<Option<Reached>> = vec![None; count];
    for root in 0..count {
        if all[root].is_some() {
            continue;
        }
        all[root] = Some(Reached { over: None, error: 0 });
        // Few clocks, so the plainest search of shortest ways (Bellman and Ford) will do.
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for ([one, other], fit) in fits {
                for (from, to, forth) in [(*one, *other, true), (*other, *one, false)] {
                    let Some(error) = all[from].as_ref().map(|known| known.error) else { continue };
                    let error = error.saturating_add(fit.error.unwrap_or(u64::MAX >> 1));
                    if all[to].as_ref().is_none_or(|known| error < known.error) {
                        all[to] = Some(Reached { over: Some((from, *fit, forth)), error });
                        has_changed = true;
                    }
                }
            }
        }
    }
    all.into_iter().map(|one| one.unwrap_or(Reached { over: None, error: 0 })).collect()
}

/// A time of a clock by the clock that stands for all that hang together with it, and that.
fn by_root(paths: &[Reached], clock: usize, time: i64) -> (i64, usize) {
    let (mut clock, mut time) = (clock, time);
    for _ in 0..paths.len() {
        let Some((from, fit, forth)) = paths.get(clock).and_then(|one| one.over) else { break };
        time = if forth { fit.first(time) } else { fit.second(time) };
        clock = from;
    }
    (time, clock)
}

fn aligned(runs: &[Index], machines: &Machines, run: usize, paths: &[Reached]) -> Aligned {
    let (clock, start) = machines.clocks[run];
    let end = machines.read(run, runs[run].end.max(1));
    let ((started, root), (ended, _)) = (by_root(paths, clock, start), by_root(paths, clock, end));
    // Those that nothing ties to the first clock are taken at their word.
    let said = if root == 0 { 0 } else { machines.said(runs, 0, root) };
    let started = started.saturating_sub(said);
    let own = end.saturating_sub(start).max(1);
    let rate = ended.saturating_sub(said).saturating_sub(started) as f64 / own as f64;
    let is_tied = root == 0 && (clock == 0 || paths[clock].over.is_some());
    let recorded = i64::try_from(runs[run].clock.realtime).unwrap_or(i64::MAX);
    Aligned {
        started,
        ahead: recorded.saturating_sub(started),
        rate: if rate.is_finite() && rate > 0.0 { rate } else { 1.0 },
        error: is_tied.then_some(paths[clock].error),
    }
}

/// Clocks that differ by one thing on the one way, and by another on the other.
fn circles(
    machines: &Machines,
    paths: &[Reached],
    fits: &BTreeMap<[usize; 2], Fit>,
    between: &BTreeMap<[usize; 2], Between>,
) -> Vec<Conflict> {
    let mut found = Vec::new();
    for ([one, other], fit) in fits {
        let (first, second) =
            (by_root(paths, *one, fit.at), by_root(paths, *other, fit.second(fit.at)));
        if first.1 != second.1 {
            continue;
        }
        let errors = [&paths[*one], &paths[*other]].map(|one| one.error);
        let allowed =
            errors[0].saturating_add(errors[1]).saturating_add(fit.error.unwrap_or(u64::MAX >> 1));
        let apart = first.0.abs_diff(second.0);
        if apart > allowed {
            found.push(Conflict {
                runs: [*one, *other].map(|clock| machines.readers[clock]),
                connections: between.get(&[*one, *other]).map_or(0, |known| known.count),
                missing: apart - allowed,
            });
        }
    }
    found
}
