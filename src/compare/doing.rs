//! What the runs did: processes, how they ended, what they used and made.

use std::collections::BTreeMap;

use super::finding::{Count, Finding, Force, Kind};
use super::pair::{Both, Pair, text};
use super::portrait::{Deeds, End, Portrait, ProcessId, ProgramId, Use};
use super::refused::is_usual as is_usual_refusal;

/// A result may be so much longer or shorter and still be the same: messages that tell
/// how long something took are of various lengths.
const SLACK_BYTES: u64 = 16;
/// The same as a part of its size: one in so many.
const SLACK_PART: u64 = 1000;

/// What counts of temporary files: whoever comes by removes the old ones.
const TEMPORARY: u16 = !(Deeds::REMOVE | Deeds::ALTER);

/// Bits of what both runs recorded, and what is counted.
pub(super) fn find(pair: &Pair<'_>, recorded: u16, found: &mut Vec<Finding>) -> Vec<Count> {
    vec![
        processes(pair, found),
        things(pair, recorded, found, true),
        things(pair, recorded, found, false),
    ]
}

fn processes(pair: &Pair<'_>, found: &mut Vec<Finding>) -> Count {
    let mut count = Count { what: "processes", ..Count::default() };
    for (a, b) in pair.alignment.processes.iter().zip(0..).filter_map(|(b, a)| Some((a, (*b)?))) {
        let is_changed = end(pair, a, b, found);
        *(if is_changed { &mut count.changed } else { &mut count.same }) += 1;
    }
    let left = |known: &[Option<ProcessId>]| -> Vec<ProcessId> {
        known.iter().zip(0..).filter(|(other, _)| other.is_none()).map(|(_, id)| id).collect()
    };
    let (only_a, only_b) = (left(&pair.alignment.processes), left(&pair.alignment.back));
    (count.only_a, count.only_b) = (only_a.len() as u64, only_b.len() as u64);
    for (command, ids) in by_command(pair.a, &only_a) {
        found.push(only(pair, &command, &ids, true));
    }
    for (command, ids) in by_command(pair.b, &only_b) {
        found.push(only(pair, &command, &ids, false));
    }
    count
}

/// Processes by their normalised commands; of those whose parents are among them, too,
/// the parents stand for them.
fn by_command(run: &Portrait, ids: &[ProcessId]) -> BTreeMap<Vec<u8>, Vec<ProcessId>> {
    let mut groups: BTreeMap<Vec<u8>, Vec<ProcessId>> = BTreeMap::new();
    for id in ids {
        let parent = run.processes[*id as usize].parent;
        if parent.is_some_and(|parent| ids.binary_search(&parent).is_ok()) {
            continue;
        }
        let command = run.main_program(*id).map(|main| run.command(main, true));
        groups.entry(command.unwrap_or_default()).or_default().push(*id);
    }
    groups
}

/// How many processes of a run run a command.
fn runs(run: &Portrait, command: &[u8]) -> usize {
    let ids = 0..run.processes.len() as ProcessId;
    let main = ids.filter_map(|id| run.main_program(id));
    main.filter(|main| run.command(*main, true) == command).count()
}

/// A command that one run has, or has more often.
fn only(pair: &Pair<'_>, command: &[u8], ids: &[ProcessId], is_a: bool) -> Finding {
    let (run, first) = (if is_a { pair.a } else { pair.b }, ids[0]);
    let main = run.main_program(first).unwrap_or_default();
    let (in_a, in_b) = (runs(pair.a, command), runs(pair.b, command));
    let times = |count: usize| match count {
        0 => None,
        1 => Some("once".to_owned()),
        more => Some(format!("{more} times")),
    };
    let started = run.processes[first as usize].started;
    let at = if is_a { pair.at(main, started) } else { started };
    let shown = run.shown_command(main);
    let what = match (in_a, in_b) {
        (0, _) => format!("only the second run runs {shown}"),
        (_, 0) => format!("only the first run runs {shown}"),
        _ => format!("how often {shown} is run"),
    };
    let parent = run.processes[first as usize].parent.and_then(|parent| run.main_program(parent));
    Finding {
        kind: Kind::Process,
        force: Force::Effect,
        what,
        a: times(in_a),
        b: times(in_b),
        command: Some(shown),
        evidence: parent
            .map(|parent| format!("started by {}", run.shown_command(parent)))
            .into_iter()
            .collect(),
        at,
        key: format!("process:{}", text(command)),
        is_relevant: true,
    }
}

fn shown_end(end: End) -> String {
    match end {
        End::None => "it went on".into(),
        End::Exited(code) => format!("exit code {code}"),
        End::Killed(signal) => match crate::abi::signal_name(signal.into()) {
            Some(name) => format!("killed by {name}"),
            None => format!("killed by signal {signal}"),
        },
    }
}

