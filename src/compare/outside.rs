//! What came from outside of the runs: arguments, environments, programs, inputs.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::align::base;
use super::finding::{Finding, Force, Kind};
use super::pair::{Both, Pair, text};
use super::portrait::{Deeds, Portrait, Program, ProgramId, State, TextId, ThingId};

/// Variables that tell programs where to look for programs and libraries.
const SEARCH_PATHS: [&[u8]; 3] = [b"PATH", b"LD_LIBRARY_PATH", b"LD_PRELOAD"];

pub(super) fn find(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let mut told = FxHashSet::default();
    for (a, b) in pair.programs() {
        let (one, other) = (&pair.a.programs[a as usize], &pair.b.programs[b as usize]);
        if !one.is_own || !other.is_own {
            continue;
        }
        let is_root = pair.b.processes[other.process as usize].parent.is_none();
        let force = if is_root { Force::Cause } else { Force::Effect };
        arguments(pair, (a, b), force, found);
        directory(pair, (a, b), force, found);
        environment(pair, (a, b), force, &mut told, found);
        executable(pair, (a, b), found);
    }
    for both in pair.all_things() {
        if let Both { a: Some(a), b: Some(b) } = both {
            input(pair, a, b, found);
        }
    }
    other_libraries(pair, found);
}

/// A finding about what a program was.
fn about(pair: &Pair<'_>, (_, b): (ProgramId, ProgramId), kind: Kind, force: Force) -> Finding {
    Finding {
        kind,
        force,
        what: String::new(),
        a: None,
        b: None,
        command: Some(pair.b.shown_command(b)),
        evidence: Vec::new(),
        at: pair.b.programs[b as usize].started,
        key: format!("{}:{}", kind.name(), text(&pair.b.command(b, true))),
        is_relevant: true,
    }
}

fn words(run: &Portrait, argv: &[TextId]) -> Vec<Vec<u8>> {
    argv.iter().map(|word| run.text(*word).to_vec()).collect()
}

fn arguments(pair: &Pair<'_>, of: (ProgramId, ProgramId), force: Force, found: &mut Vec<Finding>) {
    let (one, other) = (&pair.a.programs[of.0 as usize], &pair.b.programs[of.1 as usize]);
    let (a, b) = (words(pair.a, &one.normal_argv), words(pair.b, &other.normal_argv));
    if a == b {
        return;
    }
    let sorted = |words: &[Vec<u8>]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words
    };
    let is_order = sorted(&a) == sorted(&b);
    let name = other.argv.first().map(|word| text(base(pair.b.text(*word)))).unwrap_or_default();
    let what = if is_order { "the order of the arguments" } else { "the arguments" };
    found.push(Finding {
        what: format!("{what} of {name}"),
        a: Some(pair.a.shown_command(of.0)),
        b: Some(pair.b.shown_command(of.1)),
        ..about(pair, of, Kind::Arguments, force)
    });
}

fn directory(pair: &Pair<'_>, of: (ProgramId, ProgramId), force: Force, found: &mut Vec<Finding>) {
    let (one, other) = (&pair.a.programs[of.0 as usize], &pair.b.programs[of.1 as usize]);
    let (Some(a), Some(b)) = (one.cwd, other.cwd) else { return };
    if pair.a.text(a) != pair.b.text(b) && force == Force::Cause {
        found.push(Finding {
            what: "the directory that the command was started in".into(),
            a: Some(pair.a.shown(a)),
            b: Some(pair.b.shown(b)),
            ..about(pair, of, Kind::Directory, force)
        });
    }
}

/// A variable's name, and its values in both runs.
type Variable = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);
type Environment<'a> = BTreeMap<&'a [u8], &'a [u8]>;

fn env<'a>(run: &'a Portrait, program: &Program) -> Option<Environment<'a>> {
    let env = program.env.as_ref()?;
    Some(env.iter().map(|(name, value)| (run.text(*name), run.text(*value))).collect())
}

