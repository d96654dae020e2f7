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

#[test]
fn what_is_exported_agrees_with_it() {
    let samples = Samples::record();
    fs::write(samples.dir().join("ontology.ttl"), printed(&[])).expect("written");
    samples.convert("nt");
    python(include_str!("ontology/agrees.py"), samples.dir());
}
