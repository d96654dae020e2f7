//! What links between runs call their ends: as the graphs do.

use super::rdf::percent_encode;
use super::run::uuid_text;
use crate::merge::{Merged, Named, Thing};

/// What a thing is called among those of its run: the part of its IRI behind the `#`.
pub fn local_name(named: &Named) -> String {
    match named.thing {
        Thing::Machine => "host".to_owned(),
        Thing::Process(id) => format!("process-{id}"),
        Thing::Resource(_) if named.name.first() == Some(&b'/') => {
            let mut name = "file".to_owned();
            percent_encode(&named.name, &mut name);
            name
        }
        Thing::Resource(id) => format!("resource-{}", id.index()),
    }
}

/// The IRI of a thing, by the place of its run and its own.
pub fn iri(merged: &Merged, (run, thing): (usize, usize)) -> Option<String> {
    let (index, named) = (merged.runs.get(run)?, merged.thing((run, thing))?);
    Some(format!("urn:uuid:{}#{}", uuid_text(&index.run), local_name(named)))
}

/// The same in JSON documents: the last twelve digits of the run's UUID stand for it.
pub fn id(merged: &Merged, (run, thing): (usize, usize)) -> Option<String> {
    let (index, named) = (merged.runs.get(run)?, merged.thing((run, thing))?);
    let uuid = uuid_text(&index.run);
    let key = uuid.rsplit('-').next().unwrap_or_default();
    Some(format!("{key}:{}", local_name(named)))
}
