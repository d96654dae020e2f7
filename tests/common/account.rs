//! Holds a log against what a tracee says it did (`tests/tracees/account.h`).

use std::collections::HashMap;

use super::trace::{Call, Exit, Task, Trace};

/// One line of an account.
pub struct Account<'a> {
    /// The first word.
    pub kind: &'a str,
    values: HashMap<&'a str, &'a str>,
    line: &'a str,
}

impl<'a> Account<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let kind = words.next()?;
        let values = words.filter_map(|word| word.split_once('=')).collect();
        Some(Self { kind, values, line })
    }

    /// The lines of a kind.
    pub fn of(text: &'a str, kind: &str) -> Vec<Self> {
        text.lines().filter_map(Self::parse).filter(|line| line.kind == kind).collect()
    }

    /// The number under that key.
    #[track_caller]
    pub fn number(&self, key: &str) -> i64 {
        let text = self.values.get(key).unwrap_or_else(|| panic!("no {key} in `{}`", self.line));
        // Call numbers are printed unsigned and may be -1.
        text.parse()
            .or_else(|_| text.parse::<u64>().map(|n| n as i64))
            .unwrap_or_else(|_| panic!("{key} is no number in `{}`", self.line))
    }

    /// The word under that key.
    pub fn word(&self, key: &str) -> Option<&'a str> {
        self.values.get(key).copied()
    }

    fn tid(&self) -> i32 {
        self.number("tid") as i32
    }
}

impl Trace {
    /// Everything that the account says is in the log, in its order.
    #[track_caller]
    pub fn agrees_with(&self, account: &str) {
        let mut reader = Comparison { trace: self, next: HashMap::new(), ends: HashMap::new() };
        let mut faults = Vec::new();
        let mut lines = 0;
        for line in account.lines().filter_map(Account::parse) {
            lines += 1;
            if let Err(why) = reader.check(&line) {
                faults.push(format!("{}\n    {why}", line.line));
            }
        }
        assert!(lines > 0, "the tracee gave no account");
        let count = faults.len();
        faults.truncate(12);
        assert!(faults.is_empty(), "the log lacks {count} of {lines}:\n{}", faults.join("\n"));
    }
}

struct Comparison<'t> {
    trace: &'t Trace,
    /// For each thread id, the task and call to go on from.
    next: HashMap<i32, (usize, usize)>,
    /// For each thread id, how many ends of it were told.
    ends: HashMap<i32, usize>,
}

impl<'t> Comparison<'t> {
    fn check(&mut self, line: &Account<'_>) -> Result<(), String> {
        match line.kind {
            "call" => self.call(line),
            "task" => self.task(line),
            "exit" => self.exit(line),
            "signal" => self.count(line, |task| {
                let number = line.number("number") as i32;
                task.signals.iter().filter(|signal| signal.number == number).count()
            }),
            "stop" => self.count(line, |task| {
                let signal = line.number("signal") as i32;
                task.stops.iter().filter(|stop| **stop == signal).count()
            }),
            "returns" => self.count(line, |task| task.named("rt_sigreturn").count()),
            "reused" => {
                let tasks = self.trace.with_tid(line.tid()).len() as i64;
                equal("tasks with this thread id", tasks, line.number("count"))
            }
            "exec" => self.exec(line),
            "unfinished" => self.unfinished(line),
            "untraced" => self.untraced(line),
            "count" => {
                equal("tasks in the log", self.trace.tasks.len() as i64, line.number("tasks"))
            }
            _ => Ok(()),
        }
    }

