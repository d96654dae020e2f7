//! What the flow knows at a moment: who lives, what is open, what is named.

use rustc_hash::FxHashMap;

use super::database::Database;
use super::descriptors::{Descriptor, Descriptors};
use super::files::Files;
use super::ipc::Number;
use super::item::{ActivityId, EventId};
use super::moniker::address;
use super::mounts::{Mounts, OnDevice};
use super::names::{NameId, Names};
use super::omitted::Omitted;
use super::path::absolute;
use super::pool::Pool;
use super::resource::{Class, Resource, ResourceId, Resources};
use super::socket::{Endpoint, Socket};
use super::space::Spaces;
use super::task::{Execution, Process, Standing, Task};
use super::version::Name;
use crate::event::TaskId;

/// `AT_FDCWD` of openat(2).
pub(super) const AT_FDCWD: i32 = -100;

/// The flow's state after the last event.
#[derive(Debug, Default)]
pub struct State {
    pub(super) names: Names,
    pub(super) resources: Resources,
    pub(super) mounts: Mounts,
    pub(super) spaces: Spaces,
    pub(super) tasks: FxHashMap<TaskId, Task>,
    pub(super) processes: FxHashMap<TaskId, Process>,
    /// Processes, living or unwaited, by their ids as the tracer sees them.
    pub(super) by_pid: FxHashMap<u32, TaskId>,
    pub(super) files: Pool<Descriptors>,
    pub(super) standings: Pool<Standing>,
    /// Processes behind pidfds.
    pub(super) pidfds: FxHashMap<ResourceId, TaskId>,
    /// What is behind names of files.
    pub(super) contents: Files,
    /// Calls that the log does not have, as its header says.
    pub(super) omitted: Omitted,
    /// Whether the log has nothing of some processes.
    pub(super) is_cut: bool,
    scratch: Vec<u8>,
}

