//! What triples say of one thing, and things of which more may be learnt until the end.

use std::io::{self, Write as _};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use super::statement::Attribute;

/// What a thing is to PROV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Entity,
    Activity,
    Agent,
    /// Told of in one go, and never again: an entity, or a record of others.
    Whole,
}

/// What triples say of one thing, in the order in which they came.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) subject: String,
    pub(super) kinds: Vec<Kind>,
    pub(super) started: Option<String>,
    pub(super) ended: Option<String>,
    pub(super) attributes: Vec<Attribute>,
}

impl Group {
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Adds attributes that it has not.
    fn learn(&mut self, mut attributes: Vec<Attribute>) {
        attributes.retain(|attribute| !self.attributes.contains(attribute));
        self.attributes.append(&mut attributes);
    }
}

/// Things that wait for the end, in the order in which they were first told of. There is
/// one for each file that a run has looked at, so they are kept compressed, which makes
/// them some twenty times smaller, and only what is learnt later on is not.
pub(super) struct Held {
    /// Where each is, by the hash of its name.
    places: FxHashMap<[u8; 16], usize>,
    packed: Encoder<'static, Vec<u8>>,
    later: FxHashMap<usize, Vec<Vec<Attribute>>>,
}

impl Held {
    /// Nothing.
    ///
    /// # Errors
    /// There is no memory for compression.
    pub(super) fn new() -> io::Result<Self> {
        // The fastest level that is not worse than the ones beside it.
        let packed = Encoder::new(Vec::new(), 1)?;
        Ok(Self { places: FxHashMap::default(), packed, later: FxHashMap::default() })
    }

    /// Adds to a thing that is held; gives back what is about another one.
    pub(super) fn learn(&mut self, group: Group) -> Option<Group> {
        let Some(place) = self.places.get(&key(&group.subject)) else { return Some(group) };
        if !group.attributes.is_empty() {
            self.later.entry(*place).or_default().push(group.attributes);
        }
        None
    }

    /// Holds a thing that is not held yet.
    ///
    /// # Errors
    /// It could not be compressed.
    pub(super) fn hold(&mut self, group: &Group) -> io::Result<()> {
        let bytes = rmp_serde::to_vec(group).map_err(io::Error::other)?;
        self.packed.write_all(&bytes)?;
        self.places.insert(key(&group.subject), self.places.len());
        Ok(())
    }

    /// Gives each of them to `take`, with all that was learnt.
    ///
    /// # Errors
    /// Those of `take`.
    pub(super) fn release(self, mut take: impl FnMut(&Group) -> io::Result<()>) -> io::Result<()> {
        let Self { places, packed, mut later } = self;
        let packed = packed.finish()?;
        let mut unpacked = Decoder::new(packed.as_slice())?;
        for place in 0..places.len() {
            let mut group: Group = rmp_serde::from_read(&mut unpacked).map_err(io::Error::other)?;
            later.remove(&place).into_iter().flatten().for_each(|learnt| group.learn(learnt));
            take(&group)?;
        }
        Ok(())
    }
}

/// So many bits are the same of no two names that anybody will ever see.
fn key(name: &str) -> [u8; 16] {
    let hash = blake3::hash(name.as_bytes());
    std::array::from_fn(|index| hash.as_bytes()[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::prov::statement::Value;

    fn group(subject: &str, attributes: &[(&str, &str)]) -> Group {
        let attributes = attributes.iter().map(|(name, value)| {
            ((*name).to_owned(), Value::Typed((*value).to_owned(), "xsd:int".to_owned()))
        });
        let (subject, started) = (subject.to_owned(), Some("now".to_owned()));
        let kinds = vec![Kind::Entity];
        Group { subject, kinds, started, attributes: attributes.collect(), ended: None }
    }

    #[test]
    fn what_is_held_comes_back_in_order_with_what_was_learnt() {
        let mut held = Held::new().unwrap();
        for name in ["b", "a"] {
            let new = held.learn(group(name, &[("size", "1")])).expect("a new one");
            held.hold(&new).unwrap();
        }
        assert_eq!(held.learn(group("b", &[("size", "1"), ("mode", "2")])), None);
        assert_eq!(held.learn(group("b", &[("mode", "2"), ("size", "3")])), None);
        let mut released = Vec::new();
        held.release(|group| {
            released.push((group.subject.clone(), group.attributes.len()));
            assert_eq!(group.started.as_deref(), Some("now"));
            Ok(())
        })
        .unwrap();
        assert_eq!(released, [("b".to_owned(), 3), ("a".to_owned(), 1)]);
    }
}
