//! How a graph and the notes beside it become a portrait.

use rustc_hash::{FxHashMap, FxHashSet};

use super::context::Context;
use super::kin::Kin;
use super::mounts;
use super::normal::Normaliser;
use super::painter::{Notes, Painter};
use super::peer;
use super::portrait::{
    About, Deeds, End, Mount, Passage, Portrait, Process, ProcessId, Program, ProgramId, Refusal,
    Step, Thing, ThingId, Track, Use,
};
use super::rules::{Mapping, Place, Rules};
use super::same::Same;
use super::tape::Call;
use super::texts::Texts;
use crate::event::TaskId;
use crate::flow::graph::Resource;
use crate::flow::graph::{self, Activity, ActivityIndex, Deed, Failure, Graph, Usage};
use crate::flow::{Class, Endpoint, ResourceId, Socket};

impl Painter {
    /// The portrait, once the flow is finished; `state` is the flow's. Names are normalised by
    /// mappings, those of what is the same, and rules.
    pub fn portrait(
        self,
        state: &crate::flow::State,
        about: About,
        rules: &Rules,
        mut mappings: Vec<Mapping>,
        same: Same,
    ) -> Portrait {
        let (graph, notes) = self.finish(state);
        mappings.extend(same.mappings(&about, &graph));
        let context = context(&graph, &notes, about.began);
        let normaliser = Normaliser::new(rules, mappings, context);
        let sitting = Sitting {
            graph: &graph,
            kept_ports: kept_ports(&graph, &notes),
            notes: &notes,
            rules,
            normaliser: &normaliser,
            texts: Texts::default(),
            things: Vec::new(),
            by_name: FxHashMap::default(),
            by_resource: FxHashMap::default(),
            made: made(&graph),
            kin: Kin::of(&graph),
            makers: makers(&graph),
            written: written(&graph),
        };
        sitting.paint(About { end: graph.end, ..about })
    }
}

/// What the rules need to know of the run.
fn context(graph: &Graph, notes: &Notes, began: u64) -> Context {
    let tids = graph.tasks.iter().map(|task| u64::from(task.tid));
    let pids = graph.processes.iter().map(|process| u64::from(process.pid));
    let sockets = graph.resources.iter().filter_map(|resource| resource.socket.as_ref());
    let chosen = sockets.filter_map(|socket| peer::port(socket.local.as_ref()?));
    let chosen = chosen.filter(|port| !notes.bound.contains(port) && !peer::is_service(*port));
    Context {
        began: (began / 1_000_000_000) as i64,
        pids: tids.chain(pids).collect(),
        ephemeral_ports: chosen.map(u64::from).collect(),
    }
}

