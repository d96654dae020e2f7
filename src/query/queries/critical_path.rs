use super::super::critical::path;
use super::{Cell, Error, Params, Rows, Subject, query};

query! {
    /// The chain of tasks that decided how long the run took: back from the task that ended last,
    /// always to whom it waited for last (a child's end, bytes, the end of a pipe), else to who
    /// started it. Start and duration are in seconds since the run's start; one row begins where
    /// the one before ends, so that the durations add up to the time of the whole.
    "critical-path"() -> "command", "start", "duration"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject<'_>], _: &Params<'_>) -> Result<Rows, Error> {
    let rows = subjects.iter().flat_map(|subject| {
        path(subject.graph).into_iter().map(|part| {
            let command = subject.command(part.activity);
            vec![command, Cell::Time(part.start), Cell::Time(part.end - part.start)]
        })
    });
    Ok(rows.collect())
}
