//! How nodes and links are named: `KEY:` and what the RDF's IRI has behind its `#`.
//! `KEY` are the last twelve digits of the run's UUID, so that the documents of several
//! runs can be put together.

use crate::event::TaskId;
use crate::export::Run;
use crate::export::rdf::percent_encode;
use crate::export::scope::{Fate, Fates};
use crate::flow::graph::{Activity, Passage, Renaming, Resource, Session, Signalling};
use crate::flow::{EventId, Function, ResourceId, State};

/// Names the things of one run.
#[derive(Clone, Debug)]
pub(in crate::export) struct Ids {
    key: String,
}

impl Ids {
    pub(super) fn new(run: &Run) -> Self {
        let uuid = run.uuid_text();
        let key = uuid.rsplit('-').next().unwrap_or_default().to_owned();
        Self { key }
    }

    pub(in crate::export) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn host(&self) -> String {
        format!("{}:host", self.key)
    }

    pub(super) fn process(&self, id: TaskId) -> String {
        format!("{}:process-{id}", self.key)
    }

    pub(in crate::export) fn thread(&self, id: TaskId) -> String {
        format!("{}:thread-{id}", self.key)
    }

    pub(super) fn execution(&self, since: EventId) -> String {
        format!("{}:execution-{}", self.key, pair(since))
    }

    /// Who did what an activity did: an execution; before a process's first one the
    /// process.
    pub(super) fn doer(&self, activity: &Activity) -> String {
        if activity.is_own() {
            self.execution(activity.id.since)
        } else {
            self.process(activity.id.process)
        }
    }

    pub(in crate::export) fn event(&self, id: EventId) -> String {
        format!("{}:event-{}", self.key, pair(id))
    }

    /// A file by its path, anything else by its number.
    pub(super) fn resource(&self, id: ResourceId, name: &[u8]) -> String {
        if name.first() == Some(&b'/') {
            let mut out = format!("{}:file", self.key);
            percent_encode(name, &mut out);
            return out;
        }
        format!("{}:resource-{}", self.key, id.index())
    }

    pub(in crate::export) fn function(&self, function: Function) -> String {
        let mut out = format!("{}:function-", self.key);
        function.write_id(&mut out);
        out
    }

    /// The system's files, as one.
    pub(super) fn system_files(&self) -> String {
        format!("{}:system-files", self.key)
    }

    /// What stands for a resource in the document, if anything does.
    pub(super) fn told(&self, fates: &Fates, state: &State, id: ResourceId) -> Option<String> {
        match fates.of(state, id) {
            Fate::Told => Some(self.resource(id, state.name_of(id))),
            Fate::Folded => Some(self.system_files()),
            Fate::Hidden => None,
        }
    }

    pub(super) fn of(&self, resource: &Resource) -> String {
        self.resource(resource.id, &resource.name)
    }

    /// A link of which there is one for each of that task.
    pub(super) fn one(&self, kind: &str, task: TaskId) -> String {
        format!("{}:{kind}-{task}", self.key)
    }

    /// Of a resource, or of the system's files.
    pub(super) fn usage(&self, activity: &Activity, resource: Option<ResourceId>) -> String {
        let (key, doer) = (&self.key, pair(activity.id.since));
        match resource {
            Some(resource) => format!("{key}:use-{doer}-{}", resource.index()),
            None => format!("{key}:use-{doer}-system-files"),
        }
    }

    pub(super) fn held_up(&self, ends: [&Activity; 2], why: &str) -> String {
        let [by, who] = ends.map(|activity| pair(activity.id.since));
        format!("{}:held-up-{by}-{who}-{why}", self.key)
    }

    /// What is the same in two runs, by the names of both.
    pub(super) fn same(reason: &str, source: &str, target: &str) -> String {
        format!("{source}={target}={reason}")
    }

    /// By its first event: that is of one user, who begins to use it there.
    pub(super) fn session(&self, session: &Session) -> String {
        let (database, event) = (session.database.index(), pair(session.event));
        format!("{}:database-{database}-{event}", self.key)
    }

    pub(super) fn passage(&self, passage: &Passage, ends: [&Activity; 2]) -> String {
        let (key, carrier, through) = (&self.key, passage.carrier.name(), passage.through.index());
        let [from, to] = ends.map(|activity| pair(activity.id.since));
        match passage.version {
            Some(version) => {
                let (file, number) = (version.file.index(), version.number);
                format!("{key}:{carrier}-{from}-{to}-{through}-{file}-{number}")
            }
            None => format!("{key}:{carrier}-{from}-{to}-{through}"),
        }
    }

    pub(super) fn signal(&self, one: &Signalling, ends: [&Activity; 2]) -> String {
        let [from, to] = ends.map(|activity| pair(activity.id.since));
        format!("{}:signal-{from}-{to}-{}", self.key, one.signal)
    }

    pub(super) fn renaming(&self, one: &Renaming, activity: &Activity) -> String {
        let kind = if one.is_link { "link" } else { "rename" };
        let (by, from, to) = (pair(activity.id.since), one.from.index(), one.to.index());
        format!("{}:{kind}-{by}-{from}-{to}", self.key)
    }
}

/// Task and ordinal.
pub(super) fn pair(id: EventId) -> String {
    format!("{}-{}", id.task, id.ordinal)
}
