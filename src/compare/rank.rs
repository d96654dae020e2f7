//! Which differences are the causes of others.

use rustc_hash::FxHashSet;

use super::finding::{Comparison, Finding, Force, Kind};
use super::pair::Pair;
use super::portrait::{Deeds, Portrait};
use super::{doing, listing, mounts, outside, parting, refused, timing};
use crate::abi::{Abi, Filter, number};

/// What is different between two runs.
pub fn compare(a: &Portrait, b: &Portrait) -> Comparison {
    let pair = Pair::of(a, b);
    let (mut findings, mut limits) = (Vec::new(), Vec::new());
    let recorded = recorded(a, b, &mut limits);
    outside::find(&pair, &mut findings);
    mounts::find(&pair, &mut findings);
    refused::find(&pair, &mut findings);
    listing::find(&pair, &mut findings);
    let mut counts = doing::find(&pair, recorded, &mut findings);
    let have_tracks = [a, b].iter().all(|run| !run.tracks.is_empty());
    if have_tracks && a.about.filter == b.about.filter {
        counts.push(parting::find(&pair, &mut findings));
    }
    timing::find(&pair, &mut findings);
    say_limits(a, b, &mut limits);
    rank(&mut findings);
    let divergence = divergence(&findings);
    let processes = pair.alignment.processes.iter().zip(0..);
    let processes = processes.filter_map(|(b, a)| Some((a, (*b)?))).collect();
    Comparison { findings, counts, divergence, limits, processes }
}

/// The finding that shows first.
pub(super) fn divergence(findings: &[Finding]) -> Option<usize> {
    let shows = |finding: &Finding| {
        let is_state = matches!(
            finding.kind,
            Kind::Environment | Kind::Directory | Kind::Mount | Kind::Duration | Kind::Stale
        );
        finding.force != Force::Hint && !is_state
    };
    let shown = findings.iter().enumerate().filter(|(_, finding)| shows(finding));
    shown.min_by_key(|(_, finding)| finding.at).map(|(index, _)| index)
}

/// The deeds that both runs recorded.
fn recorded(a: &Portrait, b: &Portrait, limits: &mut Vec<String>) -> u16 {
    const CALLS: [(u16, &str); 8] = [
        (Deeds::READ, "read"),
        (Deeds::WRITE, "write"),
        (Deeds::EXECUTE, "execve"),
        (Deeds::MAKE, "mkdir"),
        (Deeds::REMOVE, "unlink"),
        (Deeds::ALTER, "chmod"),
        (Deeds::CONNECT, "connect"),
        (Deeds::OPEN, "openat"),
    ];
    let mut all = u16::MAX;
    for run in [a, b] {
        let Some(filter) = &run.about.filter else { continue };
        limits.push(format!("of {} only -e trace={filter} was recorded", run.about.run));
        let Ok(filter) = Filter::parse(filter) else { continue };
        for (bit, call) in CALLS.iter().filter(|(bit, _)| *bit != Deeds::EXECUTE) {
            if !number(Abi::X86_64, call).is_some_and(|nr| filter.allows(Abi::X86_64, nr)) {
                all &= !bit;
            }
        }
    }
    all
}

fn say_limits(a: &Portrait, b: &Portrait, limits: &mut Vec<String>) {
    if a.about.facts != "full" || b.about.facts != "full" {
        limits.push(
            "what is in files was not recorded in both runs (--facts full): files of the same size \
             are compared by the time of their last change"
                .into(),
        );
    }
    if !a.about.env || !b.about.env {
        limits.push("environments were not recorded in both runs".into());
    }
    if a.about.host != b.about.host {
        limits.push(format!("the runs are of two machines, {} and {}", a.about.host, b.about.host));
    }
    if a.about.kernel != b.about.kernel {
        let (was, is) = (&a.about.kernel, &b.about.kernel);
        limits.push(format!("the kernel was another one: {was}, and then {is}"));
    }
}

/// What comes first among causes: those that name what was wrong, then those that are
/// settings, in the order in which they showed.
fn order(finding: &Finding) -> (Force, bool, u64) {
    (finding.force, !finding.is_relevant, finding.at)
}

/// Puts causes first, and in order. If nothing that came from outside explains what is
/// different, what came first among the rest is taken for the cause.
pub(super) fn rank(findings: &mut Vec<Finding>) {
    fold_path(findings);
    let mut told = FxHashSet::default();
    findings.retain(|finding| told.insert((finding.kind, finding.what.clone(), finding.b.clone())));
    let is_decided = findings.iter().any(|finding| finding.force == Force::Cause);
    let is_different = findings.iter().any(|finding| finding.force != Force::Hint);
    if is_different && !is_decided {
        promote(findings);
    }
    if is_different {
        // Where the runs differ, a few bytes of their results are no accident, nor is what
        // their programs do otherwise.
        let is_result = |finding: &&mut Finding| matches!(finding.kind, Kind::Result | Kind::Calls);
        let results = findings.iter_mut().filter(is_result);
        results.for_each(|finding| finding.force = finding.force.min(Force::Effect));
    }
    findings.sort_by_key(order);
}

/// A PATH that leads to another program is told with that program.
fn fold_path(findings: &mut [Finding]) {
    let is_other = |finding: &Finding| {
        finding.kind == Kind::Program && finding.evidence.iter().any(|one| one.starts_with("PATH"))
    };
    if findings.iter().any(is_other) {
        for finding in findings.iter_mut() {
            if finding.key == "environment:PATH" {
                finding.force = Force::Effect;
            }
        }
    }
}

/// Makes the first of the most telling findings the cause.
fn promote(findings: &mut [Finding]) {
    // Hints are about inputs that may have changed; they count where nothing else does.
    let weight = |finding: &Finding| match (finding.force, finding.kind) {
        (Force::Effect, Kind::Arguments | Kind::Environment | Kind::Order | Kind::Refusal) => {
            Some(0)
        }
        (Force::Hint, Kind::Input | Kind::Program) => Some(1),
        (Force::Effect, _) => Some(2),
        _ => None,
    };
    let ranked = findings.iter_mut().filter_map(|one| Some((weight(one)?, one.at, one)));
    if let Some((_, _, first)) = ranked.min_by_key(|(weight, at, _)| (*weight, *at)) {
        first.force = Force::Cause;
    }
}
