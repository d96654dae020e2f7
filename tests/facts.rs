//! What a log says beside the calls: states of files, programs, ends of sockets,
//! what was inherited; held to what the system says of the same.

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use common::{Build, Rtrace, Run, Trace, tool, tracee, tracee_built};
use rtrace::event::{Fact, FactKey, FactKind};

/// The facts of a kind that are about a file whose path ends so.
fn about<'a>(trace: &'a Trace, kind: FactKind, path: &str) -> Vec<&'a Fact> {
    let is_meant = |fact: &&Fact| {
        fact.bytes(FactKey::Path).is_some_and(|known| known.ends_with(path.as_bytes()))
    };
    trace.facts.iter().filter(|fact| fact.kind == kind).filter(is_meant).collect()
}

/// What a fact says of a file is what the file is.
#[track_caller]
fn is_as(fact: &Fact, path: &Path) {
    let meta = fs::metadata(path).expect("it is there");
    let expected = [
        (FactKey::Device, meta.dev() as i64),
        (FactKey::Inode, meta.ino() as i64),
        (FactKey::Mode, i64::from(meta.mode())),
        (FactKey::Size, meta.size() as i64),
        (FactKey::Modified, meta.mtime() * 1_000_000_000 + meta.mtime_nsec()),
        (FactKey::Changed, meta.ctime() * 1_000_000_000 + meta.ctime_nsec()),
    ];
    for (key, value) in expected {
        assert_eq!(fact.number(key), Some(value), "{key:?} of {}: {fact:?}", path.display());
    }
}

fn sizes(facts: &[&Fact]) -> Vec<i64> {
    facts.iter().filter_map(|fact| fact.number(FactKey::Size)).collect()
}

#[test]
fn a_file_when_it_was_opened_and_after_it_was_written() {
    let run = Rtrace::bash("echo one >f; cat f; echo two >>f; ln -s f l; cat l");
    let run = run.finish();
    let trace = run.trace();
    let (first, written) =
        (about(&trace, FactKind::File, "/f"), about(&trace, FactKind::Written, "/f"));
    assert_eq!(sizes(&first)[0], 0, "as it was made");
    assert_eq!(sizes(&written), [4, 8]);
    is_as(written[1], &run.dir().join("f"));
    is_as(first.last().expect("l leads to it"), &run.dir().join("f"));
    assert!(about(&trace, FactKind::File, "/l").is_empty(), "its path is the real one");
}

/// How a descriptor that wrote a file can come to its end.
fn written(script: &str) -> (Run, Vec<i64>) {
    let run = Rtrace::bash(script).finish();
    let sizes = sizes(&about(&run.trace(), FactKind::Written, "/f"));
    (run, sizes)
}

#[test]
fn a_descriptor_that_another_one_replaces() {
    // The shell's redirection of its own echo: dup2 over 1, and back.
    let (run, sizes) = written("echo 12345 >f");
    assert_eq!(sizes, [6]);
    is_as(about(&run.trace(), FactKind::Written, "/f")[0], &run.dir().join("f"));
}

#[test]
fn a_process_that_ends_with_its_file_open() {
    assert_eq!(written("exec 5>f; echo 12 >&5; exit 3").1, [3]);
    assert_eq!(written("exec 5>f; echo 12 >&5; exec true").1, [3]);
    assert_eq!(written("exec 5>f; echo 12 >&5; kill -TERM $$; sleep 9").1, [3]);
}

#[test]
fn a_file_that_is_gone_when_the_run_ends() {
    assert_eq!(written("echo 1234567 >f; rm f").1, [8]);
}

#[test]
fn a_file_that_children_write() {
    assert_eq!(written("{ echo 1; (echo 2); cat /etc/hostname >/dev/null; } >f").1, [4]);
}

#[test]
fn what_is_no_file_is_not_looked_at_as_one() {
    let run =
        Rtrace::bash("mkfifo p; echo 1 >p & cat p >/dev/null; echo 2 >/dev/null; wait").finish();
    let trace = run.trace();
    let written = trace.facts.iter().filter(|fact| fact.kind == FactKind::Written);
    let paths: Vec<_> = written.filter_map(|fact| fact.bytes(FactKey::Path)).collect();
    assert!(paths.is_empty(), "{paths:?}");
}

