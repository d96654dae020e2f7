//! `rtrace check`: what a log holds, and whether it is whole.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::tree::{blind_spot, printable};
use super::{log_file, output};
use anyhow::Context as _;
use rtrace::log::{self, Bytes, Ending, Lost, Missing, Parts, Reader, Summary, Unseen};

/// Say what logs hold, and whether they are whole.
///
/// The exit status is 0 if all of them are, and 1 if one is damaged, cut, or no
/// log at all. With --repair it is 0 if the sound log could be written.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The logs; `-` is standard input.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,

    /// Words for people, or one JSON object a log.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Write all that can be read of the log to OUT, as a log that is whole, and say
    /// what is lost; `-` is standard output.
    #[arg(long, value_name = "OUT")]
    repair: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs the command.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match (&args.repair, args.logs.as_slice()) {
        (Some(out), [log]) => return repair(args.format, log, out),
        (Some(_), _) => {
            eprintln!("rtrace: --repair takes one LOG: rtrace cat joins several");
            return Ok(ExitCode::from(2));
        }
        (None, _) => {}
    }
    let mut out = output::stdout()?;
    let mut all_whole = true;
    for path in &args.logs {
        match check(path) {
            Ok(summary) => {
                all_whole &= summary.complete;
                let text = args.format.text(path, &summary, None)?;
                let written = out.write_all(text.as_bytes());
                output::quiet_if_closed(written.context(output::CANNOT_WRITE_STDOUT))?;
            }
            Err(error) => {
                all_whole = false;
                eprintln!("rtrace: {error:#}");
            }
        }
    }
    Ok(if all_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes a sound log, and says what the damaged one had.
fn repair(format: Format, path: &Path, out: &Path) -> anyhow::Result<ExitCode> {
    output::refuse_inputs(out, std::slice::from_ref(&path.to_owned()))?;
    let mut reader = open(path)?;
    let log = log_file::open(out)?;
    let (name, is_stdout) = (log.name.clone(), log.is_stdout);
    let (file, place) = log.split();
    let repaired = log::repair(&mut reader, file)
        .with_context(|| format!("cannot repair {} into {name}", path.display()))?;
    place.take();
    let text = format.text(path, &repaired.summary, Some(&name))?;
    if is_stdout {
        eprint!("{text}");
        return Ok(ExitCode::SUCCESS);
    }
    let written = output::stdout()?.write_all(text.as_bytes());
    output::quiet_if_closed(written.context(output::CANNOT_WRITE_STDOUT))
}

fn open(path: &Path) -> anyhow::Result<Reader> {
    let reader = if path == Path::new("-") { Reader::new(io::stdin()) } else { Reader::open(path) };
    reader.with_context(|| path.display().to_string())
}

fn check(path: &Path) -> anyhow::Result<Summary> {
    log::check_reader(&mut open(path)?).with_context(|| path.display().to_string())
}

impl Format {
    /// What is said of a log, and of the one that it was repaired into.
    fn text(
        self,
        path: &Path,
        summary: &Summary,
        repaired: Option<&str>,
    ) -> serde_json::Result<String> {
        match self {
            Self::Text => Ok(in_words(path, summary, repaired)),
            Self::Json => Ok(in_json(path, summary, repaired)? + "\n"),
        }
    }
}

fn in_json(path: &Path, summary: &Summary, repaired: Option<&str>) -> serde_json::Result<String> {
    #[derive(serde::Serialize)]
    struct Named<'a> {
        log: std::borrow::Cow<'a, str>,
        #[serde(flatten)]
        summary: &'a Summary,
        /// Where the sound log is.
        #[serde(skip_serializing_if = "Option::is_none")]
        repaired: Option<&'a str>,
    }
    serde_json::to_string(&Named { log: path.to_string_lossy(), summary, repaired })
}

fn in_words(path: &Path, summary: &Summary, repaired: Option<&str>) -> String {
    let mut text = String::new();
    let whole = if summary.complete { "whole" } else { "NOT WHOLE" };
    // Writing to a String does not fail.
    let _ = writeln!(text, "{}: {whole}", path.display());
    let Summary { calls, tasks, records, facts, blocks, .. } = summary;
    let _ = writeln!(
        text,
        "  {calls} calls of {tasks} tasks; {records} records, {facts} facts in {blocks} blocks"
    );
    if let Some(parts) = &summary.parts {
        text.push_str(&parts_in_words(parts));
    }
    if let Some(begins) = summary.begins {
        let _ = writeln!(
            text,
            "  begins {} s after the run's start: what came before is only summed up",
            seconds(begins)
        );
    }
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        let _ = writeln!(
            text,
            "  from {} s to {} s after the run's start",
            seconds(first),
            seconds(last)
        );
    }
    if let Some(end) = &summary.end {
        let _ = writeln!(text, "  {}", ending_in_words(end));
    }
    text.push_str(&bytes_in_words(summary));
    if summary.unknown > 0 {
        let _ = writeln!(
            text,
            "  {} records and facts are of kinds that only a newer rtrace knows",
            summary.unknown
        );
    }
    text.push_str(&unseen_in_words(&summary.blind_spots));
    text.push_str(&lost_in_words(&summary.lost, &summary.bytes));
    if let Some(missing) = &summary.missing {
        text.push_str(&missing_in_words(missing));
    }
    if let Some(repaired) = repaired {
        let _ = writeln!(text, "  repaired: {calls} calls, {records} records in {repaired}");
    }
    text
}

