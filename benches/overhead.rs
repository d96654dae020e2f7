//! What recording costs, on workloads that stand for others, against other tracers:
//! `cargo bench --bench overhead -- [--rounds N] [W1 W6 git …]`.
//!
//! `rtrace bench` does the same for any command; `docs/bench.md` says how it measures,
//! and what the columns are.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rtrace::bench::{self, Plan, Recorder, Report, Subject};

/// A command that is worth measuring.
struct Workload {
    name: &'static str,
    what: &'static str,
    /// Makes what it needs in a directory of its own, with a shell.
    setup: &'static str,
    command: &'static [&'static str],
    /// Before each run.
    prepare: Option<&'static str>,
}

/// Calls of W1 and, four each, of W2 and W5.
const MANY: &str = "20000";
const QUARTER: &str = "5000";

const WORKLOADS: &[Workload] = &[
    Workload {
        name: "W1",
        what: "getppid in a loop",
        setup: "cc -O2 -o getppid \"$SOURCES/getppid.c\"",
        command: &["./getppid", MANY],
        prepare: None,
    },
    Workload {
        name: "W2",
        what: "openat, fstat, read, close of a small file",
        setup: "cc -O2 -o openread \"$SOURCES/openread.c\"",
        command: &["./openread", QUARTER],
        prepare: None,
    },
    Workload {
        name: "W3",
        what: "make -j2 of 20 C files",
        setup: r#"
            printf 'all: $(patsubst %%,f%%.o,$(shell seq 20))\n%%.o: %%.c\n\t$(CC) -O0 -c $<\n' >Makefile
            for i in $(seq 20); do
                printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n' >f$i.c
                echo "int f$i(int x) { char *s = malloc(9); puts(strcpy(s, \"f$i\")); return x; }" >>f$i.c
            done"#,
        command: &["make", "-j2"],
        prepare: Some("rm -f *.o"),
    },
    Workload {
        name: "W4a",
        what: "find /usr/include",
        setup: "",
        command: &["find", "/usr/include"],
        prepare: None,
    },
    Workload {
        name: "W4b",
        what: "a Python start with imports",
        setup: "",
        command: &["/usr/bin/python3", "-c", "import json, asyncio, http.client"],
        prepare: None,
    },
    Workload {
        name: "W5",
        what: "four threads of pread",
        setup: "cc -O2 -pthread -o pread \"$SOURCES/pread.c\"",
        command: &["./pread", QUARTER],
        prepare: None,
    },
    Workload {
        name: "W6",
        what: "a shell that runs /bin/true 1000 times",
        setup: "",
        command: &["sh", "-c", "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done"],
        prepare: None,
    },
    Workload {
        name: "idle",
        what: "getppid in a loop, beside 10,000 threads that sleep",
        setup: "cc -O2 -o idle \"$SOURCES/idle.c\"",
        command: &["./idle", "10000", MANY],
        prepare: None,
    },
    Workload {
        name: "git",
        what: "git status on a tree of 5,000 files",
        setup: r"
            for d in $(seq 50); do
                mkdir -p d$d
                for f in $(seq 100); do echo $d $f >d$d/$f; done
            done
            git init -q . && git add .",
        command: &["git", "status", "--short"],
        // So that git looks at the files, and does not trust its index.
        prepare: Some("find . -name .git -prune -o -type f -print0 | xargs -0 touch"),
    },
    Workload {
        name: "cargo",
        what: "cargo build of a small crate",
        setup: "cargo init -q --vcs none --name small .",
        command: &["cargo", "build", "-q", "--offline", "--target-dir", "target"],
        prepare: Some("rm -rf target"),
    },
    Workload {
        name: "tests",
        what: "a Python test-suite: files and processes",
        setup: r#"
            cat >test_small.py <<'END'
import os, subprocess, tempfile, unittest
class Small(unittest.TestCase):
    pass
def files(self):
    with tempfile.TemporaryDirectory() as place:
        for name in "abcdefgh":
            with open(os.path.join(place, name), "w") as out:
                out.write(name * 1000)
        self.assertEqual(len(os.listdir(place)), 8)
def process(self):
    self.assertEqual(subprocess.check_output(["echo", "x"]), b"x\n")
for number in range(50):
    setattr(Small, "test_files_%d" % number, files)
    setattr(Small, "test_process_%d" % number, process)
END"#,
        command: &["/usr/bin/python3", "-m", "unittest", "-q", "test_small"],
        prepare: None,
    },
    Workload {
        name: "pg",
        what: "a PostgreSQL server that starts, does 200 transactions and stops",
        setup: r#"
            as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
            bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
            [ -x "$bin/initdb" ]
            cat >run.sh <<END
set -e
as() { if [ "\$(id -u)" = 0 ]; then runuser -u postgres -- "\$@"; else "\$@"; fi; }
server() { as $bin/pg_ctl -D $PWD/data -s -w "\$@"; }
trap 'server -m fast stop' EXIT
server -l $PWD/data/log -o "-k $PWD/data -c listen_addresses= -c fsync=off" start
\${1:-as $bin/pgbench -h $PWD/data -n -t 200 postgres}
END
            chmod a+x . ..
            mkdir -p data
            [ "$(id -u)" != 0 ] || chown postgres data
            as $bin/initdb -A trust -D data >/dev/null
            sh run.sh "as $bin/pgbench -h $PWD/data -q -i -s 1 postgres" 2>/dev/null"#,
        command: &["sh", "run.sh"],
        prepare: None,
    },
];

