//! `rtrace run`: a command, and the log of all that it did.

use anyhow::Context as _;
use rtrace::abi::{Filter, FilterError};
use rtrace::log;
use rtrace::record::{self, Print, Recorded, Recorder};
use rtrace::sys::{signals, spawn::User};
use rtrace::tracer::{self, Ending, Launch, Options, Until};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `eprintln!`, but it does not panic where nobody reads: the command's status
/// counts for more.
macro_rules! tell {
    ($($text:tt)*) => {{
        let _ = writeln!(io::stderr(), $($text)*);
    }};
}

/// Exit statuses before the command runs, as `env(1)` has them.
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Run a command and record every system call of it and of all that it starts.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// Where the log goes; `-` is standard output. [default: rtrace-COMMAND-PID.mp]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Record these calls only: trace=SET, with names, %classes and `!`.
    #[arg(short = 'e', value_name = "trace=SET")]
    expression: Option<String>,

    /// Bytes to keep of each buffer that is read or written.
    #[arg(short = 's', value_name = "SIZE", default_value_t = 64)]
    string_limit: usize,

    /// Run the command as this user.
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,

    /// Set VAR in the command's environment; without `=VAL`, remove it.
    #[arg(short = 'E', long = "env", value_name = "VAR=VAL")]
    set: Vec<OsString>,

    /// Run the command in this directory.
    #[arg(long, value_name = "DIR")]
    chdir: Option<PathBuf>,

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

    /// Kill what is left of the tree when rtrace ends.
    #[arg(long)]
    kill_on_exit: bool,

    /// Follow until the command has ended, or its last descendant.
    #[arg(long, value_name = "WHEN", default_value = "last", value_parser = ["root", "last"])]
    until: String,

    /// The command and its arguments.
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    command: Vec<OsString>,
}

/// Runs the command.
///
/// # Errors
/// None that is not told here: the exit status says how the command ended.
pub(crate) fn run(args: &Args) -> ExitCode {
    // clap takes the first word that it does not know for the command.
    let option = args.command.first().filter(|word| word.as_encoded_bytes().starts_with(b"-"));
    if let Some(option) = option
        && !std::env::args_os().take_while(|word| word != option).any(|word| word == "--")
    {
        let option = option.display();
        tell!("rtrace: unknown option '{option}' of run: see rtrace run --help");
        return ExitCode::from(2);
    }
    let trace = args.expression.as_deref().map(|e| e.strip_prefix("trace=").unwrap_or(e));
    let filter = match Filter::parse(trace.unwrap_or("all")) {
        Ok(filter) => filter,
        Err(error) => return usage(&error),
    };
    match record(args, filter, trace.map(str::to_owned)) {
        Ok(code) => code,
        Err(error) => {
            tell!("rtrace: {error:#}");
            ExitCode::from(status_of(&error))
        }
    }
}

fn usage(error: &FilterError) -> ExitCode {
    tell!("rtrace: -e: {error}");
    ExitCode::from(2)
}

fn status_of(error: &anyhow::Error) -> u8 {
    let tracer = match error.downcast_ref::<record::Error>() {
        Some(record::Error::Tracer(error)) => Some(error),
        _ => error.downcast_ref::<tracer::Error>(),
    };
    match tracer {
        Some(tracer::Error::NotFound(_)) => NOT_FOUND,
        Some(tracer::Error::NotExecutable { source, .. })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            NOT_FOUND
        }
        Some(tracer::Error::NotExecutable { .. }) => NOT_EXECUTABLE,
        _ => FAILED,
    }
}

fn record(args: &Args, filter: Filter, trace: Option<String>) -> anyhow::Result<ExitCode> {
    let launch = launch(args)?;
    // Before a log is made for it.
    let path = launch.env.iter().find(|(name, _)| name == "PATH").map(|(_, v)| v.as_os_str());
    warn_setuid(&tracer::find_command(&launch.argv[0], path, launch.dir.as_deref())?);
    let file = args.output.clone().unwrap_or_else(|| default_name(&launch.argv[0]));
    let (out, shown) = open(&file)?;
    let until = if args.until == "root" { Until::Root } else { Until::Last };
    let options = Options {
        data_limit: args.string_limit,
        filter,
        env: !args.no_env,
        until,
        kill_on_exit: args.kill_on_exit,
    };
    let recorder = Recorder { options, trace };
    let name = shown.clone();
    let failed = move |error: &log::Error| warn_failure(&name, error);
    let recorded = if args.print {
        recorder.run_watched(&launch, out, failed, Print::new(io::stderr()))
    } else {
        recorder.run(&launch, out, failed)
    };
    let recorded = match recorded {
        Ok(recorded) => recorded,
        Err(error) => return Err(hint(error)),
    };
    finish(args, &recorded, &shown)
}

