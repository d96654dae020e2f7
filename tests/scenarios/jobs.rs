//! Many jobs side by side.

use std::collections::BTreeSet;

use super::kit::Scenario;

#[test]
fn fifty_jobs_at_once() {
    let scenario = Scenario::of(
        &[],
        "for job in $(seq 50); do
            (echo $job >in.$job; cat in.$job in.$job | tr 0-9 a-j >out.$job) &
        done
        wait; cat out.* | sort >all",
    );
    for job in [1, 25, 50] {
        let (input, output) = (format!("in.{job}"), format!("out.{job}"));
        scenario.is_from(&output, &[&input]);
        assert_eq!(scenario.own("affects", &input), BTreeSet::from([output.clone(), "all".into()]));
        let bytes = 2 * (job.to_string().len() + 1);
        assert_eq!(scenario.wrote(&output), [format!("tr {bytes}")]);
    }
    let each = |start: &'static str| (1..=50).map(move |job| format!("{start}.{job}"));
    let from: BTreeSet<_> = scenario.own("depends-on", "all");
    assert_eq!(from, each("in").chain(each("out")).collect());
    let pipes = scenario.pipes();
    assert_eq!(pipes.iter().filter(|pipe| pipe.starts_with("cat > tr")).count(), 50);
    let document = scenario.document();
    // Each job and both of its programs, `seq`, and the two at the end.
    assert_eq!(document.links("fork").count(), 153);
    assert_eq!(document.links("join").count(), 153);
}
