//! Pipelines: who wrote how much to whom, and whose children they are.

use std::collections::BTreeSet;

use super::common::Rtrace;
use super::kit::Scenario;

fn length(lines: impl Iterator<Item = String>) -> usize {
    lines.map(|line| line.len() + 1).sum()
}

#[test]
fn four_stages_in_two_shells() {
    let all = || (1..=3000).map(|number: u32| number.to_string());
    let some = || all().filter(|line| line.contains('7'));
    let changed = length(some().map(|line| line.replacen('7', "seven", 1)));
    let expected = [
        format!("grep > sed {}", length(some())),
        format!("sed > sort {changed}"),
        format!("seq > grep {}", length(all())),
    ];
    for shell in ["bash", "dash"] {
        let script = "seq 3000 | grep 7 | sed s/7/seven/ | sort >out; :";
        let scenario = Scenario::run(&[], Rtrace::run(shell).args(["-c", script]));
        assert_eq!(scenario.pipes(), expected);
        assert_eq!(scenario.wrote("out"), [format!("sort {changed}")]);
        let document = scenario.document();
        let mut stages = ["seq", "grep", "sed", "sort"];
        stages.sort_unstable();
        assert_eq!(document.ties("fork"), stages.map(|stage| format!("{shell} > {stage}")));
        assert_eq!(document.ties("join"), stages.map(|stage| format!("{stage} > {shell}")));
        let from = scenario.paths("depends-on", "out");
        for stage in stages {
            assert!(from.iter().any(|path| path.ends_with(&format!("/bin/{stage}"))), "{from:?}");
        }
        for passage in document.passages("pipe") {
            assert_eq!(passage["amount"], passage["certain"], "{passage}");
        }
    }
}

#[test]
fn substitutions_here_documents_and_coprocesses() {
    let scenario = Scenario::run(
        &[("one", "1\n2\n"), ("two", "2\n3\n")],
        Rtrace::bash(
            "cat <(sort one) <(sort two) >both
            tee >(wc -c >count) <both >copy
            cat >here <<END
some words
END
            x=$(cat one) && echo $x >said
            coproc C { tr a-z A-Z; }
            echo loud >&${C[1]}; eval \"exec ${C[1]}>&-\"; cat <&${C[0]} >up
            wait",
        ),
    );
    scenario.is_from("both", &["one", "two"]);
    // `tee` has read what `wc` counted.
    scenario.is_from("count", &["both", "one", "two"]);
    scenario.is_from("copy", &["both", "one", "two"]);
    scenario.is_from("here", &[]);
    scenario.is_from("said", &["one"]);
    scenario.is_from("up", &["one"]); // which the shell that spoke to `tr` had got by then
    assert_eq!(scenario.wrote("copy"), ["tee 8"]);
    assert_eq!(scenario.wrote("up"), ["cat 5"]);
    let pipes: BTreeSet<_> = scenario.pipes().into_iter().collect();
    for expected in
        ["sort > cat 4", "tee > wc 8", "bash > cat 11", "bash > tr 5", "tr > cat 5", "cat > bash 4"]
    {
        assert!(pipes.contains(expected), "{expected} is not in {pipes:?}");
    }
}

#[test]
fn fifos_copies_and_jobs_by_xargs() {
    let scenario = Scenario::of(
        &[],
        "mkfifo fifo; seq 1000 >fifo & sort -n fifo | tee one | wc -l >lines; wait
        seq 6 | xargs -P3 -n2 sh -c 'echo $@ >pair.$1' sh
        find . -name 'pair.*' -exec cp {} {}.copy ';'
        cat one one >twice",
    );
    let all = length((1..=1000).map(|number: u32| number.to_string()));
    let fed = [format!("seq > sort {all}"), format!("sort > tee {all}"), format!("tee > wc {all}")];
    let pipes = scenario.pipes();
    assert!(fed.iter().all(|one| pipes.contains(one)), "{pipes:?}");
    assert_eq!(scenario.wrote("twice"), [format!("cat {}", 2 * all)]);
    scenario.is_from("twice", &["one"]);
    for pair in ["pair.1", "pair.3", "pair.5"] {
        assert_eq!(scenario.wrote(pair), ["sh 4"]);
        scenario.is_from(&format!("{pair}.copy"), &[pair]);
    }
}
