//! `rtrace query`: questions to logs.

use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use rtrace::event::Batch;
use rtrace::export::{Detail, Options, rdf};
use rtrace::query::{
    self, Answer, Format, Gathering, Lacks, QUERIES, Query, Reply, Store, Subject,
};

use super::convert::detail;
use super::output::{self, CANNOT_WRITE_STDOUT, quiet_if_closed};
use super::source::Source;

/// Ask logs who wrote what, what depends on what, what failed and why.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("question").required(true))]
pub(crate) struct Args {
    /// Logs, which are asked together; `-` is standard input.
    #[arg(value_name = "LOG", required_unless_present = "list")]
    logs: Vec<PathBuf>,

    /// Ask a query that comes with rtrace: one of --list.
    #[arg(long, value_name = "NAME", group = "question")]
    name: Option<String>,

    /// A parameter of the query; may be repeated.
    #[arg(long = "param", value_name = "KEY=VALUE", requires = "name", value_parser = ParamParser)]
    params: Vec<(String, Vec<u8>)>,

    /// Ask in SPARQL 1.1; the prefixes rtrace:, prov:, rdf:, rdfs: and xsd: are known.
    #[arg(long, value_name = "TEXT", group = "question")]
    sparql: Option<String>,

    /// The same, from a file; `-` is standard input.
    #[arg(long, value_name = "FILE", group = "question")]
    file: Option<PathBuf>,

    /// How deep the RDF goes that SPARQL asks: process, resource, or event. A long log
    /// takes much memory with all its events.
    #[arg(long, value_name = "DETAIL", default_value = "resource", value_parser = detail)]
    detail: Detail,

    /// How to write the answer.
    #[arg(long, value_enum, default_value = "table")]
    format: Shape,

    /// List the queries that come with rtrace.
    #[arg(long, group = "question")]
    list: bool,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shape {
    /// A table for reading.
    Table,
    /// Comma-separated values.
    Csv,
    /// Tab-separated RDF terms.
    Tsv,
    /// SPARQL results in JSON.
    Json,
    /// SPARQL results in XML.
    Xml,
}

impl From<Shape> for Format {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Table => Self::Table,
            Shape::Csv => Self::Csv,
            Shape::Tsv => Self::Tsv,
            Shape::Json => Self::Json,
            Shape::Xml => Self::Xml,
        }
    }
}

/// Reads `KEY=VALUE`; the value may be any bytes, as paths are.
#[derive(Clone, Debug)]
struct ParamParser;

impl clap::builder::TypedValueParser for ParamParser {
    type Value = (String, Vec<u8>);

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let bytes = value.to_owned().into_vec();
        let split = bytes.iter().position(|byte| *byte == b'=');
        let parts = split.and_then(|at| Some((bytes.get(..at)?, bytes.get(at + 1..)?)));
        let Some((key, value)) = parts else {
            let given = value.display();
            let words = format!("--param {given}: expected KEY=VALUE, as in path=/etc/passwd\n");
            return Err(
                clap::Error::raw(clap::error::ErrorKind::ValueValidation, words).with_cmd(command)
            );
        };
        Ok((String::from_utf8_lossy(key).into_owned(), value.to_vec()))
    }
}

/// Runs the command.
///
/// # Errors
/// A log cannot be read, the question has no answer, the output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.list {
        return quiet_if_closed(list());
    }
    let reply = match (&args.name, &args.sparql, &args.file) {
        (Some(name), ..) => Reply::Table(ask(query::named(name)?, args)?),
        (_, Some(text), _) => ask_sparql(text, args)?,
        (_, _, Some(file)) => ask_sparql(&read(file)?, args)?,
        _ => anyhow::bail!("nothing is asked: give --name, --sparql or --file"),
    };
    quiet_if_closed(write(&reply, args.format.into()))
}

/// A query that comes with rtrace.
fn ask(query: &Query, args: &Args) -> anyhow::Result<Answer> {
    query.check(&args.params)?;
    let mut subjects = Vec::new();
    for log in &args.logs {
        let (subject, lacks) = subject(log, args.logs.len() > 1)?;
        if let Some(words) = query.caveat(lacks) {
            eprintln!("rtrace: {}: {words}", log.display());
        }
        subjects.push(subject);
    }
    let mut subjects = query::distinct(subjects);
    query::join(&mut subjects);
    Ok(query.answer(&subjects, &args.params)?)
}

/// The run of a log, and what that may lack.
fn subject(log: &Path, has_others: bool) -> anyhow::Result<(Subject, Lacks)> {
    let mut source = Source::open(log, false)?;
    let mut flow = source.run().flow();
    let mut asked = if has_others { Gathering::among_others() } else { Gathering::new() };
    let mut batch = Batch::new();
    while source.next(&mut batch)? {
        asked.look_ahead(&batch);
        let Ok(()) = flow.batch(&batch, &mut asked);
    }
    let Ok(()) = flow.finish(&mut asked);
    source.report_losses();
    let (subject, lacks) = asked.finish(source.header(), flow.state());
    Ok((subject, Lacks { kept: source.run().kept, ..lacks }))
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if file == Path::new("-") {
        io::stdin().read_to_string(&mut text).context("standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn ask_sparql(text: &str, args: &Args) -> anyhow::Result<Reply> {
    let mut store = Store::new(query::parse(text, &rdf::PREFIXES)?);
    let options = Options { detail: Some(args.detail), ..Options::default() };
    let mut exporter = rdf::triples(|run, triple| store.insert(run, triple), &options);
    let mut batch = Batch::new();
    for log in &args.logs {
        let mut source = Source::open(log, false)?;
        exporter.begin(source.run())?;
        while source.next(&mut batch)? {
            exporter.batch(&batch)?;
        }
        exporter.end()?;
        source.report_losses();
    }
    exporter.finish()?;
    Ok(store.answer()?)
}

fn write(reply: &Reply, format: Format) -> anyhow::Result<()> {
    let mut out = output::stdout()?;
    reply.write(format, &mut out).context(CANNOT_WRITE_STDOUT)
}

fn list() -> anyhow::Result<()> {
    let mut out = output::stdout()?;
    let mut text = String::new();
    for query in QUERIES {
        text.push_str(&query.text());
    }
    out.write_all(text.as_bytes()).context(CANNOT_WRITE_STDOUT)
}
