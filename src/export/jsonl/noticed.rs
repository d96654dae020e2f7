//! Lines of what the recorder noticed beside the events: what it could not see, how
//! files were.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::Head;
use crate::event::{FactKey, FactKind, Value};
use crate::export::decode::{hex, json_bytes};
use crate::flow::{BlindSpot, Look};

/// Something that could not be seen.
pub(super) struct BlindLine<'a> {
    pub(super) head: Head<'a>,
    pub(super) spot: &'a BlindSpot<'a>,
}

impl Serialize for BlindLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let BlindSpot { event, time, pid, why, .. } = *self.spot;
        let mut map = serializer.serialize_map(None)?;
        self.head.write(&mut map, FactKind::BlindSpot.name(), event, (pid, time))?;
        map.serialize_entry("why", &json_bytes(why))?;
        map.end()
    }
}

/// How a file was.
pub(super) struct LookLine<'a> {
    pub(super) head: Head<'a>,
    pub(super) look: &'a Look<'a>,
}

impl Serialize for LookLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Look { event, time, resource, fact, .. } = *self.look;
        let mut map = serializer.serialize_map(None)?;
        self.head.write(&mut map, fact.kind.name(), event, (None, time))?;
        let state = self.head.state;
        map.serialize_entry("class", &state.resource(resource).map(|of| of.class.name()))?;
        map.serialize_entry("name", &json_bytes(state.name_of(resource)))?;
        for (key, value) in &fact.fields {
            let name = match key {
                FactKey::Path | FactKey::Pid => continue, // said already
                FactKey::Text => "why",
                key => key.name(),
            };
            match (key, value) {
                (FactKey::BuildId | FactKey::Hash, Value::Bytes(bytes)) => {
                    map.serialize_entry(name, &hex(bytes))?;
                }
                (_, Value::Number(number)) => map.serialize_entry(name, number)?,
                (_, Value::Bytes(bytes)) => map.serialize_entry(name, &json_bytes(bytes))?,
                (_, Value::List(list)) => {
                    let list: Vec<_> = list.iter().map(|item| json_bytes(item)).collect();
                    map.serialize_entry(name, &list)?;
                }
            }
        }
        map.end()
    }
}
