//! Things that offer the same key.

use rustc_hash::FxHashMap;

use super::Link;
use super::index::{Index, Named, Offer};
use super::machine::{Machines, is_one_boot};
use super::rule::Reason;

/// So many things that are one are linked each with each. Of more, all are linked with the
/// first of them: a hundred runs of one machine know the same hundreds of libraries.
const EACH_WITH_EACH: usize = 16;

/// A thing: the place of its run, and its own among the things of that.
pub(super) type At = (usize, usize);

/// A rule, and a key that is offered by it.
type Key<'a> = (Reason, &'a [u8]);

/// The links that follow from equal keys.
pub(super) fn links(runs: &[Index], machines: &Machines) -> Vec<Link> {
    let mut groups: FxHashMap<Key<'_>, Vec<(At, &Offer)>> = FxHashMap::default();
    for (run, index) in runs.iter().enumerate() {
        for offer in &index.offers {
            let key = (offer.reason, offer.key.as_slice());
            groups.entry(key).or_default().push(((run, offer.thing), offer));
        }
    }
    let mut links = Vec::new();
    for ((reason, key), group) in groups {
        if reason == Reason::Process || is_claimed_twice(reason, &group, machines) {
            continue;
        }
        let join = Join { runs, machines, reason, key };
        for (place, one) in group.iter().enumerate() {
            let is_first = place == 0;
            if !is_first && group.len() > EACH_WITH_EACH {
                break;
            }
            links.extend(group[place + 1..].iter().filter_map(|other| join.link(one, other)));
        }
    }
    links
}

/// Whether several machines say that an address or a name is theirs.
fn is_claimed_twice(reason: Reason, group: &[(At, &Offer)], machines: &Machines) -> bool {
    if !matches!(reason, Reason::Address | Reason::Name) {
        return false;
    }
    let mut owners = group.iter().filter(|(_, offer)| offer.is_own).map(|((run, _), _)| *run);
    let Some(first) = owners.next() else { return false };
    owners.any(|other| !machines.are_one(first, other))
}

/// Things that offer one key.
struct Join<'a> {
    runs: &'a [Index],
    machines: &'a Machines,
    reason: Reason,
    key: &'a [u8],
}

impl Join<'_> {
    fn link(&self, one: &(At, &Offer), other: &(At, &Offer)) -> Option<Link> {
        let ((one, first), (other, second)) = (one, other);
        if one == other || first.is_own && second.is_own || one.0 == other.0 && !self.is_within() {
            return None;
        }
        let things = (thing(self.runs, *one)?, thing(self.runs, *other)?);
        let most = self.agreement([*one, *other], [things.0, things.1])?;
        let confidence = most.min(first.confidence).min(second.confidence);
        let evidence = vec![("key", String::from_utf8_lossy(self.key).into_owned())];
        Some(Link::new([*one, *other], self.reason, confidence, evidence))
    }

    /// Whether two things of one run may be one by that rule: those that have several names
    /// there.
    const fn is_within(&self) -> bool {
        matches!(self.reason, Reason::Export | Reason::Inode | Reason::Mount | Reason::Database)
    }

    /// How likely two things with that key are one, in percent; `None`: they are not.
    fn agreement(&self, ends: [At; 2], [one, other]: [&Named; 2]) -> Option<u8> {
        let full = self.reason.confidence();
        let are_one_machine = self.machines.are_one(ends[0].0, ends[1].0);
        let identities = one.identity.zip(other.identity);
        match self.reason {
            Reason::Machine | Reason::User if !are_one_machine => None,
            Reason::Inode => match (one.born, other.born) {
                (Some(one), Some(other)) => (one == other).then_some(full),
                _ => Some(full - full / 5),
            },
            Reason::Mount => {
                let differ = identities.is_some_and(|(one, other)| one != other);
                (!differ && one.name != other.name).then_some(full)
            }
            Reason::Path => {
                let boots = [&self.runs[ends[0].0], &self.runs[ends[1].0]];
                let is_told = identities.is_some() && is_one_boot(boots[0], boots[1]);
                let leads_elsewhere = is_one_boot(boots[0], boots[1])
                    && one.place.as_ref().zip(other.place.as_ref()).is_some_and(|(a, b)| a != b);
                (are_one_machine && !is_told && !leads_elsewhere).then_some(full)
            }
            Reason::Content => (one.may_be_remote || other.may_be_remote).then_some(full),
            _ => Some(full),
        }
    }
}

