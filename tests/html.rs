//! The page: what is in its file, and what it shows in a browser.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use common::samples::Samples;
use common::{Rtrace, python, tool, tracee};

fn rtrace(args: &[&str]) -> String {
    tool(Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args))
}

/// Writes what an rtrace command says of a log to a file beside it.
fn write(log: &Path, extension: &str, args: &[&str]) {
    let [command, rest @ ..] = args else { return };
    let path = log.to_str().expect("text");
    let text = rtrace(&[&[*command, path], rest].concat());
    fs::write(log.with_extension(extension), text).expect("written");
}

#[test]
fn a_page_holds_the_document_and_all_events() {
    let samples = Samples::record();
    let run = Rtrace::run("dd").args(["if=/dev/zero", "of=out", "bs=1", "count=1500"]);
    run.log(samples.log("loops")).finish().exited(0);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/batchflow.json");
    fs::copy(schema, samples.dir().join("schema.json")).expect("copied");
    samples.convert("html").convert_as("html", &[], "again").convert("json");
    samples.convert_as("json", &["--detail", "event"], "event.json");
    python(include_str!("html/sound.py"), samples.dir());
}

#[test]
fn languages_are_those_of_pages() {
    let refused = |args: &[&str]| {
        let out =
            Command::new(env!("CARGO_BIN_EXE_rtrace")).args(args).output().expect("it starts");
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let said = refused(&["convert", "x.mp", "--to", "html", "--lang", "tlh"]);
    assert!(said.contains("en, fr"), "{said}");
    let said = refused(&["convert", "x.mp", "--to", "json", "--lang", "fr"]);
    assert!(said.contains("--lang is for --to html"), "{said}");
}

/// What a page must show: a failing batch, threads, and names that could be markup.
#[test]
fn a_browser_shows_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = |name: &str| dir.path().join(name).with_extension("mp");
    let script = r"printf 'b\na\nb\n' >names; sort names | uniq -c >counted
        mkdir '<script>alert(1)<'; cp names '<script>alert(1)</script>'; cat '<script>alert(1)</script>' >/dev/null
        cat missing.txt; kill -TERM $$";
    Rtrace::bash(script).log(log("batch")).finish();
    Rtrace::run(tracee("threads")).arg("4").log(log("threads")).finish().exited(0);
    // The longest path that there can be, in parts of 200 bytes, and one that is no text.
    let long = ["x".repeat(199).as_str(); 20].join("/");
    let odd = OsStr::from_bytes(b"a \xff<img src=x onerror=alert(2)>\n\"'&amp;");
    let run = Rtrace::run("cat").args([OsStr::new(&long), odd]);
    run.log(log("paths")).finish().exited(1);
    for name in ["batch", "threads", "paths"] {
        write(&log(name), "html", &["convert", "--to", "html"]);
        let all = ["stats", "--by", "process", "--format", "json", "--top", "1000000"];
        write(&log(name), "stats.json", &all);
        write(&log(name), "json", &["convert", "--to", "json"]);
    }
    write(&log("batch"), "failed.json", &["query", "--name", "failed", "--format", "json"]);
    write(&log("batch"), "jsonl", &["convert", "--to", "jsonl"]);
    write(&log("batch"), "fr.html", &["convert", "--to", "html", "--lang", "fr"]);
    let script = concat!(include_str!("html/page.py"), include_str!("html/browser.py"));
    python(script, dir.path());
}

#[test]
fn the_modules_do_what_they_should() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    let files = fs::read_dir(&tests).expect("a directory").map(|file| file.expect("a file").path());
    let files = files.filter(|file| file.to_string_lossy().ends_with(".test.mjs"));
    tool(Command::new("node").arg("--test").args(files));
}
