//! JSON Lines: one object an event, documented in `docs/jsonl.md`.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::decode::{error_name, hex, json_bytes};
use super::time::write_utc;
use super::{Exporter, Options, Run};
use crate::abi::{Scalar, Ty};
use crate::event::{
    Batch, FactKey, FactKind, Kind, Origin, Piece, Record, Role, State as Read, Value as Fact,
};
use crate::flow::{
    BlindSpot, Event, EventId, Execution, Flow, Item, Look, Place, ResourceId, Sink, State,
};
use crate::render::{self, Style};

/// Exports JSON Lines.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    let lines = Lines {
        out: BufWriter::with_capacity(1 << 16, out),
        run: String::new(),
        started: 0,
        follow: options.follow,
    };
    Ok(Box::new(Jsonl { flow: Flow::new(), lines }))
}

struct Jsonl<W: Write> {
    flow: Flow,
    lines: Lines<W>,
}

struct Lines<W: Write> {
    out: BufWriter<W>,
    run: String,
    /// CLOCK_REALTIME when the run started.
    started: u64,
    follow: bool,
}

impl<W: Write> Exporter for Jsonl<W> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow = Flow::new();
        self.flow.set_cwd(&run.cwd);
        self.lines.run = run.uuid_text();
        self.lines.started = run.started;
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.flow.batch(batch, &mut self.lines)
    }

    fn end(&mut self) -> io::Result<()> {
        self.flow.finish(&mut self.lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.lines.out.flush()
    }
}

impl<W: Write> Sink for Lines<W> {
    type Error = io::Error;

    fn item(&mut self, state: &State, item: Item<'_>) -> io::Result<()> {
        let head = Head { run: &self.run, started: self.started, state };
        let begun = matches!(item, Item::Begun(_));
        let line = match &item {
            Item::Event(event) => Line { head, event, begun },
            Item::Begun(event) if self.follow => Line { head, event, begun },
            Item::BlindSpot(spot) => return write_line(&mut self.out, &BlindLine { head, spot }),
            Item::Look(look) => return write_line(&mut self.out, &LookLine { head, look }),
            _ => return Ok(()),
        };
        write_line(&mut self.out, &line)
    }
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// What all lines begin with.
struct Head<'a> {
    run: &'a str,
    started: u64,
    state: &'a State,
}

impl Head<'_> {
    /// `pid` where it is not the one that the task has now.
    fn write<M: SerializeMap>(
        &self,
        map: &mut M,
        kind: &str,
        id: EventId,
        (pid, at): (Option<i64>, u64),
    ) -> Result<(), M::Error> {
        map.serialize_entry("run", self.run)?;
        map.serialize_entry("kind", kind)?;
        map.serialize_entry("task", &id.task.0)?;
        map.serialize_entry("ordinal", &id.ordinal)?;
        if let Some(task) = self.state.task(id.task) {
            map.serialize_entry("process", &task.process.0)?;
            map.serialize_entry("tid", &task.tid)?;
        }
        let process = self.state.process_of(id.task);
        if let Some(pid) = pid.or_else(|| process.map(|process| process.pid.into())) {
            map.serialize_entry("pid", &pid)?;
        }
        let mut time = String::new();
        write_utc(self.started.saturating_add(at), &mut time);
        map.serialize_entry("time", &time)?;
        map.serialize_entry("ns", &at)
    }
}

/// Something that could not be seen.
struct BlindLine<'a> {
    head: Head<'a>,
    spot: &'a BlindSpot<'a>,
}

impl Serialize for BlindLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let BlindSpot { event, time, pid, why } = *self.spot;
        let mut map = serializer.serialize_map(None)?;
        self.head.write(&mut map, FactKind::BlindSpot.name(), event, (pid, time))?;
        map.serialize_entry("why", &json_bytes(why))?;
        map.end()
    }
}

/// How a file was.
struct LookLine<'a> {
    head: Head<'a>,
    look: &'a Look<'a>,
}

impl Serialize for LookLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Look { event, time, resource, fact } = *self.look;
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
                (FactKey::BuildId | FactKey::Hash, Fact::Bytes(bytes)) => {
                    map.serialize_entry(name, &hex(bytes))?;
                }
                (_, Fact::Number(number)) => map.serialize_entry(name, number)?,
                (_, Fact::Bytes(bytes)) => map.serialize_entry(name, &json_bytes(bytes))?,
                (_, Fact::List(list)) => {
                    let list: Vec<_> = list.iter().map(|item| json_bytes(item)).collect();
                    map.serialize_entry(name, &list)?;
                }
            }
        }
        map.end()
    }
}

