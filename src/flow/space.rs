//! Mount namespaces that the run made or joined (mount_namespaces(7)): in one of them a
//! path may lead to another file than in the tracer's own.
//!
//! A new namespace is a copy of the one that it was made from, and so are the names of what
//! is in it. What a bind mount shows there has the name that it has outside. What any other
//! mount shows has no name outside but that through `/proc/PID/root`, by the process with
//! which the namespace began.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::Flow;
use super::item::Place;
use super::plan::Plan;
use super::state::State;
use super::task::{Standing, Task};
use crate::event::{Fact, FactKey, Record, Role, TaskId, Value};

/// A flag of clone(2), unshare(2) and setns(2).
pub(super) const CLONE_NEWNS: u64 = 0x2_0000;
/// Flags of mount(2).
const MS_REMOUNT: u64 = 0x20;
const MS_BIND: u64 = 0x1000;
const MS_MOVE: u64 = 0x2000;
/// Those by which it says to whom mounts are shown.
const PROPAGATION: u64 = 0x1e_0000;

/// A mount namespace; by default the tracer's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SpaceId(u32);

/// All that the run made or joined.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    all: Vec<Space>,
    /// The inode of the tracer's own, where a fact told it.
    own: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Space {
    /// `/proc/PID/root`.
    door: Vec<u8>,
    /// What its root directory is since pivot_root(2), as a path before that.
    root: Option<Vec<u8>>,
    /// What was mounted since, where.
    mounts: Vec<Mounted>,
    /// Whether others made it: nothing in it is known to be what it is outside.
    is_foreign: bool,
}

#[derive(Clone, Debug)]
struct Mounted {
    point: Vec<u8>,
    shows: Shows,
}

#[derive(Clone, Debug)]
enum Shows {
    /// What has that name outside.
    Bound(Vec<u8>),
    /// What has none, by the door of the namespace in which it was mounted.
    Own(Vec<u8>),
}

impl SpaceId {
    /// Whether it is the tracer's own.
    const fn is_own(self) -> bool {
        self.0 == 0
    }
}

impl Spaces {
    fn get(&self, id: SpaceId) -> Option<&Space> {
        self.all.get((id.0 as usize).checked_sub(1)?)
    }

    fn get_mut(&mut self, id: SpaceId) -> Option<&mut Space> {
        self.all.get_mut((id.0 as usize).checked_sub(1)?)
    }

    /// A copy of a namespace, which begins with a process of that id.
    fn copy(&mut self, of: SpaceId, pid: u32) -> SpaceId {
        let old = self.get(of).cloned().unwrap_or_default();
        self.add(Space { door: door(pid), ..old })
    }

    /// One that others have made.
    fn foreign(&mut self, pid: u32) -> SpaceId {
        self.add(Space { door: door(pid), is_foreign: true, ..Space::default() })
    }

    fn add(&mut self, space: Space) -> SpaceId {
        self.all.push(space);
        SpaceId(self.all.len() as u32)
    }

    /// The name outside of what stands at a path there; of what has that name already,
    /// that.
    pub(super) fn named<'a>(&self, id: SpaceId, path: &'a [u8]) -> Cow<'a, [u8]> {
        match self.get(id) {
            Some(space) if path.first() == Some(&b'/') => space.named(path),
            _ => path.into(),
        }
    }

    /// The same of what `/proc` says of a file of a task there: it begins at the root of
    /// the namespace.
    fn seen<'a>(&self, id: SpaceId, path: &'a [u8]) -> Cow<'a, [u8]> {
        match self.get(id).and_then(|space| space.root.as_ref().map(|root| (space, root))) {
            Some((space, root)) if path.first() == Some(&b'/') => {
                space.named(&below(root, path)).into_owned().into()
            }
            _ => self.named(id, path),
        }
    }
}

