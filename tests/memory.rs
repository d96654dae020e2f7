//! How much memory a recording takes, whatever the length of the trace.
//!
//! The last command of each run asks the kernel for the most that its tracer has
//! had so far (`VmHWM` in proc(5)). What the traced programs take is not in it.

mod common;

use common::{Rtrace, tracee};

/// The bound, and that for commands with argument lists of 2 MB.
const USUAL: u64 = 64 << 10;
const STORM: u64 = 128 << 10;

/// Says in KiB what the tracer of the shell has taken at most.
const ASK: &str = r#"tracer=$(sed -n 's/^TracerPid:[[:space:]]*//p' /proc/$$/status)
sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/peak \1/p' "/proc/$tracer/status""#;

/// Runs a script under rtrace; fails if that took more than `bound` KiB, or if the
/// log has fewer than so many calls.
#[track_caller]
fn takes_at_most(bound: u64, calls: usize, script: &str) {
    let run = Rtrace::bash(&format!("{{ {script}; }} >/dev/null 2>&1\n{ASK}")).patience(300);
    let run = run.finish();
    run.exited(0);
    let peak = run.stdout.lines().find_map(|line| line.strip_prefix("peak ")?.parse::<u64>().ok());
    let peak = peak.unwrap_or_else(|| panic!("no peak in {:?}", run.stdout));
    assert!(peak <= bound, "{peak} KiB, and {bound} are allowed: {script}");
    let recorded = run.trace().tasks.values().map(|task| task.calls.len()).sum::<usize>();
    assert!(recorded >= calls, "{recorded} calls are in the log: {script}");
}

#[test]
fn a_long_listing() {
    takes_at_most(USUAL, 10_000, "ls -lR /usr/share");
}

#[test]
fn a_storm_of_processes() {
    takes_at_most(USUAL, 10_000, "for i in $(seq 500); do /bin/true; done");
}

#[test]
fn a_storm_of_threads() {
    let threads = tracee("threads");
    let script = format!("for i in 1 2 3; do {} 1000; done", threads.display());
    takes_at_most(USUAL, 10_000, &script);
}

#[test]
#[ignore = "half a minute; tests/run --all"]
fn a_million_calls() {
    takes_at_most(USUAL, 1_000_000, "dd if=/dev/zero of=/dev/null bs=1 count=500000");
}

#[test]
fn a_storm_of_argument_lists() {
    let storm = tracee("argv_storm");
    takes_at_most(STORM, 1_000, &format!("{} 8 15", storm.display()));
}
