//! Texts, normalised.

use std::borrow::Cow;
use std::ops::Range;

use regex::bytes::{Captures, RegexSet, RegexSetBuilder};

use super::context::Context;
use super::holds::Holds;
use super::rules::{Mapping, Place, Rule, Rules};

/// What [`Taken::rule`] calls a mapping of the user's.
const MAPPING: &str = "--map";

/// Normalises the texts of one run.
#[derive(Debug)]
pub struct Normaliser<'a> {
    rules: &'a Rules,
    /// Tells which rules match at all, in one pass: most texts match none.
    any: RegexSet,
    mappings: Vec<Mapping>,
    run: Context,
}

/// A text without what changes from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normal<'a> {
    /// What is left of it, with words for what was taken.
    pub text: Cow<'a, [u8]>,
    /// What was taken, in the order of the text.
    pub taken: Vec<Taken<'a>>,
}

/// A part of a text that changes from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken<'a> {
    /// The rule that says so, or `--map`.
    pub rule: &'a str,
    /// What stood there.
    pub was: Vec<u8>,
    /// What stands there now.
    pub becomes: &'a [u8],
    /// Whether it told a day.
    pub is_date: bool,
    /// Whether it was the id of a process.
    pub is_pid: bool,
}

/// Where a rule applies.
struct Found<'a> {
    range: Range<usize>,
    rule: &'a Rule,
}

impl<'a> Normaliser<'a> {
    /// One for texts of a run. Mappings are applied before the rules, the longest first.
    pub fn new(rules: &'a Rules, mut mappings: Vec<Mapping>, run: Context) -> Self {
        mappings.retain(|mapping| !mapping.old.is_empty());
        mappings.sort_by_key(|mapping| std::cmp::Reverse(mapping.old.len()));
        let patterns = rules.rules.iter().map(|rule| rule.pattern.as_str());
        // All of them compile, so their union does unless it is too large; the limit is
        // there against a single pattern that is.
        let any = RegexSetBuilder::new(patterns).unicode(false).size_limit(usize::MAX).build();
        Self { rules, any: any.unwrap_or_default(), mappings, run }
    }

    /// A text as it would be in another run.
    pub fn normal<'t>(&'t self, place: Place, text: &'t [u8]) -> Normal<'t> {
        self.normal_near(place, text, &|_| true)
    }

    /// The same, where of the run's process ids only those count that are near.
    pub(super) fn normal_near<'t>(
        &'t self,
        place: Place,
        text: &'t [u8],
        is_near: &dyn Fn(u64) -> bool,
    ) -> Normal<'t> {
        let (text, mut taken) = self.mapped(text);
        let mut found: Vec<Found<'_>> = Vec::new();
        for index in &self.any.matches(&text) {
            let rule = &self.rules.rules[index];
            if rule.is_for(place) {
                self.apply(rule, &text, is_near, &mut found);
            }
        }
        if found.is_empty() {
            return Normal { text, taken };
        }
        found.sort_by_key(|one| one.range.start);
        let (mut normal, mut kept_to) = (Vec::with_capacity(text.len()), 0);
        for Found { range, rule } in found {
            normal.extend_from_slice(&text[kept_to..range.start]);
            normal.extend_from_slice(&rule.becomes);
            kept_to = range.end;
            let was = text[range].to_vec();
            let (becomes, is_date) = (&*rule.becomes, rule.is_date);
            let is_pid = rule.holds == Some(Holds::Pid);
            taken.push(Taken { rule: &rule.name, was, becomes, is_date, is_pid });
        }
        normal.extend_from_slice(&text[kept_to..]);
        Normal { text: normal.into(), taken }
    }

    /// Finds what a rule replaces, where no rule before it does.
    fn apply<'r>(
        &self,
        rule: &'r Rule,
        text: &[u8],
        is_near: &dyn Fn(u64) -> bool,
        found: &mut Vec<Found<'r>>,
    ) {
        let mut from = 0;
        while let Some(captures) = captures_from(rule, text, from) {
            let Some(whole) = captures.get(0) else { return };
            let parts = parts(rule, &captures);
            let is_free = |part: &Range<usize>| {
                found.iter().all(|one| one.range.end <= part.start || part.end <= one.range.start)
            };
            let is_good = parts.iter().all(is_free)
                && is_apart(rule, text, whole.range(), found)
                && rule.holds.is_none_or(|holds| {
                    holds.of(&captures, &self.run) && holds.is_here(&captures, is_near)
                });
            // One that is none may hide another one that begins within it.
            from = if is_good { whole.end().max(whole.start() + 1) } else { whole.start() + 1 };
            if is_good {
                found.extend(parts.into_iter().map(|range| Found { range, rule }));
            }
        }
    }

    /// The text after the user's mappings.
    fn mapped<'t>(&'t self, text: &'t [u8]) -> (Cow<'t, [u8]>, Vec<Taken<'t>>) {
        let (mut mapped, mut taken) = (Cow::Borrowed(text), Vec::new());
        for mapping in &self.mappings {
            let Some(next) = replaced(&mapped, mapping) else { continue };
            mapped = next.into();
            let (was, becomes) = (mapping.old.clone(), &*mapping.new);
            taken.push(Taken { rule: MAPPING, was, becomes, is_date: false, is_pid: false });
        }
        (mapped, taken)
    }
}

