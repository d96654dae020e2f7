//! Made families of processes, for the tests of pictures.

use crate::abi::Abi;
use crate::event::{Batch, Call, Kind, Origin, Phase, Role, State, TaskId};
use crate::flow::Flow;
use crate::flow::graph::{Builder, Graph};

const MS: u64 = 1_000_000;
const FORK: u64 = 57;
const EXECVE: u64 = 59;
const WAIT4: u64 = 61;

/// A child of the first process. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub(in crate::export) struct Child {
    pub(in crate::export) argv: &'static [&'static str],
    pub(in crate::export) times: (u64, u64),
    /// Exit code and signal.
    pub(in crate::export) end: (u64, u64),
}

/// A child that runs that, then and then, and ends well.
pub(in crate::export) const fn child(
    argv: &'static [&'static str],
    from: u64,
    until: u64,
) -> Child {
    Child { argv, times: (from, until), end: (0, 0) }
}

/// The graph of a shell with these children, each of which it waits for.
pub(in crate::export) fn family(children: &[Child]) -> Graph {
    let mut events: Vec<(u64, Event)> = vec![(0, Event::Start(0)), (1, Event::Exec(0))];
    let mut last = 0;
    for (place, child) in (1..).zip(children) {
        let (from, until) = (child.times.0 * MS, child.times.1 * MS);
        events.extend([
            (from + 10, Event::Start(place)),
            (from + 20, Event::Fork(place)),
            (from + 30, Event::Exec(place)),
            (until, Event::Exit(place)),
            (until + 10, Event::Wait(place)),
        ]);
        last = last.max(until);
    }
    events.push((last + MS, Event::Exit(0)));
    events.sort_by_key(|(time, _)| *time);
    let mut family =
        Family { batch: Batch::new(), children, ordinals: vec![0; children.len() + 1] };
    for (time, event) in events {
        family.event(time, event);
    }
    let (mut flow, mut builder) = (Flow::new(), Builder::new());
    flow.set_cwd(b"/home");
    let Ok(()) = flow.batch(&family.batch, &mut builder);
    let Ok(()) = flow.finish(&mut builder);
    builder.finish(flow.state())
}

/// What happens to a process, by its place; 0 is the shell.
#[derive(Clone, Copy)]
enum Event {
    Start(usize),
    Fork(usize),
    Exec(usize),
    Exit(usize),
    Wait(usize),
}

struct Family<'a> {
    batch: Batch,
    children: &'a [Child],
    ordinals: Vec<u64>,
}

impl Family<'_> {
    fn event(&mut self, time: u64, event: Event) {
        match event {
            Event::Start(place) => {
                let pid = pid(place);
                let origin = if place == 0 { Origin::Root } else { Origin::Fork };
                // The fork that made it is the shell's next event.
                let (maker, ordinal) = if place == 0 { (0, 0) } else { (1, self.ordinals[0]) };
                let words = [pid, pid, place as u64 + 1, maker, ordinal, origin.code().into()];
                self.moment(Kind::Start, place, time, words);
            }
            Event::Fork(place) => self.call(FORK, 0, time, pid(place), &[]),
            Event::Wait(place) => self.call(WAIT4, 0, time, pid(place), &[]),
            Event::Exec(0) => self.call(EXECVE, 0, time, 0, &["sh"]),
            Event::Exec(place) => {
                let argv = self.children[place - 1].argv;
                self.call(EXECVE, place, time, 0, argv);
            }
            Event::Exit(place) => {
                let child = place.checked_sub(1).and_then(|place| self.children.get(place));
                let (code, signal) = child.map_or((0, 0), |child| child.end);
                self.moment(Kind::Exit, place, time, [code, signal, 0, 0, 0, 0]);
            }
        }
    }

    fn next(&mut self, place: usize) -> (TaskId, u64) {
        let ordinal = self.ordinals[place];
        self.ordinals[place] += 1;
        (TaskId(place as u32 + 1), ordinal)
    }

    fn moment(&mut self, kind: Kind, place: usize, time: u64, words: [u64; 6]) {
        let (task, ordinal) = self.next(place);
        let mut record = self.batch.record(kind, task, ordinal);
        record.at(time).words(words);
        record.finish();
    }

    fn call(&mut self, nr: u64, place: usize, time: u64, result: u64, argv: &[&str]) {
        let (task, ordinal) = self.next(place);
        let words = if nr == WAIT4 { [u64::MAX, 8, 0, 0, 0, 0] } else { [8, 8, 8, 0, 0, 0] };
        let mut record = self.batch.record(Kind::Call, task, ordinal);
        record.start(time - 1).words(words).call(Call { abi: Abi::X86_64, nr });
        if let Some(program) = argv.first() {
            let path = ["/bin/", program].concat();
            record.piece(0, Role::Path, Phase::Entry, State::Whole, path.as_bytes());
        }
        for arg in argv {
            record.piece(1, Role::Arg, Phase::Entry, State::Whole, arg.as_bytes());
        }
        record.returned(time, result as i64, false);
        record.finish();
    }
}

const fn pid(place: usize) -> u64 {
    100 + place as u64
}
