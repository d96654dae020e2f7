//! Interactive shells on a pseudo-terminal, and job control in and around rtrace.
//!
//! A key that is a signal goes to the terminal's foreground process group, so
//! each is pressed only once that is the group which is meant to get it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::pty::openpty;

use crate::common::{Exit, Trace};

const PATIENCE: Duration = Duration::from_secs(30);
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_Z: &str = "\x1a";

/// A person at a terminal.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    /// How much of it was waited for.
    passed: usize,
    child: Child,
    dir: tempfile::TempDir,
}

impl Terminal {
    /// Runs a command on a pseudo-terminal that is its controlling one.
    fn run(words: impl IntoIterator<Item = String>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let ends = openpty(None, None).expect("a pseudo-terminal");
        let tty = File::from(ends.slave);
        let copy = || Stdio::from(tty.try_clone().expect("a descriptor"));
        let child = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .args(words)
            .current_dir(dir.path())
            .env("PS1", "prompt> ")
            .env("TERM", "dumb")
            .env_remove("PROMPT_COMMAND")
            .stdin(copy())
            .stdout(copy())
            .stderr(copy())
            .spawn()
            .expect("setsid of util-linux");
        drop(tty);
        let keyboard = File::from(ends.master);
        let screen = watch(keyboard.try_clone().expect("a descriptor"));
        Self { keyboard, screen, seen: String::new(), passed: 0, child, dir }
    }

