//! Which runs were on one machine, and by which clock they count.

use super::index::Index;

/// The machines and clocks of several runs, by the runs' places.
#[derive(Debug)]
pub(super) struct Machines {
    /// The machine of each run, by the first of its runs.
    of_run: Vec<usize>,
    /// The clock of each run, and its reading at the run's start: nanoseconds since 1970.
    pub(super) clocks: Vec<(usize, i64)>,
    /// Of each clock, the run that it is read by.
    pub(super) readers: Vec<usize>,
}

impl Machines {
    pub(super) fn of(runs: &[Index]) -> Self {
        let mut machines: Vec<usize> = (0..runs.len()).collect();
        for (place, run) in runs.iter().enumerate() {
            for other in 0..place {
                if is_one_machine(run, &runs[other], runs) {
                    let (old, new) = (machines[place], machines[other]);
                    machines.iter_mut().filter(|one| **one == old).for_each(|one| *one = new);
                }
            }
        }
        let (clocks, readers) = clocks(runs);
        Self { of_run: machines, clocks, readers }
    }

    /// Whether two runs were on one machine.
    pub(super) fn are_one(&self, one: usize, other: usize) -> bool {
        one == other || self.of_run.get(one) == self.of_run.get(other)
    }

    /// A time of a run, as its clock reads.
    pub(super) fn read(&self, run: usize, time: u64) -> i64 {
        let start = self.clocks.get(run).map_or(0, |(_, start)| *start);
        start.saturating_add(i64::try_from(time).unwrap_or(i64::MAX))
    }

    /// What the one clock is ahead of the other as far as they say so themselves: clocks
    /// of one kernel count from one moment.
    pub(super) fn said(&self, runs: &[Index], one: usize, other: usize) -> i64 {
        let readers =
            [one, other].map(|clock| self.readers.get(clock).and_then(|at| runs.get(*at)));
        let [Some(one), Some(other)] = readers else { return 0 };
        if is_one_boot(one, other) { began(other).saturating_sub(began(one)) } else { 0 }
    }
}

/// Whether two runs were on one machine since it was started.
pub(super) fn is_one_boot(one: &Index, other: &Index) -> bool {
    !one.host.boot_id.is_empty() && one.host.boot_id == other.host.boot_id
}

/// Machines that were copied have one machine-id. No machine runs twice at the same time.
fn is_one_machine(one: &Index, other: &Index, runs: &[Index]) -> bool {
    if is_one_boot(one, other) {
        return true;
    }
    let id = &one.host.machine_id;
    if id.is_empty() || *id != other.host.machine_id {
        return false;
    }
    let known = |boot: &Index| {
        let of_boot = runs.iter().filter(|run| is_one_boot(run, boot));
        let all = of_boot.chain([boot]).map(|run| (began(run), ended(run)));
        all.fold((i64::MAX, i64::MIN), |sum, one| (sum.0.min(one.0), sum.1.max(one.1)))
    };
    let (one, other) = (known(one), known(other));
    one.1 <= other.0 || other.1 <= one.0
}

/// When the machine was started, as far as the clock of its kernel tells.
fn began(run: &Index) -> i64 {
    signed(run.clock.realtime).saturating_sub(signed(run.clock.monotonic))
}

fn ended(run: &Index) -> i64 {
    signed(run.clock.realtime).saturating_add(signed(run.end))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A clock is that of a machine since it was started, under one name: runs under others
/// may say so of a machine that is another one.
fn clocks(runs: &[Index]) -> (Vec<(usize, i64)>, Vec<usize>) {
    let (mut clocks, mut readers): (Vec<_>, Vec<usize>) = (Vec::new(), Vec::new());
    for (place, run) in runs.iter().enumerate() {
        let is_same = |reader: &usize| {
            let other = &runs[*reader];
            is_one_boot(run, other) && run.host == other.host
        };
        let clock = readers.iter().position(is_same).unwrap_or_else(|| {
            readers.push(place);
            readers.len() - 1
        });
        let reader = &runs[readers[clock]];
        let counts = run.clock.monotonic != 0 && reader.clock.monotonic != 0;
        let start = if counts {
            // The time of day may have been set between the two.
            began(reader).saturating_add(signed(run.clock.monotonic))
        } else {
            signed(run.clock.realtime)
        };
        clocks.push((clock, start));
    }
    (clocks, readers)
}
