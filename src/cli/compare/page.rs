//! The page of two runs: their logs as `convert --to html` shows them, and what is
//! different.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;
use rtrace::compare::{Comparison, Count, Finding, Force, Portrait, Process};
use rtrace::export::{self, Options};
use serde::Serialize;

use super::{Args, Source};
use crate::cli::{convert, output};

/// Findings that a page has: of those that follow from others, a page is not the place
/// for thousands.
const TOLD: usize = 500;

/// What the page is told of the comparison; `docs/html.md` has its form.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    a: Run,
    b: Run,
    equivalent: bool,
    divergence: Option<usize>,
    findings: Vec<Told<'a>>,
    counts: &'a [Count],
    limits: &'a [String],
    /// Numbers of the first tasks of processes that are the same.
    pairs: Vec<(u32, u32)>,
    /// Ids of processes of which a finding tells.
    changed: BTreeSet<String>,
}

#[derive(Serialize)]
struct Run {
    /// What ids of this run begin with.
    key: String,
    /// When its first process was first seen.
    start: u64,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    /// The id of the process whose doing it is, if it is known.
    process: Option<String>,
}

/// Writes the page to standard output.
pub(super) fn write(
    args: &Args,
    a: &Portrait,
    b: &Portrait,
    what: &Comparison,
) -> anyhow::Result<()> {
    let [log_a, log_b] = args.logs.as_slice() else {
        anyhow::bail!("--format html shows two runs: it takes two logs, and no --baseline");
    };
    if a.about.run == b.about.run {
        anyhow::bail!("--format html shows two runs: these are logs of the same one");
    }
    let comparison = Some(serde_json::to_string(&document(a, b, what))?);
    let options = Options { comparison, ..Options::default() };
    let format = export::format("html").context("html is a format")?;
    let mut sources = [Source::open(log_a, false)?, Source::open(log_b, false)?];
    convert::convert(&mut sources, format, output::open(None, &args.logs)?, &options)
}

fn document<'a>(a: &Portrait, b: &Portrait, what: &'a Comparison) -> Document<'a> {
    let (key_a, key_b) = (key(a), key(b));
    let (doers_a, doers_b) = (doers(a), doers(b));
    let told = what.findings.iter().take(TOLD).map(|finding| {
        let of = |doers, run, key: &str| Some(id(key, doer(doers, run, finding)?));
        let process = of(&doers_b, b, &key_b).or_else(|| of(&doers_a, a, &key_a));
        Told { finding, process }
    });
    let findings: Vec<Told<'_>> = told.collect();
    let counts = |told: &&Told<'_>| told.finding.force != Force::Hint;
    let mut changed: BTreeSet<String> =
        findings.iter().filter(counts).filter_map(|told| told.process.clone()).collect();
    let mut pairs = Vec::new();
    for (one, other) in &what.processes {
        let (one, other) = (&a.processes[*one as usize], &b.processes[*other as usize]);
        pairs.push((one.task, other.task));
        let ids = [id(&key_a, one), id(&key_b, other)];
        if one.end != other.end || ids.iter().any(|id| changed.contains(id)) {
            changed.extend(ids);
        }
    }
    Document {
        version: 1,
        a: Run { key: key_a, start: start(a) },
        b: Run { key: key_b, start: start(b) },
        equivalent: what.is_equivalent(),
        divergence: what.divergence.filter(|index| *index < TOLD),
        findings,
        counts: &what.counts,
        limits: &what.limits,
        pairs,
        changed,
    }
}

/// What ids of things of a run begin with: the last part of its UUID.
fn key(run: &Portrait) -> String {
    run.about.run.rsplit('-').next().unwrap_or_default().to_owned()
}

fn start(run: &Portrait) -> u64 {
    run.processes.iter().map(|process| process.started).min().unwrap_or_default()
}

fn id(key: &str, process: &Process) -> String {
    format!("{key}:process-{}", process.task)
}

/// Who ran which command: places of programs.
fn doers(run: &Portrait) -> HashMap<String, Vec<usize>> {
    let mut doers: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, id) in (0..run.programs.len()).zip(0..) {
        doers.entry(run.shown_command(id)).or_default().push(place);
    }
    doers
}

/// The process of which a finding tells: the one that ran its command then.
fn doer<'a>(
    doers: &HashMap<String, Vec<usize>>,
    run: &'a Portrait,
    finding: &Finding,
) -> Option<&'a Process> {
    let places = doers.get(finding.command.as_ref()?)?;
    let programs = places.iter().filter_map(|place| run.programs.get(*place));
    let began = |program: &&rtrace::compare::Program| program.started <= finding.at;
    let program = programs.clone().rfind(began).or_else(|| programs.clone().next())?;
    run.processes.get(program.process as usize)
}
