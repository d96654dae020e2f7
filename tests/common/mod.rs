//! What the integration tests share: tracees, runs under rtrace, and logs held
//! against the tracees' own account.
//!
//!     let run = Rtrace::run(&tracee("threads")).arg("200").finish();
//!     run.exited(0);
//!     run.trace().agrees_with(&run.stdout);

// Each test binary uses its part of this.
#![allow(dead_code, unused_imports, unreachable_pub)]

mod account;
mod graph;
pub mod hostile;
mod load;
pub mod long;
pub mod made;
mod rtrace;
pub mod samples;
mod tidy;
mod trace;
mod tracee;

pub use account::Account;
pub use graph::{Graph, Node};
pub use rtrace::{Rtrace, Run, Running};
pub use trace::{Call, Exit, Piece, Signal, Task, Trace};
pub use tracee::{Build, tracee, tracee_built};

use std::path::Path;
use std::process::Command;

/// Runs a tool that the test cannot do without; its output, or a failed test.
pub fn tool(command: &mut Command) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("this test needs `{name}`, which cannot be run: {error} (tests/run installs it)")
    });
    assert!(
        output.status.success(),
        "{name}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a script in the Python of the tests, which has what `tests/venv` lists.
#[track_caller]
pub fn python(script: &str, dir: &Path) {
    tool(Command::new(python_path()).arg("-c").arg(script).current_dir(dir));
}

/// The interpreter of that Python itself: `python3` may be a script that finds one.
#[track_caller]
pub fn python_path() -> String {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/venv");
    tool(&mut Command::new(venv)).trim().to_owned()
}
