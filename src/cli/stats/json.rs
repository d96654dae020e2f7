//! The report as JSON: docs/stats.schema.json.

use std::io::{self, Write};

use rtrace::export::{command_line, json_bytes, uuid_text};
use rtrace::stats::{By, Column, Key, Tally};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Report, end};

/// What is written: rows one by one, for they may be many.
#[derive(Serialize)]
struct Document<'a> {
    by: &'static str,
    logs: Vec<Value>,
    rows: Rows<'a>,
    more: usize,
    total: Map<String, Value>,
}

struct Rows<'a>(&'a Report);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Report { by, table, .. } = self.0;
        serializer.collect_seq(table.rows.iter().map(|row| {
            let mut members = labels(&row.key);
            members.extend(numbers(*by, &row.tally));
            members
        }))
    }
}

/// Writes the report as one document, indented.
///
/// # Errors
/// The output cannot be written.
pub(super) fn write(report: &Report, mut out: impl Write) -> io::Result<()> {
    let document = Document {
        by: match report.by {
            By::Call => "call",
            By::Process => "process",
            By::File => "file",
            By::Peer => "peer",
        },
        logs: logs(report),
        rows: Rows(report),
        more: report.more,
        total: numbers(report.by, &report.table.total),
    };
    serde_json::to_writer_pretty(&mut out, &document)?;
    out.write_all(b"\n")
}

fn logs(report: &Report) -> Vec<Value> {
    let log = |log: &super::Log| {
        json!({
            "log": json_bytes(log.path.as_os_str().as_encoded_bytes()),
            "run": log.run,
            "host": json_bytes(&log.host),
            "trace": log.trace,
            "complete": log.is_complete,
        })
    };
    report.logs.iter().map(log).collect()
}

fn numbers(by: By, tally: &Tally) -> Map<String, Value> {
    let values = Column::ALL.into_iter().zip(Column::values(tally));
    let values = values.filter(|(column, _)| column.is_of(by));
    let mut members: Map<_, _> =
        values.map(|(column, value)| (column.name().to_owned(), json!(value))).collect();
    if by != By::Call {
        members.insert("read_at_least".to_owned(), json!(tally.read.is_at_least));
        members.insert("written_at_least".to_owned(), json!(tally.written.is_at_least));
    }
    members
}

fn labels(key: &Key) -> Map<String, Value> {
    let members = match key {
        Key::Call { name, abi } => json!({ "call": name, "abi": abi.name() }),
        Key::Process { run, task, pid, command, end: ending } => {
            let (word, code, signal) = end(*ending);
            json!({
                "run": uuid_text(run),
                "process": task,
                "pid": pid,
                "argv": command.iter().map(|word| json_bytes(word)).collect::<Vec<_>>(),
                "command_line": json_bytes(&command_line(command)),
                "end": word,
                "code": code,
                "signal": signal,
            })
        }
        Key::File { machine, class, name, .. } => json!({
            "machine": json_bytes(machine),
            "class": class,
            "name": json_bytes(name),
        }),
        Key::Peer { machine, protocol, local, remote, name, .. } => json!({
            "machine": json_bytes(machine),
            "protocol": protocol,
            "local": json_bytes(local),
            "remote": json_bytes(remote),
            "name": json_bytes(name),
        }),
    };
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