/// How a process ended; whether that differs.
fn end(pair: &Pair<'_>, a: ProcessId, b: ProcessId, found: &mut Vec<Finding>) -> bool {
    let (one, other) = (&pair.a.processes[a as usize], &pair.b.processes[b as usize]);
    if one.end == other.end {
        return false;
    }
    let main = pair.b.main_program(b).unwrap_or_default();
    let blame = |run: &Portrait, process: &super::portrait::Process| {
        process.blame.as_ref().map(|blame| run.shown_refusal(blame))
    };
    let mut evidence = Vec::new();
    let is_usual = other.blame.as_ref().zip(other.programs.last());
    let is_usual = is_usual.is_some_and(|(blame, last)| is_usual_refusal(pair, *last, blame));
    evidence.extend(
        blame(pair.b, other)
            .filter(|_| !is_usual)
            .map(|blame| format!("the call to blame: {blame}")),
    );
    if other.blame.is_none() {
        evidence.extend(blame(pair.a, one).map(|blame| format!("the first run's: {blame}")));
    }
    found.push(Finding {
        kind: Kind::Exit,
        force: Force::Effect,
        what: format!("how {} ended", pair.b.shown_command(main)),
        a: Some(shown_end(one.end)),
        b: Some(shown_end(other.end)),
        command: Some(pair.b.shown_command(main)),
        evidence,
        at: other.ended.unwrap_or(pair.b.about.end),
        key: format!("exit:{}", text(&pair.b.command(main, true))),
        is_relevant: true,
    });
    true
}

/// What was done to a thing, by whomever.
fn deeds(users: &[(ProgramId, Use)], recorded: u16) -> u16 {
    users.iter().fold(0, |deeds, (_, one)| deeds | one.deeds) & Deeds::WEIGHTY & recorded
}

/// Files, or everything else that has a name.
fn things(pair: &Pair<'_>, recorded: u16, found: &mut Vec<Finding>, paths: bool) -> Count {
    let what = if paths { "files" } else { "peers and other things" };
    let mut count = Count { what, ..Count::default() };
    for both in pair.all_things() {
        let is_path =
            both.a.map_or_else(|| both.b.is_some_and(|b| pair.b.is_path(b)), |a| pair.a.is_path(a));
        if is_path != paths {
            continue;
        }
        let (users_a, users_b) = (pair.users_a(both.a), pair.users_b(both.b));
        let is_temporary = match both.a {
            Some(a) => pair.a.is_temporary(a),
            None => both.b.is_some_and(|b| pair.b.is_temporary(b)),
        };
        let counted = if is_temporary { TEMPORARY & recorded } else { recorded };
        let (a, b) = (deeds(users_a, counted), deeds(users_b, counted));
        // What the run before has left is written over.
        let is_written = a & b & Deeds::WRITE != 0;
        // So is a directory that is found there used.
        let is_left = pair.was_left(both) && !users_b.is_empty();
        let kept = match (is_left, is_written) {
            (true, _) => !(Deeds::MAKE | Deeds::REMOVE),
            (false, true) => !Deeds::MAKE,
            (false, false) => u16::MAX,
        };
        let (a, b) = (a & kept, b & kept);
        match (a, b) {
            (0, 0) => {}
            (a, b) if a == b => {
                let is_other = result(pair, both, found);
                *(if is_other { &mut count.changed } else { &mut count.same }) += 1;
            }
            (_, 0) => count.only_a += 1,
            (0, _) => count.only_b += 1,
            _ => count.changed += 1,
        }
        let is_told = follows(pair, both) || found.iter().any(|one| is_about(pair, both, one));
        if a != b && !is_told {
            found.push(other_use(pair, both, a, b));
        }
    }
    count
}

/// Whether only programs touched it that the other run has not: that is told of them.
fn follows(pair: &Pair<'_>, both: Both) -> bool {
    // Shells look for programs before they start them.
    let does = |user: &&(ProgramId, Use)| user.1.deeds & Deeds::WEIGHTY != 0;
    let users_a: Vec<_> = pair.users_a(both.a).iter().filter(does).collect();
    let users_b: Vec<_> = pair.users_b(both.b).iter().filter(does).collect();
    let is_alone_a = |user: &&(ProgramId, Use)| pair.alignment.programs[user.0 as usize].is_none();
    let is_alone_b =
        |user: &&(ProgramId, Use)| pair.alignment.programs_back[user.0 as usize].is_none();
    if users_b.is_empty() {
        users_a.iter().all(is_alone_a)
    } else {
        users_a.is_empty() && users_b.iter().all(is_alone_b)
    }
}

