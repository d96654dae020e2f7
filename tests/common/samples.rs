//! Small runs with what exports must hold, for readers of other makes.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Rtrace, hostile, tool, tracee};

/// Logs, `NAME.mp` in a directory of their own.
pub struct Samples {
    dir: TempDir,
}

impl Samples {
    /// Records them all.
    pub fn record() -> Self {
        let samples = Self { dir: tempfile::tempdir().expect("a directory") };
        samples.pipeline();
        samples.run("threads", Rtrace::run(tracee("threads")).arg("4")).exited(0);
        // Of the children that it makes, rtrace is not shown all.
        samples.run("unseen", Rtrace::run(tracee("odd_clone"))).exited(0);
        samples.run("killed", Rtrace::run("sh").args(["-c", "kill -SEGV $$"])).died_of(11);
        // How a file was may be told of a close that is not.
        let some = Rtrace::run("sh").args(["-c", "echo words >out"]);
        samples.run("filtered", some.option("-e").option("trace=openat")).exited(0);
        samples.odd_names();
        samples.attached();
        hostile::write_log(&samples.log("hostile"));
        samples
    }

    /// Bytes through pipes, failures, a killed child, hashes of files.
    fn pipeline(&self) {
        let script = "echo some words | tr a-z A-Z | sort >out; cat missing
            (exit 3); sleep 100 & kill -9 $!; wait";
        let run = Rtrace::run("sh").args(["-c", script]).option("--facts").option("full");
        self.run("pipeline", run).exited(0);
    }

    /// Names and arguments that are no text.
    fn odd_names(&self) {
        let script = OsStr::from_bytes(b"echo \"$1\" >\"$1\"; . \"./$1\"");
        let name = OsStr::from_bytes(b"a \xff\n<>\"\\%\x01\xc3\xa9");
        let run = Rtrace::run("sh").arg("-c").args([script, OsStr::new("sh"), name]);
        self.run("odd-names", run.env("ODD", OsStr::from_bytes(b"\x1b\xfe")));
    }

    /// A shell that was there before, and goes on when it is recorded.
    fn attached(&self) {
        let mut shell = Command::new("sh")
            .args(["-c", "read line; echo $line | cat; exit 5"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell");
        let log = self.log("attached");
        let mut rtrace = Command::new(env!("CARGO_BIN_EXE_rtrace"))
            .args(["attach", "-o"])
            .arg(&log)
            .arg(shell.id().to_string())
            .stderr(Stdio::null())
            .spawn()
            .expect("rtrace starts");
        until("rtrace has attached", || log.exists());
        let mut input = shell.stdin.take().expect("a pipe");
        input.write_all(b"words\n").expect("it listens");
        drop(input);
        assert_eq!(ended(&mut shell), Some(5));
        assert_eq!(ended(&mut rtrace), Some(0));
    }

    fn run(&self, name: &str, run: Rtrace) -> super::Run {
        run.log(self.log(name)).finish()
    }

    /// The log of that name.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir().join(name).with_extension("mp")
    }

    /// Where they are.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Converts all of them: `NAME.FORMAT`.
    pub fn convert(&self, format: &str) -> &Self {
        self.convert_as(format, &[], format)
    }

    /// The same with options of `rtrace convert`, to files of that extension.
    pub fn convert_as(&self, format: &str, options: &[&str], extension: &str) -> &Self {
        for entry in fs::read_dir(self.dir()).expect("a directory") {
            let log = entry.expect("an entry").path();
            if log.extension() == Some(OsStr::new("mp")) {
                let out = log.with_extension(extension);
                let mut convert = Command::new(env!("CARGO_BIN_EXE_rtrace"));
                tool(
                    convert
                        .arg("convert")
                        .arg(&log)
                        .args(["--to", format])
                        .args(options)
                        .arg("-o")
                        .arg(out),
                );
            }
        }
        self
    }
}

/// Waits until a condition holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits for its end; its exit code.
fn ended(child: &mut Child) -> Option<i32> {
    let mut status = None;
    until("a child ends", || {
        status = child.try_wait().expect("it is our child");
        status.is_some()
    });
    status.and_then(|status| status.code())
}