/// Ports that are the same in every run: those that the run was told, by whoever wrote
/// its arguments, or binds by number.
fn kept_ports(graph: &Graph, notes: &Notes) -> FxHashSet<u16> {
    let words = graph.activities.iter().flat_map(Activity::argv);
    let numbers = words.flat_map(|word| word.split(|byte| !byte.is_ascii_digit()));
    let told = numbers.filter(|digits| (2..=5).contains(&digits.len()));
    let told = told.filter_map(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    told.chain(notes.bound.iter().copied()).collect()
}

/// What the run made or changed.
fn made(graph: &Graph) -> FxHashSet<ResourceId> {
    let changes = [Deed::Make, Deed::Remove, Deed::Truncate];
    let is_made =
        |usage: &&Usage| usage.has_given() || changes.iter().any(|deed| usage.count(*deed) > 0);
    let changed = graph.usages.iter().filter(is_made).map(|usage| usage.resource);
    let created = graph.resources.iter().filter(|resource| resource.life.created.is_some());
    changed.chain(created.map(|resource| resource.id)).collect()
}

/// Which process touched what first.
fn makers(graph: &Graph) -> FxHashMap<ResourceId, usize> {
    let places: FxHashMap<TaskId, usize> =
        graph.processes.iter().zip(0..).map(|(process, place)| (process.id, place)).collect();
    let mut makers: FxHashMap<ResourceId, (u64, usize)> = FxHashMap::default();
    for usage in &graph.usages {
        let activity = graph.activities.get(usage.activity.position());
        let process = activity.and_then(|activity| places.get(&activity.id.process));
        let Some(one) = process.map(|process| (usage.span.first, *process)) else { continue };
        let known = makers.entry(usage.resource).or_insert(one);
        *known = one.min(*known);
    }
    makers.into_iter().map(|(resource, (_, process))| (resource, process)).collect()
}

/// When the run last wrote what.
fn written(graph: &Graph) -> FxHashMap<ResourceId, u64> {
    let mut written = FxHashMap::default();
    for usage in &graph.usages {
        if let Some(given) = usage.given {
            let last: &mut u64 = written.entry(usage.resource).or_default();
            *last = given.last.max(*last);
        }
    }
    written
}

struct Sitting<'a> {
    graph: &'a Graph,
    kept_ports: FxHashSet<u16>,
    notes: &'a Notes,
    rules: &'a Rules,
    normaliser: &'a Normaliser<'a>,
    texts: Texts,
    things: Vec<Thing>,
    by_name: FxHashMap<(u32, u32), ThingId>,
    by_resource: FxHashMap<ResourceId, Option<ThingId>>,
    made: FxHashSet<ResourceId>,
    kin: Kin,
    /// The processes that things were first touched by.
    makers: FxHashMap<ResourceId, usize>,
    /// When things were last written.
    written: FxHashMap<ResourceId, u64>,
}

