//! What was found to be different.

use serde::Serialize;

use super::portrait::ProcessId;

/// Two runs, held against each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// What is different, the most likely cause first, hints last.
    pub findings: Vec<Finding>,
    /// How much is the same, and how much is not.
    pub counts: Vec<Count>,
    /// Where the runs part: which of the findings shows first. What differs before the
    /// runs do anything (variables, directories) is none that shows.
    pub divergence: Option<usize>,
    /// What could not be compared, and why.
    pub limits: Vec<String>,
    /// Which processes are the same: places in the two portraits.
    #[serde(skip)]
    pub processes: Vec<(ProcessId, ProcessId)>,
}

impl Comparison {
    /// Whether nothing that counts is different.
    pub fn is_equivalent(&self) -> bool {
        self.findings.iter().all(|finding| finding.force == Force::Hint)
    }

    /// Those of one force.
    pub fn of(&self, force: Force) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.force == force)
    }
}

/// How many things of a kind are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Of what.
    pub what: &'static str,
    /// In both, and nothing about them is different.
    pub same: u64,
    /// In both, and different.
    pub changed: u64,
    /// In the first alone.
    pub only_a: u64,
    /// In the second alone.
    pub only_b: u64,
}

/// How much a difference counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Force {
    /// It comes from outside of the run, or is where the runs part: why the rest differs.
    Cause,
    /// It follows from something else, or may.
    Effect,
    /// It alone makes no difference between the runs.
    Hint,
}

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A variable of the environment.
    Environment,
    /// What a command was given.
    Arguments,
    /// The directory that it was started in.
    Directory,
    /// The file that was executed, or a library.
    Program,
    /// What is mounted at a directory.
    Mount,
    /// What a file held before the run touched it.
    Input,
    /// A file that was there, and is not; or the other way.
    Missing,
    /// A file that was read before it was written.
    Order,
    /// A call that failed.
    Refusal,
    /// A process that only one run has.
    Process,
    /// How a process ended.
    Exit,
    /// What was done to a file, a peer, a database.
    Use,
    /// What a program does that the same one of the other run does not.
    Calls,
    /// What a run made.
    Result,
    /// How long something was waited for.
    Wait,
    /// How long something took.
    Duration,
    /// A name that tells the same day in both.
    Stale,
}

impl Kind {
    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Arguments => "arguments",
            Self::Directory => "directory",
            Self::Program => "program",
            Self::Mount => "mount",
            Self::Input => "input",
            Self::Missing => "missing",
            Self::Order => "order",
            Self::Refusal => "refusal",
            Self::Process => "process",
            Self::Exit => "exit",
            Self::Use => "use",
            Self::Calls => "calls",
            Self::Result => "result",
            Self::Wait => "wait",
            Self::Duration => "duration",
            Self::Stale => "stale",
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Of what kind.
    pub kind: Kind,
    /// How much it counts.
    pub force: Force,
    /// What differs, in a sentence.
    pub what: String,
    /// How it is in the first run; `None` where it has none.
    pub a: Option<String>,
    /// How it is in the second.
    pub b: Option<String>,
    /// Whose doing it is: the command line.
    pub command: Option<String>,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// When in the second run it first showed: nanoseconds since its start. Of what only
    /// the first has, when it would have.
    pub at: u64,
    /// What it is called in every pair of runs: what a baseline knows it by.
    pub key: String,
    /// Whether what failed, or came out different, depends on it; used to rank causes.
    #[serde(skip)]
    pub(super) is_relevant: bool,
}
