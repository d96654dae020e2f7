//! The report as JSON: docs/stats.schema.json.

use anyhow::Context as _;
use rtrace::export::{command_line, json_bytes, uuid_text};
use rtrace::stats::{By, Column, Key, Tally};
use serde_json::{Map, Value, json};

use super::{Report, end};

/// The report as one document, indented.
///
/// # Errors
/// None that can happen: it is put together in memory.
pub(super) fn text(report: &Report) -> anyhow::Result<String> {
    let by = match report.by {
        By::Call => "call",
        By::Process => "process",
        By::File => "file",
        By::Peer => "peer",
    };
    let rows = report.table.rows.iter().map(|row| {
        let mut members = labels(&row.key);
        members.extend(numbers(report.by, &row.tally));
        Value::Object(members)
    });
    let document = json!({
        "by": by,
        "logs": logs(report),
        "rows": rows.collect::<Vec<_>>(),
        "more": report.more,
        "total": numbers(report.by, &report.table.total),
    });
    let mut text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
    text.push('\n');
    Ok(text)
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
        members.insert("read_at_least".to_owned(), json!(tally.read.at_least));
        members.insert("written_at_least".to_owned(), json!(tally.written.at_least));
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
