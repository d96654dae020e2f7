//! The line of an event.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Map, Value, json};

use super::Head;
use crate::abi::{Scalar, Ty};
use crate::event::{Kind, Origin, Piece, Record, Role, State as Read};
use crate::export::decode::{base64, error_name, json_bytes};
use crate::export::scope::SYSTEM_LABEL;
use crate::flow::{Event, Execution, Place, ResourceId, Statement};
use crate::render::{self, Style};

/// One event.
pub(super) struct Line<'a> {
    pub(super) head: Head<'a>,
    pub(super) event: &'a Event<'a>,
    /// It may still end: a later line will say so.
    pub(super) begun: bool,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = &self.event.record;
        let mut map = serializer.serialize_map(None)?;
        let at = (None, record.start);
        self.head.write(&mut map, record.kind.name(), self.event.id(), at)?;
        map.serialize_entry("lane", record.lane.name())?;
        let details = match record.kind {
            Kind::Call => self.call(),
            Kind::Start => start(record),
            Kind::Exit => exit(record),
            Kind::Signal => self.signal(),
            Kind::Stop => json!({ "signal": record.words[0] }),
            Kind::Exec => self.exec(),
            Kind::Detach => json!({ "reason": record.words[0] }),
            Kind::Continue => Value::Null,
        };
        for (key, value) in details.as_object().into_iter().flatten() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Line<'_> {
    fn call(&self) -> Value {
        let record = &self.event.record;
        let mut name = String::new();
        render::name(record, &mut name);
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
        put("call", name.into());
        if let Some(call) = record.call {
            put("abi", call.abi.name().into());
            put("nr", call.nr.into());
        }
        put("args", self.arguments());
        match (record.duration(), record.error()) {
            (None, _) if self.begun => put("begun", true.into()),
            (None, _) => put("unfinished", true.into()),
            (Some(duration), error) => {
                put("duration", duration.into());
                put("result", record.result.into());
                if let Some(errno) = error {
                    put("error", error_name(errno).into());
                }
            }
        }
        if let Some(resource) = self.event.returned().and_then(|id| self.resource(id)) {
            put("returned", resource);
        }
        if !self.event.statements.is_empty() {
            put("sql", self.event.statements.iter().map(statement).collect());
        }
        if let Some(pair) = self.pair() {
            put("pair", pair);
        }
        if let Some(execution) = self.head.state.execution(self.event.id()) {
            put("execution", self.program(execution));
        }
        fields.into()
    }

    fn arguments(&self) -> Value {
        let record = &self.event.record;
        let params = self.event.prototype.map_or(&[][..], |prototype| prototype.params);
        let count = if self.event.prototype.is_some() { params.len().min(6) } else { 6 };
        let style = Style { verbose: true, ..Style::default() };
        let mut texts = render::arguments(record, &style).into_iter().map(|(_, text)| text);
        (0..count)
            .map(|index| {
                let param = params.get(index);
                let arg = index as u8;
                let mut fields = Map::new();
                let mut put = |key: &str, value| drop(fields.insert(key.to_owned(), value));
                if let Some(param) = param {
                    put("name", param.name.into());
                }
                // The address of a string is not kept; nothing is captured at NULL.
                if record.words[index] != 0 || record.pieces.iter().all(|piece| piece.arg != arg) {
                    put("raw", format!("{:#x}", record.words[index]).into());
                }
                let text = texts.next().unwrap_or_default();
                put("text", text.into());
                if let Some(value) = param.and_then(|param| number(record.words[index], &param.ty))
                {
                    put("value", value);
                }
                let memory: Vec<_> = record
                    .pieces
                    .iter()
                    .filter(|piece| piece.arg == arg)
                    .map(|piece| memory(record, piece))
                    .collect();
                if !memory.is_empty() {
                    put("memory", memory.into());
                }
                if let Some(resource) = self.event.argument(arg).and_then(|id| self.resource(id)) {
                    put("is", resource);
                }
                Value::from(fields)
            })
            .collect()
    }

    /// What a descriptor or path stands for, if that is told of.
    fn resource(&self, id: ResourceId) -> Option<Value> {
        let name = json_bytes(self.head.name(id)?);
        if !self.head.fates.tells(self.head.state, id) {
            return Some(json!({ "class": SYSTEM_LABEL, "name": name }));
        }
        let class = self.head.state.resource(id).map(|resource| resource.class.name());
        let mut value = json!({
            "resource": id.index(),
            "class": class,
            "name": name,
        });
        if let Some(identity) = self.head.state.resource(id).and_then(|resource| resource.identity)
        {
            value["inode"] = identity.inode.into();
            if identity.device != 0 {
                value["device"] = identity.device.into();
            }
        }
        if let Some(socket) = self.head.state.socket(id) {
            value["protocol"] = socket.protocol_name().into();
            if let Some(local) = &socket.local {
                value["local"] = json_bytes(&local.to_bytes());
            }
            if let Some(remote) = &socket.remote {
                value["remote"] = json_bytes(&remote.to_bytes());
            }
        }
        Some(value)
    }

    /// The two descriptors of a pipe or socketpair.
    fn pair(&self) -> Option<Value> {
        let ends = self.event.uses.iter().filter(|used| matches!(used.place, Place::Pair(_)));
        let ends: Vec<_> = ends.filter_map(|used| self.resource(used.resource)).collect();
        (!ends.is_empty()).then(|| ends.into())
    }

    fn program(&self, execution: &Execution) -> Value {
        let list = |strings: &mut dyn Iterator<Item = &[u8]>| -> Value {
            strings.map(json_bytes).collect()
        };
        let name = |id: ResourceId| self.head.name(id).map(json_bytes);
        json!({
            "executable": execution.executable.and_then(name),
            "argv": list(&mut execution.argv.iter().map(Vec::as_slice)),
            "env": execution.env.as_ref().map(|env| list(&mut env.iter().map(|s| &**s))),
            "cwd": execution.cwd.and_then(name),
        })
    }

    /// An exec stop; where its call is not recorded, with what it began.
    fn exec(&self) -> Value {
        let mut value = json!({ "tid_before": self.event.record.words[1] });
        if let Some(execution) = self.head.state.execution(self.event.id()) {
            value["execution"] = self.program(execution);
        }
        value
    }

    fn signal(&self) -> Value {
        let record = &self.event.record;
        let siginfo = record.pieces.first().map(|piece| memory(record, piece));
        json!({ "signal": record.words[0], "siginfo": siginfo })
    }
}

