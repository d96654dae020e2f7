//! Logs out of logs: joined, cut, compressed anew.

mod cut;

pub use cut::Cut;

use crate::event::Batch;
use crate::log::{Error, Join, Totals, Writer};
use cut::Cutter;
use std::io::Write;

/// Writes what `cut` chooses of joined logs. Identities stay as they are: the run, the
/// numbers of tasks and ordinals. `level` is zstd's; `None`: as a recorder has it.
///
/// # Errors
/// A log cannot be read, `out` cannot be written.
pub fn copy<W: Write>(
    join: &mut Join,
    cut: &Cut,
    level: Option<i32>,
    out: W,
) -> Result<(Totals, W), Error> {
    let mut header = join.header().clone();
    if let Some(set) = &cut.set {
        header.options.narrow_to(set);
    }
    header.options.narrow_to_processes(&cut.pids);
    let mut writer = Writer::new(out, &header)?;
    if let Some(level) = level {
        writer = writer.with_level(level)?;
    }
    let mut cutter = Cutter::new(cut, &header.cwd);
    let mut batch = Batch::new();
    while let Some(info) = join.next_batch(&mut batch)? {
        cutter.take(&batch, &info, &mut writer)?;
        // Of one log, nothing that follows is of this time.
        if cutter.is_over() && join.readers().nth(1).is_none() {
            return writer.finish(cutter.end(None));
        }
    }
    cutter.finish(&mut writer)?;
    writer.finish(cutter.end(Some(join.end())))
}
