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
    /// Those that are normalised, and whether a process id was taken out of them.
    normal: FxHashMap<(Place, TextId), (TextId, bool)>,
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
        self.normal_once(by, place, text).0
    }

    /// The same, where of process ids only those count that are near.
    pub(super) fn normal_near(
        &mut self,
        by: &Normaliser<'_>,
        place: Place,
        text: &[u8],
        is_near: &dyn Fn(u64) -> bool,
    ) -> TextId {
        let (id, has_pid) = self.normal_once(by, place, text);
        if !has_pid {
            return id;
        }
        let normal = by.normal_near(place, text, is_near).text.into_owned();
        self.id(&normal)
    }

    fn normal_once(&mut self, by: &Normaliser<'_>, place: Place, text: &[u8]) -> (TextId, bool) {
        let raw = self.id(text);
        if let Some(known) = self.normal.get(&(place, raw)) {
            return *known;
        }
        let normal = by.normal(place, text);
        let has_pid = normal.taken.iter().any(|one| one.is_pid);
        let known = (self.id(&normal.text), has_pid);
        self.normal.insert((place, raw), known);
        known
    }

    /// All of them, by their ids.
    pub(super) fn into_list(self) -> Vec<ByteBuf> {
        self.list
    }
}
