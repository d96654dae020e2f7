//! Lines in the order of time.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::{Descriptors, Style, date, entry, name, rest, result, signal};
use crate::abi::Filter;
use crate::event::{Kind, Record, TaskId};

/// What stands before and behind a call, by strace(1)'s letters.
#[derive(Clone, Debug)]
pub struct Layout {
    /// `-t`, `-tt`, `-ttt`: how many. Times of day are this machine's.
    pub absolute: u8,
    /// `-r`: seconds since the line before.
    pub relative: bool,
    /// `-T`: seconds spent in the call.
    pub duration: bool,
    /// Nanoseconds since 1970 when the run started.
    pub started: u64,
    /// `-e trace=SET`.
    pub filter: Filter,
    /// `-p PID`: only these processes or threads; all if there is none.
    pub pids: Vec<u32>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            absolute: 0,
            relative: false,
            duration: false,
            started: 0,
            filter: Filter::all(),
            pids: Vec::new(),
        }
    }
}

/// Puts the records of a run into lines: a call whose entry and exit have no
/// other line between them is one, otherwise it is `<unfinished ...>` and
/// `<... resumed>`.
///
/// Give it a batch's records with [`push`](Self::push), then take the lines with
/// [`flush`](Self::flush): a batch is a slice of time, so that nothing comes in
/// before them later.
#[derive(Debug)]
pub struct Timeline {
    style: Style,
    layout: Layout,
    /// Thread id and thread-group id of living tasks.
    ids: FxHashMap<TaskId, (u32, u32)>,
    /// Thread ids under which threads began an `execve` that made them leaders.
    before_exec: FxHashMap<TaskId, u32>,
    /// Calls whose entry is in the lines, by task.
    begun: FxHashMap<TaskId, Begun>,
    moments: Vec<Moment>,
    line: String,
    /// Bytes of `line` that have been given out.
    shown: usize,
    /// The task whose call the open line is.
    open: Option<TaskId>,
    /// When the line before began.
    last: Option<u64>,
    clock: Clock,
}

/// A call that has begun: what to say of it if it never ends.
#[derive(Debug)]
struct Begun {
    ordinal: u64,
    name: String,
    /// Whether arguments are missing that only its end would tell.
    is_partial: bool,
}

/// Something that appears in the lines.
#[derive(Debug)]
struct Moment {
    time: u64,
    tid: u32,
    task: TaskId,
    what: What,
}

#[derive(Debug)]
enum What {
    Entry(String),
    Exit {
        name: String,
        rest: String,
        result: String,
        duration: u64,
    },
    /// The task ended in the middle of its call.
    Abandoned {
        name: String,
        is_partial: bool,
    },
    Detached(String),
    Line(String),
}

impl Timeline {
    /// No lines yet.
    pub fn new(style: Style, layout: Layout) -> Self {
        Self {
            style,
            layout,
            ids: FxHashMap::default(),
            before_exec: FxHashMap::default(),
            begun: FxHashMap::default(),
            moments: Vec::new(),
            line: String::new(),
            shown: 0,
            open: None,
            last: None,
            clock: Clock::default(),
        }
    }

    /// Takes a record.
    pub fn push(&mut self, record: &Record<'_>, descriptors: &dyn Descriptors) {
        match record.kind {
            Kind::Start => {
                self.ids.insert(record.task, (record.words[0] as u32, record.words[1] as u32));
            }
            Kind::Exec => self.execed(record),
            Kind::Call if self.is_wanted(record) => self.call(record, descriptors),
            Kind::Call => {}
            Kind::Exit => self.exit(record),
            Kind::Detach => self.detach(record),
            _ => self.other(record, None),
        }
    }

    fn is_wanted(&self, record: &Record<'_>) -> bool {
        self.is_shown(record.task)
            && record.call.is_none_or(|call| self.layout.filter.allows(call.abi, call.nr))
    }

