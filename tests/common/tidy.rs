//! No test leaves a process behind, and none may hang.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The variable that marks everything that one run has started.
pub const MARK: &str = "RTRACE_TEST_RUN";

/// Processes of that run: those that have its mark in their environment or are
/// in the process group of its first process. Zombies do not count.
pub fn processes(mark: &str, group: u32) -> Vec<(i32, String)> {
    let wanted = format!("{MARK}={mark}");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after: Vec<&str> =
            stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
        let zombie = matches!(after.first(), None | Some(&"Z" | &"X"));
        let in_group = after.get(2).is_some_and(|id| *id == group.to_string());
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let marked = environment.split(|byte| *byte == 0).any(|var| var == wanted.as_bytes());
        if !zombie && (in_group || marked) {
            found.push((pid, stat));
        }
    }
    found
}

/// Kills what is left of a run, until nothing is.
pub fn kill_all(mark: &str, group: u32) {
    loop {
        let left = processes(mark, group);
        if left.is_empty() {
            return;
        }
        for (pid, _) in left {
            // It may have ended by itself meanwhile.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::yield_now();
    }
}
