//! `rtrace query`, asked of runs whose truth is known.

mod critical;
mod kit;
mod several;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use kit::{Row, Run, rtrace, texts};

#[test]
fn a_pipeline_of_four_counts_every_byte() {
    let run = Run::of(&[], "export LC_ALL=C; seq 1 20000 | sort -r | tail -n 1000 | wc -c >count");
    let of = |range: std::ops::RangeInclusive<u64>| -> String {
        range.map(|n| n.to_string().len() as u64 + 1).sum::<u64>().to_string()
    };
    let all = of(1..=20000);
    // The last 1000 of a reversed sort by letters.
    let mut sorted: Vec<_> = (1..=20000).map(|n: u64| n.to_string()).collect();
    sorted.sort();
    let last: usize = sorted.iter().take(1000).map(|line| line.len() + 1).sum();
    let mut expected = [
        ["seq 1 20000", "sort -r", &all],
        ["sort -r", "tail -n 1000", &all],
        ["tail -n 1000", "wc -c", &last.to_string()],
    ]
    .map(|row| row.map(str::to_owned));
    expected.sort();
    assert_eq!(texts(&run.ask("pipes"), ["from_command", "to_command", "bytes"]), expected);
    // What came through the pipes made the file; what did not, did not.
    let wrote = texts(&run.ask_of("who-wrote", "count"), ["command", "bytes"]);
    let digits = (last.to_string().len() + 1).to_string();
    assert_eq!(wrote, [["wc -c", &digits].map(str::to_owned)]);
    let from: BTreeSet<_> =
        run.ask_of("depends-on", "count").into_iter().map(|row| row["path"].clone()).collect();
    for program in ["seq", "sort", "tail", "wc"] {
        let ends = |path: &&String| path.ends_with(&format!("/{program}"));
        assert!(from.iter().any(|path| ends(&path)), "no {program} in {from:?}");
    }
}

#[test]
fn what_failed_and_why() {
    let script = "sh -c 'exit 3'; cat none; sh -c 'kill -9 $$'; ls / >/dev/null; true";
    let run = Run::of(&[], script);
    let rows = texts(&run.ask("failed"), ["command", "status", "reason"]);
    let reason = format!("openat({}/none) = ENOENT (No such file or directory)", run.dir());
    let expected = [
        ["sh -c 'exit 3'", "3", ""],
        ["cat none", "1", &reason],
        ["sh -c 'kill -9 $$'", "SIGKILL", ""],
    ];
    assert_eq!(rows, expected.map(|row| row.map(str::to_owned)));
}

#[test]
fn queries_are_listed_and_explained() {
    let run = Run::of(&[], "true");
    let list = rtrace(run.path(), &["query", "--list"]);
    let list = String::from_utf8(list.stdout).expect("text");
    let docs = fs::read_to_string("docs/query.md").expect("docs/query.md");
    for query in rtrace::query::QUERIES {
        assert!(list.contains(&query.text()), "{} is not listed", query.name);
        assert!(
            docs.contains(query.text().trim()),
            "docs/query.md: {} is not as it is",
            query.name
        );
    }
}

