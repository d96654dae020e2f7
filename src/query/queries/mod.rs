//! The queries that come with rtrace: one file each, one line each in [`QUERIES`].

mod affects;
mod critical_path;
mod databases;
mod depends_on;
mod failed;
mod peers;
mod pipes;
mod read_before_write;
mod unused;
mod who_wrote;

use super::{Cell, Error, Params, Query, Rows, Subject, subject};

/// What queries need to be in a log.
mod needs {
    use super::super::Need;
    use crate::flow::Sort;

    pub(super) const READS: Need = Need::Calls(Sort::Reads);
    pub(super) const WRITES: Need = Need::Calls(Sort::Writes);
    pub(super) const MAPS: Need = Need::Calls(Sort::Maps);
    pub(super) const DESCRIPTORS: Need = Need::Calls(Sort::Descriptors);
    pub(super) const NAMES: Need = Need::Calls(Sort::Names);
    pub(super) const CONNECTIONS: Need = Need::Calls(Sort::Connections);
    pub(super) const LISTS: Need = Need::Calls(Sort::Lists);
    pub(super) const WAITS: Need = Need::Calls(Sort::Waits);
    pub(super) const ALL_CALLS: Need = Need::AllCalls;
    pub(super) const BYTES: Need = Need::Bytes;
}

/// Makes a query of its name, parameters, needs, columns and the function that answers it.
/// The documentation of it is what users read.
macro_rules! query {
    (
        $(#[doc = $line:literal])+
        $name:literal($($param:literal),*) of [$($need:ident),*] -> $($column:literal),+; $answer:ident
    ) => {
        $(#[doc = $line])+
        pub(super) const QUERY: super::Query = super::Query {
            name: $name,
            about: concat!($($line, "\n"),+),
            params: &[$($param),*],
            needs: &[$(super::super::queries::needs::$need),*],
            columns: &[$($column),+],
            answer: $answer,
        };
    };
}
use query;

/// All of them.
pub const QUERIES: &[Query] = &[
    affects::QUERY,
    critical_path::QUERY,
    databases::QUERY,
    depends_on::QUERY,
    failed::QUERY,
    peers::QUERY,
    pipes::QUERY,
    read_before_write::QUERY,
    unused::QUERY,
    who_wrote::QUERY,
];

/// The path that a query is asked about, in each of the runs that know it, by their
/// places.
fn at_path(
    subjects: &[Subject],
    params: &Params<'_>,
) -> Result<Vec<(usize, crate::flow::ResourceId)>, Error> {
    subject::at_path(subjects, params.get("path").unwrap_or_default())
}

/// Rows without those that say the same, in their order.
fn sorted(mut rows: Rows) -> Rows {
    rows.sort();
    rows.dedup();
    rows
}
