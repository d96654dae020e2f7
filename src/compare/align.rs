//! Which process of one run is which of the other.
//!
//! Children of processes that are the same are matched: first those whose whole
//! subtrees run the same commands, then those that run the same command themselves,
//! then those that run the same program with similar arguments. Order counts only among
//! equals, since parallel children come in any.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::portrait::{Portrait, ProcessId, ProgramId};

/// Children that are held against each other one by one; of more, those that run the same
/// program are matched in their order.
const COMPARED: usize = 256;
/// How much of their arguments two commands share, in percent, that may be the same.
const SIMILAR: usize = 30;

/// Which is which.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    /// Of the first run's processes, those of the second.
    pub(super) processes: Vec<Option<ProcessId>>,
    /// The other way.
    pub(super) back: Vec<Option<ProcessId>>,
    /// Of the first run's programs, those of the second.
    pub(super) programs: Vec<Option<ProgramId>>,
    /// The other way.
    pub(super) programs_back: Vec<Option<ProgramId>>,
}

impl Alignment {
    /// Aligns two runs.
    pub(super) fn of(a: &Portrait, b: &Portrait) -> Self {
        let (one, other) = (Side::of(a), Side::of(b));
        let mut this = Self {
            processes: vec![None; a.processes.len()],
            back: vec![None; b.processes.len()],
            programs: vec![None; a.programs.len()],
            programs_back: vec![None; b.programs.len()],
        };
        let mut pairs = VecDeque::from([(None, None)]);
        while let Some((parent_a, parent_b)) = pairs.pop_front() {
            let children = (one.children(parent_a), other.children(parent_b));
            let mut matches = matched(&one, &other, children.0, children.1);
            if parent_a.is_none() {
                // What was compared is what was started, whatever that ran.
                matches.extend(left_over(&matches, children.0, children.1));
            }
            for (child_a, child_b) in matches {
                this.pair(child_a, child_b);
                pairs.push_back((Some(child_a), Some(child_b)));
            }
        }
        this.moved(&one, &other);
        this.align_programs(&one, &other);
        this
    }

    fn pair(&mut self, a: ProcessId, b: ProcessId) {
        self.processes[a as usize] = Some(b);
        self.back[b as usize] = Some(a);
    }

    /// Those that have got another parent: the same commands, wherever they are.
    fn moved(&mut self, one: &Side<'_>, other: &Side<'_>) {
        let left = |known: &[Option<ProcessId>]| -> Vec<ProcessId> {
            let ids = 0..known.len() as ProcessId;
            ids.filter(|id| known[*id as usize].is_none()).collect()
        };
        let (left_a, left_b) = (left(&self.processes), left(&self.back));
        let key_a = |id: ProcessId| one.runs_own(id).then(|| one.own[id as usize]);
        let key_b = |id: ProcessId| other.runs_own(id).then(|| other.own[id as usize]);
        for (a, b) in by_key(&mut left_a.into(), &mut left_b.into(), key_a, key_b) {
            self.pair(a, b);
        }
    }

    /// What aligned processes ran, one program after the other.
    fn align_programs(&mut self, one: &Side<'_>, other: &Side<'_>) {
        for a in 0..self.processes.len() {
            let Some(b) = self.processes[a] else { continue };
            let programs_a = one.run.processes[a].programs.clone();
            let mut programs_b: VecDeque<_> =
                other.run.processes[b as usize].programs.iter().copied().collect();
            for program_a in programs_a {
                let likes =
                    |like: Like| programs_b.iter().position(|b| like(one, other, program_a, *b));
                let at =
                    likes(runs_same).or_else(|| likes(runs_like)).or_else(|| likes(is_of_kind));
                let Some(at) = at else { continue };
                let program_b = programs_b.drain(..=at).next_back().unwrap_or(program_a);
                self.programs[program_a as usize] = Some(program_b);
                self.programs_back[program_b as usize] = Some(program_a);
            }
        }
    }
}

/// Whether a program of one side is one of the other.
type Like = fn(&Side<'_>, &Side<'_>, ProgramId, ProgramId) -> bool;

