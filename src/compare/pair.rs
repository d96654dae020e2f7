//! Two portraits, aligned, and one clock for both.

use rustc_hash::FxHashMap;

use super::align::Alignment;
use super::portrait::{
    Portrait, ProcessId, Program, ProgramId, Refusal, TextId, Thing, ThingId, Use,
};
use super::temporary;

/// Two runs.
pub(super) struct Pair<'a> {
    pub(super) a: &'a Portrait,
    pub(super) b: &'a Portrait,
    pub(super) alignment: Alignment,
    /// Of the first run's things, those of the second.
    pub(super) things: Vec<Option<ThingId>>,
    /// The other way.
    pub(super) things_back: Vec<Option<ThingId>>,
    /// Who touched which thing, in the order of first touch.
    pub(super) users_a: FxHashMap<ThingId, Vec<(ProgramId, Use)>>,
    /// The same of the second run.
    pub(super) users_b: FxHashMap<ThingId, Vec<(ProgramId, Use)>>,
    /// Of the children of the first run's processes, when each ended, and when in the
    /// second run it and those before it had ended.
    ends: FxHashMap<ProcessId, Vec<(u64, u64)>>,
}

/// A thing that at least one of the runs has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both {
    pub(super) a: Option<ThingId>,
    pub(super) b: Option<ThingId>,
}

impl<'a> Pair<'a> {
    pub(super) fn of(a: &'a Portrait, b: &'a Portrait) -> Self {
        let key = |run: &'a Portrait, thing: &Thing| (run.text(thing.class), run.text(thing.name));
        let known: FxHashMap<_, ThingId> =
            b.things.iter().zip(0..).map(|(thing, id)| (key(b, thing), id)).collect();
        let things: Vec<Option<ThingId>> =
            a.things.iter().map(|thing| known.get(&key(a, thing)).copied()).collect();
        let mut things_back = vec![None; b.things.len()];
        for (other, id) in things.iter().zip(0..) {
            if let Some(other) = other {
                things_back[*other as usize] = Some(id);
            }
        }
        let (users_a, users_b) = (users(a), users(b));
        let alignment = Alignment::of(a, b);
        let ends = ends(a, b, &alignment);
        let mut this = Self { a, b, alignment, things, things_back, users_a, users_b, ends };
        temporary::join(&mut this);
        this
    }

    /// All things, those of the first run first.
    pub(super) fn all_things(&self) -> impl Iterator<Item = Both> + '_ {
        let firsts = self.things.iter().zip(0..).map(|(b, a)| Both { a: Some(a), b: *b });
        let backs = self.things_back.iter().zip(0..).filter(|(a, _)| a.is_none());
        firsts.chain(backs.map(|(_, b)| Both { a: None, b: Some(b) }))
    }

    /// Who touched a thing in the first run.
    pub(super) fn users_a(&self, thing: Option<ThingId>) -> &[(ProgramId, Use)] {
        thing.and_then(|thing| self.users_a.get(&thing)).map_or(&[], Vec::as_slice)
    }

    /// Who touched a thing in the second.
    pub(super) fn users_b(&self, thing: Option<ThingId>) -> &[(ProgramId, Use)] {
        thing.and_then(|thing| self.users_b.get(&thing)).map_or(&[], Vec::as_slice)
    }

    /// Programs that are the same, in the order of the second run.
    pub(super) fn programs(&self) -> Vec<(ProgramId, ProgramId)> {
        let back = self.alignment.programs_back.iter().zip(0..);
        let mut pairs: Vec<_> = back.filter_map(|(a, b)| Some(((*a)?, b))).collect();
        pairs.sort_by_key(|(_, b)| self.b.programs[*b as usize].started);
        pairs
    }

    /// When in the second run something would have been that a program of the first did:
    /// as long after what it ran began, but not later than that ended.
    pub(super) fn at(&self, program: ProgramId, time: u64) -> u64 {
        let Some(one) = self.a.programs.get(program as usize) else { return time };
        if let Some(other) = self.alignment.programs[program as usize] {
            let other = &self.b.programs[other as usize];
            let at = other.started.saturating_add(time.saturating_sub(one.started));
            return at.min(other.ended.unwrap_or(u64::MAX));
        }
        // One that the second has not: when its parent would have made it.
        let parent = self.a.processes.get(one.process as usize).and_then(|process| process.parent);
        let Some(parent) = parent else { return time };
        match self.program_at(parent, one.started) {
            Some(program) => {
                self.at(program, one.started).max(self.siblings_end(parent, one.started))
            }
            None => time,
        }
    }

    /// When in the second run those children of a process had ended that in the first had
    /// ended by then.
    pub(super) fn siblings_end(&self, parent: ProcessId, time: u64) -> u64 {
        let ends = self.ends.get(&parent).map_or(&[][..], Vec::as_slice);
        let before = ends.partition_point(|(a, _)| *a <= time);
        before.checked_sub(1).map_or(0, |last| ends[last].1)
    }

    /// What a process of the first run ran at a time.
    fn program_at(&self, process: ProcessId, time: u64) -> Option<ProgramId> {
        let programs = &self.a.processes.get(process as usize)?.programs;
        let began = |id: &&ProgramId| self.a.programs[**id as usize].started <= time;
        programs.iter().rev().find(began).or(programs.first()).copied()
    }

    /// Whether the first run made it and left it there, so that the second found it.
    pub(super) fn was_left(&self, both: Both) -> bool {
        let (one, other) = (&self.a.about, &self.b.about);
        let is_after = one.host == other.host && one.began.saturating_add(one.end) <= other.began;
        let thing = both.a.and_then(|a| self.a.things.get(a as usize));
        is_after && thing.is_some_and(|thing| thing.changed.is_some() && !thing.is_gone)
    }

    /// Whether the two programs are the same one.
    pub(super) fn is_same(&self, a: ProgramId, b: ProgramId) -> bool {
        self.alignment.programs.get(a as usize).copied().flatten() == Some(b)
    }
}

