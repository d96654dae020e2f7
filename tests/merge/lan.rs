//! Machines in network namespaces, each with an address on one network, and logs of what
//! ran on them; the logs are given machines, clocks and names of their own afterwards, for
//! the namespaces share those of the kernel.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rtrace::event::Batch;
use rtrace::log::{End, Reader, Writer};
use serde_json::Value;

/// Makes `/run` private, a bridge, and a namespace `hN` with the address `10.9.0.N` for
/// each of the machines.
const NETWORK: &str = r#"
set -eu
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
mount -t tmpfs none /run
ip link set lo up
ip link add lan type bridge
ip link set lan up
host() {
  ip netns add "h$1"
  ip link add "v$1" type veth peer name eth0 netns "h$1"
  ip link set "v$1" master lan up
  ip -n "h$1" link set lo up
  ip -n "h$1" addr add "10.9.0.$1/24" dev eth0
  ip -n "h$1" link set eth0 up
}
# on N COMMAND: in the network of a machine
on() { local host=$1; shift; ip netns exec "h$host" "$@"; }
# record N LOG COMMAND
record() { local host=$1 log=$2; shift 2; on "$host" "$RTRACE" run -o "$log" -- "$@"; }
# until a file is there
await() { until [ -e "$1" ]; do read -rt 0.02 <> <(:) || :; done; }
"#;

/// What a machine is to be taken for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guise {
    pub(crate) number: u8,
    /// By how much its clock is ahead: nanoseconds.
    pub(crate) ahead: i64,
    /// What it gains for each nanosecond.
    pub(crate) drift: f64,
}

impl Guise {
    pub(crate) const fn of(number: u8) -> Self {
        Self { number, ahead: 0, drift: 0.0 }
    }

    pub(crate) const fn ahead(self, ahead: i64) -> Self {
        Self { ahead, ..self }
    }

    pub(crate) const fn drift(self, drift: f64) -> Self {
        Self { drift, ..self }
    }
}

/// A directory in which such machines have left their logs.
pub(crate) struct Lan {
    dir: tempfile::TempDir,
    logs: Vec<String>,
}

impl Lan {
    /// Runs a script of bash, with those files, on so many machines.
    #[track_caller]
    pub(crate) fn run(machines: u8, files: &[(&str, &str)], script: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("written");
        }
        let hosts = (1..=machines).map(|number| format!("host {number}"));
        let hosts = hosts.collect::<Vec<_>>().join("\n") + "\n";
        let words = if nix::unistd::geteuid().is_root() { "-nm" } else { "-rnm" };
        let output = Command::new("unshare")
            .args([words, "bash", "-c", &[NETWORK, &hosts, script].concat()])
            .current_dir(dir.path())
            .env("RTRACE", env!("CARGO_BIN_EXE_rtrace"))
            .env("LC_ALL", "C")
            .output()
            .expect("unshare is there (tests/run installs it)");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{said}", output.status);
        Self { dir, logs: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A log, as if it came from such a machine; it is one of those that are asked.
    pub(crate) fn log(mut self, name: &str, guise: Guise) -> Self {
        let made = format!("as-{name}");
        disguise(&self.path().join(name), &self.path().join(&made), guise);
        self.logs.push(made);
        self
    }

    /// `rtrace` with these words, in the directory of the logs.
    pub(crate) fn rtrace(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtrace"));
        command.args(words).current_dir(self.path()).output().expect("rtrace runs")
    }

    /// The same, which must end well; what it wrote.
    #[track_caller]
    pub(crate) fn text(&self, words: &[&str]) -> String {
        let output = self.rtrace(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Some of them alone.
    pub(crate) fn only(&self, logs: &[String]) -> Asked<'_> {
        Asked { lan: self, logs: logs.to_vec() }
    }

    /// The paths of an answer about a file of the directory, as far as they are in it.
    #[track_caller]
    pub(crate) fn own(&self, query: &str, path: &str) -> Vec<String> {
        let param = format!("path={path}");
        let words = ["--name", query, "--param", &param, "--format", "json"];
        let json: Value = serde_json::from_str(&self.of_all("query", &words)).expect("JSON");
        let dir = self.path().canonicalize().expect("it is there");
        let dir = [dir.to_str().expect("text"), "/"].concat();
        let rows = json["results"]["bindings"].as_array().expect("rows").iter();
        let paths = rows.filter_map(|row| row["path"]["value"].as_str()?.strip_prefix(&dir));
        let mut paths: Vec<_> = paths.map(str::to_owned).collect();
        paths.sort();
        paths
    }

    pub(crate) fn logs(&self) -> Vec<&str> {
        self.logs.iter().map(String::as_str).collect()
    }

    /// `rtrace COMMAND LOGS… WORDS…`.
    #[track_caller]
    pub(crate) fn of_all(&self, command: &str, words: &[&str]) -> String {
        self.text(&[&[command][..], &self.logs(), words].concat())
    }

    /// What `merge --links --format json` says.
    #[track_caller]
    pub(crate) fn merged(&self) -> Merged {
        self.only(&self.logs).merged()
    }
}

/// Some of the logs.
pub(crate) struct Asked<'a> {
    lan: &'a Lan,
    logs: Vec<String>,
}

impl Asked<'_> {
    /// What `merge --links --format json` says, in any order of the logs.
    #[track_caller]
    pub(crate) fn merged(&self) -> Merged {
        let mut logs: Vec<_> = self.logs.iter().map(String::as_str).collect();
        let ask = |logs: &[&str]| {
            self.lan.text(&[&["merge"][..], logs, &["--links", "--format", "json"]].concat())
        };
        let text = ask(&logs);
        logs.reverse();
        assert_eq!(text, ask(&logs), "the order of the logs matters");
        Merged(serde_json::from_str(&text).expect("JSON"))
    }
}

