//! rtrace and its peers.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::log::Log;
use super::once;

/// A way to record a command.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// Its name on the command line.
    pub name: &'static str,
    /// How it is called, for people.
    pub shown: &'static str,
    /// Which calls it records.
    pub scope: Scope,
    pub(super) log: Log,
    program: PathBuf,
    options: &'static [&'static str],
    /// The processor that it and the command share, if they do.
    pinned: Option<String>,
}

/// Which calls a recorder records. Those that do not record all cost less, and are no
/// measure for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All of them.
    All,
    /// Those of files, processes and network.
    Some,
}

/// A recorder cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}: {why}")]
pub struct Missing {
    /// Its name.
    pub name: &'static str,
    /// Why.
    pub why: String,
}

/// What there is to say of a recorder before it is looked for.
struct Kind {
    name: &'static str,
    shown: &'static str,
    program: &'static str,
    /// Before the log's name.
    options: &'static [&'static str],
    log: Log,
    scope: Scope,
    is_pinned: bool,
}

/// Calls of files, processes and network, in strace's words and rtrace's.
const SOME: &str = "trace=%file,%process,%network";

const KINDS: &[Kind] = &[
    Kind {
        name: "rtrace",
        shown: "rtrace",
        program: "rtrace",
        options: &["run", "-q", "-o"],
        log: Log::Rtrace,
        scope: Scope::All,
        is_pinned: false,
    },
    Kind {
        name: "rtrace-pinned",
        shown: "taskset -c CPU rtrace",
        program: "rtrace",
        options: &["run", "-q", "-o"],
        log: Log::Rtrace,
        scope: Scope::All,
        is_pinned: true,
    },
    Kind {
        name: "rtrace-apart",
        shown: "rtrace --colocate off",
        program: "rtrace",
        options: &["run", "-q", "--colocate", "off", "-o"],
        log: Log::Rtrace,
        scope: Scope::All,
        is_pinned: false,
    },
    Kind {
        name: "rtrace-no-facts",
        shown: "rtrace --facts none",
        program: "rtrace",
        options: &["run", "-q", "--facts", "none", "-o"],
        log: Log::Rtrace,
        scope: Scope::All,
        is_pinned: false,
    },
    Kind {
        name: "rtrace-some",
        shown: "rtrace -e trace=%file,%process,%network",
        program: "rtrace",
        options: &["run", "-q", "-e", SOME, "-o"],
        log: Log::Rtrace,
        scope: Scope::Some,
        is_pinned: false,
    },
    Kind {
        name: "rtrace-seccomp",
        shown: "rtrace --filter seccomp -e trace=%file,%process,%network",
        program: "rtrace",
        options: &["run", "-q", "--filter", "seccomp", "-e", SOME, "-o"],
        log: Log::Rtrace,
        scope: Scope::Some,
        is_pinned: false,
    },
    Kind {
        name: "rtrace-batch",
        shown: "rtrace --filter seccomp --profile batch",
        program: "rtrace",
        options: &["run", "-q", "--filter", "seccomp", "--profile", "batch", "-o"],
        log: Log::Rtrace,
        scope: Scope::Some,
        is_pinned: false,
    },
    Kind {
        name: "strace",
        shown: "strace -f -o",
        program: "strace",
        options: &["-f", "-o"],
        log: Log::Strace,
        scope: Scope::All,
        is_pinned: false,
    },
    Kind {
        name: "strace-pinned",
        shown: "taskset -c CPU strace -f -o",
        program: "strace",
        options: &["-f", "-o"],
        log: Log::Strace,
        scope: Scope::All,
        is_pinned: true,
    },
    Kind {
        name: "strace-seccomp",
        shown: "strace --seccomp-bpf -f -e trace=%file,%process,%network",
        program: "strace",
        options: &["--seccomp-bpf", "-f", "-e", SOME, "-o"],
        log: Log::Strace,
        scope: Scope::Some,
        is_pinned: false,
    },
    Kind {
        name: "perf-trace",
        shown: "perf trace -o",
        program: "perf",
        options: &["trace", "-o"],
        log: Log::Perf,
        scope: Scope::All,
        is_pinned: false,
    },
];

