//! A place with inputs, and programs that run there under either tracer.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Uid;
use tempfile::TempDir;

use super::common::{Rtrace, Run, tool};
use super::noise::differences;
use super::story::Story;
use super::{log, strace};

/// A directory, and what a program there is run with.
pub(crate) struct Scene {
    dir: TempDir,
    outputs: Vec<&'static str>,
    before: Option<&'static str>,
    env: Vec<(&'static str, OsString)>,
    user: Option<&'static str>,
    patience: u64,
    tells_ids: bool,
}

impl Scene {
    /// An empty directory, which every user can enter and write.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(dir.path(), open).expect("the directory is ours");
        let env = vec![
            ("HOME", dir.path().into()),
            ("LC_ALL", "C".into()),
            ("PYTHONHASHSEED", "0".into()),
            ("PYTHONDONTWRITEBYTECODE", "1".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            // What runs these tests may be a make itself.
            ("MAKEFLAGS", "".into()),
        ];
        Self {
            dir,
            outputs: Vec::new(),
            before: None,
            env,
            user: None,
            patience: 120,
            tells_ids: false,
        }
    }

    /// Where a file of it lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and the directories on the way.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        let parent = path.parent().expect("a file lies in a directory");
        fs::create_dir_all(parent).expect("the directory is ours");
        fs::write(path, content).expect("the directory is ours");
    }

    /// Runs a shell script there, to build inputs.
    pub(crate) fn shell(&self, script: &str) {
        let mut command = Command::new("bash");
        command.args(["-euc", script]).current_dir(self.dir.path());
        tool(command.envs(self.env.iter().cloned()));
    }

    /// A file or directory that the program makes: gone before each run.
    pub(crate) fn output(mut self, name: &'static str) -> Self {
        self.outputs.push(name);
        self
    }

    /// A shell script to be run there before each run.
    pub(crate) fn before(mut self, script: &'static str) -> Self {
        self.before = Some(script);
        self
    }

    /// An environment variable.
    pub(crate) fn env(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name, value.as_ref().to_owned()));
        self
    }

    /// The user to run as, for a program that refuses to be root.
    pub(crate) fn unless_root(mut self, user: &'static str) -> Self {
        self.user = Uid::effective().is_root().then_some(user);
        self
    }

    /// The program prints thread ids: its output is never the same.
    pub(crate) fn tells_ids(mut self) -> Self {
        self.tells_ids = true;
        self
    }

    /// How many seconds a run may take before it counts as hung.
    pub(crate) fn patience(mut self, seconds: u64) -> Self {
        self.patience = seconds;
        self
    }

    /// The program does the same every time: the log tells what strace tells.
    #[track_caller]
    pub(crate) fn same<T: AsRef<OsStr>>(&self, words: &[T]) {
        // Without it, how often a heap grows is a matter of luck.
        let fixed: Vec<&OsStr> = ["setarch", "-R"].iter().map(OsStr::new).collect();
        let words = [fixed, words.iter().map(AsRef::as_ref).collect()].concat();
        let run = self.recorded(&words);
        let story = log::story(&run.trace());
        let (their_run, first) = self.witnessed(&words);
        assert_eq!(run.status, their_run.status, "{words:?}: {}", run.stderr);
        assert_eq!(self.said(&run), self.said(&their_run), "{words:?}");
        assert!(first.steps() > 20, "strace followed {words:?}");
        let mut witnesses = vec![first];
        // Rarely does it take more than two to show what differs by itself.
        while !differences(&story, &witnesses).is_empty() && witnesses.len() < 8 {
            witnesses.push(self.witnessed(&words).1);
        }
        let faults = differences(&story, &witnesses);
        assert!(faults.is_empty(), "{words:?} under rtrace:\n{}", faults.join("\n"));
    }

    /// The program never does quite the same, but has as many processes, and
    /// executes as many programs, as under strace.
    #[track_caller]
    pub(crate) fn as_many<T: AsRef<OsStr>>(&self, words: &[T]) {
        let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
        let run = self.recorded(&words);
        let story = log::story(&run.trace());
        let (their_run, theirs) = self.witnessed(&words);
        assert_eq!(run.status, their_run.status, "{words:?}: {}", run.stderr);
        assert!(theirs.steps() > 20, "strace followed {words:?}");
        let count = |story: &Story| [story.processes(), story.execs()];
        assert_eq!(count(&story), count(&theirs), "processes and execs of {words:?}");
    }

    /// The program succeeds under rtrace, and the log is whole; how many
    /// processes it has is a matter of time.
    #[track_caller]
    pub(crate) fn survives<T: AsRef<OsStr>>(&self, words: &[T]) {
        let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
        self.recorded(&words).exited(0).trace();
    }

    fn said<'r>(&self, run: &'r Run) -> &'r str {
        if self.tells_ids { "" } else { &run.stdout }
    }

    fn recorded(&self, words: &[&OsStr]) -> Run {
        self.clear();
        let mut run = self.prepared(Rtrace::run(words[0]).args(&words[1..]));
        run = run.under([OsStr::new("env"), OsStr::new("-C"), self.dir.path().as_os_str()]);
        if let Some(user) = self.user {
            run = run.option("-u").option(user);
        }
        run.finish()
    }

    fn witnessed(&self, words: &[&OsStr]) -> (Run, Story) {
        self.clear();
        let text = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut run = Rtrace::without("env").arg("-C").arg(self.dir.path());
        run = run.args(["strace", "-f", "-xx", "-o"]).arg(text.path());
        if let Some(user) = self.user {
            run = run.args(["-u", user]);
        }
        let run = self.prepared(run.args(words)).finish();
        let text = fs::read_to_string(text.path()).expect("strace writes ASCII");
        assert!(!text.is_empty(), "strace (which tests/run installs) failed: {}", run.stderr);
        (run, strace::story(&text))
    }

    fn prepared(&self, run: Rtrace) -> Rtrace {
        let run = run.patience(self.patience);
        self.env.iter().fold(run, |run, (name, value)| run.env(name, value))
    }

    fn clear(&self) {
        for name in &self.outputs {
            remove(&self.path(name));
        }
        if let Some(script) = self.before {
            self.shell(script);
        }
    }
}

fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(error) = removed {
        let is_gone = error.kind() == std::io::ErrorKind::NotFound;
        assert!(is_gone, "{}: {error}", path.display());
    }
}
