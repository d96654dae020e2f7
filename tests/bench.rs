//! `rtrace bench`, on commands that make the same calls each time.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::python;
use serde_json::Value;

fn bench(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    command.arg("bench").args(words).current_dir(dir).output().expect("rtrace runs")
}

#[track_caller]
fn report(dir: &Path, words: &[&str]) -> Value {
    let output = bench(dir, &[&["--json", "-"], words].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn subject<'a>(report: &'a Value, name: &str) -> &'a Value {
    let subjects = report["subjects"].as_array().expect("a list");
    let found = subjects.iter().find(|subject| subject["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

#[test]
fn every_recorder_has_its_turns_and_is_counted() {
    let dir = tempfile::tempdir().expect("a directory");
    let words = ["--rounds", "3", "--against", "strace,strace-seccomp,rtrace-some"];
    let command = ["--", "dash", "-c", "/bin/true; cat /etc/passwd; cat /nonexistent; exit 3"];
    let report = report(dir.path(), &[&words[..], &command[..]].concat());
    let native = subject(&report, "native");
    assert_eq!((&native["ratio"], &native["calls"]), (&Value::from(1.0), &Value::Null));
    assert_eq!(report["subjects"].as_array().map(Vec::len), Some(5));
    let calls = &report["calls"];
    assert!(calls.as_u64().is_some_and(|calls| calls > 100), "{report:#}");
    for name in ["rtrace", "strace"] {
        let subject = subject(&report, name);
        assert_eq!((&subject["calls"], &subject["lost"]), (calls, &0.into()), "{subject:#}");
        assert_eq!(subject["scope"], "all");
    }
    let some = ["strace-seccomp", "rtrace-some"].map(|name| subject(&report, name));
    assert!(some[0]["calls"].as_u64() < calls.as_u64() && some[0]["scope"] == "some", "{report:#}");
    assert_eq!((&some[0]["calls"], &some[1]["lost"]), (&some[1]["calls"], &0.into()));
    for subject in report["subjects"].as_array().expect("a list") {
        assert_eq!(subject["fault"], Value::Null, "{subject:#}");
        let runs = subject["runs"].as_array().expect("a list");
        assert_eq!(runs.len(), 3);
        assert!(runs.iter().all(|run| run["code"] == 3 && run["time"].as_u64() > Some(0)));
        let mut times: Vec<_> = runs.iter().map(|run| run["time"].as_u64()).collect();
        times.sort_unstable();
        assert_eq!(subject["time"].as_u64(), times[1], "the median of three");
    }
    // Nobody is ranked before one that was faster and records as much.
    let ranked = |scope: &str| -> Vec<f64> {
        let subjects = report["subjects"].as_array().expect("a list").iter();
        let ranked = subjects.filter(|subject| subject["scope"] == scope);
        ranked.filter_map(|subject| subject["ratio"].as_f64()).collect()
    };
    assert!(ranked("all").is_sorted() && ranked("some").is_sorted(), "{report:#}");
    assert!(report["machine"]["processors"].as_u64() > Some(0));
    assert_eq!(
        report["machine"]["quiet"].as_bool(),
        report["machine"]["others"].as_f64().map(|n| n < 0.1)
    );
}

#[test]
fn what_comes_before_each_run_is_no_part_of_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let prepare = "rm -f made; echo x >>turns";
    let words = ["--rounds", "2", "--against", "strace", "--prepare", prepare];
    // It fails if it was run before and not prepared since.
    let report = report(dir.path(), &[&words[..], &["--", "mkdir", "made"]].concat());
    assert!(report["subjects"].as_array().is_some_and(|all| all.len() == 3), "{report:#}");
    assert_eq!(subject(&report, "native")["runs"][1]["code"], 1, "a directory is not removed");
    let turns = std::fs::read_to_string(dir.path().join("turns")).expect("written");
    assert_eq!(turns.lines().count(), 1 + 2 * 3, "once before the first round");
}

#[test]
fn a_command_that_ends_differently_when_recorded_is_marked() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = "import re; exit(int(re.search(r'TracerPid:\\s*(\\d+)',
        open('/proc/self/status').read())[1]) != 0)";
    let words = ["--rounds", "1", "--against", "strace", "--", "/usr/bin/python3", "-c", script];
    let report = report(dir.path(), &words);
    for name in ["rtrace", "strace"] {
        let fault = &subject(&report, name)["fault"];
        assert_eq!(fault, "ends with status 1, natively with status 0");
    }
    let output = bench(dir.path(), &words);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.matches("not ranked: ends with status 1").count(), 2, "{text}");
    assert!(
        text.contains("ratio") && text.contains(", 1 round\n") && text.contains("Linux"),
        "{text}"
    );
}

#[test]
fn the_plot_is_svg() {
    let dir = tempfile::tempdir().expect("a directory");
    let words = ["--rounds", "2", "--against", "strace,rtrace-pinned", "--svg", "plot.svg"];
    let output = bench(dir.path(), &[&words[..], &["--", "sh", "-c", ": '<&>\u{1b}'"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let script = "import xml.etree.ElementTree as tree
svg = tree.parse('plot.svg').getroot()
assert svg.tag == '{http://www.w3.org/2000/svg}svg'
_, _, width, height = map(float, svg.get('viewBox').split())
texts = [text.text for text in svg.iter('{http://www.w3.org/2000/svg}text')]
assert {'native', 'rtrace', 'strace', 'rtrace-pinned'} <= set(texts), texts
assert any('<&>' in text for text in texts), texts
bars = list(svg.iter('{http://www.w3.org/2000/svg}rect'))
assert len(bars) == 1 + 4
for bar in bars:
    x, y, w, h = (float(bar.get(name)) for name in ['x', 'y', 'width', 'height'])
    assert 0 <= x and x + w <= width and 0 <= y and y + h <= height and w > 0 and h > 0
";
    python(script, dir.path());
}

#[test]
fn what_cannot_be_measured_is_said() {
    let dir = tempfile::tempdir().expect("a directory");
    let says = |words: &[&str], code: i32, expected: &[&str]| {
        let output = bench(dir.path(), words);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{message}");
        for word in expected {
            assert!(message.contains(word), "`{word}` is not in: {message}");
        }
        assert!(message.matches("No such file").count() < 2, "it is said once: {message}");
    };
    says(&[], 2, &["CMD"]);
    says(&["--against", "strcae", "--", "true"], 2, &["'strcae'", "'strace'"]);
    says(&["--rounds", "0", "--", "true"], 2, &["--rounds"]);
    let alone = ["--against", "strace", "--"];
    says(
        &[&alone[..], &["/nonexistent/x"]].concat(),
        1,
        &["cannot run /nonexistent/x", "No such file"],
    );
    says(
        &[&["--prepare", "exit 4"], &alone[..], &["true"]].concat(),
        1,
        &["--prepare", "exit 4", "4"],
    );
    says(&[&["--json", "/nonexistent/x"], &alone[..], &["true"]].concat(), 1, &["/nonexistent/x"]);
    // A peer that was asked for and is not there.
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    std::os::unix::fs::symlink("/bin/true", dir.path().join("true")).expect("a link");
    command.args(["bench", "--against", "strace", "--", "true"]).env("PATH", dir.path());
    let output = command.output().expect("rtrace runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("strace") && message.contains("not installed"), "{message}");
}
