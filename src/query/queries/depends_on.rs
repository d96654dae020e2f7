use super::super::lineage::Lineage;
use super::{Cell, Error, Params, Rows, Subject, at_path, query};

query! {
    /// What the file of this path was made from: the files that the program that wrote it had
    /// read, mapped or executed before, what had come to it through pipes and connections, and
    /// what all those were made from in turn; `depth` counts the files on the way. Forks, waits
    /// and mere looks are no dependencies, nor is what was read after the last write.
    "depends-on"("path") -> "path", "depth"; answer
}

fn answer(subjects: &[Subject<'_>], params: &Params<'_>) -> Result<Rows, Error> {
    let mut found = Vec::new();
    for (subject, name) in at_path(subjects, params)? {
        let files = Lineage::new(subject.graph).made_from(name);
        found.extend(files.into_iter().map(|(file, depth)| (subject.name(file).to_vec(), depth)));
    }
    Ok(nearest(found))
}

/// Each path once, with the least of its depths; the nearest first.
pub(super) fn nearest(mut found: Vec<(Vec<u8>, u64)>) -> Rows {
    found.sort_unstable();
    found.dedup_by(|later, kept| later.0 == kept.0);
    found.sort_by_key(|(_, depth)| *depth);
    found.into_iter().map(|(path, depth)| vec![Cell::Text(path), Cell::Number(depth)]).collect()
}