fn is_of_kind(one: &Side<'_>, other: &Side<'_>, a: ProgramId, b: ProgramId) -> bool {
    one.run.programs[a as usize].is_own == other.run.programs[b as usize].is_own
}

fn runs_same(one: &Side<'_>, other: &Side<'_>, a: ProgramId, b: ProgramId) -> bool {
    is_of_kind(one, other, a, b) && one.argv(a) == other.argv(b)
}

fn runs_like(one: &Side<'_>, other: &Side<'_>, a: ProgramId, b: ProgramId) -> bool {
    let name = |words: Vec<&[u8]>| words.first().map(|word| base(word).to_vec());
    is_of_kind(one, other, a, b) && name(one.argv(a)) == name(other.argv(b))
}

/// Those that are matched with nobody, in their order.
fn left_over(
    matches: &[(ProcessId, ProcessId)],
    a: &[ProcessId],
    b: &[ProcessId],
) -> Vec<(ProcessId, ProcessId)> {
    let left_a = a.iter().filter(|id| !matches.iter().any(|(a, _)| a == *id));
    let left_b = b.iter().filter(|id| !matches.iter().any(|(_, b)| b == *id));
    left_a.copied().zip(left_b.copied()).collect()
}

/// One of the runs, with what its processes are told apart by.
struct Side<'a> {
    run: &'a Portrait,
    /// What a process runs.
    own: Vec<u64>,
    /// What it and its descendants run.
    whole: Vec<u64>,
    children: FxHashMap<Option<ProcessId>, Vec<ProcessId>>,
}

impl<'a> Side<'a> {
    fn of(run: &'a Portrait) -> Self {
        let mut children: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for (process, id) in run.processes.iter().zip(0..) {
            // A log that says otherwise is damaged; a cycle would never end.
            let parent = process.parent.filter(|parent| *parent < id);
            children.entry(parent).or_default().push(id);
        }
        let texts: Vec<u64> = run.texts.iter().map(|text| hash(&text.as_slice())).collect();
        let words = |program: &ProgramId| -> Vec<u64> {
            let program = &run.programs[*program as usize];
            if !program.is_own {
                return Vec::new();
            }
            program.normal_argv.iter().map(|word| texts[*word as usize]).collect()
        };
        let own: Vec<u64> = run
            .processes
            .iter()
            .map(|process| hash(&process.programs.iter().map(words).collect::<Vec<_>>()))
            .collect();
        let mut whole = own.clone();
        for id in (0..run.processes.len()).rev() {
            let below = children.get(&Some(id as ProcessId)).into_iter().flatten();
            let mut below: Vec<u64> = below.map(|child| whole[*child as usize]).collect();
            below.sort_unstable();
            whole[id] = hash(&(own[id], below));
        }
        Self { run, own, whole, children }
    }

    fn children(&self, of: Option<ProcessId>) -> &[ProcessId] {
        self.children.get(&of).map_or(&[], Vec::as_slice)
    }