impl Sitting<'_> {
    fn paint(mut self, about: About) -> Portrait {
        let mut programs = self.programs();
        self.uses(&mut programs);
        self.refusals(&mut programs);
        let processes = self.processes();
        let passages = self.passages();
        let (steps, tracks) = self.tracks();
        let mounts = self.mounts();
        Portrait {
            about,
            processes,
            programs,
            things: self.things,
            passages,
            mounts,
            steps,
            tracks,
            texts: self.texts.into_list(),
        }
    }

    fn processes(&mut self) -> Vec<Process> {
        let graph = self.graph;
        let index: FxHashMap<TaskId, ProcessId> =
            graph.processes.iter().zip(0..).map(|(process, index)| (process.id, index)).collect();
        let one = |process: &graph::Process| Process {
            task: process.id.0,
            pid: process.pid,
            parent: process.parent.and_then(|parent| index.get(&parent).copied()),
            programs: process.activities.iter().map(|index| index.position() as u32).collect(),
            started: process.started,
            ended: process.ended,
            end: match process.end {
                graph::End::None | graph::End::LetGo => End::None,
                graph::End::Exited(code) => End::Exited(code),
                graph::End::Killed { signal, .. } => End::Killed(signal),
            },
            threads: process.threads,
            blame: process.failure.as_ref().map(|failure| self.blame(failure)),
        };
        graph.processes.iter().map(one).collect()
    }

    fn blame(&mut self, failure: &Failure) -> Refusal {
        let about = failure.resources.iter().flatten().next_back();
        Refusal {
            call: self.texts.id(failure.prototype.map_or(&b""[..], |p| p.name.as_bytes())),
            errno: failure.errno,
            thing: about.and_then(|id| self.thing(*id)),
            count: 1,
            first: failure.time,
        }
    }

    fn programs(&mut self) -> Vec<Program> {
        let graph = self.graph;
        let process: FxHashMap<TaskId, ProcessId> =
            graph.processes.iter().zip(0..).map(|(process, index)| (process.id, index)).collect();
        let one = |activity: &Activity| {
            let execution = activity.execution.as_deref();
            let argv = activity.argv();
            let doer = process.get(&activity.id.process).copied().unwrap_or_default();
            Program {
                process: doer,
                is_own: activity.is_own(),
                argv: argv.iter().map(|word| self.texts.id(word)).collect(),
                normal_argv: argv
                    .iter()
                    .map(|word| self.normal(Place::Argument, word, Some(doer as usize)))
                    .collect(),
                executable: execution.and_then(|e| e.executable).and_then(|id| self.thing(id)),
                cwd: execution
                    .and_then(|e| e.cwd)
                    .and_then(|id| graph.resource(id))
                    .map(|cwd| self.texts.normal(self.normaliser, Place::Path, &cwd.name)),
                env: execution.and_then(|e| e.env.as_ref()).map(|env| self.env(env, doer as usize)),
                started: activity.started,
                ended: activity.ended,
                uses: Vec::new(),
                refusals: Vec::new(),
            }
        };
        graph.activities.iter().map(one).collect()
    }

    fn env(&mut self, env: &[std::sync::Arc<[u8]>], doer: usize) -> Vec<(u32, u32)> {
        let mut pairs: Vec<(&[u8], &[u8])> = env.iter().map(|entry| split(entry)).collect();
        pairs.sort_unstable();
        let pairs = pairs.into_iter();
        pairs
            .filter(|(name, _)| !self.rules.ignores(Place::Environment, name))
            .map(|(name, value)| {
                (self.texts.id(name), self.normal(Place::Environment, value, Some(doer)))
            })
            .collect()
    }

    /// A text, normalised; of process ids those count that the process may know whose text
    /// it is.
    fn normal(&mut self, place: Place, text: &[u8], whose: Option<usize>) -> u32 {
        let Some(process) = whose else { return self.texts.normal(self.normaliser, place, text) };
        let kin = &self.kin;
        let is_near = |id| kin.knows(process, id);
        self.texts.normal_near(self.normaliser, place, text, &is_near)
    }

    /// The thing that a resource is one of; `None` for what has no name that another run
    /// could know.
    fn thing(&mut self, id: ResourceId) -> Option<ThingId> {
        if let Some(known) = self.by_resource.get(&id) {
            return *known;
        }
        let thing = self.graph.resource(id).and_then(|resource| self.new_thing(resource));
        self.by_resource.insert(id, thing);
        thing
    }

    fn new_thing(&mut self, resource: &Resource) -> Option<ThingId> {
        let name = self.thing_name(resource)?;
        if self.rules.ignores(Place::Path, &name) {
            return None;
        }
        let place = match resource.has_path() {
            true if self.made.contains(&resource.id) => Place::Made,
            true => Place::Path,
            false => Place::Text,
        };
        let maker = self.makers.get(&resource.id).copied();
        let id = self.named(resource.class, place, &name, maker);
        let thing = &mut self.things[id as usize];
        thing.count += 1;
        thing.is_gone = resource.is_gone();
        if let Some(seen) = self.notes.states.get(&resource.id) {
            thing.before.get_or_insert_with(|| seen.first.clone());
            // What was written since it was looked at is not known.
            let written = self.written.get(&resource.id);
            let is_last = written.is_none_or(|written| *written <= seen.at);
            thing.after = Some(&seen.last).filter(|_| is_last).cloned();
        }
        Some(id)
    }

    /// The thing of that name, which that process has given it.
    fn named(&mut self, of: Class, place: Place, name: &[u8], maker: Option<usize>) -> ThingId {
        let class = self.texts.id(class(of).as_bytes());
        let normal = self.normal(place, name, maker);
        let next = self.things.len() as ThingId;
        let id = *self.by_name.entry((class, normal)).or_insert(next);
        if id == next {
            let taken = self.normaliser.normal(place, name).taken;
            let dates = taken.iter().filter(|one| one.is_date);
            let dates = dates.map(|date| self.texts.id(&date.was)).collect();
            let raw = self.texts.id(name);
            self.things.push(Thing { class, name: normal, raw, dates, ..Thing::default() });
        }
        id
    }

    fn thing_name(&self, resource: &Resource) -> Option<Vec<u8>> {
        if let Some(socket) = &resource.socket {
            return peer::name(socket, &self.kept_ports);
        }
        match resource.class {
            // Nobody chose their names.
            Class::Pipe | Class::Anonymous if !resource.has_path() => None,
            _ => Some(resource.name.to_vec()).filter(|name| !name.is_empty()),
        }
    }

    /// What a socket would have been connected to.
    fn peer(&mut self, socket: Option<ResourceId>, to: &Endpoint) -> Option<ThingId> {
        let resource = self.graph.resource(socket?)?;
        let socket = Socket { remote: Some(to.clone()), ..*resource.socket.clone()? };
        let name = peer::name(&socket, &self.kept_ports)?;
        Some(self.named(resource.class, Place::Text, &name, None))
    }

    fn uses(&mut self, programs: &mut [Program]) {
        let mut places: FxHashMap<(ActivityIndex, ThingId), usize> = FxHashMap::default();
        let graph = self.graph;
        let mut usages: Vec<&Usage> = graph.usages.iter().collect();
        usages.sort_by_key(|usage| usage.span.first);
        for usage in usages {
            let Some(thing) = self.thing(usage.resource) else { continue };
            self.changed(thing, usage);
            let Some(program) = programs.get_mut(usage.activity.position()) else { continue };
            let place = *places.entry((usage.activity, thing)).or_insert(program.uses.len());
            if place == program.uses.len() {
                let (read, written) = (Some(0), Some(0));
                program.uses.push(Use {
                    thing,
                    first: usage.span.first,
                    read,
                    written,
                    ..Use::default()
                });
            }
            add(&mut program.uses[place], usage);
        }
        for ((activity, resource), waited) in &self.notes.waits {
            let thing = self.by_resource.get(resource).copied().flatten();
            let place = thing.and_then(|thing| places.get(&(*activity, thing)));
            if let Some(place) = place {
                programs[activity.position()].uses[*place].waited += waited;
            }
        }
    }

    /// Keeps when the run first changed a thing.
    fn changed(&mut self, thing: ThingId, usage: &Usage) {
        let makes = [Deed::Make, Deed::Remove, Deed::Truncate];
        let is_made = makes.iter().any(|deed| usage.count(*deed) > 0);
        let created = self.graph.resource(usage.resource).and_then(|one| one.life.created);
        let is_made = is_made || created.is_some_and(|event| event == usage.events.0);
        let given = usage.given.map(|given| given.first);
        let at = if is_made { Some(usage.span.first) } else { given };
        let known = &mut self.things[thing as usize].changed;
        *known = [*known, at].into_iter().flatten().min();
    }

    fn refusals(&mut self, programs: &mut [Program]) {
        let mut all: Vec<_> = self.notes.refusals.iter().collect();
        all.sort_by_key(|(refused, (_, first))| (*first, refused.activity, refused.errno));
        for (refused, (count, first)) in all {
            let thing = match &refused.to {
                Some(to) => self.peer(refused.about, to),
                None => refused.about.and_then(|id| self.thing(id)),
            };
            if refused.about.is_some() && thing.is_none() {
                continue;
            }
            let call = self.texts.id(refused.call.as_bytes());
            let Some(program) = programs.get_mut(refused.activity.position()) else { continue };
            let is_same = |known: &&mut Refusal| {
                (known.call, known.errno, known.thing) == (call, refused.errno, thing)
            };
            match program.refusals.iter_mut().find(is_same) {
                Some(known) => known.count += count,
                None => program.refusals.push(Refusal {
                    call,
                    errno: refused.errno,
                    thing,
                    count: *count,
                    first: *first,
                }),
            }
        }
    }

    fn mounts(&mut self) -> Vec<Mount> {
        let lines = self.notes.mounts.iter().filter_map(|line| mounts::parse(line));
        let one = |([point, kind, source], is_read_only): ([&[u8]; 3], bool)| Mount {
            point: self.normal(Place::Path, point, None),
            kind: self.texts.id(kind),
            source: self.normal(Place::Path, source, None),
            is_read_only,
        };
        lines.map(one).collect()
    }

    fn passages(&mut self) -> Vec<Passage> {
        let mut passages = Vec::new();
        for passage in self.graph.passages.iter().filter(|passage| passage.is_data()) {
            let Some(through) = self.thing(passage.through) else { continue };
            passages.push(Passage {
                from: passage.from.position() as ProgramId,
                to: passage.to.position() as ProgramId,
                through,
                carrier: self.texts.id(passage.carrier.name().as_bytes()),
                taken: passage.taken.first,
                is_certain: passage.is_certain(),
            });
        }
        passages
    }
}

