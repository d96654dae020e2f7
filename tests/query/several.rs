//! Several logs, asked together.

use std::collections::BTreeSet;

use super::kit::{Row, Run, texts};

/// The values of a column, without those of the system's files.
fn own(run: &Run, rows: &[Row], column: &str) -> BTreeSet<String> {
    let dir = run.dir() + "/";
    let own = rows.iter().filter_map(|row| row[column].strip_prefix(&dir));
    own.map(str::to_owned).collect()
}

fn keys<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn each_has_its_rows_and_its_graph() {
    let run = Run::of(&[], "echo one >out").then("echo three >out");
    let rows = run.ask_of("who-wrote", "out");
    let bytes: BTreeSet<_> = rows.iter().map(|row| row["bytes"].as_str()).collect();
    assert_eq!(bytes, BTreeSet::from(["4", "6"]), "{rows:#?}");
    let count = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?p a rtrace:Process } }";
    assert_eq!(run.rows(&["--sparql", count])[0]["n"], "2");
}

#[test]
fn what_one_run_made_the_next_one_reads() {
    let files = [("first", "1\n"), ("second", "2\n"), ("other", "3\n")];
    let run =
        Run::of(&files, "cat first >middle; cat other >aside").then("cat middle second >last");
    let from = run.own("depends-on", "last");
    assert!(from.keys().eq(["first", "middle", "second"]), "{from:?}");
    assert_eq!((from["middle"], from["second"], from["first"]), (1, 1, 2));
    let affected = run.own("affects", "first");
    assert!(affected.keys().eq(["last", "middle"]), "{affected:?}");
    assert!(run.own("affects", "other").keys().eq(["aside"]));
}

#[test]
fn it_is_followed_through_names_and_runs_that_only_added() {
    let files = [("first", "1\n"), ("second", "2\n")];
    let run = Run::of(&files, "cat first >tmp; mv tmp made")
        .then("cat second >>made; mv made moved")
        .then("mv moved final; cat final >copy");
    let from = run.own("depends-on", "copy");
    let names: Vec<_> = from.keys().map(String::as_str).collect();
    assert!(names.contains(&"first") && names.contains(&"second"), "{from:?}");
    assert!(run.own("affects", "first").contains_key("copy"));
    // Who only moved it made nothing.
    let moved = run.own("depends-on", "final");
    assert!(moved.contains_key("first") && moved.contains_key("second"), "{moved:?}");
}

#[test]
fn what_was_written_over_or_removed_is_not_passed_on() {
    let files = [("first", "1\n"), ("second", "2\n"), ("third", "3\n")];
    let run = Run::of(&files, "cat first >middle; cat third >gone")
        .then("cat second >middle; rm gone")
        .then("cat middle >last; echo new >gone; cat gone >rest");
    assert!(run.own("depends-on", "last").keys().eq(["middle", "second"]));
    assert!(run.own("depends-on", "rest").keys().eq(["gone"]));
    assert!(!run.own("affects", "first").contains_key("last"));
}

#[test]
fn the_order_of_logs_is_that_of_their_times() {
    let mut run = Run::of(&[("first", "1\n")], "cat first >middle").then("cat middle >last");
    run.logs.reverse();
    assert!(run.own("depends-on", "last").keys().eq(["first", "middle"]));
    // What came later is no source of what came before.
    let mut back = Run::of(&[("first", "1\n"), ("middle", "0\n")], "cat middle >last")
        .then("cat first >middle");
    assert!(back.own("depends-on", "last").keys().eq(["middle"]));
    back.logs.reverse();
    assert!(back.own("depends-on", "last").keys().eq(["middle"]));
}

#[test]
fn the_same_run_twice_answers_once() {
    let script = "cat in | wc -c >out; sh -c 'exit 3'; exec 7<left";
    let files = [("in", "1\n"), ("left", "2\n")];
    let mut run = Run::of(&files, script);
    let ask = |run: &Run, name: &str| match name {
        "depends-on" | "affects" | "who-wrote" => run.ask_of(name, "out"),
        name => run.ask(name),
    };
    let names = rtrace::query::QUERIES.iter().map(|query| query.name);
    let once: Vec<_> = names.clone().map(|name| ask(&run, name)).collect();
    std::fs::copy(run.path().join("0.mp"), run.path().join("1.mp")).expect("copied");
    run.logs.push("1.mp".into());
    let twice: Vec<_> = names.map(|name| ask(&run, name)).collect();
    assert_eq!(once, twice);
    let count = "SELECT (COUNT(?p) AS ?n) { ?p a rtrace:Process }";
    let counted = run.rows(&["--sparql", count]);
    run.logs.pop();
    assert_eq!(run.rows(&["--sparql", count]), counted);
}

#[test]
fn one_run_writes_over_what_another_has_read() {
    let files = [("late", "old\n"), ("apart", "old\n")];
    let run = Run::of(&files, "cat late apart >seen")
        .then("sh -c 'echo new >late'; echo new >tmp; mv tmp apart");
    let rows = run.ask("read-before-write");
    let late = run.dir() + "/late";
    let own: Vec<_> = rows.iter().filter(|row| row["path"] == late).cloned().collect();
    let expected = [["cat late apart", "sh -c 'echo new >late'"].map(str::to_owned)];
    assert_eq!(texts(&own, ["reader", "writer"]), expected, "{rows:#?}");
    let apart = run.dir() + "/apart";
    assert!(rows.iter().all(|row| row["path"] != apart), "{rows:#?}");
}

#[test]
fn what_another_run_used_is_not_unused() {
    let files = [("one", "1\n"), ("two", "2\n")];
    let run = Run::of(&files, "exec 7<one 8<two; true");
    assert_eq!(own(&run, &run.ask("unused"), "path"), keys(["one", "two"]));
    let run = run.then("cat two");
    assert_eq!(own(&run, &run.ask("unused"), "path"), keys(["one"]));
}

#[test]
fn the_critical_path_leads_through_the_files_that_runs_left() {
    let run = Run::of(&[], "sleep 0.1; echo x >made")
        .then("sleep 0.1; echo apart >aside")
        .then("sleep 0.1; cat made >last");
    let rows = run.ask("critical-path");
    let sleeps = rows.iter().filter(|row| row["command"] == "sleep 0.1").count();
    assert_eq!(sleeps, 2, "{rows:#?}");
    let start = |row: &Row| -> f64 { row["start"].parse().expect("seconds") };
    assert!(start(&rows[0]) < 0.1, "{rows:#?}");
    assert!(rows.is_sorted_by_key(|row| (start(row) * 1e9) as u64), "{rows:#?}");
}
