//! A C compiler as the judge of what headers say.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};

/// Compiles C for that machine option (`-m64`, `-m32`) and runs it.
///
/// Gives its standard output, or what the compiler had to say.
pub(crate) fn run(source: &str, machine: &str) -> Result<String, String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (file, program) = (directory.path().join("probe.c"), directory.path().join("probe"));
    fs::write(&file, source).expect("a temporary file");
    let compiler = Command::new("gcc")
        .args(["-w", "-fmax-errors=0", machine, "-o"])
        .args([&program, &file])
        .env("LC_ALL", "C")
        .output()
        .expect("gcc, which tests/run installs");
    if !compiler.status.success() {
        return Err(text(&compiler, |output| &output.stderr));
    }
    let output = Command::new(&program).output().expect("the program just built");
    Ok(text(&output, |output| &output.stdout))
}

fn text(output: &Output, stream: fn(&Output) -> &Vec<u8>) -> String {
    String::from_utf8_lossy(stream(output)).into_owned()
}

/// A program that prints numbers, one a line, and the line that its first stands on.
pub(crate) fn printer(preamble: &str, expressions: &[String]) -> (String, usize) {
    let mut source = format!("{preamble}\nstatic const long long values[] = {{\n");
    let first = source.lines().count() + 1;
    for expression in expressions {
        let _ = writeln!(source, "(long long)({expression}),");
    }
    source.push_str(
        "0 };\nint printf(const char *, ...);\nint main(void) {\n\
         for (unsigned i = 0; i + 1 < sizeof values / sizeof *values; i++)\n\
         printf(\"%lld\\n\", values[i]);\nreturn 0; }\n",
    );
    (source, first)
}

/// `#include` lines.
pub(crate) fn includes(headers: &str) -> String {
    headers.split_whitespace().fold(String::new(), |mut out, header| {
        let _ = writeln!(out, "#include <{header}>");
        out
    })
}
