//! `rtrace convert`: logs into other formats.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::export::{
    self, Detail, FORMATS, Format, Language, Options, Pattern, Scope, TextOptions,
};

use super::output::{self, Output, quiet_if_closed};
use super::selection::Chosen;
use super::source::Source;

/// Turn logs into text, JSON, CSV, RDF or a page to look at.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Logs, one after the other; `-` is standard input.
    #[arg(value_name = "LOG", required_unless_present = "list_formats")]
    logs: Vec<PathBuf>,

    /// The format: one of --list-formats.
    #[arg(
        long,
        value_name = "FORMAT",
        required_unless_present = "list_formats",
        value_parser = format,
        long_help = formats(),
    )]
    to: Option<Format>,

    /// Where to write; `-`, as without it, is standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Go on as the log grows, until it is complete.
    #[arg(long)]
    follow: bool,

    /// List the formats.
    #[arg(long)]
    list_formats: bool,

    /// RDF: name hosts, processes and resources by this and their moniker, not by the run,
    /// so that several runs in one store share them.
    #[arg(long, value_name = "PREFIX", value_parser = iri_prefix)]
    iri_prefix: Option<String>,

    /// How much of the graph: process, resource or event.
    #[arg(long, value_name = "DETAIL", value_parser = detail)]
    detail: Option<Detail>,

    /// The language of the page: en or fr; without it, that of the reader's browser.
    #[arg(long, value_name = "LANG", value_parser = language)]
    lang: Option<Language>,

    /// Tell only of resources with such a path (`/home/*`; a star takes slashes too) or of
    /// that class (`class:pipe`), or only of such calls (`call:%file`); may be repeated.
    #[arg(long, value_name = "PATTERN", value_parser = Pattern::parse)]
    only: Vec<Pattern>,

    /// Do not tell of those; may be repeated.
    #[arg(long, value_name = "PATTERN", value_parser = Pattern::parse)]
    ignore: Vec<Pattern>,

    /// Tell of one thing instead of all of the system's libraries, locales and time zones.
    #[arg(long)]
    fold_system: bool,

    #[command(flatten)]
    text: Text,
}

/// The detail of that name.
pub(super) fn detail(name: &str) -> Result<Detail, String> {
    Detail::named(name).ok_or_else(|| {
        let names = Detail::ALL.map(Detail::name).join(", ");
        ["it is one of ", &names].concat()
    })
}

/// The language of that tag.
fn language(name: &str) -> Result<Language, String> {
    Language::named(name).ok_or_else(|| {
        let names = Language::ALL.map(Language::name).join(", ");
        ["it is one of ", &names].concat()
    })
}

/// A prefix with which IRIs can begin.
fn iri_prefix(prefix: &str) -> Result<String, String> {
    let wrong =
        |why| format!("no IRI can begin so: {why}; one is http://HOST/survol/entity.py?xid=");
    export::rdf::check_iri_prefix(prefix).map(|()| prefix.to_owned()).map_err(wrong)
}

/// The format of that name.
pub(super) fn format(name: &str) -> Result<Format, String> {
    export::format(name).copied().ok_or_else(|| {
        let near = rtrace::abi::nearest(name, FORMATS.iter().map(|format| format.name));
        let meant = near.map_or_else(|| described(name), |near| vec![near]);
        if meant.is_empty() {
            return format!("unknown format '{name}'; rtrace convert --list-formats shows all");
        }
        format!("unknown format '{name}'; did you mean '{}'?", meant.join("' or '"))
    })
}

/// The formats whose summaries have the word: Turtle, N-Triples, RDF.
fn described(word: &str) -> Vec<&'static str> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    };
    let has_word = |format: &&Format| format.summary.split(' ').any(|of| plain(of) == plain(word));
    FORMATS.iter().filter(has_word).map(|format| format.name).collect()
}

/// What the help says of formats: the registry.
fn formats() -> String {
    let lines = FORMATS.iter().map(|format| format!("{:6}  {}", format.name, format.summary));
    format!("The format:\n\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Options of text formats, by strace's letters.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of text formats")]
struct Text {
    /// Show the time of day; -tt with microseconds, -ttt as seconds since 1970.
    #[arg(short = 't', action = clap::ArgAction::Count)]
    absolute_time: u8,

    /// Show the time since the line before.
    #[arg(short = 'r')]
    relative_time: bool,

    /// Show the time spent in each call.
    #[arg(short = 'T')]
    duration: bool,

    /// Show what descriptors stand for; -yy with the ends of sockets.
    #[arg(short = 'y', action = clap::ArgAction::Count)]
    decode_descriptors: u8,