    /// The arguments of a program, normalised.
    fn argv(&self, id: ProgramId) -> Vec<&'a [u8]> {
        let words = &self.run.programs[id as usize].normal_argv;
        words.iter().map(|word| self.run.text(*word)).collect()
    }

    /// Whether it runs a program of its own.
    fn runs_own(&self, id: ProcessId) -> bool {
        let programs = &self.run.processes[id as usize].programs;
        programs.iter().any(|program| self.run.programs[*program as usize].is_own)
    }

    /// The arguments of what it mainly runs; none if it runs nothing of its own.
    fn words(&self, id: ProcessId) -> Vec<&'a [u8]> {
        let main = self.run.main_program(id).filter(|_| self.runs_own(id));
        let program = main.and_then(|main| self.run.programs.get(main as usize));
        let words = program.map(|program| program.normal_argv.as_slice()).unwrap_or_default();
        words.iter().map(|word| self.run.text(*word)).collect()
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Which children of the same parent are the same.
fn matched(
    one: &Side<'_>,
    other: &Side<'_>,
    a: &[ProcessId],
    b: &[ProcessId],
) -> Vec<(ProcessId, ProcessId)> {
    let (mut a, mut b) = (a.iter().copied().collect(), b.iter().copied().collect());
    let whole_a = |id: ProcessId| Some(one.whole[id as usize]);
    let mut pairs = by_key(&mut a, &mut b, whole_a, |id| Some(other.whole[id as usize]));
    let own_a = |id: ProcessId| Some(one.own[id as usize]);
    pairs.extend(by_key(&mut a, &mut b, own_a, |id| Some(other.own[id as usize])));
    pairs.extend(by_likeness(one, other, &mut a, &mut b));
    let program_a = |id: ProcessId| one.words(id).first().map(|word| hash(&base(word)));
    let program_b = |id: ProcessId| other.words(id).first().map(|word| hash(&base(word)));
    pairs.extend(by_key(&mut a, &mut b, program_a, program_b));
    // A child whose exec fails stays what its parent is; and one of two that are left may
    // do with another program what the other does with its own.
    let is_plain = |pair: &(ProcessId, ProcessId)| !one.runs_own(pair.0) || !other.runs_own(pair.1);
    let is_only = a.len() == 1 && b.len() == 1;
    let is_like = |pair: &(ProcessId, ProcessId)| {
        let (words, others) = (one.words(pair.0), other.words(pair.1));
        shared(words.get(1..).unwrap_or_default(), others.get(1..).unwrap_or_default()) > 0
    };
    pairs.extend(a.into_iter().zip(b).filter(|pair| is_plain(pair) || is_only && is_like(pair)));
    pairs
}

/// Matches those of equal keys, in their order, and takes them out.
fn by_key(
    a: &mut VecDeque<ProcessId>,
    b: &mut VecDeque<ProcessId>,
    key_a: impl Fn(ProcessId) -> Option<u64>,
    key_b: impl Fn(ProcessId) -> Option<u64>,
) -> Vec<(ProcessId, ProcessId)> {
    let mut known: FxHashMap<u64, VecDeque<ProcessId>> = FxHashMap::default();
    for id in b.iter() {
        if let Some(key) = key_b(*id) {
            known.entry(key).or_default().push_back(*id);
        }
    }
    let mut pairs = Vec::new();
    a.retain(|id| {
        let other = key_a(*id).and_then(|key| known.get_mut(&key)?.pop_front());
        pairs.extend(other.map(|other| (*id, other)));
        other.is_none()
    });
    let taken: std::collections::HashSet<ProcessId> = pairs.iter().map(|(_, b)| *b).collect();
    b.retain(|id| !taken.contains(id));
    pairs
}

/// Matches those that run the same program with similar arguments, the most similar
/// first.
fn by_likeness(
    one: &Side<'_>,
    other: &Side<'_>,
    a: &mut VecDeque<ProcessId>,
    b: &mut VecDeque<ProcessId>,
) -> Vec<(ProcessId, ProcessId)> {
    if a.len() > COMPARED || b.len() > COMPARED {
        return Vec::new();
    }
    let words_b: Vec<_> = b.iter().map(|id| (*id, other.words(*id))).collect();
    let mut likes = Vec::new();
    for id in a.iter() {
        let words = one.words(*id);
        for (other, others) in &words_b {
            let likeness = likeness(&words, others);
            if likeness >= SIMILAR {
                likes.push((std::cmp::Reverse(likeness), *id, *other));
            }
        }
    }
    likes.sort_unstable();
    let mut pairs: Vec<(ProcessId, ProcessId)> = Vec::new();
    for (_, id, other) in likes {
        if a.contains(&id) && b.contains(&other) {
            a.retain(|left| *left != id);
            b.retain(|left| *left != other);
            pairs.push((id, other));
        }
    }
    pairs
}

