//! A process to attach to, and an rtrace that does.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::common::{Trace, tracee};

/// How long anything may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until there is what a condition looks for.
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < end, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A process that was there before rtrace.
pub(crate) struct Somebody {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Somebody {
    /// `tests/tracees/attached.c`, which is ready.
    pub(crate) fn who(way: &str) -> Self {
        let mut somebody = Self::start(Command::new(tracee("attached")).arg(way));
        assert_eq!(somebody.line(), "ready");
        somebody
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        // Its standard error may be a file that others write too.
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it can be started");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, out }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// What it says next.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it speaks");
        line.trim_end().to_owned()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().expect("a pipe").write_all(bytes).expect("it listens");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("it lives");
    }

    /// Asks it to end; what it says of how it went, by key.
    pub(crate) fn end(mut self) -> How {
        self.signal(Signal::SIGUSR1);
        let mut said = String::new();
        self.out.read_to_string(&mut said).expect("it speaks");
        let status = self.child.wait().expect("it is our child");
        assert!(status.success(), "{status}");
        How(said)
    }

    /// A line of its `/proc/PID/status`.
    pub(crate) fn status(&self, name: &str) -> String {
        status(self.pid(), name)
    }
}

/// How it went, as it said itself.
pub(crate) struct How(String);

impl How {
    /// The number of that name.
    pub(crate) fn number(&self, key: &str) -> i64 {
        let words = self.0.split_whitespace().filter_map(|word| word.split_once('='));
        let value = words.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        value.unwrap_or_else(|| panic!("no {key} in {:?}", self.0)).parse().expect("a number")
    }
}

impl Drop for Somebody {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

pub(crate) fn status(pid: i32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

/// `rtrace attach`.
pub(crate) struct Attached {
    child: Option<Child>,
    dir: TempDir,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) output: Output,
    dir: TempDir,
}

impl Attached {
    /// Attaches, with these arguments, and returns when it has.
    pub(crate) fn to(args: &[&str]) -> Self {
        let mut attached = Self::begin(args);
        let log = attached.log();
        until("the processes are attached to", || {
            let ended = attached.child().try_wait().expect("it is our child");
            assert!(log.exists() || ended.is_none(), "{:?}", attached.done().stderr());
            log.exists().then_some(())
        });
        attached
    }

    /// Attaches to one process.
    pub(crate) fn to_one(somebody: &Somebody) -> Self {
        Self::to(&[&somebody.pid().to_string()])
    }

    /// Starts to attach.
    pub(crate) fn begin(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(["attach", "-o"]).arg(dir.path().join("log.mp")).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { child: Some(command.spawn().expect("rtrace starts")), dir }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("it has not been waited for")
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.as_ref().expect("it has not been waited for").id() as i32
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("log.mp")
    }

    /// Waits until that many calls of that name are in the log.
    pub(crate) fn until_recorded(&self, name: &str, count: usize) {
        until("the calls are in the log", || {
            (Trace::read(&self.log()).calls(name).count() >= count).then_some(())
        });
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("it lives");
    }

    /// Waits for its end.
    pub(crate) fn done(&mut self) -> Done {
        let child = self.child.take().expect("it has not been waited for");
        let (pid, end) = (child.id() as i32, Instant::now() + PATIENCE);
        let watch = std::thread::spawn(move || child.wait_with_output());
        while !watch.is_finished() {
            if Instant::now() > end {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                panic!("rtrace does not end");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let output = watch.join().expect("a thread").expect("its output");
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a directory"));
        Done { output, dir }
    }

    /// Lets go by Ctrl-C.
    pub(crate) fn let_go(mut self) -> Done {
        self.signal(Signal::SIGINT);
        let done = self.done();
        assert!(done.output.status.success(), "{}: {}", done.output.status, done.stderr());
        done
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Done {
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The log, which is complete and sound.
    pub(crate) fn trace(&self) -> Trace {
        let trace = Trace::read(&self.dir.path().join("log.mp"));
        assert!(trace.complete, "the log was closed");
        trace.is_sound();
        trace
    }
}
