//! Who used which database.

use rustc_hash::FxHashMap;

use super::Graph;
use super::parts::ActivityIndex;
use crate::flow::database::DatabaseUse;
use crate::flow::item::EventId;
use crate::flow::resource::ResourceId;

/// All that showed that an activity uses a database as the same user.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub activity: ActivityIndex,
    /// Which.
    pub database: ResourceId,
    /// As whom, where that is known.
    pub user: Option<Vec<u8>>,
    /// Whether it is the server's end.
    pub serves: bool,
    /// Whether bytes have shown it, and not the address alone.
    pub certain: bool,
    /// The first socket or file by which.
    pub through: ResourceId,
    /// The first event that showed it.
    pub event: EventId,
    /// How often that came: the connections.
    pub count: u64,
    /// The [revision](Graph::revision) in which it last changed.
    pub revision: u32,
}

/// Finds those that are there already.
#[derive(Debug, Default)]
pub(super) struct Sessions(FxHashMap<Key, u32>);

type Key = (ActivityIndex, ResourceId, Option<Vec<u8>>, bool, bool);

impl Sessions {
    pub(super) fn used(&mut self, graph: &mut Graph, used: &DatabaseUse) {
        let Some(activity) = graph.activity_of(used.event) else { return };
        let DatabaseUse { event, database, through, serves, certain, .. } = *used;
        let user = used.user.clone();
        let (sessions, revision) = (&mut graph.sessions, graph.revision);
        let key = (activity, database, user.clone(), serves, certain);
        let index = *self.0.entry(key).or_insert_with(|| {
            let count = 0;
            sessions.push(Session {
                activity,
                database,
                user,
                serves,
                certain,
                through,
                event,
                count,
                revision,
            });
            sessions.len() as u32 - 1
        });
        let known = &mut sessions[index as usize];
        known.count += 1;
        known.revision = revision;
    }
}