/// What was merged.
pub(crate) struct Merged(pub(crate) Value);

impl Merged {
    /// `NAME = NAME` of the links of a reason, each with its confidence in percent.
    pub(crate) fn links(&self, reason: &str) -> Vec<(String, u64)> {
        let links = self.0["links"].as_array().expect("a list").iter();
        let of_reason = links.filter(|link| link["reason"] == reason);
        let text = |link: &Value| {
            let names = [0, 1].map(|end| link["ends"][end]["name"].as_str().unwrap_or_default());
            let confidence = link["confidence"].as_f64().expect("a number") * 100.0;
            (names.join(" = "), confidence.round() as u64)
        };
        of_reason.map(text).collect()
    }

    /// What the clock of that machine is ahead of that of the other, with the error.
    pub(crate) fn ahead(&self, one: u8, other: u8) -> (i128, u64) {
        let number =
            |value: &Value| value.as_str().expect("text").parse::<i128>().expect("a number");
        let of = |host: u8| {
            let runs = self.0["runs"].as_array().expect("a list");
            let name = format!("host{host}");
            let clock =
                &runs.iter().find(|run| run["host"] == *name).expect("it is there")["clock"];
            (number(&clock["ahead_ns"]), clock["error_ns"].as_u64().expect("it is known"))
        };
        let (one, other) = (of(one), of(other));
        (one.0 - other.0, one.1 + other.1)
    }

    pub(crate) fn conflicts(&self) -> usize {
        self.0["conflicts"].as_array().expect("a list").len()
    }
}

/// Writes a log again, as if it came from another machine, with another clock.
#[expect(clippy::cast_precision_loss, reason = "times of runs of seconds")]
fn disguise(log: &PathBuf, made: &Path, guise: Guise) {
    let mut reader = Reader::open(log).expect("a log");
    let mut header = reader.header().clone();
    let number = guise.number;
    header.host.name = format!("host{number}").into_bytes();
    header.host.machine_id = format!("{number:032x}");
    header.host.boot_id = format!("{number:08x}-0000-4000-8000-000000000000");
    header.clock.realtime = header.clock.realtime.saturating_add_signed(guise.ahead);
    header.clock.monotonic += u64::from(number) * 1_000_000_007;
    let gained = |time: u64| time.saturating_add_signed((time as f64 * guise.drift) as i64);
    let out = BufWriter::new(File::create(made).expect("a new file"));
    let mut writer = Writer::new(out, &header).expect("a header");
    let (mut batch, mut changed) = (Batch::new(), Batch::new());
    while reader.next_batch(&mut batch).expect("a block").is_some() {
        changed.clear();
        for mut record in batch.iter() {
            (record.start, record.end) = (gained(record.start), record.end.map(gained));
            changed.push(&record);
        }
        for fact in batch.facts() {
            let mut fact = fact.clone();
            fact.time = gained(fact.time);
            changed.push_fact(fact);
        }
        writer.write_batch(&changed).expect("a block");
    }
    writer.finish(End::default()).expect("an end");
}
