//! What the machine does beside the bench.

use std::fs;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;

/// Other work of so many processors, on the average, makes a machine a busy one.
const QUIET: f64 = 0.1;

/// The machine, and how busy it was with other work.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Kernel release.
    pub kernel: String,
    /// The processors' name.
    pub processor: String,
    /// Processors that may be used.
    pub processors: usize,
    /// How many of them, on the average, did something else while the bench ran, the
    /// hypervisor's other guests included.
    pub others: f64,
    /// Whether that is next to nothing, so that the numbers can be believed.
    pub quiet: bool,
}

/// Processor time at a moment.
pub(super) struct Load {
    at: Instant,
    /// Seconds that processors were busy, or stolen.
    busy: f64,
    /// Seconds of them by us and our children.
    own: f64,
}

impl Load {
    pub(super) fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let own = [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN].map(cpu_seconds);
        Self { at: Instant::now(), busy: busy_seconds(&stat).unwrap_or(0.0), own: own.iter().sum() }
    }
}

fn cpu_seconds(who: UsageWho) -> f64 {
    let Ok(usage) = getrusage(who) else { return 0.0 };
    let seconds = |micros: i64| micros as f64 / 1e6;
    seconds(usage.user_time().num_microseconds()) + seconds(usage.system_time().num_microseconds())
}

/// Of the first line of `/proc/stat` (proc_stat(5)) all but idle, waiting for I/O, and
/// guests, whose time is in user time already; in hundredths of seconds.
fn busy_seconds(stat: &str) -> Option<f64> {
    let mut words = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let mut field = || words.next()?.parse::<f64>().ok();
    let (user, nice, system) = (field()?, field()?, field()?);
    let (_idle, _io) = (field()?, field()?);
    let (irq, soft, steal) = (field()?, field()?, field()?);
    Some((user + nice + system + irq + soft + steal) / 100.0)
}

impl Machine {
    /// The machine, and what it did since `before`.
    pub(super) fn since(before: &Load) -> Self {
        let now = Load::now();
        let seconds = now.at.duration_since(before.at).as_secs_f64().max(0.01);
        let others = ((now.busy - before.busy) - (now.own - before.own)).max(0.0) / seconds;
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            processor: model.map_or_else(String::new, |(_, name)| name.trim().to_owned()),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            others: (others * 100.0).round() / 100.0,
            quiet: others < QUIET,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_not_busy() {
        let stat = "cpu  100 20 30 99999 555 1 2 7 50 60\ncpu0 1 2 3\n";
        assert_eq!(busy_seconds(stat), Some(1.6));
        assert_eq!(busy_seconds("cpu  100"), None);
    }
}
