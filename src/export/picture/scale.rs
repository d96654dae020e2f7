//! From times to places along an axis. Where nothing happens for long, the axis is
//! compressed, and says so.

#![expect(clippy::cast_precision_loss, reason = "places need no more digits")]

use super::words::time_text;
use crate::flow::graph::{Graph, Process};

/// The most gaps that an axis has.
const GAPS: usize = 12;

/// The part of an axis that nothing may take without being compressed.
const PART: f64 = 0.3;

/// An axis of time.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Ends of intervals with their places, in order; between them time passes evenly.
    knots: Vec<Knot>,
    /// Parts of the axis that are compressed.
    pub gaps: Vec<Gap>,
}

#[derive(Clone, Copy, Debug)]
struct Knot {
    time: u64,
    at: f64,
}

/// A part of the axis that is shorter than its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Its time: nanoseconds since the run's start.
    pub times: (u64, u64),
    /// Its place.
    pub places: (f64, f64),
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Its place.
    pub at: f64,
    /// The time there, since the beginning of the axis; `+`: since the gap before.
    pub label: String,
}

/// The times at which something happens to the processes of a run: they start, begin
/// another program, end, or are waited for.
pub fn moments(graph: &Graph) -> Vec<u64> {
    let of_process = |process: &Process| {
        let waited = process.waited.map(|(_, at)| at);
        [Some(process.started), process.ended, waited].into_iter().flatten()
    };
    let mut moments: Vec<u64> = graph.processes.iter().flat_map(of_process).collect();
    moments.extend(graph.activities.iter().map(|activity| activity.started));
    moments
}

/// From when its first process started to when the last event ended.
pub fn span(graph: &Graph) -> (u64, u64) {
    let from = graph.processes.iter().map(|process| process.started).min().unwrap_or_default();
    (from, graph.end.max(from))
}

impl Scale {
    /// An axis from `from` to `until` of that `length`, with gaps of the length `gap`.
    /// `moments` are the times at which something happens; they are put in order.
    pub fn new(moments: &mut Vec<u64>, (from, until): (u64, u64), length: f64, gap: f64) -> Self {
        moments.extend([from, until]);
        moments.retain(|moment| (from..=until).contains(moment));
        moments.sort_unstable();
        moments.dedup();
        let mut quiet: Vec<(u64, u64)> =
            moments.windows(2).map(|pair| (pair[0], pair[1])).collect();
        quiet.sort_by_key(|(from, until)| std::cmp::Reverse(until - from));
        let mut rest = until.saturating_sub(from);
        let mut gaps = 0;
        for (from, until) in quiet.iter().take(GAPS) {
            let (long, others) = (until - from, quiet.len() - gaps - 1);
            let room = length - gap * (gaps + 1) as f64;
            let share = long as f64 / rest as f64 * room;
            let usual = (rest - long).checked_div(others as u64).unwrap_or(u64::MAX);
            if share < (gap * 4.0).max(room * PART) || long / 4 < usual {
                break;
            }
            rest -= long;
            gaps += 1;
        }
        quiet.truncate(gaps);
        quiet.sort_unstable();
        Self::with_gaps((from, until), &quiet, rest, (length, gap))
    }

    fn with_gaps(
        (from, until): (u64, u64),
        quiet: &[(u64, u64)],
        rest: u64,
        (length, gap): (f64, f64),
    ) -> Self {
        let room = length - gap * quiet.len() as f64;
        let pace = if rest == 0 { 0.0 } else { room / rest as f64 };
        let mut knots = vec![Knot { time: from, at: 0.0 }];
        let mut gaps = Vec::new();
        let mut last = Knot { time: from, at: 0.0 };
        for &(start, end) in quiet {
            let at = last.at + (start - last.time) as f64 * pace;
            let places = (at, at + gap);
            gaps.push(Gap { times: (start, end), places });
            last = Knot { time: end, at: places.1 };
            knots.extend([Knot { time: start, at }, last]);
        }
        let at = last.at + until.saturating_sub(last.time) as f64 * pace;
        knots.push(Knot { time: until, at });
        Self { knots, gaps }
    }

    /// The place of a time.
    pub fn at(&self, time: u64) -> f64 {
        let next = self.knots.partition_point(|knot| knot.time < time);
        let after = self.knots.get(next).or(self.knots.last());
        let before = next.checked_sub(1).and_then(|index| self.knots.get(index));
        match (before, after) {
            (Some(before), Some(after)) if after.time > before.time => {
                let time = time.min(after.time);
                let part = (time - before.time) as f64 / (after.time - before.time) as f64;
                before.at + part * (after.at - before.at)
            }
            (_, Some(after)) => after.at,
            _ => 0.0,
        }
    }

