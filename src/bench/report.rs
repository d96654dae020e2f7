//! What comes of all rounds.

use serde::Serialize;

use super::recorder::{Recorder, Scope, shown};
use super::{Machine, Once, Plan};

/// A recorder that has less than such a part of the calls that others have of the same
/// command has lost some.
const WHOLE: f64 = 0.99;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The command, for people.
    pub command: String,
    /// How often each had its turn.
    pub rounds: u32,
    /// On what machine, and what that did meanwhile.
    pub machine: Machine,
    /// Calls that the command makes, as those count them who record all: the most.
    pub calls: Option<u64>,
    /// First the command without a recorder; then the recorders that record all, the
    /// cheapest first; those that record some; those that cannot be ranked.
    pub subjects: Vec<Subject>,
}

/// The command under one recorder, or none.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// The recorder's name, or `native`.
    pub name: &'static str,
    /// How it is called, for people.
    pub shown: &'static str,
    /// Which calls it records; `None`: it is no recorder.
    pub scope: Option<Scope>,
    /// Whether the command runs on one processor alone, with the recorder: it sees that,
    /// and may make fewer threads.
    pub pinned: bool,
    /// What comes of its runs.
    #[serde(flatten)]
    pub summary: Summary,
    /// Its runs, in the order of the rounds.
    pub runs: Vec<Once>,
}

/// Medians over the rounds. Times are nanoseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Elapsed time.
    pub time: u64,
    /// How far the middle half of the times lies around that: half its width as a part
    /// of it.
    pub spread: f64,
    /// Processor time.
    pub cpu: u64,
    /// Elapsed time, as a multiple of the native one of the same round.
    pub ratio: f64,
    /// The least and the greatest such multiple.
    pub ratios: (f64, f64),
    /// What it adds to each call that it records.
    pub per_call: Option<f64>,
    /// Calls that were recorded.
    pub calls: Option<u64>,
    /// Of what should be there, what is not, or what the recorder said that it lost: the
    /// most of any round.
    pub lost: Option<u64>,
    /// Bytes of the log for each call.
    pub bytes_per_call: Option<f64>,
    /// Why it is not ranked: it lost calls, failed, or changed what the command did.
    pub fault: Option<String>,
}

impl Subject {
    pub(super) fn native(name: &'static str) -> Self {
        let (shown, summary, runs) = ("without a recorder", Summary::default(), Vec::new());
        Self { name, shown, scope: None, pinned: false, summary, runs }
    }

    pub(super) fn of(recorder: &Recorder) -> Self {
        let Recorder { name, shown, scope, .. } = *recorder;
        let (pinned, summary) = (recorder.is_pinned(), Summary::default());
        Self { name, shown, scope: Some(scope), pinned, summary, runs: Vec::new() }
    }

    /// Calls of each round, where they could be counted.
    fn calls(&self) -> Vec<u64> {
        self.runs.iter().filter_map(|run| run.logged).map(|logged| logged.calls).collect()
    }

    /// Where it stands among the others.
    fn place(&self) -> (bool, bool, bool) {
        let is_recorder = self.scope.is_some();
        (is_recorder, self.summary.fault.is_some(), self.scope == Some(Scope::Some))
    }
}

impl Report {
    pub(super) fn new(plan: &Plan, mut subjects: Vec<Subject>, machine: Machine) -> Self {
        let native = subjects.first().map(|native| native.runs.clone()).unwrap_or_default();
        let whole = subjects.iter().filter(|subject| subject.scope == Some(Scope::All));
        let calls = whole.filter_map(|subject| median(subject.calls())).max();
        let expected: Vec<_> = (0..subjects.len()).map(|at| expected(&subjects, at)).collect();
        for (subject, expected) in subjects.iter_mut().zip(expected) {
            subject.summary = summary(subject, &native, expected);
        }
        subjects.sort_by(|one, other| {
            one.place().cmp(&other.place()).then(one.summary.ratio.total_cmp(&other.summary.ratio))
        });
        Self { command: shown(&plan.command), rounds: plan.rounds, machine, calls, subjects }
    }

