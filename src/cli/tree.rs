//! A run's processes as a tree of lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rtrace::abi::Profile;
use rtrace::event::{BlindSpots, Kind, Record, TaskId};
use rtrace::export::{Run, command_line};
use rtrace::flow::{Account, Event, Item, Sink, State};

use super::units::{duration, size};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const NUMBER: Style = AnsiColor::Cyan.on_default();

/// Collects what the tree shows; writes events at once, if wanted.
pub(super) struct Tree<W: Write> {
    header: String,
    /// The set of calls that the log has, if that is not all.
    calls: Option<String>,
    processes: BTreeMap<TaskId, Process>,
    threads: BTreeMap<TaskId, Thread>,
    blind_spots: BlindSpots,
    /// Latest time seen: the end of what has no end.
    now: u64,
    events: Option<W>,
}

#[derive(Default)]
struct Process {
    pid: u32,
    parent: Option<TaskId>,
    children: Vec<TaskId>,
    threads: Vec<TaskId>,
    programs: Vec<String>,
    start: u64,
    end: Option<u64>,
    status: Option<(u64, u64)>,
    /// rtrace has let go of it: what became of it is not known.
    let_go: bool,
    calls: u64,
    errors: u64,
    account: Option<Account>,
}

/// A thread that is not its process's first.
struct Thread {
    tid: u32,
    start: u64,
    end: Option<u64>,
    calls: u64,
}

impl<W: Write> Tree<W> {
    pub(super) fn new(run: &Run, events: Option<W>) -> Self {
        let host = printable(&run.host);
        let command = printable(&command_line(&run.command));
        let header = if run.host.is_empty() {
            format!("{BAD}the log's header is damaged: command, host and date are unknown{BAD:#}\n")
        } else {
            format!("{BOLD}{command}{BOLD:#} {DIM}on {host}, {}{DIM:#}\n", run.start_text())
        };
        let (processes, threads) = (BTreeMap::new(), BTreeMap::new());
        let calls = run.calls.as_ref().map(|set| printable(set.as_bytes()));
        Self {
            header,
            calls,
            processes,
            threads,
            blind_spots: BlindSpots::default(),
            now: 0,
            events,
        }
    }

    /// The tree, with escape sequences for colours.
    pub(super) fn finish(mut self) -> io::Result<String> {
        if let Some(out) = &mut self.events {
            out.flush()?;
        }
        let mut text = std::mem::take(&mut self.header);
        let is_root = |process: &&Process| {
            process.parent.is_none_or(|parent| !self.processes.contains_key(&parent))
        };
        let roots = self.processes.iter().filter(|(_, process)| is_root(process));
        let roots: Vec<_> = roots.map(|(id, _)| *id).collect();
        for root in roots {
            self.write(root, &mut text);
        }
        let calls: u64 = self.processes.values().map(|process| process.calls).sum();
        let count = self.processes.len() as u64;
        let tasks = count + self.threads.len() as u64;
        let time = duration(self.now);
        let _ = writeln!(
            text,
            "{DIM}{}, {}, {}, {time}{DIM:#}",
            counted(calls, "call", "calls"),
            counted(count, "process", "processes"),
            counted(tasks, "task", "tasks"),
        );
        if let Some(set) = &self.calls {
            let _ = match Profile::of_set(set).map(Profile::name) {
                Some(name) => {
                    writeln!(text, "{DIM}only calls of the profile {name} were recorded{DIM:#}")
                }
                None => writeln!(text, "{DIM}only calls of this set were recorded: {set}{DIM:#}"),
            };
        }
        if self.processes.values().any(|process| process.account.is_some()) {
            let _ = writeln!(
                text,
                "{DIM}in all: by /proc/PID/io, over all programs of a process, without recv(2), \
                 send(2) and mapped memory{DIM:#}"
            );
        }
        self.write_blind_spots(&mut text);
        Ok(text)
    }

