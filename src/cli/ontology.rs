//! `rtrace ontology`: the terms of the RDF.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::export::rdf;

use super::output;

/// Print the ontology of the RDF that convert writes, in Turtle.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print the shapes of a valid graph (SHACL) instead.
    #[arg(long)]
    shapes: bool,
}

/// Runs the command.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    output::quiet_if_closed(print(if args.shapes { rdf::SHAPES } else { rdf::ONTOLOGY }))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = output::stdout()?;
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context(output::CANNOT_WRITE_STDOUT)
}
