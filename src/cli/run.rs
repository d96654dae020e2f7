//! `rtrace run`: a command, and the log of all that it did.

use super::recording::{FAILED, Recording, tell};
use super::refusal::explained;
use anyhow::Context as _;
use rtrace::record;
use rtrace::sys::{signals, spawn::User};
use rtrace::tracer::{self, Ending, Launch, Until};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit statuses before the command runs, as `env(1)` has them.
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Run a command and record every system call of it and of all that it starts.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    recording: Recording,

    /// Run the command as this user.
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,

    /// Set VAR in the command's environment; without `=VAL`, remove it.
    #[arg(short = 'E', long = "env", value_name = "VAR=VAL")]
    set: Vec<OsString>,

    /// Run the command in this directory.
    #[arg(long, value_name = "DIR")]
    chdir: Option<PathBuf>,

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
    let ends_with_root = args.until == "root";
    if let Some(refusal) = args.recording.sieve.refusal(ends_with_root, args.kill_on_exit) {
        tell!("rtrace: {refusal}");
        return ExitCode::from(2);
    }
    match record(args) {
        Ok(code) => code,
        Err(error) => {
            tell!("rtrace: {error:#}");
            ExitCode::from(status_of(&error))
        }
    }
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

fn record(args: &Args) -> anyhow::Result<ExitCode> {
    let mut recorder = args.recording.recorder();
    recorder.options.until = if args.until == "root" { Until::Root } else { Until::Last };
    recorder.options.kill_on_exit = args.kill_on_exit;
    let mut launch = launch(args)?;
    // Before a log is made for it.
    warn_setuid(&launch.file()?);
    recorder.options.by_seccomp = args.recording.sieve.install(args.recording.quiet);
    let name = Path::new(&launch.argv[0]).file_name().unwrap_or(OsStr::new("command"));
    let log = args.recording.open(&name.to_string_lossy(), std::process::id())?;
    recorder.rotation = args.recording.rotation(&log)?;
    launch.stdout_is_stderr = log.is_stdout;
    let (watch, name) = (args.recording.onlooker(&log), log.name.clone());
    let (file, place) = log.split();
    let told = |error| match error {
        record::Error::Log(_) => anyhow::Error::new(error).context(name.clone()),
        error => explained(error),
    };
    let recorded = recorder.run_with(&launch, file, watch, || place.take()).map_err(told)?;
    if let Some(status) = args.recording.report(&recorded, &name) {
        return Ok(status);
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
    let (argv, dir) = (args.command.clone(), args.chdir.clone());
    Ok(Launch { env, dir, user, ..Launch::new(argv) })
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
