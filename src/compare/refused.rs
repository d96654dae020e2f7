//! What one run was refused and the other was not: files that are missing, permissions,
//! full disks, and files that came too late.

use rustc_hash::FxHashMap;

use super::finding::{Finding, Force, Kind};
use super::outside::shown_state;
use super::pair::{Both, Pair, text};
use super::portrait::{Deeds, End, Portrait, ProgramId, Refusal, ThingId, Use};

/// Uses that show that a thing could be used.
const USED: u16 = Deeds::WEIGHTY | Deeds::OPEN | Deeds::LIST;

/// Errors that tell what is there and what is allowed. (Others are how programs ask what
/// a thing is.)
const TELLING: [i32; 28] = [
    libc::ENOENT,
    libc::EACCES,
    libc::EPERM,
    libc::ENOSPC,
    libc::EDQUOT,
    libc::EROFS,
    libc::ENOTDIR,
    libc::EISDIR,
    libc::EEXIST,
    libc::ENOTEMPTY,
    libc::ELOOP,
    libc::ENAMETOOLONG,
    libc::EMFILE,
    libc::ENFILE,
    libc::ENOMEM,
    libc::EIO,
    libc::EFBIG,
    libc::ETXTBSY,
    libc::ENOEXEC,
    libc::ESTALE,
    libc::ECONNREFUSED,
    libc::ECONNRESET,
    libc::EHOSTUNREACH,
    libc::ENETUNREACH,
    libc::EADDRINUSE,
    libc::EADDRNOTAVAIL,
    libc::EPIPE,
    libc::EBUSY,
];

pub(super) fn find(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let (refused_a, refused_b) = (refusals(pair.a), refusals(pair.b));
    for both in pair.all_things() {
        let at = |of: &FxHashMap<Option<ThingId>, Vec<(ProgramId, Refusal)>>,
                  id: Option<ThingId>| {
            id.and_then(|id| of.get(&Some(id)).cloned()).unwrap_or_default()
        };
        thing(pair, both, &at(&refused_a, both.a), &at(&refused_b, both.b), found);
    }
    stale_reads(pair, found);
    blamed(pair, found);
}

/// Failed calls, by what they were about.
fn refusals(run: &Portrait) -> FxHashMap<Option<ThingId>, Vec<(ProgramId, Refusal)>> {
    let mut all: FxHashMap<Option<ThingId>, Vec<_>> = FxHashMap::default();
    for (program, id) in run.programs.iter().zip(0..) {
        let telling = |refusal: &&Refusal| TELLING.contains(&i32::from(refusal.errno));
        for refusal in program.refusals.iter().filter(telling) {
            all.entry(refusal.thing).or_default().push((id, refusal.clone()));
        }
    }
    all
}

fn is_used(users: &[(ProgramId, Use)]) -> bool {
    users.iter().any(|(_, one)| one.deeds & USED != 0)
}

/// Whether a thing is a temporary file that was not there before the runs made it, for
/// which an error is no more than a question.
fn is_own(pair: &Pair<'_>, both: Both) -> bool {
    let made = |run: &Portrait, id: Option<ThingId>| {
        id.is_none_or(|id| run.is_temporary(id) && run.things[id as usize].changed.is_some())
    };
    made(pair.a, both.a) && made(pair.b, both.b)
}

/// A thing that was refused in one run, and used in the other, or refused for another
/// reason.
fn thing(
    pair: &Pair<'_>,
    both: Both,
    refused_a: &[(ProgramId, Refusal)],
    refused_b: &[(ProgramId, Refusal)],
    found: &mut Vec<Finding>,
) {
    let known = |list: &[(ProgramId, Refusal)], one: &Refusal, run: &Portrait, of: &Portrait| {
        list.iter()
            .any(|(_, other)| other.errno == one.errno && run.text(other.call) == of.text(one.call))
    };
    let new_b = refused_b.iter().find(|(_, one)| !known(refused_a, one, pair.a, pair.b));
    let new_a = refused_a.iter().find(|(_, one)| !known(refused_b, one, pair.b, pair.a));
    let (used_a, used_b) = (is_used(pair.users_a(both.a)), is_used(pair.users_b(both.b)));
    match (new_a, new_b) {
        (_, Some((program, refusal))) if used_a => {
            let mut finding = refused_in_b(pair, both, *program, refusal);
            let is_there = i32::from(refusal.errno) == libc::EEXIST;
            if is_there && pair.was_left(both) && !is_fatal(pair.b, *program) {
                finding.force = Force::Hint;
            }
            found.push(finding);
        }
        // What is temporary is there or not, as those left it who came by before.
        _ if is_own(pair, both) => {}
        (Some((program, refusal)), _) if used_b => {
            found.push(refused_in_a(pair, both, *program, refusal));
        }
        (Some((_, was)), Some((program, is))) if was.errno != is.errno => {
            let was = Some(pair.a.shown_refusal(was));
            found.push(Finding { a: was, ..refusal_finding(pair, *program, is, Force::Cause) });
        }
        // What is looked for in many places is missing in most.
        (None, Some((program, is))) if i32::from(is.errno) != libc::ENOENT => {
            found.push(refusal_finding(pair, *program, is, Force::Hint));
        }
        _ => {}
    }
}

