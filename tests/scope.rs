//! Which resources and calls a graph tells of.

mod common;

use std::path::Path;

use common::python;
use common::samples::Samples;

#[test]
fn what_is_left_out_dangles_nowhere() {
    let samples = Samples::record();
    let scopes: [(&str, &[&str]); 7] = [
        ("all", &[]),
        ("pipes", &["--only", "class:pipe"]),
        ("no-usr", &["--ignore", "/usr/*", "--ignore", "/lib*"]),
        ("folded", &["--fold-system"]),
        ("folded-resource", &["--fold-system", "--detail", "resource"]),
        ("files", &["--only", "call:%file"]),
        ("files-resource", &["--only", "call:%file", "--detail", "resource"]),
    ];
    for (name, options) in scopes {
        samples.convert_as("nt", options, &[name, ".nt"].concat());
    }
    python(include_str!("scope/agrees.py"), samples.dir());
}

#[test]
fn all_formats_leave_out_the_same() {
    let samples = Samples::record();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/batchflow.json");
    std::fs::copy(schema, samples.dir().join("schema.json")).expect("copied");
    let scopes: [(&str, &[&str]); 4] = [
        ("all", &[]),
        ("no-usr", &["--ignore", "/usr/*", "--ignore", "/lib*"]),
        ("folded", &["--fold-system"]),
        ("no-reads", &["--ignore", "call:read"]),
    ];
    for (name, options) in scopes {
        for format in ["nt", "csv", "jsonl"] {
            samples.convert_as(format, options, &format!("{name}.{format}"));
        }
        for (detail, suffix) in [("event", ""), ("resource", "-resource")] {
            let options = [options, &["--detail", detail]].concat();
            samples.convert_as("json", &options, &format!("{name}{suffix}.json"));
        }
    }
    python(include_str!("scope/documents.py"), samples.dir());
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    for (pattern, why) in [("class:pie", "the classes are"), ("call:%flie", "did you mean")] {
        let mut rtrace = std::process::Command::new(env!("CARGO_BIN_EXE_rtrace"));
        let output = rtrace.args(["convert", "x.mp", "--to", "nt", "--only", pattern]).output();
        let output = output.expect("rtrace runs");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why), "{said}");
    }
    let mut rtrace = std::process::Command::new(env!("CARGO_BIN_EXE_rtrace"));
    let output = rtrace.args(["convert", "x.mp", "--to", "strace", "--only", "/x"]).output();
    assert_eq!(output.expect("rtrace runs").status.code(), Some(2));
}
