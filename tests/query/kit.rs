//! Runs whose truth is known, and questions to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn rtrace(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
    command.args(words).current_dir(dir).output().expect("rtrace runs")
}

/// The path of the Python that `python3` is: what has that name may be a script that looks
/// for one first.
pub(crate) fn python() -> String {
    let words = ["-c", "import sys; print(sys.executable, end='')"];
    let output = Command::new("python3").args(words).output().expect("python3 runs");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs, one after the other, in a directory of their own in which `files` are.
pub(crate) struct Run {
    dir: tempfile::TempDir,
    /// Their logs, which are asked together.
    pub(crate) logs: Vec<String>,
}

/// A row: what stands in each column.
pub(crate) type Row = BTreeMap<String, String>;

impl Run {
    pub(crate) fn of(files: &[(&str, &str)], script: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("written");
        }
        Self { dir, logs: Vec::new() }.then(script)
    }

    /// Another run, after those before.
    pub(crate) fn then(mut self, script: &str) -> Self {
        let log = format!("{}.mp", self.logs.len());
        let output = self.rtrace(&["run", "-o", &log, "--", "sh", "-c", script]);
        assert_ne!(output.status.code(), Some(125), "{}", String::from_utf8_lossy(&output.stderr));
        self.logs.push(log);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The directory, without symbolic links.
    pub(crate) fn dir(&self) -> String {
        let dir = self.path().canonicalize().expect("it is there");
        dir.into_os_string().into_string().expect("text")
    }

    pub(crate) fn rtrace(&self, words: &[&str]) -> Output {
        rtrace(self.path(), words)
    }

    pub(crate) fn output(&self, words: &[&str]) -> Output {
        let logs = self.logs.iter().map(String::as_str);
        let all: Vec<_> = ["query"].into_iter().chain(logs).chain(words.iter().copied()).collect();
        self.rtrace(&all)
    }

    /// The rows of an answer in SPARQL's JSON.
    pub(crate) fn rows(&self, words: &[&str]) -> Vec<Row> {
        let output = self.output(&[words, &["--format", "json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {errors}");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = json["results"]["bindings"].as_array().expect("rows");
        let row = |row: &serde_json::Value| {
            let cells = row.as_object().expect("a row").iter();
            let value = |cell: &serde_json::Value| cell["value"].as_str().expect("text").to_owned();
            cells.map(|(name, cell)| (name.clone(), value(cell))).collect()
        };
        rows.iter().map(row).collect()
    }

    pub(crate) fn ask(&self, name: &str) -> Vec<Row> {
        self.rows(&["--name", name])
    }

    pub(crate) fn ask_of(&self, name: &str, path: &str) -> Vec<Row> {
        self.rows(&["--name", name, "--param", &format!("path={path}")])
    }

    /// The paths of an answer that lie in the runs' own directory, with their depths.
    pub(crate) fn own(&self, name: &str, path: &str) -> BTreeMap<String, u64> {
        let dir = self.dir() + "/";
        let rows = self.ask_of(name, path).into_iter();
        let own = rows.filter_map(|row| {
            let path = row["path"].strip_prefix(&dir)?.to_owned();
            Some((path, row["depth"].parse().expect("a number")))
        });
        own.collect()
    }
}

pub(crate) fn texts<const N: usize>(rows: &[Row], columns: [&str; N]) -> Vec<[String; N]> {
    let cell = |row: &Row, column: &str| row.get(column).cloned().unwrap_or_default();
    rows.iter().map(|row| columns.map(|column| cell(row, column))).collect()
}
