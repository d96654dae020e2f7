//! The line that begins a run: what it is of, and what of it the log can have.

use serde::Serialize;
use serde_json::Value;

use crate::export::{Run, json_bytes};

/// What stands before the events of a run.
#[derive(Debug, Serialize)]
pub(super) struct RunLine<'a> {
    run: String,
    kind: &'static str,
    time: String,
    ns: u64,
    host: Value,
    command: Vec<Value>,
    cwd: Value,
    recorded: Recorded<'a>,
}

/// What the log can have of the run.
#[derive(Debug, Serialize)]
struct Recorded<'a> {
    calls: Option<&'a str>,
    left_out: Vec<&'static str>,
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    processes: &'a [u32],
    kept_bytes: Option<u64>,
}

impl<'a> RunLine<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        Self {
            run: run.uuid_text(),
            kind: "run",
            time: run.start_text(),
            ns: 0,
            host: json_bytes(&run.host),
            command: run.command.iter().map(|word| json_bytes(word)).collect(),
            cwd: json_bytes(&run.cwd),
            recorded: Recorded {
                calls: run.calls.as_deref(),
                left_out: run.left_out(),
                processes: &run.processes,
                kept_bytes: run.kept,
            },
        }
    }
}
