//! Processes that failed, the first one first, and why.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use rtrace::export::Run;
use rtrace::export::picture::{command, end_text, reason_text};
use rtrace::flow::graph::{Graph, Process};

use super::super::terminal::shown;
use super::super::units::duration;
use super::heading;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const BAD: Style = AnsiColor::Red.on_default();
const NUMBER: Style = AnsiColor::Cyan.on_default();

/// The failed processes of a run, with escape sequences for colours.
pub(super) fn text(run: &Run, graph: &Graph, is_utf8: bool) -> String {
    let mut text = heading(run, graph, is_utf8);
    let failed = graph.processes.iter().filter(|process| process.end.is_bad());
    let mut failed: Vec<&Process> = failed.collect();
    failed.sort_by_key(|process| process.ended);
    for process in &failed {
        let at = duration(process.ended.unwrap_or_default());
        let (at, command) = (["+", &at].concat(), command(graph, process));
        let (at, command) = (shown(&at, is_utf8), shown(&command, is_utf8));
        let (pid, end) = (process.pid, end_text(process.end));
        let _ = writeln!(
            text,
            "{DIM}{at:>10}{DIM:#}  {NUMBER}{pid}{NUMBER:#} {BOLD}{command}{BOLD:#}  {BAD}{end}{BAD:#}"
        );
        if let Some(failure) = &process.failure {
            let reason = reason_text(failure, graph);
            let _ = writeln!(text, "            {}", shown(&reason, is_utf8));
        }
    }
    if failed.is_empty() {
        let _ = writeln!(text, "{DIM}no process failed{DIM:#}");
    }
    text
}
