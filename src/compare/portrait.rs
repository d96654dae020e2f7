//! What is left of a run once everything that changes from run to run is taken out of
//! it: what two runs are compared by, and what a baseline keeps.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A text of a portrait: its place in [`Portrait::texts`].
pub type TextId = u32;
/// A thing of a portrait: its place in [`Portrait::things`].
pub type ThingId = u32;
/// A program of a portrait: its place in [`Portrait::programs`].
pub type ProgramId = u32;
/// A process of a portrait: its place in [`Portrait::processes`].
pub type ProcessId = u32;

/// A run, normalised. Times are nanoseconds since its start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Portrait {
    /// Where it comes from.
    pub about: About,
    /// Texts, each once.
    pub texts: Vec<ByteBuf>,
    /// Processes, in the order of first sight.
    pub processes: Vec<Process>,
    /// What they did, from one exec to the next, in the order of beginning.
    pub programs: Vec<Program>,
    /// What they touched, in the order of first mention.
    pub things: Vec<Thing>,
    /// What went from one program to another.
    pub passages: Vec<Passage>,
    /// What was mounted when the recording began, normalised.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// What calls did, each once.
    #[serde(skip)]
    pub steps: Vec<Step>,
    /// What its threads did, step by step. A baseline has none: it would be as long as a
    /// log.
    #[serde(skip)]
    pub tracks: Vec<Track>,
}

/// A file system that is mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The directory.
    pub point: TextId,
    /// The kind of file system.
    pub kind: TextId,
    /// The device, the server, or whatever it is of.
    pub source: TextId,
    /// Whether nothing can be written there.
    pub is_read_only: bool,
}

/// What a call did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Step {
    /// The call.
    pub call: TextId,
    /// Its error; 0 if it succeeded.
    pub errno: u16,
    /// What it was about.
    pub things: [Option<ThingId>; 2],
}

/// What a thread did while its process ran one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    /// The program.
    pub program: ProgramId,
    /// Places in [`Portrait::steps`], and when each step began.
    pub steps: Vec<(u32, u64)>,
}

/// Where a portrait comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The run's UUID, in the usual form.
    pub run: String,
    /// When it began: nanoseconds since 1970.
    pub began: u64,
    /// The machine's name.
    pub host: String,
    /// Kernel release.
    pub kernel: String,
    /// The calls that were recorded, if not all.
    pub filter: Option<String>,
    /// What was learnt beside the calls: `none`, `names`, `full`.
    pub facts: String,
    /// Whether environments were recorded.
    pub env: bool,
    /// When its last event was.
    pub end: u64,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The number of its first task within the run.
    #[serde(default)]
    pub task: u32,
    /// Its id: for people.
    pub pid: u32,
    /// Who made it.
    pub parent: Option<ProcessId>,
    /// What it did: one program at least.
    pub programs: Vec<ProgramId>,
    /// When it was first seen.
    pub started: u64,
    /// When it ended.
    pub ended: Option<u64>,
    /// How it ended.
    pub end: End,
    /// How many threads it has had.
    pub threads: u32,
    /// Of one that failed, the call that is to blame.
    pub blame: Option<Refusal>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It still ran when its recording ended.
    #[default]
    None,
    /// With an exit code.
    Exited(u8),
    /// By a signal.
    Killed(u8),
}

impl End {
    /// Whether it is one that a shell calls a failure.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Exited(1..) | Self::Killed(_))
    }
}

/// What a process did from an exec, or its birth, on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Whose it is.
    pub process: ProcessId,
    /// Whether an exec began it; otherwise it goes on with its parent's.
    pub is_own: bool,
    /// Its arguments, as they were.
    pub argv: Vec<TextId>,
    /// The same, normalised.
    pub normal_argv: Vec<TextId>,
    /// Its file.
    pub executable: Option<ThingId>,
    /// The directory in which it began, normalised.
    pub cwd: Option<TextId>,
    /// Its environment, sorted by name: names with normalised values. `None` if it is
    /// not known.
    pub env: Option<Vec<(TextId, TextId)>>,
    /// When it began.
    pub started: u64,
    /// When it ended.
    pub ended: Option<u64>,
    /// What it did to things, in the order of first touch.
    pub uses: Vec<Use>,
    /// Calls that failed, in the order of their first failure.
    pub refusals: Vec<Refusal>,
}

/// What a program did to a thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// To what.
    pub thing: ThingId,
    /// What: bits of [`Deeds`].
    pub deeds: u16,
    /// How often it got a descriptor of it, or tied it to an address.
    pub opens: u64,
    /// Bytes taken; `None` if that is not known.
    pub read: Option<u64>,
    /// Bytes given; `None` if that is not known.
    pub written: Option<u64>,
    /// When it first touched it.
    pub first: u64,
    /// When it first took what is in it.
    pub taken: Option<u64>,
    /// When it first changed it.
    pub given: Option<u64>,
    /// Nanoseconds that it waited for it.
    pub waited: u64,
}

