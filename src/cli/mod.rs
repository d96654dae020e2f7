//! The command line: one file a subcommand.

mod attach;
mod bench;
mod cat;
mod check;
mod compare;
mod convert;
mod log_file;
mod merge;
mod ontology;
mod output;
mod query;
mod recording;
mod refusal;
mod rotate;
mod run;
mod selection;
mod show;
mod sieve;
mod source;
mod stats;
mod syscalls;
mod table;
mod terminal;
mod time;
mod tree;
mod units;

use std::process::ExitCode;

use clap::Parser;

/// A flight recorder for batch jobs.
#[derive(Debug, Parser)]
#[command(name = "rtrace", version)]
struct Rtrace {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Args),
    Attach(attach::Args),
    Check(check::Args),
    Convert(convert::Args),
    Show(show::Args),
    Stats(stats::Args),
    Query(query::Args),
    Merge(merge::Args),
    Compare(compare::Args),
    Baseline(compare::BaselineArgs),
    Cat(cat::Args),
    Bench(bench::Args),
    Syscalls(syscalls::Args),
    Ontology(ontology::Args),
}

/// Runs the command that the arguments name; its exit status.
pub(crate) fn run() -> ExitCode {
    let result = match Rtrace::parse().command {
        Command::Run(args) => return run::run(&args),
        Command::Attach(args) => return attach::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Convert(args) => convert::run(args),
        Command::Show(args) => show::run(&args),
        Command::Stats(args) => stats::run(args),
        Command::Query(args) => query::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Compare(args) => return compare::run(&args),
        Command::Baseline(args) => compare::learn(&args),
        Command::Cat(args) => cat::run(args),
        Command::Bench(args) => bench::run(&args),
        Command::Syscalls(args) => syscalls::run(&args),
        Command::Ontology(args) => ontology::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("rtrace: {error:#}");
        ExitCode::FAILURE
    })
}
