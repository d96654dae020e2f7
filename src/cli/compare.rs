//! `rtrace compare` and `rtrace baseline`: what is different between runs.

mod explain;
mod page;
mod report;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::compare::{
    About, Baseline, Comparison, Mapping, Painter, Portrait, Rules, Same, compare,
};
use rtrace::event::Batch;

use super::output::{self, CANNOT_WRITE_STDOUT, quiet_if_closed};
use super::source::Source;

/// The exit status of runs that differ.
const DIFFERENT: u8 = 1;
/// The exit status where they cannot be compared.
const FAILED: u8 = 2;

/// Say what was different between two runs, and why.
///
/// The exit status is 0 if the runs are equivalent, 1 if they differ, 2 on an error.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The log of the run that was good, and that of the other one; with --baseline the
    /// latter alone.
    #[arg(value_name = "LOG")]
    logs: Vec<PathBuf>,

    /// What the run is held against: a file of `rtrace baseline`.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    #[command(flatten)]
    normal: NormalArgs,

    /// How to write the report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// Say what becomes of a text, and by which rules, as if it stood in the log that is
    /// given, or in a run of now; may be repeated.
    #[arg(long, value_name = "STRING", num_args = 1..)]
    explain: Vec<std::ffi::OsString>,
}

/// How names are normalised.
#[derive(Debug, clap::Args)]
pub(crate) struct NormalArgs {
    /// More rules for what changes from run to run; docs/compare.md has their form.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// Names that mean the same: OLD in either run is taken for NEW, as part of a path or
    /// as a word; may be repeated.
    #[arg(long = "map", value_name = "OLD=NEW", value_parser = mapping)]
    maps: Vec<Mapping>,

    /// What is the same in both runs whatever its name is: the machine, the user's home
    /// directory, the user.
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    same: Vec<Named>,
}

/// What has a name that may be another one in another run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Named {
    /// The machine.
    Host,
    /// The home directory, as HOME has it.
    Home,
    /// The user, as USER has them.
    User,
}

/// What a report looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For reading.
    Text,
    /// One JSON document.
    Json,
    /// A page in which both runs stand over each other.
    Html,
    /// JUnit's XML, for build servers.
    Junit,
}

fn mapping(text: &str) -> Result<Mapping, String> {
    let (old, new) = text.split_once('=').ok_or("expected OLD=NEW, as in /home/ann=/home/bob")?;
    if old.is_empty() {
        return Err("what is to be replaced is missing before the '='".into());
    }
    Ok(Mapping { old: old.into(), new: new.into() })
}

impl NormalArgs {
    fn same(&self) -> Same {
        let has = |named| self.same.contains(&named);
        Same { host: has(Named::Host), home: has(Named::Home), user: has(Named::User) }
    }

    fn rules(&self) -> anyhow::Result<Rules> {
        match &self.rules {
            Some(file) => Ok(Rules::read(file.clone())?),
            None => Ok(Rules::shipped()),
        }
    }
}

/// Runs the command; errors have a status of their own.
pub(crate) fn run(args: &Args) -> ExitCode {
    compared(args).unwrap_or_else(|error| {
        eprintln!("rtrace: {error:#}");
        ExitCode::from(FAILED)
    })
}

fn compared(args: &Args) -> anyhow::Result<ExitCode> {
    let rules = args.normal.rules()?;
    if !args.explain.is_empty() {
        return explain::run(args, &rules);
    }
    let portrait = |log: &Path| portrait(log, &rules, &args.normal);
    let (a, b, comparison) = match (&args.baseline, args.logs.as_slice()) {
        (Some(file), [log]) => {
            let baseline = read_baseline(file)?;
            let run = portrait(log)?;
            let comparison = baseline.compare(&run);
            (baseline.portrait, run, comparison)
        }
        (None, [a, b]) => {
            let (a, b) = (portrait(a)?, portrait(b)?);
            let comparison = compare(&a, &b);
            (a, b, comparison)
        }
        (Some(_), logs) => anyhow::bail!("with --baseline one log is compared, not {}", logs.len()),
        (None, logs) => anyhow::bail!(
            "two logs are compared, not {}; with --baseline FILE it is one",
            logs.len()
        ),
    };
    if args.format == Format::Html {
        quiet_if_closed(page::write(args, &a, &b, &comparison))?;
    } else {
        quiet_if_closed(write(args.format, &a, &b, &comparison))?;
    }
    Ok(if comparison.is_equivalent() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

fn write(format: Format, a: &Portrait, b: &Portrait, what: &Comparison) -> anyhow::Result<()> {
    let mut out = output::stdout()?;
    match format {
        Format::Text => report::text(a, b, what, &mut out),
        Format::Json => report::json(a, b, what, &mut out),
        Format::Junit => report::junit(b, what, &mut out),
        Format::Html => Ok(()), // it takes the logs, too
    }
    .context(CANNOT_WRITE_STDOUT)
}

fn read_baseline(file: &Path) -> anyhow::Result<Baseline> {
    let open = File::open(file).with_context(|| file.display().to_string())?;
    Baseline::read(BufReader::new(open)).with_context(|| file.display().to_string())
}

/// What is left of the run of a log.
fn portrait(log: &Path, rules: &Rules, normal: &NormalArgs) -> anyhow::Result<Portrait> {
    let mut source = Source::open(log, false)?;
    let (run, options) = (source.run().clone(), source.header().options.clone());
    let (mut flow, mut painter, mut batch) = (run.flow(), Painter::new(), Batch::new());
    while source.next(&mut batch)? {
        painter.mounts(&batch);
        let Ok(()) = flow.batch(&batch, &mut painter);
    }
    let Ok(()) = flow.finish(&mut painter);
    source.report_losses();
    let about = About {
        run: run.uuid_text(),
        began: run.started,
        host: String::from_utf8_lossy(&run.host).into_owned(),
        kernel: run.kernel.clone(),
        filter: options.trace,
        facts: options.facts,
        env: options.env,
        end: 0,
    };
    Ok(painter.portrait(flow.state(), about, rules, normal.maps.clone(), normal.same()))
}

/// Learn what varies among good runs of a batch.
#[derive(Debug, clap::Args)]
pub(crate) struct BaselineArgs {
    /// Logs of good runs of the same batch.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,

    /// Where to write what was learnt.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    normal: NormalArgs,
}

/// Runs the command.
///
/// # Errors
/// A log cannot be read, or the baseline not be written.
pub(crate) fn learn(args: &BaselineArgs) -> anyhow::Result<ExitCode> {
    let rules = args.normal.rules()?;
    let portraits = args.logs.iter().map(|log| portrait(log, &rules, &args.normal));
    let portraits = portraits.collect::<Result<Vec<_>, _>>()?;
    let baseline = Baseline::learn(&portraits)?;
    let file = args.output.display().to_string();
    let directory = args.output.parent().filter(|path| !path.as_os_str().is_empty());
    let mut out = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))
        .with_context(|| file.clone())?;
    baseline.write(&mut out).with_context(|| file.clone())?;
    out.persist(&args.output).with_context(|| file.clone())?;
    let (runs, varies) = (baseline.runs, baseline.varies.len());
    eprintln!("rtrace: {file} has learnt from {runs} runs; {varies} things vary among them");
    Ok(ExitCode::SUCCESS)
}
