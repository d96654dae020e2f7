//! The ontology, read by other implementations and held against what real runs are
//! exported as.

mod common;

use std::fs;
use std::process::Command;

use common::samples::Samples;
use common::{python, tool};

fn printed(args: &[&str]) -> String {
    tool(Command::new(env!("CARGO_BIN_EXE_rtrace")).arg("ontology").args(args))
}

#[test]
fn rapper_and_rdflib_read_the_same_from_it() {
    const SCRIPT: &str = r#"
import rdflib
from rdflib.compare import isomorphic
assert isomorphic(rdflib.Graph().parse("ontology.ttl"), rdflib.Graph().parse("rapper.nt"))
"#;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("ontology.ttl");
    fs::write(&file, printed(&[])).expect("written");
    let read = tool(Command::new("rapper").args(["-q", "-i", "turtle"]).arg(file));
    fs::write(dir.path().join("rapper.nt"), read).expect("written");
    python(SCRIPT, dir.path());
}

/// The samples in N-Triples, `NAME.nt`, with the ontology and the shapes.
fn samples() -> Samples {
    let samples = Samples::record();
    samples.convert("nt");
    for detail in ["process", "resource"] {
        samples.convert_as("nt", &["--detail", detail], &[detail, ".nt"].concat());
    }
    fs::write(samples.dir().join("ontology.ttl"), printed(&[])).expect("written");
    fs::write(samples.dir().join("shapes.ttl"), printed(&["--shapes"])).expect("written");
    samples
}

#[test]
fn what_is_exported_agrees_with_it() {
    python(include_str!("ontology/agrees.py"), samples().dir());
}

#[test]
fn what_is_exported_is_valid() {
    python(include_str!("ontology/valid.py"), samples().dir());
}

#[test]
fn what_is_broken_is_not_valid() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("run.mp");
    common::hostile::write_log(&log);
    let mut convert = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    tool(
        convert.arg("convert").arg(&log).args(["--to", "nt", "-o"]).arg(dir.path().join("run.nt")),
    );
    fs::write(dir.path().join("shapes.ttl"), printed(&["--shapes"])).expect("written");
    python(include_str!("ontology/broken.py"), dir.path());
}
