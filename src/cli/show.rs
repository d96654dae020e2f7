//! `rtrace show`: what logs hold, for reading in a terminal.

mod failed;
mod files;
mod peers;
mod timeline;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::export::picture::{counted, readable, span, time_text};
use rtrace::export::{Run, command_line};
use rtrace::flow::graph::Graph;

use super::output::{self, CANNOT_WRITE_STDOUT};
use super::source::Source;
use super::terminal;
use super::tree::Tree;

/// What is written to.
type Output = anstream::AutoStream<io::StdoutLock<'static>>;

/// Show what logs hold: process trees, or another view of each.
#[expect(clippy::struct_excessive_bools, reason = "they are options")]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Logs, which are shown one below the other; `-` is standard input.
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,

    /// Show the calls, too, before the tree.
    #[arg(long, group = "view")]
    events: bool,

    /// Show processes as bars to scale, as wide as the terminal (or COLUMNS).
    #[arg(long, group = "view")]
    timeline: bool,

    /// Show files: who read, wrote, created and deleted them, with bytes.
    #[arg(long, group = "view")]
    files: bool,

    /// Show who talked to whom through sockets, with bytes.
    #[arg(long, group = "view")]
    peers: bool,

    /// Show the processes that failed, the first one first, and why.
    #[arg(long, group = "view")]
    failed: bool,
}

/// Runs the command.
///
/// # Errors
/// A log cannot be opened or is none, the output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let sources = args.logs.iter().map(|log| Source::open(log, false));
    let mut sources = sources.collect::<Result<Vec<_>, _>>()?;
    // Strips colours where the output is no terminal.
    let mut out = anstream::AutoStream::auto(output::stdout()?);
    output::quiet_if_closed(show_all(args, &mut sources, &mut out))
}

fn show_all(args: &Args, sources: &mut [Source], out: &mut Output) -> anyhow::Result<()> {
    for (place, source) in sources.iter_mut().enumerate() {
        if place > 0 {
            out.write_all(b"\n").context(CANNOT_WRITE_STDOUT)?;
        }
        if args.timeline || args.files || args.peers || args.failed {
            let graph = source.graph()?;
            let text = view(args, source.run(), &graph);
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            written.context(CANNOT_WRITE_STDOUT)?;
        } else {
            show(source, args.events, out)?;
        }
    }
    Ok(())
}

fn view(args: &Args, run: &Run, graph: &Graph) -> String {
    let (width, is_utf8) = (terminal::width(), terminal::is_utf8());
    match args {
        Args { timeline: true, .. } => timeline::text(run, graph, width, is_utf8),
        Args { files: true, .. } => files::text(run, graph, width, is_utf8),
        Args { peers: true, .. } => peers::text(run, graph, width, is_utf8),
        _ => failed::text(run, graph, is_utf8),
    }
}

/// What stands above a view: the command, and how it went.
fn heading(run: &Run, graph: &Graph, is_utf8: bool) -> String {
    const DIM: Style = Style::new().dimmed();
    const BOLD: Style = Style::new().bold();
    const BAD: Style = AnsiColor::Red.on_default();
    let (command, host) = (readable(&command_line(&run.command)), readable(&run.host));
    let processes = counted(graph.processes.len(), "process", "processes");
    let (from, until) = span(graph);
    let time = time_text(until - from);
    let failed = graph.processes.iter().filter(|process| process.end.is_bad()).count();
    let failed = if failed > 0 { format!(", {BAD}{failed} failed{BAD:#}") } else { String::new() };
    let facts = format!("on {host}, {}, {time}, {processes}", run.start_text());
    let (command, facts) = (terminal::shown(&command, is_utf8), terminal::shown(&facts, is_utf8));
    format!("{BOLD}{command}{BOLD:#} {DIM}{facts}{DIM:#}{failed}\n")
}

fn show(source: &mut Source, events: bool, out: &mut Output) -> anyhow::Result<()> {
    let mut flow = source.run().flow();
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
