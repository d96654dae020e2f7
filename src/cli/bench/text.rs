//! The report as a table.

use rtrace::bench::{Machine, Report, Scope, Subject};

use super::super::table::{Column, Table};
use super::super::tree::printable;
use super::super::units;

/// The report as lines with escape sequences for colours.
pub(super) fn text(report: &Report) -> String {
    let subjects = &report.subjects;
    let of = |cell: &dyn Fn(&Subject) -> String| subjects.iter().map(cell).collect::<Vec<_>>();
    let mut table = Table::new(vec![
        Column::text("recorder", of(&|one| one.name.to_owned())),
        Column::numbers("time", 0, of(&|one| units::time(one.summary.time))),
        Column::numbers("spread", 3, of(&|one| format!("±{:.0} %", one.summary.spread * 100.0))),
        Column::numbers("cpu", 4, of(&|one| units::time(one.summary.cpu))),
        Column::numbers("ratio", 0, of(&|one| format!("{:.2}", one.summary.ratio))),
        Column::numbers("µs/call", 1, of(&|one| decimals(one.summary.per_call, 1000.0))),
        Column::numbers("bytes/call", 2, of(&|one| decimals(one.summary.bytes_per_call, 1.0))),
        Column::numbers("calls", 0, of(&|one| count(one.summary.calls))),
        Column::numbers("lost", 0, of(&|one| count(one.summary.lost))),
        Column::text("", of(&remark)),
    ]);
    if let Some((width, _)) = terminal_size::terminal_size() {
        table.fit(width.0.into());
    }
    let rounds = if report.rounds == 1 { "round" } else { "rounds" };
    let command = printable(report.command.as_bytes());
    let mut text = format!("{command}, {} {rounds}\n", report.rounds);
    for line in table.lines(0) {
        text.extend([&line, "\n"]);
    }
    text.push_str(&machine(&report.machine));
    text
}

fn decimals(value: Option<f64>, unit: f64) -> String {
    value.map_or_else(String::new, |value| format!("{:.1}", value / unit))
}

fn count(value: Option<u64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn remark(subject: &Subject) -> String {
    match (&subject.summary.fault, subject.scope) {
        (Some(fault), _) => format!("not ranked: {}", printable(fault.as_bytes())),
        (None, Some(Scope::Some)) => "file, process, network calls only".to_owned(),
        (None, _) => String::new(),
    }
}

fn machine(machine: &Machine) -> String {
    let Machine { kernel, processor, processors, others, quiet } = machine;
    let busy = if *quiet {
        "quiet".to_owned()
    } else {
        format!("busy: other work on {others:.1} of them, so the numbers are rough")
    };
    format!("{processors} × {processor}, Linux {kernel}; {busy}\n")
}
