use super::super::lineage::Lineage;
use super::super::search::Found;
use super::{Cell, Error, Params, Rows, Subject, at_path, query};

query! {
    /// What the file of this path was made from: the files that the program that wrote it had
    /// read, mapped or executed before, what had come to it through pipes and connections, and
    /// what all those were made from in turn; `depth` counts the files on the way. Forks, waits
    /// and mere looks are no dependencies, nor is what was read after the last write.
    "depends-on"("path") of [READS, WRITES, MAPS, DESCRIPTORS, NAMES]
        -> "path", "depth"; answer
}

fn answer(subjects: &[Subject], params: &Params<'_>) -> Result<Rows, Error> {
    let names = at_path(subjects, params)?;
    Ok(nearest(subjects, Lineage::new(subjects).made_from(&names)))
}

/// Each path once, with the least of its depths; the nearest first.
pub(super) fn nearest(subjects: &[Subject], found: Found) -> Rows {
    let named = found.into_iter().filter_map(|((run, name), depth)| {
        let path = subjects.get(run)?.name(name);
        Some((path.to_vec(), depth))
    });
    let mut found: Vec<_> = named.collect();
    found.sort_unstable();
    found.dedup_by(|later, kept| later.0 == kept.0);
    found.sort_by_key(|(_, depth)| *depth);
    found.into_iter().map(|(path, depth)| vec![Cell::Text(path), Cell::Number(depth)]).collect()
}
