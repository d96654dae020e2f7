//! Diagrams: Graphviz and Mermaid read them without a word, and show what is in them.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::samples::Samples;
use common::{Rtrace, python, tool};

/// A name that would do harm to a page that took it for its own.
const HARMFUL: &str = "<script>alert(1)<\\script>&lt;#quot;`end`%%{init}%%\"}]|\\N";

/// The log of a script.
fn recorded(dir: &Path, script: &str, arguments: &[&OsStr]) -> PathBuf {
    let log = dir.join("run.mp");
    let run = Rtrace::run("bash").args(["--norc", "-c", script, "bash"]).args(arguments);
    run.log(log.clone()).finish();
    log
}

fn convert(log: &Path, format: &str, options: &[&str]) -> String {
    let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    tool(rtrace.arg("convert").arg(log).args(["--to", format]).args(options))
}

/// The picture that Graphviz makes of it, and that it says nothing.
fn laid_out(dot: &str, dir: &Path) -> String {
    let file = dir.join("graph.dot");
    fs::write(&file, dot).expect("written");
    let output = Command::new("dot").arg("-Tsvg").arg(&file).output();
    let output = output.expect("this test needs dot (tests/run installs it)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{dot}");
    String::from_utf8(output.stdout).expect("SVG is text")
}

/// Boxes and arrows in a document.
fn counts(dot: &str) -> (usize, usize) {
    let is_arrow = |line: &&str| line.starts_with('b') && line.contains(" -> b");
    let is_box = |line: &&str| {
        line.starts_with('b') && line.contains(" [label=") || line.starts_with("legend [")
    };
    let arrows = dot.lines().filter(is_arrow).count();
    (dot.lines().filter(is_box).count() - arrows, arrows)
}

#[test]
fn graphviz_draws_every_box_and_arrow() {
    let samples = Samples::record();
    samples.convert("dot");
    let mut seen = 0;
    for entry in fs::read_dir(samples.dir()).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.extension() != Some(OsStr::new("dot")) || path.ends_with("graph.dot") {
            continue;
        }
        let dot = fs::read_to_string(&path).expect("text");
        let svg = laid_out(&dot, samples.dir());
        let drawn = |class: &str| svg.matches(&format!("class=\"{class}\"")).count();
        let (boxes, arrows) = counts(&dot);
        assert!(boxes > 1, "{dot}");
        assert_eq!((drawn("node"), drawn("edge")), (boxes, arrows), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 6, "{seen} samples");
}

#[test]
fn a_batch_is_shown_with_its_pipes_files_and_failure() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = "cd \"$1\"; seq 9 | sort >out; cat missing";
    let log = recorded(dir.path(), script, &[dir.path().as_os_str()]);
    let dot = convert(&log, "dot", &[]);
    for shown in
        ["label=\"pipe 18 B\"", "sort", "made, 18 B", "label=\"ENOENT\"", "✗ bash ▸ cat missing"]
    {
        assert!(dot.contains(shown), "`{shown}` is not in:\n{dot}");
    }
    assert!(dot.contains("Left out: ") && !dot.contains("libc.so"), "{dot}");
    let mermaid = convert(&log, "mermaid", &[]);
    for shown in ["==>|\"pipe 18 B\"|", "--x|\"ENOENT\"|", "\"✗ bash ▸ cat missing<br/>"] {
        assert!(mermaid.contains(shown), "`{shown}` is not in:\n{mermaid}");
    }
}

#[test]
fn equal_processes_share_a_box() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = recorded(dir.path(), "for i in {1..60}; do /bin/true; /bin/false; done", &[]);
    let dot = convert(&log, "dot", &[]);
    assert!(dot.contains("\"/bin/true ×60\\n") && dot.contains("\"✗ /bin/false ×60\\n"), "{dot}");
    let of_processes = convert(&log, "dot", &["--ignore", "class:file"]);
    assert_eq!(counts(&of_processes).1, 4, "{of_processes}");
}

#[test]
fn what_is_shown_can_be_chosen() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = "cd \"$1\"; seq 9 | sort >out; cat out >/dev/null";
    let log = recorded(dir.path(), script, &[dir.path().as_os_str()]);
    let only = convert(&log, "dot", &["--only", "*/out"]);
    assert!(only.contains("/out\\nmade") && !only.contains("label=\"pipe"), "{only}");
    let ignored = convert(&log, "dot", &["--ignore", "*/out"]);
    assert!(!ignored.contains("/out\\nmade") && ignored.contains("pipe 18 B"), "{ignored}");
    let unheard = convert(&log, "dot", &["--ignore", "call:read,write"]);
    assert!(!unheard.contains("pipe 18 B"), "{unheard}");
    let folded = convert(&log, "dot", &["--fold-system"]);
    assert!(folded.contains(" system files\""), "{folded}");
}

#[test]
fn names_do_no_harm() {
    let dir = tempfile::tempdir().expect("a directory");
    let long = ["/very-long".repeat(400), "/end".into()].concat();
    let script = "cd \"$1\"; echo x >\"$2\"; cat \"$2\" \"$3\"";
    let words = [dir.path().as_os_str(), OsStr::new(HARMFUL), OsStr::new(&long)];
    let log = recorded(dir.path(), script, &words);
    let svg = laid_out(&convert(&log, "dot", &[]), dir.path());
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{svg}");
    fs::write(dir.path().join("graph.svg"), &svg).expect("written");
    python(
        &format!(
            "import xml.etree.ElementTree as tree\n\
             root = tree.parse('graph.svg').getroot()\n\
             tips = ''.join(value for one in root.iter() for value in one.attrib.values())\n\
             assert {HARMFUL:?} in tips and {long:?} in tips, tips\n\
             lines = [line for line in root.itertext() if 'very-long' in line]\n\
             assert lines and all(len(line) < 120 for line in lines), lines\n"
        ),
        dir.path(),
    );
    let mermaid = convert(&log, "mermaid", &[]);
    assert!(!mermaid.contains("<script") && !mermaid.contains('`'), "{mermaid}");
    let labels = mermaid.lines().filter(|line| !line.starts_with("  click "));
    assert!(labels.clone().all(|line| line.len() < 700), "{mermaid}");
}

#[test]
fn mermaid_text_keeps_to_the_grammar_and_the_limits() {
    let samples = Samples::record();
    samples.convert("mermaid");
    python(include_str!("diagrams/grammar.py"), samples.dir());
}

/// Mermaid's own reader and a browser: some hundred megabytes.
#[test]
#[ignore = "installs Mermaid's command line: tests/run --all"]
fn mermaid_draws_them() {
    let samples = Samples::record();
    samples.convert("mermaid");
    let dir = tempfile::tempdir().expect("a directory");
    let log = recorded(
        dir.path(),
        "cd \"$1\"; echo x >\"$2\"; cat \"$2\"",
        &[dir.path().as_os_str(), OsStr::new(HARMFUL)],
    );
    let harmful = samples.dir().join("harmful.mermaid");
    fs::write(harmful, convert(&log, "mermaid", &[])).expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mermaid");
    tool(Command::new(script).arg(samples.dir()));
    python(include_str!("diagrams/drawn.py"), samples.dir());
}
