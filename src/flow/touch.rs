//! What calls do to files: which content they read and write, under which names.

use super::Flow;
use super::content::{Change, Deed, Earlier};
use super::files::{OpenFile, OpenId};
use super::irregular::Irregular;
use super::item::{ActivityId, Edge, EdgeKind, EventId, Item, Place, Side, Through, Use};
use super::plan::Plan;
use super::position::{self, Position};
use super::ranges::Extent;
use super::resource::{Class, Identity, ResourceId};
use super::version::{FileId, Version, VersionId};
use crate::abi::Verb;
use crate::event::{Record, TaskId};

/// Flags of open(2) that are the same on every ABI here.
const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
const O_TRUNC: u64 = 0o1000;
const O_APPEND: u64 = 0o2000;
const O_TMPFILE: u64 = 0o20_000_000;
/// A file's times come from a clock that ticks at least so often (`CONFIG_HZ=100`).
const TICK: u64 = 10_000_000;

/// What a fact of the event at hand says of the file that it opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) identity: Option<Identity>,
    pub(super) length: Option<u64>,
    /// Nanoseconds since 1970.
    pub(super) born: Option<u64>,
}

/// Who does what, and what the call is.
pub(super) struct Doing<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) plan: &'a Plan,
    by: ActivityId,
    pub(super) event: EventId,
}

impl Doing<'_> {
    fn deed(&self, extent: Extent) -> Deed {
        Deed { by: self.by, event: self.event, extent }
    }

    pub(super) fn word(&self, arg: u8) -> u64 {
        self.record.words.get(usize::from(arg)).copied().unwrap_or_default()
    }

    fn task(&self) -> TaskId {
        self.record.task
    }
}

impl Flow {
    /// A call has succeeded: what did it do to files?
    pub(super) fn touch_files(&mut self, record: &Record<'_>, plan: &Plan) {
        let Some(by) = self.state.activity(record.task) else { return };
        let event = EventId { task: record.task, ordinal: record.ordinal };
        let doing = &Doing { record, plan, by, event };
        match plan.prototype.effect.verb {
            Verb::Opens => self.file_opened(doing),
            Verb::Reads => self.bytes_moved(doing, &[Verb::Reads]),
            Verb::Writes => self.bytes_moved(doing, &[Verb::Writes]),
            Verb::Copies => self.bytes_moved(doing, &[Verb::Reads, Verb::Writes]),
            Verb::Maps => self.file_mapped(doing),
            Verb::Execs => self.file_executed(doing),
            Verb::Truncates => self.file_cut(doing),
            Verb::Creates | Verb::Binds => self.name_created(doing),
            Verb::Links => self.name_linked(doing),
            Verb::Renames => self.name_moved(doing),
            Verb::Unlinks => self.name_removed(doing),
            Verb::Makes => self.file_made(doing),
            Verb::Controls if plan.irregular == Irregular::Ioctl => self.file_cloned(doing),
            _ if plan.position == Position::Seek => self.sought(doing),
            _ => {}
        }
    }

    fn file_opened(&mut self, doing: &Doing<'_>) {
        let Some(flags) = doing.plan.open_flags.of_call(doing.record) else { return };
        let fd = doing.record.result as i32;
        let Some(slot) = self.state.slot(doing.task(), fd) else { return };
        let name = slot.resource;
        if !self.has_content(name) {
            return;
        }
        let found = self.facts.found;
        let identity = found.and_then(|found| found.identity);
        let none = doing.deed(Extent::exact(0, 0));
        let file = if self.is_made(name, flags) {
            let file = self.state.contents.make(name, identity, &none);
            self.tell_version(doing, name, file, Change { before: None }, Verb::Creates);
            file
        } else {
            let file = self.state.contents.behind(name, identity);
            let length = found.and_then(|found| found.length);
            if let Some(content) = self.state.contents.content(file) {
                content.length = length.or(content.length);
            }
            file
        };
        if flags & O_TRUNC != 0 {
            // What a fact says is from after the call.
            self.cut(doing, name, file, 0);
        }
        let open = OpenFile { file, offset: Some(0), appends: flags & O_APPEND != 0 };
        self.opened(doing.task(), fd, open);
    }

