//! What the document says of itself and of its runs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::function::Profile;
use super::ids::Ids;
use super::text::{Text, readable};
use crate::export::{Detail, Pattern, Run, Scope};
use crate::flow::BlindSpot;
use crate::flow::graph::Graph;

/// What is known last and stands first.
#[derive(Debug, Serialize)]
pub(super) struct Meta {
    format: &'static str,
    version: u32,
    generator: &'static str,
    detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Chosen>,
    pub(super) runs: Vec<RunMeta>,
}

/// What was chosen of the graph.
#[derive(Debug, Serialize)]
struct Chosen {
    only: Vec<String>,
    ignore: Vec<String>,
    fold_system: bool,
}

/// A run.
#[derive(Debug, Serialize)]
pub(super) struct RunMeta {
    pub(super) key: String,
    uuid: String,
    iri: String,
    pub(super) host: Text<'static>,
    pub(super) machine_id: Option<String>,
    pub(super) boot_id: Option<String>,
    pub(super) addresses: Vec<String>,
    pub(super) kernel: String,
    pub(super) started: String,
    pub(super) started_ns: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<Clock>,
    pub(super) command: Vec<Text<'static>>,
    pub(super) cwd: Text<'static>,
    pub(super) end: u64,
    pub(super) revision: u32,
    recorded: Recorded,
    blind_spots: Vec<Blind>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) profiles: BTreeMap<String, Profile>,
}

/// What the clock of a run's machine has to do with the one that all are aligned to.
#[derive(Debug, Serialize)]
struct Clock {
    recorded_ns: String,
    ahead_ns: String,
    rate: f64,
    error_ns: Option<u64>,
}

/// What the log can have of the run.
#[derive(Debug, Serialize)]
struct Recorded {
    calls: Option<String>,
    left_out: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    processes: Vec<u32>,
    kept_bytes: Option<u64>,
}

/// Something that the recorder could not see.
#[derive(Debug, Serialize)]
struct Blind {
    thread: u32,
    time: u64,
    pid: Option<i64>,
    why: String,
}

impl Meta {
    pub(super) fn new(detail: Detail, scope: &Scope) -> Self {
        let texts =
            |patterns: &[Pattern]| patterns.iter().map(|one| one.text().to_owned()).collect();
        let chosen = Chosen {
            only: texts(&scope.only),
            ignore: texts(&scope.ignore),
            fold_system: scope.fold_system,
        };
        Self {
            format: "rtrace-batchflow",
            version: 1,
            generator: concat!("rtrace ", env!("CARGO_PKG_VERSION")),
            detail: detail.name(),
            scope: (!scope.is_all()).then_some(chosen),
            runs: Vec::new(),
        }
    }

    /// Whether the run is among them.
    pub(super) fn has(&self, ids: &Ids) -> bool {
        self.runs.iter().any(|run| run.key == ids.key())
    }
}

impl RunMeta {
    pub(super) fn new(run: &Run, ids: &Ids) -> Self {
        let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let uuid = run.uuid_text();
        Self {
            key: ids.key().to_owned(),
            iri: ["urn:uuid:", &uuid].concat(),
            uuid,
            host: run.host.clone().into(),
            machine_id: known(&run.machine_id),
            boot_id: known(&run.boot_id),
            addresses: run.addresses.clone(),
            kernel: run.kernel.clone(),
            started: run.start_text(),
            started_ns: run.start().to_string(),
            clock: run.aligned.map(|aligned| Clock {
                recorded_ns: run.started.to_string(),
                ahead_ns: aligned.ahead.to_string(),
                rate: aligned.rate,
                error_ns: aligned.error,
            }),
            command: run.command.iter().map(|word| word.clone().into()).collect(),
            cwd: run.cwd.clone().into(),
            end: 0,
            revision: 0,
            recorded: Recorded {
                calls: run.calls.clone(),
                left_out: run.left_out(),
                processes: run.processes.clone(),
                kept_bytes: run.kept,
            },
            blind_spots: Vec::new(),
            profiles: BTreeMap::new(),
        }
    }

    /// Whether it is among runs of several machines.
    pub(super) fn is_merged(&self) -> bool {
        self.clock.is_some()
    }

    pub(super) fn blind_spot(&mut self, spot: &BlindSpot<'_>) {
        self.blind_spots.push(Blind {
            thread: spot.event.task.0,
            time: spot.time,
            pid: spot.pid,
            why: readable(spot.why),
        });
    }

    pub(super) fn finish(&mut self, graph: &Graph) {
        (self.end, self.revision) = (graph.end, graph.revision);
    }
}
