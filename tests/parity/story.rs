//! What a run did, in words that do not depend on who saw it.

use std::collections::BTreeMap;

/// A task's place in the tree: the command is `[]`, the second task that the
/// first task of the command made is `[0, 1]`.
pub(crate) type Place = Vec<usize>;

/// A run.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// The tasks.
    pub(crate) tasks: BTreeMap<Place, Life>,
}

/// What became of one task.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Whether it is a thread of its maker's process.
    pub(crate) is_thread: bool,
    /// Its calls and signals, in order.
    pub(crate) steps: Vec<Step>,
    /// Its end.
    pub(crate) end: End,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// It did not, as far as was seen.
    #[default]
    Open,
    /// With a code.
    Code(i32),
    /// Killed by a signal of that number.
    Signal(i32),
    /// It was the leader, and another thread executed a program.
    Superseded,
}

/// A call, or a signal (which has a name alone).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The call's or signal's name.
    pub(crate) name: String,
    /// The paths that it was given.
    pub(crate) paths: Vec<String>,
    /// What it returned.
    pub(crate) result: Value,
}

/// What a call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing: the task ended in the middle of it.
    Never,
    /// A number, or an error number made negative.
    Number(i64),
    /// Something that differs from run to run: an address, or the id of a task.
    Fresh,
}

impl Step {
    /// A signal that was delivered.
    pub(crate) fn signal(name: String) -> Self {
        Self { name, paths: Vec::new(), result: Value::Never }
    }

    /// Whether it is a signal.
    pub(crate) fn is_signal(&self) -> bool {
        self.name.starts_with("SIG")
    }
}

impl Value {
    /// A result, with what differs from run to run taken out of it.
    pub(crate) fn of(call: &str, result: i64) -> Self {
        // Calls that return ids, addresses, or what the machine happens to be at.
        const FRESH: [&str; 22] = [
            "brk",
            "mmap",
            "mmap2",
            "mremap",
            "shmat",
            "fork",
            "vfork",
            "clone",
            "clone3",
            "wait4",
            "waitpid",
            "getpid",
            "gettid",
            "getppid",
            "getpgrp",
            "getpgid",
            "getsid",
            "setsid",
            "set_tid_address",
            "time",
            "times",
            "rt_sigreturn",
        ];
        let is_error = (-4095..0).contains(&result);
        let is_fresh = !is_error && result != 0 && FRESH.contains(&call);
        // What was in the register when the signal came: time decides that.
        if is_fresh || call == "rt_sigreturn" { Self::Fresh } else { Self::Number(result) }
    }
}

impl Story {
    /// The story of these tasks.
    pub(crate) fn of(lives: impl IntoIterator<Item = (Place, Life)>) -> Self {
        let mut tasks = BTreeMap::new();
        for (place, life) in lives {
            if let Some(other) = tasks.insert(place.clone(), life) {
                panic!("two tasks at {place:?}; one of them: {other:?}");
            }
        }
        Self { tasks }
    }

    /// Processes, threads apart.
    pub(crate) fn processes(&self) -> usize {
        self.tasks.values().filter(|life| !life.is_thread).count()
    }

    /// Programs that were executed.
    pub(crate) fn execs(&self) -> usize {
        let steps = self.tasks.values().flat_map(|life| &life.steps);
        let is_exec = |step: &&Step| matches!(&*step.name, "execve" | "execveat");
        steps.filter(is_exec).filter(|step| step.result == Value::Number(0)).count()
    }

    /// Calls and signals.
    pub(crate) fn steps(&self) -> usize {
        self.tasks.values().map(|life| life.steps.len()).sum()
    }

    /// The places of tasks, from each task's maker and its rank among what that made.
    pub(crate) fn place<K: Ord + Copy>(makers: &BTreeMap<K, (K, usize)>, task: K) -> Place {
        let mut place = Place::new();
        let mut at = task;
        while let Some((maker, rank)) = makers.get(&at) {
            place.insert(0, *rank);
            at = *maker;
        }
        place
    }
}
