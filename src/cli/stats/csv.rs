//! The report as CSV: times in nanoseconds, docs/stats.md.

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};
use rtrace::export::command_line;
use rtrace::export::csv::escape;
use rtrace::stats::{By, Column, Key, Tally};

use super::{Report, end};

/// Writes the report as a table by RFC 4180.
///
/// # Errors
/// The output cannot be written.
pub(super) fn write(report: &Report, out: impl Write) -> io::Result<()> {
    let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    out.write_record(names(report.by))?;
    for row in &report.table.rows {
        let mut cells = labels(&row.key);
        cells.extend(numbers(report.by, &row.tally));
        out.write_record(cells)?;
    }
    out.flush()
}

fn names(by: By) -> Vec<&'static str> {
    let labels: &[&str] = match by {
        By::Call => &["call", "abi"],
        By::Process => &["run", "process", "pid", "command_line", "end", "code", "signal"],
        By::File => &["machine", "class", "name"],
        By::Peer => &["machine", "protocol", "local", "remote", "name"],
    };
    let mut names = labels.to_vec();
    for column in Column::ALL.into_iter().filter(|column| column.is_of(by)) {
        names.push(column.name());
        names.extend(match column {
            Column::Read => Some("read_at_least"),
            Column::Written => Some("written_at_least"),
            _ => None,
        });
    }
    names
}

fn numbers(by: By, tally: &Tally) -> Vec<String> {
    let mut cells = Vec::new();
    let values = Column::ALL.into_iter().zip(Column::values(tally));
    for (column, value) in values.filter(|(column, _)| column.is_of(by)) {
        cells.push(value.map_or_else(String::new, |value| value.to_string()));
        let at_least = match column {
            Column::Read => tally.read.is_at_least,
            Column::Written => tally.written.is_at_least,
            _ => continue,
        };
        cells.push(if at_least { "true".to_owned() } else { String::new() });
    }
    cells
}

fn labels(key: &Key) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
    match key {
        Key::Call { name, abi } => vec![name.clone(), abi.name().to_owned()],
        Key::Process { run, task, pid, command, end: ending } => {
            let (word, code, signal) = end(*ending);
            vec![
                rtrace::export::uuid_text(run),
                task.to_string(),
                pid.to_string(),
                escaped(&command_line(command)),
                word.to_owned(),
                number(code),
                number(signal),
            ]
        }
        Key::File { machine, class, name, .. } => {
            vec![escaped(machine), (*class).to_owned(), escaped(name)]
        }
        Key::Peer { machine, protocol, local, remote, name, .. } => {
            let protocol = (*protocol).to_owned();
            vec![escaped(machine), protocol, escaped(local), escaped(remote), escaped(name)]
        }
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    escape(bytes, &mut text);
    text
}
