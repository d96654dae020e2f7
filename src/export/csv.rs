//! CSV by RFC 4180: one row an event, documented in `docs/csv.md`.

mod row;

use std::io::{self, Write};

use super::command_line;
use super::decode::{error_name, hex};
use super::scope::{Calls, Fate, Fates, SYSTEM_LABEL};
use super::time::write_utc;
use super::{Exporter, Options, Run};
use crate::abi::Verb;
use crate::event::{Batch, FactKey, FactKind, Kind, Origin, Record, Value};
use crate::flow::{
    BlindSpot, Event, EventId, Execution, Flow, Item, Look, Place, ResourceId, Sink, State,
};
use crate::render::{self, Style};
pub use row::escape;
use row::{Column as C, Row, put_names};

/// Bytes to collect before they are written.
const BUFFER: usize = 1 << 16;

/// Exports CSV.
///
/// # Errors
/// The output could not be written.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    let mut text = String::with_capacity(2 * BUFFER);
    put_names(&mut text);
    let (run, started, follow) = (String::new(), 0, options.follow);
    let (fates, calls) = (Fates::new(&options.scope), Calls::new(&options.scope));
    let table = Table { out, text, row: Row::default(), run, started, follow, fates, calls };
    Ok(Box::new(Csv { flow: Flow::new(), table }))
}

struct Csv<W: Write> {
    flow: Flow,
    table: Table<W>,
}

struct Table<W: Write> {
    out: W,
    /// Rows that are yet to be written.
    text: String,
    row: Row,
    run: String,
    /// CLOCK_REALTIME when the run started.
    started: u64,
    follow: bool,
    fates: Fates,
    calls: Calls,
}

impl<W: Write> Exporter for Csv<W> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow = run.flow();
        self.table.run = run.uuid_text();
        self.table.started = run.start();
        self.table.fates.begin();
        self.table.run(run);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.flow.batch(batch, &mut self.table)
    }

    fn end(&mut self) -> io::Result<()> {
        self.flow.finish(&mut self.table)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.table.write()?;
        self.table.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()
    }
}

impl<W: Write> Sink for Table<W> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        self.row.clear();
        self.fates.item(state, &item);
        match item {
            Item::Event(event) | Item::Begun(event) if !self.calls.tells(&event.record) => {
                return Ok(());
            }
            Item::Event(event) => self.event(state, &event),
            Item::Begun(event) if self.follow => {
                self.event(state, &event);
                self.row.set(C::Unfinished, "");
                self.row.set(C::Begun, true);
            }
            Item::BlindSpot(spot) => self.blind_spot(state, &spot),
            Item::Look(look) if self.fates.tells(state, look.resource) => self.look(state, &look),
            _ => return Ok(()),
        }
        self.row.put(&mut self.text);
        if self.text.len() < BUFFER { Ok(()) } else { self.write() }
    }
}

impl<W: Write> Table<W> {
    /// The row that begins a run: what of it the log can have.
    fn run(&mut self, run: &Run) {
        self.row.clear();
        let row = &mut self.row;
        row.set(C::Run, &self.run);
        row.set(C::Kind, "run");
        write_utc(self.started, row.cell(C::Time));
        row.set(C::Ns, 0_u64);
        row.set_bytes(C::CommandLine, &command_line(&run.command));
        row.set_bytes(C::Cwd, &run.cwd);
        row.cell(C::RecordedCalls).push_str(run.calls.as_deref().unwrap_or("all"));
        row.set(C::LeftOut, &run.left_out().join(" "));
        let pids: Vec<_> = run.processes.iter().map(u32::to_string).collect();
        row.set(C::CutTo, &pids.join(" "));
        if let Some(kept) = run.kept {
            row.set(C::KeptBytes, kept);
        }
        self.row.put(&mut self.text);
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn head(&mut self, state: &State, kind: &str, id: EventId, at: u64) {
        let row = &mut self.row;
        row.set(C::Run, &self.run);
        row.set(C::Kind, kind);
        row.set(C::Task, id.task.0);
        row.set(C::Ordinal, id.ordinal);
        if let Some(task) = state.task(id.task) {
            row.set(C::Process, task.process.0);
            row.set(C::Tid, task.tid);
        }
        if let Some(process) = state.process_of(id.task) {
            row.set(C::Pid, process.pid);
        }
        write_utc(self.started.saturating_add(at), row.cell(C::Time));
        row.set(C::Ns, at);
    }

    fn blind_spot(&mut self, state: &State, spot: &BlindSpot<'_>) {
        self.head(state, FactKind::BlindSpot.name(), spot.event, spot.time);
        if let Some(pid) = spot.pid {
            self.row.set(C::Pid, pid);
        }
        self.row.set_bytes(C::Why, spot.why);
    }

    fn look(&mut self, state: &State, look: &Look<'_>) {
        self.head(state, look.fact.kind.name(), look.event, look.time);
        let row = &mut self.row;
        row.set_bytes(C::Name, state.name_of(look.resource));
        if let Some(resource) = state.resource(look.resource) {
            row.set(C::Class, resource.class.name());
        }
        look.fact.fields.iter().for_each(|(key, value)| seen(row, *key, value));
    }

    fn event(&mut self, state: &State, event: &Event<'_>) {
        let record = &event.record;
        self.head(state, record.kind.name(), event.id(), record.start);
        let known = Known { state, fates: &self.fates };
        let row = &mut self.row;
        row.set(C::Lane, record.lane.name());
        match record.kind {
            Kind::Call => call(row, &known, event),
            Kind::Start => start(row, record),
            Kind::Exit => exit(row, record),
            Kind::Signal | Kind::Stop => row.set(C::Signal, record.words[0]),
            Kind::Exec => row.set(C::TidBefore, record.words[1]),
            Kind::Detach => row.set(C::Reason, record.words[0]),
            Kind::Continue => {}
        }
        if let Some(execution) = state.execution(event.id()) {
            program(row, &known, execution);
        }
    }
}

/// What is known of resources, and which of them are told of.
struct Known<'a> {
    state: &'a State,
    fates: &'a Fates,
}