#[test]
fn wrong_questions_are_told_what_is_right() {
    let run = Run::of(&[("input", "x\n")], "cat input >output");
    for (words, expected) in [
        (&["--name", "who"][..], "is it who-wrote?"),
        (&["--name", "who-wrote"], "who-wrote needs --param path=VALUE"),
        (&["--name", "pipes", "--param", "x=1"], "pipes has no parameter 'x'"),
        (&["--name", "who-wrote", "--param", "path=inptu"], "/input?"),
        (&["--sparql", "SELECT"], "no SPARQL"),
    ] {
        let output = run.output(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {errors}");
        assert!(errors.contains(expected), "{words:?}: {errors}");
        assert!(output.stdout.is_empty());
    }
    let output = run.output(&["--name", "who-wrote", "--param", "path"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn answers_come_in_every_format() {
    let run = Run::of(&[], "echo x >out");
    let out = |format: &str| {
        let words = ["--name", "who-wrote", "--param", "path=out", "--format", format];
        String::from_utf8(run.output(&words).stdout).expect("text")
    };
    assert!(out("csv").starts_with("path,pid,command,bytes\r\n"), "{}", out("csv"));
    assert!(out("tsv").starts_with("?path\t?pid\t?command\t?bytes\n"), "{}", out("tsv"));
    assert!(out("xml").contains("<binding name=\"bytes\">"), "{}", out("xml"));
    assert!(out("table").starts_with("path "), "{}", out("table"));
}

#[test]
fn what_is_opened_and_left_alone() {
    let script = "exec 7<used 8<unused; read x <&7; true";
    let run = Run::of(&[("used", "x\n"), ("unused", "x\n")], script);
    let paths: Vec<_> = run.ask("unused").into_iter().map(|row| row["path"].clone()).collect();
    let own: Vec<_> = paths.iter().filter(|path| path.starts_with(&run.dir())).collect();
    assert_eq!(own, [&format!("{}/unused", run.dir())]);
}

#[test]
fn a_client_and_its_server() {
    const PROGRAM: &str = r#"
import os, socket, sys
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
if os.fork():
    peer, _ = server.accept()
    peer.sendall(b"x" * len(peer.recv(5, socket.MSG_WAITALL)) * 100)
    peer.close()
    os.wait()
else:
    server.close()
    os.execvp("python3", ["python3", "client.py", str(port)])
"#;
    const CLIENT: &str = r#"
import socket, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
peer.sendall(b"hello")
while peer.recv(4096): pass
"#;
    let files = [("server.py", PROGRAM), ("client.py", CLIENT)];
    let run = Run::of(&files, "python3 server.py");
    let rows = run.ask("peers");
    let tcp: Vec<_> = rows.iter().filter(|row| row["protocol"] == "TCP").collect();
    let [client, server] = tcp.as_slice() else { panic!("two ends: {rows:#?}") };
    let (client, server) =
        if client["command"].contains("client.py") { (client, server) } else { (server, client) };
    assert!(server["command"].contains("server.py"), "{rows:#?}");
    assert_eq!([&client["bytes_out"], &client["bytes_in"]], ["5", "500"]);
    assert_eq!([&server["bytes_out"], &server["bytes_in"]], ["500", "5"]);
    assert_eq!([&client["local"], &client["remote"]], [&server["remote"], &server["local"]]);
}

#[test]
fn content_counts_and_not_who_moved_it() {
    let script = "cat first second >tmp && mv tmp final; echo later >>second; cp final copy";
    let files = [("first", "1\n"), ("second", "2\n"), ("final", "old\n")];
    let run = Run::of(&files, script);
    let wrote = texts(&run.ask_of("who-wrote", "final"), ["command", "bytes"]);
    assert_eq!(wrote, [["cat first second", "4"].map(str::to_owned)]);
    assert!(run.own("depends-on", "final").keys().eq(["first", "second"]));
    let copy = run.own("depends-on", "copy");
    assert!(copy.keys().eq(["final", "first", "second"]), "{copy:?}");
    assert_eq!((copy["final"], copy["first"]), (1, 2));
    assert!(run.own("affects", "first").contains_key("copy"));
}

#[test]
fn what_was_not_recorded_is_not_nothing() {
    let run = Run::of(&[], "true");
    let words = ["run", "-e", "trace=openat,execve", "-o", "0.mp", "--", "sh", "-c", "echo x >out"];
    run.rtrace(&words);
    let wrote = texts(&run.ask_of("who-wrote", "out"), ["command", "bytes"]);
    assert_eq!(wrote, [["sh -c 'echo x >out'", ""].map(str::to_owned)]);
}

#[test]
fn who_read_too_early() {
    let run = Run::of(&[("late", "old\n")], "cat late >seen; sh -c 'echo new >late'");
    let rows = run.ask("read-before-write");
    let late = run.dir() + "/late";
    let own: Vec<_> = rows.iter().filter(|row| row["path"] == late).cloned().collect();
    let expected = [["cat late", "sh -c 'echo new >late'"].map(str::to_owned)];
    assert_eq!(texts(&own, ["reader", "writer"]), expected, "{rows:#?}");
}

#[test]
fn a_database_in_a_file() {
    const SCRIPT: &str = "import sqlite3\n\
        made = sqlite3.connect('made.db')\n\
        made.execute('CREATE TABLE t (x)'); made.commit(); made.close()\n\
        print(sqlite3.connect('made.db').execute('SELECT count(*) FROM t').fetchone())\n";
    let run = Run::of(&[("use.py", SCRIPT)], "python3 use.py; true");
    let rows = run.ask("databases");
    let path = run.dir() + "/made.db";
    let expected = ["SQLite", "", &path, ""].map(str::to_owned);
    assert_eq!(texts(&rows, ["system", "server", "database", "user"]), [expected]);
    assert!(rows[0]["command"].ends_with("python3 use.py"), "{rows:#?}");
}

#[test]
fn sparql_agrees_with_the_queries() {
    let run = Run::of(&[], "seq 1 5000 | cat | wc -c; sh -c 'exit 3'; true");
    let sum = |rows: &[Row], column: &str| -> u64 {
        rows.iter().map(|row| row[column].parse::<u64>().expect("a number")).sum()
    };
    let bytes = "SELECT ?p ?n { ?p a rtrace:Passage; rtrace:through ?t; rtrace:bytes ?n .
        ?t a rtrace:Pipe }";
    let (pipes, passages) = (run.ask("pipes"), run.rows(&["--sparql", bytes]));
    assert_eq!((pipes.len(), sum(&pipes, "bytes")), (passages.len(), sum(&passages, "n")));
    let failed = "SELECT ?pid ?status { ?p rtrace:pid ?pid; rtrace:exitCode ?status
        FILTER (?status != 0) }";
    let failed = run.rows(&["--sparql", failed]);
    assert_eq!(texts(&failed, ["pid", "status"]), texts(&run.ask("failed"), ["pid", "status"]));
    // Events are there if they are asked for.
    let calls = "SELECT (COUNT(?c) AS ?n) { ?c a rtrace:Call }";
    assert_eq!(run.rows(&["--sparql", calls])[0]["n"], "0");
    assert_ne!(run.rows(&["--detail", "event", "--sparql", calls])[0]["n"], "0");
}

/// A build of two sources with a header each and one for both, by make.
fn build() -> Run {
    let files = [
        ("a.h", "#define A 1\n"),
        ("b.h", "#define B 2\n"),
        ("both.h", "int b(void);\n"),
        ("a.c", "#include \"a.h\"\n#include \"both.h\"\nint main(void) { return b() - A - 1; }\n"),
        ("b.c", "#include \"b.h\"\n#include \"both.h\"\nint b(void) { return B; }\n"),
        ("unrelated.h", "\n"),
        ("Makefile", "prog: a.o b.o\n\tgcc -o $@ a.o b.o\n%.o: %.c\n\tgcc -c -o $@ $<\n"),
    ];
    Run::of(&files, "cat unrelated.h; make -j2")
}

#[test]
fn a_build_depends_on_what_the_compiler_says() {
    let run = build();
    for object in ["a", "b"] {
        let mut gcc = Command::new("gcc");
        let rule = gcc.args(["-MM", &format!("{object}.c")]).current_dir(run.path()).output();
        let rule = String::from_utf8(rule.expect("gcc runs").stdout).expect("text");
        let expected: BTreeSet<_> = rule.split_whitespace().skip(1).map(str::to_owned).collect();
        let from = run.own("depends-on", &format!("{object}.o"));
        let found: BTreeSet<_> = from.keys().cloned().collect();
        assert_eq!(found, expected, "of {object}.o");
        let wrote = texts(&run.ask_of("who-wrote", &format!("{object}.o")), ["command"]);
        assert!(wrote.iter().all(|[command]| command.starts_with("as ")), "{wrote:?}");
        assert_eq!(wrote.len(), 1);
    }
    let from = run.own("depends-on", "prog");
    let expected = ["a.c", "a.h", "a.o", "b.c", "b.h", "b.o", "both.h"];
    assert!(from.keys().eq(expected), "{from:?}");
    assert_eq!((from["a.o"], from["b.o"]), (1, 1));
    assert!(from["a.c"] > 1, "{from:?}");
    let affected = run.own("affects", "b.h");
    assert!(affected.keys().eq(["b.o", "prog"]), "{affected:?}");
    assert!(run.own("affects", "unrelated.h").is_empty());
}