    fn write_blind_spots(&self, text: &mut String) {
        if self.blind_spots.is_empty() {
            let _ = writeln!(text, "{DIM}no blind spots{DIM:#}");
            return;
        }
        text.push_str("blind spots:\n");
        for spot in self.blind_spots.iter() {
            text.push_str(&blind_spot(spot.pid, &printable(spot.why), spot.times));
        }
        if self.blind_spots.more() > 0 {
            let _ = writeln!(text, "    and {} more", self.blind_spots.more());
        }
    }

    /// Writes a process and all below it: a deep tree must not need a deep stack.
    fn write(&self, root: TaskId, text: &mut String) {
        let mut open = vec![(root, String::new(), String::new())];
        while let Some((id, first, rest)) = open.pop() {
            let Some(process) = self.processes.get(&id) else { continue };
            let _ = write!(text, "{DIM}{first}{DIM:#}");
            process.write(self.now, text);
            let last_thread = process.threads.len().checked_sub(1);
            for (index, thread) in process.threads.iter().enumerate() {
                let is_last = process.children.is_empty() && Some(index) == last_thread;
                let branch = if is_last { "└─" } else { "├─" };
                let _ = write!(text, "{DIM}{rest}{branch}{DIM:#}");
                if let Some(thread) = self.threads.get(thread) {
                    thread.write(self.now, text);
                }
            }
            for (index, child) in process.children.iter().enumerate().rev() {
                let is_last = index + 1 == process.children.len();
                let (branch, below) = if is_last { ("└─", "  ") } else { ("├─", "│ ") };
                open.push((*child, format!("{rest}{branch}"), format!("{rest}{below}")));
            }
        }
    }

    fn started(&mut self, state: &State, id: TaskId) {
        let Some(task) = state.task(id) else { return };
        let Some(of) = state.process(task.process) else { return };
        if task.process != id {
            let (tid, process, start) = (task.tid, task.process, task.started);
            self.threads.insert(id, Thread { tid, start, end: None, calls: 0 });
            if let Some(process) = self.processes.get_mut(&process) {
                process.threads.push(id);
            }
            return;
        }
        let (pid, parent, start) = (of.pid, of.parent, task.started);
        let programs = Vec::new();
        self.processes.insert(id, Process { pid, parent, programs, start, ..Process::default() });
        if let Some(parent) = parent.and_then(|parent| self.processes.get_mut(&parent)) {
            parent.children.push(id);
        }
    }

    fn executed(&mut self, state: &State, task: TaskId) {
        let Some(process) = state.process_of(task) else { return };
        let Some(execution) = &process.execution else { return };
        let line = printable(&command_line(&execution.argv));
        if let Some(shown) = self.processes.get_mut(&process.id) {
            shown.programs.push(line);
        }
    }

    fn happened(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        self.now = self.now.max(record.end.unwrap_or(record.start));
        let Some(process) = state.process_of(record.task) else { return };
        let (process, living, account) = (process.id, process.threads, process.account);
        let thread = self.threads.get_mut(&record.task);
        let Some(process) = self.processes.get_mut(&process) else { return };
        match record.kind {
            Kind::Call => {
                process.calls += 1;
                process.errors += u64::from(record.failed);
                if let Some(thread) = thread {
                    thread.calls += 1;
                }
            }
            Kind::Exit => {
                if let Some(thread) = thread {
                    thread.end = Some(record.start);
                }
                if living == 1 {
                    process.end = Some(record.start);
                    process.status = Some((record.words[0], record.words[1]));
                    process.account = account;
                }
            }
            Kind::Detach => {
                process.let_go = true;
                process.end.get_or_insert(record.start);
            }
            _ => {}
        }
    }
}