    fn is_shown(&self, task: TaskId) -> bool {
        let (tid, pid) = self.ids.get(&task).copied().unwrap_or_default();
        let pids = &self.layout.pids;
        pids.is_empty() || pids.contains(&tid) || pids.contains(&pid)
    }

    fn execed(&mut self, record: &Record<'_>) {
        let now = record.words[0] as u32;
        if let Some((tid, _)) = self.ids.get_mut(&record.task)
            && *tid != now
        {
            self.before_exec.insert(record.task, *tid);
            *tid = now;
        }
    }

    fn call(&mut self, record: &Record<'_>, descriptors: &dyn Descriptors) {
        let known = self.begun.get(&record.task).is_some_and(|b| b.ordinal == record.ordinal);
        let before = self.before_exec.remove(&record.task);
        if !known {
            let mut text = String::new();
            entry(record, &self.style, descriptors, &mut text);
            let tid = before.unwrap_or_else(|| self.tid(record.task));
            self.moment_of(tid, record.start, record.task, What::Entry(text));
        }
        let mut call = String::new();
        name(record, &mut call);
        let mut end = String::new();
        rest(record, &self.style, descriptors, &mut end);
        let Some(time) = record.end else {
            let is_partial = end.len() > 1;
            let begun = Begun { ordinal: record.ordinal, name: call, is_partial };
            self.begun.insert(record.task, begun);
            return;
        };
        self.begun.remove(&record.task);
        let mut value = String::new();
        result(record, &self.style, descriptors, &mut value);
        let duration = record.duration().unwrap_or_default();
        let what = What::Exit { name: call, rest: end, result: value, duration };
        self.moment(time, record.task, what);
    }

    fn exit(&mut self, record: &Record<'_>) {
        if let Some(begun) = self.begun.remove(&record.task) {
            let what = What::Abandoned { name: begun.name, is_partial: begun.is_partial };
            self.moment(record.start, record.task, what);
        }
        let by = TaskId(record.words[3] as u32);
        // Of the threads that an exec ends, only the leader's id lives on.
        let is_leader = self.ids.get(&record.task).is_some_and(|(tid, pid)| tid == pid);
        let superseded = (is_leader && !by.is_none()).then(|| self.tid(by));
        self.other(record, superseded);
        self.ids.remove(&record.task);
    }

    fn detach(&mut self, record: &Record<'_>) {
        if let Some(begun) = self.begun.remove(&record.task) {
            self.moment(record.start, record.task, What::Detached(begun.name));
        }
        self.ids.remove(&record.task);
    }

    fn other(&mut self, record: &Record<'_>, superseded: Option<u32>) {
        let mut text = String::new();
        if self.is_shown(record.task) && signal::line(record, superseded, &mut text).is_some() {
            self.moment(record.start, record.task, What::Line(text));
        }
    }

    fn moment(&mut self, time: u64, task: TaskId, what: What) {
        self.moment_of(self.tid(task), time, task, what);
    }

    fn moment_of(&mut self, tid: u32, time: u64, task: TaskId, what: What) {
        self.moments.push(Moment { time, tid, task, what });
    }

    fn tid(&self, task: TaskId) -> u32 {
        self.ids.get(&task).map_or(0, |(tid, _)| *tid)
    }

    /// Appends the lines of all records so far; the last one may be a call that
    /// is still to end, without its newline.
    pub fn flush(&mut self, out: &mut String) {
        let mut moments = std::mem::take(&mut self.moments);
        // What stands at the same time keeps its order.
        moments.sort_by_key(|moment| moment.time);
        for moment in moments.drain(..) {
            self.emit(moment, out);
        }
        self.moments = moments;
        out.push_str(&self.line[self.shown..]);
        self.shown = self.line.len();
    }

    /// Appends what is left; calls that are pending stay unfinished.
    pub fn finish(&mut self, out: &mut String) {
        self.flush(out);
        self.close(out);
    }

