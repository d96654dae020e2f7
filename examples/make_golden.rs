//! Writes the golden log of a new format version: `cargo run --example make_golden
//! -- tests/golden/vN`. It stays in the repository for good, and every later
//! rtrace must read it as the `.jsonl` beside it says; so do this once a version.

#[path = "../tests/golden/mod.rs"]
mod golden;

use std::fmt::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stem = std::env::args().nth(1).ok_or("usage: make_golden PATH-WITHOUT-EXTENSION")?;
    let log = golden::sample()?;
    let mut lines = String::new();
    for object in golden::objects(std::io::Cursor::new(log.clone()))? {
        writeln!(lines, "{object}")?;
    }
    std::fs::write(format!("{stem}.mp"), log)?;
    std::fs::write(format!("{stem}.jsonl"), lines)?;
    Ok(())
}
