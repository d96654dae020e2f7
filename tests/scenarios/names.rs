//! Files that get other names, names that get other files.

use super::common::{Rtrace, python_path};
use super::kit::{Scenario, by_python};

#[test]
fn temporary_files_become_final_ones() {
    let scenario = Scenario::of(
        &[("source", "1\n"), ("old", "gone\n")],
        "cat source >out.tmp && mv out.tmp out; ln out alias; cp alias copy
        echo 2 >>source; cat source >next; mv -f next old; cat old >after
        cp source kept; (cat kept >kept.new; mv kept.new kept)
        mkdir made; cp source made/file; mv made moved; cat moved/file >last",
    );
    assert_eq!(scenario.wrote("out"), ["cat 2"]);
    assert_eq!(scenario.wrote("alias"), ["cat 2"]);
    assert_eq!(scenario.wrote("old"), ["cat 4"], "what was there before is nobody's");
    assert_eq!(scenario.wrote("moved/file"), ["cp 4"]);
    scenario.is_from("copy", &["alias", "source"]);
    scenario.is_from("after", &["old", "source"]);
    scenario.is_from("last", &["moved/file", "source"]);
    // Both files that had the name.
    assert_eq!(sorted(scenario.wrote("kept")), ["cat 4", "cp 4"]);
    let affected = scenario.own("affects", "source");
    for made in ["out", "alias", "copy", "old", "after", "kept", "moved/file", "last"] {
        assert!(affected.contains(made), "{made}: {affected:?}");
    }
}

fn sorted(mut writers: Vec<String>) -> Vec<String> {
    writers.sort();
    writers
}

/// File systems give the inode of a file that is gone to the next that is made.
#[test]
fn an_inode_that_comes_again_is_another_file() {
    let scenario = Scenario::of(
        &[("one", "1\n"), ("other", "other\n")],
        "for turn in 1 2 3 4 5 6 7 8; do
            cp one temporary; rm temporary; cp other made.$turn; rm made.$turn; cp other made.$turn
        done",
    );
    for turn in 1..=8 {
        let made = format!("made.{turn}");
        scenario.is_from(&made, &["other"]);
        assert_eq!(scenario.wrote(&made), ["cp 6", "cp 6"]);
    }
    assert!(scenario.own("affects", "other").iter().all(|path| path.starts_with("made.")));
}

#[test]
fn a_file_that_is_made_twice_is_written_as_often_as_it_is() {
    let script = "import os
open('x', 'w').close(); os.unlink('x')
with open('x', 'w') as out: out.write('words')
open('empty', 'w').close()";
    let scenario = Scenario::run(&[], Rtrace::run(python_path()).args(["-c", script]));
    assert_eq!(scenario.wrote("x"), [by_python(5)]);
    assert_eq!(scenario.wrote("empty"), [by_python(0)]);
}

#[test]
fn many_append_to_one_log() {
    let scenario = Scenario::of(
        &[],
        "for job in 1 2 3 4 5; do
            sh -c 'for line in 1 2 3; do echo $0.$line >>log; done' $job &
        done
        wait; cat log >all",
    );
    assert_eq!(scenario.wrote("log"), ["sh 12"; 5]);
    scenario.is_from("all", &["log"]);
    let passages = scenario.document();
    let of_log = passages.links("passage").filter(|link| {
        link["carrier"] == "content"
            && link["through"].as_str().is_some_and(|id| id.ends_with("/log"))
    });
    let to_cat = of_log.filter(|link| passages.node(&link["target"])["label"] == "cat");
    assert_eq!(to_cat.count(), 5, "each of the writers has written what cat read");
}
