//! `rtrace compare`: pairs of runs with a planted difference, whose root must be named
//! first, and pairs without any.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use kit::Batch;

mod baseline;
#[path = "../common/mod.rs"]
mod common;
mod equal;
mod kit;
mod names;
mod page;
mod planted;

const SORT: &str = "sort input.txt > sorted.txt\nwc -l < sorted.txt > count.txt\n";

#[test]
fn an_edited_input() {
    let batch = Batch::new(SORT, &[("input.txt", "b\na\n")]);
    let report = batch.twice(|batch| batch.write("input.txt", "b\na\nxyz\n"));
    report.names_first("input", &["input.txt", "its size", "sort input.txt"]);
}

#[test]
fn an_input_of_the_same_size_needs_facts() {
    let mut batch = Batch::new(SORT, &[("input.txt", "b\na\n")]);
    batch.options = vec!["--facts".into(), "full".into()];
    let report = batch.twice(|batch| batch.write("input.txt", "c\na\n"));
    report.names_first("input", &["input.txt", "its content"]);
}

#[test]
fn a_variable() {
    let batch = Batch::new(SORT, &[("input.txt", "b\na\nB\n")]);
    let report = batch.twice(|batch| batch.set("LC_ALL", "C.UTF-8"));
    report.names_first("environment", &["LC_ALL"]);
}

#[test]
fn a_time_zone() {
    let mut batch = Batch::new("date > now.txt\n", &[]);
    batch.set("TZ", "UTC");
    let report = batch.twice(|batch| batch.set("TZ", "Europe/Berlin"));
    report.names_first("environment", &["TZ", "Europe/Berlin"]);
}

#[test]
fn a_missing_file() {
    let script = "cat config.ini > copy.txt || exit 4\nsort input.txt > sorted.txt\n";
    let batch = Batch::new(script, &[("config.ini", "a=1\n"), ("input.txt", "b\na\n")]);
    let report = batch.twice(|batch| fs::remove_file(batch.path("config.ini")).expect("removed"));
    report.names_first("missing", &["config.ini", "ENOENT", "cat config.ini"]);
}

#[test]
fn a_permission() {
    // root may read everything: as another user.
    let script = "setpriv --reuid 65534 --clear-groups cat secret.txt > /dev/null || exit 4\n";
    let batch = Batch::new(script, &[("secret.txt", "x\n")]);
    let open = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(batch.dir.path(), open(0o755)).expect("opened");
    let report = batch.twice(|batch| {
        fs::set_permissions(batch.path("secret.txt"), open(0o600)).expect("closed");
    });
    report.names_first("refusal", &["secret.txt", "EACCES", "mode"]);
}

#[test]
fn a_full_disk() {
    let script = "cat input.txt > $OUT || exit 5\n";
    let mut batch = Batch::new(script, &[("input.txt", "x\n")]);
    batch.set("OUT", "out/result.txt");
    fs::create_dir(batch.path("out")).expect("made");
    let report = batch.twice(|batch| {
        // A name that stays the same, behind which there is no room.
        std::os::unix::fs::symlink("/dev/full", batch.path("out/full")).expect("linked");
        fs::remove_file(batch.path("out/result.txt")).expect("removed");
        fs::rename(batch.path("out/full"), batch.path("out/result.txt")).expect("renamed");
    });
    let text = report.json["findings"][0].to_string() + &report.json["findings"][1].to_string();
    assert_eq!(report.status, Some(1));
    assert!(text.contains("ENOSPC"), "{:#}", report.json);
}

#[test]
fn another_interpreter_in_the_path() {
    let mut batch = Batch::new("tool input.txt\n", &[("input.txt", "x\n")]);
    batch.program("one/tool", "#!/bin/sh\ncat \"$1\"\n");
    batch.program("two/tool", "#!/bin/sh\ncat \"$1\" \"$1\"\n");
    let path = |batch: &Batch, first: &str| {
        format!("{}:/usr/local/bin:/usr/bin:/bin", batch.path(first).display())
    };
    let one = path(&batch, "one");
    batch.set("PATH", &one);
    let report = batch.twice(|batch| {
        let two = path(batch, "two");
        batch.set("PATH", &two);
    });
    let first = report.json["findings"][0].to_string();
    assert_eq!(report.status, Some(1));
    assert!(first.contains("PATH") || first.contains("two/tool"), "{:#}", report.json);
}

#[test]
fn the_order_of_arguments() {
    let batch = Batch::new("cat \"$@\" > all.txt\n", &[("x", "1\n"), ("y", "2\n")]);
    batch.record("a.mp", &["x", "y"]);
    batch.record("b.mp", &["y", "x"]);
    batch.compare().names_first("arguments", &["order"]);
}

#[test]
fn a_dropped_retry() {
    let script = "try() { test -e flag || { touch flag; false; }; }\n\
                  n=0; until try; do n=$((n+1)); [ $n -gt $TRIES ] && exit 7; sleep 0; done\n\
                  cat input.txt > out.txt\n";
    let mut batch = Batch::new(script, &[("input.txt", "x\n")]);
    batch.set("TRIES", "3");
    let report = batch.twice(|batch| {
        fs::remove_file(batch.path("flag")).expect("removed");
        batch.set("TRIES", "0");
    });
    report.names_first("environment", &["TRIES"]);
}