/// How much of their words two commands share, in percent; 0 if they are of different
/// programs.
fn likeness(one: &[&[u8]], other: &[&[u8]]) -> usize {
    let (Some((name, words)), Some((other_name, others))) =
        (one.split_first(), other.split_first())
    else {
        return 0;
    };
    if base(name) != base(other_name) {
        return 0;
    }
    // The program's name is a word that they share.
    100 * (shared(words, others) + 1) / (words.len().max(others.len()) + 1)
}

/// How many words two lists share.
fn shared(words: &[&[u8]], others: &[&[u8]]) -> usize {
    let mut left: Vec<&[u8]> = others.to_vec();
    let shared = words.iter().filter(|word| {
        let at = left.iter().position(|other| other == *word);
        at.map(|at| left.swap_remove(at)).is_some()
    });
    shared.count()
}

/// The last part of a path.
pub(super) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::portrait::{Process, Program};
    use super::*;

    /// A run of processes: parent and command line, the parent by its place.
    fn run(processes: &[(Option<u32>, &str)]) -> Portrait {
        let mut run = Portrait::default();
        for (index, (parent, command)) in processes.iter().enumerate() {
            let argv: Vec<u32> = command
                .split_whitespace()
                .map(|word| {
                    run.texts.push(serde_bytes::ByteBuf::from(word));
                    run.texts.len() as u32 - 1
                })
                .collect();
            let is_own = !argv.is_empty();
            run.programs.push(Program {
                process: index as u32,
                is_own,
                argv: argv.clone(),
                normal_argv: argv,
                ..Program::default()
            });
            let programs = vec![index as u32];
            run.processes.push(Process { parent: *parent, programs, ..Process::default() });
        }
        run
    }

    fn aligned(a: &[(Option<u32>, &str)], b: &[(Option<u32>, &str)]) -> Vec<Option<u32>> {
        Alignment::of(&run(a), &run(b)).processes
    }

    #[test]
    fn parallel_children_come_in_any_order() {
        let a = [(None, "sh"), (Some(0), "work 1"), (Some(0), "work 2"), (Some(0), "work 3")];
        let b = [(None, "sh"), (Some(0), "work 3"), (Some(0), "work 1"), (Some(0), "work 2")];
        assert_eq!(aligned(&a, &b), [Some(0), Some(2), Some(3), Some(1)]);
    }

    #[test]
    fn equal_commands_are_told_apart_by_what_they_start() {
        let a = [(None, "sh"), (Some(0), "sub"), (Some(0), "sub"), (Some(1), "x"), (Some(2), "y")];
        let b = [(None, "sh"), (Some(0), "sub"), (Some(0), "sub"), (Some(1), "y"), (Some(2), "x")];
        assert_eq!(aligned(&a, &b), [Some(0), Some(2), Some(1), Some(4), Some(3)]);
    }

    #[test]
    fn loops_and_inserted_commands() {
        let a = [(None, "sh"), (Some(0), "try"), (Some(0), "try"), (Some(0), "end")];
        let b = [(None, "sh"), (Some(0), "try"), (Some(0), "new"), (Some(0), "end")];
        assert_eq!(aligned(&a, &b), [Some(0), Some(1), None, Some(3)]);
        let b = [(None, "sh"), (Some(0), "try"), (Some(0), "end")];
        assert_eq!(aligned(&a, &b), [Some(0), Some(1), None, Some(2)]);
    }

    #[test]
    fn changed_arguments_and_failed_execs() {
        let a = [(None, "sh"), (Some(0), "cc -O2 a.c"), (Some(0), "cc -O2 b.c"), (Some(0), "ld")];
        let b = [(None, "sh"), (Some(0), "cc -O3 b.c"), (Some(0), "cc -O3 a.c"), (Some(0), "")];
        assert_eq!(aligned(&a, &b), [Some(0), Some(2), Some(1), Some(3)]);
    }

    #[test]
    fn a_process_with_another_parent_is_the_same() {
        let a = [(None, "sh"), (Some(0), "sub"), (Some(1), "work 1")];
        let b = [(None, "sh"), (Some(0), "sub"), (Some(0), "work 1")];
        assert_eq!(aligned(&a, &b), [Some(0), Some(1), Some(2)]);
    }
}
