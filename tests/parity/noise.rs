//! How a story differs from what strace's own runs tell.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::story::{Life, Step, Story};

/// Of all steps, at most one in this many may differ between strace's runs.
const QUIET: usize = 4;

/// What there is to say against a story that should be as all of `witnesses` are;
/// nothing if it agrees with them.
///
/// A task's life is to be one that a witness has seen. Where the witnesses differ
/// among themselves (names of temporary files, how many bytes a pipe had), what
/// they agree in counts.
pub(crate) fn differences(story: &Story, witnesses: &[Story]) -> Vec<String> {
    let mut faults = Vec::new();
    let places: BTreeSet<_> = story.tasks.keys().collect();
    if !witnesses.iter().any(|witness| witness.tasks.keys().collect::<BTreeSet<_>>() == places) {
        let seen: Vec<_> = witnesses.iter().map(|witness| witness.tasks.keys()).collect();
        faults.push(format!("the tasks are {places:?}, strace's {seen:?}"));
    }
    let mut noise = 0;
    for (place, life) in &story.tasks {
        let others: Vec<&Life> = witnesses.iter().filter_map(|w| w.tasks.get(place)).collect();
        match compared(life, &others) {
            Ok(of_life) => noise += of_life,
            Err(why) => faults.push(format!("task {place:?}: {why}")),
        }
    }
    if noise * QUIET > story.steps() {
        faults.push(format!("of {} steps {noise} are noise: too little is held", story.steps()));
    }
    faults
}

/// How many steps of a life could not be held against the witnesses, which
/// otherwise agree with it; or what is wrong with it.
fn compared(life: &Life, witnesses: &[&Life]) -> Result<usize, String> {
    if witnesses.iter().any(|other| other.steps == life.steps && other.end == life.end) {
        return Ok(0);
    }
    if witnesses.iter().all(|other| other.end != life.end) {
        let ends: Vec<_> = witnesses.iter().map(|other| other.end).collect();
        return Err(format!("it ends with {:?}, strace says {ends:?}", life.end));
    }
    // Between which calls a signal comes is a matter of time.
    let is_interrupted = witnesses.iter().any(|other| other.steps.iter().any(Step::is_signal));
    if !is_interrupted && let Some(noise) = held("step", life, witnesses, |_| true)? {
        return Ok(noise);
    }
    held("path", life, witnesses, |step| !step.paths.is_empty())?;
    // How often a program asks for random numbers is chance: for a temporary name it
    // asks again if that is taken.
    let names: BTreeSet<&str> =
        witnesses.iter().chain([&life]).flat_map(|life| &life.steps).map(|s| &*s.name).collect();
    let mut noise = 0;
    for name in names.into_iter().filter(|name| *name != "getrandom") {
        let of_name = |step: &Step| step.name == name;
        let all = || life.steps.iter().filter(|step| of_name(step)).count();
        noise += held(name, life, witnesses, of_name)?.unwrap_or_else(all);
    }
    Ok(noise)
}

/// Whether certain steps of a life are as the witnesses have them, in order; how
/// many of them the witnesses differ in. They are not comparable if the witnesses
/// do not even agree how many there are.
fn held(
    what: &str,
    life: &Life,
    witnesses: &[&Life],
    is_meant: impl Fn(&Step) -> bool,
) -> Result<Option<usize>, String> {
    let meant = |life: &Life| -> Vec<Step> {
        life.steps.iter().filter(|step| is_meant(step)).cloned().collect()
    };
    let ours = meant(life);
    let theirs: Vec<Vec<Step>> = witnesses.iter().map(|life| meant(life)).collect();
    if theirs.contains(&ours) {
        return Ok(Some(0));
    }
    let Some((first, others)) = theirs.split_first() else { return Err("no such task".into()) };
    if others.iter().any(|other| other.len() != first.len()) {
        return Ok(None);
    }
    let is_noise = |at: usize| others.iter().any(|other| other[at] != first[at]);
    let fits = |at: usize| ours.get(at) == first.get(at) || at < first.len() && is_noise(at);
    match (0..ours.len().max(first.len())).find(|at| !fits(*at)) {
        None => Ok(Some((0..first.len()).filter(|at| is_noise(*at)).count())),
        Some(at) => Err(parting(what, at, &ours, first)),
    }
}

fn parting(what: &str, at: usize, ours: &[Step], theirs: &[Step]) -> String {
    let mut why =
        format!("{} of {what}, strace has {}; they part at {at}", ours.len(), theirs.len());
    for (who, steps) in [("rtrace", ours), ("strace", theirs)] {
        for step in steps.iter().skip(at.saturating_sub(1)).take(3) {
            // Writing to a string does not fail.
            let _ = write!(why, "\n    {who} {step:?}");
        }
    }
    why
}
