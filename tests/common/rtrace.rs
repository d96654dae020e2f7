//! One run of the `rtrace` command, with all that came of it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::tidy;
use super::trace::Trace;

/// A run to be.
pub struct Rtrace {
    before: Vec<OsString>,
    words: Vec<OsString>,
    options: Vec<OsString>,
    traced: bool,
    input: Vec<u8>,
    env: Vec<(OsString, OsString)>,
    patience: Duration,
    dir: TempDir,
    out: Option<PathBuf>,
    daemons: bool,
}

impl Rtrace {
    /// `rtrace run -o LOG -- program`, in a directory of its own.
    pub fn run(program: impl AsRef<OsStr>) -> Self {
        Self {
            before: Vec::new(),
            words: vec![program.as_ref().to_owned()],
            options: Vec::new(),
            traced: true,
            input: Vec::new(),
            env: Vec::new(),
            patience: Duration::from_secs(60),
            dir: tempfile::tempdir().expect("a temporary directory"),
            out: None,
            daemons: false,
        }
    }

    /// The program alone, without rtrace, under the same conditions.
    pub fn without(program: impl AsRef<OsStr>) -> Self {
        Self { traced: false, ..Self::run(program) }
    }

    /// A shell script under rtrace.
    pub fn bash(script: &str) -> Self {
        Self::run("bash").args(["--norc", "-c", script])
    }

    /// An argument of the command.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// Arguments of the command.
    pub fn args<T: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// An option of `rtrace run`.
    pub fn option(mut self, word: impl AsRef<OsStr>) -> Self {
        self.options.push(word.as_ref().to_owned());
        self
    }

    /// Words before `rtrace`: `setpriv …`, `bash -c 'ulimit -n 20; exec "$@"' -`.
    pub fn under<T: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.before.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// What the command reads from its standard input.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// An environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// How long it may take before it counts as hung.
    pub fn patience(mut self, seconds: u64) -> Self {
        self.patience = Duration::from_secs(seconds);
        self
    }

    /// Where the log goes, if not to a file of the run's own.
    pub fn log(mut self, path: impl Into<PathBuf>) -> Self {
        self.out = Some(path.into());
        self
    }

    /// Other users may enter and write the command's directory.
    pub fn readable_by_all(self) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(self.dir.path(), open).expect("the directory is ours");
        self
    }

    /// Processes may be left when rtrace has ended; the test sees to them.
    pub fn may_leave_processes(mut self) -> Self {
        self.daemons = true;
        self
    }

    /// The directory in which the command runs.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn command_line(&self) -> Vec<OsString> {
        let mut line = self.before.clone();
        if self.traced {
            line.push(env!("CARGO_BIN_EXE_rtrace").into());
            line.extend(["run".into(), "-o".into(), self.log_path().into_os_string()]);
            // To run tests in another mode: see `tests/survival/filtered.rs`.
            let more = std::env::var("RTRACE_TEST_OPTIONS").unwrap_or_default();
            line.extend(more.split_whitespace().map(OsString::from));
            line.extend(self.options.iter().cloned());
            line.push("--".into());
        }
        line.extend(self.words.iter().cloned());
        line
    }

    fn log_path(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| self.dir.path().join(".rtrace-test.mp"))
    }

    /// Starts it.
    pub fn start(self) -> Running {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let line = self.command_line();
        // Files, not pipes: a daemon that keeps them open keeps nobody waiting.
        let outputs = tempfile::tempdir().expect("a temporary directory");
        let file = |name| File::create(outputs.path().join(name)).expect("a temporary file");
        let mut child = Command::new(&line[0])
            .args(&line[1..])
            .current_dir(self.dir.path())
            .env(tidy::MARK, &mark)
            .envs(self.env.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(file("out"))
            .stderr(file("err"))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", line[0].to_string_lossy()));
        let stdin = child.stdin.take();
        let log = self.log_path();
        Running { line, mark, child: Some(child), stdin, outputs, log, plan: self }
    }

    /// Runs it to its end. Fails if it hangs, or leaves a process behind.
    pub fn finish(self) -> Run {
        let input = self.input.clone();
        let mut running = self.start();
        // More than fits into a pipe would need a thread.
        assert!(input.len() <= 65536, "give long input in a file");
        running.write(&input);
        running.finish()
    }
}

/// A run that is going on.
pub struct Running {
    line: Vec<OsString>,
    mark: String,
    child: Option<Child>,
    stdin: Option<ChildStdin>,
    outputs: TempDir,
    log: PathBuf,
    plan: Rtrace,
}

impl Running {
    /// The pid of rtrace (or of the first word of what it runs under).
    pub fn pid(&self) -> i32 {
        self.child.as_ref().map_or(0, |child| child.id() as i32)
    }

    /// The log.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The directory in which the command runs.
    pub fn dir(&self) -> &Path {
        self.plan.dir()
    }

    /// Writes to the command's standard input.
    pub fn write(&mut self, bytes: &[u8]) {
        // The command may end without having read all.
        let _ = self.stdin.as_mut().expect("standard input is open").write_all(bytes);
    }

