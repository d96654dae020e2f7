//! Which process wrote to what, by the flow: `cargo run --example files_written -- LOG`.

use rtrace::abi::Verb;
use rtrace::event::Batch;
use rtrace::flow::{Flow, Item, Sink, State};
use rtrace::log::Reader;
use std::collections::BTreeSet;
use std::convert::Infallible;

/// Command lines with names of resources.
#[derive(Default)]
struct Written(BTreeSet<(String, String)>);

impl Sink for Written {
    type Error = Infallible;

    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Infallible> {
        let Item::Event(event) = item else { return Ok(()) };
        let execution = state.process_of(event.record.task).and_then(|p| p.execution.as_ref());
        let Some(execution) = execution.filter(|_| !event.record.failed) else { return Ok(()) };
        for used in event.uses.iter().filter(|used| used.verb == Verb::Writes) {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            self.0.insert((text(&execution.command_line()), text(state.name_of(used.resource))));
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut reader = Reader::open(std::env::args_os().nth(1).ok_or("usage: files_written LOG")?)?;
    let (mut flow, mut written, mut batch) = (Flow::new(), Written::default(), Batch::new());
    while reader.next_batch(&mut batch)?.is_some() {
        flow.batch(&batch, &mut written)?;
    }
    written.0.iter().for_each(|(command, file)| println!("{command}: {file}"));
    Ok(())
}