    /// The command without a recorder.
    pub fn native(&self) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.scope.is_none())
    }
}

/// Calls that should be in the logs of subject number `at`, as the others have them under
/// which the command sees as many processors: the median of what each has at least. Programs that wait for each other make
/// some calls more or less from run to run, and a recorder may lose some.
fn expected(subjects: &[Subject], at: usize) -> Option<u64> {
    let own = subjects.get(at).filter(|own| own.scope == Some(Scope::All))?;
    let others = subjects.iter().enumerate().filter(|(other, _)| *other != at);
    let whole = others.filter(|(_, one)| (one.scope, one.pinned) == (own.scope, own.pinned));
    median(whole.filter_map(|(_, subject)| subject.calls().into_iter().min()).collect())
}

fn summary(subject: &Subject, native: &[Once], expected: Option<u64>) -> Summary {
    let times: Vec<u64> = subject.runs.iter().map(|run| run.time).collect();
    let time = median(times.clone()).unwrap_or_default();
    let pairs = subject.runs.iter().zip(native);
    let mut ratios: Vec<f64> =
        pairs.map(|(run, native)| run.time as f64 / native.time.max(1) as f64).collect();
    ratios.sort_by(f64::total_cmp);
    let bounds = (ratios.first().copied(), ratios.last().copied());
    let calls = median(subject.calls());
    let plain = median(native.iter().map(|run| run.time).collect()).unwrap_or_default();
    let per_call = |calls: u64| (time as f64 - plain as f64) / calls.max(1) as f64;
    let logged = subject.runs.iter().filter_map(|run| run.logged);
    let bytes = median(logged.map(|logged| logged.bytes).collect());
    let lost = calls.map(|_| lost(subject, expected.unwrap_or_default()));
    Summary {
        time,
        spread: spread(times, time),
        cpu: median(subject.runs.iter().map(|run| run.cpu).collect()).unwrap_or_default(),
        ratio: middle(&ratios).unwrap_or_default(),
        ratios: (bounds.0.unwrap_or_default(), bounds.1.unwrap_or_default()),
        per_call: calls.map(per_call),
        calls,
        lost,
        bytes_per_call: bytes.zip(calls).map(|(bytes, calls)| bytes as f64 / calls.max(1) as f64),
        fault: fault(subject, native, lost),
    }
}

/// Calls that a recorder has in none of its logs, or those that it says it has lost.
fn lost(subject: &Subject, expected: u64) -> u64 {
    let told = subject.runs.iter().filter_map(|run| run.logged).map(|logged| logged.lost).max();
    let most = subject.calls().into_iter().max().unwrap_or_default();
    let is_short = (most as f64) < expected as f64 * WHOLE;
    told.unwrap_or_default().max(if is_short { expected - most } else { 0 })
}

/// Why a recorder is not ranked.
fn fault(subject: &Subject, native: &[Once], lost: Option<u64>) -> Option<String> {
    subject.scope?;
    let ends = |run: &Once| (run.code, run.signal);
    let changed = subject.runs.iter().zip(native).find(|(run, native)| ends(run) != ends(native));
    if let Some((run, native)) = changed {
        let said = run.complaint.as_ref().map(|line| format!(": {line}")).unwrap_or_default();
        return Some(format!("ends with {}, natively with {}{said}", end(run), end(native)));
    }
    if subject.runs.iter().any(|run| run.logged.is_none()) {
        return Some("its log cannot be read".to_owned());
    }
    lost.filter(|lost| *lost > 0).map(|lost| format!("loses calls: {lost}"))
}