    /// Marks that are at least `apart` from each other: at the start, at round times, and
    /// where the axis goes on after a gap.
    pub fn ticks(&self, apart: f64) -> Vec<Tick> {
        let mut ticks: Vec<Tick> = Vec::new();
        let gap_ends = self.gaps.iter().map(|gap| gap.times.1);
        let first = self.knots.first().map_or(0, |knot| knot.time);
        for start in std::iter::once(first).chain(gap_ends) {
            let label = if start == first { "0".to_owned() } else { time_text(start - first) };
            let at = self.at(start);
            let is_free =
                |at: f64, ticks: &[Tick]| ticks.last().is_none_or(|one| at - one.at >= apart);
            // Where it goes on matters more than what comes before.
            while ticks.len() > 1 && !is_free(at, &ticks) {
                ticks.pop();
            }
            if is_free(at, &ticks) {
                ticks.push(Tick { at, label });
            }
            let end = self.part_end(start);
            let Some(step) = self.step(start, end, apart) else { continue };
            // A damaged log may have times that nothing can be added to.
            let times = std::iter::successors(start.checked_add(step), |t| t.checked_add(step));
            for time in times.take_while(|time| *time <= end) {
                let sign = if start == first { "" } else { "+" };
                if is_free(self.at(time), &ticks) {
                    let label = [sign, &time_text(time - start)].concat();
                    ticks.push(Tick { at: self.at(time), label });
                }
            }
        }
        ticks
    }

    /// Until when time passes evenly from then on.
    fn part_end(&self, start: u64) -> u64 {
        let gap = self.gaps.iter().map(|gap| gap.times.0).find(|from| *from >= start);
        gap.or(self.knots.last().map(|knot| knot.time)).unwrap_or(start)
    }

    /// A round time that is at least `apart` long.
    fn step(&self, start: u64, end: u64, apart: f64) -> Option<u64> {
        const S: u64 = 1_000_000_000;
        let length = self.at(end) - self.at(start);
        if end <= start || length < apart {
            return None;
        }
        let least = ((end - start) as f64 / length * apart) as u64;
        let small = (0..9).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u64.pow(power)));
        let large =
            [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200]
                .map(|seconds| seconds * S);
        let days =
            (0..9).flat_map(|power| [1, 2, 5].map(|digit| digit * 86_400 * S * 10u64.pow(power)));
        small.chain(large).chain(days).find(|step| *step >= least.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn time_passes_evenly_where_something_happens() {
        let mut moments: Vec<u64> = (0..=100).map(|ms| ms * MS).collect();
        let scale = Scale::new(&mut moments, (0, 100 * MS), 1000.0, 30.0);
        assert!(scale.gaps.is_empty());
        assert!((scale.at(25 * MS) - 250.0).abs() < 1e-6);
        let labels: Vec<_> = scale.ticks(90.0).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels[..3], ["0", "10 ms", "20 ms"]);
    }

    #[test]
    fn long_silence_is_compressed_and_order_is_kept() {
        const HOUR: u64 = 3_600_000 * MS;
        let mut moments = vec![0, MS, 2 * MS, HOUR, HOUR + MS, HOUR + 3 * MS];
        let scale = Scale::new(&mut moments, (0, HOUR + 3 * MS), 1000.0, 30.0);
        assert_eq!(scale.gaps.len(), 1);
        assert_eq!(scale.gaps[0].times, (2 * MS, HOUR));
        assert!((scale.gaps[0].places.1 - scale.gaps[0].places.0 - 30.0).abs() < 1e-6);
        let places: Vec<_> = moments.iter().map(|time| scale.at(*time)).collect();
        assert!(places.is_sorted() && (places[places.len() - 1] - 1000.0).abs() < 1e-6);
        let labels: Vec<_> = scale.ticks(90.0).into_iter().map(|tick| tick.label).collect();
        assert!(
            labels.contains(&"1 h".to_owned()) && labels.contains(&"+1 ms".to_owned()),
            "{labels:?}"
        );
    }

    #[test]
    fn times_count_from_where_the_axis_begins() {
        let mut moments = (100..103).chain(900..903).map(|ms| ms * MS).collect();
        let scale = Scale::new(&mut moments, (100 * MS, 902 * MS), 1000.0, 30.0);
        let labels: Vec<_> = scale.ticks(200.0).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0", "1 ms", "800 ms", "+1 ms", "+2 ms"]);
    }

    #[test]
    fn a_moment_and_nothing_are_runs_too() {
        for until in [0, 1] {
            let scale = Scale::new(&mut Vec::new(), (0, until), 100.0, 10.0);
            assert!(scale.at(until).is_finite() && scale.at(u64::MAX).is_finite());
            assert!(scale.ticks(10.0).len() < 20);
        }
    }
}
