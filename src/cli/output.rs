//! Where a command writes, and when it may stop.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

/// Opens what `-o` says; without it, and for `-`, standard output.
///
/// # Errors
/// The file cannot be made.
pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let file = File::create(path);
            Ok(Box::new(file.with_context(|| format!("cannot write {}", path.display()))?))
        }
        None => Ok(Box::new(io::stdout().lock())),
    }
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
