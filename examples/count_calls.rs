//! How often each call was made: `cargo run --example count_calls -- LOG`.

use rtrace::abi;
use rtrace::event::{Batch, Kind};
use rtrace::log::Reader;
use std::collections::BTreeMap;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: count_calls LOG")?;
    let mut reader = Reader::open(path)?;
    let mut counts = BTreeMap::new();
    let mut batch = Batch::new();
    while reader.next_batch(&mut batch)?.is_some() {
        for record in batch.iter().filter(|record| record.end.is_some()) {
            if let (Kind::Call, Some(call)) = (record.kind, record.call) {
                let name = abi::lookup(call.abi, call.nr).map_or("unknown", |call| call.name);
                *counts.entry(name).or_insert(0_u64) += 1;
            }
        }
    }
    for (name, count) in counts {
        println!("{count:8} {name}");
    }
    Ok(())
}
