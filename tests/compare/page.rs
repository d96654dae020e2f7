//! The page of two runs, in a browser.

use std::fs;

use crate::common::python;
use crate::kit::Batch;

#[test]
fn a_browser_shows_both_runs() {
    let name = "<img src=x onerror=alert(1)>";
    let script = "cat '<img src=x onerror=alert(1)>' > copy.txt\n\
        (sleep 0; wc -l < copy.txt > count.txt) & wait\n\
        cat config.ini > copy.ini || exit 4\nsort copy.ini > sorted.ini\n";
    let batch = Batch::new(script, &[(name, "x\n"), ("config.ini", "b=1\na=2\n")]);
    batch.record("a.mp", &[]);
    batch.record("same.mp", &[]);
    fs::remove_file(batch.path("config.ini")).expect("removed");
    batch.record("b.mp", &[]);
    for (name, other) in [("both", "b.mp"), ("same", "same.mp")] {
        for format in ["html", "json"] {
            let output = batch.rtrace(&["compare", "a.mp", other, "--format", format]);
            let file = batch.path(&format!("{name}.{format}"));
            fs::write(file, output.stdout).expect("written");
            assert_eq!(output.status.code(), Some(i32::from(name == "both")));
        }
    }
    let script = concat!(include_str!("../html/page.py"), include_str!("browser.py"));
    python(script, batch.dir.path());
}

#[test]
fn a_page_takes_two_runs() {
    let batch = Batch::new("true\n", &[]);
    batch.record("a.mp", &[]);
    let output = batch.rtrace(&["compare", "a.mp", "a.mp", "--format", "html"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("two runs"), "{output:?}");
}