/// Adds what to do about a refusal to trace.
fn hint(error: record::Error) -> anyhow::Error {
    let refused = matches!(&error, record::Error::Tracer(tracer::Error::Seize { source, .. })
        if source.raw_os_error() == Some(nix::libc::EPERM));
    if !refused {
        return error.into();
    }
    let error = anyhow::Error::new(error);
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

/// Without privilege, a traced set-user-ID program runs as its caller (`ptrace(2)`).
fn warn_setuid(file: &Path) {
    use std::os::unix::fs::MetadataExt;
    let special = fs::metadata(file).is_ok_and(|meta| meta.mode() & 0o6000 != 0);
    if special && !nix::unistd::geteuid().is_root() {
        tell!(
            "rtrace: {} is setuid or setgid: traced without privilege it runs with your own ids; \
             run rtrace as root to change that",
            file.display()
        );
    }
}

fn warn_failure(log: &str, error: &log::Error) {
    let error = anyhow::anyhow!("{error}: {}", source_text(error));
    tell!("rtrace: {log}: {error}; the command goes on unrecorded");
}

fn source_text(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(String::new, ToString::to_string)
}

fn finish(args: &Args, recorded: &Recorded, log: &str) -> anyhow::Result<ExitCode> {
    if let Some(error) = &recorded.failure {
        tell!(
            "rtrace: {log}: the recording is not complete: {error}: {}; \
             what was written before can be read",
            source_text(error)
        );
        if args.strict {
            return Ok(ExitCode::from(FAILED));
        }
    } else if !args.quiet && io::stderr().is_terminal() {
        summary(recorded, log).context("cannot write the summary")?;
    }
    Ok(match recorded.outcome.root {
        Some(Ending::Exited(code)) => ExitCode::from(code as u8),
        Some(Ending::Killed { signal, .. }) => {
            // Our caller sees what it would have seen of the command itself.
            signals::die_of(signal);
            ExitCode::from(128 + signal as u8)
        }
        None => ExitCode::SUCCESS,
    })
}

fn summary(recorded: &Recorded, log: &str) -> io::Result<()> {
    let log::Totals { calls, tasks, bytes, .. } = recorded.totals;
    let time = std::time::Duration::from_nanos(recorded.time);
    writeln!(
        io::stderr(),
        "rtrace: {calls} calls of {tasks} tasks in {time:.2?}, {bytes} bytes in {log}"
    )
}

fn launch(args: &Args) -> anyhow::Result<Launch> {
    let mut env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    for setting in &args.set {
        let text = setting.as_encoded_bytes();
        let equals = text.iter().position(|byte| *byte == b'=');
        let name = equals.map_or(text, |at| &text[..at]);
        env.retain(|(other, _)| other.as_encoded_bytes() != name);
        if let Some(at) = equals {
            use std::os::unix::ffi::OsStrExt;
            let of = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
            env.push((of(name), of(&text[at + 1..])));
        }
    }
    let user = args.user.as_deref().map(user).transpose()?;
    Ok(Launch { argv: args.command.clone(), env, dir: args.chdir.clone(), user })
}

fn user(name: &str) -> anyhow::Result<User> {
    let user = nix::unistd::User::from_name(name)
        .with_context(|| format!("cannot look up user '{name}'"))?
        .with_context(|| format!("there is no user '{name}'"))?;
    let name = std::ffi::CString::new(user.name.clone())?;
    let groups = nix::unistd::getgrouplist(&name, user.gid)
        .with_context(|| format!("cannot look up the groups of '{}'", user.name))?;
    Ok(User {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        groups: groups.into_iter().map(nix::unistd::Gid::as_raw).collect(),
    })
}

fn default_name(command: &OsStr) -> PathBuf {
    let name = Path::new(command).file_name().unwrap_or(OsStr::new("command"));
    PathBuf::from(format!("rtrace-{}-{}.mp", name.to_string_lossy(), std::process::id()))
}

/// Opens the log: a regular file is replaced, a FIFO or device written in place,
/// a symbolic link refused.
fn open(path: &Path) -> anyhow::Result<(File, String)> {
    if path == Path::new("-") {
        use std::os::fd::AsFd;
        let out =
            io::stdout().as_fd().try_clone_to_owned().context("cannot use standard output")?;
        return Ok((out.into(), "standard output".to_owned()));
    }
    let shown = path.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_CLOEXEC);
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_fifo() || meta.file_type().is_char_device() => {}
        Ok(meta) if meta.is_file() => {
            fs::remove_file(path).with_context(|| format!("cannot replace {shown}"))?;
            options.create_new(true);
        }
        Ok(_) => anyhow::bail!("cannot write {shown}: it is no regular file, FIFO or device"),
        Err(_) => {
            options.create_new(true);
        }
    }
    let file = options.open(path);
    Ok((file.with_context(|| format!("cannot write {shown}"))?, shown))
}
