//! An exec's environment: without secrets, and as a difference where that is
//! shorter.

use super::vectors::{ARG_STRING_MAX, ARGS_MAX};
use super::{Capture, Site};
use crate::event::{Phase, Role, State};
use std::ops::Range;

/// Whether values that look like secrets are replaced by a short hash.
struct Redaction;

impl Redaction {
    /// Replaces the value of `NAME=value` where the name or the value gives a
    /// secret away. Equal values have equal hashes, so that a change can be seen.
    fn apply(entry: &mut Vec<u8>) {
        let Some(equals) = entry.iter().position(|byte| *byte == b'=') else { return };
        let (name, value) = (&entry[..equals], &entry[equals + 1..]);
        if value.is_empty() {
            return;
        }
        if secret_name(name) {
            let hash = hash(value);
            entry.truncate(equals + 1);
            entry.extend_from_slice(&hash);
        } else if let Some(credentials) = credentials(value) {
            let range = equals + 1 + credentials.start..equals + 1 + credentials.end;
            let hash = hash(&entry[range.clone()]);
            entry.splice(range, hash);
        }
    }
}

/// `*PASSWORD*`, `*TOKEN*`, `*SECRET*`, `*KEY*` and their relatives, in any case.
fn secret_name(name: &[u8]) -> bool {
    const WORDS: [&[u8]; 7] =
        [b"PASSWORD", b"PASSWD", b"PASSPHRASE", b"TOKEN", b"SECRET", b"KEY", b"CREDENTIAL"];
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.windows(word.len()).any(|part| part == *word))
}

/// Where `user:password` stands in a value that is or holds a URL (RFC 3986, userinfo).
fn credentials(value: &[u8]) -> Option<Range<usize>> {
    let start = value.windows(3).position(|part| part == b"://")? + 3;
    let authority = &value[start..];
    let end = authority.iter().position(|b| matches!(b, b'/' | b'?' | b'#' | b' '));
    let authority = &authority[..end.unwrap_or(authority.len())];
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    authority[..at].contains(&b':').then_some(start..start + at)
}

/// `#` and 8 hexadecimal digits of BLAKE3: too few to find the value again,
/// enough to see that it changed.
fn hash(value: &[u8]) -> Vec<u8> {
    let hex = blake3::hash(value).to_hex();
    [b"#", &hex.as_bytes()[..8]].concat()
}

/// Captures the environment at `address` as argument `arg` of an exec; returns
/// it for the execution that it starts.
pub(in crate::tracer) fn capture_environment(
    site: &mut Site<'_>,
    arg: u8,
    address: u64,
    base: &[Vec<u8>],
    into: &mut Capture,
) -> Vec<Vec<u8>> {
    site.reader.begin(site.tid);
    let mut env = Vec::new();
    let mut room = ARGS_MAX;
    let state = site.pointers(address, |site, pointer| {
        let mut entry = Vec::new();
        // What cannot be read fails the exec with EFAULT: the entry is kept empty.
        site.reader.string(pointer, ARG_STRING_MAX, &mut entry);
        Redaction::apply(&mut entry);
        room = room.saturating_sub(entry.len() + site.abi.word());
        env.push(entry);
        room > 0
    });
    let pieces = difference(base, &env);
    let size = |entries: &[Vec<u8>]| entries.iter().map(Vec::len).sum::<usize>();
    let (role, entries) = if !base.is_empty() && size(&pieces) < size(&env) {
        (Role::EnvDiff, &pieces)
    } else {
        (Role::Env, &env)
    };
    for entry in entries {
        into.push(arg, role, Phase::Entry, State::Whole, entry);
    }
    if state != State::Whole {
        into.push(arg, role, Phase::Entry, state, &[]);
    }
    env
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

    fn redacted(entry: &str) -> String {
        let mut bytes = entry.as_bytes().to_vec();
        Redaction::apply(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn secrets_become_hashes() {
        for secret in ["DB_PASSWORD=hunter2", "GITHUB_TOKEN=x", "aws_secret_access=y", "API_KEY=z"]
        {
            let out = redacted(secret);
            let (name, value) = out.split_once('=').unwrap();
            assert!(
                secret.starts_with(name) && value.starts_with('#') && value.len() == 9,
                "{out}"
            );
        }
        assert_eq!(redacted("HOME=/root"), "HOME=/root");
        assert_eq!(redacted("EMPTY_TOKEN="), "EMPTY_TOKEN=");
    }

    #[test]
    fn a_url_keeps_all_but_its_credentials() {
        let out = redacted("DATABASE_URL=postgres://bob:pw@db:5432/app");
        assert!(
            out.starts_with("DATABASE_URL=postgres://#") && out.ends_with("@db:5432/app"),
            "{out}"
        );
        assert_eq!(redacted("URL=http://host/a@b:c"), "URL=http://host/a@b:c");
    }

    #[test]
    fn a_difference_names_runs_and_additions() {
        let env = |s: &str| s.split(' ').map(|e| e.as_bytes().to_vec()).collect::<Vec<_>>();
        let base = env("A=1 B=2 C=3 D=4");
        let diff = difference(&base, &env("A=1 B=2 X=9 D=4"));
        let text: Vec<_> = diff.iter().map(|e| String::from_utf8_lossy(e)).collect();
        assert_eq!(text, ["=0,2", "+X=9", "=3,1"]);
    }
}