/// A variable that differs, once: where it comes in, and not where it is passed on.
fn environment(
    pair: &Pair<'_>,
    of: (ProgramId, ProgramId),
    force: Force,
    told: &mut FxHashSet<Variable>,
    found: &mut Vec<Finding>,
) {
    let (one, other) = (&pair.a.programs[of.0 as usize], &pair.b.programs[of.1 as usize]);
    let (Some(a), Some(b)) = (env(pair.a, one), env(pair.b, other)) else { return };
    let names: std::collections::BTreeSet<&[u8]> = a.keys().chain(b.keys()).copied().collect();
    for name in names {
        let (was, is) = (a.get(name), b.get(name));
        let entry = (name.to_vec(), was.map(|it| it.to_vec()), is.map(|it| it.to_vec()));
        if was == is || !told.insert(entry) {
            continue;
        }
        found.push(Finding {
            what: format!("the environment variable {}", text(name)),
            a: was.map(|value| text(value)),
            b: is.map(|value| text(value)),
            key: format!("environment:{}", text(name)),
            ..about(pair, of, Kind::Environment, force)
        });
    }
}

/// The file that was executed has another name. (That it has another content, `input`
/// sees.)
fn executable(pair: &Pair<'_>, of: (ProgramId, ProgramId), found: &mut Vec<Finding>) {
    let (one, other) = (&pair.a.programs[of.0 as usize], &pair.b.programs[of.1 as usize]);
    let (Some(a), Some(b)) = (one.executable, other.executable) else { return };
    if pair.a.name(a) == pair.b.name(b) {
        return;
    }
    let name = other.argv.first().map(|word| text(base(pair.b.text(*word)))).unwrap_or_default();
    let search = |run: &Portrait, program: &Program| {
        let env = env(run, program)?;
        SEARCH_PATHS.iter().find_map(|name| env.get(name).map(|value| text(value)))
    };
    let mut evidence = Vec::new();
    if let (Some(a), Some(b)) = (search(pair.a, one), search(pair.b, other))
        && a != b
    {
        evidence.push(format!("PATH is {b}, and was {a}"));
    }
    found.push(Finding {
        what: format!("the program behind {name}"),
        a: Some(described(pair.a, a)),
        b: Some(described(pair.b, b)),
        evidence,
        ..about(pair, of, Kind::Program, Force::Cause)
    });
}

/// A file with its size and when it was last changed.
fn described(run: &Portrait, thing: ThingId) -> String {
    let before = run.things[thing as usize].before.as_ref();
    let state = before.map(|state| format!(" ({})", shown_state(state))).unwrap_or_default();
    run.shown_thing(thing) + &state
}

pub(super) fn shown_state(state: &State) -> String {
    let mut words = Vec::new();
    if let Some(size) = state.size {
        words.push(format!("{size} bytes"));
    }
    if let Some(modified) = state.modified {
        let time = chrono::DateTime::from_timestamp_nanos(modified);
        words.push(format!("of {}", time.format("%Y-%m-%dT%H:%M:%S%.3fZ")));
    }
    if let Some(build) = &state.build {
        words.push(format!("build-id {}", hex(build)));
    }
    if let Some(hash) = &state.hash {
        words.push(format!("BLAKE3 {}…", hex(&hash[..hash.len().min(8)])));
    }
    words.join(", ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
        text
    })
}

/// How the content of a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Differs {
    /// For sure: hash, size or build-id.
    Surely(&'static str),
    /// It was written at another time, and nothing else is known.
    Perhaps,
}

fn differs(one: &State, other: &State) -> Option<Differs> {
    if let (Some(a), Some(b)) = (&one.hash, &other.hash) {
        return (a != b).then_some(Differs::Surely("its content"));
    }
    if let (Some(a), Some(b)) = (&one.build, &other.build) {
        return (a != b).then_some(Differs::Surely("its build-id"));
    }
    match (one.size, other.size) {
        (Some(a), Some(b)) if a != b => return Some(Differs::Surely("its size")),
        (None, _) | (_, None) => return None,
        _ => {}
    }
    let is_other = one.modified.is_some() && one.modified != other.modified;
    is_other.then_some(Differs::Perhaps)
}

/// Why the contents of a file could not be compared.
fn unhashed(pair: &Pair<'_>, one: &State, other: &State) -> String {
    let runs = [(pair.a, one, "first"), (pair.b, other, "second")];
    for (run, state, which) in runs {
        match &state.unhashed {
            Some(why) => return format!("in the {which} run, {}", text(why)),
            None if state.hash.is_none() && run.about.facts != "full" => {
                return format!("the {which} run was recorded without --facts full");
            }
            None => {}
        }
    }
    "it was not looked at in time".into()
}

