use super::{Cell, Error, Params, Rows, Subject, query};
use crate::abi::signal_name;
use crate::flow::graph::{End, Process};

query! {
    /// Processes that ended with another code than 0, or by a signal. `reason` is the last failed
    /// call of the process that is about what it said on standard error, or whose error it
    /// returned as its code; nothing if there is none.
    "failed"() of [ALL_CALLS, BYTES]
        -> "pid", "command", "status", "reason"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let rows = subjects.iter().flat_map(|subject| {
        let failed = subject.graph.processes.iter().filter(|process| process.end.is_bad());
        failed.map(|process| row(subject, process))
    });
    Ok(rows.collect())
}

fn row(subject: &Subject, process: &Process) -> Vec<Cell> {
    let command = process.activities.last().map(|last| subject.command(*last));
    let status = match process.end {
        End::Exited(code) => Cell::Number(code.into()),
        End::Killed { signal, .. } => match signal_name(signal.into()) {
            Some(name) => name.into(),
            None => Cell::Number(signal.into()),
        },
        End::None | End::LetGo => Cell::Unknown,
    };
    let reason =
        process.failure.as_ref().map(|failure| Cell::Text(failure.to_bytes(&subject.graph)));
    vec![
        Cell::Number(process.pid.into()),
        command.unwrap_or(Cell::Unknown),
        status,
        reason.unwrap_or(Cell::Unknown),
    ]
}