    /// Whether the open that has just succeeded made the file: it says so, or the file
    /// was born in this run and nobody has been seen to make it.
    fn is_made(&self, name: ResourceId, flags: u64) -> bool {
        if flags & O_TMPFILE == O_TMPFILE || flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL {
            return true;
        }
        if flags & O_CREAT == 0 || self.state.contents.is_bound(name) {
            return false;
        }
        let born = self.facts.found.and_then(|found| found.born);
        let is_gone = self.state.contents.name(name).deleted.is_some();
        is_gone || born.is_some_and(|born| born >= self.started.saturating_sub(TICK))
    }

    /// memfd_create(2).
    fn file_made(&mut self, doing: &Doing<'_>) {
        let fd = doing.record.result as i32;
        let Some(slot) = self.state.slot(doing.task(), fd) else { return };
        if !self.is_memory(slot.resource) {
            return;
        }
        let none = doing.deed(Extent::exact(0, 0));
        let file = self.state.contents.make(slot.resource, None, &none);
        let open = OpenFile { file, offset: Some(0), appends: false };
        self.opened(doing.task(), fd, open);
    }

    fn opened(&mut self, task: TaskId, fd: i32, open: OpenFile) -> OpenId {
        let id = self.state.contents.open(open);
        if let Some(slot) = self.state.slot(task, fd) {
            self.open_slot(task, fd, super::Descriptor { open: Some(id), ..slot });
        }
        if self.state.contents.is_full() {
            self.state.contents.sweep(&self.state.files);
        }
        id
    }

    /// Whether a resource has bytes that stay: a regular file, as far as is known.
    pub(super) fn has_content(&self, id: ResourceId) -> bool {
        let Some(resource) = self.state.resource(id) else { return false };
        (resource.class == Class::File && resource.has_path(&self.state.names))
            || self.is_memory(id)
    }

    fn is_memory(&self, id: ResourceId) -> bool {
        self.state.name_of(id).starts_with(b"memfd:")
    }

    /// The open file behind a descriptor; one from before the run is found now.
    fn open_file(&mut self, task: TaskId, fd: i32) -> Option<OpenId> {
        let slot = self.state.slot(task, fd)?;
        if slot.open.is_some() {
            return slot.open;
        }
        if !self.has_content(slot.resource) {
            return None;
        }
        let identity = self.state.resource(slot.resource).and_then(|known| known.identity);
        let file = self.state.contents.behind(slot.resource, identity);
        Some(self.opened(task, fd, OpenFile { file, offset: None, appends: false }))
    }

    /// Bytes have been read or written; `ways` says which, operand by operand.
    fn bytes_moved(&mut self, doing: &Doing<'_>, ways: &[Verb]) {
        let count = u64::try_from(doing.record.result).unwrap_or_default();
        for (operand, &way) in doing.plan.prototype.effect.operands.iter().zip(ways) {
            let fd = doing.word(operand.arg) as i32;
            let Some(open) = self.open_file(doing.task(), fd) else { continue };
            let at = position::explicit(doing.record, doing.plan, operand.arg);
            let Some((file, extent)) = self.advance(open, at, count, way) else { continue };
            let place = Place::Argument(operand.arg);
            let used = self.uses.iter().position(|one| one.place == place);
            let Some(used) = used else { continue };
            let name = self.uses[used].resource;
            let version = match way {
                Verb::Reads => self.read(doing, name, file, extent),
                _ if count > 0 => self.write(doing, name, file, extent),
                _ => continue,
            };
            self.uses[used].version = Some(version);
        }
    }

    /// Which bytes of which file a transfer of so many means; the offset moves on.
    fn advance(
        &mut self,
        id: OpenId,
        at: position::At,
        count: u64,
        way: Verb,
    ) -> Option<(FileId, Extent)> {
        let open = *self.state.contents.opened(id)?;
        let end = self.state.contents.content(open.file)?.length;
        let start = match at {
            position::At::Offset(offset) => Some(offset),
            position::At::Unknown => None,
            position::At::Current if way == Verb::Writes && open.appends => end,
            position::At::Current => open.offset,
        };
        if at == position::At::Current {
            let open = self.state.contents.opened(id)?;
            open.offset = start.map(|start| start.saturating_add(count));
        }
        let extent = start.map_or(Extent::ANY, |start| Extent::exact(start, count));
        Some((open.file, extent))
    }

