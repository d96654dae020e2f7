//! Secrets in an environment, which are never written.
//!
//! A secret is replaced by `#` and 16 bits of a keyed hash, so that a change between
//! two runs on one machine can be seen (but for one in 65,536).
//!
//! What that protects from: the value cannot be computed from the hash, a dictionary
//! of a million words leaves some fifteen that fit, and equal values look equal only
//! on one machine and in one variable. What it does not: somebody who has the log
//! (the key is the machine's id, which is in it) can rule out all but one in 65,536
//! guesses, and who finds the same secret under several names or in the logs of
//! several machines can put these hints together. A log is still to be kept from
//! those who must not know what the job knew.
//!
//! What a secret is, is guessed: by the variable's name, and where a URL names a user.

use std::fs;
use std::ops::Range;

/// How secrets are replaced.
#[derive(Debug)]
pub(in crate::tracer) struct Secrets {
    key: [u8; 32],
}

impl Secrets {
    /// With the key of this machine.
    pub(in crate::tracer) fn of_this_machine() -> Self {
        Self::keyed(fs::read("/etc/machine-id").unwrap_or_default().trim_ascii())
    }

    fn keyed(machine: &[u8]) -> Self {
        Self { key: blake3::derive_key("rtrace 2026 secrets in an environment", machine) }
    }

    /// Replaces what is secret in `NAME=value`.
    pub(super) fn hide(&self, entry: &mut Vec<u8>) {
        let Some(equals) = entry.iter().position(|byte| *byte == b'=') else { return };
        let value = equals + 1..entry.len();
        if value.is_empty() {
            return;
        }
        let secrets = if secret_name(&entry[..equals]) {
            vec![value]
        } else {
            let found = userinfos(&entry[value]).into_iter();
            found.map(|range| range.start + equals + 1..range.end + equals + 1).collect()
        };
        for range in secrets.into_iter().rev() {
            let hash = self.hash(&entry[..equals], &entry[range.clone()]);
            entry.splice(range, hash);
        }
    }

    fn hash(&self, name: &[u8], value: &[u8]) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name).update(b"=").update(value);
        let hex = hasher.finalize().to_hex();
        [b"#", &hex.as_bytes()[..4]].concat()
    }
}

/// `*PASSWORD*`, `*TOKEN*`, `*SECRET*`, `*KEY*` and their relatives, in any case.
fn secret_name(name: &[u8]) -> bool {
    const WORDS: [&[u8]; 7] =
        [b"PASSWORD", b"PASSWD", b"PASSPHRASE", b"TOKEN", b"SECRET", b"KEY", b"CREDENTIAL"];
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.windows(word.len()).any(|part| part == *word))
}

/// Where in a value the userinfo of each URL stands (RFC 3986, section 3.2.1), if it
/// is not empty. All of it: a token may stand in the user's place, with or without a
/// password behind it.
fn userinfos(value: &[u8]) -> Vec<Range<usize>> {
    let starts = (0..value.len()).filter(|at| value[*at..].starts_with(b"://"));
    let userinfo = |start: usize| {
        let authority = value[start..].split(|byte| ends_authority(*byte)).next()?;
        let at = authority.iter().rposition(|byte| *byte == b'@').filter(|at| *at > 0)?;
        Some(start..start + at)
    };
    starts.filter_map(|at| userinfo(at + 3)).collect()
}

/// What no authority has: a path, query or fragment begins, or the URL is over.
fn ends_authority(byte: u8) -> bool {
    matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden_at(machine: &str, entry: &str) -> String {
        let mut bytes = entry.as_bytes().to_vec();
        Secrets::keyed(machine.as_bytes()).hide(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    /// With `#` for each hash, which must have four digits.
    fn hidden(entry: &str) -> String {
        let out = hidden_at("m", entry);
        let mut parts = out.split('#');
        let mut shape = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (hash, rest) = part.split_at(4);
            assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{out}");
            shape = shape + "#" + rest;
        }
        shape
    }

    #[test]
    fn a_secret_is_known_by_its_name() {
        for name in ["DB_PASSWORD", "GITHUB_TOKEN", "aws_secret_access", "API_KEY"] {
            assert_eq!(hidden(&format!("{name}=hunter2")), format!("{name}=#"));
        }
        for plain in ["HOME=/root", "EMPTY_TOKEN=", "no assignment"] {
            assert_eq!(hidden(plain), plain);
        }
    }

    #[test]
    fn every_url_of_a_value_loses_its_userinfo() {
        for (entry, shape) in [
            ("A=postgres://bob:pw@db:5432/app", "A=postgres://#@db:5432/app"),
            ("A=https://ghp_abcdef@github.com/x", "A=https://#@github.com/x"),
            ("A=https://ghp_abcdef:@github.com/x", "A=https://#@github.com/x"),
            ("A=https://u2:pw456@h/ https://u3:pw789@z/", "A=https://#@h/ https://#@z/"),
            ("A=http://plain/ https://u:pw123@h/", "A=http://plain/ https://#@h/"),
            ("A=http://a:b@h,http://c:d@i", "A=http://#@h,http://#@i"),
            ("A=http://u:p@ss@h", "A=http://#@h"),
            ("A=http://u:p@h\nhttp://v:q@i\n", "A=http://#@h\nhttp://#@i\n"),
        ] {
            assert_eq!(hidden(entry), shape);
        }
    }

    #[test]
    fn what_only_looks_like_a_userinfo_stays() {
        for plain in [
            "A=git@github.com:x",
            "A=somebody@example.org",
            "A=http://host/a@b:c",
            "A=http://host?to=a@b",
            "A=http://@host/",
            "A=http://host, somebody@example.org",
            "A=://",
        ] {
            assert_eq!(hidden(plain), plain);
        }
    }

    #[test]
    fn equal_secrets_look_equal_only_on_one_machine_in_one_variable() {
        let value = |entry: &str| entry.split_once('=').map(|(_, value)| value.to_owned());
        let here = hidden_at("m", "A_TOKEN=x");
        assert_eq!(here, hidden_at("m", "A_TOKEN=x"));
        assert_ne!(here, hidden_at("m", "A_TOKEN=y"));
        assert_ne!(here, hidden_at("n", "A_TOKEN=x"));
        assert_ne!(value(&here), value(&hidden_at("m", "B_TOKEN=x")));
    }
}