impl Known<'_> {
    /// What a resource is called, if it is told of.
    fn name(&self, id: ResourceId) -> Option<&[u8]> {
        match self.fates.of(self.state, id) {
            Fate::Told => Some(self.state.name_of(id)),
            Fate::Folded => Some(SYSTEM_LABEL.as_bytes()),
            Fate::Hidden => None,
        }
    }
}

fn call(row: &mut Row, known: &Known<'_>, event: &Event<'_>) {
    let record = &event.record;
    render::name(record, row.cell(C::Call));
    if let Some(call) = record.call {
        row.set(C::Abi, call.abi.name());
        row.set(C::Nr, call.nr);
    }
    // All that the log has of strings and structs.
    let style = Style { string_limit: usize::MAX, verbose: true };
    render::argument_list(record, &style, row.cell(C::Arguments));
    match record.duration() {
        None => row.set(C::Unfinished, true),
        Some(duration) => {
            row.set(C::Duration, duration);
            row.set(C::Result, record.result);
        }
    }
    if let Some(errno) = record.error().filter(|_| !record.is_begun()) {
        row.set(C::Error, error_name(errno));
    }
    let mut named = touched(event).filter_map(|id| Some((id, known.name(id)?)));
    if let Some((first, name)) = named.next() {
        row.set_bytes(C::Name, name);
        resource(row, known, first);
        if let Some((_, other)) = named.find(|(other, _)| *other != first) {
            row.set_bytes(C::Other, other);
        }
    }
}

/// The resources that the call does something to, and last those that it only
/// names, as directories that a path starts from.
fn touched(event: &Event<'_>) -> impl Iterator<Item = ResourceId> {
    let does = |does: bool| {
        let named = event.uses.iter().filter(|used| used.place != Place::Implied);
        let uses = named.filter(move |used| (used.verb != Verb::None) == does);
        uses.map(|used| used.resource)
    };
    does(true).chain(does(false))
}

/// What else is known of a resource.
fn resource(row: &mut Row, known: &Known<'_>, id: ResourceId) {
    let state = known.state;
    if !known.fates.tells(state, id) {
        row.set(C::Class, SYSTEM_LABEL);
        return;
    }
    if let Some(resource) = state.resource(id) {
        row.set(C::Class, resource.class.name());
        if let Some(identity) = resource.identity {
            row.set(C::Inode, identity.inode);
            if identity.device != 0 {
                row.set(C::Device, identity.device);
            }
        }
    }
    if let Some(socket) = state.socket(id) {
        row.set(C::Protocol, socket.protocol_name());
        for (column, end) in [(C::Local, &socket.local), (C::Remote, &socket.remote)] {
            if let Some(end) = end {
                row.set_bytes(column, &end.to_bytes());
            }
        }
    }
}

fn program(row: &mut Row, known: &Known<'_>, execution: &Execution) {
    if let Some(file) = execution.executable.and_then(|file| known.name(file)) {
        row.set_bytes(C::Executable, file);
    }
    row.set_bytes(C::CommandLine, &command_line(&execution.argv));
    if let Some(cwd) = execution.cwd.and_then(|cwd| known.name(cwd)) {
        row.set_bytes(C::Cwd, cwd);
    }
}

