//! Two runs of a batch, and what `rtrace compare` says of them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A batch in a directory of its own: two runs of it are compared.
pub(crate) struct Batch {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) options: Vec<String>,
    /// What is run, in place of `sh batch.sh`.
    pub(crate) command: Vec<String>,
}

impl Batch {
    pub(crate) fn new(script: &str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let command = vec!["sh".into(), "batch.sh".into()];
        let this = Self { dir, env: Vec::new(), options: Vec::new(), command };
        this.write("batch.sh", script);
        for (name, text) in files {
            this.write(name, text);
        }
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path(name), mode).expect("made executable");
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.into(), value.into()));
    }

    /// Makes what the runs need, or takes away what the first has made.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) {
        let mut command = Command::new("sh");
        command.args(["-ec", script]).current_dir(self.dir.path());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("a shell");
        assert!(output.status.success(), "{script}: {output:?}");
    }

    pub(crate) fn rtrace(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.current_dir(self.dir.path()).args(words).env_clear();
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", "/root");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.output().expect("rtrace runs")
    }

    pub(crate) fn record(&self, log: &str, words: &[&str]) {
        let options: Vec<&str> = self.options.iter().map(String::as_str).collect();
        let command: Vec<&str> = self.command.iter().map(String::as_str).collect();
        let run = [&["run", "-o", log], &options[..], &["--"], &command[..], words].concat();
        let output = self.rtrace(&run);
        assert_ne!(output.status.code(), Some(125), "{output:?}");
    }

    pub(crate) fn compare(&self) -> Report {
        let output = self.rtrace(&["compare", "a.mp", "b.mp", "--format", "json"]);
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        Report { status: output.status.code(), json }
    }

    /// Runs it twice, with something done in between.
    pub(crate) fn twice(mut self, between: impl FnOnce(&mut Self)) -> Report {
        self.record("a.mp", &[]);
        between(&mut self);
        self.record("b.mp", &[]);
        self.compare()
    }
}

/// What was found.
pub(crate) struct Report {
    pub(crate) status: Option<i32>,
    pub(crate) json: Value,
}

impl Report {
    /// Kind and words of the first cause.
    #[track_caller]
    pub(crate) fn names_first(&self, kind: &str, words: &[&str]) {
        let first = &self.json["findings"][0];
        assert_eq!(self.status, Some(1), "{:#}", self.json);
        assert_eq!(first["force"], "cause", "{:#}", self.json);
        assert_eq!(first["kind"], kind, "{:#}", self.json);
        let text = first.to_string();
        for word in words {
            assert!(text.contains(word), "{word} is not in the first finding: {:#}", self.json);
        }
    }

    #[track_caller]
    pub(crate) fn is_equivalent(&self) {
        assert_eq!(self.status, Some(0), "{:#}", self.json);
    }
}