/// What to measure with: all that is there.
fn recorders(scratch: &Path) -> Vec<Recorder> {
    let rtrace = Path::new(env!("CARGO_BIN_EXE_rtrace"));
    let names = ["rtrace"].into_iter().chain(bench::PEERS);
    let found = names.filter_map(|name| {
        let found = bench::named(name, rtrace, scratch);
        found.map_err(|missing| eprintln!("left out: {missing}")).ok()
    });
    found.collect()
}

/// Makes what a workload needs; `None`: a tool that it needs is not there.
fn set_up(workload: &Workload, dir: &Path) -> Option<()> {
    fs::create_dir_all(dir).expect("a directory in the scratch directory");
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/workloads");
    let mut shell = Command::new("sh");
    shell.args(["-ec", workload.setup]).current_dir(dir).env("SOURCES", sources);
    let status = shell.status().expect("sh runs");
    status.success().then_some(())
}

fn measure(
    workload: &Workload,
    recorders: &[Recorder],
    rounds: u32,
    scratch: &Path,
) -> Option<Report> {
    let dir = scratch.join(workload.name);
    set_up(workload, &dir)?;
    let plan = Plan {
        command: workload.command.iter().map(OsString::from).collect(),
        dir: Some(dir),
        prepare: workload.prepare.map(str::to_owned),
        rounds,
        recorders: recorders.to_vec(),
    };
    let report = bench::measure(&plan, scratch, |step| {
        eprint!("\r{} {}/{}: {:20}", workload.name, step.done + 1, step.of, step.recorder);
    });
    eprint!("\r{:50}\r", "");
    report.map_err(|error| eprintln!("{}: {error}", workload.name)).ok()
}

fn print(workload: &Workload, report: &Report) {
    let machine = &report.machine;
    println!("\n{}: {}", workload.name, workload.what);
    println!(
        "{:16} {:>10} {:>7} {:>8} {:>9} {:>11} {:>9} {:>6}",
        "", "ms", "spread", "ratio", "µs/call", "bytes/call", "calls", "lost"
    );
    for subject in &report.subjects {
        let summary = &subject.summary;
        let number =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.1}"));
        let count = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
        let (time, spread) =
            (Duration::from_nanos(summary.time).as_secs_f64() * 1e3, summary.spread * 100.0);
        println!(
            "{:16} {time:>10.1} {spread:>5.0} % {:>8.2} {:>9} {:>11} {:>9} {:>6}  {}",
            subject.name,
            summary.ratio,
            number(summary.per_call.map(|ns| ns / 1000.0)),
            number(summary.bytes_per_call),
            count(summary.calls),
            count(summary.lost),
            summary.fault.as_ref().map(|fault| format!("not ranked: {fault}")).unwrap_or_default(),
        );
    }
    if !machine.quiet {
        println!("busy: other work on {:.1} of {} processors", machine.others, machine.processors);
    }
}

/// Ratios of all workloads, in brackets the µs that each call costs more.
fn print_all(recorders: &[Recorder], reports: &[(&Workload, Report)]) {
    let of = |report: &Report, name: &str| -> Option<Subject> {
        report.subjects.iter().find(|subject| subject.name == name).cloned()
    };
    print!("\n| ratio to native (µs a call) |");
    for (workload, _) in reports {
        print!(" {} |", workload.name);
    }
    print!("\n| --- |{}", " --- |".repeat(reports.len()));
    for recorder in recorders {
        print!("\n| `{}` |", recorder.shown);
        for (_, report) in reports {
            match of(report, recorder.name).map(|subject| subject.summary) {
                Some(summary) if summary.fault.is_none() => {
                    let per_call = summary.per_call.unwrap_or_default() / 1000.0;
                    print!(" {:.2} ({per_call:.1}) |", summary.ratio);
                }
                Some(_) => print!(" – |"),
                None => print!(" |"),
            }
        }
    }
    let quiet = reports.iter().all(|(_, report)| report.machine.quiet);
    println!("\n\nThe machine was {}.", if quiet { "quiet" } else { "busy with other work" });
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut rounds, mut names) = (5, Vec::new());
    while let Some(word) = args.next() {
        if word == "--rounds" {
            let count = args.next().and_then(|count| count.parse().ok());
            rounds = count.filter(|count| *count > 0).expect("--rounds takes a number from 1");
        } else {
            let is_known = WORKLOADS.iter().any(|workload| workload.name == word);
            assert!(is_known, "no workload '{word}'");
            names.push(word);
        }
    }
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let recorders = recorders(scratch.path());
    let mut reports = Vec::new();
    let is_wanted =
        |workload: &&Workload| names.is_empty() || names.iter().any(|name| name == workload.name);
    for workload in WORKLOADS.iter().filter(is_wanted) {
        match measure(workload, &recorders, rounds, scratch.path()) {
            Some(report) => {
                print(workload, &report);
                reports.push((workload, report));
            }
            None => eprintln!("{} ({}) is left out", workload.name, workload.what),
        }
    }
    print_all(&recorders, &reports);
}
