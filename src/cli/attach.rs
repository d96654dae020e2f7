//! `rtrace attach`: processes that run already.

use super::recording::{FAILED, Recording, tell};
use super::refusal::explained;
use anyhow::Context as _;
use glob::Pattern;
use rtrace::record;
use std::fs;
use std::process::ExitCode;
use std::time::Duration;

/// Attach to running processes, with all their threads, and record what they and
/// what they start do from then on; Ctrl-C lets go of them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    recording: Recording,

    /// Let go after that time: 30s, 5m, 1h 30m.
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    lasts: Option<Duration>,

    /// Attach to the processes of that name; `*`, `?` and `[a-z]` as in a shell.
    #[arg(long, value_name = "PATTERN")]
    name: Vec<Pattern>,

    /// The processes.
    #[arg(required_unless_present = "name", value_name = "PID",
        value_parser = clap::value_parser!(i32).range(1..))]
    pids: Vec<i32>,
}

/// Attaches, records, lets go.
///
/// # Errors
/// None that is not told here: the exit status is 125 where nothing was recorded.
pub(crate) fn run(args: &Args) -> ExitCode {
    if args.recording.sieve.is_by_seccomp() {
        tell!(
            "rtrace: --filter seccomp is for run: a process that runs already cannot be given a \
             filter; attach without it records the same calls, more slowly"
        );
        return ExitCode::from(2);
    }
    attach(args).unwrap_or_else(|error| {
        tell!("rtrace: {error:#}");
        ExitCode::from(FAILED)
    })
}

fn attach(args: &Args) -> anyhow::Result<ExitCode> {
    let pids = wanted(args)?;
    let mut recorder = args.recording.recorder();
    let log = args.recording.open(&name_of(pids[0]).unwrap_or_default(), pids[0] as u32)?;
    recorder.rotation = args.recording.rotation(&log)?;
    let (watch, name) = (args.recording.onlooker(&log), log.name.clone());
    let (file, place) = log.split();
    let told = |error| match error {
        record::Error::Log(_) => anyhow::Error::new(error).context(name.clone()),
        error => explained(error),
    };
    let begun = || place.take();
    let recorded = recorder.attach(&pids, args.lasts, file, watch, begun).map_err(told)?;
    Ok(args.recording.report(&recorded, &name).unwrap_or(ExitCode::SUCCESS))
}

/// Those that were named by number, then those that were named by name; each once.
fn wanted(args: &Args) -> anyhow::Result<Vec<i32>> {
    let mut pids = args.pids.clone();
    for pattern in &args.name {
        let before = pids.len();
        pids.extend(processes()?.into_iter().filter(|pid| is_named(*pid, pattern)));
        anyhow::ensure!(pids.len() > before, "no process has the name '{pattern}'");
    }
    let mut seen = std::collections::HashSet::new();
    pids.retain(|pid| seen.insert(*pid));
    Ok(pids)
}

/// All processes but this one.
fn processes() -> anyhow::Result<Vec<i32>> {
    let own = std::process::id() as i32;
    let entries = fs::read_dir("/proc").context("cannot list the processes in /proc")?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut pids: Vec<i32> = pids.filter(|pid| *pid != own).collect();
    pids.sort_unstable();
    Ok(pids)
}

/// Whether its name is that, as the kernel has it (cut after 15 bytes) or as the
/// file name in its first argument. What has ended has no arguments, and no name here.
fn is_named(pid: i32, pattern: &Pattern) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let first = line.split(|byte| *byte == 0).next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let file = first.rsplit('/').next().unwrap_or_default();
    !line.is_empty()
        && (pattern.matches(file) || name_of(pid).is_some_and(|name| pattern.matches(&name)))
}

/// A process's name, without what a file name must not have.
fn name_of(pid: i32) -> Option<String> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(String::from_utf8_lossy(&name).trim_end_matches('\n').replace('/', "_"))
}
