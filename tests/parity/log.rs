//! The story that a log tells.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;

use super::common::{Call, Exit, Task, Trace};
use super::story::{End, Life, Step, Story, Value};
use rtrace::event::Origin;

/// Tells it.
pub(crate) fn story(trace: &Trace) -> Story {
    let makers = makers(trace);
    Story::of(trace.tasks.values().map(|task| (Story::place(&makers, task.id), life(task))))
}

/// For each task that was made, its maker and how many that had made before.
fn makers(trace: &Trace) -> BTreeMap<u32, (u32, usize)> {
    let mut births: BTreeMap<(u32, u64), u32> = BTreeMap::new();
    for task in trace.tasks.values().filter(|task| task.parent != 0) {
        births.insert((task.parent, task.made_by), task.id);
    }
    let mut made: BTreeMap<u32, usize> = BTreeMap::new();
    let ranked = births.into_iter().map(|((maker, _), task)| {
        let rank = made.entry(maker).or_default();
        *rank += 1;
        (task, (maker, *rank - 1))
    });
    ranked.collect()
}

fn life(task: &Task) -> Life {
    let mut steps: Vec<(u64, Step)> =
        task.calls.iter().map(|call| (call.ordinal, step(call))).collect();
    steps.extend(task.signals.iter().map(|signal| (signal.ordinal, delivered(signal.number))));
    steps.sort_by_key(|(ordinal, _)| *ordinal);
    let end = match task.exit {
        None => End::Open,
        Some(Exit::Code(code)) => End::Code(code),
        Some(Exit::Signal(signal)) => End::Signal(signal),
        Some(Exit::Exec(_)) if task.is_process() => End::Superseded,
        Some(Exit::Exec(_)) => End::Code(0),
    };
    let is_thread = task.origin == Some(Origin::Thread);
    Life { is_thread, steps: steps.into_iter().map(|(_, step)| step).collect(), end }
}

fn step(call: &Call) -> Step {
    let paths = call.paths().into_iter().map(|path| String::from_utf8_lossy(path).into_owned());
    Step {
        name: call.name.to_owned(),
        paths: paths.collect(),
        result: call.result.map_or(Value::Never, |result| Value::of(call.name, result)),
    }
}

fn delivered(number: i32) -> Step {
    let name = Signal::try_from(number).map_or_else(|_| format!("SIG{number}"), |s| s.to_string());
    Step::signal(name)
}