impl Space {
    fn named<'a>(&self, path: &'a [u8]) -> Cow<'a, [u8]> {
        let inside = self.inside(path);
        let below_point = |mount: &Mounted| rest(&mount.point, inside).is_some();
        // Of two on one point the later one hides the other.
        let mut mounts = self.mounts.iter().filter(|mount| below_point(mount)).rev();
        let first = mounts.next();
        let longest = mounts.fold(first, |found, mount| {
            found.filter(|found| found.point.len() >= mount.point.len()).or(Some(mount))
        });
        match longest.map(|mount| (&mount.shows, rest(&mount.point, inside).unwrap_or_default())) {
            Some((Shows::Bound(source), rest)) => below(source, rest).into(),
            Some((Shows::Own(door), _)) => below(door, inside).into(),
            None if self.is_foreign => below(&self.door, inside).into(),
            None => inside.into(),
        }
    }

    /// The path in the namespace of what is named through a door.
    fn inside<'a>(&self, path: &'a [u8]) -> &'a [u8] {
        let doors = self.mounts.iter().filter_map(|mount| match &mount.shows {
            Shows::Own(door) => Some(door),
            Shows::Bound(_) => None,
        });
        let through = |door: &Vec<u8>| rest(door, path);
        match doors.chain([&self.door]).find_map(through) {
            Some([]) => b"/",
            Some(inside) => inside,
            None => path,
        }
    }
}

fn door(pid: u32) -> Vec<u8> {
    format!("/proc/{pid}/root").into_bytes()
}

/// What stands in a path behind a directory: nothing, or `/…`.
fn rest<'a>(directory: &[u8], path: &'a [u8]) -> Option<&'a [u8]> {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    path.strip_prefix(directory).filter(|rest| matches!(rest.first(), None | Some(b'/')))
}

/// A path, `/…` or empty, behind a directory.
fn below(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    let path = if path == b"/" { b"" } else { path };
    if directory.is_empty() && path.is_empty() { b"/".to_vec() } else { [directory, path].concat() }
}

impl State {
    /// The mount namespace that a task is in.
    pub(super) fn space(&self, task: TaskId) -> SpaceId {
        self.tasks.get(&task).map(|task| self.standings.get(task.place).space).unwrap_or_default()
    }

    /// The name of what `/proc` says of a file of a task.
    pub(super) fn seen<'a>(&self, task: TaskId, path: &'a [u8]) -> Cow<'a, [u8]> {
        self.spaces.seen(self.space(task), path)
    }

    fn standing_mut(&mut self, task: TaskId) -> Option<&mut Standing> {
        Some(self.standings.get_mut(self.tasks.get(&task)?.place))
    }
}

impl Flow {
    /// A process was there when the recording began; its namespace is the tracer's own.
    pub(super) fn space_fact(&mut self, fact: &Fact) {
        let spaces = fact.list(FactKey::Namespaces).unwrap_or_default();
        let inode = spaces.iter().find_map(|space| {
            std::str::from_utf8(space).ok()?.strip_prefix("mnt:[")?.strip_suffix(']')?.parse().ok()
        });
        self.state.spaces.own = self.state.spaces.own.or(inode);
    }

    /// Facts that wait to be given out, of an event that has just been read: what they are
    /// about has the name that it has now.
    pub(super) fn name_seen(&mut self, is_meant: impl Fn(&Fact) -> bool) {
        if self.state.spaces.all.is_empty() {
            return;
        }
        let state = &self.state;
        for fact in self.facts.told_mut().iter_mut().filter(|fact| is_meant(fact)) {
            let task = fact.task;
            let paths = fact.fields.iter_mut().filter(|(key, _)| *key == FactKey::Path);
            for (_, value) in paths {
                if let Value::Bytes(path) = value {
                    *path = state.seen(task, path).into_owned();
                }
            }
        }
    }

    /// The same of facts that came behind their events.
    pub(super) fn name_seen_late(&mut self) {
        if self.state.spaces.all.is_empty() {
            return;
        }
        let is_over = |task: &Task| (task.id, task.last);
        let last: FxHashMap<TaskId, u64> = self.state.tasks.values().map(is_over).collect();
        self.name_seen(|fact| last.get(&fact.task).is_some_and(|last| fact.ordinal <= *last));
    }

    /// unshare(2), or clone(2) of which the task is the child: it has a copy of what it saw.
    pub(super) fn left_space(&mut self, task: TaskId, flags: u64) {
        let pid = self.state.process_of(task).map(|process| process.pid);
        let Some(pid) = pid.filter(|_| flags & CLONE_NEWNS != 0) else { return };
        let space = self.state.spaces.copy(self.state.space(task), pid);
        if let Some(standing) = self.state.standing_mut(task) {
            standing.space = space;
        }
    }

