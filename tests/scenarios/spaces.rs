//! Names of files that are mounted in a namespace of their own.

use std::collections::BTreeSet;

use super::kit::Scenario;

#[test]
fn what_is_mounted_for_some_has_not_the_name_that_others_know() {
    let unshare = if nix::unistd::geteuid().is_root() { "-m" } else { "-rm" };
    let script = format!(
        "unshare {unshare} --propagation private sh -c '
            mount -t tmpfs none own; echo inside >own/y; cat own/y >got
            mount --bind src bound; cat bound/b >>got; echo more >bound/c
            umount own; cat own/x >>got'
        cat src/c >seen"
    );
    let files = [("own/x", "outside\n"), ("src/b", "bound\n"), ("bound/hidden", "")];
    let scenario = Scenario::of(&files, &script);
    let got = std::fs::read_to_string(scenario.path("got")).expect("it is there");
    assert_eq!(got, "inside\nbound\noutside\n");
    let sources = BTreeSet::from(["own/x", "src/b"].map(str::to_owned));
    assert_eq!(scenario.own("depends-on", "got"), sources, "by the names that they have outside");
    let all = scenario.paths("depends-on", "got");
    let inside = all.iter().find(|path| path.ends_with("/own/y")).expect("it was read");
    assert!(inside.starts_with("/proc/") && inside.contains("/root/"), "{inside}");
    assert_eq!(scenario.wrote("src/c"), ["sh 5"]);
    assert!(scenario.own("depends-on", "seen").contains("src/c"));
}

/// A directory that becomes the root, as containers have it.
#[test]
fn who_has_another_root_names_files_by_where_they_are_outside() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let script = "unshare -m --propagation private sh -c '
            mount --bind top top; cd top; pivot_root . old
            read line </in; echo \"$line\" >/out; read line </old/etc/passwd'
        cat top/out >seen";
    let files = [("top/in", "words\n"), ("top/old/none", "")];
    let scenario = Scenario::of(&files, script);
    assert_eq!(scenario.wrote("top/out"), ["sh 6"]);
    assert!(scenario.own("depends-on", "top/out").contains("top/in"));
    assert!(scenario.own("depends-on", "seen").contains("top/out"));
    let read = scenario.paths("depends-on", "top/out");
    assert!(!read.iter().any(|path| path.contains("/top/usr/")), "{read:?}");
    let document = scenario.document();
    let label = |node: &serde_json::Value| node["label"].as_str().unwrap_or_default().to_owned();
    let names: Vec<_> = document.nodes("file").map(label).collect();
    assert!(names.contains(&"/etc/passwd".to_owned()), "it was there before: {names:?}");
    assert!(!names.iter().any(|name| name.contains("/top/old/etc")), "{names:?}");
}

/// Who joins a namespace sees what is mounted there.
#[test]
fn who_joins_a_namespace_names_files_as_those_who_are_in_it() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let script = "mkfifo ready go
        unshare -m --propagation private sh -c '
            mount -t tmpfs none own; echo inside >own/y; echo $$ >ready; read line <go' &
        read pid <ready
        nsenter --mount=/proc/$pid/ns/mnt cat \"$PWD/own/y\" >got
        cat own/y >none 2>&1
        echo >go; wait";
    let scenario = Scenario::of(&[("own/y", "outside\n")], script);
    assert_eq!(std::fs::read_to_string(scenario.path("got")).expect("it is there"), "inside\n");
    let got = scenario.paths("depends-on", "got");
    let is_inside = |path: &&String| path.starts_with("/proc/") && path.ends_with("/own/y");
    assert_eq!(got.iter().filter(is_inside).count(), 1, "{got:?}");
    assert!(!scenario.own("depends-on", "got").contains("own/y"), "{got:?}");
    assert!(scenario.own("depends-on", "none").contains("own/y"));
}