/// Stands for a step about nothing that another run could know.
const NAMELESS: u32 = u32::MAX;

impl Sitting<'_> {
    fn tracks(&mut self) -> (Vec<Step>, Vec<Track>) {
        let (tapes, mut steps) = (&self.notes.tapes, Vec::new());
        let mut known: FxHashMap<Step, u32> = FxHashMap::default();
        let mut number = |call: &Call| {
            let things = match &call.to {
                Some(to) => [self.peer(call.about[0], to), None],
                None => call.about.map(|about| about.and_then(|id| self.thing(id))),
            };
            let things = match things {
                [None, None] => return NAMELESS,
                // A name and what is behind it.
                [one, other] if one == other => [one, None],
                both => both,
            };
            let name = self.texts.id(call.name.as_bytes());
            let step = Step { call: name, errno: call.errno, things };
            let next = steps.len() as u32;
            let number = *known.entry(step.clone()).or_insert(next);
            if number == next {
                steps.push(step);
            }
            number
        };
        let numbers: Vec<u32> = tapes.calls.iter().map(&mut number).collect();
        let tracks = tapes.all.iter().map(|tape| {
            let steps = tape.steps.iter().map(|(call, at)| (numbers[*call as usize], *at));
            Track {
                program: tape.activity.position() as ProgramId,
                steps: steps.filter(|(step, _)| *step != NAMELESS).collect(),
            }
        });
        let tracks = tracks.collect();
        (steps, tracks)
    }
}

