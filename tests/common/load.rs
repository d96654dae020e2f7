//! A log's file turned into a [`Trace`].

use std::path::Path;

use rtrace::event::Batch;
use rtrace::log::Reader;

use super::trace::{Collector, Trace};

/// Reads what is sound of a log; one that is not there yet, or has no header
/// yet, is empty.
pub fn load(path: &Path) -> Trace {
    let mut collector = Collector::default();
    let Ok(mut reader) = Reader::open(path) else {
        return collector.finish(false);
    };
    let mut batch = Batch::new();
    while reader.next_batch(&mut batch).expect("the log can be read").is_some() {
        collector.batch(&batch);
    }
    let complete = reader.losses().is_complete() && reader.end().is_some();
    collector.finish(complete)
}
