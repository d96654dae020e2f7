//! What calls are calls of, and who called it how often.

use std::collections::BTreeMap;

use super::common::{Rtrace, tracee};
use super::kit::Scenario;

/// `NAME BY ABI`, and how often the program that counted its own calls says it made them.
fn counted(stdout: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in stdout.lines().filter(|line| line.contains(" abi=")) {
        let word = |name: &str| {
            line.split(' ').find_map(|word| word.strip_prefix(name)).unwrap_or_default()
        };
        *counts.entry([word("name="), word("abi=")].join(" ")).or_default() += 1;
    }
    counts
}

#[test]
fn functions_are_told_by_their_abi() {
    let scenario = Scenario::run(&[], Rtrace::run(tracee("int80")));
    let counts = counted(&scenario.run.stdout);
    assert!(counts.get("open i386").is_some_and(|count| *count >= 3), "{counts:?}");
    let asked = "SELECT ?name ?abi ?moniker (SUM(?n) AS ?calls) {
        [] rtrace:resource ?f; rtrace:callCount ?n; rtrace:activity [] .
        ?f a rtrace:Function; rdfs:label ?name; rtrace:abi ?abi; rtrace:moniker ?moniker
    } GROUP BY ?name ?abi ?moniker";
    let rows = scenario.rows(&["--sparql", asked]);
    for (function, count) in &counts {
        let is_it = |row: &&super::kit::Row| [&row["name"], " ", &row["abi"]].concat() == *function;
        let row = rows.iter().find(is_it).expect(function);
        let calls: u64 = row["calls"].parse().expect("a number");
        // Its libc makes calls of the machine's own ABI.
        let is_counted = row["abi"] != "x86_64";
        assert!(calls == *count || !is_counted && calls > *count, "{function}: {calls}, {count}");
        let name = &row["name"];
        let moniker = match &*row["abi"] {
            "x86_64" => format!("Function.Name={name}"),
            abi => format!("Function.Abi={abi},Name={name}"),
        };
        assert_eq!(row["moniker"], moniker);
    }
    let events = "SELECT ?f (COUNT(?call) AS ?calls) {
        ?call a rtrace:Call; rtrace:function/rtrace:moniker ?f } GROUP BY ?f";
    let rows = scenario.rows(&["--detail", "event", "--sparql", events]);
    let row = rows.iter().find(|row| row["f"] == "Function.Abi=i386,Name=open").expect("called");
    assert_eq!(row["calls"], counts["open i386"].to_string());
}

#[test]
fn a_process_says_what_it_called_and_how_often_in_vain() {
    // Neither locales nor libraries are looked for in vain.
    let script = "unset LD_LIBRARY_PATH; export LC_ALL=C; cat a b nowhere >c || cat a >>c";
    let scenario = Scenario::of(&[("a", "1"), ("b", "2")], script);
    let document = scenario.document();
    let profile = |process: &serde_json::Value, member: &str| {
        let name = process["profile"].as_str().expect("it called something");
        document.run()["profiles"][name][member].clone()
    };
    let sum = |counts: serde_json::Value| -> u64 {
        let counts = counts.as_object().into_iter().flatten();
        counts.map(|(_, count)| count.as_u64().expect("a number")).sum()
    };
    for process in document.nodes("process") {
        assert_eq!(sum(profile(process, "called")), process["calls"].as_u64().expect("calls"));
        assert_eq!(sum(profile(process, "failed")), process["errors"].as_u64().expect("errors"));
    }
    let failed = document.nodes("process").filter(|node| node["exit_code"] == 1);
    let failed: Vec<_> = failed.map(|node| profile(node, "failed")["openat"].as_u64()).collect();
    assert_eq!(failed, [Some(1)], "cat that did not find a file");
    let node = document.nodes("function").find(|node| node["label"] == "openat").expect("called");
    assert_eq!(node["moniker"], "Function.Name=openat");
    assert_eq!(node["deleted"], false);
}

/// What many processes of one program called stands once.
#[test]
fn processes_that_called_the_same_have_one_profile() {
    let script = "for i in 1 2 3 4 5 6 7 8 9 10; do env -i /bin/true; done";
    let scenario = Scenario::of(&[], script);
    let document = scenario.document();
    let ran_true = |node: &&serde_json::Value| node["label"] == "/bin/true";
    let profiles: std::collections::BTreeSet<_> = document
        .nodes("process")
        .filter(ran_true)
        .map(|node| node["profile"].to_string())
        .collect();
    assert!((1..10).contains(&profiles.len()), "{profiles:?}");
}

#[test]
fn functions_are_told_of_where_they_are_wanted() {
    let scenario = Scenario::of(&[("a", "1")], "cat a >b");
    let told = |words: &[&str]| {
        let text = scenario.convert(words);
        text.contains("#function-") || text.contains(":function-")
    };
    for format in ["nt", "json"] {
        for detail in ["resource", "event"] {
            let words = ["--to", format, "--detail", detail];
            assert!(told(&words), "{words:?}");
            let ignored = [&words[..], &["--ignore", "class:function"]].concat();
            assert!(!told(&ignored), "{ignored:?}");
        }
        assert!(!told(&["--to", format, "--detail", "process"]), "{format}");
    }
    let only =
        scenario.convert(&["--to", "nt", "--detail", "resource", "--only", "class:function"]);
    assert!(only.contains("#function-openat>") && !only.contains("#file/"), "{only}");
    // Pictures are of what was done to things.
    for format in ["svg", "dot", "mermaid"] {
        assert!(!told(&["--to", format]), "{format}");
    }
    // One that is never called by what is told of is nowhere.
    let without = scenario.convert(&["--to", "nt", "--ignore", "call:openat"]);
    assert!(!without.contains("#function-openat>") && without.contains("#function-read>"));
}
