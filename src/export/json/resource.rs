//! Resources, and what executions did to them.

use std::collections::BTreeMap;
use std::io;

use super::Whole;
use super::link::{self, Link};
use super::node::{self, Node, What};
use super::section::Section;
use super::text::{Text, readable};
use super::touch::{Told, Touch};
use crate::export::Detail;
use crate::flow::graph::{Amount, Deed, Resource, Span, Usage};
use crate::flow::{Moniker, ResourceId, Socket};

/// All that was done to a resource.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    read: Option<Amount>,
    written: Option<Amount>,
    span: Option<Span>,
}

impl Total {
    fn add(&mut self, usage: &Usage) {
        let sum = |known: Option<Amount>, more: Amount| known.unwrap_or_default().plus(more);
        let did = |is_it: fn(Deed) -> bool| {
            Deed::ALL.into_iter().any(|deed| is_it(deed) && usage.count(deed) > 0)
        };
        if did(Deed::takes) {
            self.read = Some(sum(self.read, usage.bytes_in));
        }
        if did(Deed::gives) {
            self.written = Some(sum(self.written, usage.bytes_out));
        }
        self.span = Some(self.span.map_or(usage.span, |span| span.with(usage.span)));
    }
}

impl Whole<'_> {
    pub(super) fn resources(&self, nodes: &mut Section) -> io::Result<()> {
        let mut totals = vec![Total::default(); self.graph.resources.len()];
        for usage in &self.graph.usages {
            if let Some(total) = totals.get_mut(usage.resource.index()) {
                total.add(usage);
            }
        }
        let all = self.graph.resources.iter().zip(totals);
        for (resource, total) in all.filter(|(resource, _)| self.is_node(resource)) {
            nodes.push(&self.resource_node(resource, total))?;
        }
        Ok(())
    }

    /// What was only looked at stands with who did; events refer to all.
    fn is_node(&self, resource: &Resource) -> bool {
        self.detail == Detail::Event || !self.touches.only_looked_at(resource.id)
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
            peer: socket.peer.map(|peer| self.resource_id(peer)),
        }
    }

    pub(super) fn resource_id(&self, id: ResourceId) -> String {
        self.ids.resource(id, self.state.name_of(id))
    }

    pub(super) fn usages(&self, links: &mut Section) -> io::Result<()> {
        for touch in self.touches.all.iter().filter(|touch| touch.told == Told::Link) {
            if let Some(link) = self.usage(touch) {
                links.push(&link)?;
            }
        }
        Ok(())
    }

    /// What was done to one resource, whatever its content.
    fn usage(&self, touch: &Touch<'_>) -> Option<Link<'static>> {
        let activity = self.graph.activity(touch.activity)?;
        let mut deeds: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut total = Total::default();
        for usage in &touch.usages {
            for (deed, count) in usage.deeds() {
                *deeds.entry(deed.name()).or_default() += count;
            }
            total.add(usage);
        }
        Some(Link {
            id: self.ids.usage(activity, touch.resource),
            kind: "use",
            source: self.ids.doer(activity),
            target: self.resource_id(touch.resource),
            revision: touch.usages.iter().map(|usage| usage.revision).max().unwrap_or_default(),
            what: link::What::Usage(link::Usage {
                deeds,
                read: total.read.map(Into::into),
                written: total.written.map(Into::into),
                span: total.span?.into(),
            }),
        })
    }

    /// Who uses which database.
    pub(super) fn sessions(&self, links: &mut Section) -> io::Result<()> {
        for session in &self.graph.sessions {
            let Some(source) = self.doer(session.activity) else { continue };
            links.push(&Link {
                id: self.ids.session(session),
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
