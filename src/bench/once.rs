//! One run of a command.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;

use super::Error;
use super::log::Logged;

/// One run: what it took, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Once {
    /// Nanoseconds from before the start until the end was known.
    pub time: u64,
    /// Nanoseconds of processor time: of the command, and of the recorder.
    pub cpu: u64,
    /// The exit status; `None`: a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What the recorder wrote; `None` of a native run, or where that cannot be read.
    #[serde(flatten)]
    pub logged: Option<Logged>,
    /// The last line on standard error, for those who wonder why it failed.
    pub complaint: Option<String>,
}

/// Runs it with nothing to read; what it writes is thrown away, but standard error,
/// which goes to the file `complaints`.
pub(super) fn run(
    words: &[OsString],
    dir: Option<&Path>,
    complaints: &Path,
) -> Result<Once, Error> {
    let (program, args) = words
        .split_first()
        .map_or((OsString::new(), &[][..]), |(program, args)| (program.clone(), args));
    let scratch = |source| Error::Scratch { path: complaints.to_owned(), source };
    let stderr = File::create(complaints).map_err(scratch)?;
    let mut command = Command::new(&program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    if let Some(dir) = dir {
        command.current_dir(dir);
    }
    let cpu = children_cpu();
    let start = Instant::now();
    let ended = command.status();
    let time = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let status = ended.map_err(|source| Error::Command { command: program, source })?;
    Ok(Once {
        time,
        cpu: children_cpu().saturating_sub(cpu),
        code: status.code(),
        signal: status.signal(),
        logged: None,
        complaint: last_line(complaints),
    })
}

/// Processor time in nanoseconds of all children that have been waited for.
fn children_cpu() -> u64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return 0 };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    u64::try_from(micros).unwrap_or_default().saturating_mul(1000)
}

fn last_line(complaints: &Path) -> Option<String> {
    let text = fs::read(complaints).ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned())
}

/// Runs what should come before each run.
pub(super) fn prepare(command: &str, dir: Option<&Path>) -> Result<(), Error> {
    let failed = |why: String| Error::Prepare { command: command.to_owned(), why };
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(dir) = dir {
        shell.current_dir(dir);
    }
    let ended: io::Result<_> = shell.status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("failed: {status}"))),
        Err(error) => Err(failed(format!("cannot be run: {error}"))),
    }
}
