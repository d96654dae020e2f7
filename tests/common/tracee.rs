//! Builds tracees from `tests/tracees/`, once for each content.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a tracee is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// gcc, dynamically linked.
    Native,
    /// gcc -m32, dynamically linked.
    I386,
    /// gcc -static.
    Static,
    /// gcc -m32 -static.
    StaticI386,
    /// musl-gcc -static.
    Musl,
    /// go build, of `NAME.go`.
    Go,
}

impl Build {
    fn command(self, source: &Path, output: &Path) -> Command {
        let (program, extra): (&str, &[&str]) = match self {
            Self::Native => ("gcc", &[]),
            Self::I386 => ("gcc", &["-m32"]),
            Self::Static => ("gcc", &["-static"]),
            Self::StaticI386 => ("gcc", &["-m32", "-static"]),
            Self::Musl => ("musl-gcc", &["-static"]),
            Self::Go => ("go", &[]),
        };
        let mut command = Command::new(program);
        if self == Self::Go {
            command.env("CGO_ENABLED", "0").env("GO111MODULE", "off").args(["build", "-o"]);
            // It asks for a place to cache, and finds none without a home.
            if std::env::var_os("HOME").is_none() {
                command.env("GOCACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/go-cache"));
            }
        } else {
            command.args(["-O1", "-g", "-Wall", "-Wextra", "-pthread", "-o"]);
        }
        command.arg(output).args(extra).arg(source);
        command
    }
}

/// The program `tests/tracees/NAME.c`, for this machine.
pub fn tracee(name: &str) -> PathBuf {
    tracee_built(name, Build::Native)
}

/// The program `tests/tracees/NAME.c` (or `.go`), built that way.
pub fn tracee_built(name: &str, build: Build) -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracees");
    let source = sources.join(name).with_extension(if build == Build::Go { "go" } else { "c" });
    let text = fs::read(&source).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    let header = fs::read(sources.join("account.h")).expect("tests/tracees/account.h");
    let hash = blake3::hash(&[text, header].concat()).to_hex();

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tracees");
    fs::create_dir_all(&folder).expect("target/tmp can be written");
    let program = folder.join(format!("{name}-{build:?}-{}", &hash[..12]));
    if !program.exists() {
        // Tests run side by side: build elsewhere, then move it there at once.
        let own = tempfile::tempdir_in(&folder).expect("target/tmp can be written");
        let built = own.path().join(name);
        super::tool(&mut build.command(&source, &built));
        fs::rename(&built, &program).expect("a rename within target/tmp");
    }
    program
}