impl Process {
    fn write(&self, now: u64, text: &mut String) {
        let _ = write!(text, "{NUMBER}{}{NUMBER:#} ", self.pid);
        match self.programs.split_last() {
            Some((last, before)) => {
                for program in before {
                    let _ = write!(text, "{DIM}{program} ▸ {DIM:#}");
                }
                let _ = write!(text, "{BOLD}{last}{BOLD:#}");
            }
            None => text.push_str("(fork)"),
        }
        let _ = write!(text, "  {}", duration(self.end.unwrap_or(now).saturating_sub(self.start)));
        let _ = match self.status {
            None if self.let_go => write!(text, "  let go"),
            None => write!(text, "  still running"),
            Some((0, 0)) => write!(text, "  {GOOD}exit 0{GOOD:#}"),
            Some((code, 0)) => write!(text, "  {BAD}exit {code}{BAD:#}"),
            Some((_, signal)) => write!(text, "  {BAD}killed by {}{BAD:#}", signal_name(signal)),
        };
        let _ = write!(text, "  {DIM}{}", counted(self.calls, "call", "calls"));
        if self.errors > 0 {
            let _ = write!(text, ", {} failed", self.errors);
        }
        if let Some(account) = &self.account {
            let (taken, given) = (size(account.taken), size(account.given));
            let _ = write!(text, ", read {taken} and wrote {given} in all");
        }
        let _ = writeln!(text, "{DIM:#}");
    }
}

impl Thread {
    fn write(&self, now: u64, text: &mut String) {
        let lived = duration(self.end.unwrap_or(now).saturating_sub(self.start));
        let tid = self.tid;
        let calls = counted(self.calls, "call", "calls");
        let _ = writeln!(text, "{NUMBER}{{{tid}}}{NUMBER:#} thread  {lived}  {DIM}{calls}{DIM:#}");
    }
}

impl<W: Write> Sink for Tree<W> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        match &item {
            Item::Task(id) => self.started(state, *id),
            Item::BlindSpot(spot) => self.blind_spots.add(spot.pid, spot.why),
            Item::Execution(id) => self.executed(state, id.task),
            Item::Event(event) => {
                self.happened(state, event);
                // An exec is a moment inside the call that led to it, if that is recorded.
                let is_inside =
                    event.record.kind == Kind::Exec && state.execution(event.id()).is_none();
                if let Some(out) = &mut self.events
                    && !is_inside
                {
                    write_event(out, state, event)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What could not be seen of a process, as a line.
pub(super) fn blind_spot(pid: Option<i64>, why: &str, times: u64) -> String {
    let whose = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    let often = if times > 1 { format!(" ({times} times)") } else { String::new() };
    format!("    {whose}: {why}{often}\n")
}

/// One event on a line: pid or thread id, time, what happened.
fn write_event(out: &mut impl Write, state: &State, event: &Event<'_>) -> io::Result<()> {
    let record = &event.record;
    let tid = state.task(record.task).map_or(0, |task| task.tid);
    write!(out, "{NUMBER}{tid:<7}{NUMBER:#} {DIM}{}{DIM:#} ", duration(record.start))?;
    match record.kind {
        Kind::Call => writeln!(out, "{}", rtrace::export::call_text(event)),
        Kind::Signal => writeln!(out, "--- {} ---", signal_name(record.words[0])),
        Kind::Stop => writeln!(out, "--- stopped by {} ---", signal_name(record.words[0])),
        Kind::Exit => writeln!(out, "{}", ending(record)),
        Kind::Exec => {
            let argv = state.execution(event.id()).map_or(&[][..], |execution| &execution.argv);
            writeln!(out, "--- runs {} ---", printable(&command_line(argv)))
        }
        kind => writeln!(out, "--- {} ---", kind.name()),
    }
}

fn ending(record: &Record<'_>) -> String {
    match record.words {
        [code, 0, ..] => format!("+++ exited with {code} +++"),
        [_, signal, ..] => format!("+++ killed by {} +++", signal_name(signal)),
    }
}

/// The name of a signal, or its number.
pub(super) fn signal_name(signal: u64) -> String {
    let name = u32::try_from(signal).ok().and_then(rtrace::abi::signal_name);
    name.map_or_else(|| signal.to_string(), str::to_owned)
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Text that cannot steer the terminal.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for char in String::from_utf8_lossy(bytes).chars() {
        if char.is_control() {
            text.extend(char.escape_default());
        } else {
            text.push(char);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_cannot_steer_the_terminal() {
        assert_eq!(printable(b"a\x1b[2J\nb\xff"), "a\\u{1b}[2J\\nb\u{fffd}");
    }
}
