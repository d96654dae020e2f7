//! `rtrace cat`: logs out of logs.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::edit::{self, Cut};
use rtrace::log::{Error, Join, Reader};

use super::selection::Chosen;
use super::source::losses_in_words;
use super::time::{Moment, moment};
use super::{log_file, output};

/// Join logs of one run, cut them, and compress them anew.
///
/// Events keep their identities: the run, the numbers of tasks and ordinals. Logs that
/// overlap give each event once. A log that is cut begins with what its tasks need of
/// the past: their starts and programs, and what is open in them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Logs of one run, in any order; `-` is standard input.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,

    /// Where to write; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Keep what happens from then on: +3.5s after the run's start, a time of RFC 3339,
    /// or nanoseconds since the start.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Moment>,

    /// Keep what happens until then. What ends later has only begun.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Moment>,

    #[command(flatten)]
    chosen: Chosen,

    /// Compress so much: 1 (fast) to 19 (small), zstd's levels.
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(i32).range(1..=19))]
    level: Option<i32>,
}

/// Runs the command.
///
/// # Errors
/// A log cannot be read, is none, or of another run; the output cannot be written, or
/// is an input.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    output::refuse_inputs(&args.output, &args.logs)?;
    let readers = args.logs.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let mut join = Join::new(readers).map_err(|error| named(error, &args.logs))?;
    let start = join.header().clock.realtime;
    let selection = args.chosen.selection().cloned();
    let (filter, set) = selection.map(|selection| (selection.filter, selection.text)).unzip();
    let cut = Cut {
        from: args.from.map(|moment| moment.since(start)),
        to: args.to.map(|moment| moment.since(start)),
        pids: args.chosen.pids,
        filter,
        set,
    };
    if let (Some(from), Some(to)) = (cut.from, cut.to)
        && to < from
    {
        eprintln!("rtrace: --to is before --from");
        return Ok(ExitCode::from(2));
    }
    let log = log_file::open(&args.output)?;
    let name = log.name.clone();
    let (file, place) = log.split();
    let copied = edit::copy(&mut join, &cut, args.level, file);
    let (totals, _) = copied.with_context(|| format!("cannot make {name}"))?;
    place.take();
    if totals.records == 0 && !cut.pids.is_empty() {
        eprintln!("rtrace: no process and no thread has such an id: rtrace show lists them");
    }
    for (path, reader) in args.logs.iter().zip(join.readers()) {
        // One that was not read to its end has nothing to tell of it.
        let is_read = cut.to.is_none() || reader.end().is_some();
        if let Some(words) = losses_in_words(reader.losses()).filter(|_| is_read) {
            eprintln!("rtrace: {}: {words}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path) -> anyhow::Result<Reader> {
    let reader = if path == Path::new("-") { Reader::new(io::stdin()) } else { Reader::open(path) };
    reader.with_context(|| path.display().to_string())
}

/// An error, with the log that it is about.
fn named(error: Error, logs: &[PathBuf]) -> anyhow::Error {
    let path = match error {
        Error::OtherRun { index } => logs.get(index),
        _ => None,
    };
    let error = anyhow::Error::new(error);
    match path {
        Some(path) => error.context(path.display().to_string()),
        None => error,
    }
}
