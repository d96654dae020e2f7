//! What recording costs: one command, natively and under several recorders, in
//! rounds that take turns, so that what else the machine does falls on all alike.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `recorder` | rtrace and its peers, and whether they are there |
//! | `once` | one run of the command: its time, its end |
//! | `log` | how many calls are in what a recorder wrote |
//! | `machine` | what else the machine does |
//! | `report` | what comes of all rounds |
//! | `plot` | the same as a picture |

#![expect(clippy::cast_precision_loss, reason = "these are measurements")]

mod log;
mod machine;
mod once;
mod plot;
mod recorder;
mod report;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use machine::Machine;
pub use once::Once;
pub use plot::svg;
pub use recorder::{Missing, PEERS, Recorder, Scope, named};
pub use report::{Report, Subject, Summary};

use machine::Load;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// Where it runs; `None`: here.
    pub dir: Option<PathBuf>,
    /// A shell command that is run, and not timed, before each run.
    pub prepare: Option<String>,
    /// How often each recorder has its turn.
    pub rounds: u32,
    /// Under what it runs, beside natively.
    pub recorders: Vec<Recorder>,
}

/// What is about to be done, for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Of so many runs in all.
    pub of: u64,
    /// That many are done.
    pub done: u64,
    /// Under what the next one is.
    pub recorder: &'a str,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command cannot be run even without a recorder.
    #[error("cannot run {}", command.display())]
    Command {
        /// Its name.
        command: OsString,
        /// Why.
        source: io::Error,
    },
    /// What should come before each run does not work.
    #[error("--prepare '{command}' {why}")]
    Prepare {
        /// The shell's command.
        command: String,
        /// What became of it.
        why: String,
    },
    /// There is no place for the recorders' logs.
    #[error("cannot use {} for logs", path.display())]
    Scratch {
        /// Where they should be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The name of what runs without a recorder.
const NATIVE: &str = "native";

/// Measures. The recorders' logs are made in `scratch`, and removed as soon as they
/// are counted. `watch` is told of each run before it begins.
///
/// # Errors
/// The command cannot be run, or what should prepare it, or no log be made. That a
/// recorder fails is told in the report.
pub fn measure(
    plan: &Plan,
    scratch: &Path,
    mut watch: impl FnMut(Step<'_>),
) -> Result<Report, Error> {
    let native = Subject::native(NATIVE);
    let mut subjects = vec![native];
    subjects.extend(plan.recorders.iter().map(Subject::of));
    let of = 1 + u64::from(plan.rounds) * subjects.len() as u64;
    // The first run fills caches, and shows whether the command can be run at all.
    watch(Step { of, done: 0, recorder: NATIVE });
    let log = scratch.join("log");
    run(plan, None, &log)?;
    let before = Load::now();
    let mut done = 1;
    for round in 0..plan.rounds as usize {
        for turn in 0..subjects.len() {
            // Each round begins with another one: nobody always comes after the same.
            let at = (round + turn) % subjects.len();
            let recorder = at.checked_sub(1).and_then(|at| plan.recorders.get(at));
            watch(Step { of, done, recorder: recorder.map_or(NATIVE, |recorder| recorder.name) });
            let once = run(plan, recorder, &log)?;
            subjects[at].runs.push(once);
            done += 1;
        }
    }
    let machine = Machine::since(&before);
    Ok(Report::new(plan, subjects, machine))
}

/// One run, prepared and counted.
fn run(plan: &Plan, recorder: Option<&Recorder>, log: &Path) -> Result<Once, Error> {
    if let Some(command) = &plan.prepare {
        once::prepare(command, plan.dir.as_deref())?;
    }
    let scratch = |source| Error::Scratch { path: log.to_owned(), source };
    // So that a log is never that of the run before.
    match fs::remove_file(log) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(scratch(error)),
        _ => {}
    }
    let words = match recorder {
        Some(recorder) => recorder.command_line(log, &plan.command),
        None => plan.command.clone(),
    };
    let complaints = log.with_extension("err");
    let mut once = once::run(&words, plan.dir.as_deref(), &complaints)?;
    if let Some(recorder) = recorder {
        once.logged = recorder.log.count(log, &complaints);
    }
    Ok(once)
}