fn ends(a: &Portrait, b: &Portrait, of: &Alignment) -> FxHashMap<ProcessId, Vec<(u64, u64)>> {
    let mut ends: FxHashMap<ProcessId, Vec<(u64, u64)>> = FxHashMap::default();
    for (process, other) in a.processes.iter().zip(&of.processes) {
        let Some((parent, other)) = process.parent.zip(*other) else { continue };
        let both = process.ended.zip(b.processes[other as usize].ended);
        ends.entry(parent).or_default().extend(both);
    }
    for list in ends.values_mut() {
        list.sort_unstable();
        let mut latest = 0;
        for (_, end) in list {
            latest = latest.max(*end);
            *end = latest;
        }
    }
    ends
}

fn users(run: &Portrait) -> FxHashMap<ThingId, Vec<(ProgramId, Use)>> {
    let mut users: FxHashMap<ThingId, Vec<(ProgramId, Use)>> = FxHashMap::default();
    for (program, id) in run.programs.iter().zip(0..) {
        for one in &program.uses {
            users.entry(one.thing).or_default().push((id, one.clone()));
        }
    }
    for list in users.values_mut() {
        list.sort_by_key(|(_, one)| one.first);
    }
    users
}

/// A text for people.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Portrait {
    /// A text for people.
    pub(super) fn shown(&self, id: TextId) -> String {
        text(self.text(id))
    }

    /// A thing for people: its name as it was.
    pub(super) fn shown_thing(&self, id: ThingId) -> String {
        self.things.get(id as usize).map_or_else(String::new, |thing| self.shown(thing.raw))
    }

    /// A command line for people.
    pub fn shown_command(&self, id: ProgramId) -> String {
        let command = text(&self.command(id, false));
        let is_own = self.programs.get(id as usize).is_some_and(|program| program.is_own);
        match (command.is_empty(), is_own) {
            (true, _) => "a process without a program of its own".to_owned(),
            (false, true) => command,
            (false, false) => format!("{command} (a fork of it)"),
        }
    }

    /// A failed call for people: `openat /etc/x: ENOENT`.
    pub(super) fn shown_refusal(&self, refusal: &Refusal) -> String {
        let mut words = self.shown(refusal.call);
        if let Some(thing) = refusal.thing {
            words.push(' ');
            words.push_str(&self.shown_thing(thing));
        }
        let errno = crate::abi::errno_name(refusal.errno);
        let errno = errno.map_or_else(|| format!("error {}", refusal.errno), str::to_owned);
        let meaning = crate::abi::errno_text(refusal.errno);
        words + ": " + &errno + &meaning.map(|text| format!(" ({text})")).unwrap_or_default()
    }

    /// The program, if there is one of that number.
    pub(super) fn program(&self, id: ProgramId) -> Option<&Program> {
        self.programs.get(id as usize)
    }

    /// Whether a thing is a file or directory.
    pub(super) fn is_path(&self, id: ThingId) -> bool {
        self.things.get(id as usize).is_some_and(|thing| self.text(thing.class) == b"path")
    }
}