    /// An interactive bash, by itself or under rtrace.
    fn bash(traced: bool) -> Self {
        let rtrace = [env!("CARGO_BIN_EXE_rtrace"), "run", "-q", "-o", "shell.mp", "--"];
        let bash = ["bash", "--norc", "--noediting", "-i"];
        let words = rtrace.into_iter().filter(|_| traced).chain(bash);
        let mut terminal = Self::run(words.map(str::to_owned));
        terminal.wait_for("prompt> ");
        terminal
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("shell.mp")
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Reads until a text comes, after what was waited for before.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen[self.passed..].find(text) {
                self.passed += at + text.len();
                return;
            }
            let Ok(bytes) = self.screen.recv_timeout(PATIENCE) else {
                let (before, after) = self.seen.split_at(self.passed);
                panic!("`{text}` never came:\n{before}\n-- then:\n{after}");
            };
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    /// Types a command, and waits until the shell is at its prompt again.
    #[track_caller]
    fn enter(&mut self, line: &str, says: &str) {
        self.press(&format!("{line}\n"));
        self.wait_for("\n"); // what was typed
        self.wait_for(says);
        self.wait_for("prompt> ");
    }

    /// Presses a key once a program of that name runs in the foreground.
    #[track_caller]
    fn press_in(&mut self, program: &str, keys: &str) {
        self.wait_in_foreground(program);
        self.press(keys);
    }

    /// Waits until a program of that name is in the foreground and not stopped.
    #[track_caller]
    fn wait_in_foreground(&self, program: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.in_foreground(program) {
            let seen = &self.seen;
            assert!(Instant::now() < deadline, "{program} is never in the foreground:\n{seen}");
            std::thread::yield_now();
        }
    }

    fn in_foreground(&self, program: &str) -> bool {
        let group = nix::unistd::tcgetpgrp(&self.keyboard).map_or(0, nix::unistd::Pid::as_raw);
        processes().any(|process| {
            process.group == group && process.name == program && !"Tt".contains(process.state)
        })
    }

    /// Ends the shell with that status.
    #[track_caller]
    fn leave(&mut self, code: i32) {
        self.press(&format!("exit {code}\n"));
        let status = self.child.wait().expect("the shell ends");
        assert_eq!(status.code(), Some(code), "{}", self.seen);
    }
}

impl Drop for Terminal {
    /// Where a test fails: the end of the session's leader hangs the terminal up,
    /// and that ends the others.
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}

/// Reads the terminal in a thread of its own, so that waiting for it can end.
fn watch(mut reader: File) -> Receiver<Vec<u8>> {
    let (sender, screen) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        // EIO is a terminal's way of saying that nobody is left on it.
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            if sender.send(bytes[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    screen
}

/// A line of `/proc/PID/stat`.
struct Process {
    name: String,
    state: char,
    group: i32,
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (start, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Process {
            name: start.split_once('(')?.1.to_owned(),
            state: fields.first()?.chars().next()?,
            group: fields.get(2)?.parse().ok()?,
        })
    })
}

#[test]
fn an_interactive_shell_with_jobs() {
    let mut terminal = Terminal::bash(true);
    terminal.press("sleep 1000\n");
    terminal.press_in("sleep", CTRL_Z);
    terminal.wait_for("Stopped");
    terminal.wait_for("prompt> ");
    terminal.enter("jobs", "Stopped");
    terminal.enter("bg", "sleep 1000");
    terminal.enter("jobs", "Running");
    terminal.press("fg\n");
    terminal.press_in("sleep", CTRL_C);
    terminal.wait_for("prompt> ");
    terminal.enter("echo ctrl-c-gave-$?", "ctrl-c-gave-130");
    // A pipeline is one group, and stops as one.
    terminal.press("cat | sort -r\n");
    // Until its exec, a child of the shell's still ignores the key.
    terminal.wait_in_foreground("cat");
    terminal.press_in("sort", CTRL_Z);
    terminal.wait_for("Stopped");
    terminal.wait_for("prompt> ");
    terminal.press("fg\n");
    terminal.press_in("cat", &format!("first\nsecond\n{CTRL_D}"));
    terminal.wait_for("second\r\nfirst\r\n");
    terminal.wait_for("prompt> ");
    // At the prompt the shell alone gets a Ctrl-C, and lives.
    terminal.press_in("bash", CTRL_C);
    terminal.wait_for("prompt> ");
    terminal.leave(7);

    let trace = Trace::read(&terminal.log());
    trace.is_sound();
    assert!(trace.complete);
    let program = |name: &[u8]| {
        let runs = |task: &&crate::common::Task| {
            let last = task.named("execve").filter(|call| call.result == Some(0)).last();
            last.and_then(|call| call.path(0)).is_some_and(|path| path.ends_with(name))
        };
        trace.tasks.values().find(runs).expect("it was executed")
    };
    let sleep = program(b"/sleep");
    assert_eq!(sleep.stops, [20], "SIGTSTP stopped it once");
    assert!(sleep.continues >= 1);
    assert_eq!(sleep.exit, Some(Exit::Signal(2)));
    let interrupts = sleep.signals.iter().filter(|signal| signal.number == 2).count();
    assert_eq!(interrupts, 1, "a Ctrl-C comes once");
    assert_eq!((program(b"/cat").stops.len(), program(b"/sort").stops.len()), (1, 1));
}

/// `rtrace run` in a shell is a job like any other.
fn a_job_of_a_shell(command: &str) {
    let mut terminal = Terminal::bash(false);
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    terminal.enter("set -o posix", "");
    terminal.press(&format!("{rtrace} run -q -o job.mp -- {command}\n"));
    terminal.press_in("sleep", CTRL_Z);
    // In POSIX mode bash names the signal that it got from its child: rtrace.
    terminal.wait_for("Stopped(SIGTSTP)");
    terminal.wait_for("prompt> ");
    terminal.enter("bg", "rtrace");
    terminal.enter("jobs", "Running");
    terminal.press("fg\n");
    terminal.press_in("sleep", CTRL_Z);
    terminal.wait_for("Stopped(SIGTSTP)");
    terminal.wait_for("prompt> ");
    terminal.press("fg\n");
    terminal.press_in("sleep", CTRL_C);
    terminal.wait_for("prompt> ");
    terminal.enter("echo status-$?", "status-130");
    terminal.leave(7);

    let trace = Trace::read(&terminal.dir.path().join("job.mp"));
    trace.is_sound();
    assert!(trace.complete, "the log was closed");
    let root = trace.root();
    // A key that comes before the command has gone on again finds rtrace stopped
    // with it, and SIGCONT takes the command's own signal back.
    assert!((1..=2).contains(&root.stops.len()), "{:?}", root.stops);
    assert!(root.stops.iter().all(|signal| *signal == 20), "SIGTSTP: {:?}", root.stops);
    assert_eq!(root.exit, Some(Exit::Signal(2)));
}

#[test]
fn a_program_in_the_foreground_is_stopped_and_continued() {
    a_job_of_a_shell("sleep 1000");
}

#[test]
fn a_script_in_the_foreground_is_stopped_and_continued() {
    a_job_of_a_shell("sh -c 'sleep 1000; true'");
}

#[test]
fn a_pipeline_in_the_foreground_is_stopped_and_continued() {
    a_job_of_a_shell("sh -c 'sleep 1000 | cat; true'");
}

#[test]
fn a_program_that_stops_its_group_as_editors_do() {
    let mut terminal = Terminal::bash(false);
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    let editor = "bash -c 'kill -TSTP 0; echo back-$((1+1)); exit 5'";
    terminal.enter(&format!("{rtrace} run -q -o job.mp -- {editor}"), "Stopped");
    terminal.enter("fg", "back-2");
    terminal.enter("echo status-$?", "status-5");
    terminal.leave(0);
    assert_eq!(Trace::read(&terminal.dir.path().join("job.mp")).root().stops, [20]);
}

#[test]
fn a_background_job_that_reads_the_terminal_is_stopped() {
    let mut terminal = Terminal::bash(false);
    let rtrace = env!("CARGO_BIN_EXE_rtrace");
    terminal.enter("set -o posix", "");
    terminal.press(&format!("{rtrace} run -q -o job.mp -- cat &\n"));
    terminal.wait_for("prompt> ");
    terminal.enter("until jobs | grep Stopped; do :; done", "Stopped(SIGTTIN)");
    terminal.press("fg\n");
    terminal.press_in("cat", &format!("typed\n{CTRL_D}"));
    terminal.wait_for("typed\r\ntyped\r\n");
    terminal.wait_for("prompt> ");
    terminal.leave(0);
}

/// The terminal goes away (a connection is lost). The kernel tells the leader of
/// its session, which without rtrace would have been the command.
#[test]
fn a_hang_up_reaches_the_command() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let script = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
text = b""
while b"ready" not in text:
    text += os.read(terminal, 100)
os.close(terminal)
status = os.waitpid(pid, 0)[1]
print("signal", os.WTERMSIG(status))
"#;
    let command = "echo ready; read -r line; exit 3";
    let rtrace = [env!("CARGO_BIN_EXE_rtrace"), "run", "-q", "-o", "hup.mp", "--"];
    let bash = ["/bin/bash", "--norc", "-c", command];
    let ends = |words: Vec<&str>| {
        let mut python = Command::new("python3");
        crate::common::tool(python.args(["-c", script]).args(words).current_dir(dir.path()))
    };
    assert_eq!(ends(bash.to_vec()), "signal 1\n");
    assert_eq!(ends([&rtrace[..], &bash].concat()), "signal 1\n");
    let trace = Trace::read(&dir.path().join("hup.mp"));
    trace.is_sound();
    assert!(trace.complete);
}

#[test]
fn the_command_gets_the_terminal_and_its_size() {
    let script =
        "tty; stty size; ps -o tpgid=,pgid= -p $$ | awk '{print ($1==$2) \" foreground\"}'";
    let words =
        [env!("CARGO_BIN_EXE_rtrace"), "run", "-q", "-o", "shell.mp", "--", "bash", "-c", script];
    let mut terminal = Terminal::run(words.map(str::to_owned));
    terminal.wait_for("/dev/pts/");
    terminal.wait_for("1 foreground");
    assert!(terminal.child.wait().expect("it ends").success());
}