/// What `readelf` says of a program: its loader and its build-id in hexadecimal.
fn readelf(program: &Path) -> (Option<String>, Option<String>) {
    let text = tool(Command::new("readelf").args(["-l", "-n", "-W"]).arg(program));
    let after = |start: &str| {
        let rest = text.split_once(start)?.1;
        Some(rest.split(['\n', ']']).next()?.trim().to_owned())
    };
    (after("program interpreter:"), after("Build ID:"))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|d| char::from_digit(d.into(), 16))
        .collect()
}

#[track_caller]
fn tells_as_readelf(program: &Path) {
    let run = Rtrace::run(program).finish();
    let trace = run.trace();
    let fact = trace.facts.iter().find(|fact| fact.kind == FactKind::Executable);
    let fact = fact.expect("an exec has a fact");
    is_as(fact, program);
    let loader = fact.bytes(FactKey::Loader).map(|path| String::from_utf8_lossy(path).into_owned());
    assert_eq!((loader, fact.bytes(FactKey::BuildId).map(hex)), readelf(program));
}

#[test]
fn loader_and_build_id_of_a_program() {
    tells_as_readelf(Path::new("/bin/true"));
    tells_as_readelf(&tracee("everyday"));
}

#[test]
fn loader_and_build_id_of_32_bits() {
    tells_as_readelf(&tracee_built("chain32", Build::I386));
}

#[test]
fn a_program_without_loader_at_any_address() {
    let dir = tempfile::tempdir().expect("a directory");
    let source = dir.path().join("a.c");
    fs::write(&source, "int main(void) { return 0; }").expect("written");
    for flags in [&["-static"][..], &["-static-pie"], &["-no-pie"], &["-Wl,--build-id=none"]] {
        let program = dir.path().join("a.out");
        tool(
            Command::new("gcc")
                .args(flags)
                .arg("-Wl,--build-id")
                .args(flags)
                .arg("-o")
                .arg(&program)
                .arg(&source),
        );
        tells_as_readelf(&program);
    }
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("allowed");
}

#[test]
fn interpreters_of_a_script() {
    let dir = tempfile::tempdir().expect("a directory");
    let (inner, outer) = (dir.path().join("inner"), dir.path().join("outer"));
    script(&inner, "#!/bin/bash -e\nexit 0\n");
    script(&outer, &format!("#!{} two words\nnothing\n", inner.display()));
    let run = Rtrace::run(&outer).arg("argument").finish();
    run.exited(0);
    let trace = run.trace();
    let fact = trace.facts.iter().find(|fact| fact.kind == FactKind::Executable);
    let fact = fact.expect("an exec has a fact");
    let inner = inner.to_str().expect("text");
    let expected = ["/bin/bash", "-e", inner, "two words"].map(|word| word.as_bytes().to_vec());
    assert_eq!(fact.list(FactKey::Interpreters), Some(&expected[..]));
    assert_eq!(fact.bytes(FactKey::Script), outer.to_str().map(str::as_bytes));
    is_as(fact, Path::new("/bin/bash"));
}

#[test]
fn no_interpreter_where_a_program_is_its_own_argument() {
    let run = Rtrace::run("/bin/cat").arg("/bin/cat").finish();
    let trace = run.trace();
    let facts = trace.facts.iter().filter(|fact| fact.kind == FactKind::Executable);
    assert_eq!(facts.filter_map(|fact| fact.get(FactKey::Interpreters)).count(), 0);
}

#[test]
fn what_was_inherited() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("inherited");
    fs::write(&file, "12345").expect("written");
    let run = Rtrace::bash("true").under(["bash", "-c", "exec 7<$0; exec \"$@\""]);
    let run = run.under([file.to_str().expect("text")]).finish();
    let trace = run.trace();
    let fact = about(&trace, FactKind::Descriptor, "/inherited");
    assert_eq!(fact.len(), 1, "{:?}", trace.facts);
    assert_eq!(fact[0].number(FactKey::Fd), Some(7));
    assert_eq!(fact[0].number(FactKey::Offset), Some(0));
    is_as(fact[0], &file);
    let process = trace.facts.iter().find(|fact| fact.kind == FactKind::Process).expect("one");
    assert_eq!(process.bytes(FactKey::Cwd), run.dir().to_str().map(str::as_bytes));
}

