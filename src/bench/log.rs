//! How many calls are in what a recorder wrote.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::event::{Batch, Kind};
use crate::log::Reader;

/// What a recorder writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// A log of rtrace.
    Rtrace,
    /// Text of `strace -f -o`.
    Strace,
    /// Text of `perf trace -o`.
    Perf,
}

/// What a recorder wrote of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// Calls that are in it.
    pub calls: u64,
    /// Bytes of it.
    pub bytes: u64,
    /// Events that the recorder says it has lost.
    pub lost: u64,
}

impl Log {
    /// Counts; `None` if there is nothing to read.
    pub(super) fn count(self, log: &Path, complaints: &Path) -> Option<Logged> {
        let bytes = fs::metadata(log).ok()?.len();
        let (calls, lost) = match self {
            Self::Rtrace => in_rtrace(log)?,
            Self::Strace => (lines(log)?.filter(|line| is_strace_call(line)).count() as u64, 0),
            Self::Perf => {
                let calls = lines(log)?.filter(|line| is_perf_call(line)).count() as u64;
                let said = lines(log)?.chain(lines(complaints)?);
                (calls, said.filter_map(|line| lost_by_perf(&line)).sum())
            }
        };
        Some(Logged { calls, bytes, lost })
    }
}

fn in_rtrace(log: &Path) -> Option<(u64, u64)> {
    let mut reader = Reader::open(log).ok()?;
    let (mut batch, mut calls) = (Batch::new(), 0);
    // A call stands in the log once more for each batch that ended before it did.
    let mut begun = FxHashSet::default();
    while reader.next_batch(&mut batch).ok()?.is_some() {
        for record in (0..batch.len()).filter_map(|index| batch.get(index)) {
            match record.kind {
                Kind::Call if record.is_begun() => {
                    begun.insert((record.task, record.ordinal));
                }
                Kind::Call => {
                    begun.remove(&(record.task, record.ordinal));
                    calls += 1;
                }
                _ => {}
            }
        }
    }
    let losses = reader.losses();
    // A log without an end has lost something, nobody knows how much.
    let unknown = u64::from(!losses.is_complete());
    Some((calls + begun.len() as u64, losses.records.max(unknown)))
}

/// The lines of a file, whatever bytes are in them.
fn lines(path: &Path) -> Option<impl Iterator<Item = Vec<u8>>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path).ok()?);
    Some(file.split(b'\n').map_while(Result::ok))
}

/// Whether a line of `strace -f -o` tells of a call, and not of the rest of one, a
/// signal or an end: `PID NAME(…`.
fn is_strace_call(line: &[u8]) -> bool {
    let rest = line.trim_ascii_start();
    let rest = &rest[rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())..];
    rest.trim_ascii_start().first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// Whether a line of `perf trace` tells of a call that ended: `TIME (DURATION): …`; one
/// that goes on later ends in `...`.
fn is_perf_call(line: &[u8]) -> bool {
    let has_time = line.windows(3).any(|part| part == b"): ");
    has_time && !line.trim_ascii_end().ends_with(b"...")
}

/// `LOST 12 events!`
fn lost_by_perf(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, rest) = line.split_once("LOST ")?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_strace_are_its_lines_with_a_name() {
        let calls = [
            "31032 vfork( <unfinished ...>",
            "7     read(0, \"--- \\n+++\", 9) = 9",
            "12345 _sysctl(0x1) = -1 ENOSYS",
            "exit_group(0) = ?",
        ];
        let others = [
            "31032 <... vfork resumed>)              = 31033",
            "31033 +++ exited with 0 +++",
            "31032 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---",
            "",
            "31032",
        ];
        assert!(calls.iter().all(|line| is_strace_call(line.as_bytes())));
        assert!(!others.iter().any(|line| is_strace_call(line.as_bytes())));
    }

    #[test]
    fn calls_of_perf_are_those_that_end() {
        let calls = [
            "     0.040 ( 0.014 ms): ls/31024 brk()      = 0x557f2b2ef000",
            "         ? (         ): ls/31024  ... [continued]: execve())     = 0",
            "    10.969 (         ): ls/31024 exit_group()                    = ?",
        ];
        let others = ["     1.1 (         ): sh/3 wait4(upid: -1) ...", "LOST 12 events!", ""];
        assert!(calls.iter().all(|line| is_perf_call(line.as_bytes())));
        assert!(!others.iter().any(|line| is_perf_call(line.as_bytes())));
        assert_eq!(lost_by_perf(b"LOST 12 events!"), Some(12));
        assert_eq!(lost_by_perf(calls[0].as_bytes()), None);
    }
}