    fn tasks(&self, tid: i32) -> Result<Vec<&'t Task>, String> {
        let tasks = self.trace.with_tid(tid);
        if tasks.is_empty() { Err("no such task".into()) } else { Ok(tasks) }
    }

    fn call(&mut self, line: &Account<'_>) -> Result<(), String> {
        let tid = line.tid();
        let tasks = self.tasks(tid)?;
        let (mut task, mut at) = self.next.get(&tid).copied().unwrap_or_default();
        while task < tasks.len() {
            while at < tasks[task].calls.len() {
                at += 1;
                if is_that(&tasks[task].calls[at - 1], line) {
                    self.next.insert(tid, (task, at));
                    return Ok(());
                }
            }
            (task, at) = (task + 1, 0);
        }
        let name = line.word("name").unwrap_or("?");
        let near: Vec<_> = tasks.iter().flat_map(|task| task.named(name)).take(3).collect();
        Err(format!("no such call (any more); of that name: {near:x?}"))
    }

    fn task(&self, line: &Account<'_>) -> Result<(), String> {
        let tasks = self.tasks(line.tid())?;
        let parents = self.tasks(line.number("parent") as i32)?;
        let origin = line.word("origin").unwrap_or("");
        let fits = |task: &&Task| {
            parents.iter().any(|parent| parent.id == task.parent)
                && task.origin.is_some_and(|o| o.name() == origin)
        };
        if tasks.iter().any(fits) {
            return Ok(());
        }
        let said: Vec<_> = tasks.iter().map(|task| (task.parent, task.origin)).collect();
        Err(format!("the log has (parent, origin) {said:?}"))
    }

    fn exit(&mut self, line: &Account<'_>) -> Result<(), String> {
        let tid = line.tid();
        // A leader whose id went to a thread that executed has no end of its own
        // to wait for: who waits sees the end of that thread.
        let mut tasks = self.tasks(tid)?;
        tasks.retain(|task| !self.trace.is_superseded(task.id));
        let nth = self.ends.entry(tid).or_default();
        let task = tasks.get(*nth).or(tasks.last());
        *nth += 1;
        let expected = match line.word("signal") {
            Some(_) => Exit::Signal(line.number("signal") as i32),
            None => Exit::Code(line.number("code") as i32),
        };
        match task.and_then(|task| task.exit) {
            Some(exit) if exit == expected => Ok(()),
            other => Err(format!("the log has {other:?}")),
        }
    }

    fn exec(&self, line: &Account<'_>) -> Result<(), String> {
        let (tid, from) = (line.tid(), line.number("from") as i32);
        let tasks = self.tasks(tid)?;
        if tasks.iter().any(|task| task.execs.iter().any(|exec| (exec.0, exec.1) == (tid, from))) {
            return Ok(());
        }
        let said: Vec<_> = tasks.iter().map(|task| &task.execs).collect();
        Err(format!("the log has {said:?}"))
    }

    fn unfinished(&self, line: &Account<'_>) -> Result<(), String> {
        let tasks = self.tasks(line.tid())?;
        let last = tasks.last().and_then(|task| task.calls.last());
        match last {
            Some(call) if call.result.is_none() && call.nr as i64 == line.number("nr") => Ok(()),
            other => Err(format!("its last call is {other:?}")),
        }
    }

    fn untraced(&self, line: &Account<'_>) -> Result<(), String> {
        if !self.trace.with_tid(line.tid()).is_empty() {
            return Err("it is in the log".into());
        }
        let spots = self.trace.blind_spots();
        let tid = line.tid().to_string();
        if spots.iter().any(|(_, text)| text.split(' ').any(|word| word == tid)) {
            return Ok(());
        }
        Err(format!("blind spots: {spots:?}"))
    }

    fn count(&self, line: &Account<'_>, count: impl Fn(&Task) -> usize) -> Result<(), String> {
        let tasks = self.tasks(line.tid())?;
        let all: usize = tasks.into_iter().map(count).sum();
        equal("in the log", all as i64, line.number("count"))
    }
}

fn equal(what: &str, found: i64, expected: i64) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found}, not {expected}")) }
}

/// Whether the log's call is the one that the tracee tells of.
fn is_that(call: &Call, line: &Account<'_>) -> bool {
    line.word("name").is_none_or(|name| name == call.name)
        && line.word("abi").is_none_or(|abi| abi == call.abi.name())
        && same_number(call, line.number("nr"))
        && same_result(call, line.number("result"))
        && same_arguments(call, line.word("args").unwrap_or(""))
        && (0..6).all(|arg| {
            let path = line.word(&format!("path{arg}"));
            path.is_none_or(|path| call.path(arg).is_some_and(|got| got == unescaped(path)))
        })
}

/// The same, or the kernel's own code for "interrupted, perhaps to be restarted"
/// (ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK), which
/// the tracee sees as EINTR.
fn same_result(call: &Call, told: i64) -> bool {
    match call.result {
        Some(-516 | -514..=-512) => told == -4,
        result => result == Some(told),
    }
}

/// Numbers are 32 bits wide to the kernel.
fn same_number(call: &Call, told: i64) -> bool {
    call.nr as u32 == told as u32
}

/// Equal words; a pointer may be left out where the memory is there instead.
fn same_arguments(call: &Call, told: &str) -> bool {
    let mask =
        if call.abi.word() == 4 && call.abi.name() == "i386" { 0xffff_ffff } else { u64::MAX };
    told.split(',').enumerate().all(|(at, text)| {
        let word = u64::from_str_radix(text, 16).unwrap_or_default() & mask;
        let dropped = call.words[at] == 0 && call.pieces.iter().any(|piece| piece.arg == at as u8);
        call.words[at] & mask == word || dropped
    })
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', [_, _, more @ ..]) = (first, tail) {
            let hex = std::str::from_utf8(&tail[..2]).unwrap_or("");
            bytes.push(u8::from_str_radix(hex, 16).expect("two hex digits after %"));
            rest = more;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}