#[test]
fn both_ends_of_a_connection_at_both_ends() {
    const SCRIPT: &str = r"
import socket
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
accepted, peer = server.accept()
print(server.getsockname()[1], peer[1])
";
    let run = Rtrace::run("python3").args(["-c", SCRIPT]).finish();
    let ports: Vec<u16> =
        run.stdout.split_whitespace().map(|port| port.parse().expect("a port")).collect();
    let [server, client] = ports[..] else { panic!("{}", run.stdout) };
    let trace = run.trace();
    let port = |fact: &Fact, key| {
        let address = fact.bytes(key)?;
        Some(u16::from_be_bytes(address.get(2..4)?.try_into().ok()?))
    };
    let mut ends: Vec<_> = trace
        .facts
        .iter()
        .filter(|fact| fact.kind == FactKind::Socket)
        .filter_map(|fact| Some((port(fact, FactKey::Local)?, port(fact, FactKey::Remote)?)))
        .collect();
    ends.sort_unstable();
    let mut expected = [(server, client), (client, server)];
    expected.sort_unstable();
    assert_eq!(ends, expected, "{:?}", trace.facts);
}

/// Content facts of a run: path, hash, and the fact.
fn contents(run: &Run) -> Vec<(String, Option<String>, Fact)> {
    let facts = run.trace().facts;
    let facts = facts.into_iter().filter(|fact| fact.kind == FactKind::Content);
    let described = facts.map(|fact| {
        let path = String::from_utf8_lossy(fact.bytes(FactKey::Path).unwrap_or_default());
        (path.into_owned(), fact.bytes(FactKey::Hash).map(hex), fact)
    });
    described.collect()
}

fn full(script: &str) -> Run {
    Rtrace::bash(script).option("--facts").option("full").finish()
}

#[test]
fn hashes_of_what_was_read_written_and_executed() {
    let run = full("echo one >f; cat f; echo two >>f; cat f; cp f g; rm g; : >empty; cat empty");
    run.exited(0);
    let contents = contents(&run);
    let hash = |bytes: &[u8]| Some(blake3::hash(bytes).to_hex().to_string());
    let of = |path: &str| -> Vec<Option<String>> {
        let of = contents.iter().filter(|(known, ..)| known.ends_with(path));
        of.map(|(_, hash, _)| hash.clone()).collect()
    };
    // Once for each state. The writer's next write may have been faster.
    let f = of("/f");
    assert_eq!(f.len(), 2, "{contents:?}");
    assert!([hash(b"one\n"), hash(b"one\ntwo\n")].contains(&f[0]));
    assert_eq!(f[1], hash(b"one\ntwo\n"));
    assert!(of("/empty").is_empty());
    let bash = fs::read("/bin/bash").expect("read");
    assert_eq!(of("/bash"), [hash(&bash)]);
    for (path, hash, fact) in &contents {
        let is_told = hash.is_some() || fact.bytes(FactKey::Text).is_some();
        assert!(is_told && !path.starts_with("/proc/"), "{fact:?}");
    }
    let deleted = contents.iter().find(|(path, ..)| path.ends_with("/g"));
    let (_, deleted, fact) = deleted.expect("it was there when it was closed");
    assert_eq!(*deleted, hash(b"one\ntwo\n"), "{fact:?}");
}

#[test]
fn hashes_change_nothing_for_fifos_devices_and_full_tables() {
    let script = "mkfifo p; echo 1 >p & cat p; head -c 4 /dev/zero | wc -c; cat /proc/self/stat >/dev/null; wait";
    let run = full(script);
    run.exited(0);
    assert_eq!(run.stdout, "1\n4\n");
    let odd =
        |path: &str| path.starts_with("/proc") || path.starts_with("/dev") || path.ends_with("/p");
    let contents = contents(&run);
    assert!(contents.iter().all(|(path, ..)| !odd(path)), "{contents:?}");
    let run =
        Rtrace::bash("for i in $(seq 99); do echo $i >f$i; done").option("--facts").option("full");
    let run = run.under(["bash", "-c", "ulimit -n 24; exec \"$@\"", "-"]).finish();
    run.exited(0);
    let hashed = self::contents(&run).iter().filter(|(_, hash, _)| hash.is_some()).count();
    assert!(hashed > 99, "{hashed}");
}

#[test]
fn a_hash_does_not_hold_a_program_back_that_was_just_written() {
    // A file that somebody has open for writing cannot be executed (ETXTBSY), one
    // that is locked not be locked.
    let script = "for i in $(seq 20); do cp /bin/true t; ./t || exit 1; rm t; \
        flock -n l true || exit 2; done";
    full(script).exited(0);
}

#[test]
fn without_facts_nothing_is_looked_up() {
    let script = "echo 1 >f; cat f; true";
    let run = Rtrace::bash(script).option("--facts").option("none").finish();
    let trace = run.trace();
    assert!(trace.facts.is_empty(), "{:?}", trace.facts);
    assert_eq!(trace.processes().len(), 2);
}
