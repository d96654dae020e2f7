//! A log as tests like it: owned, by task, with names.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use rtrace::abi::Abi;
use rtrace::event::{Batch, Fact, FactKind, Kind, Origin, Phase, Record, Role, State};

/// A log.
#[derive(Debug, Default)]
pub struct Trace {
    /// The tasks, in the order in which they were seen.
    pub tasks: BTreeMap<u32, Task>,
    /// Facts of the living system.
    pub facts: Vec<Fact>,
    /// Whether the log was closed properly.
    pub complete: bool,
    /// Times of all records, for the checks: (time, what).
    times: Vec<(u64, String)>,
    faults: Vec<String>,
}

/// A task's life.
#[derive(Debug, Default)]
pub struct Task {
    /// Its number in the log.
    pub id: u32,
    /// Thread ids that it has had: more than one after an exec by a thread.
    pub tids: Vec<i32>,
    /// Its thread group's id when it began.
    pub tgid: i32,
    /// The task that is its process.
    pub process: u32,
    /// The task that made it.
    pub parent: u32,
    /// The ordinal of the call that made it.
    pub made_by: u64,
    /// How it came to be.
    pub origin: Option<Origin>,
    /// Its calls, in order of their ordinals.
    pub calls: Vec<Call>,
    /// Signals delivered to it.
    pub signals: Vec<Signal>,
    /// Programs executed: (thread id now, before, the task that had it).
    pub execs: Vec<(i32, i32, u32)>,
    /// Signals that stopped it.
    pub stops: Vec<i32>,
    /// How often it went on.
    pub continues: usize,
    /// How it ended.
    pub exit: Option<Exit>,
    /// Whether rtrace let go of it, and why.
    pub detached: Option<u64>,
    ordinals: BTreeMap<u64, Kind>,
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The kernel's name of it; `?` for a number that has none.
    pub name: &'static str,
    /// By which table it was made.
    pub abi: Abi,
    /// Its number.
    pub nr: u64,
    /// Its place in the task's life.
    pub ordinal: u64,
    /// Arguments.
    pub words: [u64; 6],
    /// What it returned; nothing if it never did.
    pub result: Option<i64>,
    /// When it began and ended.
    pub times: (u64, Option<u64>),
    /// Captured memory.
    pub pieces: Vec<Piece>,
}

/// Captured memory.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Of which argument.
    pub arg: u8,
    /// What it is.
    pub role: Role,
    /// When it was read.
    pub phase: Phase,
    /// How much could be read.
    pub state: State,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A signal that was delivered.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Its number.
    pub number: i32,
    /// Its place in the task's life.
    pub ordinal: u64,
    /// Its `siginfo_t`.
    pub info: Vec<u8>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With a code.
    Code(i32),
    /// Killed by a signal.
    Signal(i32),
    /// Because that task of its process executed a program.
    Exec(u32),
}

impl Call {
    /// The path that an argument points to.
    pub fn path(&self, arg: u8) -> Option<&[u8]> {
        self.piece(arg, Role::Path).filter(|p| p.state == State::Whole).map(|p| p.bytes.as_slice())
    }

    /// The first piece of an argument in that role.
    pub fn piece(&self, arg: u8, role: Role) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.arg == arg && piece.role == role)
    }

    /// All paths of the call, in the order of its arguments.
    pub fn paths(&self) -> Vec<&[u8]> {
        let paths = self.pieces.iter().filter(|p| p.role == Role::Path && p.phase == Phase::Entry);
        paths.map(|piece| piece.bytes.as_slice()).collect()
    }
}

impl Task {
    /// Whether it is a process (not a mere thread).
    pub fn is_process(&self) -> bool {
        self.process == self.id
    }

    /// Its calls of that name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.name == name)
    }
}

impl Trace {
    /// Reads a log.
    pub fn read(path: &Path) -> Self {
        super::load::load(path)
    }

    /// All calls of that name, task after task.
    pub fn calls<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Call> {
        self.tasks.values().flat_map(move |task| task.named(name))
    }

    /// The first task: the command.
    pub fn root(&self) -> &Task {
        self.tasks.values().next().expect("a log has a task")
    }

    /// The tasks that have had that thread id.
    pub fn with_tid(&self, tid: i32) -> Vec<&Task> {
        self.tasks.values().filter(|task| task.tids.contains(&tid)).collect()
    }

