//! JSON Lines: one object an event, documented in `docs/jsonl.md`.

mod event;
mod noticed;
mod run;

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde::ser::SerializeMap;

use super::scope::{Calls, Fate, Fates, SYSTEM_LABEL};
use super::time::write_utc;
use super::{Exporter, Options, Run};
use crate::event::Batch;
use crate::flow::{EventId, Flow, Item, ResourceId, Sink, State};
use event::Line;
use noticed::{BlindLine, LookLine};
use run::RunLine;

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
        fates: Fates::new(&options.scope),
        calls: Calls::new(&options.scope),
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
    fates: Fates,
    calls: Calls,
}

impl<W: Write> Exporter for Jsonl<W> {
    fn begin(&mut self, run: &Run) -> io::Result<()> {
        self.flow = run.flow();
        self.lines.run = run.uuid_text();
        self.lines.started = run.start();
        self.lines.fates.begin();
        write_line(&mut self.lines.out, &RunLine::of(run))
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
        self.fates.item(state, &item);
        let head = Head { run: &self.run, started: self.started, state, fates: &self.fates };
        let begun = matches!(item, Item::Begun(_));
        let line = match &item {
            Item::Event(event) | Item::Begun(event) if !self.calls.tells(&event.record) => {
                return Ok(());
            }
            Item::Event(event) => Line { head, event, begun },
            Item::Begun(event) if self.follow => Line { head, event, begun },
            Item::BlindSpot(spot) => return write_line(&mut self.out, &BlindLine { head, spot }),
            Item::Look(look) if !self.fates.tells(state, look.resource) => return Ok(()),
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
    fates: &'a Fates,
}

impl Head<'_> {
    /// What a resource is called, if it is told of.
    fn name(&self, id: ResourceId) -> Option<&[u8]> {
        match self.fates.of(self.state, id) {
            Fate::Told => Some(self.state.name_of(id)),
            Fate::Folded => Some(SYSTEM_LABEL.as_bytes()),
            Fate::Hidden => None,
        }
    }

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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::export::sample::exported;

    fn lines(options: &Options) -> Vec<Value> {
        let text = exported("jsonl", options);
        let mut lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let run = lines.remove(0);
        assert_eq!((&run["kind"], &run["command"]), (&json!("run"), &json!(["sh", "-c", "cat x"])));
        let recorded = json!({"calls": null, "left_out": [], "kept_bytes": 64});
        assert_eq!(run["recorded"], recorded);
        lines
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
