//! `rtrace bench`: what recording a command costs.

mod text;

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use indicatif::{ProgressBar, ProgressStyle};
use rtrace::bench::{self, PEERS, Plan, Recorder, Report, Step};

use super::output::{self, CANNOT_WRITE_STDOUT, quiet_if_closed};

/// What is measured against unless --against says otherwise, as far as it is there.
const USUAL: [&str; 4] = ["strace", "strace-pinned", "strace-seccomp", "perf-trace"];

/// Measure what recording a command costs: with rtrace, and with other tracers.
///
/// The command runs natively and under each recorder in turn, round by round, so that
/// what else the machine does falls on all alike. It has nothing to read, and what it
/// writes is thrown away; it must bear to be run many times. A recorder that loses
/// calls, or under which the command ends differently, is marked, and not ranked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to compare with, in place of those of the first four that are there.
    #[arg(
        long,
        value_name = "NAME,…",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(PEERS),
    )]
    against: Option<Vec<String>>,

    /// How often each has its turn.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    rounds: u32,

    /// A shell command to run before each run, untimed: `make clean`.
    #[arg(long, value_name = "COMMAND")]
    prepare: Option<String>,

    /// Write all numbers as JSON (docs/bench.md); `-` is standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draw a plot (SVG); `-` is standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// The command and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    command: Vec<OsString>,
}

/// Runs the command.
///
/// # Errors
/// The command cannot be run, nor rtrace, nor one of --against; an output cannot be
/// written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let scratch = tempfile::tempdir().context("cannot make a directory for logs")?;
    let recorders = recorders(args.against.as_deref(), scratch.path())?;
    let plan = Plan {
        command: args.command.clone(),
        dir: None,
        prepare: args.prepare.clone(),
        rounds: args.rounds,
        recorders,
    };
    let progress = ProgressBar::no_length();
    progress.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}+{eta} {msg}")?);
    let report = bench::measure(&plan, scratch.path(), |step| show(&progress, step))?;
    progress.finish_and_clear();
    quiet_if_closed(write(args, &report))
}

fn show(progress: &ProgressBar, step: Step<'_>) {
    progress.set_length(step.of);
    progress.set_position(step.done);
    progress.set_message(step.recorder.to_owned());
}

/// rtrace, and those of the others that are there; all of them, if they were asked for.
fn recorders(against: Option<&[String]>, scratch: &Path) -> anyhow::Result<Vec<Recorder>> {
    let own = std::env::current_exe().context("cannot find rtrace itself")?;
    let mut recorders = vec![bench::named("rtrace", &own, scratch)?];
    match against {
        Some(names) => {
            for name in names {
                recorders.push(bench::named(name, &own, scratch)?);
            }
        }
        None => {
            for name in USUAL {
                match bench::named(name, &own, scratch) {
                    Ok(recorder) => recorders.push(recorder),
                    Err(missing) => eprintln!("rtrace: left out: {missing}"),
                }
            }
        }
    }
    Ok(recorders)
}

fn write(args: &Args, report: &Report) -> anyhow::Result<()> {
    let is_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    if let Some(path) = &args.json {
        let mut json = serde_json::to_vec_pretty(report).context("cannot write JSON")?;
        json.push(b'\n');
        put(path, &json)?;
    }
    if let Some(path) = &args.svg {
        put(path, &bench::svg(report).context("cannot draw")?)?;
    }
    if is_stdout(&args.json) || is_stdout(&args.svg) {
        return Ok(());
    }
    // Strips colours where the output is no terminal.
    let mut out = anstream::AutoStream::auto(output::stdout()?);
    let text = text::text(report);
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context(CANNOT_WRITE_STDOUT)
}

fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if path == Path::new("-") {
        let mut out = output::stdout()?;
        return out.write_all(bytes).and_then(|()| out.flush()).context(CANNOT_WRITE_STDOUT);
    }
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