/// A file that both runs found there, and took from before they changed it.
fn input(pair: &Pair<'_>, a: ThingId, b: ThingId, found: &mut Vec<Finding>) {
    let (one, other) = (&pair.a.things[a as usize], &pair.b.things[b as usize]);
    let (Some(before_a), Some(before_b)) = (&one.before, &other.before) else { return };
    let is_regular = |state: &State| state.mode.is_none_or(|mode| mode & 0o170_000 == 0o100_000);
    if !is_regular(before_a) || !is_regular(before_b) {
        return;
    }
    let taken = |users: &[(ProgramId, super::portrait::Use)]| {
        let takes = |one: &&(ProgramId, super::portrait::Use)| {
            one.1.deeds & (Deeds::READ | Deeds::EXECUTE) != 0
        };
        let first = users.iter().find(takes)?;
        Some((first.0, first.1.taken.unwrap_or(first.1.first)))
    };
    let users_b = pair.users_b(Some(b));
    let (Some((_, taken_a)), Some((user, taken_b))) =
        (taken(pair.users_a(Some(a))), taken(users_b))
    else {
        return;
    };
    let is_found = |changed: Option<u64>, taken: u64| changed.is_none_or(|changed| taken < changed);
    if !is_found(one.changed, taken_a) || !is_found(other.changed, taken_b) {
        return;
    }
    let Some(how) = differs(before_a, before_b) else { return };
    let is_program = users_b.iter().any(|(_, one)| one.deeds & Deeds::EXECUTE != 0)
        || before_b.build.is_some()
        || base(pair.b.name(b)).windows(3).any(|part| part == b".so");
    let kind = if is_program { Kind::Program } else { Kind::Input };
    let word = if is_program { "the file" } else { "the input" };
    let mut evidence = vec![match how {
        Differs::Surely(what) => format!("{what} is another one"),
        Differs::Perhaps => format!(
            "it was written at another time, and has the same size; whether its content is the \
             same is not known: {}",
            unhashed(pair, before_a, before_b)
        ),
    }];
    let readers: FxHashSet<ProgramId> = users_b.iter().map(|(program, _)| *program).collect();
    if readers.len() > 1 {
        evidence.push(format!("{} programs take it", readers.len()));
    }
    found.push(Finding {
        kind,
        force: if how == Differs::Perhaps { Force::Hint } else { Force::Cause },
        what: format!("{word} {}", pair.b.shown_thing(b)),
        a: Some(shown_state(before_a)),
        b: Some(shown_state(before_b)),
        command: Some(pair.b.shown_command(user)),
        evidence,
        at: taken_b,
        key: format!("{}:{}", kind.name(), text(pair.b.name(b))),
        is_relevant: true,
    });
}

/// Libraries that one program maps in one run and not in the other, where the other has
/// one that is called alike.
fn other_libraries(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let only_a = pair.all_things().filter(|both| both.b.is_none()).filter_map(|both| both.a);
    let only_b: Vec<ThingId> =
        pair.all_things().filter(|both| both.a.is_none()).filter_map(|both| both.b).collect();
    for a in only_a.filter(|a| pair.a.is_path(*a)) {
        let stem_a = stem(pair.a.name(a));
        let Some((user_a, use_a)) = pair.users_a(Some(a)).first() else { continue };
        if use_a.deeds & Deeds::READ == 0 || pair.a.things[a as usize].changed.is_some() {
            continue;
        }
        let matching = only_b.iter().find_map(|b| {
            let (user_b, use_b) = pair.users_b(Some(*b)).first()?;
            let is_alike = pair.b.is_path(*b)
                && stem(pair.b.name(*b)) == stem_a
                && pair.is_same(*user_a, *user_b)
                && pair.b.things[*b as usize].changed.is_none()
                && use_b.deeds & Deeds::READ != 0;
            is_alike.then_some((*b, *user_b, use_b.first))
        });
        let Some((b, user, at)) = matching else { continue };
        found.push(Finding {
            what: format!("which {} is taken", text(&stem_a)),
            a: Some(described(pair.a, a)),
            b: Some(described(pair.b, b)),
            at,
            key: format!("program:{}", text(pair.b.name(b))),
            ..about(pair, (*user_a, user), Kind::Program, Force::Cause)
        });
    }
}

/// A file's name without its directory and its version.
fn stem(path: &[u8]) -> Vec<u8> {
    let name = base(path);
    let kept = name.iter().copied().filter(|byte| !byte.is_ascii_digit());
    let mut stem: Vec<u8> = kept.collect();
    while stem.last().is_some_and(|byte| b".-_".contains(byte)) {
        stem.pop();
    }
    stem
}
