//! Logs of every format version there was are read as they ever were.

// The sample is for other tests.
#[allow(dead_code)]
mod golden;

use std::fs::File;
use std::io::{BufRead, BufReader};

fn assert_reads_as_ever(version: &str) {
    let stem = format!("{}/tests/golden/{version}", env!("CARGO_MANIFEST_DIR"));
    let read = golden::objects(File::open(format!("{stem}.mp")).unwrap()).unwrap();
    let lines = BufReader::new(File::open(format!("{stem}.jsonl")).unwrap()).lines();
    let expected: Vec<serde_json::Value> =
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert!(expected.len() > 250);
    assert_eq!(read.len(), expected.len());
    for (read, expected) in read.iter().zip(&expected) {
        assert_eq!(read, expected);
    }
}

#[test]
fn version_1() {
    assert_reads_as_ever("v1");
}