fn refusal_finding(pair: &Pair<'_>, program: ProgramId, is: &Refusal, force: Force) -> Finding {
    let about = is.thing.map(|thing| pair.b.shown_thing(thing));
    let normal = is.thing.map(|thing| text(pair.b.name(thing))).unwrap_or_default();
    Finding {
        kind: Kind::Refusal,
        force,
        what: about.map_or_else(|| pair.b.shown(is.call), |about| format!("the use of {about}")),
        a: None,
        b: Some(pair.b.shown_refusal(is)),
        command: Some(pair.b.shown_command(program)),
        evidence: Vec::new(),
        at: is.first,
        key: format!("refusal:{}:{}:{normal}", pair.b.shown(is.call), is.errno),
        is_relevant: is_fatal(pair.b, program),
    }
}

/// Whether the process of a program ended badly.
fn is_fatal(run: &Portrait, program: ProgramId) -> bool {
    let process = run.program(program).and_then(|one| run.processes.get(one.process as usize));
    process.is_some_and(|process| process.end.is_bad())
}

/// The second run was refused what the first could use.
fn refused_in_b(pair: &Pair<'_>, both: Both, program: ProgramId, is: &Refusal) -> Finding {
    let mut finding = refusal_finding(pair, program, is, Force::Cause);
    let thing_a = both.a.map(|id| &pair.a.things[id as usize]);
    let before_a = thing_a.and_then(|thing| thing.before.as_ref());
    let before_b = both.b.and_then(|id| pair.b.things[id as usize].before.as_ref());
    let made_in_a = thing_a.and_then(|thing| thing.changed);
    // Who used it in the first run as the one does that is refused it now.
    let users_a = pair.users_a(both.a).iter();
    let takes = |user: &&(ProgramId, Use)| user.1.deeds & (Deeds::READ | Deeds::EXECUTE) != 0;
    let same = users_a.clone().find(|(user, _)| pair.is_same(*user, program));
    let is_made_before =
        made_in_a.zip(same.or(users_a.clone().find(takes))).is_some_and(|(made, (user, one))| {
            made <= one.taken.unwrap_or(one.first) && maker(pair.users_a(both.a)) != Some(*user)
        });
    finding.a = Some(match before_a {
        Some(state) => format!("it could be used ({})", shown_state(state)),
        None => "it could be used".into(),
    });
    match i32::from(is.errno) {
        libc::ENOENT if is_made_before => late(pair, both, is, &mut finding),
        libc::ENOENT | libc::ENOTDIR => {
            finding.kind = Kind::Missing;
            let name = both.b.map(|id| pair.b.shown_thing(id)).unwrap_or_default();
            finding.what = format!("{name} is missing");
        }
        libc::EACCES | libc::EPERM => {
            let modes = before_a.and_then(|s| s.mode).zip(before_b.and_then(|s| s.mode));
            if let Some((was, is)) = modes.filter(|(was, is)| was != is) {
                let (was, is) = (was & 0o7777, is & 0o7777);
                finding.evidence.push(format!("its mode is {is:04o}, and was {was:04o}"));
            } else if let Some(was) = before_a.and_then(|state| state.mode) {
                finding.evidence.push(format!("its mode was {:04o}", was & 0o7777));
            }
        }
        libc::ENOSPC | libc::EDQUOT => {
            finding
                .evidence
                .push("the file system, or what the user may have of it, is full".into());
        }
        _ => {}
    }
    finding
}

/// Who changed a thing first.
fn maker(users: &[(ProgramId, Use)]) -> Option<ProgramId> {
    let makes = Deeds::MAKE | Deeds::WRITE;
    users.iter().find(|(_, one)| one.deeds & makes != 0).map(|(program, _)| *program)
}

/// The first run had made the file by then.
fn late(pair: &Pair<'_>, both: Both, is: &Refusal, finding: &mut Finding) {
    let made_in_b = both.b.and_then(|id| pair.b.things[id as usize].changed);
    let name = both.b.map(|id| pair.b.shown_thing(id)).unwrap_or_default();
    let by = |run: &Portrait, users| maker(users).map(|program| run.shown_command(program));
    let maker_a = by(pair.a, pair.users_a(both.a));
    finding.kind = Kind::Order;
    finding.a = maker_a.map(|maker| format!("{maker} had made it by then"));
    if let Some(made) = made_in_b.filter(|made| *made > is.first) {
        finding.what = format!("{name} was not yet written when it was used");
        let maker = by(pair.b, pair.users_b(both.b)).unwrap_or_default();
        let late = super::timing::shown(made - is.first);
        finding.evidence.push(format!("{maker} made it {late} later"));
    } else {
        // Why it was not made is the question, and not that it was missed.
        finding.what = format!("{name} was never made");
        finding.force = Force::Effect;
    }
}

