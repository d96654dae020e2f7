//! `rtrace syscalls`: what rtrace knows of the system calls.

use std::io::{self, Write};
use std::process::ExitCode;

use super::output;
use anyhow::Context as _;
use rtrace::abi::{self, Abi, Effect, Prototype};
use serde_json::{Value, json};

/// List system calls: number, prototype, classes, effect.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the calls of that name.
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Whose numbers (all, if a name is given).
    #[arg(long, value_name = "ABI", value_parser = parse_abi)]
    abi: Option<Abi>,

    /// How to print them.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Columns.
    Text,
    /// A JSON array.
    Json,
}

fn parse_abi(name: &str) -> Result<Abi, String> {
    let names = || Abi::ALL.map(Abi::name).join(", ");
    Abi::from_name(name).ok_or_else(|| format!("one of {} is wanted", names()))
}

/// A call under one ABI.
type Entry = (Abi, u64, &'static Prototype);

/// Runs the command.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let entries = entries(args);
    if let (Some(name), true) = (&args.name, entries.is_empty()) {
        eprintln!("rtrace: {}", unknown_call(name));
        return Ok(ExitCode::FAILURE);
    }
    let out = io::BufWriter::new(output::stdout()?);
    let written = match args.format {
        Form::Text => write_text(&entries, out),
        Form::Json => write_json(&entries, out),
    };
    output::quiet_if_closed(written.context(output::CANNOT_WRITE_STDOUT))
}

fn entries(args: &Args) -> Vec<Entry> {
    let wanted = |abi: &Abi| match (args.abi, &args.name) {
        (Some(only), _) => only == *abi,
        (None, Some(_)) => true,
        (None, None) => *abi == Abi::X86_64,
    };
    let named = |prototype: &Prototype| args.name.as_ref().is_none_or(|n| n == prototype.name);
    let of = |abi| abi::calls(abi).map(move |(nr, prototype)| (abi, nr, prototype));
    let all = Abi::ALL.into_iter().filter(wanted).flat_map(of);
    all.filter(|(_, _, prototype)| named(prototype)).collect()
}

fn unknown_call(name: &str) -> String {
    let names = abi::calls(Abi::X86_64).map(|(_, prototype)| prototype.name);
    match abi::nearest(name, names) {
        Some(near) => format!("no call is named '{name}'; did you mean '{near}'?"),
        None => format!("no call is named '{name}'"),
    }
}

fn write_text(entries: &[Entry], mut out: impl Write) -> anyhow::Result<()> {
    for (abi, nr, prototype) in entries {
        writeln!(out, "{:8} {nr:>4} {prototype}", abi.name())?;
    }
    out.flush()?;
    Ok(())
}

fn write_json(entries: &[Entry], mut out: impl Write) -> anyhow::Result<()> {
    let list: Vec<_> = entries.iter().map(as_json).collect();
    serde_json::to_writer_pretty(&mut out, &list)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn as_json((abi, nr, prototype): &Entry) -> Value {
    let params = prototype
        .params
        .iter()
        .map(|param| json!({ "name": param.name, "type": prototype.type_text(&param.ty) }));
    let Effect { verb, operands } = prototype.effect;
    let operands = operands.iter().map(|operand| match operand.at {
        Some(at) => {
            json!({ "arg": prototype.param_name(operand.arg), "at": prototype.param_name(at) })
        }
        None => json!({ "arg": prototype.param_name(operand.arg) }),
    });
    json!({
        "abi": abi.name(),
        "nr": nr,
        "name": prototype.name,
        "params": params.collect::<Vec<_>>(),
        "returns": prototype.returns.name(),
        "classes": prototype.classes.names().collect::<Vec<_>>(),
        "effect": { "verb": verb.name(), "operands": operands.collect::<Vec<_>>() },
    })
}
