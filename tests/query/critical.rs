//! What decided how long a run took.

use std::collections::{BTreeMap, BTreeSet};

use super::kit::{Run, python};

#[test]
fn the_critical_path_has_no_gap() {
    let script = "seq 1 3 >/dev/null &
        { sleep 0.2; echo y; } | sh -c 'read x; sleep 0.3; true'; wait; true";
    let run = Run::of(&[], script);
    let ns = |text: &str| -> u64 { text.replace('.', "").parse().expect("seconds") };
    let rows = run.ask("critical-path");
    let times: Vec<_> = rows.iter().map(|row| (ns(&row["start"]), ns(&row["duration"]))).collect();
    for pair in times.windows(2) {
        assert_eq!(pair[0].0 + pair[0].1, pair[1].0, "{rows:#?}");
    }
    let mut by_time: Vec<_> =
        rows.iter().map(|row| (ns(&row["duration"]), row["command"].as_str())).collect();
    by_time.sort_unstable();
    let longest: BTreeSet<_> = by_time.iter().rev().take(2).map(|(_, command)| *command).collect();
    assert_eq!(longest, BTreeSet::from(["sleep 0.2", "sleep 0.3"]), "{rows:#?}");
    assert!(!rows.iter().any(|row| row["command"].starts_with("seq")), "{rows:#?}");
    let ends = "SELECT (MIN(?s) AS ?first) (MAX(?e) AS ?last) {
        ?p a rtrace:Process; prov:startedAtTime ?s; prov:endedAtTime ?e }";
    let run_ends = &run.rows(&["--sparql", ends])[0];
    // Within a second: both are in the same minute, or the test is told so.
    let fraction = |text: &str| -> u64 {
        let (rest, seconds) = text.trim_end_matches('Z').rsplit_once(':').expect("a time");
        let minutes: u64 = rest.rsplit_once(':').expect("a time").1.parse().expect("minutes");
        minutes * 60_000_000_000 + ns(&format!("{seconds:0<12}")[..12])
    };
    let hour = 3_600_000_000_000;
    let whole = (fraction(&run_ends["last"]) + hour - fraction(&run_ends["first"])) % hour;
    assert_eq!(times.iter().map(|(_, duration)| duration).sum::<u64>(), whole);
}

/// Nanoseconds on the path, by command. All cells are there, and the parts follow each
/// other.
fn shares(run: &Run) -> BTreeMap<String, u64> {
    let ns = |text: &str| -> u64 { text.replace('.', "").parse().expect("seconds") };
    let rows = run.ask("critical-path");
    let ends = rows.iter().map(|row| ns(&row["start"]) + ns(&row["duration"]));
    for (end, next) in ends.zip(rows.iter().skip(1)) {
        assert_eq!(end, ns(&next["start"]), "{rows:#?}");
    }
    let mut shares = BTreeMap::new();
    for row in &rows {
        *shares.entry(row["command"].clone()).or_default() += ns(&row["duration"]);
    }
    shares
}

/// The command that most of the time went to.
fn longest(run: &Run) -> String {
    let shares = shares(run);
    let longest = shares.iter().max_by_key(|(_, ns)| **ns).expect("there is a path");
    longest.0.clone()
}

#[test]
fn a_slow_reader_holds_up_who_writes() {
    const SLOW: &str = "
import os, time
while os.read(0, 65536): time.sleep(0.05)
";
    // The writer's part of the shell ends last: it sleeps, and nobody waits for it.
    let reader = python() + " slow.py";
    let script =
        ["{ dd if=/dev/zero bs=65536 count=24; exec 1>&-; sleep 0.3; } | ", &reader].concat();
    let run = Run::of(&[("slow.py", SLOW)], &script);
    let shares = shares(&run);
    let of = |command: &str| shares.get(command).copied().unwrap_or_default();
    assert!(of(&reader) > of("dd if=/dev/zero bs=65536 count=24"), "{shares:#?}");
    assert!(of(&reader) > 0 && of("sleep 0.3") > 0, "{shares:#?}");
}

