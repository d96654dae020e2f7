//! The table for people.

use std::collections::BTreeSet;

use rtrace::export::command_line;
use rtrace::stats::{Amount, By, Column, End, Key, Row, Tally};

use super::super::table::{self, Table};
use super::super::tree::{printable, signal_name};
use super::super::units;
use super::Report;

/// The report as lines with escape sequences for colours.
pub(super) fn text(report: &Report) -> String {
    if report.table.total.count == 0 {
        return String::new();
    }
    let mut columns = numbers(report);
    columns.extend(labels(report));
    let mut table = Table::new(columns);
    let gone = terminal_size::terminal_size()
        .map_or_else(Vec::new, |(width, _)| table.fit(width.0.into()));
    let mut text = String::new();
    for line in table.lines(1) {
        text.extend([&line, "\n"]);
    }
    for note in notes(report, &gone) {
        text.extend([&note, "\n"]);
    }
    text
}

/// The tallies of all lines, the last one's included.
fn tallies(report: &Report) -> impl Iterator<Item = &Tally> {
    report.table.rows.iter().map(|row| &row.tally).chain([&report.table.total])
}

fn numbers(report: &Report) -> Vec<table::Column> {
    let mut columns = Vec::new();
    for column in Column::ALL.into_iter().filter(|column| column.is_of(report.by)) {
        // Most calls return: the others are told of in a note.
        if column == Column::Unfinished && report.sort != column {
            continue;
        }
        let spare = if column == report.sort { 0 } else { spare(column) };
        let cells = tallies(report).map(|tally| cell(column, tally)).collect();
        columns.push(table::Column::numbers(column.name(), spare, cells));
        if column == Column::Total {
            let of = report.table.total.total;
            let cells = tallies(report).map(|tally| share(tally.total, of)).collect();
            columns.push(table::Column::numbers("share", 2, cells));
        }
    }
    columns
}

/// What is left out first, if there is no room: the higher numbers.
const fn spare(column: Column) -> u8 {
    match column {
        Column::Mean => 6,
        Column::P99 => 5,
        Column::P95 => 4,
        Column::P50 => 3,
        Column::Unfinished | Column::Max => 2,
        Column::Errors => 1,
        Column::Count | Column::Total | Column::Read | Column::Written => 0,
    }
}

fn cell(column: Column, tally: &Tally) -> String {
    let Some(value) = column.value(tally) else { return String::new() };
    match column {
        // Zeros would hide the others.
        Column::Errors | Column::Unfinished if value == 0 => String::new(),
        Column::Read => bytes(tally.read),
        Column::Written => bytes(tally.written),
        _ if column.is_time() => units::time(value),
        _ => value.to_string(),
    }
}

fn bytes(amount: Amount) -> String {
    match (amount.bytes, amount.is_at_least) {
        (0, false) => String::new(),
        (bytes, false) => units::size(bytes),
        (bytes, true) => format!("≥ {}", units::size(bytes)),
    }
}

/// A part of a whole in hundredths.
fn share(part: u64, whole: u64) -> String {
    let thousandths = (u128::from(part) * 1000 + u128::from(whole) / 2).checked_div(whole.into());
    thousandths.map_or_else(String::new, |it| format!("{}.{} %", it / 10, it % 10))
}

/// What the lines are of.
fn labels(report: &Report) -> Vec<table::Column> {
    let rows = &report.table.rows;
    let of = |label: &dyn Fn(&Row) -> String| -> Vec<String> { rows.iter().map(label).collect() };
    let mut columns = match report.by {
        By::Call => {
            let abis: BTreeSet<_> = rows.iter().filter_map(|row| abi(&row.key)).collect();
            let call = |row: &Row| match (&row.key, abi(&row.key)) {
                (Key::Call { name, .. }, Some(abi)) if abis.len() > 1 => format!("{name} ({abi})"),
                (Key::Call { name, .. }, _) => name.clone(),
                _ => String::new(),
            };
            vec![table::Column::text("call", of(&call))]
        }
        By::Process => vec![
            table::Column::numbers("pid", 0, of(&|row| pid(&row.key))),
            table::Column::text("end", of(&|row| ending(&row.key))),
            table::Column::text("command", of(&|row| command(&row.key))),
        ],
        By::File => vec![
            table::Column::text("class", of(&|row| parts(&row.key)[0].clone())),
            table::Column::text("file", of(&|row| parts(&row.key)[1].clone())),
        ],
        By::Peer => vec![
            table::Column::text("protocol", of(&|row| parts(&row.key)[0].clone())),
            table::Column::text("local", of(&|row| parts(&row.key)[1].clone())),
            table::Column::text("remote", of(&|row| parts(&row.key)[2].clone())),
        ],
    };
    let machines: BTreeSet<_> = rows.iter().filter_map(|row| machine(&row.key)).collect();
    if machines.len() > 1 {
        let shown = |row: &Row| machine(&row.key).map(printable).unwrap_or_default();
        columns.insert(0, table::Column::text("machine", of(&shown)));
    }
    if let Some(first) = columns.last_mut() {
        first.push("total");
    }
    columns
}

fn abi(key: &Key) -> Option<&'static str> {
    match key {
        Key::Call { abi, .. } => Some(abi.name()),
        _ => None,
    }
}

fn machine(key: &Key) -> Option<&[u8]> {
    match key {
        Key::File { machine, .. } | Key::Peer { machine, .. } => Some(machine),
        _ => None,
    }
}

fn pid(key: &Key) -> String {
    match key {
        Key::Process { pid, .. } => pid.to_string(),
        _ => String::new(),
    }
}

fn command(key: &Key) -> String {
    match key {
        Key::Process { command, .. } => printable(&command_line(command)),
        _ => String::new(),
    }
}

fn ending(key: &Key) -> String {
    let Key::Process { end, .. } = key else { return String::new() };
    match end {
        End::Exited(code) => format!("exit {code}"),
        End::Killed(signal) => signal_name(*signal),
        End::LetGo => "let go".to_owned(),
        End::Running => "running".to_owned(),
    }
}

/// Class and name of a file; protocol and ends of a socket.
fn parts(key: &Key) -> [String; 3] {
    match key {
        Key::File { class, name, .. } => [(*class).to_owned(), printable(name), String::new()],
        Key::Peer { protocol, local, remote, name, .. } => {
            let own = if local.is_empty() { name } else { local };
            [(*protocol).to_owned(), printable(own), printable(remote)]
        }
        _ => Default::default(),
    }
}

/// What is to be said of the table.
fn notes(report: &Report, gone: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    if report.more > 0 {
        notes.push(format!("and {} more, which `total` includes", report.more));
    }
    match report.table.total.unfinished {
        0 => {}
        1 => notes.push("1 call never returned: it has no time".to_owned()),
        calls => notes.push(format!("{calls} calls never returned: they have no time")),
    }
    let is_uncertain = |tally: &Tally| tally.read.is_at_least || tally.written.is_at_least;
    if report.by != By::Call && tallies(report).any(is_uncertain) {
        notes.push(
            "≥: there may be more bytes, by mapped memory or in calls that are not in the log"
                .to_owned(),
        );
    }
    if !gone.is_empty() {
        let gone = gone.join(", ");
        notes.push(format!("no room here for: {gone}; --format csv has all columns"));
    }
    notes
}
