//! A sound log out of a damaged one.

use super::check::{Count, Summary};
use super::error::Error;
use super::header::Header;
use super::index::{End, Missing, Reason};
use super::layout::PREFIX_COMMON;
use super::raw::Raw;
use super::reader::{BlockInfo, Reader};
use super::writer::{Totals, Writer};
use crate::event::Batch;
use std::io::Write;

/// What came of a repair.
#[derive(Debug)]
pub struct Repaired<W> {
    /// What the damaged log holds, and what it has lost.
    pub summary: Summary,
    /// What is in the new one.
    pub totals: Totals,
    /// Where that was written.
    pub out: W,
}

/// Writes all that can be read of a log to `out`, as a log that is whole: its blocks
/// as they are, numbered anew; an index; an end. If the header is lost, the new one
/// has of the run what blocks tell: half of its UUID, which is in their markers, and
/// the clock.
///
/// What was lost stands in [`End::missing`].
///
/// # Errors
/// The log cannot be read, `out` cannot be written.
pub fn repair<W: Write>(reader: &mut Reader, out: W) -> Result<Repaired<W>, Error> {
    let (mut batch, mut raw) = (Batch::new(), Raw::default());
    // Where the header is lost, the first block is asked.
    let mut next = reader.next_raw(&mut batch, &mut raw)?;
    let mut writer = Writer::new(out, &header(reader, next.as_ref()))?;
    let (mut count, mut last) = (Count::default(), 0);
    while let Some(info) = next {
        writer.write_raw(&raw, &batch)?;
        count.add(&info, &batch);
        last = info.last.max(last);
        next = reader.next_raw(&mut batch, &mut raw)?;
    }
    let (totals, out) = writer.finish(end(reader, last))?;
    Ok(Repaired { summary: count.finish(reader), totals, out })
}

/// The log's header, or as much of it as its first block tells.
pub(super) fn header(reader: &Reader, first: Option<&BlockInfo>) -> Header {
    // What was a set is one log; a part of one stays that.
    let is_set = reader.parts().is_some_and(|parts| !parts.is_alone);
    let own = reader.header();
    let mut header = Header { part: own.part.filter(|_| !is_set), ..own.clone() };
    if reader.losses().header {
        let run = reader.prefix().map_or(&[][..], |prefix| &prefix[PREFIX_COMMON.len()..]);
        header.run[..run.len()].copy_from_slice(run);
        let clock = first.and_then(|first| first.clock);
        header.clock.realtime = clock.map_or(0, |(realtime, time)| realtime.saturating_sub(time));
    }
    header
}

/// The end of a log that is made of one that was read to its end: the same, or one that
/// says that it is lost. `last` is the time of the latest observation.
pub(super) fn end(reader: &Reader, last: u64) -> End {
    let losses = reader.losses();
    let known = reader.end().cloned();
    let before = known.as_ref().and_then(|end| end.missing).unwrap_or_default();
    let missing = Missing {
        blocks: losses.blocks.saturating_add(before.blocks),
        records: losses.records.saturating_add(before.records),
        header: losses.header || before.header,
        end: known.is_none() || before.end,
    };
    let end = known.unwrap_or(End { reason: Reason::Part, time: last, ..End::default() });
    End { missing: (!missing.is_nothing()).then_some(missing), ..end }
}