/// The names of what rtrace can be measured against: its peers, and its own modes.
pub const PEERS: [&str; 10] = [
    "strace",
    "strace-pinned",
    "strace-seccomp",
    "perf-trace",
    "rtrace-pinned",
    "rtrace-apart",
    "rtrace-no-facts",
    "rtrace-some",
    "rtrace-seccomp",
    "rtrace-batch",
];

/// The recorder of that name, once it has been seen to work: it records `true`, with
/// its log in `scratch`. `rtrace` is the program to be used for rtrace.
///
/// # Errors
/// It is not installed, or may not record, or there is no recorder of that name.
pub fn named(name: &str, rtrace: &Path, scratch: &Path) -> Result<Recorder, Missing> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        return Err(Missing { name: "recorder", why: format!("there is none named '{name}'") });
    };
    let missing = |why: String| Missing { name: kind.name, why };
    let program = if kind.program == "rtrace" {
        rtrace.to_owned()
    } else {
        installed(kind.program)
            .ok_or_else(|| missing(format!("{} is not installed", kind.program)))?
    };
    let pinned = if kind.is_pinned {
        installed("taskset").ok_or_else(|| missing("taskset is not installed".to_owned()))?;
        Some(first_cpu().ok_or_else(|| missing("/proc tells of no processor".to_owned()))?)
    } else {
        None
    };
    let Kind { name, shown, options, log, scope, .. } = *kind;
    let recorder = Recorder { name, shown, scope, log, program, options, pinned };
    recorder.probe(scratch).map_err(missing)?;
    Ok(recorder)
}

impl Recorder {
    /// Whether it shares one processor with the command.
    pub(super) fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    /// The words that run `command` and write the log to `log`.
    pub(super) fn command_line(&self, log: &Path, command: &[OsString]) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(cpu) = &self.pinned {
            words.extend(["taskset", "-c", cpu].map(OsString::from));
        }
        words.push(self.program.clone().into());
        words.extend(self.options.iter().map(OsString::from));
        words.extend([log.as_os_str().to_owned(), OsString::from("--")]);
        words.extend(command.iter().cloned());
        words
    }

    /// Whether it can record.
    fn probe(&self, scratch: &Path) -> Result<(), String> {
        let (log, complaints) = (scratch.join("probe"), scratch.join("probe.err"));
        let words = self.command_line(&log, &["true".into()]);
        let once = once::run(&words, None, &complaints).map_err(|error| reason(&error))?;
        let logged = self.log.count(&log, &complaints);
        if logged.is_some_and(|logged| logged.calls > 0) && once.code == Some(0) {
            return Ok(());
        }
        let said = once.complaint.unwrap_or_else(|| "it does not say why".to_owned());
        Err(format!("cannot record `true` here: {said}"))
    }
}

/// An error and what caused it.
fn reason(error: &super::Error) -> String {
    let cause = error.source().map(|source| format!(": {source}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Where a program is, by `PATH`.
fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|dir| dir.join(program));
    found.into_iter().find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The first processor that may be used: `Cpus_allowed_list` of proc_pid_status(5).
fn first_cpu() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let first = list.trim().split([',', '-']).next()?;
    (!first.is_empty()).then(|| first.to_owned())
}

/// How a command is shown.
pub(super) fn shown(command: &[OsString]) -> String {
    let words: Vec<_> = command.iter().map(|word| OsStr::to_string_lossy(word)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_known_and_rtrace_is_none_of_its_own() {
        assert!(PEERS.iter().all(|peer| KINDS.iter().any(|kind| kind.name == *peer)));
        assert_eq!(PEERS.len() + 1, KINDS.len());
        assert!(!PEERS.contains(&"rtrace"));
    }

    #[test]
    fn who_is_not_there_says_so() {
        let dir = tempfile::tempdir().expect("a directory");
        let nowhere = Path::new("/nonexistent/rtrace");
        let error = named("rtrace", nowhere, dir.path()).expect_err("there is none");
        assert!(error.to_string().contains("/nonexistent/rtrace"), "{error}");
        let error = named("dtrace", nowhere, dir.path()).expect_err("unknown");
        assert!(error.to_string().contains("'dtrace'"), "{error}");
    }
}