/// The first run was refused what the second could use.
fn refused_in_a(pair: &Pair<'_>, both: Both, program: ProgramId, was: &Refusal) -> Finding {
    let user = pair.users_b(both.b).iter().find(|(_, one)| one.deeds & USED != 0);
    let name = both.b.map(|id| pair.b.shown_thing(id)).unwrap_or_default();
    let made = both.b.and_then(|id| pair.b.things[id as usize].changed);
    let is_found = user.is_some_and(|(_, one)| made.is_none_or(|made| one.first < made));
    let is_missing = i32::from(was.errno) == libc::ENOENT;
    Finding {
        kind: if is_missing { Kind::Missing } else { Kind::Refusal },
        // The first run has made it itself.
        force: match (pair.was_left(both), is_found) {
            (true, _) => Force::Hint,
            (false, true) => Force::Cause,
            (false, false) => Force::Effect,
        },
        what: if is_missing { format!("{name} is there") } else { format!("the use of {name}") },
        a: Some(pair.a.shown_refusal(was)),
        b: Some("it can be used".into()),
        command: user.map(|(program, _)| pair.b.shown_command(*program)),
        evidence: Vec::new(),
        at: user.map_or_else(|| pair.at(program, was.first), |(_, one)| one.first),
        key: format!("refusal:{}:{}:{name}", pair.a.shown(was.call), was.errno),
        is_relevant: true,
    }
}

/// A file that was read, in the first run after another program had written it, in the
/// second before.
fn stale_reads(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    for passage in pair.a.passages.iter().filter(|passage| passage.is_certain) {
        let programs = &pair.alignment.programs;
        let (from, to) = (programs[passage.from as usize], programs[passage.to as usize]);
        let through = pair.things[passage.through as usize];
        let (Some(from), Some(to), Some(through)) = (from, to, through) else { continue };
        if !pair.b.is_path(through) {
            continue;
        }
        let is_there = pair
            .b
            .passages
            .iter()
            .any(|other| (other.from, other.to, other.through) == (from, to, through));
        let of = |program: ProgramId| {
            pair.users_b(Some(through)).iter().find(|(user, _)| *user == program)
        };
        let (Some((_, gives)), Some((_, takes))) = (of(from), of(to)) else { continue };
        let (Some(given), Some(taken)) = (gives.given, takes.taken) else { continue };
        if is_there || given <= taken {
            continue;
        }
        let late = super::timing::shown(given - taken);
        let writer = pair.b.shown_command(from);
        let name = pair.b.shown_thing(through);
        found.push(Finding {
            kind: Kind::Order,
            force: Force::Cause,
            what: format!("{name} was read before it was written"),
            a: Some(format!("{writer} had written it by then")),
            b: Some(format!("{writer} wrote it {late} later")),
            command: Some(pair.b.shown_command(to)),
            evidence: Vec::new(),
            at: taken,
            key: format!("order:{}", text(pair.b.name(through))),
            is_relevant: true,
        });
    }
}

/// Whether the first run's program was refused the same, and went on.
pub(super) fn is_usual(pair: &Pair<'_>, program: ProgramId, blame: &Refusal) -> bool {
    let other = pair.alignment.programs_back[program as usize];
    let refusals = other.map_or(&[][..], |other| &pair.a.programs[other as usize].refusals);
    let name = |run: &Portrait, thing: Option<ThingId>| thing.map(|id| run.name(id).to_vec());
    refusals.iter().any(|one| {
        (one.errno, pair.a.text(one.call)) == (blame.errno, pair.b.text(blame.call))
            && name(pair.a, one.thing) == name(pair.b, blame.thing)
    })
}

/// Processes that failed in the second run alone, and the calls that are to blame where
/// those are about nothing that has a name.
fn blamed(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    for (process, id) in pair.b.processes.iter().zip(0_u32..) {
        let Some(blame) = &process.blame else { continue };
        let other = pair.alignment.back[id as usize].map(|a| &pair.a.processes[a as usize]);
        let is_new = other.is_none_or(|other| other.end == End::Exited(0));
        let is_told = found.iter().any(|finding| {
            finding.force == Force::Cause
                && matches!(finding.kind, Kind::Refusal | Kind::Missing | Kind::Order)
                && finding.b.as_ref().is_some_and(|b| *b == pair.b.shown_refusal(blame))
        });
        let Some(program) = process.programs.last() else { continue };
        if is_new && !is_told && !is_usual(pair, *program, blame) {
            let mut finding = refusal_finding(pair, *program, blame, Force::Effect);
            finding.evidence.push("the process failed because of it".into());
            found.push(finding);
        }
    }
}
