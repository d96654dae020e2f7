//! Programs that do the same every time.

use std::process::Command;

use super::common::{Build, tool, tracee, tracee_built};
use super::scene::Scene;

/// A tree of files with odd names, links, and something of every mode.
fn tree() -> Scene {
    let scene = Scene::new();
    for at in 0..60 {
        let name = format!("tree/{}/{}/file {at}.txt", at % 3, at % 5);
        scene.write(&name, "a line\n".repeat(at * 40));
    }
    scene.shell(
        "cd tree; ln -s 0 link; ln -s nowhere broken; ln '0/0/file 0.txt' hard; mkfifo pipe
         touch $'new\\nline' $'not\\xfftext' '\"quoted\"'; chmod 600 hard; mkdir -p empty/er",
    );
    scene
}

/// A repository with a few commits, merged.
fn repository() -> Scene {
    let scene = Scene::new()
        .env("GIT_AUTHOR_DATE", "2024-05-06T07:08:09Z")
        .env("GIT_COMMITTER_DATE", "2024-05-06T07:08:09Z");
    scene.write(".gitconfig", "[user]\nname = A\nemail = a@example.org\n[gc]\nauto = 0\n");
    scene.shell(
        "git init -q -b main repo; cd repo
         for i in 1 2 3 4 5; do
           seq $i 200 >f$i; mkdir -p d$i; seq $i >d$i/numbers; git add .; git commit -qm \"commit $i\"
         done
         git checkout -qb side HEAD~2; echo side >side; git add .; git commit -qm side
         git checkout -q main; git merge -qm merge side",
    );
    scene
}

#[test]
fn ls() {
    tree().same(&["ls", "-lR", "tree"]);
    tree().same(&["ls", "--nonsense"]);
}

#[test]
fn find() {
    tree().same(&["find", "tree", "-name", "*3*", "-o", "-type", "l", "-size", "+1k"]);
    tree().same(&["find", "tree", "-type", "f", "-exec", "true", "{}", "+"]);
}

#[test]
fn tar() {
    let scene = tree().output("tree.tar").output("copy");
    scene.same(&["tar", "cf", "tree.tar", "tree"]);
    scene.shell("tar cf input.tar tree");
    scene.same(&["bash", "--norc", "-c", "mkdir copy; exec tar xf input.tar -C copy"]);
}

#[test]
fn python() {
    // Itself, where a wrapper chooses among several.
    let which = tool(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]));
    for program in [
        "import json,asyncio,http.client",
        "import subprocess; subprocess.run(['true']); 1 / 0",
        "import os; os.mkdir('new'); os.execvp('rmdir', ['rmdir', 'new'])",
    ] {
        Scene::new().same(&[which.trim(), "-c", program]);
    }
}

#[test]
fn git_log() {
    repository().same(&["git", "-C", "repo", "--no-pager", "log", "--stat", "--graph"]);
}

#[test]
fn git_clone() {
    repository().output("copy").same(&["git", "clone", "-q", "repo", "copy"]);
}

#[test]
fn bash() {
    let script = "seq 100 | sort -r | head -n 3 >out; read -r line <out; echo \"$line\"
        x=$(echo hi | tr a-z A-Z); echo \"$x\"; [ -f /nonexistent ] || cat <<<\"here: $x\"
        (cd /; pwd; exit 3); echo $?";
    Scene::new().output("out").same(&["bash", "--norc", "-c", script]);
}

#[test]
fn bash_with_jobs() {
    let script =
        "for i in 1 2 3; do (echo \"$i\" >\"out/$i\"; exec cat \"out/$i\" >/dev/null) & done
        wait; kill -TERM $BASHPID & wait $!; echo $?
        (trap 'echo caught' USR1; kill -USR1 $BASHPID) & wait $!";
    let scene = Scene::new();
    scene.shell("mkdir out");
    scene.same(&["bash", "--norc", "-c", script]);
}

#[test]
fn everyday_of_every_abi_and_c_library() {
    let dynamic = [Build::Native, Build::I386];
    let fixed = [Build::Static, Build::StaticI386, Build::Musl];
    for build in dynamic.into_iter().chain(fixed) {
        Scene::new().same(&[tracee_built("everyday", build)]);
    }
}

#[test]
fn a_thread_that_executes_a_program() {
    Scene::new().tells_ids().same(&[tracee("exec_thread")]);
}
