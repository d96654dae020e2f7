//! Records a command and prints its calls that failed, without a log on disk:
//! `cargo run --example failed_calls -- COMMAND [ARG…]`.

use rtrace::event::Batch;
use rtrace::log::Reader;
use rtrace::record::Recorder;
use rtrace::render::{self, Plain, Style};
use rtrace::tracer::Launch;
use std::io::Seek;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let launch = Launch::new(std::env::args_os().skip(1));
    let mut file = tempfile::tempfile()?;
    let recorded = Recorder::default().run(&launch, file.try_clone()?, ())?;

    file.rewind()?;
    let mut reader = Reader::new(file)?;
    let mut batch = Batch::new();
    while reader.next_batch(&mut batch)?.is_some() {
        for record in batch.iter().filter(|record| record.failed) {
            let mut line = String::new();
            render::call(&record, &Style::default(), &Plain, &mut line);
            println!("{} {line}", record.task);
        }
    }
    println!("{:?}", recorded.outcome.root);
    Ok(())
}
