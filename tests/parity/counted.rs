//! Programs that never do quite the same.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::common::{Build, tool, tracee_built};
use super::scene::Scene;

/// Sources of a program in C and how to make it.
fn project() -> Scene {
    let scene = Scene::new().output("program");
    let mut calls = String::new();
    for at in 0..6 {
        scene.write(&format!("part{at}.c"), format!("int part{at}(void) {{ return {at}; }}\n"));
        // Writing to a string does not fail.
        let _ = write!(calls, "int part{at}(void); sum += part{at}(); ");
    }
    scene.write("main.c", format!("int main(void) {{ int sum = 0; {calls} return sum != 15; }}\n"));
    scene.write(
        "Makefile",
        "PARTS := $(patsubst %.c,%.o,$(wildcard *.c))\n\
         program: $(PARTS)\n\tgcc -o $@ $^\n\t./$@\n\trm $^\n\
         %.o: %.c\n\t@echo compile $< && gcc -c -o $@ $<\n",
    );
    scene
}

/// A crate without dependencies.
fn small_crate() -> Scene {
    let scene = Scene::new().output("target").env("CARGO_TARGET_DIR", "target");
    // The toolchain is found in the caller's home, if not in the system.
    let home = |name: &str, folder: &str| {
        std::env::var_os(name).map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(folder),
            PathBuf::from,
        )
    };
    let scene = scene.env("CARGO_HOME", home("CARGO_HOME", ".cargo"));
    let scene = scene.env("RUSTUP_HOME", home("RUSTUP_HOME", ".rustup"));
    scene.write(
        "Cargo.toml",
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    );
    scene.write("src/lib.rs", "pub fn two() -> u8 {\n    2\n}\n");
    scene.write("src/main.rs", "fn main() {\n    println!(\"{}\", small::two());\n}\n");
    scene
}

/// The words for so many rounds of what a stressor does.
fn stressor(name: &str, rounds: u32) -> [String; 6] {
    let words = ["stress-ng", "--quiet", &format!("--{name}"), "1", &format!("--{name}-ops")];
    let [program, quiet, kind, workers, operations] = words.map(str::to_owned);
    [program, quiet, kind, workers, operations, rounds.to_string()]
}

#[test]
fn go() {
    Scene::new().as_many(&[tracee_built("workers", Build::Go)]);
}

#[test]
fn git_clone_over_a_pipe() {
    let scene = Scene::new().output("copy");
    scene.shell(
        "git init -q repo; cd repo; seq 500 >numbers; git add .
         git -c user.name=A -c user.email=a@example.org commit -qm numbers",
    );
    let url = format!("file://{}", scene.path("repo").display());
    scene.as_many(&["git", "clone", "-q", &url, "copy"]);
}

#[test]
fn make() {
    project().as_many(&["make", "-j2"]);
}

#[test]
fn cargo_build() {
    small_crate().as_many(&["cargo", "build", "--offline", "--quiet"]);
}

#[test]
fn stressors_that_make_processes() {
    let scene = Scene::new();
    for name in ["fork", "vfork", "pthread", "zombie", "session", "pidfd", "chroot"] {
        scene.as_many(&stressor(name, 20));
    }
    for name in ["wait", "switch", "futex", "pipe", "fifo", "seccomp", "ptrace"] {
        scene.as_many(&stressor(name, 50));
    }
}

#[test]
fn stressors_of_signals() {
    let scene = Scene::new();
    for name in ["sigsegv", "sigrt", "sigabrt", "sigfpe", "sigq", "kill", "timer", "bad-altstack"] {
        scene.as_many(&stressor(name, 50));
    }
}

#[test]
fn stressors_that_make_as_many_processes_as_there_is_time_for() {
    let scene = Scene::new();
    for name in ["clone", "daemon", "sigchld", "exit-group"] {
        scene.survives(&stressor(name, 20));
    }
    // This one ends by time alone.
    scene.survives(&["stress-ng", "--quiet", "--vforkmany", "1", "--timeout", "1"]);
}

/// The stressors of three classes, but for those that set clocks, take all memory,
/// or starve the rest of the machine.
#[test]
#[ignore = "takes two minutes: each of some sixty stressors runs for a second"]
fn stressors_by_class() {
    const LEFT_OUT: [&str; 7] =
        ["clock", "cyclic", "forkheavy", "mmapfork", "netlink-proc", "resched", "softlockup"];
    let scene = Scene::new();
    for class in ["scheduler", "pipe", "interrupt"] {
        let list = tool(Command::new("stress-ng").args(["--class", &format!("{class}?")]));
        let (_, names) = list.split_once("stressors:").expect("stress-ng lists a class");
        for name in names.split_whitespace().filter(|name| !LEFT_OUT.contains(name)) {
            let kind = format!("--{name}");
            scene.survives(&["stress-ng", "--quiet", &kind, "1", "--timeout", "1"]);
        }
    }
}

#[test]
#[ignore = "takes half a minute"]
fn initdb() {
    let scene = Scene::new().output("cluster").patience(300).unless_root("nobody");
    scene.as_many(&[initdb_program(), "-D".into(), "cluster".into()]);
}

/// PostgreSQL's initdb, which Debian keeps out of `PATH`.
fn initdb_program() -> PathBuf {
    let in_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join("initdb"))
        .find(|program| program.exists());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let of_debian = versions.map(|version| version.path().join("bin/initdb")).max();
    of_debian.or(in_path).expect("initdb, of Debian's package postgresql (tests/run installs it)")
}

#[test]
#[ignore = "takes a minute, and fetches Lua's source from Debian"]
fn make_of_lua() {
    let scene = Scene::new().patience(300);
    let fetch = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/lua-source");
    tool(Command::new(fetch).arg(scene.path("lua")));
    let make = |target| ["make", "-s", "-C", "lua", "-j2", target].map(str::to_owned);
    scene.shell("cp -a lua clean");
    scene.before("rm -rf lua; cp -a clean lua").as_many(&make("linux"));
}
