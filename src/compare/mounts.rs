//! File systems that are mounted in one run otherwise than in the other.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Force, Kind};
use super::pair::{Pair, text};
use super::portrait::{Deeds, Portrait, ProgramId, ThingId, Use};

/// Uses that show that it matters what is mounted there.
const USED: u16 = Deeds::WEIGHTY | Deeds::OPEN | Deeds::LIST;

pub(super) fn find(pair: &Pair<'_>, found: &mut Vec<Finding>) {
    let (a, b) = (mounts(pair.a), mounts(pair.b));
    // A log that was cut, or is of an old rtrace, may have none.
    if a.is_empty() || b.is_empty() {
        return;
    }
    let points: BTreeSet<&[u8]> = a.keys().chain(b.keys()).copied().collect();
    for point in points {
        let (was, is) = (a.get(point), b.get(point));
        if was == is {
            continue;
        }
        let Some((command, at)) = first_use(pair, point) else { continue };
        let shown = |mount: Option<&String>| mount.cloned().unwrap_or_else(|| "nothing".into());
        found.push(Finding {
            kind: Kind::Mount,
            force: Force::Cause,
            what: format!("what is mounted at {}", text(point)),
            a: Some(shown(was)),
            b: Some(shown(is)),
            command: Some(command),
            evidence: Vec::new(),
            at,
            key: format!("mount:{}", text(point)),
            is_relevant: true,
        });
    }
}

/// What is mounted where, in words.
fn mounts(run: &Portrait) -> BTreeMap<&[u8], String> {
    let words = |mount: &super::portrait::Mount| {
        let (kind, source) = (run.shown(mount.kind), run.shown(mount.source));
        let read_only = if mount.is_read_only { ", read-only" } else { "" };
        format!("{kind} from {source}{read_only}")
    };
    // Of two on one directory the later one is on top.
    run.mounts.iter().map(|mount| (run.text(mount.point), words(mount))).collect()
}

/// Who first used something below a directory, and when; in the second run, or else in
/// the first.
fn first_use(pair: &Pair<'_>, point: &[u8]) -> Option<(String, u64)> {
    let first = |run: &Portrait, of: &dyn Fn(ThingId) -> Vec<(ProgramId, Use)>| {
        let things = (0..run.things.len() as ThingId).filter(|id| run.is_path(*id));
        let below = things.filter(|id| is_below(run.name(*id), point));
        let uses = below.flat_map(of).filter(|(_, one)| one.deeds & USED != 0);
        uses.map(|(program, one)| (one.first, program)).min()
    };
    let in_b = first(pair.b, &|id| pair.users_b(Some(id)).to_vec());
    if let Some((at, program)) = in_b {
        return Some((pair.b.shown_command(program), at));
    }
    let (at, program) = first(pair.a, &|id| pair.users_a(Some(id)).to_vec())?;
    Some((pair.a.shown_command(program), pair.at(program, at)))
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    path.strip_prefix(directory).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

/// A line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)): where, what kind, from what,
/// and whether it may only be read. Spaces and the like in it are octal.
pub(super) fn parse(line: &[u8]) -> Option<([&[u8]; 3], bool)> {
    let mut fields = line.split(|byte| *byte == b' ');
    let (point, options) = (fields.nth(4)?, fields.next()?);
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    let (kind, source) = (fields.next()?, fields.next().unwrap_or_default());
    let is_read_only = options.split(|byte| *byte == b',').any(|option| option == b"ro");
    Some(([point, kind, source], is_read_only))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_mountinfo() {
        let line =
            b"36 35 98:0 /mnt1 /mnt2 ro,noatime master:1 - ext3 /dev/root rw,errors=continue";
        assert_eq!(parse(line), Some(([&b"/mnt2"[..], b"ext3", b"/dev/root"], true)));
        assert_eq!(parse(b"36 35 98:0 / /x rw - tmpfs tmpfs rw").map(|it| it.1), Some(false));
        assert_eq!(parse(b"36 35"), None);
    }

    #[test]
    fn what_is_below_a_directory() {
        assert!(is_below(b"/data/x", b"/data") && is_below(b"/data", b"/data"));
        assert!(is_below(b"/x", b"/") && !is_below(b"/data2/x", b"/data"));
    }
}
