//! Texts of a run, each kept once, as they were and normalised.

use rustc_hash::FxHashMap;
use serde_bytes::ByteBuf;

use super::normal::Normaliser;
use super::portrait::TextId;
use super::rules::Place;

/// Texts, each once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    list: Vec<ByteBuf>,
    ids: FxHashMap<Box<[u8]>, TextId>,
    normal: FxHashMap<(Place, TextId), TextId>,
}

impl Texts {
    /// The id of a text.
    pub(super) fn id(&mut self, text: &[u8]) -> TextId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = self.list.len() as TextId;
        self.ids.insert(text.into(), id);
        self.list.push(ByteBuf::from(text));
        id
    }

    /// The id of a text, normalised.
    pub(super) fn normal(&mut self, by: &Normaliser<'_>, place: Place, text: &[u8]) -> TextId {
        let raw = self.id(text);
        if let Some(id) = self.normal.get(&(place, raw)) {
            return *id;
        }
        let normal = by.normal(place, text).text.into_owned();
        let id = self.id(&normal);
        self.normal.insert((place, raw), id);
        id
    }

    /// All of them, by their ids.
    pub(super) fn into_list(self) -> Vec<ByteBuf> {
        self.list
    }
}
