//! Resources.

use std::io;

use rustc_hash::FxHashMap;

use super::Whole;
use super::node::{self, Node, What};
use super::section::Section;
use super::text::{Text, readable, version_name};
use super::usage::Total;
use crate::export::Detail;
use crate::export::scope::{Fate, SYSTEM_LABEL};
use crate::flow::graph::{Amount, Resource, Version};
use crate::flow::{EventId, Moniker, ResourceId, Socket};

impl Whole<'_> {
    pub(super) fn resources(&self, nodes: &mut Section) -> io::Result<()> {
        let graph = self.graph;
        let mut totals: Vec<_> = graph.resources.iter().map(|one| self.uncounted(one)).collect();
        for usage in &graph.usages {
            if let Some(total) = totals.get_mut(usage.resource.index()) {
                total.add(usage);
            }
        }
        let mut versions: FxHashMap<ResourceId, Vec<&Version>> = FxHashMap::default();
        for version in &graph.versions {
            versions.entry(version.resource).or_default().push(version);
        }
        let all = graph.resources.iter().zip(totals);
        for (resource, total) in all.filter(|(resource, _)| self.is_node(resource)) {
            let versions = versions.get(&resource.id).map(Vec::as_slice).unwrap_or_default();
            nodes.push(&self.resource_node(resource, total, versions))?;
        }
        self.system_files(nodes)
    }

    /// What stands for all of the system's files.
    fn system_files(&self, nodes: &mut Section) -> io::Result<()> {
        let is_folded = |id| self.fates.of(self.state, id) == Fate::Folded;
        let folded = self.graph.resources.iter().filter(|resource| is_folded(resource.id));
        let Some(revision) = folded.map(|resource| resource.revision).max() else {
            return Ok(());
        };
        let usages = self.graph.usages.iter().filter(|usage| is_folded(usage.resource));
        let total = Total::of(usages);
        let what = What::Resource(node::Resource {
            read: total.read.map(Into::into),
            written: total.written.map(Into::into),
            span: total.span.map(Into::into),
            ..node::Resource::default()
        });
        let node = Node::new(self.ids.system_files(), SYSTEM_LABEL, revision, what);
        nodes.push(&Node { label: SYSTEM_LABEL.to_owned(), ..node })
    }

    /// What there may have been before any of it is counted.
    fn uncounted(&self, resource: &Resource) -> Total {
        let (read, written) = self.graph.uncounted(resource.class);
        let some = |amount: Amount| Some(amount).filter(|amount| amount.is_at_least);
        Total { read: some(read), written: some(written), span: None }
    }

    /// What was only looked at stands with who did; events refer to all.
    pub(super) fn is_node(&self, resource: &Resource) -> bool {
        let is_told = self.fates.tells(self.state, resource.id);
        is_told && (self.detail == Detail::Event || !self.touches.only_looked_at(resource.id))
    }

    fn resource_node<'b>(
        &'b self,
        resource: &'b Resource,
        total: Total,
        versions: &[&Version],
    ) -> Node<'b> {
        let database = resource.database.as_ref().map(|database| node::Store {
            system: database.system.name(),
            server: database.server.as_ref().map(|server| server.to_bytes().into()),
            database: database.name.as_deref().map(Text::from),
        });
        let life = resource.life;
        let path = resource.has_path().then(|| node::Path {
            modified: modified(life.modified, total),
            created_by: life.created.and_then(|event| self.doer_of(event)),
            deleted_by: life.deleted.and_then(|event| self.doer_of(event)),
        });
        let label = label(resource);
        let is_name = *label.as_bytes() == *resource.name;
        let what = What::Resource(node::Resource {
            name: (!is_name).then(|| resource.name[..].into()),
            device: resource.identity.map(|id| id.device).filter(|device| *device != 0),
            inode: resource.identity.map(|id| id.inode),
            mode: resource.mode,
            size: resource.size,
            socket: resource.socket.as_ref().map(|socket| self.socket(socket)),
            database,
            path,
            read: total.read.map(Into::into),
            written: total.written.map(Into::into),
            span: total.span.map(Into::into),
            versions: versions.iter().filter_map(|version| self.version(version)).collect(),
        });
        let (id, class) = (self.ids.of(resource), resource.class.name());
        let mut node = Node::new(id, class, resource.revision, what);
        node.label = label;
        node.deleted = resource.is_gone();
        node.named(Moniker::of(self.state, resource.id).as_ref());
        node
    }

    fn socket(&self, socket: &Socket) -> node::Socket<'static> {
        node::Socket {
            protocol: socket.protocol_name(),
            local: socket.local.as_ref().map(|local| local.to_bytes().into()),
            remote: socket.remote.as_ref().map(|remote| remote.to_bytes().into()),
            peer: socket.peer.and_then(|peer| self.told(peer)),
        }
    }

    fn version(&self, version: &Version) -> Option<node::Version> {
        let before = version.before.filter(|before| before.number > 0);
        Some(node::Version {
            name: version_name(version.id),
            by: self.doer(version.activity)?,
            event: self.told_event(version.event),
            time: version.time,
            before: before.map(version_name),
        })
    }

    /// What a resource is called in the document, if that tells of it: by itself, or as
    /// one of the system's files.
    pub(super) fn told(&self, id: ResourceId) -> Option<String> {
        self.ids.told(self.fates, self.state, id)
    }

    /// An event, if the document may tell of it.
    pub(super) fn told_event(&self, id: EventId) -> Option<String> {
        (!self.calls.hides(id)).then(|| self.ids.event(id))
    }
}

/// Whether what is behind a name was changed: a write that was not recorded leaves no
/// trace.
fn modified(is_modified: bool, total: Total) -> Option<serde_json::Value> {
    let is_unknown = total.written.is_some_and(|written| written.is_at_least);
    if is_modified { Some(true.into()) } else { is_unknown.then_some(serde_json::Value::Null) }
}

/// A socket is called by its ends, where they are known.
fn label(resource: &Resource) -> String {
    let name = readable(&resource.name);
    let Some(socket) = resource.socket.as_ref().filter(|_| !resource.has_path()) else {
        return name;
    };
    let end = |end: &Option<_>| end.as_ref().map(crate::flow::Endpoint::to_string);
    match (end(&socket.local), end(&socket.remote)) {
        (None, None) => name,
        (local, remote) => {
            let parts = [Some(socket.protocol_name().to_owned()), local, Some("→".into()), remote];
            let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
            let shown: Vec<_> = parts.collect();
            shown.join(" ").trim_end_matches(" →").to_owned()
        }
    }
}
