//! What decided how long a run took.

use std::collections::BTreeSet;

use super::kit::Run;

#[test]
fn the_critical_path_has_no_gap() {
    let script = "seq 1 3 >/dev/null &
        { sleep 0.2; echo y; } | sh -c 'read x; sleep 0.3; true'; wait; true";
    let run = Run::of(&[], script);
    let ns = |text: &str| -> u64 { text.replace('.', "").parse().expect("seconds") };
    let rows = run.ask("critical-path");
    let times: Vec<_> = rows.iter().map(|row| (ns(&row["start"]), ns(&row["duration"]))).collect();
    for pair in times.windows(2) {
        assert_eq!(pair[0].0 + pair[0].1, pair[1].0, "{rows:#?}");
    }
    let mut by_time: Vec<_> =
        rows.iter().map(|row| (ns(&row["duration"]), row["command"].as_str())).collect();
    by_time.sort_unstable();
    let longest: BTreeSet<_> = by_time.iter().rev().take(2).map(|(_, command)| *command).collect();
    assert_eq!(longest, BTreeSet::from(["sleep 0.2", "sleep 0.3"]), "{rows:#?}");
    assert!(!rows.iter().any(|row| row["command"].starts_with("seq")), "{rows:#?}");
    let ends = "SELECT (MIN(?s) AS ?first) (MAX(?e) AS ?last) {
        ?p a rtrace:Process; prov:startedAtTime ?s; prov:endedAtTime ?e }";
    let run_ends = &run.rows(&["--sparql", ends])[0];
    // Within a second: both are in the same minute, or the test is told so.
    let fraction = |text: &str| -> u64 {
        let (rest, seconds) = text.trim_end_matches('Z').rsplit_once(':').expect("a time");
        let minutes: u64 = rest.rsplit_once(':').expect("a time").1.parse().expect("minutes");
        minutes * 60_000_000_000 + ns(&format!("{seconds:0<12}")[..12])
    };
    let hour = 3_600_000_000_000;
    let whole = (fraction(&run_ends["last"]) + hour - fraction(&run_ends["first"])) % hour;
    assert_eq!(times.iter().map(|(_, duration)| duration).sum::<u64>(), whole);
}