/// Name and value of an entry of an environment.
fn split(entry: &[u8]) -> (&[u8], &[u8]) {
    let at = entry.iter().position(|byte| *byte == b'=').unwrap_or(entry.len());
    (&entry[..at], entry.get(at + 1..).unwrap_or_default())
}

/// A word for a class. What is at a path may be a file or a directory, depending on
/// whether somebody looked.
fn class(class: Class) -> &'static str {
    match class {
        Class::File | Class::Directory | Class::Device | Class::Terminal => "path",
        other => other.name(),
    }
}

fn add(one: &mut Use, usage: &Usage) {
    one.deeds |= usage.deeds().fold(0, |deeds, (deed, _)| deeds | bit(deed));
    one.opens += usage.count(Deed::Open) + usage.count(Deed::Connect);
    let sum = |known: Option<u64>, more: graph::Amount| Some(known? + more.known()?);
    one.read = sum(one.read, usage.bytes_in);
    one.written = sum(one.written, usage.bytes_out);
    let earlier = |known: Option<u64>, span: Option<graph::Span>| {
        [known, span.map(|span| span.first)].into_iter().flatten().min()
    };
    one.taken = earlier(one.taken, usage.taken);
    one.given = earlier(one.given, usage.given);
}

fn bit(deed: Deed) -> u16 {
    match deed {
        Deed::Open => Deeds::OPEN,
        Deed::Read | Deed::Map => Deeds::READ,
        Deed::Write | Deed::Truncate => Deeds::WRITE,
        Deed::MapShared => Deeds::READ | Deeds::WRITE,
        Deed::Execute => Deeds::EXECUTE,
        Deed::List => Deeds::LIST,
        Deed::Make => Deeds::MAKE,
        Deed::Remove => Deeds::REMOVE,
        Deed::Alter => Deeds::ALTER,
        Deed::Connect => Deeds::CONNECT,
        Deed::Look | Deed::Other => Deeds::LOOK,
        // That is a refusal.
        Deed::Fail => 0,
    }
}