/// Bits of [`Use::deeds`].
#[derive(Debug)]
pub struct Deeds;

impl Deeds {
    /// Took what is in it: read, mapped.
    pub const READ: u16 = 1;
    /// Changed what is in it.
    pub const WRITE: u16 = 2;
    /// Executed it.
    pub const EXECUTE: u16 = 4;
    /// Made the name.
    pub const MAKE: u16 = 8;
    /// Removed the name.
    pub const REMOVE: u16 = 16;
    /// Changed mode, owner, times.
    pub const ALTER: u16 = 32;
    /// Tied it to an address.
    pub const CONNECT: u16 = 64;
    /// Listed what is in it.
    pub const LIST: u16 = 128;
    /// Opened it.
    pub const OPEN: u16 = 256;
    /// Looked at it, or named it otherwise.
    pub const LOOK: u16 = 512;

    /// Those that matter to what a run makes: not looks, and not that something was
    /// opened or listed, of which caches decide.
    pub const WEIGHTY: u16 = Self::READ
        | Self::WRITE
        | Self::EXECUTE
        | Self::MAKE
        | Self::REMOVE
        | Self::ALTER
        | Self::CONNECT;

    /// Words for the bits.
    pub fn words(deeds: u16) -> Vec<&'static str> {
        const WORDS: [(u16, &str); 10] = [
            (Deeds::READ, "read"),
            (Deeds::WRITE, "written"),
            (Deeds::EXECUTE, "executed"),
            (Deeds::MAKE, "made"),
            (Deeds::REMOVE, "removed"),
            (Deeds::ALTER, "altered"),
            (Deeds::CONNECT, "connected"),
            (Deeds::LIST, "listed"),
            (Deeds::OPEN, "opened"),
            (Deeds::LOOK, "looked at"),
        ];
        WORDS.iter().filter(|(bit, _)| deeds & bit != 0).map(|(_, word)| *word).collect()
    }
}

/// A call that failed, all of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The call.
    pub call: TextId,
    /// Its error.
    pub errno: u16,
    /// What it was about.
    pub thing: Option<ThingId>,
    /// How often.
    pub count: u64,
    /// When, first.
    pub first: u64,
}

/// A thing that was touched: all resources of one class and one normalised name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thing {
    /// A word for what it is.
    pub class: TextId,
    /// Its name, normalised.
    pub name: TextId,
    /// The name of the first of them, as it was.
    pub raw: TextId,
    /// How many there are.
    pub count: u64,
    /// What the names have of dates, as they were: of the first of them.
    pub dates: Vec<TextId>,
    /// How the first of them was before the run changed it, if that is known.
    pub before: Option<State>,
    /// How it was last.
    pub after: Option<State>,
    /// When the run first changed or made it.
    pub changed: Option<u64>,
    /// Whether it was gone at the end.
    pub is_gone: bool,
}

/// The state of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Bytes in it.
    pub size: Option<i64>,
    /// Type and permission bits.
    pub mode: Option<u32>,
    /// Last modification: nanoseconds since 1970.
    pub modified: Option<i64>,
    /// BLAKE3 hash of what is in it (or of parts, if it is long); not if it changed
    /// meanwhile.
    pub hash: Option<ByteBuf>,
    /// Why there is no hash, if one was wanted.
    #[serde(default)]
    pub unhashed: Option<ByteBuf>,
    /// The GNU build-id of an executable.
    pub build: Option<ByteBuf>,
}

/// What went from one program to another through a thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Who gave.
    pub from: ProgramId,
    /// Who took.
    pub to: ProgramId,
    /// Through what.
    pub through: ThingId,
    /// A word for how: bytes, messages, content.
    pub carrier: TextId,
    /// When it was first taken.
    pub taken: u64,
    /// Whether nothing else is possible.
    pub is_certain: bool,
}

impl Portrait {
    /// A text.
    pub fn text(&self, id: TextId) -> &[u8] {
        self.texts.get(id as usize).map_or(&[], |text| text)
    }

    /// A thing's name, normalised.
    pub fn name(&self, id: ThingId) -> &[u8] {
        self.things.get(id as usize).map_or(&[], |thing| self.text(thing.name))
    }

    /// The command line of a program: normalised, or as it was.
    pub fn command(&self, id: ProgramId, is_normal: bool) -> Vec<u8> {
        let Some(program) = self.programs.get(id as usize) else { return Vec::new() };
        let argv = if is_normal { &program.normal_argv } else { &program.argv };
        let argv: Vec<Vec<u8>> = argv.iter().map(|word| self.text(*word).to_vec()).collect();
        crate::flow::command_line(&argv)
    }

    /// The last program of a process that an exec began; its last one if there was none.
    pub fn main_program(&self, id: ProcessId) -> Option<ProgramId> {
        let programs = &self.processes.get(id as usize)?.programs;
        let is_own = |id: &&ProgramId| self.programs.get(**id as usize).is_some_and(|p| p.is_own);
        programs.iter().rev().find(is_own).or(programs.last()).copied()
    }
}