    /// Ends the command's standard input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal to rtrace alone.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("rtrace is there to get a signal");
    }

    /// What has come on standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&read(&self.outputs.path().join("out"))).into_owned()
    }

    /// What has come on standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&read(&self.outputs.path().join("err"))).into_owned()
    }

    /// Waits until the command has said a line that starts like that, and
    /// returns the rest of it.
    pub fn until_said(&self, start: &str) -> String {
        self.until(&format!("the command says `{start}`"), || {
            let text = self.stdout();
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            whole
                .lines()
                .find_map(|line| line.strip_prefix(start))
                .map(|rest| rest.trim().to_owned())
        })
    }

    /// Waits until a condition holds; fails when it counts as hung.
    pub fn until<T>(&self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        let deadline = std::time::Instant::now() + self.plan.patience;
        loop {
            if let Some(value) = condition() {
                return value;
            }
            if std::time::Instant::now() > deadline {
                let text = format!("{}\n{}", self.stdout(), self.stderr());
                tidy::kill_all(&self.mark, self.pid() as u32);
                panic!("waited in vain until {what}; {:?} said:\n{text}", self.line);
            }
            std::thread::yield_now();
        }
    }

    /// The living processes of this run.
    pub fn processes(&self) -> Vec<i32> {
        tidy::processes(&self.mark, self.pid() as u32).into_iter().map(|(pid, _)| pid).collect()
    }

    /// Ends its input and waits for its end. Fails if it hangs, or leaves a
    /// process behind.
    pub fn finish(mut self) -> Run {
        self.close();
        let group = self.pid() as u32;
        let child = self.child.take().expect("a run ends once");
        let status = self.wait_for(child, group);
        // Of an rtrace that was killed, the keeper ends when it has put things right,
        // and the tracees end when their input does.
        let may_end = !self.plan.daemons && status.signal() == Some(nix::libc::SIGKILL);
        let is_ending = |(_, stat): &(i32, String)| may_end || stat.contains(" (rtrace-keeper) ");
        let left = self.until("what ends by itself is gone", || {
            Some(tidy::processes(&self.mark, group)).filter(|left| !left.iter().any(is_ending))
        });
        if !self.plan.daemons && !left.is_empty() {
            tidy::kill_all(&self.mark, group);
            panic!("{:?} left processes behind: {left:#?}", self.line);
        }
        Run {
            status,
            stdout: self.stdout(),
            stderr: self.stderr(),
            log: self.log.clone(),
            group,
            running: self,
        }
    }

    fn wait_for(&self, mut child: Child, group: u32) -> ExitStatus {
        let (done, ended) = mpsc::channel();
        let waiter = std::thread::spawn(move || done.send(child.wait()));
        let status = ended.recv_timeout(self.plan.patience).unwrap_or_else(|_| {
            let left = tidy::processes(&self.mark, group);
            tidy::kill_all(&self.mark, group);
            panic!(
                "{:?} hangs.\nstdout: {}\nstderr: {}\nprocesses: {left:#?}",
                self.line,
                tail(&self.stdout()),
                tail(&self.stderr())
            )
        });
        waiter.join().expect("waiting does not panic").expect("somebody waits");
        status.expect("the child is ours to wait for")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            tidy::kill_all(&self.mark, child.id());
            let _ = child.wait();
        }
    }
}

/// A run that is over.
pub struct Run {
    /// How rtrace ended.
    pub status: ExitStatus,
    /// What came on standard output.
    pub stdout: String,
    /// What came on standard error.
    pub stderr: String,
    /// Where the log is.
    pub log: PathBuf,
    group: u32,
    running: Running,
}

impl Run {
    /// The directory in which the command ran.
    pub fn dir(&self) -> &Path {
        self.running.dir()
    }

    /// rtrace ended with that status.
    #[track_caller]
    pub fn exited(&self, code: i32) -> &Self {
        assert_eq!(
            self.status.code(),
            Some(code),
            "{:?} ended: {}",
            self.running.line,
            self.says()
        );
        self
    }

    /// rtrace died of that signal.
    #[track_caller]
    pub fn died_of(&self, signal: i32) -> &Self {
        assert_eq!(self.status.signal(), Some(signal), "{:?}: {}", self.running.line, self.says());
        self
    }

    /// The log, whole and in order.
    #[track_caller]
    pub fn trace(&self) -> Trace {
        let trace = Trace::read(&self.log);
        trace.is_sound();
        assert!(trace.complete, "the log is not complete: {}", self.says());
        trace
    }

    /// The log, which may be cut or filtered.
    pub fn partial_trace(&self) -> Trace {
        Trace::read(&self.log)
    }

    /// Ends the processes that were allowed to be left.
    pub fn kill_left(&self) {
        tidy::kill_all(&self.running.mark, self.group);
    }

    /// Whether processes of this run live.
    pub fn left(&self) -> Vec<i32> {
        let left = tidy::processes(&self.running.mark, self.group);
        left.into_iter().map(|(pid, _)| pid).collect()
    }

    /// Waits until a condition holds.
    pub fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        self.running.until(what, condition)
    }

    fn says(&self) -> String {
        format!("{}\nstdout: {}\nstderr: {}", self.status, tail(&self.stdout), tail(&self.stderr))
    }
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(path) {
        file.read_to_end(&mut bytes).expect("a temporary file can be read");
    }
    bytes
}

/// The end of a long text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
