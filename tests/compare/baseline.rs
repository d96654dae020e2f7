//! Baselines: what varies among good runs is no finding.

use std::fs;

use serde_json::Value;

use crate::kit::Batch;

#[test]
fn a_baseline_learns_what_varies() {
    let script = "n=$(cat turn); echo $((n+1)) > turn\n\
        [ $((n % 2)) = 0 ] && cat even.txt > /dev/null\ncat input.txt > out.txt\n";
    let files = [("turn", "0\n"), ("even.txt", "x\n"), ("input.txt", "y\n")];
    let batch = Batch::new(script, &files);
    for log in ["1.mp", "2.mp", "3.mp", "4.mp"] {
        batch.record(log, &[]);
    }
    let learnt = batch.rtrace(&["baseline", "1.mp", "2.mp", "3.mp", "-o", "base"]);
    assert!(learnt.status.success(), "{learnt:?}");
    let good = batch.rtrace(&["compare", "--baseline", "base", "4.mp"]);
    assert_eq!(good.status.code(), Some(0), "{}", String::from_utf8_lossy(&good.stdout));
    fs::remove_file(batch.path("input.txt")).expect("removed");
    batch.record("5.mp", &[]);
    let bad = batch.rtrace(&["compare", "--baseline", "base", "5.mp"]);
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    assert!(String::from_utf8_lossy(&bad.stdout).contains("input.txt"));
}

#[test]
fn after_ten_good_runs_an_eleventh_gives_nothing() {
    // It tries as often as it must, in parallel, and skips what others have done.
    let script = "turn=$(cat turn); echo $((turn + 1)) > turn\n\
        n=0; while [ $n -lt $((turn % 3)) ]; do n=$((n + 1)); cat nowhere.txt 2> /dev/null; done\n\
        for part in 1 2 3 4; do (sleep 0; sort input.txt > part.$part) & done; wait\n\
        [ $((turn % 2)) = 0 ] && cp part.1 even.$$.txt\n\
        made=$(mktemp); cat part.* > $made; mv $made all-$(date +%s).txt\n\
        python3 -c 'import socket; a = socket.create_server((\"127.0.0.1\", 0)); \
        b = socket.create_connection(a.getsockname())'\n";
    let batch = Batch::new(script, &[("turn", "0\n"), ("input.txt", "b\na\n")]);
    let logs: Vec<String> = (1..=11).map(|run| format!("{run}.mp")).collect();
    for log in &logs {
        batch.record(log, &[]);
    }
    let good: Vec<&str> = logs[..10].iter().map(String::as_str).collect();
    let learnt = batch.rtrace(&[&["baseline"], &good[..], &["-o", "base"]].concat());
    assert!(learnt.status.success(), "{learnt:?}");
    let words = ["compare", "--baseline", "base", "11.mp", "--format", "json"];
    let output = batch.rtrace(&words);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // How long things take on a busy machine is not the batch's doing.
    let findings = json["findings"].as_array().expect("findings");
    let told: Vec<_> = findings.iter().filter(|one| one["kind"] != "duration").collect();
    assert!(told.is_empty(), "{told:#?}");
    assert_eq!(output.status.code(), Some(0), "{json:#}");
    assert_eq!(json["equivalent"], true);
}
