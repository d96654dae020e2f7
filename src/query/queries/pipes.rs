use super::{Error, Params, Rows, Subject, query};
use crate::flow::Class;
use crate::flow::graph::Carrier;

query! {
    /// Who wrote to whom through pipes and FIFOs, and how many bytes: those that were read. A
    /// row for each pipe between two programs.
    "pipes"() -> "from_command", "to_command", "bytes"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject<'_>], _: &Params<'_>) -> Result<Rows, Error> {
    let rows = subjects.iter().flat_map(|subject| {
        let graph = subject.graph;
        let is_pipe = |id| graph.resource(id).is_some_and(|one| one.class == Class::Pipe);
        let passages = graph.passages.iter().filter(move |one| {
            one.carrier == Carrier::Bytes && one.from != one.to && is_pipe(one.through)
        });
        passages.map(|one| {
            let (from, to) = (subject.command(one.from), subject.command(one.to));
            vec![from, to, Some(one.amount).into()]
        })
    });
    let mut rows: Rows = rows.collect();
    rows.sort();
    Ok(rows)
}
