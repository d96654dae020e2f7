use super::super::heritage::Heritage;
use super::{Cell, Error, Params, Rows, Subject, query, sorted};
use crate::flow::graph::Carrier;

query! {
    /// Who read a file that somebody else wrote to afterwards, and so cannot have seen what
    /// was written: races, and the order that a build relied on. The writer may be of a later
    /// run.
    "read-before-write"() of [READS, WRITES, MAPS, DESCRIPTORS, NAMES]
        -> "path", "reader", "writer"; answer
}

#[expect(clippy::unnecessary_wraps, reason = "as all queries")]
fn answer(subjects: &[Subject], _: &Params<'_>) -> Result<Rows, Error> {
    let mut rows: Rows = subjects.iter().flat_map(within).collect();
    if subjects.len() > 1 {
        rows.extend(between(subjects));
    }
    Ok(sorted(rows))
}

/// Reader and writer of the same run.
fn within(subject: &Subject) -> impl Iterator<Item = Vec<Cell>> {
    let passages = subject.graph.passages.iter();
    let overwrites = passages.filter(|one| one.carrier == Carrier::Overwrite && one.from != one.to);
    overwrites.map(|one| {
        let path = Cell::from(subject.name(one.through));
        vec![path, subject.command(one.from), subject.command(one.to)]
    })
}

/// Those of different runs.
fn between(subjects: &[Subject]) -> Rows {
    let heritage = Heritage::new(subjects);
    let mut rows = Rows::new();
    for (run, subject) in subjects.iter().enumerate() {
        for usage in subject.graph.usages.iter().filter(|usage| usage.has_taken()) {
            let Some((other, writer)) = heritage.overwriter(run, usage) else { continue };
            let Some(other) = subjects.get(other) else { continue };
            let path = Cell::from(subject.name(usage.resource));
            rows.push(vec![path, subject.command(usage.activity), other.command(writer)]);
        }
    }
    rows
}