    fn sought(&mut self, doing: &Doing<'_>) {
        let fd = doing.word(0) as i32;
        let Some(id) = self.open_file(doing.task(), fd) else { return };
        let offset = position::sought(doing.record, doing.plan);
        if let Some(open) = self.state.contents.opened(id) {
            open.offset = offset;
        }
    }

    fn file_mapped(&mut self, doing: &Doing<'_>) {
        const PROT_WRITE: u64 = 2;
        const MAP_SHARED: u64 = 1; // MAP_SHARED_VALIDATE has the bit too
        let Some(operand) = doing.plan.prototype.effect.operands.first() else { return };
        let [_, length, protection, flags, _, offset] = doing.record.words;
        let Some(open) = self.open_file(doing.task(), doing.word(operand.arg) as i32) else {
            return;
        };
        let Some(file) = self.state.contents.opened(open).map(|open| open.file) else { return };
        let place = Place::Argument(operand.arg);
        let Some(used) = self.uses.iter().position(|one| one.place == place) else { return };
        let unit = if doing.plan.prototype.name == "mmap2" { 4096 } else { 1 };
        let extent = Extent::exact(offset.saturating_mul(unit), length);
        let name = self.uses[used].resource;
        self.uses[used].version = Some(self.read(doing, name, file, extent.clone()));
        if protection & PROT_WRITE != 0 && flags & MAP_SHARED != 0 {
            // Any of it, at any time from now on.
            let extent = Extent { is_exact: false, ..extent };
            let version = self.write(doing, name, file, extent);
            self.imply(Verb::Writes, name, Some(version));
        }
    }

    /// The program's file, and what the kernel read besides: the script's interpreter,
    /// the dynamic loader.
    fn file_executed(&mut self, doing: &Doing<'_>) {
        let files = std::mem::take(&mut self.facts.programs);
        let named = self.uses.iter().position(|one| one.verb == Verb::Execs);
        let whole = Extent { bytes: 0..u64::MAX, is_exact: true };
        if let Some(used) = named {
            let name = self.state.resources.real(self.uses[used].resource);
            if self.has_content(name) {
                let file = self.state.contents.behind(name, None);
                let version = self.read(doing, name, file, whole.clone());
                self.uses[used].version = Some(version);
            }
        }
        for name in files {
            if self.uses.iter().any(|one| one.resource == name) || !self.has_content(name) {
                continue;
            }
            let file = self.state.contents.behind(name, None);
            let version = self.read(doing, name, file, whole.clone());
            self.imply(Verb::Execs, name, Some(version));
        }
    }

    fn file_cut(&mut self, doing: &Doing<'_>) {
        let Some(operand) = doing.plan.prototype.effect.operands.first() else { return };
        let place = Place::Argument(operand.arg);
        let Some(name) = self.uses.iter().find(|one| one.place == place).map(|one| one.resource)
        else {
            return;
        };
        let fd = doing.word(operand.arg) as i32;
        let is_path = doing.plan.paths.iter().any(|path| path.arg == operand.arg);
        let file = if is_path {
            let real = self.state.resources.real(name);
            self.has_content(real).then(|| self.state.contents.behind(real, None))
        } else {
            let open = self.open_file(doing.task(), fd);
            open.and_then(|open| self.state.contents.opened(open)).map(|open| open.file)
        };
        let Some(file) = file else { return };
        if let Some(length) = position::length(doing.record, doing.plan) {
            self.cut(doing, name, file, length);
        } else {
            // fallocate(2) can make holes and move what is behind them.
            let version = self.write(doing, name, file, Extent::ANY);
            self.imply(Verb::Writes, name, Some(version));
        }
    }