impl State {
    /// A living task.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id)
    }

    /// A process that lives, or that nobody has waited for yet, by its first thread.
    pub fn process(&self, id: TaskId) -> Option<&Process> {
        self.processes.get(&id)
    }

    /// The process of a living task.
    pub fn process_of(&self, task: TaskId) -> Option<&Process> {
        self.process(self.task(task)?.process)
    }

    /// The execution that this event began, while its process still runs it.
    pub fn execution(&self, id: EventId) -> Option<&Execution> {
        let execution = self.process_of(id.task)?.execution.as_deref();
        execution.filter(|execution| execution.id == id)
    }

    /// What a living task's process is doing.
    pub fn activity(&self, task: TaskId) -> Option<ActivityId> {
        let process = self.process_of(task)?;
        let since = match process.execution.as_deref() {
            Some(execution) if execution.process == process.id => execution.id,
            _ => EventId { task: process.id, ordinal: 0 },
        };
        Some(ActivityId { process: process.id, since })
    }

    /// Which calls the log does not have, as its header says.
    pub fn omitted(&self) -> Omitted {
        self.omitted
    }

    /// Which calls a process may have made without a record of them: those, and of one
    /// of which something is missing for another reason any.
    pub fn unseen(&self, process: TaskId) -> Omitted {
        let is_partial = self.process(process).is_some_and(|process| process.is_partial);
        if is_partial { Omitted::ANYTHING } else { self.omitted }
    }

    /// Whether bytes may have gone through a pipe or socket by calls that were left out.
    pub(super) fn may_pass_unseen(&self, through: ResourceId) -> bool {
        let class = self.resource(through).map(|resource| resource.class);
        let is_left_out = |class| self.omitted.takes(class) || self.omitted.gives(class);
        self.is_cut || class.is_some_and(is_left_out)
    }

    /// Whether files may have been written to by calls that were left out.
    pub(super) fn may_write_unseen(&self) -> bool {
        self.is_cut || self.omitted.gives(Class::File)
    }

    /// Whether the log has nothing of some processes.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What became of a resource that has a path.
    pub fn name_life(&self, id: ResourceId) -> Name {
        self.contents.name(id)
    }

    /// A resource.
    pub fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.get(id)
    }

    /// How many resources there are: their indices count from 0.
    pub fn resource_count(&self) -> usize {
        self.resources.len()
    }

    /// All resources, in the order of first mention.
    pub fn resource_ids(&self) -> impl Iterator<Item = ResourceId> + use<> {
        (0..self.resource_count()).map(ResourceId::from_index)
    }

    /// The file system that a path leads to, by the mounts of when the recording began.
    pub fn on_device(&self, id: ResourceId) -> Option<OnDevice> {
        self.mounts.on_device(self.name_of(id))
    }

    /// What is known of a socket.
    pub fn socket(&self, id: ResourceId) -> Option<&Socket> {
        self.resources.socket(id)
    }

    /// By what the kernel knows something that has neither path nor descriptor.
    pub fn number(&self, id: ResourceId) -> Option<Number> {
        self.resources.number(id)
    }

    /// What is known of a database.
    pub fn database(&self, id: ResourceId) -> Option<&Database> {
        self.resources.database(id)
    }

    /// The bytes of a name.
    pub fn name(&self, id: NameId) -> &[u8] {
        self.names.get(id)
    }

    /// The name of a resource: its absolute path, or the kernel's word for it.
    pub fn name_of(&self, id: ResourceId) -> &[u8] {
        self.resource(id).map_or(&[], |resource| self.names.get(resource.name))
    }

    /// All that is open in a living task.
    pub fn descriptors(&self, task: TaskId) -> Option<&Descriptors> {
        self.task(task).map(|task| self.files.get(task.files))
    }

    /// What a descriptor of a task stands for now; `AT_FDCWD` is its working
    /// directory.
    pub fn descriptor(&self, task: TaskId, fd: i32) -> Option<ResourceId> {
        if fd == AT_FDCWD {
            return self.cwd(task);
        }
        self.slot(task, fd).map(|descriptor| descriptor.resource)
    }

    /// The working directory of a living task.
    pub fn cwd(&self, task: TaskId) -> Option<ResourceId> {
        self.standings.get(self.task(task)?.place).cwd
    }

    pub(super) fn slot(&self, task: TaskId, fd: i32) -> Option<Descriptor> {
        self.descriptors(task)?.get(fd)
    }

    /// The file that `path` means to `task`, relative to `base`. A path whose base
    /// is unknown stays as it is.
    pub(super) fn file(
        &mut self,
        task: TaskId,
        base: Option<ResourceId>,
        path: &[u8],
    ) -> ResourceId {
        if let (true, Some(base)) = (path.is_empty(), base) {
            return base; // AT_EMPTY_PATH: the descriptor itself, whatever it is
        }
        let standing = self.tasks.get(&task).map(|task| *self.standings.get(task.place));
        let root = standing.and_then(|standing| standing.root);
        let mut out = std::mem::take(&mut self.scratch);
        let base = base.map_or(&[][..], |base| self.name_of(base));
        let is_known = path.first() == Some(&b'/') || base.first() == Some(&b'/');
        if is_known {
            absolute(root.map_or(b"/", |root| self.name_of(root)), base, path, &mut out);
        } else {
            out.clear();
            out.extend_from_slice(path);
        }
        let space = standing.map(|standing| standing.space).unwrap_or_default();
        let named = self.spaces.named(space, &out).into_owned();
        let id = self.file_named(&named);
        self.scratch = out;
        id
    }

    /// A path as it is from the tracer's root on; nothing where the task's directory is not
    /// known.
    pub(super) fn absolute_path(&self, task: TaskId, path: &[u8]) -> Option<Vec<u8>> {
        let standing = self.standings.get(self.tasks.get(&task)?.place);
        let [root, base] = [standing.root, standing.cwd].map(|id| id.map(|id| self.name_of(id)));
        let mut out = Vec::new();
        absolute(root.unwrap_or(b"/"), base.unwrap_or_default(), path, &mut out);
        let is_known =
            path.first() == Some(&b'/') || base.is_some_and(|base| base.first() == Some(&b'/'));
        is_known.then_some(out)
    }

    /// What a path stands for that is a link to one of the caller's own descriptors
    /// (proc_pid_fd(5)).
    pub(super) fn behind_link(&self, task: TaskId, path: &[u8]) -> Option<ResourceId> {
        let links: [&[u8]; 3] = [b"/proc/self/fd/", b"/proc/thread-self/fd/", b"/dev/fd/"];
        let fd = links.iter().find_map(|links| path.strip_prefix(*links));
        let fd = match (fd, path) {
            (Some(fd), _) => std::str::from_utf8(fd).ok()?.parse().ok()?,
            (None, b"/dev/stdin") => 0,
            (None, b"/dev/stdout") => 1,
            (None, b"/dev/stderr") => 2,
            (None, _) => return self.behind_numbered_link(task, path),
        };
        self.slot(task, fd).map(|slot| slot.resource)
    }

    /// The same by the number of the process: `/proc/77/fd/3`.
    fn behind_numbered_link(&self, task: TaskId, path: &[u8]) -> Option<ResourceId> {
        let path = std::str::from_utf8(path.strip_prefix(b"/proc/")?).ok()?;
        let (pid, fd) = path.split_once("/fd/")?;
        let (pid, fd): (u32, i32) = (pid.parse().ok()?, fd.parse().ok()?);
        let process = self.process_of(task)?;
        let is_own = process.own_pid.unwrap_or(process.pid) == pid;
        let of = if is_own { process.id } else { *self.by_pid.get(&pid)? };
        self.slot(of, fd).map(|slot| slot.resource)
    }

    /// The thing of that class that the kernel knows by a number.
    pub(super) fn numbered(&mut self, class: Class, id: u32, key: Option<u32>) -> ResourceId {
        let name = format!("{} {id}", class.name());
        let name = self.names.intern(name.as_bytes());
        let resource = self.resources.at_name(class, name);
        self.resources.set_number(resource, Number { id, key });
        resource
    }

    /// The machine at that end of a connection, if it is another one.
    pub(super) fn host_of(&mut self, end: &Endpoint) -> Option<ResourceId> {
        let ip = address(end)?.ip();
        if ip.is_loopback() || ip.is_unspecified() {
            return None;
        }
        let name = self.names.intern(ip.to_string().as_bytes());
        Some(self.resources.at_name(Class::Host, name))
    }

    /// The resource that is that database.
    pub(super) fn database_of(&mut self, database: Database) -> ResourceId {
        let name = self.names.intern(&database.label());
        self.resources.at_database(database, name)
    }

    /// Opening `path` has opened `real`: if only the directories have other names, one
    /// leads to the other.
    pub(super) fn note_directory(&mut self, path: ResourceId, real: ResourceId) {
        if path == real {
            return;
        }
        let (path, real) = (self.name_of(path).to_vec(), self.name_of(real).to_vec());
        let (Some((directory, name)), Some((real, real_name))) = (split(&path), split(&real))
        else {
            return;
        };
        if name == real_name && directory != real {
            let (directory, real) = (self.names.intern(directory), self.names.intern(real));
            self.resources.directory_leads_to(directory, real);
        }
    }

    /// The name that a path has in the directory that it really is in. (The last part
    /// may be a link itself: what renames and removes it does not follow that.)
    pub(super) fn real_name(&mut self, id: ResourceId) -> ResourceId {
        let Some((directory, name)) = split(self.name_of(id)) else { return id };
        let directory = self.names.known(directory);
        let real = directory.and_then(|directory| self.resources.real_directory(directory));
        let Some(real) = real else { return id };
        let path = [self.names.get(real), b"/", name].concat();
        self.file_named(&path)
    }

    /// The file of an absolute path, if it has been mentioned.
    pub(super) fn known_file(&self, path: &[u8]) -> Option<ResourceId> {
        self.resources.known_at(self.names.known(path)?)
    }

    /// The file of an absolute path.
    pub(super) fn file_named(&mut self, path: &[u8]) -> ResourceId {
        let name = self.names.intern(path);
        self.resources.at_path(name)
    }
}

/// The directory of a path, and the name in it.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    Some((&path[..slash], &path[slash + 1..]))
}
