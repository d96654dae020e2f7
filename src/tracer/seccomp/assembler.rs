//! From verdicts on numbers to a program of the kernel's classic BPF (`linux/filter.h`,
//! `Documentation/userspace-api/seccomp_filter.rst`).
//!
//! A program finds the architecture of a call, then by bisection the range that its number
//! is in, so that it takes some ten jumps. The kernel finds out by itself for which numbers
//! it always allows, and then does not run it (`seccomp_cache_prepare`, since Linux 5.11).

use crate::sys::seccomp::Instruction;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is made.
    Allow,
    /// The tracer is asked for first.
    Trace,
    /// That, where the lower half of an argument has this value.
    TraceIf { argument: u8, is: u32 },
}

/// An architecture's verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Architecture {
    /// `AUDIT_ARCH_*` (`linux/audit.h`).
    pub(super) audit: u32,
    /// The first number of each range and what becomes of all of it, in order, from 0.
    pub(super) ranges: Vec<(u32, Verdict)>,
}

// linux/bpf_common.h
const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_IF_NOT_LESS: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

// struct seccomp_data, linux/seccomp.h
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

// linux/seccomp.h
const RET_TRACE: u32 = 0x7ff0_0000;
const RET_ALLOW: u32 = 0x7fff_0000;

/// The program. Calls by an architecture that is not among those are traced.
pub(super) fn assemble(architectures: &[Architecture]) -> Vec<Instruction> {
    let mut program = vec![plain(LOAD, ARCHITECTURE)];
    for architecture in architectures {
        let mut body = vec![plain(LOAD, NUMBER)];
        body.extend(choice(&architecture.ranges));
        program.push(Instruction {
            code: JUMP_IF_EQUAL,
            holds: 1,
            fails: 0,
            operand: architecture.audit,
        });
        program.push(plain(JUMP, body.len() as u32));
        program.extend(body);
    }
    program.push(plain(RETURN, RET_TRACE));
    program
}

/// Chooses among ranges by the number that is loaded.
fn choice(ranges: &[(u32, Verdict)]) -> Vec<Instruction> {
    let (below, above) = ranges.split_at(ranges.len() / 2);
    let (false, Some((from, _))) = (below.is_empty(), above.first()) else {
        return ranges.first().map_or_else(Vec::new, |(_, verdict)| end(*verdict));
    };
    let below = choice(below);
    let mut program = Vec::new();
    match u8::try_from(below.len()) {
        Ok(holds) => {
            program.push(Instruction { code: JUMP_IF_NOT_LESS, holds, fails: 0, operand: *from });
        }
        // Only a jump without a condition reaches so far.
        Err(_) => program.extend([
            Instruction { code: JUMP_IF_NOT_LESS, holds: 0, fails: 1, operand: *from },
            plain(JUMP, below.len() as u32),
        ]),
    }
    program.extend(below);
    program.extend(choice(above));
    program
}

fn end(verdict: Verdict) -> Vec<Instruction> {
    match verdict {
        Verdict::Allow => vec![plain(RETURN, RET_ALLOW)],
        Verdict::Trace => vec![plain(RETURN, RET_TRACE)],
        Verdict::TraceIf { argument, is } => vec![
            plain(LOAD, ARGUMENTS + 8 * u32::from(argument)), // little-endian: the lower half
            Instruction { code: JUMP_IF_EQUAL, holds: 0, fails: 1, operand: is },
            plain(RETURN, RET_TRACE),
            plain(RETURN, RET_ALLOW),
        ],
    }
}

const fn plain(code: u16, operand: u32) -> Instruction {
    Instruction { code, holds: 0, fails: 0, operand }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Runs a program as the kernel does; `None` where the kernel would refuse it.
    pub(in crate::tracer::seccomp) fn run(
        program: &[Instruction],
        audit: u32,
        number: u32,
        arguments: [u64; 6],
    ) -> Option<bool> {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let Instruction { code, holds, fails, operand } = *program.get(at)?;
            at += 1;
            let skipped = |is: bool| usize::from(if is { holds } else { fails });
            match code {
                LOAD => {
                    loaded = match operand {
                        NUMBER => number,
                        ARCHITECTURE => audit,
                        _ => *arguments.get((operand.checked_sub(ARGUMENTS)? / 8) as usize)? as u32,
                    }
                }
                JUMP => at += operand as usize,
                JUMP_IF_EQUAL => at += skipped(loaded == operand),
                JUMP_IF_NOT_LESS => at += skipped(loaded >= operand),
                RETURN if operand == RET_ALLOW => return Some(false),
                RETURN if operand == RET_TRACE => return Some(true),
                _ => return None,
            }
        }
    }

    #[test]
    fn numbers_are_found_whatever_the_size() {
        const TRACED: [u64; 6] = [0, 7, 0, 0, 0, 0];
        for count in [1, 2, 3, 10, 200, 1500] {
            let verdict = |range: u32| match range % 3 {
                0 => Verdict::Allow,
                1 => Verdict::Trace,
                _ => Verdict::TraceIf { argument: 1, is: 7 },
            };
            let ranges: Vec<_> = (0..count).map(|range| (range * 2, verdict(range))).collect();
            let other = vec![(0, Verdict::Trace), (5, Verdict::Allow)];
            let program = assemble(&[
                Architecture { audit: 11, ranges },
                Architecture { audit: 12, ranges: other },
            ]);
            assert!(program.len() < 1 << 14);
            for number in (0..2 * count).chain([u32::MAX]) {
                let range = (number / 2).min(count - 1);
                let got = [TRACED, [0; 6]].map(|words| run(&program, 11, number, words));
                let expected = match verdict(range) {
                    Verdict::Allow => [Some(false); 2],
                    Verdict::Trace => [Some(true); 2],
                    Verdict::TraceIf { .. } => [Some(true), Some(false)],
                };
                assert_eq!(got, expected, "{number} of {count}");
            }
            assert_eq!(run(&program, 12, 4, [0; 6]), Some(true));
            assert_eq!(run(&program, 12, 6, [0; 6]), Some(false));
            assert_eq!(run(&program, 13, 6, [0; 6]), Some(true), "nobody knows what that is");
        }
    }
}
