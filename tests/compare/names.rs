//! What names become.

use crate::kit::Batch;

#[test]
fn explain_tells_the_rules() {
    let batch = Batch::new("true\n", &[]);
    let output = batch.rtrace(&["compare", "--explain", "/tmp/ccAbC123.s", "/out/2026-11-23/x"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    assert!(text.contains("/tmp/cc<random>.s") && text.contains("gcc-temporary"), "{text}");
    assert!(text.contains("/out/<YYYY-MM-DD>/x") && text.contains("iso-date"), "{text}");
}

#[test]
fn who_and_where_is_the_same_on_request() {
    let script = "cp input.txt $HOME/out.txt; echo $USER > $HOME/$USER.txt\n";
    let mut batch = Batch::new(script, &[("input.txt", "x\n")]);
    let home = |batch: &mut Batch, user: &str| {
        let home = batch.path(&format!("home/{user}"));
        std::fs::create_dir_all(&home).expect("made");
        batch.set("HOME", &home.display().to_string());
        batch.set("USER", user);
    };
    home(&mut batch, "ann");
    batch.record("a.mp", &[]);
    home(&mut batch, "bob");
    batch.record("b.mp", &[]);
    assert_eq!(batch.compare().status, Some(1));
    let same = batch.rtrace(&["compare", "a.mp", "b.mp", "--same", "home,user"]);
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stdout));
}

#[test]
fn what_could_not_be_compared_is_told_of_each_file() {
    let batch = Batch::new("cat input.txt > out.txt\n", &[("input.txt", "a\n")]);
    let report = batch.twice(|batch| batch.write("input.txt", "b\n"));
    let text = report.json["findings"][0]["evidence"].to_string();
    assert!(text.contains("not known: the first run was recorded without --facts full"), "{text}");
}
