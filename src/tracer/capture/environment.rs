//! An exec's environment: without secrets, and as a difference where that is
//! shorter.

use super::vectors::{ARG_STRING_MAX, ARGS_MAX};
use super::{Capture, Secrets, Site};
use crate::abi::{Memory, Param, Ty};
use crate::event::{Phase, Role, State};

impl Site<'_> {
    /// Captures the environment that an exec passes, if it passes one, as a difference
    /// to `base` (what the log has for the execution before; empty: nothing) where that
    /// is shorter. Returns it for the execution that it starts.
    pub(in crate::tracer) fn environment(
        &mut self,
        base: &[Vec<u8>],
        secrets: &Secrets,
        into: &mut Capture,
    ) -> Option<Vec<Vec<u8>>> {
        let is_envp = |param: &Param| matches!(param.ty, Ty::Memory(_, Memory::Envp));
        let arg = self.prototype.params.iter().position(is_envp)?;
        let address = self.pointer(arg)?;
        let (env, state) = self.variables(address, secrets);
        let pieces = difference(base, &env);
        let size = |entries: &[Vec<u8>]| entries.iter().map(Vec::len).sum::<usize>();
        let (role, entries) = if !base.is_empty() && size(&pieces) < size(&env) {
            (Role::EnvDiff, &pieces)
        } else {
            (Role::Env, &env)
        };
        let arg = arg as u8;
        for entry in entries {
            into.push(arg, role, Phase::Entry, State::Whole, entry);
        }
        if state != State::Whole {
            into.push(arg, role, Phase::Entry, state, &[]);
        }
        Some(env)
    }

    /// The strings of an environment, without secrets, and whether these are all.
    fn variables(&mut self, address: u64, secrets: &Secrets) -> (Vec<Vec<u8>>, State) {
        self.reader.begin(self.tid);
        let mut env = Vec::new();
        let mut room = ARGS_MAX;
        let state = self.pointers(address, |site, pointer| {
            let mut entry = Vec::new();
            // What cannot be read fails the exec with EFAULT: the entry is kept empty.
            site.reader.string(pointer, ARG_STRING_MAX, &mut entry);
            secrets.hide(&mut entry);
            room = room.saturating_sub(entry.len() + site.abi.word());
            env.push(entry);
            room > 0
        });
        (env, state)
    }
}

/// `env` in terms of `base`, as [`Role::EnvDiff`] documents.
fn difference(base: &[Vec<u8>], env: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let index: rustc_hash::FxHashMap<&[u8], usize> =
        base.iter().enumerate().map(|(i, entry)| (entry.as_slice(), i)).collect();
    let mut out: Vec<Vec<u8>> = Vec::new();
    let mut run: Option<(usize, usize)> = None;
    let flush = |run: Option<(usize, usize)>, out: &mut Vec<Vec<u8>>| {
        if let Some((first, count)) = run {
            out.push(
                [b"=", first.to_string().as_bytes(), b",", count.to_string().as_bytes()].concat(),
            );
        }
    };
    for entry in env {
        match (index.get(entry.as_slice()), run) {
            (Some(at), Some((first, count))) if *at == first + count => {
                run = Some((first, count + 1));
            }
            (Some(at), _) => {
                flush(run, &mut out);
                run = Some((*at, 1));
            }
            (None, _) => {
                flush(run, &mut out);
                run = None;
                out.push([b"+", entry.as_slice()].concat());
            }
        }
    }
    flush(run, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_runs_and_additions() {
        let env = |s: &str| s.split(' ').map(|e| e.as_bytes().to_vec()).collect::<Vec<_>>();
        let base = env("A=1 B=2 C=3 D=4");
        let diff = difference(&base, &env("A=1 B=2 X=9 D=4"));
        let text: Vec<_> = diff.iter().map(|e| String::from_utf8_lossy(e)).collect();
        assert_eq!(text, ["=0,2", "+X=9", "=3,1"]);
    }
}
