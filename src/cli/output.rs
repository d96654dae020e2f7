//! Where a command writes, and when it may stop.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, StdoutLock, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::sys::startup;

/// What is said of an output that cannot be written.
pub(crate) const CANNOT_WRITE_STDOUT: &str = "cannot write to standard output";

/// An open output.
pub(crate) struct Output {
    /// Where to write.
    pub(crate) out: Box<dyn Write>,
    /// What is said if that fails.
    pub(crate) failure: String,
}

/// Opens what `-o` says; without it, and for `-`, standard output. A file that is
/// one of `inputs`, whatever its name, stays as it is.
///
/// # Errors
/// The file cannot be made, or is an input.
pub(crate) fn open(path: Option<&Path>, inputs: &[PathBuf]) -> anyhow::Result<Output> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else {
        let out = stdout()?;
        refuse_same(&of_descriptor(&out)?, "standard output", inputs)?;
        return Ok(Output { out: Box::new(out), failure: CANNOT_WRITE_STDOUT.to_owned() });
    };
    let failure = format!("cannot write {}", path.display());
    // Emptied only once it is known to be no input.
    let options = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    let file = options.with_context(|| failure.clone())?;
    let meta = file.metadata().with_context(|| failure.clone())?;
    refuse_same(&meta, &path.display().to_string(), inputs)?;
    if meta.is_file() {
        file.set_len(0).with_context(|| failure.clone())?;
    }
    Ok(Output { out: Box::new(file), failure })
}

/// Standard output.
///
/// # Errors
/// The caller had it closed: what is written would go to the `/dev/null` that Rust
/// opens in its place.
pub(crate) fn stdout() -> anyhow::Result<StdoutLock<'static>> {
    if startup::closed_descriptors().any(|fd| fd == 1) {
        anyhow::bail!("{CANNOT_WRITE_STDOUT}: it is closed");
    }
    Ok(io::stdout().lock())
}

/// Refuses to write to what is one of `inputs`, whatever its name.
///
/// # Errors
/// It is.
pub(crate) fn refuse_inputs(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return refuse_same(&of_descriptor(stdout()?)?, "standard output", inputs);
    }
    match fs::metadata(path) {
        Ok(meta) => refuse_same(&meta, &path.display().to_string(), inputs),
        Err(_) => Ok(()), // it is yet to be made
    }
}

fn refuse_same(target: &Metadata, name: &str, inputs: &[PathBuf]) -> anyhow::Result<()> {
    let is_target = |input: &&PathBuf| {
        let input = match input.as_path() {
            path if path == Path::new("-") => of_descriptor(io::stdin()).ok(),
            path => fs::metadata(path).ok(),
        };
        input.is_some_and(|input| (input.dev(), input.ino()) == (target.dev(), target.ino()))
    };
    match inputs.iter().find(is_target).filter(|_| target.is_file()) {
        Some(input) => anyhow::bail!(
            "{name} is the same file as the input {}, which would be lost: write to another one",
            input.display()
        ),
        None => Ok(()),
    }
}

/// What an open descriptor stands for.
pub(crate) fn of_descriptor(descriptor: impl AsFd) -> io::Result<Metadata> {
    File::from(descriptor.as_fd().try_clone_to_owned()?).metadata()
}

/// A reader who has seen enough, as `head` has, ends the command without a word.
///
/// # Errors
/// Any other one is handed on.
pub(crate) fn quiet_if_closed(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    let is_closed = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    match result {
        Err(error) if !error.chain().filter_map(|c| c.downcast_ref()).any(is_closed) => Err(error),
        _ => Ok(ExitCode::SUCCESS),
    }
}
