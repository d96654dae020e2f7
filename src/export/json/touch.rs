//! What one activity did to one resource, and where the document tells of it: in a link,
//! or, if that was no more than to execute it or to look at it, in the node of who did.

use std::borrow::Cow;
use std::io;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::Whole;
use super::section::Section;
use super::text::Text;
use crate::export::scope::Fate;
use crate::flow::ResourceId;
use crate::flow::graph::{Activity, ActivityIndex, Deed, Graph, Resource, Usage};

/// All that an activity did to a resource, whatever its content.
#[derive(Debug)]
pub(super) struct Touch<'a> {
    pub(super) activity: ActivityIndex,
    /// `None`: the system's files.
    pub(super) resource: Option<ResourceId>,
    /// One for each content: one at least.
    pub(super) usages: Vec<&'a Usage>,
    pub(super) told: Told,
}

/// Where it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// In a link of its own.
    Link,
    /// In the doer's node: it was executed.
    Executed,
    /// In the doer's node: it was looked at.
    LookedAt,
    /// In the doer's node: it was tried in vain.
    Missed,
    /// Nowhere: what was done was left out.
    Nowhere,
}

/// All of a graph.
#[derive(Debug)]
pub(super) struct Touches<'a> {
    /// In the order of the first ones.
    pub(super) all: Vec<Touch<'a>>,
    /// Those that nodes of doers tell of.
    held: FxHashMap<ActivityIndex, Vec<usize>>,
    /// In which revision an activity last did something to a resource that it had not
    /// done to it before: only then a touch comes into a node, or leaves it.
    widened: FxHashMap<ActivityIndex, u32>,
    /// Of each resource, whether it was looked at, and nothing else.
    only_looked_at: Vec<bool>,
}

/// What the node of a doer has of them.
#[derive(Debug, Default, Serialize)]
pub(super) struct Held<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    executed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    looked_at: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missed: Vec<Text<'a>>,
}

/// Some of the names that the node of a doer would have, where they stand apart.
#[derive(Debug, Serialize)]
struct Glance<'a> {
    id: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    looked_at: Cow<'a, [Text<'a>]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    missed: Cow<'a, [Text<'a>]>,
}

impl Glance<'_> {
    /// As many names as are told of together.
    const MOST: usize = 1000;
}

impl<'a> Touches<'a> {
    pub(super) fn of(graph: &'a Graph, fate: impl Fn(ResourceId) -> Fate) -> Self {
        let mut places: FxHashMap<(ActivityIndex, Option<ResourceId>), usize> =
            FxHashMap::default();
        let mut all: Vec<Touch<'a>> = Vec::new();
        let mut widened: FxHashMap<ActivityIndex, u32> = FxHashMap::default();
        for usage in &graph.usages {
            let activity = usage.activity;
            let resource = match fate(usage.resource) {
                Fate::Hidden => continue,
                Fate::Folded => None,
                Fate::Told => Some(usage.resource),
            };
            let last = widened.entry(activity).or_default();
            *last = usage.widened.max(*last);
            let place = *places.entry((activity, resource)).or_insert_with(|| {
                let (usages, told) = (Vec::new(), Told::Link);
                all.push(Touch { activity, resource, usages, told });
                all.len() - 1
            });
            all[place].usages.push(usage);
        }
        let mut held: FxHashMap<ActivityIndex, Vec<usize>> = FxHashMap::default();
        let (mut looked_at, mut used) = (vec![false; graph.resources.len()], FxHashSet::default());
        for (index, touch) in all.iter_mut().enumerate() {
            touch.told = touch.place(graph);
            match touch.resource {
                Some(resource) if matches!(touch.told, Told::LookedAt | Told::Missed) => {
                    if let Some(is_looked_at) = looked_at.get_mut(resource.index()) {
                        *is_looked_at = true;
                    }
                }
                Some(resource) => drop(used.insert(resource)),
                None => {}
            }
            if touch.told != Told::Link {
                held.entry(touch.activity).or_default().push(index);
            }
        }
        for resource in used {
            if let Some(is_looked_at) = looked_at.get_mut(resource.index()) {
                *is_looked_at = false;
            }
        }
        Self { all, held, widened, only_looked_at: looked_at }
    }

    /// Whether nobody did anything else to it.
    pub(super) fn only_looked_at(&self, resource: ResourceId) -> bool {
        self.only_looked_at.get(resource.index()).copied().unwrap_or_default()
    }

    /// Those that the node of its doer tells of.
    fn held(&self, activity: ActivityIndex) -> impl Iterator<Item = &Touch<'a>> {
        let places = self.held.get(&activity).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place))
    }
}

impl Touch<'_> {
    fn place(&self, graph: &Graph) -> Told {
        if !self.usages.iter().any(|usage| usage.has_deeds()) {
            return Told::Nowhere;
        }
        let resource = self.resource.and_then(|resource| graph.resource(resource));
        if !resource.is_some_and(Resource::has_path) {
            return Told::Link;
        }
        let is_own = graph.activity(self.activity).is_some_and(Activity::is_own);
        let did = |deed| self.usages.iter().any(|usage| usage.count(deed) > 0);
        let is_held = |deed| matches!(deed, Deed::Look | Deed::Fail | Deed::Execute);
        match Deed::ALL.into_iter().any(|deed| did(deed) && !is_held(deed)) {
            true => Told::Link,
            false if did(Deed::Execute) && is_own => Told::Executed,
            false if did(Deed::Execute) => Told::Link,
            false if did(Deed::Look) => Told::LookedAt,
            false => Told::Missed,
        }
    }
}

impl Whole<'_> {
    /// What the node of that activity's doer tells of, and the revision in which that
    /// changed last.
    pub(super) fn held(&self, activity: ActivityIndex) -> (Held<'_>, u32) {
        if !self.has_resources() {
            return (Held::default(), 0);
        }
        let mut held = self.all_held(activity);
        if self.is_apart {
            held = Held { executed: held.executed, ..Held::default() };
        }
        (held, self.touches.widened.get(&activity).copied().unwrap_or_default())
    }

    /// The names that nodes of doers would tell of, each with its doer.
    pub(super) fn glances(&self, all: &mut Section) -> io::Result<()> {
        let mut activities: Vec<_> = self.touches.held.keys().copied().collect();
        activities.sort_unstable();
        for index in activities {
            let Some(activity) = self.graph.activity(index) else { continue };
            let Held { looked_at, missed, .. } = self.all_held(index);
            let glance = || Glance {
                id: self.ids.doer(activity),
                looked_at: Cow::default(),
                missed: Cow::default(),
            };
            for names in looked_at.chunks(Glance::MOST) {
                all.push(&Glance { looked_at: names.into(), ..glance() })?;
            }
            for names in missed.chunks(Glance::MOST) {
                all.push(&Glance { missed: names.into(), ..glance() })?;
            }
        }
        Ok(())
    }

    fn all_held(&self, activity: ActivityIndex) -> Held<'_> {
        let mut held = Held::default();
        for touch in self.touches.held(activity) {
            let Some(resource) = touch.resource else { continue };
            let name = self.state.name_of(resource);
            match touch.told {
                Told::Link | Told::Nowhere => {}
                Told::Executed => held.executed.extend(self.told(resource)),
                Told::LookedAt => held.looked_at.push(name.into()),
                Told::Missed => held.missed.push(name.into()),
            }
        }
        held
    }
}
