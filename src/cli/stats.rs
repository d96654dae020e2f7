//! `rtrace stats`: calls, counted and timed.

mod csv;
mod json;
mod text;

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use rtrace::abi::Profile;
use rtrace::event::Batch;
use rtrace::stats::{By, Column, End, Select, Stats, Table};

use super::output::{self, CANNOT_WRITE_STDOUT, quiet_if_closed};
use super::selection::Chosen;
use super::source::Source;

/// Count and time the calls of logs: by kind, process, file or peer.
///
/// Times are those that passed between a call's entry and its exit, sleep
/// included, as strace -c -w counts (without -w, strace counts processor time in the
/// kernel). `total` adds them up over calls, so where threads call at the same time
/// it is more than the time that passed. Calls that never returned, as
/// exit_group does, are counted and have no time. Percentiles are exact of up to 128
/// calls, of more with an error of at most 0.8 %.
///
/// Bytes are those that calls moved. ≥ marks numbers that may be larger: calls or results
/// were not recorded, or a file was mapped into memory, whose use makes no calls.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Logs, which are counted together; `-` is standard input.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,

    /// What gets a line.
    #[arg(long, value_enum, default_value_t = Kind::Call)]
    by: Kind,

    /// Put the largest numbers of a column first.
    #[arg(long, value_name = "COLUMN", value_parser = column(), default_value = "total")]
    sort: Column,

    /// Show the first N lines.
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    #[command(flatten)]
    chosen: Chosen,

    /// How to write it. CSV and JSON have nanoseconds and bytes, as docs/stats.md says.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Each kind of call.
    Call,
    /// Each process.
    Process,
    /// Each file, directory, device, pipe.
    File,
    /// Each connection or other socket, by both its ends.
    Peer,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A table for reading.
    Text,
    /// A table with a row a line (RFC 4180).
    Csv,
    /// One JSON document.
    Json,
}

impl Kind {
    const fn by(self) -> By {
        match self {
            Self::Call => By::Call,
            Self::Process => By::Process,
            Self::File => By::File,
            Self::Peer => By::Peer,
        }
    }
}

fn column() -> impl TypedValueParser<Value = Column> {
    let names = PossibleValuesParser::new(Column::ALL.map(Column::name));
    names.try_map(|name| Column::from_name(&name).ok_or("no such column"))
}

/// What is counted, and what of it to show.
struct Report {
    by: By,
    sort: Column,
    logs: Vec<Log>,
    table: Table,
    /// Rows that were left out.
    more: usize,
}

/// A log that was counted.
struct Log {
    path: PathBuf,
    run: String,
    host: Vec<u8>,
    /// The set of calls that were recorded, if not all.
    trace: Option<String>,
    is_complete: bool,
}

/// Runs the command.
///
/// # Errors
/// A log that cannot be opened or is none, an output that cannot be written.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (by, sort) = (args.by.by(), args.sort);
    if !sort.is_of(by) {
        let name = sort.name();
        eprintln!("rtrace: --by call has no column '{name}': --by process, file or peer has it");
        return Ok(ExitCode::from(2));
    }
    // Before anything is counted: a name may be wrong.
    let sources = args.logs.iter().map(|log| Source::open(log, false));
    let mut sources = sources.collect::<Result<Vec<_>, _>>()?;
    let filter = args.chosen.filter();
    let mut stats = Stats::new(by, Select { filter, pids: args.chosen.pids });
    let mut logs = Vec::new();
    for (path, source) in args.logs.iter().zip(&mut sources) {
        count(source, &mut stats)?;
        logs.push(Log::of(path.clone(), source));
    }
    let mut table = stats.table();
    table.sort(sort);
    let top = args.top.unwrap_or(usize::MAX);
    let more = table.rows.len().saturating_sub(top);
    table.rows.truncate(top);
    let report = Report { by, sort, logs, table, more };
    report.explain_nothing();
    quiet_if_closed(report.write(args.format))
}

fn count(source: &mut Source, stats: &mut Stats) -> anyhow::Result<()> {
    stats.begin(source.header());
    let mut batch = Batch::new();
    while source.next(&mut batch)? {
        stats.batch(&batch);
    }
    stats.end(source.is_complete());
    source.report_losses();
    Ok(())
}

impl Log {
    fn of(path: PathBuf, source: &Source) -> Self {
        Self {
            path,
            run: source.run().uuid_text(),
            host: source.run().host.clone(),
            trace: source.header().options.trace.clone(),
            is_complete: source.is_complete(),
        }
    }
}

impl Report {
    fn write(&self, format: Format) -> anyhow::Result<()> {
        // Strips colours where the output is no terminal.
        let mut out = BufWriter::new(anstream::AutoStream::auto(output::stdout()?));
        let written = match format {
            Format::Text => out.write_all(text::text(self).as_bytes()),
            Format::Csv => csv::write(self, &mut out),
            Format::Json => json::write(self, &mut out),
        };
        written.and_then(|()| out.flush()).context(CANNOT_WRITE_STDOUT)
    }

    /// An empty table says why it is.
    fn explain_nothing(&self) {
        if self.table.total.count > 0 {
            return;
        }
        eprintln!("rtrace: no call of that kind is in the log: -e, -p and --by choose among them");
        for log in &self.logs {
            if let Some(set) = &log.trace {
                let path = log.path.display();
                let options = Profile::of_set(set).map_or_else(
                    || format!("-e trace={set}"),
                    |profile| format!("--profile {}", profile.name()),
                );
                eprintln!("rtrace: {path}: only the calls of {options} were recorded");
            }
        }
    }
}

/// The end of a process: a word, its status, its signal.
fn end(end: End) -> (&'static str, Option<u64>, Option<u64>) {
    match end {
        End::Exited(code) => ("exited", Some(code), None),
        End::Killed(signal) => ("killed", None, Some(signal)),
        End::LetGo => ("let go", None, None),
        End::Running => ("running", None, None),
    }
}