#[test]
fn a_slow_writer_holds_up_who_reads() {
    const SLOW: &str = "
import sys, time
for n in range(20): time.sleep(0.02); print(n, flush=True)
";
    let writer = python() + " slow.py";
    let run = Run::of(&[("slow.py", SLOW)], &[&writer, " | sort | wc -l >count"].concat());
    assert_eq!(longest(&run), writer);
}

#[test]
fn of_parallel_jobs_the_long_one_counts() {
    let run = Run::of(&[], "sleep 0.1 & sleep 0.6 & sleep 0.2 & wait; true");
    assert_eq!(longest(&run), "sleep 0.6");
    let shares = shares(&run);
    assert!(!shares.contains_key("sleep 0.1") && !shares.contains_key("sleep 0.2"), "{shares:#?}");
}

#[test]
fn one_after_the_other_all_count() {
    let script = "sh -c 'sleep 0.1; echo x >one' & sleep 0.01; wait
        sh -c 'sleep 0.2; cat one >two'; cat two >three";
    let shares = shares(&Run::of(&[], script));
    for command in ["sleep 0.1", "sleep 0.2", "cat two"] {
        assert!(shares.contains_key(command), "{command}: {shares:#?}");
    }
    assert!(!shares.contains_key("sleep 0.01"), "{shares:#?}");
}

#[test]
fn who_has_the_lock_holds_up_who_wants_it() {
    for command in ["flock lock".to_owned(), python() + " lock.py"] {
        const LOCK: &str = "
import fcntl, subprocess, sys
with open('lock', 'w') as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    subprocess.run(sys.argv[1:])
";
        let script = format!(
            "{command} sh -c 'touch held; sleep 0.8; true' &
            while ! [ -e held ]; do sleep 0.01; done; {command} sleep 0.1; true"
        );
        let run = Run::of(&[("lock.py", LOCK)], &script);
        let shares = shares(&run);
        assert!(shares.contains_key("sleep 0.8"), "{command}: {shares:#?}");
        assert!(shares.contains_key("sleep 0.1"), "{command}: {shares:#?}");
    }
}

#[test]
fn a_semaphore_in_shared_memory_is_a_lock_too() {
    const PROGRAM: &str = "
import multiprocessing, os, subprocess
lock = multiprocessing.Lock()
lock.acquire()
if os.fork():
    subprocess.run(['sleep', '0.6'])
    lock.release()
    os._exit(0)
lock.acquire()
subprocess.run(['sleep', '0.2'])
os._exit(0)
";
    // Nobody waits for the child, which ends last.
    let run = Run::of(&[("work.py", PROGRAM)], &(python() + " work.py; true"));
    let shares = shares(&run);
    assert!(shares.contains_key("sleep 0.6") && shares.contains_key("sleep 0.2"), "{shares:#?}");
}

#[test]
fn who_connects_late_holds_up_who_accepts() {
    const SERVER: &str = "
import os, socket, subprocess
server = socket.create_server(('127.0.0.1', 0))
with open('port.tmp', 'w') as port: port.write(str(server.getsockname()[1]))
os.rename('port.tmp', 'port')
server.accept()
subprocess.run(['sleep', '0.2'])
";
    const CLIENT: &str = "
import socket, subprocess
subprocess.run(['sleep', '0.6'])
socket.create_connection(('127.0.0.1', int(open('port').read())))
";
    let python = python();
    let script = format!(
        "{python} server.py & while ! [ -e port ]; do sleep 0.01; done
        {python} client.py; wait; true"
    );
    let run = Run::of(&[("server.py", SERVER), ("client.py", CLIENT)], &script);
    let shares = shares(&run);
    assert!(shares.contains_key("sleep 0.6") && shares.contains_key("sleep 0.2"), "{shares:#?}");
}
