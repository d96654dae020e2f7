//! The format is what its documentation says: the reader in Python, which was
//! written after it, reads what the one in Rust reads.

mod golden;

use std::io::Cursor;
use std::process::{Command, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The interpreter of the tests' own environment.
fn python() -> String {
    let made =
        Command::new(format!("{ROOT}/tests/venv")).stderr(Stdio::inherit()).output().unwrap();
    assert!(made.status.success(), "tests/venv could not make the Python environment: see above");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[test]
fn python_reads_what_rust_reads() {
    let log = golden::sample().unwrap();
    let expected = golden::objects(Cursor::new(log.clone())).unwrap();

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sample.mp");
    std::fs::write(&path, log).unwrap();
    let script = format!("{ROOT}/docs/read_log.py");
    let output = Command::new(python()).arg(&script).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<serde_json::Value> = std::str::from_utf8(&output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read.len(), expected.len());
    for (python, rust) in read.iter().zip(&expected) {
        assert_eq!(python, rust);
    }
}

#[test]
fn the_reader_in_python_stays_short() {
    let script = std::fs::read_to_string(format!("{ROOT}/docs/read_log.py")).unwrap();
    assert!(script.lines().count() < 80);
}
