use super::{Cell, Error, Params, Rows, Subject, query, sorted};
use crate::flow::graph::Carrier;

query! {
    /// Who read a file that somebody else wrote to afterwards, and so cannot have seen what
    /// was written: races, and the order that a build relied on.
    "read-before-write"() -> "path", "reader", "writer"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject<'_>], _: &Params<'_>) -> Result<Rows, Error> {
    let rows = subjects.iter().flat_map(|subject| {
        let passages = &subject.graph.passages;
        passages.iter().filter(|one| one.carrier == Carrier::Overwrite && one.from != one.to).map(
            |one| {
                let path = Cell::from(subject.name(one.through));
                vec![path, subject.command(one.from), subject.command(one.to)]
            },
        )
    });
    Ok(sorted(rows.collect()))
}