    /// setns(2): by a file of `/proc/PID/ns`, or the descriptor of a process.
    pub(super) fn joined_space(&mut self, record: &Record<'_>) {
        let [fd, kind, ..] = record.words;
        let Some(resource) = self.state.descriptor(record.task, fd as i32) else { return };
        let path = self.state.name_of(resource);
        let is_asked = kind & CLONE_NEWNS != 0 || kind == 0 && path.ends_with(b"/ns/mnt");
        let pid = self.state.process_of(record.task).map(|process| process.pid);
        let Some(pid) = pid.filter(|_| is_asked) else { return };
        let of = self.state.pidfds.get(&resource).copied().or_else(|| self.whose(path));
        let inode = self.state.resource(resource).and_then(|it| Some(it.identity?.inode));
        let is_own = inode.is_some() && inode == self.state.spaces.own;
        let space = match of.filter(|of| self.state.tasks.contains_key(of)) {
            _ if is_own => SpaceId::default(),
            Some(process) => self.state.space(process),
            None => self.state.spaces.foreign(pid),
        };
        let top = self.state.spaces.seen(space, b"/").into_owned();
        let top = self.state.file_named(&top);
        if let Some(standing) = self.state.standing_mut(record.task) {
            let root = Some(top).filter(|_| !space.is_own());
            *standing = Standing { cwd: Some(top), root, space };
        }
    }

    /// The process of `/proc/PID/…`.
    fn whose(&self, path: &[u8]) -> Option<TaskId> {
        let number = path.strip_prefix(b"/proc/")?.split(|byte| *byte == b'/').next()?;
        let pid: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        self.state.by_pid.get(&pid).copied()
    }

    /// mount(2), umount2(2), move_mount(2), pivot_root(2) have succeeded.
    pub(super) fn mounted(&mut self, record: &Record<'_>, plan: &Plan) {
        let space = self.state.space(record.task);
        if space.is_own() {
            self.mounted_here(record, plan);
            return; // there, names are what they are
        }
        let path = |arg| self.inside(record, arg);
        match plan.prototype.name {
            "mount" => self.mount(record, space),
            "umount" | "umount2" => {
                let Some(target) = path(0) else { return };
                let Some(space) = self.state.spaces.get_mut(space) else { return };
                let is_it = |mount: &Mounted| mount.point == target;
                // After pivot_root(".", ".") the old root lies on the new one.
                let is_root = space.root.as_ref() == Some(&target);
                if let Some(last) = space.mounts.iter().rposition(is_it).filter(|_| !is_root) {
                    space.mounts.remove(last);
                }
            }
            "move_mount" => {
                let source = self.uses.iter().find(|used| used.place == Place::Argument(0));
                let source = source.map(|used| self.state.name_of(used.resource).to_vec());
                // What has no path was made of nothing (fsmount(2)).
                let bound = source.filter(|name| name.first() == Some(&b'/'));
                if let Some(point) = path(3) {
                    self.show(space, point, bound);
                }
            }
            "pivot_root" => self.pivot(record, space),
            _ => {}
        }
    }

    /// In the tracer's own namespace, what is mounted may be another machine's.
    fn mounted_here(&mut self, record: &Record<'_>, plan: &Plan) {
        let path = |arg| self.state.absolute_path(record.task, record.path(arg)?);
        match plan.prototype.name {
            "mount" if record.words[3] & (MS_REMOUNT | MS_BIND | MS_MOVE | PROPAGATION) == 0 => {
                let Some(point) = path(1) else { return };
                let text = |arg| record.piece(arg, Role::Str).map(|piece| record.bytes(piece));
                let what = [text(2), text(0), text(4)].map(Option::unwrap_or_default);
                self.state.mounts.mounted(point, what);
            }
            "umount" | "umount2" => {
                if let Some(point) = path(0) {
                    self.state.mounts.unmounted(&point);
                }
            }
            _ => {}
        }
    }

