use super::super::lineage::Lineage;
use super::depends_on::nearest;
use super::{Error, Params, Rows, Subject, at_path, query};

query! {
    /// What was made from the file of this path: the files that programs wrote after they had
    /// read, mapped or executed it, or had got something through a pipe or a connection from one
    /// that had; and what was made from those in turn. The other way of `depends-on`.
    "affects"("path") of [READS, WRITES, MAPS, DESCRIPTORS, NAMES]
        -> "path", "depth"; answer
}

fn answer(subjects: &[Subject], params: &Params<'_>) -> Result<Rows, Error> {
    let names = at_path(subjects, params)?;
    Ok(nearest(subjects, Lineage::new(subjects).made_of(&names)))
}