/// What was seen of a file.
fn seen(row: &mut Row, key: FactKey, value: &Value) {
    let column = match key {
        FactKey::Device => C::Device,
        FactKey::Inode => C::Inode,
        FactKey::Mode => C::Mode,
        FactKey::Size => C::Size,
        FactKey::Modified => C::Modified,
        FactKey::Changed => C::Changed,
        FactKey::Hash => C::Hash,
        FactKey::Part => C::Part,
        FactKey::Stale => C::Stale,
        FactKey::BuildId => C::BuildId,
        FactKey::Loader => C::Loader,
        FactKey::Script => C::Script,
        FactKey::Interpreters => C::Interpreters,
        FactKey::Cwd => C::Cwd,
        FactKey::Text => C::Why,
        _ => return,
    };
    match value {
        Value::Number(number) => row.set(column, *number),
        Value::Bytes(bytes) if matches!(key, FactKey::Hash | FactKey::BuildId) => {
            row.set(column, &hex(bytes));
        }
        Value::Bytes(bytes) => row.set_bytes(column, bytes),
        Value::List(words) => row.set_bytes(column, &command_line(words)),
    }
}

fn start(row: &mut Row, record: &Record<'_>) {
    let [_, _, _, parent, ordinal, origin] = record.words;
    if let Some(origin) = Origin::from_code(origin as u8) {
        row.set(C::Origin, origin.name());
    }
    if parent != 0 {
        row.set(C::ParentTask, parent);
        row.set(C::ParentOrdinal, ordinal);
    }
}

fn exit(row: &mut Row, record: &Record<'_>) {
    let [code, signal, core, by, ..] = record.words;
    if signal == 0 {
        row.set(C::Code, code);
    } else {
        row.set(C::Signal, signal);
        row.set(C::Core, core != 0);
    }
    if signal == 0 && by != 0 {
        row.set(C::ReplacedBy, by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::exported;

    /// The rows, each with its cells that are not empty.
    fn rows(options: &Options) -> Vec<Vec<(String, String)>> {
        let text = exported("csv", options);
        assert_eq!(text.matches("\r\n").count(), text.matches('\n').count());
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("names").clone();
        let cells = |row: ::csv::StringRecord| {
            let cells = names.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
            cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
        };
        reader.records().map(|row| cells(row.expect("as many cells as names"))).collect()
    }

    fn cell<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
        row.iter().find(|(column, _)| column == name).map_or("", |(_, cell)| cell)
    }

    #[test]
    fn a_row_for_each_event() {
        let rows = rows(&Options::default());
        let kinds: Vec<_> = rows.iter().map(|row| cell(row, "kind")).collect();
        let expected = "run,start,call,call,call,start,call,call,signal,call,blind spot,exit,call,\
                        file,content,exit";
        assert_eq!(kinds.join(","), expected);
        let recorded = ["recorded_calls", "left_out", "cut_to", "kept_bytes"];
        assert_eq!(recorded.map(|name| cell(&rows[0], name)), ["all", "", "", "64"]);
        assert_eq!(cell(&rows[2], "command_line"), "sh -c 'cat x'");
        assert_eq!(cell(&rows[2], "executable"), "/bin/sh");
        assert_eq!(cell(&rows[3], "name"), r#"/home/odd \xff\x0a"name"#);
        assert_eq!(cell(&rows[3], "other"), "/home");
        assert_eq!(cell(&rows[3], "inode"), "77");
        assert_eq!(cell(&rows[3], "time"), "2026-11-24T04:25:44.000004000Z");
        assert_eq!(cell(&rows[5], "parent_ordinal"), "4");
        assert_eq!(cell(&rows[7], "error"), "ENOENT");
        assert_eq!(cell(&rows[7], "result"), "-2");
        assert_eq!(cell(&rows[9], "unfinished"), "true");
        assert_eq!(cell(&rows[10], "why"), "nobody looked");
        assert_eq!(cell(&rows[11], "signal"), "9");
        assert_eq!(cell(&rows[13], "mode"), "33188");
        assert_eq!(cell(&rows[14], "name"), r#"/home/odd \xff\x0a"name"#);
        assert_eq!(cell(&rows[14], "hash"), "00ff10");
    }

    #[test]
    fn following_shows_calls_that_have_begun() {
        let rows = rows(&Options { follow: true, ..Options::default() });
        let begun: Vec<_> = rows.iter().filter(|row| cell(row, "begun") == "true").collect();
        assert_eq!(begun.len(), 1);
        assert_eq!((cell(begun[0], "ordinal"), cell(begun[0], "unfinished")), ("3", ""));
    }
}
