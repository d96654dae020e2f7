//! `rtrace merge`: logs of many machines as one.

mod document;
mod text;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::export::{Detail, Format};
use rtrace::merge::{self, Index, Indexing, Merged, RULES};

use super::output::{self, CANNOT_WRITE_STDOUT, quiet_if_closed};
use super::source::Source;

/// Find what logs of several machines have in common, and make one graph of them.
///
/// Nothing becomes one: what is probably the same is linked, with the reason, the evidence,
/// and how likely it is. docs/merge.md has the rules.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Logs; `-` is standard input.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,

    /// List what is the same, and why; without it, how often.
    #[arg(long)]
    links: bool,

    /// Only links with that reason; may be repeated.
    #[arg(long, value_name = "REASON", requires = "links", value_parser = reasons())]
    reason: Vec<String>,

    /// How to write that.
    #[arg(long, value_enum, default_value_t = Shape::Text, conflicts_with = "to")]
    format: Shape,

    /// Make one document of them, in a format of `rtrace convert`. Of RDF, those with graphs
    /// (nq, trig) have the links in one of their own.
    #[arg(long, value_name = "FORMAT", conflicts_with = "links", value_parser = super::convert::format)]
    to: Option<Format>,

    /// Where to write that; `-`, as without it, is standard output.
    #[arg(short, long, value_name = "FILE", requires = "to")]
    output: Option<PathBuf>,

    /// How much of the graphs: process, resource or event.
    #[arg(long, value_name = "DETAIL", requires = "to", value_parser = super::convert::detail)]
    detail: Option<Detail>,
}

/// What the list of links looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// For reading.
    Text,
    /// A table with a row a line (RFC 4180).
    Csv,
    /// One JSON document.
    Json,
}

fn reasons() -> clap::builder::PossibleValuesParser {
    RULES.iter().map(|rule| rule.name).collect::<Vec<_>>().into()
}

/// Runs the command.
///
/// # Errors
/// A log cannot be read, the output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut merged = merge::merge(indices(&args.logs)?);
    if !args.reason.is_empty() {
        merged.links.retain(|link| args.reason.iter().any(|name| name == link.reason.name()));
    }
    match &args.to {
        Some(format) => document::write(&merged, args, format),
        None => quiet_if_closed(list(&merged, args)),
    }
}

fn list(merged: &Merged, args: &Args) -> anyhow::Result<()> {
    let mut out = BufWriter::new(output::stdout()?);
    match args.format {
        Shape::Text => text::write(merged, args.links, &mut out),
        Shape::Csv => text::csv(merged, &mut out),
        Shape::Json => text::json(merged, args.links, &mut out),
    }
    .and_then(|()| out.flush())
    .context(CANNOT_WRITE_STDOUT)
}

/// What is kept of each log, read side by side.
fn indices(logs: &[PathBuf]) -> anyhow::Result<Vec<Index>> {
    let next = AtomicUsize::new(0);
    let count = std::thread::available_parallelism().map_or(1, usize::from).min(logs.len());
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(log) = logs.get(place) else { return Ok(done) };
            let mut index = index(log)?;
            index.source = place;
            done.push(index);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for worker in workers {
            let done: anyhow::Result<Vec<Index>> =
                worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("reading a log has failed")));
            all.extend(done?);
        }
        Ok(all)
    })
}

fn index(log: &Path) -> anyhow::Result<Index> {
    let mut source = Source::open(log, false)?;
    let mut flow = source.run().flow();
    let (mut indexing, mut batch) = (Indexing::new(), Batch::new());
    while source.next(&mut batch)? {
        indexing.look_ahead(&batch);
        let Ok(()) = flow.batch(&batch, &mut indexing);
    }
    let Ok(()) = flow.finish(&mut indexing);
    source.report_losses();
    Ok(indexing.finish(source.header(), flow.state()))
}
