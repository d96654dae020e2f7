//! What `run` and `attach` have in common: what to record, where to, and what is
//! said of it.

use super::log_file::{self, Log};
use super::rotate::limit;
use super::sieve::Sieve;
use super::units::duration;
use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::log::{self, Header};
use rtrace::record::{Limit, Print, Recorded, Recorder, Rotation, Watch};
use rtrace::tracer::{self, Colocate, Options};
use std::io::{self, IsTerminal, Stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// `eprintln!`, but it does not panic where nobody reads: the command's status
/// counts for more.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
pub(super) use tell;

/// The exit status when rtrace itself fails, as `env(1)` has it.
pub(super) const FAILED: u8 = 125;

/// What to record.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Recording {
    /// Where the log goes; `-` is standard output, and the command's own standard
    /// output then goes to standard error. [default: rtrace-NAME-PID.mp]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    pub(super) sieve: Sieve,

    /// Bytes to keep of each buffer that is read or written.
    #[arg(short = 's', value_name = "SIZE", default_value_t = 64)]
    string_limit: usize,

    /// Do not record environments.
    #[arg(long)]
    no_env: bool,

    /// What to learn beside the calls: nothing; or real paths, states of files when
    /// opened and after they were written, programs, ends of sockets, what was inherited;
    /// or also hashes of what is in files.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = Facts::Names)]
    facts: Facts,

    /// Share a processor with what is traced, which makes it several times faster: as long
    /// as no parallelism is lost; always; never.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Placement::Auto)]
    colocate: Placement,

    /// Print calls on standard error as they end, as strace does.
    #[arg(long)]
    print: bool,

    /// Say nothing but errors, and what --print prints.
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Go on in another file when one has this size (10M, 1G), or every so often (10m, 1h).
    ///
    /// The latest file has the log's name, those before have their numbers behind it:
    /// LOG.1, LOG.2, … Every command reads them as one log, given LOG; each can be read
    /// by itself.
    #[arg(long, value_name = "SIZE|TIME", value_parser = limit)]
    rotate: Option<Limit>,

    /// Keep so many of the latest files only.
    #[arg(
        long,
        value_name = "N",
        requires = "rotate",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    keep: Option<u64>,

    /// Fail (125) if the recording is not complete.
    #[arg(long)]
    strict: bool,
}

/// How much to learn beside the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Facts {
    None,
    Names,
    Full,
}

impl From<Facts> for tracer::Facts {
    fn from(facts: Facts) -> Self {
        match facts {
            Facts::None => Self::None,
            Facts::Names => Self::Names,
            Facts::Full => Self::Full,
        }
    }
}

/// Whether to share a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Placement {
    Auto,
    On,
    Off,
}

impl From<Placement> for Colocate {
    fn from(placement: Placement) -> Self {
        match placement {
            Placement::Auto => Self::Auto,
            Placement::On => Self::On,
            Placement::Off => Self::Off,
        }
    }
}

impl Recording {
    /// How to record.
    pub(super) fn recorder(&self) -> Recorder {
        let options = Options {
            data_limit: self.string_limit,
            filter: self.sieve.filter(),
            env: !self.no_env,
            facts: self.facts.into(),
            colocate: self.colocate.into(),
            ..Options::default()
        };
        Recorder { options, trace: self.sieve.set(), rotation: None }
    }

    /// Opens the log; `name` and `pid` are for a file name where none was given.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn open(&self, name: &str, pid: u32) -> anyhow::Result<Log> {
        let default = || PathBuf::from(format!("rtrace-{name}-{pid}.mp"));
        log_file::open(&self.output.clone().unwrap_or_else(default))
    }

    /// When the log goes on in another file.
    ///
    /// # Errors
    /// It is no file.
    pub(super) fn rotation(&self, log: &Log) -> anyhow::Result<Option<Rotation>> {
        let Some(limit) = self.rotate else { return Ok(None) };
        let keep = self.keep.unwrap_or(0);
        let parts = log.numbered(keep).context("cannot --rotate")?;
        Ok(Some(Rotation { limit, keep, parts: Arc::new(parts) }))
    }

    /// Who looks on while `log` is written.
    pub(super) fn onlooker(&self, log: &Log) -> Onlooker {
        let print = self.print.then(|| Print::new(io::stderr()));
        Onlooker { log: log.name.clone(), print }
    }

    /// Says what the recording came to; the exit status, if it is not what became
    /// of the command.
    pub(super) fn report(&self, recorded: &Recorded, log: &str) -> Option<ExitCode> {
        if let Some(error) = &recorded.failure {
            tell!(
                "rtrace: {log}: the recording is not complete: {error}: {}; \
                 what was written before can be read",
                source_text(error)
            );
            return self.strict.then(|| ExitCode::from(FAILED));
        }
        if !self.quiet && io::stderr().is_terminal() {
            tell!("rtrace: {}", summary(recorded, log));
        }
        None
    }
}

fn summary(recorded: &Recorded, log: &str) -> String {
    let log::Totals { calls, processes, bytes, .. } = recorded.totals;
    let time = duration(recorded.time);
    let plural = if processes == 1 { "process" } else { "processes" };
    format!("{calls} calls of {processes} {plural} in {time}, {bytes} bytes in {log}")
}

/// Tells at once when the log cannot be written; prints, if that is wanted.
pub(super) struct Onlooker {
    log: String,
    print: Option<Print<Stderr>>,
}

impl Watch for Onlooker {
    fn begin(&mut self, header: &Header) {
        if let Some(print) = &mut self.print {
            print.begin(header);
        }
    }

    fn batch(&mut self, batch: &Batch) {
        if let Some(print) = &mut self.print {
            print.batch(batch);
        }
    }

    fn failed(&mut self, error: &log::Error) {
        let (log, source) = (&self.log, source_text(error));
        tell!("rtrace: {log}: {error}: {source}; what is traced goes on unrecorded");
    }

    fn stays(&mut self, error: &log::Error) {
        let (log, source) = (&self.log, source_text(error));
        tell!("rtrace: {log}: cannot go on in another file: {source}; trying again later");
    }

    fn end(&mut self) {
        if let Some(print) = &mut self.print {
            print.end();
        }
    }
}

fn source_text(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}
