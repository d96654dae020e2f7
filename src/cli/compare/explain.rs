//! Which rule does what to a text.

use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::compare::{Context, Normaliser, Place, Rules};
use rtrace::event::Batch;

use super::{Args, Source};
use crate::cli::output::{self, CANNOT_WRITE_STDOUT, quiet_if_closed};

pub(super) fn run(args: &Args, rules: &Rules) -> anyhow::Result<ExitCode> {
    let context = match args.logs.as_slice() {
        [] => Context { began: now(), ..Context::default() },
        [log] => of_log(log)?,
        logs => anyhow::bail!("--explain takes one log, or none, and not {}", logs.len()),
    };
    let normaliser = Normaliser::new(rules, args.normal.maps.clone(), context);
    quiet_if_closed(write(args, &normaliser).context(CANNOT_WRITE_STDOUT))?;
    Ok(ExitCode::SUCCESS)
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}

/// What rules need to know of the run of a log.
fn of_log(log: &std::path::Path) -> anyhow::Result<Context> {
    let mut source = Source::open(log, false)?;
    let mut context =
        Context { began: (source.run().started / 1_000_000_000) as i64, ..Context::default() };
    let mut batch = Batch::new();
    while source.next(&mut batch)? {
        let starts = batch.iter().filter(|record| record.kind == rtrace::event::Kind::Start);
        context.pids.extend(starts.map(|record| record.words[0]));
    }
    source.report_losses();
    Ok(context)
}

fn write(args: &Args, normaliser: &Normaliser<'_>) -> anyhow::Result<()> {
    let mut out = output::stdout()?;
    for text in &args.explain {
        let text = text.as_bytes();
        let place = if text.starts_with(b"/") { Place::Path } else { Place::Argument };
        let normal = normaliser.normal(place, text);
        writeln!(out, "{}", String::from_utf8_lossy(text))?;
        writeln!(out, "  {}", String::from_utf8_lossy(&normal.text))?;
        for taken in &normal.taken {
            let (was, becomes) =
                (String::from_utf8_lossy(&taken.was), String::from_utf8_lossy(taken.becomes));
            writeln!(out, "    {}: {was} becomes {becomes}", taken.rule)?;
        }
        if normal.taken.is_empty() {
            writeln!(out, "    no rule applies")?;
        }
    }
    Ok(())
}