/// A statement in SQL, or the beginning of one.
fn statement(statement: &Statement) -> Value {
    json!({ "text": json_bytes(&statement.text), "whole": statement.whole })
}

/// A number that is meant as one, in its own width and sign.
fn number(word: u64, ty: &Ty) -> Option<Value> {
    let Ty::Scalar(scalar) = ty else { return None };
    Some(match scalar {
        Scalar::Int | Scalar::Fd | Scalar::DirFd | Scalar::Pid | Scalar::Signal => {
            (word as i32).into()
        }
        Scalar::Uint | Scalar::Uid | Scalar::Gid | Scalar::Mode => (word as u32).into(),
        Scalar::Long | Scalar::S64 | Scalar::Off | Scalar::Time => (word as i64).into(),
        Scalar::Ulong | Scalar::U64 | Scalar::Size => word.into(),
        _ => return None,
    })
}

/// A piece of memory: text for what is meant as text, else bytes.
fn memory(record: &Record<'_>, piece: &Piece) -> Value {
    let bytes = record.bytes(piece);
    let mut value = json!({
        "role": piece.role.name(),
        "phase": piece.phase.name(),
        "state": piece.state.name(),
    });
    let is_text = matches!(
        piece.role,
        Role::Path | Role::Str | Role::Arg | Role::Env | Role::EnvDiff | Role::Data | Role::IovData
    );
    if piece.state == Read::Unreadable {
        return value;
    }
    if is_text {
        value["content"] = json_bytes(bytes);
    } else {
        value["content"] = json!({ "base64": base64(bytes) });
    }
    value
}

fn start(record: &Record<'_>) -> Value {
    let [_, _, _, parent, ordinal, origin] = record.words;
    let origin = Origin::from_code(origin as u8).map(Origin::name);
    let by = (parent != 0).then(|| json!({ "task": parent, "ordinal": ordinal }));
    json!({ "origin": origin, "parent": by })
}

fn exit(record: &Record<'_>) -> Value {
    let [code, signal, core, by, ..] = record.words;
    match (signal, by) {
        (0, 0) => json!({ "code": code }),
        (0, by) => json!({ "code": code, "replaced_by": by }),
        _ => json!({ "signal": signal, "core": core != 0 }),
    }
}
