use super::super::critical::path;
use super::{Cell, Error, Params, Rows, Subject, query};

query! {
    /// The chain of tasks that decided how long the run took: back from the task that ended last,
    /// always to whom it waited for last (a child's end, bytes, the end of a pipe, room in a full
    /// one, a lock, a connection), else to who started it. Start and duration are in seconds since the run's start; one row begins where
    /// the one before ends, so that the durations add up to the time of the whole. Of several
    /// runs the one that ended last, and before it those that left files which it read; all
    /// in seconds since the first of the runs began.
    "critical-path"() of [READS, WRITES, DESCRIPTORS, WAITS]
        -> "command", "start", "duration"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let began = subjects.iter().map(|subject| subject.started).min().unwrap_or_default();
    let rows = path(subjects).into_iter().filter_map(|part| {
        let subject = subjects.get(part.run)?;
        let start = Cell::Time(subject.started - began + part.start);
        Some(vec![subject.command(part.activity), start, Cell::Time(part.end - part.start)])
    });
    Ok(rows.collect())
}