#[test]
fn a_file_that_comes_too_late() {
    // Who is first is not left to chance: the one waits for a FIFO that the other writes.
    let script = "mkfifo go\n\
        if [ $LATE = no ]; then (echo data > part.txt; echo > go) & read x < go; cat part.txt > all.txt\n\
        else (read x < go; echo data > part.txt) & cat part.txt > all.txt; echo > go; fi\n\
        wait; rm go part.txt\n";
    let mut batch = Batch::new(script, &[]);
    batch.set("LATE", "no");
    let report = batch.twice(|batch| batch.set("LATE", "yes"));
    let findings = report.json["findings"].as_array().expect("findings");
    let is_late = |finding: &&Value| finding["kind"] == "order" && finding["force"] == "cause";
    let late = findings.iter().find(is_late).expect("the late file");
    assert!(late.to_string().contains("part.txt"), "{late}");
}

#[test]
fn more_data() {
    let lines = |count: usize| (0..count).fold(String::new(), |all, n| all + &format!("{n}\n"));
    let batch = Batch::new(SORT, &[("input.txt", &lines(10))]);
    let report = batch.twice(|batch| batch.write("input.txt", &lines(5000)));
    report.names_first("input", &["input.txt"]);
}

#[test]
fn a_slow_server() {
    let server = "import socket, sys, time\n\
        s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n\
        open('port', 'w').write(str(s.getsockname()[1]))\n\
        for n in range(2):\n  c, _ = s.accept(); c.recv(1)\n  time.sleep(0 if n == 0 else 1.5)\n  c.send(b'x'); c.close()\n";
    let client = "python3 -c \"import socket; s = socket.create_connection(('127.0.0.1', \
                  int(open('port').read()))); s.send(b'x'); s.recv(1)\"\n";
    let batch = Batch::new(client, &[("server.py", server)]);
    let serve = Command::new("python3").arg("server.py").current_dir(batch.dir.path()).spawn();
    let mut serve = serve.expect("the server runs");
    while !fs::read_to_string(batch.path("port")).is_ok_and(|port| !port.is_empty()) {
        std::thread::yield_now();
    }
    let report = batch.twice(|_| ());
    serve.wait().expect("the server ends");
    report.names_first("wait", &["127.0.0.1", "longer"]);
}

#[test]
fn nothing_is_different() {
    let script = "t=$(mktemp)\nday=${DAY}\nsort input.txt > $t\ncp $t out-$day.txt\n\
        echo $$ > run.$$.pid\nrm $t run.$$.pid\n\
        for n in 1 2 3 4; do sh -c 'cat input.txt; echo $0' $n > part.$n & done; wait\n\
        cat part.* > all.txt\n";
    let mut batch = Batch::new(script, &[("input.txt", "b\na\n")]);
    batch.set("DAY", "2026-11-23");
    let report = batch.twice(|batch| batch.set("DAY", "2026-11-24"));
    report.is_equivalent();
}

#[test]
fn temporary_files_and_racing_threads_are_no_difference() {
    let script = "python3 -c '\
import os, tempfile, threading\n\
def work(n):\n\
    with tempfile.TemporaryDirectory() as made:\n\
        open(made + \"/part\", \"w\").write(str(n))\n\
    open(\"part-%d\" % n, \"w\").write(open(\"input.txt\").read())\n\
all = [threading.Thread(target=work, args=(n,)) for n in range(2)]\n\
[one.start() for one in all]; [one.join() for one in all]\n\
open(\"/dev/shm/x%d-%s\" % (os.getpid(), os.urandom(4).hex()), \"w\").close()\n\
[os.unlink(\"/dev/shm/\" + name) for name in os.listdir(\"/dev/shm\") if name.startswith(\"x%d-\" % os.getpid())]\n\
'\n";
    let batch = Batch::new(script, &[("input.txt", "b\n")]);
    batch.twice(|_| ()).is_equivalent();
}

#[test]
fn a_parallel_build_is_the_same_twice() {
    let rule = "main: one.o two.o three.o\n\tcc -o $@ $^\n\
                %.o: %.c\n\tcc -c -o $@.tmp $< && mv $@.tmp $@\n";
    let body = |name: &str, more: &str| format!("int {name}(void) {{ return 1; }}\n{more}");
    let (one, two) = (body("one", ""), body("two", ""));
    let three = body("three", "int main(void) { return 0; }\n");
    let files = [("Makefile", rule), ("one.c", &one), ("two.c", &two), ("three.c", &three)];
    let batch = Batch::new("make -s -j4\n", &files);
    let report = batch.twice(|batch| {
        for made in ["one.o", "two.o", "three.o", "main"] {
            fs::remove_file(batch.path(made)).expect("it was made");
        }
    });
    report.is_equivalent();
}

#[test]
fn errors_have_their_own_status() {
    let batch = Batch::new("true\n", &[]);
    for words in [
        &["compare", "no.mp", "b.mp"][..],
        &["compare", "batch.sh"],
        &["compare", "--baseline", "batch.sh", "no.mp"],
        &["compare", "a.mp", "b.mp", "--rules", "no.toml"],
    ] {
        let output = batch.rtrace(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(output.stderr.starts_with(b"rtrace: "), "{output:?}");
    }
}