/// Whether a finding says why a thing could not be used.
fn is_about(pair: &Pair<'_>, both: Both, finding: &Finding) -> bool {
    let is_kind =
        matches!(finding.kind, Kind::Missing | Kind::Refusal | Kind::Order | Kind::Program);
    let Some(name) = both.b.map(|b| pair.b.name(b)).or(both.a.map(|a| pair.a.name(a))) else {
        return false;
    };
    let is_only = both.a.is_none() || both.b.is_none();
    let is_listed = || {
        let directory = finding.key.strip_prefix("listing:");
        is_only && directory.is_some_and(|one| one.as_bytes() == super::listing::directory(name))
    };
    is_kind && finding.force != Force::Hint && (finding.key.ends_with(&*text(name)) || is_listed())
}

fn other_use(pair: &Pair<'_>, both: Both, a: u16, b: u16) -> Finding {
    let name = both.b.map_or_else(
        || both.a.map(|a| pair.a.shown_thing(a)).unwrap_or_default(),
        |b| pair.b.shown_thing(b),
    );
    let normal = both.b.map_or_else(
        || both.a.map(|a| text(pair.a.name(a))).unwrap_or_default(),
        |b| text(pair.b.name(b)),
    );
    // The one that does what the other does not.
    let shown = |deeds: u16| (deeds != 0).then(|| Deeds::words(deeds).join(", "));
    let does = |wanted: u16| move |user: &&(ProgramId, Use)| user.1.deeds & wanted != 0;
    let user_b = pair.users_b(both.b).iter().find(does(b & !a));
    let user_a = pair.users_a(both.a).iter().find(does(a & !b));
    let (command, at) = match (user_b, user_a) {
        (Some((program, one)), _) => (pair.b.shown_command(*program), when(one, b & !a)),
        (None, Some((program, one))) => {
            (pair.a.shown_command(*program), pair.at(*program, when(one, a & !b)))
        }
        (None, None) => (String::new(), 0),
    };
    Finding {
        kind: Kind::Use,
        force: Force::Effect,
        what: format!("what is done to {name}"),
        a: shown(a),
        b: shown(b),
        command: Some(command).filter(|command| !command.is_empty()),
        evidence: Vec::new(),
        at,
        key: format!("use:{normal}"),
        is_relevant: true,
    }
}

/// When something was first done to a thing that is among these deeds, as far as that is
/// known.
fn when(one: &Use, deeds: u16) -> u64 {
    let of = |deed: u16, time: Option<u64>| time.filter(|_| deeds & one.deeds & deed != 0);
    let times = [of(Deeds::READ, one.taken), of(Deeds::WRITE, one.given)];
    times.into_iter().flatten().min().unwrap_or(one.first)
}

/// What a file that both runs made has in it; whether that differs.
fn result(pair: &Pair<'_>, both: Both, found: &mut Vec<Finding>) -> bool {
    let Both { a: Some(a), b: Some(b) } = both else { return false };
    let (one, other) = (&pair.a.things[a as usize], &pair.b.things[b as usize]);
    let is_made =
        one.changed.is_some() && other.changed.is_some() && !one.is_gone && !other.is_gone;
    let (Some(after_a), Some(after_b)) = (&one.after, &other.after) else { return false };
    if !is_made || one.count > 1 || other.count > 1 {
        return false;
    }
    let sizes = after_a.size.zip(after_b.size).map(|(a, b)| (a.unsigned_abs(), b.unsigned_abs()));
    let is_longer = sizes.is_some_and(|(a, b)| a.abs_diff(b) > SLACK_BYTES.max(a / SLACK_PART));
    let is_other = match (&after_a.hash, &after_b.hash) {
        (Some(a), Some(b)) => a != b,
        _ => sizes.is_some_and(|(a, b)| a != b),
    };
    if !is_other {
        return false;
    }
    let makers = pair.users_b(Some(b)).iter();
    let maker = makers.rev().find(|(_, one)| one.deeds & Deeds::WRITE != 0);
    found.push(Finding {
        kind: Kind::Result,
        force: if is_longer { Force::Effect } else { Force::Hint },
        what: format!("what is in {}", pair.b.shown_thing(b)),
        a: Some(super::outside::shown_state(after_a)),
        b: Some(super::outside::shown_state(after_b)),
        command: maker.map(|(program, _)| pair.b.shown_command(*program)),
        evidence: Vec::new(),
        // What is in it shows once it is complete.
        at: maker.map_or(0, |(program, one)| {
            let program = pair.b.program(*program);
            program.and_then(|program| program.ended).unwrap_or(one.first)
        }),
        key: format!("result:{}", text(pair.b.name(b))),
        is_relevant: true,
    });
    is_longer
}