    fn mount(&mut self, record: &Record<'_>, space: SpaceId) {
        let flags = record.words[3];
        if flags & (MS_REMOUNT | PROPAGATION) != 0 {
            return;
        }
        let Some(point) = self.inside(record, 1) else { return };
        let source = record.piece(0, Role::Str).map(|piece| record.bytes(piece));
        let source = source.filter(|_| flags & (MS_BIND | MS_MOVE) != 0);
        let source = source.and_then(|source| self.state.absolute_path(record.task, source));
        let bound = source.map(|source| self.state.spaces.named(space, &source).into_owned());
        self.show(space, point, bound);
    }

    fn show(&mut self, space: SpaceId, point: Vec<u8>, bound: Option<Vec<u8>>) {
        let Some(space) = self.state.spaces.get_mut(space) else { return };
        let shows = bound.map_or_else(|| Shows::Own(space.door.clone()), Shows::Bound);
        space.mounts.push(Mounted { point, shows });
    }

    /// The old root directory goes where the second argument says; who stood in it stands in
    /// the new one.
    fn pivot(&mut self, record: &Record<'_>, id: SpaceId) {
        let (Some(new), Some(old)) = (self.inside(record, 0), self.inside(record, 1)) else {
            return;
        };
        let named = self.state.spaces.named(id, &new).into_owned();
        let top = self.state.file_named(&named);
        if let Some(space) = self.state.spaces.get_mut(id) {
            let before = space.root.replace(new.clone()).unwrap_or_else(|| b"/".to_vec());
            if old != new {
                let shows = Shows::Bound(before);
                space.mounts.push(Mounted { point: old, shows });
            }
        }
        let own = self.state.tasks.values().map(|task| task.place);
        for place in own.collect::<Vec<_>>() {
            let standing = self.state.standings.get_mut(place);
            if standing.space == id {
                standing.root = Some(top);
            }
        }
        let cwd = self.state.cwd(record.task);
        let was_at_root = cwd.is_some_and(|cwd| self.state.name_of(cwd) == b"/");
        if let Some(standing) = self.state.standing_mut(record.task).filter(|_| was_at_root) {
            standing.cwd = Some(top);
        }
    }

    /// The absolute path of an argument, in the namespace of the task.
    fn inside(&self, record: &Record<'_>, arg: u8) -> Option<Vec<u8>> {
        let path = self.state.absolute_path(record.task, record.path(arg)?)?;
        let space = self.state.spaces.get(self.state.space(record.task))?;
        Some(space.inside(&path).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(spaces: &Spaces, space: SpaceId, path: &str) -> String {
        String::from_utf8_lossy(&spaces.named(space, path.as_bytes())).into_owned()
    }

    #[test]
    fn what_is_mounted_in_a_namespace_is_named_through_its_door() {
        let mut spaces = Spaces::default();
        let space = spaces.copy(SpaceId::default(), 77);
        let mount = |spaces: &mut Spaces, space, point: &str, shows| {
            let space = spaces.get_mut(space).expect("it was made");
            space.mounts.push(Mounted { point: point.into(), shows });
        };
        assert_eq!(named(&spaces, space, "/tmp/x"), "/tmp/x");
        mount(&mut spaces, space, "/tmp", Shows::Own(door(77)));
        mount(&mut spaces, space, "/mnt", Shows::Bound(b"/srv/data".to_vec()));
        assert_eq!(named(&spaces, SpaceId::default(), "/tmp/x"), "/tmp/x");
        assert_eq!(named(&spaces, space, "/tmp/x"), "/proc/77/root/tmp/x");
        assert_eq!(named(&spaces, space, "/proc/77/root/tmp/x"), "/proc/77/root/tmp/x");
        assert_eq!(named(&spaces, space, "/tmpx"), "/tmpx");
        assert_eq!(named(&spaces, space, "/mnt/a"), "/srv/data/a");
        let copy = spaces.copy(space, 88);
        mount(&mut spaces, copy, "/tmp/in", Shows::Own(door(88)));
        assert_eq!(named(&spaces, copy, "/tmp/x"), "/proc/77/root/tmp/x");
        assert_eq!(named(&spaces, copy, "/tmp/in/x"), "/proc/88/root/tmp/in/x");
        let foreign = spaces.foreign(99);
        assert_eq!(named(&spaces, foreign, "/etc/x"), "/proc/99/root/etc/x");
    }
}