    /// Show structs whole.
    #[arg(short = 'v')]
    verbose: bool,

    /// Show at most so many bytes of a string.
    #[arg(short = 's', value_name = "SIZE")]
    string_limit: Option<usize>,

    #[command(flatten)]
    chosen: Chosen,
}

impl Text {
    /// One of those that were given.
    fn given(&self) -> Option<&'static str> {
        let options = [
            ("-t", self.absolute_time > 0),
            ("-r", self.relative_time),
            ("-T", self.duration),
            ("-y", self.decode_descriptors > 0),
            ("-v", self.verbose),
            ("-s", self.string_limit.is_some()),
            ("-e", self.chosen.selection().is_some()),
            ("-p", !self.chosen.pids.is_empty()),
        ];
        options.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }

    fn options(self) -> TextOptions {
        TextOptions {
            absolute_time: self.absolute_time,
            relative_time: self.relative_time,
            duration: self.duration,
            decode_descriptors: self.decode_descriptors,
            verbose: self.verbose,
            string_limit: self.string_limit,
            filter: self.chosen.filter(),
            pids: self.chosen.pids,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A log that cannot be opened or is none, an output that cannot be written.
pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.list_formats {
        return quiet_if_closed(list_formats());
    }
    let format = args.to.context("clap asks for a format")?;
    if let Some(option) = args.text.given().filter(|_| !format.is_text()) {
        let texts = FORMATS.iter().filter(|format| format.is_text()).map(|format| format.name);
        let texts = texts.collect::<Vec<_>>().join(" or ");
        eprintln!("rtrace: {option} is for --to {texts}: {} has no such option", format.name);
        return Ok(ExitCode::from(2));
    }
    if args.iri_prefix.is_some() && !format.is_rdf() {
        let formats = export::rdf::NAMES.join(", ");
        eprintln!("rtrace: --iri-prefix is for RDF (--to {formats}): {} has no IRIs", format.name);
        return Ok(ExitCode::from(2));
    }
    if args.detail.is_some() && !format.has_detail() {
        let formats = FORMATS.iter().filter(|format| format.has_detail()).map(|format| format.name);
        let formats = formats.collect::<Vec<_>>().join(", ");
        eprintln!("rtrace: --detail is for --to {formats}: {} has no such option", format.name);
        return Ok(ExitCode::from(2));
    }
    if args.lang.is_some() && !format.has_language() {
        eprintln!("rtrace: --lang is for --to html: {} has no such option", format.name);
        return Ok(ExitCode::from(2));
    }
    let scope = Scope { only: args.only, ignore: args.ignore, fold_system: args.fold_system };
    if !scope.is_all() && !format.has_scope() {
        eprintln!(
            "rtrace: {} has no --only, --ignore and --fold-system; -e trace=SET chooses calls",
            format.name
        );
        return Ok(ExitCode::from(2));
    }
    let (iri_prefix, text) = (args.iri_prefix, args.text.options());
    let (follow, detail, language) = (args.follow, args.detail, args.lang);
    let options = Options { follow, detail, scope, language, iri_prefix, comparison: None, text };
    // Before the output is made: it may be that of an earlier, good conversion.
    let mut sources = args
        .logs
        .iter()
        .map(|log| Source::open(log, args.follow))
        .collect::<Result<Vec<_>, _>>()?;
    let out = output::open(args.output.as_deref(), &args.logs)?;
    quiet_if_closed(convert(&mut sources, &format, out, &options))
}

/// Writes logs in a format, one after the other.
pub(super) fn convert(
    sources: &mut [Source],
    format: &Format,
    output: Output,
    options: &Options,
) -> anyhow::Result<()> {
    let Output { out, failure } = output;
    let failure = || failure.clone();
    let mut exporter = format.exporter(out, options).with_context(failure)?;
    let mut batch = Batch::new();
    for source in sources {
        exporter.begin(source.run()).with_context(failure)?;
        while source.next(&mut batch)? {
            exporter.batch(&batch).with_context(failure)?;
            if options.follow {
                exporter.flush().with_context(failure)?;
            }
        }
        exporter.end().with_context(failure)?;
        source.report_losses();
    }
    exporter.finish().with_context(failure)
}

fn list_formats() -> anyhow::Result<()> {
    let width = FORMATS.iter().map(|format| format.name.len()).max().unwrap_or_default();
    let mut out = output::stdout()?;
    for format in FORMATS {
        let Format { name, media_type, extension, summary, .. } = format;
        writeln!(out, "{name:width$}  .{extension:6}  {media_type:22}  {summary}")
            .context(output::CANNOT_WRITE_STDOUT)?;
    }
    Ok(())
}