    /// The one task that has had that thread id.
    #[track_caller]
    pub fn task(&self, tid: i32) -> &Task {
        let found = self.with_tid(tid);
        assert_eq!(found.len(), 1, "tasks with thread id {tid}");
        found[0]
    }

    /// Whether another task got this one's thread id by an exec.
    pub fn is_superseded(&self, id: u32) -> bool {
        self.tasks.values().any(|task| task.execs.iter().any(|exec| exec.2 == id))
    }

    /// The processes, threads apart.
    pub fn processes(&self) -> Vec<&Task> {
        self.tasks.values().filter(|task| task.is_process()).collect()
    }

    /// The texts of the blind spots, with the pids they are about.
    pub fn blind_spots(&self) -> Vec<(Option<i64>, String)> {
        use rtrace::event::FactKey::{Pid, Text};
        let spots = self.facts.iter().filter(|fact| fact.kind == FactKind::BlindSpot);
        let text =
            |fact: &Fact| String::from_utf8_lossy(fact.bytes(Text).unwrap_or(b"")).into_owned();
        spots.map(|fact| (fact.number(Pid), text(fact))).collect()
    }

    /// What must hold of every log whose calls were not filtered.
    #[track_caller]
    pub fn is_sound(&self) {
        let mut faults = self.faults.clone();
        self.check_times(&mut faults);
        for task in self.tasks.values() {
            check_life(task, &mut faults);
            self.check_birth(task, &mut faults);
        }
        assert!(
            faults.is_empty(),
            "the log is not sound:\n{}",
            faults[..faults.len().min(30)].join("\n")
        );
    }

    /// No two observations have the same time.
    fn check_times(&self, faults: &mut Vec<String>) {
        let mut sorted: Vec<_> = self.times.iter().collect();
        sorted.sort();
        for pair in sorted.windows(2) {
            if pair[0].0 == pair[1].0 {
                faults.push(format!("at {}: {} and {}", pair[0].0, pair[0].1, pair[1].1));
            }
        }
    }

    /// Made by a living task, by a call that makes tasks.
    fn check_birth(&self, task: &Task, faults: &mut Vec<String>) {
        let id = task.id;
        if !self.tasks.contains_key(&task.process) {
            faults.push(format!("task {id}: there is no process {}", task.process));
        }
        if !matches!(
            task.origin,
            Some(Origin::Fork | Origin::Vfork | Origin::Thread | Origin::Clone)
        ) {
            return;
        }
        let Some(parent) = self.tasks.get(&task.parent) else {
            faults.push(format!("task {id}: there is no parent {}", task.parent));
            return;
        };
        let call = parent.calls.iter().find(|call| call.ordinal == task.made_by);
        match call {
            Some(call) if matches!(call.name, "fork" | "vfork" | "clone" | "clone3") => {}
            // It was in the call already when it was attached to.
            None if task.made_by == 0 && parent.origin == Some(Origin::Attached) => {}
            other => faults.push(format!(
                "task {id} was made by call {} of task {}: {other:?}",
                task.made_by, task.parent
            )),
        }
    }
}

/// Starts once, ends once, and what is between has no gap.
fn check_life(task: &Task, faults: &mut Vec<String>) {
    let id = task.id;
    for (expected, (ordinal, kind)) in task.ordinals.iter().enumerate() {
        if expected as u64 != *ordinal {
            faults.push(format!(
                "task {id}: ordinal {expected} is missing before {kind:?} {ordinal}"
            ));
            break;
        }
    }
    if task.origin.is_none() {
        faults.push(format!("task {id} ({:?}) has no start", task.tids));
    }
    if task.exit.is_none() && task.detached.is_none() {
        faults.push(format!("task {id} ({:?}) never ends", task.tids));
    }
    // A signal's handler may leave a call by a jump only after its exit; so
    // only the last call of a life may be without one.
    let unfinished: Vec<_> = task.calls.iter().filter(|call| call.result.is_none()).collect();
    for call in unfinished {
        if task.calls.last().is_some_and(|last| last.ordinal != call.ordinal) {
            faults.push(format!("task {id}: {} {} is unfinished", call.ordinal, call.name));
        }
    }
}

/// Puts a trace together from a log's batches.
#[derive(Default)]
pub struct Collector {
    trace: Trace,
    seen: HashSet<(u32, u64)>,
    begun: BTreeMap<(u32, u64), Call>,
}

