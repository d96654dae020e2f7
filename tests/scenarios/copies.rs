//! Copies of a file, made in every way there is.

use super::common::{Rtrace, tracee};
use super::kit::Scenario;

#[test]
fn whatever_call_copies_it_is_a_copy() {
    const WAYS: [&str; 6] =
        ["sendfile", "copy_file_range", "splice", "vectors", "places", "mapped"];
    let text = (0..2000).map(|number: u32| number.to_string() + "\n").collect::<String>();
    let script = format!(
        "for way in {}; do \"$0\" $way input $way; done
        cp --reflink=auto input cp; dd if=input of=dd bs=777 2>/dev/null; ln input hard; cp hard of-hard
        mkdir real; ln -s real link; cp input link/x; (cd link; cat ../link/x >../inside)
        split -b 3000 input part.; cat part.* >joined; mv joined whole; sort -o sorted whole
        tar cf packed.tar input; mkdir x; tar xf packed.tar -C x",
        WAYS.join(" ")
    );
    let command = Rtrace::run("sh").args(["-c", &script]).arg(tracee("copies"));
    let scenario = Scenario::run(&[("input", &text)], command);
    for way in WAYS {
        // How much goes through mapped memory no call tells.
        let bytes = if way == "mapped" { String::new() } else { format!(" {}", text.len()) };
        let [wrote] = &scenario.wrote(way)[..] else { panic!("{way} has one writer") };
        assert!(wrote.starts_with("copies-Native"), "{way}: {wrote}");
        assert!(
            wrote.ends_with(&bytes) && wrote.contains(' ') != bytes.is_empty(),
            "{way}: {wrote}"
        );
        scenario.is_from(way, &["input"]);
    }
    let size = text.len();
    for (path, writer, sources) in [
        ("cp", format!("cp {size}"), &["input"][..]),
        ("dd", format!("dd {size}"), &["input"]),
        ("hard", String::new(), &[]),
        ("of-hard", format!("cp {size}"), &["hard"]),
        ("inside", format!("cat {size}"), &["input", "real/x"]),
        ("part.ab", "split 3000".into(), &["input"]),
        ("whole", format!("cat {size}"), &["input", "part.aa", "part.ab", "part.ac"]),
        ("sorted", format!("sort {size}"), &["input", "part.aa", "part.ab", "part.ac", "whole"]),
        ("packed.tar", "tar 20480".into(), &["input"]),
        ("x/input", format!("tar {size}"), &["input", "packed.tar"]),
    ] {
        let writers: Vec<_> = Some(writer).into_iter().filter(|one| !one.is_empty()).collect();
        assert_eq!(scenario.wrote(path), writers, "{path}");
        scenario.is_from(path, sources);
    }
    let affected = scenario.own("affects", "input");
    let made = ["cp", "dd", "of-hard", "real/x", "inside", "part.aa", "whole", "sorted", "x/input"];
    assert!(made.iter().chain(&WAYS).all(|path| affected.contains(*path)), "{affected:?}");
}
