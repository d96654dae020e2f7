//! Paths as processes see them that have another root.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::common::{Build, Rtrace, tracee_built};
use super::kit::Scenario;

#[test]
fn files_in_another_root_have_their_paths_outside_of_it() {
    let root = nix::unistd::geteuid().is_root();
    let words = if root { &["chroot", "root"][..] } else { &["unshare", "-r", "chroot", "root"] };
    let script = format!(
        "{} /copies places /data/../in /data/out && {} /copies vectors data/out again && cat root/again >final",
        words.join(" "),
        words.join(" ")
    );
    let command = Rtrace::run("sh").args(["-c", &script]);
    let inside = command.dir().join("root/copies");
    fs::create_dir_all(command.dir().join("root/data")).expect("made");
    fs::copy(tracee_built("copies", Build::Static), &inside).expect("copied");
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o755)).expect("ours");
    let scenario = Scenario::run(&[("root/in", "words\n")], command);
    assert_eq!(scenario.wrote("root/data/out"), ["copies 6"]);
    scenario.is_from("root/data/out", &["root/copies", "root/in"]);
    scenario.is_from("final", &["root/again", "root/copies", "root/data/out", "root/in"]);
    assert!(scenario.own("affects", "root/in").contains("final"));
}
