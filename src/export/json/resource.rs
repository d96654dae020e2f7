//! Resources, and what executions did to them.

use std::collections::BTreeMap;
use std::io;

use rustc_hash::FxHashMap;

use super::Whole;
use super::link::{self, Link};
use super::node::{self, Node, What};
use super::section::Section;
use super::text::{Text, readable};
use crate::flow::graph::{ActivityIndex, Amount, Deed, Resource, Span, Usage};
use crate::flow::{Moniker, ResourceId, Socket};

/// All that was done to a resource.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    read: Amount,
    written: Amount,
    users: u32,
    span: Option<Span>,
}

impl Whole<'_> {
    pub(super) fn resources(&self, nodes: &mut Section) -> io::Result<()> {
        let totals = self.totals();
        for (resource, total) in self.graph.resources.iter().zip(totals) {
            nodes.push(&self.resource_node(resource, total))?;
        }
        Ok(())
    }

    fn totals(&self) -> Vec<Total> {
        let mut totals = vec![Total::default(); self.graph.resources.len()];
        for usages in self.by_ends() {
            let Some(total) = totals.get_mut(usages[0].resource.index()) else { continue };
            total.users += 1;
            for usage in usages {
                total.read = total.read.plus(usage.bytes_in);
                total.written = total.written.plus(usage.bytes_out);
                total.span = Some(total.span.map_or(usage.span, |span| span.with(usage.span)));
            }
        }
        totals
    }

    fn resource_node<'b>(&'b self, resource: &'b Resource, total: Total) -> Node<'b> {
        let database = resource.database.as_ref().map(|database| node::Store {
            system: database.system.name(),
            server: database.server.as_ref().map(|server| server.to_bytes().into()),
            database: database.name.as_deref().map(Text::from),
        });
        let life = resource.life;
        let path = resource.has_path().then(|| node::Path {
            modified: life.modified,
            created_by: life.created.and_then(|event| self.doer(event)),
            deleted_by: life.deleted.and_then(|event| self.doer(event)),
        });
        let what = What::Resource(node::Resource {
            name: resource.name[..].into(),
            device: resource.identity.map(|id| id.device).filter(|device| *device != 0),
            inode: resource.identity.map(|id| id.inode),
            mode: resource.mode,
            size: resource.size,
            socket: resource.socket.as_ref().map(|socket| self.socket(socket)),
            database,
            path,
            read: total.read.into(),
            written: total.written.into(),
            users: total.users,
            first: total.span.map(|span| span.first),
            last: total.span.map(|span| span.last),
        });
        let (id, class) = (self.ids.of(resource), resource.class.name());
        let mut node = Node::new(id, class, resource.revision, what);
        node.label = label(resource);
        node.deleted = resource.is_gone();
        node.named(Moniker::of(self.state, resource.id).as_ref(), &self.run.host);
        node
    }

    fn socket(&self, socket: &Socket) -> node::Socket<'static> {
        node::Socket {
            protocol: socket.protocol_name(),
            local: socket.local.as_ref().map(|local| local.to_bytes().into()),
            remote: socket.remote.as_ref().map(|remote| remote.to_bytes().into()),
            peer: socket.peer.map(|peer| self.resource_id(peer)),
        }
    }

    pub(super) fn resource_id(&self, id: ResourceId) -> String {
        self.ids.resource(id, self.state.name_of(id))
    }

    /// Usages of one resource by one execution, whatever the content, together; in the
    /// order of the first ones.
    fn by_ends(&self) -> Vec<Vec<&Usage>> {
        let mut places: FxHashMap<(ActivityIndex, ResourceId), usize> = FxHashMap::default();
        let mut all: Vec<Vec<&Usage>> = Vec::new();
        for usage in &self.graph.usages {
            let place = *places.entry((usage.activity, usage.resource)).or_insert(all.len());
            match all.get_mut(place) {
                Some(others) => others.push(usage),
                None => all.push(vec![usage]),
            }
        }
        all
    }

    pub(super) fn usages(&self, links: &mut Section) -> io::Result<()> {
        for usages in self.by_ends() {
            if let Some(link) = self.usage(&usages) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    /// What one execution did to one resource, whatever its content.
    fn usage(&self, usages: &[&Usage]) -> Option<Link<'static>> {
        let first = usages.first()?;
        let activity = self.graph.activity(first.activity)?;
        let mut deeds: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut read, mut written) = (Amount::default(), Amount::default());
        let (mut taken, mut given) = (None, None);
        let mut span = first.span;
        for usage in usages {
            for (deed, count) in usage.deeds() {
                *deeds.entry(deed.name()).or_default() += count;
            }
            (read, written) = (read.plus(usage.bytes_in), written.plus(usage.bytes_out));
            (taken, given) = (both(taken, usage.taken), both(given, usage.given));
            span = span.with(usage.span);
        }
        let did = |deed: Deed| deeds.contains_key(deed.name());
        let has_read = Deed::ALL.into_iter().any(|deed| deed.takes() && did(deed));
        let has_written = Deed::ALL.into_iter().any(|deed| deed.gives() && did(deed));
        Some(Link {
            id: self.ids.usage(activity, first.resource),
            kind: "use",
            source: self.ids.execution(activity.id.since),
            target: self.resource_id(first.resource),
            revision: usages.iter().map(|usage| usage.revision).max().unwrap_or_default(),
            what: link::What::Usage(link::Usage {
                read: has_read.then(|| read.into()),
                written: has_written.then(|| written.into()),
                span: span.into(),
                taken: taken.map(Into::into),
                given: given.map(Into::into),
                deeds,
            }),
        })
    }

    /// Who uses which database.
    pub(super) fn sessions(&self, links: &mut Section) -> io::Result<()> {
        for (index, session) in self.graph.sessions.iter().enumerate() {
            let Some(source) = self.execution_id(session.activity) else { continue };
            links.push(&Link {
                id: self.ids.session(index),
                kind: "database",
                source,
                target: self.resource_id(session.database),
                revision: session.revision,
                what: link::What::Session(link::Session {
                    through: self.resource_id(session.through),
                    user: session.user.as_deref().map(Text::from),
                    serves: session.serves,
                    certain: session.certain,
                    count: session.count,
                    event: self.ids.event(session.event),
                }),
            })?;
        }
        Ok(())
    }
}

fn both(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.with(other)),
        (one, other) => one.or(other),
    }
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
