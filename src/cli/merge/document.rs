//! Logs of several machines as one document.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::export::{Format, Options};
use rtrace::merge::Merged;

use super::Args;
use crate::cli::output::{self, Output, quiet_if_closed};
use crate::cli::source::Source;

/// Writes it. Its runs stand in the order of their UUIDs, whatever that of the logs was.
pub(super) fn write(merged: &Merged, args: &Args, format: &Format) -> anyhow::Result<ExitCode> {
    if args.detail.is_some() && !format.has_detail() {
        eprintln!("rtrace: {} has no --detail", format.name);
        return Ok(ExitCode::from(2));
    }
    if !format.has_links() && !merged.links.is_empty() {
        eprintln!("rtrace: {} has no word for what is the same: it stands apart", format.name);
    }
    let out = output::open(args.output.as_deref(), &args.logs)?;
    quiet_if_closed(export(merged, args, format, out))
}

fn export(merged: &Merged, args: &Args, format: &Format, output: Output) -> anyhow::Result<()> {
    let Output { out, failure } = output;
    let failure = || failure.clone();
    let options = Options { detail: args.detail, ..Options::default() };
    let mut exporter = format.exporter(out, &options).with_context(failure)?;
    let mut batch = Batch::new();
    for (index, clock) in merged.runs.iter().zip(&merged.clocks) {
        let log = args.logs.get(index.source).context("a run has a log")?;
        if log == Path::new("-") {
            anyhow::bail!("standard input is read twice: give a file in place of -");
        }
        let mut source = Source::open(log, false)?;
        let mut run = source.run().clone();
        // Graphs of RDF are what they are alone: the graph of links has the common clock.
        run.aligned = (!format.is_rdf()).then_some(*clock);
        exporter.begin(&run).with_context(failure)?;
        while source.next(&mut batch)? {
            exporter.batch(&batch).with_context(failure)?;
        }
        exporter.end().with_context(failure)?;
    }
    exporter.linked(merged).with_context(failure)?;
    exporter.finish().with_context(failure)
}