/// Which files it is.
fn parts_in_words(parts: &Parts) -> String {
    let Parts { first, last, is_alone } = parts;
    if *is_alone {
        return format!("  part {first} of a set of files\n");
    }
    let gone = match first {
        1 => String::new(),
        _ => format!("; the beginning is missing: parts 1 to {}", first - 1),
    };
    format!("  a set of files: parts {first} to {last}{gone}\n")
}

/// What the recorder could not see.
fn unseen_in_words(blind_spots: &[Unseen]) -> String {
    if blind_spots.is_empty() {
        return "  no blind spots: nothing that was to be recorded went unseen\n".to_owned();
    }
    let mut text = "  blind spots:\n".to_owned();
    for Unseen { pid, why, times } in blind_spots {
        text.push_str(&blind_spot(*pid, &printable(why.as_bytes()), *times));
    }
    text
}

/// What a log was made without.
fn missing_in_words(missing: &Missing) -> String {
    let Missing { blocks, records, .. } = missing;
    let parts = [
        (*blocks > 0, format!("{blocks} blocks with {records} records")),
        (missing.header, "the header: command and host are unknown".to_owned()),
        (missing.end, "the end: nobody knows what came behind".to_owned()),
    ];
    let parts = parts.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, words)| words);
    format!(
        "  repaired from a damaged log, which had lost {}\n",
        parts.collect::<Vec<_>>().join("; ")
    )
}

fn ending_in_words(end: &Ending) -> String {
    let reason = match end.reason {
        "ended" => "recorded to the end",
        "detached" => "rtrace was told to let go",
        "failed" => "recording failed; the job went on unrecorded",
        "next part" => "goes on in the next part",
        "part" => "the log is a part of its run, and ends",
        other => other,
    };
    let error = end.error.as_ref().map(|error| format!(": {error}"));
    format!("{reason} at {} s{}", seconds(end.time), error.unwrap_or_default())
}

fn bytes_in_words(summary: &Summary) -> String {
    let Bytes { total, sections, header, framing, .. } = summary.bytes;
    let mut text = format!("  {total} bytes: ");
    let parts = [
        ("records", sections.records),
        ("dictionaries", sections.dictionaries),
        ("structs", sections.structs),
        ("data", sections.data),
        ("facts", sections.facts),
        ("index", sections.index),
        ("header", header),
        ("framing", framing),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, size)| *size > 0)
        .map(|(name, size)| format!("{name} {size}"))
        .collect();
    text.push_str(&parts.join(", "));
    text.push('\n');
    if summary.calls > 0 {
        let a_call = |bytes: u64| {
            let tenths = bytes.saturating_mul(10) / summary.calls;
            format!("{}.{}", tenths / 10, tenths % 10)
        };
        let _ = writeln!(
            text,
            "  {} bytes a call in records and dictionaries ({} before compression)",
            a_call(sections.records + sections.dictionaries),
            a_call(summary.raw.records + summary.raw.dictionaries),
        );
    }
    text
}

fn lost_in_words(lost: &Lost, bytes: &Bytes) -> String {
    let mut text = String::new();
    if lost.header {
        text.push_str("  the header is damaged: command, host and clock are unknown\n");
    }
    if lost.blocks > 0 || bytes.lost > 0 {
        let _ = writeln!(
            text,
            "  lost: {} blocks with {} records; {} damaged bytes",
            lost.blocks, lost.records, bytes.lost
        );
        for range in lost.ranges.iter().take(10) {
            let _ = writeln!(text, "    bytes {} to {}", range.start, range.end);
        }
    }
    if lost.parts > 0 {
        let _ = writeln!(text, "  {} parts of the set are missing", lost.parts);
    }
    if lost.tail {
        text.push_str("  the log has no end: it was cut, or is still being written\n");
    }
    text
}

/// Nanoseconds as seconds with microseconds.
fn seconds(ns: u64) -> String {
    format!("{}.{:06}", ns / 1_000_000_000, ns / 1000 % 1_000_000)
}