pub(super) fn thing(runs: &[Index], at: At) -> Option<&Named> {
    runs.get(at.0)?.things.get(at.1)
}

/// Files that one run has from a server, and another one, on the server, has itself.
pub(super) fn exports(runs: &[Index]) -> Vec<Link> {
    let clients: Vec<_> = runs
        .iter()
        .enumerate()
        .flat_map(|(run, index)| {
            let offers = index.offers.iter().filter(|offer| offer.reason == Reason::Export);
            offers.map(move |offer| (run, offer))
        })
        .collect();
    if clients.is_empty() {
        return Vec::new();
    }
    let mut links = Vec::new();
    for (place, server) in runs.iter().enumerate() {
        let own: FxHashMap<&[u8], usize> = server
            .things
            .iter()
            .enumerate()
            .filter(|(_, named)| named.name.first() == Some(&b'/') && !named.may_be_remote)
            .map(|(thing, named)| (named.name.as_slice(), thing))
            .collect();
        let mut names: Vec<Vec<u8>> =
            server.addresses().map(|ip| ip.to_string().into_bytes()).collect();
        names.extend([super::names::lower(&server.host.name), server.network()]);
        for (run, offer) in &clients {
            let path = names
                .iter()
                .filter(|name| !name.is_empty())
                .find_map(|name| offer.key.strip_prefix(name.as_slice())?.strip_prefix(b" "));
            let Some(thing) = path.and_then(|path| own.get(path)) else { continue };
            let ends = [(*run, offer.thing), (place, *thing)];
            if ends[0] == ends[1] {
                continue;
            }
            // What is exported may have another path there.
            let confidence = Reason::Export.confidence() - 10;
            let key = String::from_utf8_lossy(&offer.key).into_owned();
            links.push(Link::new(ends, Reason::Export, confidence, vec![("key", key)]));
        }
    }
    links
}

/// A process that the one recorder let go of, and that another one followed then.
pub(super) fn processes(runs: &[Index], machines: &Machines) -> Vec<Link> {
    let mut links = Vec::new();
    let mut left: FxHashMap<(&str, u32), Vec<(usize, usize)>> = FxHashMap::default();
    for (run, index) in runs.iter().enumerate() {
        for (place, one) in
            index.followed.iter().enumerate().filter(|(_, one)| one.let_go.is_some())
        {
            left.entry((&index.host.boot_id, one.pid)).or_default().push((run, place));
        }
    }
    for (run, index) in runs.iter().enumerate() {
        for one in &index.followed {
            let Some(attached) = one.attached.map(|at| machines.read(run, at)) else { continue };
            let before = left.get(&(index.host.boot_id.as_str(), one.pid)).into_iter().flatten();
            let before = before.filter_map(|(other, place)| {
                let followed = runs.get(*other)?.followed.get(*place)?;
                let at = machines.read(*other, followed.let_go?);
                (*other != run && at <= attached).then_some((at, *other, followed))
            });
            let Some((at, other, before)) = before.max_by_key(|(at, other, _)| (*at, *other))
            else {
                continue;
            };
            if before.argvs[1] != one.argvs[0] || index.host.boot_id.is_empty() {
                continue;
            }
            let evidence = vec![
                ("pid", one.pid.to_string()),
                ("between_ns", attached.saturating_sub(at).to_string()),
            ];
            let ends = [(other, before.thing), (run, one.thing)];
            links.push(Link::new(ends, Reason::Process, Reason::Process.confidence(), evidence));
        }
    }
    links
}
