//! What the flow gives out.

use super::database::{DatabaseUse, Statement};
use super::resource::ResourceId;
use super::state::State;
use super::version::{Version, VersionId};
use crate::abi::{Prototype, Verb};
use crate::event::{Fact, FactKey, Record, TaskId};

/// An event of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId {
    /// The task that it happened to.
    pub task: TaskId,
    /// Its place in the task's life; 0 is the start.
    pub ordinal: u64,
}

/// What a process does from an exec (or from its birth, or from when it was first
/// seen) until the next one, or its end: the doer of the batchflow. A forked child
/// shares its parent's [`Execution`](super::Execution), but not its activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActivityId {
    /// The process.
    pub process: TaskId,
    /// The exec that it began with; the process's first event where there was none.
    pub since: EventId,
}

/// One thing that the flow has found out. Items come in an order such that what
/// one refers to has been given before, but for the far end of an edge whose
/// effect came first.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A resource is mentioned for the first time.
    Resource(ResourceId),
    /// More is known of a resource: its class, identity, name or addresses.
    Learnt(ResourceId),
    /// The content of a file has become another one; the event that did it follows.
    Version(Version),
    /// A task was seen for the first time; its `Start` event follows.
    Task(TaskId),
    /// A process runs a new program; the event that led to it follows.
    /// The state tells more of it.
    Execution(EventId),
    /// An event: one that is over, or a call that will never end. Each once.
    Event(Event<'a>),
    /// A call that has begun and may end later, in another record.
    Begun(Event<'a>),
    /// A cause and its effect.
    Edge(Edge),
    /// Somebody uses a database; the event that showed it went before.
    Database(&'a DatabaseUse),
    /// Something that the recorder could not see.
    BlindSpot(BlindSpot<'a>),
    /// Something that a process did is missing, though no filter left it out: it was
    /// lost, came before the log's beginning, or could not be seen. Once for a process.
    Partial(TaskId),
    /// A process acts as a user from now on, or it is known only now that it does; the
    /// state tells as whom. A fork takes over its parent's, which is not told again.
    ActsAs(TaskId),
    /// A file was looked at: how it was at that moment.
    Look(Look<'a>),
    /// A task has ended; its `Exit` event went before. The state still knows it.
    Ended(TaskId),
}

/// An event with what it touches.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// As it was recorded.
    pub record: Record<'a>,
    /// For a call with a known number, what the tables say of it.
    pub prototype: Option<&'static Prototype>,
    /// What its arguments and its result stand for.
    pub uses: &'a [Use],
    /// Statements in SQL among what it moved.
    pub statements: &'a [Statement],
}

impl Event<'_> {
    /// Its identity.
    pub fn id(&self) -> EventId {
        EventId { task: self.record.task, ordinal: self.record.ordinal }
    }

    /// What argument `arg` stands for.
    pub fn argument(&self, arg: u8) -> Option<ResourceId> {
        self.uses.iter().find(|u| u.place == Place::Argument(arg)).map(|u| u.resource)
    }

    /// What a descriptor that the call returned stands for.
    pub fn returned(&self) -> Option<ResourceId> {
        self.uses.iter().find(|u| u.place == Place::Result).map(|u| u.resource)
    }
}

/// Something that the recorder could not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlindSpot<'a> {
    /// The event at which that was noticed; it may follow.
    pub event: EventId,
    /// Whether the log has that event: a filter may have left it out.
    pub is_recorded: bool,
    /// When: nanoseconds since the run's start.
    pub time: u64,
    /// Whose doing is not seen: a process id as the tracer sees it.
    pub pid: Option<i64>,
    /// What, and why, for people.
    pub why: &'a [u8],
}

impl<'a> BlindSpot<'a> {
    /// What a fact of that kind says.
    pub(super) fn of(fact: &'a Fact) -> Self {
        Self {
            event: EventId { task: fact.task, ordinal: fact.ordinal },
            is_recorded: true,
            time: fact.time,
            pid: fact.number(FactKey::Pid),
            why: fact.bytes(FactKey::Text).unwrap_or_default(),
        }
    }
}

/// A file was looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look<'a> {
    /// The event because of which: it opened or executed the file, or was about to
    /// close what had written it.
    pub event: EventId,
    /// Whether the log has that event: a filter may have left it out.
    pub is_recorded: bool,
    /// When: nanoseconds since the run's start.
    pub time: u64,
    /// The file.
    pub resource: ResourceId,
    /// What was seen: a fact of the kind `File`, `Written`, `Executable` or `Content`.
    pub fact: &'a Fact,
}

