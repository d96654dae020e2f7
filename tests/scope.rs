//! Which resources a graph tells of.

mod common;

use common::python;
use common::samples::Samples;

#[test]
fn what_is_left_out_dangles_nowhere() {
    let samples = Samples::record();
    let scopes: [(&str, &[&str]); 5] = [
        ("all", &[]),
        ("pipes", &["--only", "class:pipe"]),
        ("no-usr", &["--ignore", "/usr/*", "--ignore", "/lib*"]),
        ("folded", &["--fold-system"]),
        ("folded-resource", &["--fold-system", "--detail", "resource"]),
    ];
    for (name, options) in scopes {
        samples.convert_as("nt", options, &[name, ".nt"].concat());
    }
    python(include_str!("scope/agrees.py"), samples.dir());
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    for (pattern, why) in [("class:pie", "the classes are"), ("call:%file", "rtrace cat")] {
        let mut rtrace = std::process::Command::new(env!("CARGO_BIN_EXE_rtrace"));
        let output = rtrace.args(["convert", "x.mp", "--to", "nt", "--only", pattern]).output();
        let output = output.expect("rtrace runs");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why), "{said}");
    }
}