    fn emit(&mut self, moment: Moment, out: &mut String) {
        let Moment { time, tid, task, what } = moment;
        let is_own = self.open == Some(task);
        match what {
            What::Entry(text) => {
                self.begin(time, tid, out);
                self.line.push_str(&text);
                self.open = Some(task);
            }
            What::Exit { name, rest, result, duration } => {
                self.resume(time, tid, is_own, &name, out);
                self.line.push_str(&rest);
                self.pad();
                self.line.push_str("= ");
                self.line.push_str(&result);
                if self.layout.duration {
                    // Writing to a string does not fail.
                    let _ = write!(self.line, " <{}>", Seconds(duration));
                }
                self.end(out);
            }
            What::Abandoned { name, is_partial } => {
                self.resume(time, tid, is_own, &name, out);
                self.line.push_str(if is_partial { " <unfinished ...>)" } else { ")" });
                self.pad();
                self.line.push_str("= ?");
                self.end(out);
            }
            What::Detached(name) => {
                self.resume(time, tid, is_own, &name, out);
                self.line.push_str(" <detached ...>");
                self.end(out);
            }
            What::Line(text) => {
                self.begin(time, tid, out);
                self.line.push_str(&text);
                self.end(out);
            }
        }
    }

    /// Goes on with a call, on its line if that is still open.
    fn resume(&mut self, time: u64, tid: u32, is_own: bool, name: &str, out: &mut String) {
        if !is_own {
            self.begin(time, tid, out);
            self.line.push_str("<... ");
            self.line.push_str(name);
            self.line.push_str(" resumed>");
        }
    }

    fn begin(&mut self, time: u64, tid: u32, out: &mut String) {
        self.close(out);
        // Writing to a string does not fail.
        let _ = write!(self.line, "{tid:<5} ");
        self.stamp(time);
        self.last = Some(time);
    }

    /// Leaves the open call unfinished.
    fn close(&mut self, out: &mut String) {
        if self.open.is_some() {
            self.line.push_str(" <unfinished ...>");
            self.end(out);
        }
    }

    fn end(&mut self, out: &mut String) {
        self.line.push('\n');
        out.push_str(&self.line[self.shown..]);
        self.line.clear();
        self.shown = 0;
        self.open = None;
    }

    /// Results stand below each other where there is room.
    fn pad(&mut self) {
        const COLUMN: usize = 40;
        let missing = COLUMN.saturating_sub(self.line.len()).max(1);
        self.line.extend(std::iter::repeat_n(' ', missing));
    }

    fn stamp(&mut self, time: u64) {
        let since = time.saturating_sub(self.last.unwrap_or(time));
        let now = self.layout.started.saturating_add(time);
        let micros = now / 1000 % 1_000_000;
        // Writing to a string does not fail.
        let _ = match self.layout.absolute {
            0 => Ok(()),
            1 => write!(self.line, "{} ", self.clock.at(now)),
            2 => write!(self.line, "{}.{micros:06} ", self.clock.at(now)),
            _ => write!(self.line, "{} ", Seconds(now)),
        };
        let since = Seconds(since).to_string();
        let _ = match (self.layout.relative, self.layout.absolute) {
            (false, _) => Ok(()),
            (true, 0) => write!(self.line, "{since:>13} "),
            (true, _) => write!(self.line, "(+{since:>13}) "),
        };
    }
}

/// The time of day: asked for once a second.
#[derive(Debug, Default)]
struct Clock {
    second: u64,
    text: String,
}

impl Clock {
    /// At `now`, nanoseconds since 1970.
    fn at(&mut self, now: u64) -> &str {
        let second = now / 1_000_000_000;
        if self.second != second || self.text.is_empty() {
            self.second = second;
            self.text.clear();
            date::time_of_day(second as i64, &mut self.text);
        }
        &self.text
    }
}

/// Nanoseconds as seconds with six digits.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000_000, self.0 / 1000 % 1_000_000)
    }
}
