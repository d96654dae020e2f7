//! An interactive shell on a pseudo-terminal, and job control in it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use nix::pty::openpty;

use crate::common::Trace;

/// A person at a terminal.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    /// How much of it was waited for.
    passed: usize,
}

impl Terminal {
    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Reads until a text comes, after what was waited for before.
    fn wait_for(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen[self.passed..].find(text) {
                self.passed += at + text.len();
                return;
            }
            let Ok(bytes) = self.screen.recv_timeout(Duration::from_secs(30)) else {
                let (before, after) = self.seen.split_at(self.passed);
                panic!("`{text}` never came:\n{before}\n-- then:\n{after}");
            };
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
}

/// Runs a command on a pseudo-terminal that is its controlling one.
fn on_terminal(words: &[&str]) -> (Terminal, std::process::Child) {
    let ends = openpty(None, None).expect("a pseudo-terminal");
    let tty = File::from(ends.slave);
    let copy = || Stdio::from(tty.try_clone().expect("a descriptor"));
    let child = Command::new("setsid")
        .args(["--ctty", "--wait"])
        .args(words)
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
    let mut reader = keyboard.try_clone().expect("a descriptor");
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
    (Terminal { keyboard, screen, seen: String::new(), passed: 0 }, child)
}

#[test]
fn an_interactive_shell_with_jobs() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let log = dir.path().join("shell.mp");
    let (mut terminal, mut child) = on_terminal(&[
        env!("CARGO_BIN_EXE_rtrace"),
        "run",
        "-q",
        "-o",
        log.to_str().expect("a plain path"),
        "--",
        "bash",
        "--norc",
        "--noediting",
        "-i",
    ]);
    terminal.wait_for("prompt> ");
    // A job in the foreground that says it runs, stopped by Ctrl-Z.
    terminal.press("bash -c 'echo up-and-$((40+2)); exec sleep 1000'\n");
    terminal.wait_for("up-and-42");
    terminal.press("\x1a");
    terminal.wait_for("Stopped");
    terminal.wait_for("prompt> ");
    terminal.press("jobs; echo listed-$((1+1))\n");
    terminal.wait_for("Stopped");
    terminal.wait_for("listed-2");
    // In the background it runs again.
    terminal.press("bg; until grep -q '^State:.S' /proc/$(jobs -p)/status; do :; done\n");
    terminal.press("echo runs-$((6*7))\n");
    terminal.wait_for("runs-42");
    terminal.press("fg\n");
    terminal.wait_for("sleep 1000");
    terminal.press("\x03");
    terminal.wait_for("prompt> ");
    terminal.press("echo ctrl-c-gave-$?\n");
    terminal.wait_for("ctrl-c-gave-130");
    // Ctrl-C at the prompt reaches the shell alone, and only once.
    terminal.press("cat\n");
    terminal.press("through cat\n");
    terminal.wait_for("through cat"); // what was typed
    terminal.wait_for("through cat"); // what cat says
    terminal.press("\x04");
    terminal.wait_for("prompt> ");
    terminal.press("exit 7\n");
    let status = child.wait().expect("the shell ends");
    assert_eq!(status.code(), Some(7), "{}", terminal.seen);

    let trace = Trace::read(&log);
    trace.is_sound();
    assert!(trace.complete);
    let stops: usize = trace.tasks.values().map(|task| task.stops.len()).sum();
    let continues: usize = trace.tasks.values().map(|task| task.continues).sum();
    assert!(stops >= 1 && continues >= 1, "{stops} stops, {continues} continues");
    let interrupted = trace.tasks.values().filter(|task| {
        task.signals.iter().filter(|signal| signal.number == 2).count() == 1
            && task.exit == Some(crate::common::Exit::Signal(2))
    });
    assert_eq!(interrupted.count(), 1, "one job got one SIGINT and died of it");
}

#[test]
fn the_command_gets_the_terminal_and_its_size() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let log = dir.path().join("tty.mp");
    let log = log.to_str().expect("a plain path");
    let script =
        "tty; stty size; ps -o tpgid=,pgid= -p $$ | awk '{print ($1==$2) \" foreground\"}'";
    let (mut terminal, mut child) = on_terminal(&[
        env!("CARGO_BIN_EXE_rtrace"),
        "run",
        "-q",
        "-o",
        log,
        "--",
        "bash",
        "-c",
        script,
    ]);
    terminal.wait_for("/dev/pts/");
    terminal.wait_for("1 foreground");
    assert!(child.wait().expect("it ends").success());
}
