//! Holds the log against what was planted, and what the tracee saw afterwards.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use rtrace::event::{Phase, State};

use crate::common::{Build, Call, Trace};
use crate::invocation::{Expect, Extent, Invocation};

/// What the tracee saw after a call.
struct After {
    result: i64,
    buffers: Vec<Vec<u8>>,
}

/// What was missing.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    missing: Vec<String>,
    failed: Vec<String>,
    checked: usize,
}

impl Comparison {
    pub(crate) fn of(trace: &Trace, said: &str, calls: &[Invocation]) -> Self {
        let mut own = Self::default();
        let tasks = tids(said);
        let after = afterwards(said);
        // One line for each call, in order.
        assert_eq!(tasks.len(), calls.len(), "the tracee made every call");
        for (call, tid) in calls.iter().zip(tasks) {
            let logged = trace
                .with_tid(tid)
                .into_iter()
                .flat_map(|task| &task.calls)
                .skip_while(|one| !announces(one, call.name))
                .skip(1)
                .find(|one| one.abi == call.abi && one.nr == call.logged);
            match logged {
                Some(logged) => own.compare(call, logged, after.get(&tid)),
                None => own.missing.push(format!("{}: not in the log", call.name)),
            }
        }
        own
    }

    fn compare(&mut self, call: &Invocation, logged: &Call, after: Option<&After>) {
        let result = after.map_or(-4096, |after| after.result);
        if result < 0 {
            self.failed.push(format!("{} {result}", call.name));
        }
        for expect in &call.expect {
            let wanted = match expect {
                Expect::Entry(_, bytes) => bytes.clone(),
                Expect::Exit(_, buffer, extent) => match after {
                    Some(after) if after.result >= 0 => after.content(*buffer, *extent),
                    _ => continue,
                },
            };
            self.checked += 1;
            if !has(logged, expect, &wanted) {
                let name = call.name;
                let wanted = wanted.escape_ascii();
                let pieces = describe(logged);
                self.missing
                    .push(format!("{name} ({result}): {expect:?}\n    `{wanted}`\n{pieces}"));
            }
        }
    }

    /// Everything that was planted or came out is in the log.
    #[track_caller]
    pub(crate) fn finds_everything(&self) {
        let count = self.missing.len();
        let shown: Vec<_> = self.missing.iter().take(40).map(|text| cut(text)).collect();
        assert!(
            count == 0,
            "{count} of {} are not in the log:\n{}",
            self.checked,
            shown.join("\n")
        );
    }

    /// No call of a table of working ones failed.
    #[track_caller]
    pub(crate) fn all_succeeded(&self) {
        assert!(self.failed.is_empty(), "these should have worked: {:?}", self.failed);
    }

    /// Leaves the whole list for who mends it.
    pub(crate) fn keep(&self, folder: &Path, build: Build) {
        let name = std::thread::current().name().unwrap_or("test").to_owned();
        let file = folder.join(format!("memory-args-{name}-{build:?}.txt"));
        fs::write(file, self.missing.join("\n")).expect("target/tmp can be written");
    }
}

impl After {
    fn content(&self, buffer: usize, extent: Extent) -> Vec<u8> {
        let bytes = &self.buffers[buffer];
        let length = match extent {
            Extent::Fixed(length) | Extent::Exactly(length) => length,
            Extent::Result(size) => self.result as usize * size,
            Extent::Told(other) => {
                let told = self.buffers[other].get(..4).and_then(|b| b.try_into().ok());
                told.map_or(0, u32::from_ne_bytes) as usize
            }
            Extent::String => bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()),
            Extent::Part(before) => (self.result as usize).saturating_sub(before),
        };
        bytes[..length.min(bytes.len())].to_vec()
    }
}

/// Whether a call is the line by which the tracee announces the one of that name.
fn announces(call: &Call, name: &str) -> bool {
    let line = format!("before {name} ");
    call.name == "write" && call.pieces.iter().any(|piece| piece.bytes.starts_with(line.as_bytes()))
}

/// Whether an argument's pieces have these bytes.
fn has(call: &Call, expect: &Expect, wanted: &[u8]) -> bool {
    let (arg, phase) = match expect {
        Expect::Entry(arg, _) => (*arg, Phase::Entry),
        Expect::Exit(arg, ..) => (*arg, Phase::Exit),
    };
    let mut pieces = call.pieces.iter().filter(|piece| piece.arg == arg && piece.phase == phase);
    if let Expect::Exit(_, _, Extent::Exactly(_)) = expect {
        // What cannot be read behind a buffer would make the piece a faulted one.
        return pieces.all(|piece| piece.bytes == wanted && piece.state != State::Faulted);
    }
    wanted.is_empty()
        || pieces.any(|piece| {
            // A name or a buffer may stand in a struct or a list.
            piece.bytes == wanted
                || piece.bytes.windows(wanted.len()).any(|window| window == wanted)
        })
}

fn describe(call: &Call) -> String {
    let mut text = String::new();
    for piece in &call.pieces {
        let bytes = piece.bytes.escape_ascii();
        let _ = writeln!(
            text,
            "      arg {} {:?} {:?} {:?} {}: {bytes}",
            piece.arg,
            piece.role,
            piece.phase,
            piece.state,
            piece.bytes.len()
        );
    }
    text
}

fn cut(text: &str) -> String {
    text.lines().map(|line| line.chars().take(160).collect::<String>() + "\n").collect()
}

fn tids(said: &str) -> Vec<i32> {
    let lines = said.lines().filter(|line| line.starts_with("before "));
    lines.filter_map(|line| line.rsplit_once("tid=")?.1.trim().parse().ok()).collect()
}

fn afterwards(said: &str) -> HashMap<i32, After> {
    let mut all = HashMap::new();
    for line in said.lines().filter(|line| line.starts_with("after ")) {
        let mut after = After { result: 0, buffers: Vec::new() };
        let mut tid = 0;
        for (key, value) in line.split(' ').filter_map(|word| word.split_once('=')) {
            match key {
                "tid" => tid = value.parse().unwrap_or(0),
                "result" => after.result = value.parse().unwrap_or(-4096),
                _ => after.buffers.push(bytes_of(value)),
            }
        }
        all.insert(tid, after);
    }
    all
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    digits
        .chunks(2)
        .filter(|two| two.len() == 2)
        .map(|two| digit(two[0]) << 4 | digit(two[1]))
        .collect()
}
