//! Lives of processes: daemons, threads, children made in every way, and how they end.

use super::common::{Rtrace, python_path, tracee};
use super::kit::{Scenario, by_python, program};

#[test]
fn a_daemon_writes_when_its_parents_are_gone() {
    const SCRIPT: &str = "
import os, sys
ready, done = os.pipe()
if os.fork() == 0:
    os.close(ready)
    os.setsid()
    if os.fork():
        os._exit(3)
    path = os.path.abspath('daemon.log')
    os.chdir('/')
    with open(path, 'a') as out:
        out.write(open(path + '.in').read())
    os.write(done, b'.')
    os._exit(7)
os.close(done)
os.wait()
assert os.read(ready, 1) == b'.'
";
    let command = Rtrace::run(python_path()).args(["-S", "-c", SCRIPT]);
    let scenario = Scenario::run(&[("daemon.log.in", "served\n")], command);
    scenario.is_from("daemon.log", &["daemon.log.in"]);
    assert_eq!(scenario.wrote("daemon.log"), [by_python(7)]);
    let failed = scenario.ask("failed");
    let status: Vec<_> = failed.iter().map(|row| row["status"].as_str()).collect();
    assert_eq!(status, ["3", "7"]);
    let document = scenario.document();
    assert_eq!(document.links("fork").count(), 2);
    // Nobody whom rtrace sees has waited for the daemon.
    assert_eq!(document.links("join").count(), 1);
    let writer = &scenario.ask_of("who-wrote", "daemon.log")[0]["pid"];
    assert_eq!(writer, &failed[1]["pid"]);
}

#[test]
fn children_by_spawn_and_vfork_and_a_thread_that_executes() {
    let command = Rtrace::run(tracee("makers"));
    let scenario = Scenario::run(&[("input", "words\n")], command);
    assert_eq!(scenario.wrote("spawned"), ["cat 6"]);
    assert_eq!(scenario.wrote("vforked"), ["cp 6"]);
    assert_eq!(scenario.wrote("joined"), ["cat 12"]);
    scenario.is_from("spawned", &["input"]);
    scenario.is_from("vforked", &["input"]);
    // Threads wrote what the program that took their place read.
    scenario.is_from("joined", &["by-thread.0", "by-thread.1"]);
    for name in ["by-thread.0", "by-thread.1"] {
        let [writer] = &scenario.wrote(name)[..] else { panic!("{name} has one writer") };
        assert!(writer.starts_with("makers") && writer.ends_with(" 6"), "{writer}");
    }
    let document = scenario.document();
    assert_eq!(document.ties("fork").len(), 3, "{:?}", document.ties("fork"));
    let first = &document.links("start").next().expect("the command")["target"];
    let executions = document.nodes("execution").filter(|node| node["process"] == *first);
    assert_eq!(executions.count(), 2, "the thread's program takes the place of the first");
}

#[test]
fn how_processes_end_is_told() {
    let scenario = Scenario::of(
        &[],
        "sh -c 'exit 3'; sh -c 'kill -SEGV $$' 2>/dev/null; sh -c 'kill $$' 2>/dev/null
        sh -c 'kill -KILL $$' 2>/dev/null; setsid -w sh -c 'exit 4'; nohup cat nothing 2>/dev/null
        trap 'echo caught >caught' USR1; kill -USR1 $$; true",
    );
    let rows = scenario.ask("failed");
    let mut shown: Vec<_> = rows
        .iter()
        .map(|row| [program(&row["command"]), row["status"].clone()].join(" "))
        .collect();
    shown.sort();
    let expected = ["cat 1", "sh 3", "sh 4", "sh SIGKILL", "sh SIGSEGV", "sh SIGTERM"];
    assert_eq!(shown, expected, "{rows:#?}");
    assert_eq!(scenario.wrote("caught"), ["sh 7"]);
    let reason = rows.iter().find(|row| row["command"].starts_with("cat")).expect("it failed");
    assert!(reason["reason"].contains("nothing) = ENOENT"), "{reason:?}");
}

#[test]
fn workers_of_a_pool_and_what_they_hand_back() {
    const SCRIPT: &str = "
import multiprocessing, sys
def square(number):
    with open(f'in.{number}') as file:
        return int(file.read()) ** 2
if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        squares = pool.map(square, range(3), chunksize=1)
        pool.close(); pool.join()
    with open('sum', 'w') as out:
        out.write(str(sum(squares)))
";
    let files = [("pool.py", SCRIPT), ("in.0", "1"), ("in.1", "2"), ("in.2", "3")];
    for method in ["fork", "spawn"] {
        let command = Rtrace::run(python_path()).args(["pool.py", method]);
        let scenario = Scenario::run(&files, command.env("PYTHONDONTWRITEBYTECODE", "1"));
        scenario.is_from("sum", &["pool.py", "in.0", "in.1", "in.2"]);
        assert_eq!(scenario.wrote("sum"), [by_python(2)]);
    }
}
