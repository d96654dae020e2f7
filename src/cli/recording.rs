//! What `run` and `attach` have in common: what to record, where to, and what is
//! said of it.

use super::selection::{Selection, selection};
use super::units::duration;
use anyhow::Context as _;
use rtrace::abi::Filter;
use rtrace::event::Batch;
use rtrace::log::{self, Header};
use rtrace::record::{self, Print, Recorded, Recorder, Watch};
use rtrace::tracer::{self, Options};
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Stderr};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    /// Where the log goes; `-` is standard output. [default: rtrace-NAME-PID.mp]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Record these calls only: trace=SET, with names, %classes and `!`.
    #[arg(
        short = 'e',
        value_name = "trace=SET",
        value_parser = selection,
        overrides_with = "selection"
    )]
    selection: Option<Selection>,

    /// Bytes to keep of each buffer that is read or written.
    #[arg(short = 's', value_name = "SIZE", default_value_t = 64)]
    string_limit: usize,

    /// Do not record environments.
    #[arg(long)]
    no_env: bool,

    /// Print calls on standard error as they end, as strace does.
    #[arg(long)]
    print: bool,

    /// Say nothing but errors, and what --print prints.
    #[arg(short, long)]
    quiet: bool,

    /// Fail (125) if the recording is not complete.
    #[arg(long)]
    strict: bool,
}

impl Recording {
    /// How to record.
    pub(super) fn recorder(&self) -> Recorder {
        let selection = self.selection.as_ref();
        let options = Options {
            data_limit: self.string_limit,
            filter: selection.map_or_else(Filter::all, |selection| selection.filter.clone()),
            env: !self.no_env,
            ..Options::default()
        };
        Recorder { options, trace: selection.map(|selection| selection.text.clone()) }
    }

    /// Opens the log; `name` and `pid` are for a file name where none was given.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn open(&self, name: &str, pid: u32) -> anyhow::Result<Log> {
        let default = || PathBuf::from(format!("rtrace-{name}-{pid}.mp"));
        open(&self.output.clone().unwrap_or_else(default))
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

    fn end(&mut self) {
        if let Some(print) = &mut self.print {
            print.end();
        }
    }
}

fn source_text(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}

/// Who traces a process, if somebody does.
fn tracer_of(process: &str) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"))?;
    tracer.trim().parse().ok().filter(|pid| *pid != 0)
}

/// Adds what to do about a refusal to trace.
pub(super) fn hint(error: record::Error) -> anyhow::Error {
    let refused = match &error {
        record::Error::Tracer(tracer::Error::Seize { pid, source })
            if source.raw_os_error() == Some(nix::libc::EPERM) =>
        {
            *pid
        }
        _ => return error.into(),
    };
    let error = anyhow::Error::new(error);
    // What rtrace starts is traced by whoever traces rtrace.
    if let Some(tracer) = tracer_of(&refused.to_string()).or_else(|| tracer_of("self")) {
        return anyhow::anyhow!(
            "{error:#}; process {tracer} traces it already, and a process has one tracer only"
        );
    }
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    let advice = match scope.trim() {
        "2" => "only root may trace here: run rtrace as root, or set kernel.yama.ptrace_scope to 1",
        "3" => "tracing is switched off until the next boot (kernel.yama.ptrace_scope is 3)",
        _ => {
            "kernel.yama.ptrace_scope is not the reason; in a container, allow CAP_SYS_PTRACE and a seccomp profile with ptrace; a setuid program needs root"
        }
    };
    anyhow::anyhow!("{error:#}; {advice}")
}

/// An open log.
pub(super) struct Log {
    pub(super) file: File,
    /// What to call it.
    pub(super) name: String,
}

/// Opens a log to be written: a regular file is replaced, a FIFO or device written
/// in place, a symbolic link refused, unless it is one of the process's own
/// descriptors.
///
/// # Errors
/// It cannot be written.
pub(super) fn open(path: &Path) -> anyhow::Result<Log> {
    if path == Path::new("-") {
        use std::os::fd::AsFd;
        let out =
            io::stdout().as_fd().try_clone_to_owned().context("cannot use standard output")?;
        return Ok(Log { file: out.into(), name: "standard output".to_owned() });
    }
    let name = path.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(nix::libc::O_CLOEXEC);
    if !is_descriptor(path) {
        options.custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_CLOEXEC);
        match fs::symlink_metadata(path) {
            Ok(meta) if meta.file_type().is_fifo() || meta.file_type().is_char_device() => {}
            Ok(meta) if meta.is_file() => {
                fs::remove_file(path).with_context(|| format!("cannot replace {name}"))?;
                options.create_new(true);
            }
            Ok(_) => anyhow::bail!("cannot write {name}: it is no regular file, FIFO or device"),
            Err(_) => {
                options.create_new(true);
            }
        }
    }
    let file = options.open(path).with_context(|| format!("cannot write {name}"))?;
    Ok(Log { file, name })
}

/// Whether a path is a shell's `>(command)` or the like: a link to what a
/// descriptor of this process stands for.
fn is_descriptor(path: &Path) -> bool {
    let own = ["/dev/fd", "/proc/self/fd"];
    let named = ["/dev/stdout", "/dev/stderr"];
    path.parent().is_some_and(|dir| own.iter().any(|own| dir == Path::new(own)))
        || named.iter().any(|name| path == Path::new(name))
}
