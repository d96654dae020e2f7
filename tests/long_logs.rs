//! What is made of a log takes no more memory the longer it is: what counts is how many
//! files and living tasks there are.

mod common;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;

use common::long::Long;
use common::tool;
use rtrace::export::FORMATS;

/// Events of the short log: several blocks, so that buffers have their size.
const SHORT: u64 = 12_000;
const LONG: u64 = 5 * SHORT;
/// KiB that the long one may take beyond the short one: a byte for each event more is 47,
/// and the least that one could keep of an event takes a hundred.
const MORE: u64 = 3_000;

fn write_log(events: u64, path: &Path) {
    let out = BufWriter::new(File::create(path).expect("a new file"));
    Long { events, per_program: 2_000, per_block: 1_500, files: 500 }.write(out).expect("a log");
}

/// Runs a command, and says how many KiB it has taken at most.
const ASK: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

fn peak(arguments: &[&str], log: &Path) -> u64 {
    let mut python = Command::new(common::python_path());
    python.args(["-c", ASK, env!("CARGO_BIN_EXE_rtrace")]).args(arguments).arg(log);
    tool(&mut python).trim().parse().expect("a number")
}

/// Holds commands, which are given a log behind their arguments, to the bound.
fn take_the_same(commands: &[Vec<&str>]) {
    let dir = tempfile::tempdir().expect("a directory");
    let [short, long] = ["short.mp", "long.mp"].map(|name| dir.path().join(name));
    write_log(SHORT, &short);
    write_log(LONG, &long);
    for arguments in commands {
        let (before, after) = (peak(arguments, &short), peak(arguments, &long));
        assert!(
            after <= before + MORE,
            "{arguments:?}: {before} KiB for {SHORT} events, {after} for {LONG}"
        );
    }
}

#[test]
fn counting_copying_and_lines_take_no_memory_for_events() {
    take_the_same(&[
        vec!["stats"],
        vec!["check"],
        vec!["cat", "-o", "/dev/null"],
        vec!["convert", "--to", "nt"],
        vec!["convert", "--to", "csv"],
        vec!["convert", "--to", "strace"],
    ]);
}

#[test]
#[ignore = "a minute; tests/run --all"]
fn no_format_takes_memory_for_events() {
    let convert = FORMATS.iter().map(|format| vec!["convert", "--to", format.name]);
    let others = [vec!["show"], vec!["query", "--name", "failed"]];
    take_the_same(&convert.chain(others).collect::<Vec<_>>());
}
