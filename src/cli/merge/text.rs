//! Links between runs, as text, CSV and JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rtrace::export::{command_line, links, uuid_text};
use rtrace::merge::{Aligned, Conflict, Link, Merged};
use serde_json::{Value, json};

/// For reading.
pub(super) fn write(merged: &Merged, has_links: bool, out: &mut impl Write) -> io::Result<()> {
    for (place, run) in merged.runs.iter().enumerate() {
        let host = String::from_utf8_lossy(&run.host.name);
        let command = command_line(&run.command);
        writeln!(out, "{} on {host}: {}", key(merged, place), String::from_utf8_lossy(&command))?;
        if let Some(clock) = merged.clocks.get(place).filter(|_| place > 0) {
            writeln!(out, "    {}", clock_words(clock))?;
        }
    }
    for conflict in &merged.conflicts {
        writeln!(out, "conflict: {}", conflict_words(merged, conflict))?;
    }
    for note in &merged.notes {
        writeln!(out, "note: {note}")?;
    }
    if has_links {
        return merged.links.iter().try_for_each(|link| line(merged, link, out));
    }
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for link in &merged.links {
        *counts.entry(link.reason).or_default() += 1;
    }
    counts.iter().try_for_each(|(reason, count)| writeln!(out, "{count:7}  {}", reason.name()))
}

fn line(merged: &Merged, link: &Link, out: &mut impl Write) -> io::Result<()> {
    let [one, other] = link.ends.map(|end| name(merged, end));
    let (reason, confidence) = (link.reason.name(), share(link.confidence));
    writeln!(out, "{reason} {confidence}  {one} = {other}  ({})", evidence(link))
}

/// What a thing is called, and in which run.
fn name(merged: &Merged, end: (usize, usize)) -> String {
    let named = merged.thing(end).map(|named| String::from_utf8_lossy(&named.name).into_owned());
    format!("{}:{}", key(merged, end.0), named.unwrap_or_default())
}

/// What stands for a run in the ids of its things.
fn key(merged: &Merged, run: usize) -> String {
    let uuid = merged.runs.get(run).map(|run| uuid_text(&run.run)).unwrap_or_default();
    uuid.rsplit('-').next().unwrap_or_default().to_owned()
}

fn evidence(link: &Link) -> String {
    let all: Vec<_> = link.evidence.iter().map(|(key, value)| format!("{key}={value}")).collect();
    all.join("; ")
}

/// Per cent as a share of one.
fn share(percent: u8) -> String {
    format!("{}.{:02}", percent / 100, percent % 100)
}

fn clock_words(clock: &Aligned) -> String {
    let (ahead, drift) = (clock.ahead, 1e6 * (1.0 / clock.rate - 1.0));
    match clock.error {
        Some(error) => {
            format!("clock ahead by {ahead} ns, give or take {error} ns; gains {drift:.3} ppm")
        }
        None => format!("clock ahead by {ahead} ns, as it says itself"),
    }
}

fn conflict_words(merged: &Merged, conflict: &Conflict) -> String {
    let [one, other] = conflict.runs.map(|run| key(merged, run));
    let Conflict { connections, missing, .. } = conflict;
    format!(
        "the clocks of {one} and {other}: no steady ones fit the times of {connections} \
         connections, by {missing} ns"
    )
}

/// A row a link.
pub(super) fn csv(merged: &Merged, out: &mut impl Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let head = [
        "reason",
        "confidence",
        "run_a",
        "id_a",
        "class_a",
        "name_a",
        "run_b",
        "id_b",
        "class_b",
        "name_b",
        "evidence",
    ];
    table.write_record(head)?;
    for link in &merged.links {
        let mut row = vec![link.reason.name().into(), share(link.confidence).into_bytes()];
        for end in link.ends {
            let named = merged.thing(end);
            let run = merged.runs.get(end.0).map(|run| uuid_text(&run.run));
            row.push(run.unwrap_or_default().into_bytes());
            row.push(links::id(merged, end).unwrap_or_default().into_bytes());
            row.push(named.map(|named| named.class.into()).unwrap_or_default());
            row.push(named.map(|named| named.name.clone()).unwrap_or_default());
        }
        row.push(evidence(link).into_bytes());
        table.write_record(row)?;
    }
    table.flush()
}

/// One document.
pub(super) fn json(merged: &Merged, has_links: bool, out: &mut impl Write) -> io::Result<()> {
    let runs = merged.runs.iter().zip(&merged.clocks).enumerate();
    let runs: Vec<Value> = runs
        .map(|(place, (run, clock))| {
            json!({
                "key": key(merged, place),
                "uuid": uuid_text(&run.run),
                "host": String::from_utf8_lossy(&run.host.name),
                "command": String::from_utf8_lossy(&command_line(&run.command)),
                "clock": {
                    "started_ns": clock.started.to_string(),
                    "recorded_ns": run.clock.realtime.to_string(),
                    "ahead_ns": clock.ahead.to_string(),
                    "rate": clock.rate,
                    "error_ns": clock.error,
                },
            })
        })
        .collect();
    let conflicts: Vec<Value> = merged
        .conflicts
        .iter()
        .map(|conflict| {
            json!({
                "runs": conflict.runs.map(|run| key(merged, run)),
                "connections": conflict.connections,
                "missing_ns": conflict.missing,
            })
        })
        .collect();
    let mut document = json!({ "runs": runs, "conflicts": conflicts, "notes": merged.notes });
    if has_links {
        document["links"] = merged.links.iter().map(|link| json_link(merged, link)).collect();
    }
    serde_json::to_writer(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn json_link(merged: &Merged, link: &Link) -> Value {
    let ends: Vec<Value> = link
        .ends
        .iter()
        .map(|end| {
            let named = merged.thing(*end);
            json!({
                "run": key(merged, end.0),
                "id": links::id(merged, *end),
                "class": named.map(|named| named.class),
                "name": named.map(|named| String::from_utf8_lossy(&named.name).into_owned()),
            })
        })
        .collect();
    let evidence: serde_json::Map<String, Value> = link
        .evidence
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.as_str().into()))
        .collect();
    json!({
        "reason": link.reason.name(),
        "confidence": f64::from(link.confidence) / 100.0,
        "ends": ends,
        "evidence": evidence,
    })
}