/// An event touches a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Where in the call it stands.
    pub place: Place,
    /// What the call does to it (if it succeeds); [`Verb::None`] where it is only
    /// named, as a directory descriptor is.
    pub verb: Verb,
    /// The resource, as it was before the call (results: after).
    pub resource: ResourceId,
    /// Of a file whose content the call reads, maps, executes or writes: which one.
    pub version: Option<VersionId>,
}

/// Where in a call a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An argument: a descriptor or a path.
    Argument(u8),
    /// The descriptor that the call returned.
    Result,
    /// Nowhere: the call implies it, as an exec does the program's interpreter.
    Implied,
    /// The first or second descriptor that the call wrote to memory (pipe).
    Pair(u8),
}

/// A cause and its effect. `cause` is never later than the end of `effect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What it is.
    pub kind: EdgeKind,
    /// The cause.
    pub cause: EventId,
    /// Whether the cause is its event's start or its end.
    pub from: Side,
    /// The effect.
    pub effect: EventId,
    /// Whether the effect is its event's start or its end.
    pub to: Side,
}

/// What leads from one event to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// The next event of the same task.
    Next,
    /// A call made a task: from the call's start (its end may come after the
    /// child's whole life, as with vfork) to the task's start.
    Fork,
    /// A process ended and another one waited for it: to the end of that call. Or a
    /// thread did: from the start of its exit(2) (the tracer may hear of its end only
    /// later) to the end of the futex(2) by which it was waited for.
    Wait,
    /// A signal: from the start of the call that sent it (it may be got before that
    /// has returned) to its delivery, to the end of a call that waited for it, or to
    /// the end of a task that SIGKILL ended. And from a process's end to the SIGCHLD
    /// that told of it.
    Signal(Delivery),
    /// Bytes that a call wrote were read by another: from the start of the one (they
    /// may be read before it has returned) to the end of the other.
    Data(Transfer),
    /// An activity wrote to a file what another one read (mapped, executed) later: from
    /// the last of its writes before to the first such use, once for each state of the
    /// content. Sides as with `Data`.
    Content(Through),
    /// An activity read a file which another one wrote to later (changed, made short):
    /// from the last of its reads to the first such write. Nothing went this way, but
    /// the reader cannot have seen what was written.
    Overwrite(Through),
}

/// A signal was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// Its number.
    pub signal: u32,
    /// When: nanoseconds since the run's start.
    pub time: u64,
}

/// A file that stands between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Through {
    /// The file, by the name that the effect's event uses.
    pub file: ResourceId,
    /// Its content as the cause's event left it, or read it.
    pub version: VersionId,
    /// Whether the bytes that the one touched and those of the other overlap for sure.
    pub certain: bool,
}

/// Bytes that went from one event to another. Times are nanoseconds since the run's
/// start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// The pipe or eventfd; of a connection the socket that they were written to; of
    /// datagrams the one that got them.
    pub through: ResourceId,
    /// The first of them, counted from the first that ever went this way in the
    /// recording. Where messages are kept apart (datagrams), they are counted; of an
    /// eventfd, what was added to its count.
    pub from: u64,
    /// The one behind the last.
    pub to: u64,
    /// Whether nothing else is possible. It is where calls overlapped in time, or
    /// somebody who was not recorded may have written or read too.
    pub certain: bool,
    /// Whether all calls are in the log that may have moved bytes this way: if not, how
    /// many went from the one event to the other is not known.
    pub counted: bool,
    /// When the call that wrote them was entered, and when it had returned.
    pub given: (u64, u64),
    /// The same of the call that read them.
    pub taken: (u64, u64),
}

/// Start or end of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Its start.
    Start,
    /// Its end.
    End,
}

/// Takes what the flow finds out.
pub trait Sink {
    /// Why it could not.
    type Error;

    /// Takes one item; `state` is the flow's after the event.
    ///
    /// # Errors
    /// Whatever ends the whole.
    fn item(&mut self, state: &State, item: Item<'_>) -> Result<(), Self::Error>;
}