/// The first match that begins there or later.
fn captures_from<'t>(rule: &Rule, text: &'t [u8], from: usize) -> Option<Captures<'t>> {
    if from > text.len() { None } else { rule.pattern.captures_at(text, from) }
}

/// What a match replaces: its unnamed groups, or all of it. (Groups with names are parts
/// of others; they are for what must hold.)
fn parts(rule: &Rule, captures: &Captures<'_>) -> Vec<Range<usize>> {
    let unnamed = rule.pattern.capture_names().enumerate().skip(1);
    let unnamed = unnamed.filter(|(_, name)| name.is_none());
    let groups: Vec<_> =
        unnamed.filter_map(|(group, _)| Some(captures.get(group)?.range())).collect();
    if groups.is_empty() {
        captures.get(0).map(|all| all.range()).into_iter().collect()
    } else {
        groups
    }
}

/// Whether nothing goes on beside a match that may not. What another rule has replaced
/// is no part of it.
fn is_apart(rule: &Rule, text: &[u8], whole: Range<usize>, found: &[Found<'_>]) -> bool {
    let forbids = |at: usize| text.get(at).is_some_and(|byte| rule.edge.forbids(*byte));
    let is_taken = |at: usize| found.iter().any(|one| one.range.contains(&at));
    let goes_on = |inside: Option<usize>, outside: Option<usize>| {
        inside.is_some_and(forbids) && outside.is_some_and(|at| forbids(at) && !is_taken(at))
    };
    let Range { start, end } = whole;
    !goes_on(Some(start), start.checked_sub(1)) && !goes_on(end.checked_sub(1), Some(end))
}

/// The text with a mapping applied wherever it stands by itself; `None` where it does
/// not.
fn replaced(text: &[u8], mapping: &Mapping) -> Option<Vec<u8>> {
    let (mut out, mut at, mut any) = (Vec::new(), 0, false);
    while at < text.len() {
        if text[at..].starts_with(&mapping.old) && is_alone(text, at, mapping.old.len()) {
            out.extend_from_slice(&mapping.new);
            at += mapping.old.len();
            any = true;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    any.then_some(out)
}

/// Whether no letter or digit goes on what stands there.
fn is_alone(text: &[u8], at: usize, len: usize) -> bool {
    let goes_on = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    // A path may stand right behind an option's letter: -I/home/ann.
    let begins = text[at] == b'/' || !goes_on(before);
    begins && !goes_on(text.get(at + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 in the morning.
    const BEGAN: i64 = 1_795_500_000;

    fn run() -> Context {
        let pids = [4711, 4712].into_iter().collect();
        Context { began: BEGAN, pids, ephemeral_ports: [44_316].into_iter().collect() }
    }

    fn normal(place: Place, text: &str) -> String {
        let rules = Rules::shipped();
        let normaliser = Normaliser::new(&rules, Vec::new(), run());
        let normal = normaliser.normal(place, text.as_bytes());
        String::from_utf8(normal.text.into_owned()).unwrap()
    }

    #[test]
    fn what_changes_every_day_goes() {
        for (text, becomes) in [
            ("/out/report-2026-11-23.csv", "/out/report-<YYYY-MM-DD>.csv"),
            ("/out/report_20261123.csv", "/out/report_<YYYYMMDD>.csv"),
            ("/out/report20261123T101500Z.csv", "/out/report<YYYYMMDDhhmmss>.csv"),
            ("/out/report-20261123T101500Z.csv", "/out/report-<YYYYMMDDhhmmss>.csv"),
            ("/out/2026-11-23T10:15:30.123+01:00/x", "/out/<YYYY-MM-DDThh:mm:ss>/x"),
            ("/data/2026/11/23/part-0", "/data/<YYYY/MM/DD>/part-0"),
            ("/data/23.11.2026.txt", "/data/<DD-MM-YYYY>.txt"),
            ("/data/11-23-2026.txt", "/data/<MM-DD-YYYY>.txt"),
            ("/data/23Nov2026.txt", "/data/<DD-month-YYYY>.txt"),
            ("/data/Nov-23-2026.txt", "/data/<month-DD>.txt"),
            ("/data/in-261123.txt", "/data/in-<YYMMDD>.txt"),
            ("/data/2026-W48.txt", "/data/<week>.txt"),
            ("/data/week-48.txt", "/data/<week>.txt"),
            ("/data/202611/x", "/data/<YYYY-MM>/x"),
            ("/backup/2026-328.tar", "/backup/<YYYY-DDD>.tar"),
            ("/backup/Monday.tar", "/backup/<weekday>.tar"),
            ("/run/stamp.1795400000", "/run/stamp.<seconds>"),
            ("/run/stamp.1795400000123", "/run/stamp.<milliseconds>"),
            ("/var/log/app.log.1", "/var/log/app.log.<n>"),
            ("/var/log/app.log.12.gz", "/var/log/app.log.<n>.gz"),
            ("/var/log/app-2026-11-23.gz", "/var/log/app-<YYYY-MM-DD>.gz"),
            ("/var/log/app.2026-11-23.gz", "/var/log/app.<YYYY-MM-DD>.gz"),
            ("/tmp/ccAbC123.s", "/tmp/cc<random>.s"),
            ("/tmp/cczzzzzz.o", "/tmp/cc<random>.o"),
            ("/tmp/tmp.hZ3kQ9aBcD", "/tmp/tmp.<random>"),
            ("/tmp/tmpab12_x9q/file", "/tmp/tmp<random>/file"),
            ("/tmp/pytest-of-joe/pytest-17/t0", "/tmp/pytest-of-joe/pytest-<n>/t0"),
            (
                "/tmp/systemd-private-0123456789abcdef0123456789abcdef-ntp.service-aB3dE6/tmp",
                "/tmp/systemd-private-<random>-ntp.service-<random>/tmp",
            ),
            ("/x/6a1f0c9e-3b52-4c8e-9d11-0123456789ab.lock", "/x/<uuid>.lock"),
            ("/x/d41d8cd98f00b204e9800998ecf8427e", "/x/<hash-32>"),
            ("/proc/9999/status", "/proc/<pid>/status"),
            ("/dev/pts/3", "/dev/pts/<n>"),
        ] {
            assert_eq!(normal(Place::Path, text), becomes, "{text}");
        }
    }

    #[test]
    fn what_does_not_stays() {
        for text in [
            "/usr/lib/x86_64-linux-gnu/libc.so.6",
            "/usr/lib/libfoo-1.2.3.so",
            "/usr/share/man/man1/ls.1.gz",
            "/data/20269999.csv",
            "/data/2026-13-45.csv",
            "/data/size-1073741824",
            "/tmp/report-final.txt",
            "/tmp/batch12",
            "/home/joe/README",
            "/opt/app-3.11.2/bin",
            "/data/part-00001",
            "/x/123456",
            "/srv/0123456789",
            "/run/batch.4713.pid",
            "/data/w1/x",
            "/etc/ssl/certs/4a6481c9.0",
        ] {
            assert_eq!(normal(Place::Path, text), text);
        }
    }

    #[test]
    fn arguments() {
        for (text, becomes) in [
            ("--out=/tmp/ccAbC123.s", "--out=/tmp/cc<random>.s"),
            ("--since=2026-11-23 10:00", "--since=<YYYY-MM-DDThh:mm:ss>"),
            ("--port=44316", "--port=<port>"),
            ("--port=5432", "--port=5432"),
            ("pipe:[123456]", "pipe:[<inode>]"),
            ("0x7f1234567890", "0x<address>"),
            ("Tue Nov 24 10:15:30 UTC 2026", "<time>"),
        ] {
            assert_eq!(normal(Place::Argument, text), becomes, "{text}");
        }
    }

    #[test]
    fn process_ids_are_in_names_that_the_run_makes() {
        assert_eq!(normal(Place::Made, "/run/batch.4711.pid"), "/run/batch.<pid>.pid");
        assert_eq!(normal(Place::Made, "/run/2026-11-24/x"), "/run/<YYYY-MM-DD>/x");
        assert_eq!(normal(Place::Path, "/lib/x-4711.so"), "/lib/x-4711.so");
    }

    #[test]
    fn mappings_are_whole_parts() {
        let rules = Rules::shipped();
        let mappings = vec![
            Mapping { old: b"/home/a".to_vec(), new: b"/home/b".to_vec() },
            Mapping { old: b"vm1".to_vec(), new: b"<host>".to_vec() },
        ];
        let normaliser = Normaliser::new(&rules, mappings, run());
        let mapped = |text: &str| {
            let normal = normaliser.normal(Place::Argument, text.as_bytes());
            String::from_utf8(normal.text.into_owned()).unwrap()
        };
        assert_eq!(mapped("/home/a/x"), "/home/b/x");
        assert_eq!(mapped("-I/home/a"), "-I/home/b");
        assert_eq!(mapped("/home/abc"), "/home/abc");
        assert_eq!(mapped("vm1:vm12"), "<host>:vm12");
    }

    #[test]
    fn it_says_which_rule_did_what() {
        let rules = Rules::shipped();
        let normaliser = Normaliser::new(&rules, Vec::new(), run());
        let normal = normaliser.normal(Place::Made, b"/x/2026-11-23/run.4711");
        let taken: Vec<_> = normal.taken.iter().map(|one| (one.rule, &*one.was)).collect();
        assert_eq!(taken, [("iso-date", &b"2026-11-23"[..]), ("pid", b"4711")]);
    }

    #[test]
    fn hostile_texts_are_texts() {
        let long = format!("/{}", "2026-".repeat(4000));
        normal(Place::Path, &long);
        assert_eq!(normal(Place::Path, ""), "");
        assert_eq!(normal(Place::Text, "\u{0}é<YYYY>"), "\u{0}é<YYYY>");
    }
}