fn end(run: &Once) -> String {
    match (run.code, run.signal) {
        (Some(code), _) => format!("status {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    }
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(lower.midpoint(upper))
}

/// The median of sorted numbers.
fn middle(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    Some(f64::midpoint(sorted[(sorted.len() - 1) / 2], upper))
}

/// Half the distance between the quartiles, as a part of the median.
fn spread(mut times: Vec<u64>, median: u64) -> f64 {
    times.sort_unstable();
    let Some(last) = times.len().checked_sub(1) else { return 0.0 };
    let (low, high) = (times[last / 4], times[last - last / 4]);
    (high - low) as f64 / 2.0 / median.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::log::Logged;
    use super::*;

    fn once(time: u64, logged: Option<(u64, u64)>) -> Once {
        let logged = logged.map(|(calls, lost)| Logged { calls, bytes: calls * 10, lost });
        Once { time, cpu: time, code: Some(0), signal: None, logged, complaint: None }
    }

    fn subject(name: &'static str, scope: Option<Scope>, runs: Vec<Once>) -> Subject {
        let pinned = name.ends_with("pinned");
        Subject { name, shown: name, scope, pinned, summary: Summary::default(), runs }
    }

    fn report(subjects: Vec<Subject>) -> Report {
        let (command, recorders) = (vec!["x".into()], Vec::new());
        let plan = Plan { command, dir: None, prepare: None, rounds: 3, recorders };
        let machine = Machine::since(&super::super::machine::Load::now());
        Report::new(&plan, subjects, machine)
    }

    fn natively() -> Subject {
        subject("native", None, [100, 120, 110].map(|time| once(time, None)).to_vec())
    }

    #[test]
    fn medians_are_of_pairs() {
        let runs = [(500, 40), (360, 40), (1100, 42)];
        let runs = runs.map(|(time, calls)| once(time, Some((calls, 0)))).to_vec();
        let report = report(vec![natively(), subject("one", Some(Scope::All), runs)]);
        let one = &report.subjects[1].summary;
        assert_eq!(
            (one.time, one.calls, one.lost, report.calls),
            (500, Some(40), Some(0), Some(40))
        );
        assert_eq!((one.ratio, one.ratios), (5.0, (3.0, 10.0)));
        assert_eq!(one.per_call, Some((500.0 - 110.0) / 40.0));
        assert_eq!((one.bytes_per_call, one.fault.as_deref()), (Some(10.0), None));
        assert_eq!(report.native().map(|native| native.summary.ratio), Some(1.0));
    }

    #[test]
    fn who_has_more_of_a_restless_command_makes_losers_of_none() {
        let with = |name, counts: [u64; 3]| {
            let runs = counts.map(|calls| once(500, Some((calls, 0)))).to_vec();
            subject(name, Some(Scope::All), runs)
        };
        let restless = [("a", [900, 1000, 950]), ("b", [1100, 920, 990]), ("c", [1300, 940, 935])];
        // One that sees a single processor starts fewer threads.
        let restless = restless.into_iter().chain([("d pinned", [500, 500, 500])]);
        let restless = restless.map(|(name, counts)| with(name, counts));
        let report = report(std::iter::once(natively()).chain(restless).collect());
        assert!(
            report.subjects.iter().all(|subject| subject.summary.fault.is_none()),
            "{report:?}"
        );
    }

    #[test]
    fn who_loses_calls_is_marked_and_comes_last() {
        let with = |name, scope, time, calls, lost| {
            subject(name, Some(scope), vec![once(time, Some((calls, lost))); 3])
        };
        let mut changed = with("changed", Scope::All, 120, 1000, 0);
        changed.runs[1].code = None;
        changed.runs[1].signal = Some(9);
        let report = report(vec![
            natively(),
            with("slow", Scope::All, 900, 1000, 0),
            with("short", Scope::All, 200, 900, 0),
            with("told", Scope::All, 210, 1000, 7),
            with("some", Scope::Some, 150, 90, 0),
            with("fast", Scope::All, 300, 995, 0),
            changed,
        ]);
        let names: Vec<_> = report.subjects.iter().map(|subject| subject.name).collect();
        assert_eq!(names, ["native", "fast", "slow", "some", "changed", "short", "told"]);
        let faults: Vec<_> =
            report.subjects.iter().filter_map(|s| s.summary.fault.clone()).collect();
        let expected =
            ["ends with signal 9, natively with status 0", "loses calls: 100", "loses calls: 7"];
        assert_eq!(faults, expected);
    }
}