/// One event.
struct Line<'a> {
    head: Head<'a>,
    event: &'a Event<'a>,
    /// It may still end: a later line will say so.
    begun: bool,
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
        if let Some(resource) = self.event.returned() {
            put("returned", self.resource(resource));
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
                if let Some(resource) = self.event.argument(arg) {
                    put("is", self.resource(resource));
                }
                Value::from(fields)
            })
            .collect()
    }

    /// What a descriptor or path stands for.
    fn resource(&self, id: ResourceId) -> Value {
        let class = self.head.state.resource(id).map(|resource| resource.class.name());
        let mut value = json!({
            "resource": id.index(),
            "class": class,
            "name": json_bytes(self.head.state.name_of(id)),
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
        value
    }

    /// The two descriptors of a pipe or socketpair.
    fn pair(&self) -> Option<Value> {
        let ends = self.event.uses.iter().filter(|used| matches!(used.place, Place::Pair(_)));
        let ends: Vec<_> = ends.map(|used| self.resource(used.resource)).collect();
        (!ends.is_empty()).then(|| ends.into())
    }

    fn program(&self, execution: &Execution) -> Value {
        let list = |strings: &mut dyn Iterator<Item = &[u8]>| -> Value {
            strings.map(json_bytes).collect()
        };
        json!({
            "executable": execution.executable.map(|file| json_bytes(self.head.state.name_of(file))),
            "argv": list(&mut execution.argv.iter().map(Vec::as_slice)),
            "env": execution.env.as_ref().map(|env| list(&mut env.iter().map(|s| &**s))),
            "cwd": execution.cwd.map(|cwd| json_bytes(self.head.state.name_of(cwd))),
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
        value["content"] = json!({ "base64": super::decode::base64(bytes) });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::exported;

    fn lines(options: &Options) -> Vec<Value> {
        let text = exported("jsonl", options);
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn a_line_for_each_event() {
        let lines = lines(&Options::default());
        let ids: Vec<_> = lines
            .iter()
            .map(|l| {
                format!("{} {}/{}", l["kind"].as_str().unwrap_or("?"), l["task"], l["ordinal"])
            })
            .collect();
        assert_eq!(
            ids,
            [
                "start 1/0",
                "call 1/1",
                "call 1/2",
                "call 1/3",
                "start 2/0",
                "call 1/4",
                "call 2/1",
                "signal 2/2",
                "call 2/3",
                "blind spot 2/1",
                "exit 2/4",
                "call 1/5",
                "file 1/2",
                "content 1/2",
                "exit 1/6"
            ]
        );
    }

    #[test]
    fn everything_of_a_call_is_there() {
        let lines = lines(&Options::default());
        let open = &lines[2];
        let bytes = json!({"base64": "b2RkIP8KIm5hbWU=", "text": "odd \u{fffd}\n\"name"});
        assert_eq!(open["call"], "openat");
        assert_eq!(open["args"][0]["raw"], "0xffffffffffffff9c");
        assert_eq!(open["args"][0]["value"], -100);
        assert_eq!(open["args"][0]["is"]["name"], "/home");
        assert_eq!(open["args"][1]["name"], "pathname");
        assert_eq!(open["args"][1]["memory"][0]["content"], bytes);
        assert_eq!(open["returned"]["inode"], 77);
        assert_eq!(open["result"], 3);
        assert_eq!(open["time"], "2026-11-24T04:25:44.000004000Z");
        assert_eq!(lines[1]["execution"]["argv"], json!(["sh", "-c", "cat x"]));
        assert_eq!(lines[6]["error"], "ENOENT");
        assert_eq!(lines[8]["unfinished"], true);
        assert_eq!(lines[10]["signal"], 9);
    }

    #[test]
    fn what_could_not_be_seen_has_a_line() {
        let lines = lines(&Options::default());
        let blind: Vec<_> = lines.iter().filter(|line| line["kind"] == "blind spot").collect();
        assert_eq!(blind.len(), 1);
        assert_eq!(blind[0]["why"], "nobody looked");
        assert_eq!((&blind[0]["pid"], &blind[0]["tid"]), (&json!(77), &json!(101)));
        assert_eq!(blind[0]["time"], "2026-11-24T04:25:44.000013500Z");
    }

    #[test]
    fn how_a_file_was_has_a_line() {
        let lines = lines(&Options::default());
        let [file, content] = ["file", "content"].map(|kind| {
            lines.iter().find(|line| line["kind"] == kind).expect("a line of that kind")
        });
        assert_eq!(
            (&file["mode"], &file["inode"], &file["fd"]),
            (&json!(0o100_644), &json!(77), &json!(3))
        );
        assert_eq!(file["name"]["base64"], "L2hvbWUvb2RkIP8KIm5hbWU=");
        assert_eq!((&content["hash"], &content["stale"]), (&json!("00ff10"), &json!(1)));
    }

    #[test]
    fn following_shows_calls_that_have_begun() {
        let begun: Vec<_> = lines(&Options { follow: true, ..Options::default() })
            .into_iter()
            .filter(|line| line["begun"] == true)
            .map(|line| line["ordinal"].clone())
            .collect();
        assert_eq!(begun, [3]);
    }
}