impl Collector {
    /// The next slice of the log.
    pub fn batch(&mut self, batch: &Batch) {
        self.trace.facts.extend_from_slice(batch.facts());
        for record in batch.iter() {
            self.record(&record);
        }
    }

    /// The trace; calls that never returned are in it.
    pub fn finish(mut self, complete: bool) -> Trace {
        for ((task, ordinal), call) in self.begun {
            let task = self.trace.tasks.entry(task).or_default();
            task.ordinals.insert(ordinal, Kind::Call);
            task.calls.push(call);
        }
        for task in self.trace.tasks.values_mut() {
            task.calls.sort_by_key(|call| call.ordinal);
        }
        self.trace.complete = complete;
        self.trace
    }

    fn record(&mut self, record: &Record<'_>) {
        let key = (record.task.0, record.ordinal);
        let trace = &mut self.trace;
        let task = trace.tasks.entry(key.0).or_default();
        task.id = key.0;
        if record.kind == Kind::Call && record.is_begun() {
            if let Some(call) = call_of(record) {
                self.begun.insert(key, call);
            }
            return;
        }
        if !self.seen.insert(key) {
            trace
                .faults
                .push(format!("task {} has ordinal {} twice ({:?})", key.0, key.1, record.kind));
        }
        self.begun.remove(&key);
        if task.exit.is_some() {
            trace.faults.push(format!("task {}: {:?} {} after its end", key.0, record.kind, key.1));
        }
        let what = format!("task {} {:?} {}", key.0, record.kind, key.1);
        if let Some(end) = record.end.filter(|end| *end != record.start) {
            trace.times.push((end, format!("{what} (end)")));
            if end < record.start {
                trace.faults.push(format!("{what} ends before it starts"));
            }
        }
        trace.times.push((record.start, what));
        task.ordinals.insert(key.1, record.kind);
        task.take(record);
    }
}

impl Task {
    fn take(&mut self, record: &Record<'_>) {
        let words = record.words;
        let word = |i: usize| words[i] as i32;
        match record.kind {
            Kind::Call => self.calls.extend(call_of(record)),
            Kind::Start => {
                self.tids.push(word(0));
                self.tgid = word(1);
                self.process = words[2] as u32;
                self.parent = words[3] as u32;
                self.made_by = words[4];
                self.origin = Origin::from_code(words[5] as u8);
            }
            Kind::Exit => {
                self.exit = Some(match (words[3], words[1]) {
                    (0, 0) => Exit::Code(word(0)),
                    (0, _) => Exit::Signal(word(1)),
                    (by, _) => Exit::Exec(by as u32),
                });
            }
            Kind::Signal => {
                let info =
                    record.pieces.first().map(|p| record.bytes(p).to_vec()).unwrap_or_default();
                self.signals.push(Signal { number: word(0), ordinal: record.ordinal, info });
            }
            Kind::Exec => {
                self.execs.push((word(0), word(1), words[2] as u32));
                if !self.tids.contains(&word(0)) {
                    self.tids.push(word(0));
                }
            }
            Kind::Stop => self.stops.push(word(0)),
            Kind::Continue => self.continues += 1,
            Kind::Detach => self.detached = Some(words[0]),
        }
    }
}

fn call_of(record: &Record<'_>) -> Option<Call> {
    let call = record.call?;
    let pieces = record.pieces.iter().map(|piece| Piece {
        arg: piece.arg,
        role: piece.role,
        phase: piece.phase,
        state: piece.state,
        bytes: record.bytes(piece).to_vec(),
    });
    Some(Call {
        name: name_of(call.abi, call.nr),
        abi: call.abi,
        nr: call.nr,
        ordinal: record.ordinal,
        words: record.words,
        result: record.end.map(|_| record.result),
        times: (record.start, record.end),
        pieces: pieces.collect(),
    })
}

/// A call's name by another table than rtrace's own.
fn name_of(abi: Abi, nr: u64) -> &'static str {
    let nr = nr as usize;
    match abi {
        Abi::X86_64 => syscalls::x86_64::Sysno::new(nr).map(|sysno| sysno.name()),
        Abi::X32 => syscalls::x86_64::Sysno::new(nr & 0x3fff_ffff).map(|sysno| sysno.name()),
        Abi::I386 => syscalls::x86::Sysno::new(nr).map(|sysno| sysno.name()),
        _ => None,
    }
    .unwrap_or("?")
}
