//! Writes a log of so many events, the same each time, to measure with:
//! `cargo run --release --example long_log -- EVENTS LOG`.

#[path = "../tests/common/long.rs"]
mod long;

use long::Long;
use std::fs::File;
use std::io::BufWriter;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let usage = "usage: long_log EVENTS LOG";
    let mut arguments = std::env::args().skip(1);
    let events = arguments.next().ok_or(usage)?.parse()?;
    let out = BufWriter::new(File::create(arguments.next().ok_or(usage)?)?);
    let files = 1 + events / 50;
    Long { events, per_program: 1_000, per_block: 12_000, files }.write(out)?;
    Ok(())
}