    fn file_cloned(&mut self, doing: &Doing<'_>) {
        const FICLONE: u64 = 0x4004_9409;
        if doing.record.words[1] & 0xffff_ffff != FICLONE {
            return;
        }
        let [to, _, from, ..] = doing.record.words;
        let whole = Extent { bytes: 0..u64::MAX, is_exact: true };
        for (fd, verb) in [(from, Verb::Reads), (to, Verb::Writes)] {
            let Some(open) = self.open_file(doing.task(), fd as i32) else { continue };
            let Some(file) = self.state.contents.opened(open).map(|open| open.file) else {
                continue;
            };
            let Some(name) = self.state.descriptor(doing.task(), fd as i32) else { continue };
            let version = match verb {
                Verb::Reads => self.read(doing, name, file, whole.clone()),
                _ => self.write(doing, name, file, whole.clone()),
            };
            self.imply(verb, name, Some(version));
        }
    }

    /// A use that no argument stands for.
    fn imply(&mut self, verb: Verb, resource: ResourceId, version: Option<VersionId>) {
        self.uses.push(Use { place: Place::Implied, verb, resource, version });
    }

    fn read(
        &mut self,
        doing: &Doing<'_>,
        name: ResourceId,
        file: FileId,
        extent: Extent,
    ) -> VersionId {
        let is_whole = !self.state.may_write_unseen();
        let Some(content) = self.state.contents.content(file) else {
            return VersionId { file, number: 0 };
        };
        let after = &mut self.after;
        content.read(&doing.deed(extent), |earlier| {
            let earlier = earlier.certain_if(is_whole);
            after.push(edge(EdgeKind::Content, earlier, doing.event, name, file));
        });
        VersionId { file, number: content.number() }
    }

    fn write(
        &mut self,
        doing: &Doing<'_>,
        name: ResourceId,
        file: FileId,
        extent: Extent,
    ) -> VersionId {
        self.state.contents.modified(name);
        let is_whole = !self.state.may_write_unseen();
        let Some(content) = self.state.contents.content(file) else {
            return VersionId { file, number: 0 };
        };
        let after = &mut self.after;
        let change = content.write(&doing.deed(extent), |earlier| {
            let earlier = earlier.certain_if(is_whole);
            after.push(edge(EdgeKind::Overwrite, earlier, doing.event, name, file));
        });
        let id = VersionId { file, number: content.number() };
        if let Some(change) = change {
            self.version_began(doing, name, id, change);
        }
        id
    }

    fn cut(&mut self, doing: &Doing<'_>, name: ResourceId, file: FileId, length: u64) {
        self.state.contents.modified(name);
        let is_whole = !self.state.may_write_unseen();
        let Some(content) = self.state.contents.content(file) else { return };
        let after = &mut self.after;
        let none = doing.deed(Extent::exact(0, 0));
        let change = content.cut(&none, length, |earlier| {
            let earlier = earlier.certain_if(is_whole);
            after.push(edge(EdgeKind::Overwrite, earlier, doing.event, name, file));
        });
        if let Some(change) = change {
            self.tell_version(doing, name, file, change, Verb::Truncates);
        }
    }

    /// A version that is a use of its own: the call made or emptied the file.
    fn tell_version(
        &mut self,
        doing: &Doing<'_>,
        name: ResourceId,
        file: FileId,
        change: Change,
        verb: Verb,
    ) {
        let Some(number) = self.state.contents.content(file).map(|content| content.number()) else {
            return;
        };
        let id = VersionId { file, number };
        self.version_began(doing, name, id, change);
        self.imply(verb, name, Some(id));
    }

    fn version_began(
        &mut self,
        doing: &Doing<'_>,
        resource: ResourceId,
        id: VersionId,
        of: Change,
    ) {
        let before = of.before.map(|number| VersionId { file: id.file, number });
        self.before.push(Item::Version(Version { id, resource, event: doing.event, before }));
    }
}

fn edge(
    kind: fn(Through) -> EdgeKind,
    earlier: Earlier,
    effect: EventId,
    name: ResourceId,
    file: FileId,
) -> Item<'static> {
    let version = VersionId { file, number: earlier.version };
    let through = Through { file: name, version, certain: earlier.certain };
    let (cause, from, to) = (earlier.event, Side::Start, Side::End);
    Item::Edge(Edge { kind: kind(through), cause, from, effect, to })
}
