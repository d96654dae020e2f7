//! `rtrace show`: the process tree of a log.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::flow::Flow;

use super::output::{self, CANNOT_WRITE_STDOUT};
use super::source::Source;
use super::tree::Tree;

/// Show the process tree of a log.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The log; `-` is standard input.
    #[arg(value_name = "LOG")]
    log: PathBuf,

    /// Show the calls, too, before the tree.
    #[arg(long)]
    events: bool,
}

/// Runs the command.
///
/// # Errors
/// The log cannot be opened or is none, the output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut source = Source::open(&args.log, false)?;
    // Strips colours where the output is no terminal.
    let mut out = anstream::AutoStream::auto(output::stdout()?);
    output::quiet_if_closed(show(&mut source, args.events, &mut out))
}

fn show(
    source: &mut Source,
    events: bool,
    out: &mut anstream::AutoStream<io::StdoutLock<'static>>,
) -> anyhow::Result<()> {
    let mut flow = Flow::new();
    flow.set_cwd(&source.run().cwd);
    flow.set_started(source.run().started);
    let mut tree = Tree::new(source.run(), events.then(|| io::BufWriter::new(&mut *out)));
    let mut batch = Batch::new();
    while source.next(&mut batch)? {
        flow.batch(&batch, &mut tree).context(CANNOT_WRITE_STDOUT)?;
    }
    flow.finish(&mut tree).context(CANNOT_WRITE_STDOUT)?;
    let text = tree.finish().context(CANNOT_WRITE_STDOUT)?;
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context(CANNOT_WRITE_STDOUT)?;
    source.report_losses();
    Ok(())
}
