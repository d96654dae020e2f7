//! `rtrace show`: the process tree of a log.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::made;

fn rtrace(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    command.args(words).current_dir(dir).output().expect("rtrace runs")
}

fn show(dir: &Path, words: &[&str]) -> String {
    let output = rtrace(dir, &[&["show"], words].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Records a script in a directory of its own: `run.mp`.
fn recorded(options: &[&str], script: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let words = [&["run", "-o", "run.mp"], options, &["--", "bash", "--norc", "-c", script]];
    rtrace(dir.path(), &words.concat());
    dir
}

#[test]
fn the_tree_has_programs_ends_and_counts() {
    let script = "(exit 3); sh -c 'kill -9 $$' & wait; /usr/bin/python3 -c 'import threading as t
x = t.Thread(target=print); x.start(); x.join()'";
    let dir = recorded(&[], &format!("{script} 2>/dev/null; true"));
    let text = show(dir.path(), &["run.mp"]);
    let line = |what: &str| {
        let found = text.lines().find(|line| line.contains(what));
        found.unwrap_or_else(|| panic!("`{what}` is not in:\n{text}"))
    };
    assert!(line("(fork)").contains("exit 3"), "{text}");
    assert!(line("sh -c 'kill -9 $$'").contains("killed by SIGKILL"), "{text}");
    assert!(line("└─").contains("ms") && text.matches("exit 0").count() == 2, "{text}");
    assert!(line("} thread").contains("calls"), "{text}");
    assert!(line("4 processes, 5 tasks").contains("calls"), "{text}");
    assert!(!text.contains('\x1b'), "no colours where it is no terminal");
    // Children stand below their parents.
    assert!(text.lines().skip(2).filter(|l| l.starts_with(['├', '└'])).count() >= 3, "{text}");
}

#[test]
fn programs_are_shown_whose_exec_was_not_recorded() {
    let dir = recorded(&["-e", "trace=close"], "sh -c 'exit 3'; true");
    let text = show(dir.path(), &["run.mp"]);
    assert!(text.contains("sh -c 'exit 3'") && !text.contains("(fork)"), "{text}");
    let text = show(dir.path(), &["--events", "run.mp"]);
    assert!(text.contains("--- runs sh -c 'exit 3' ---"), "{text}");
    assert!(!text.contains("execve"), "{text}");
}

#[test]
fn a_terminal_gets_colours() {
    let dir = recorded(&[], "true");
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    let output = Command::new("script")
        .args(["-qec", &format!("'{rtrace}' show run.mp"), "/dev/null"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .current_dir(&dir)
        .output()
        .expect("script runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\x1b[1m") && text.contains("exit 0"), "{text}");
}

#[test]
fn events_come_before_the_tree() {
    let dir = recorded(&[], "cat /nonexistent 2>/dev/null");
    let text = show(dir.path(), &["--events", "run.mp"]);
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no `{what}` in:\n{text}"));
    let order = [
        at("execve(\"/"),
        at("\"/nonexistent\", O_RDONLY"),
        at("+++ exited with 1 +++"),
        at(" calls, "),
    ];
    assert!(order.is_sorted(), "{order:?}\n{text}");
    assert!(!text.contains("--- exec ---"), "a moment inside execve");
}

#[test]
fn what_was_let_go_is_not_called_running() {
    let dir = recorded(&["--until=root"], "sleep 3 >/dev/null & exit 0");
    let text = show(dir.path(), &["run.mp"]);
    assert!(text.contains("let go") && !text.contains("still running"), "{text}");
}

#[test]
fn a_damaged_header_is_not_made_up_for() {
    let dir = recorded(&[], "true");
    let log = dir.path().join("run.mp");
    let mut bytes = std::fs::read(&log).expect("the log");
    bytes[60] ^= 1;
    std::fs::write(&log, bytes).expect("written");
    let text = show(dir.path(), &["run.mp"]);
    assert!(text.contains("header is damaged") && !text.contains("1970"), "{text}");
    assert!(text.contains("bash --norc"), "the rest is there: {text}");
}

/// A view of a run whose times are known, in a terminal of that width and locale.
fn view(words: &[&str], columns: &str, locale: &str) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    made::write_log(&dir.path().join("made.mp"));
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    rtrace.arg("show").args(words).arg("made.mp").current_dir(&dir);
    let output = rtrace.env("COLUMNS", columns).env("LC_ALL", locale).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Holds a view to a file that has it; `BLESS=1` makes the file anew.
fn same_as(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/show").join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).expect("written");
    }
    let expected = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(text, expected, "tests/show/{file} (BLESS=1 makes it anew)");
}

#[test]
fn a_timeline_has_bars_to_scale() {
    same_as("timeline-100.txt", &view(&["--timeline"], "100", "C.UTF-8"));
    let plain = view(&["--timeline"], "72", "C");
    assert!(plain.is_ascii(), "{plain}");
    same_as("timeline-72-ascii.txt", &plain);
    for columns in ["1", "20", "80", "300"] {
        let text = view(&["--timeline"], columns, "C.UTF-8");
        let width: usize = columns.parse().expect("a number");
        let bars = text.lines().skip(1);
        let widest = bars.map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= width.max(32), "{widest} of {width}:\n{text}");
    }
}

#[test]
fn files_have_those_who_used_them() {
    same_as("files.txt", &view(&["--files"], "100", "C.UTF-8"));
}

#[test]
fn peers_have_addresses_and_bytes() {
    same_as("peers.txt", &view(&["--peers"], "100", "C.UTF-8"));
}

#[test]
fn failures_have_their_reason() {
    same_as("failed.txt", &view(&["--failed"], "100", "C.UTF-8"));
}

#[test]
fn real_runs_have_all_views() {
    let script =
        "seq 9 | sort >out; cat missing; (kill -9 $BASHPID); for i in {1..300}; do (:); done";
    let dir = recorded(&[], script);
    let timeline = show(dir.path(), &["--timeline", "run.mp"]);
    assert!(timeline.contains("SIGKILL") && timeline.contains("300"), "{timeline}");
    assert!(timeline.lines().count() < 40, "equal ones share a line: {timeline}");
    let files = show(dir.path(), &["--files", "run.mp"]);
    assert!(files.contains("/out") && files.contains("wrote 18 B"), "{files}");
    let failed = show(dir.path(), &["--failed", "run.mp"]);
    assert!(failed.contains("cat missing") && failed.contains("ENOENT"), "{failed}");
    let peers = show(dir.path(), &["--peers", "run.mp"]);
    assert!(peers.contains("no process talked"), "{peers}");
}

#[test]
fn several_logs_are_shown_one_below_the_other() {
    let dir = tempfile::tempdir().expect("a directory");
    made::write_log(&dir.path().join("made.mp"));
    rtrace(dir.path(), &["run", "-o", "run.mp", "--", "cat", "missing"]);
    for words in
        [&[][..], &["--events"], &["--timeline"], &["--files"], &["--peers"], &["--failed"]]
    {
        let alone = ["made.mp", "run.mp"].map(|log| show(dir.path(), &[words, &[log]].concat()));
        let both = show(dir.path(), &[words, &["made.mp", "run.mp"]].concat());
        assert_eq!(both, alone.join("\n"), "{words:?}");
    }
    let output = rtrace(dir.path(), &["show", "run.mp", "none.mp"]);
    assert!(!output.status.success() && output.stdout.is_empty(), "nothing before the error");
}

#[test]
fn one_view_at_a_time() {
    let output = rtrace(Path::new("."), &["show", "--files", "--peers", "x.mp"]);
    assert_eq!(output.status.code(), Some(2));
}
