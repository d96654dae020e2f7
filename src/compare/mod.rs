//! What is different between two runs.
//!
//! Two runs of one batch never have the same process ids, dates, temporary names or
//! ephemeral ports. So names are *normalised* first: what changes from run to run is
//! replaced by a word for what it is, by rules that are data.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `rules.toml` | the rules that come with rtrace, and how to write more |
//! | `rules` | how a file of rules is read |
//! | `holds` | what must hold for a match: that it is a date, looks random, is a pid |
//! | `context` | what is known of a run: when it was, its process ids and ports |
//! | `kin` | whose ids a process may write down |
//! | `same` | names of machine, home and user, which are the same on request |
//! | `normal` | texts, normalised |
//!
//! A run is then reduced to its *portrait*, and two portraits are held against each
//! other.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `portrait` | what is left of a run |
//! | `painter` | what of its flow a portrait needs |
//! | `sitting` | how that becomes a portrait |
//! | `tape` | what each thread did, step by step |
//! | `peer`, `texts` | names of sockets that another run knows; texts, each once |
//! | `align` | which process of one run is which of the other |
//! | `pair` | two portraits, aligned, with one clock |
//! | `temporary` | which of the files that runs make for themselves are the same |
//! | `outside`, `mounts`, `refused`, `listing`, `doing`, `timing` | what is different, by where it comes from |
//! | `sequence` | two sequences of steps, held against each other |
//! | `parting` | where programs that are the same part |
//! | `rank` | which difference is the cause of others |
//! | `finding` | what a difference is |
//! | `baseline` | what varies among good runs |

mod align;
mod baseline;
mod context;
mod doing;
mod finding;
mod holds;
mod kin;
mod listing;
mod mounts;
mod normal;
mod outside;
mod painter;
mod pair;
mod parting;
mod peer;
mod portrait;
mod rank;
mod refused;
mod rules;
mod same;
mod sequence;
mod sitting;
mod tape;
mod temporary;
mod texts;
mod timing;

pub use baseline::{Baseline, BaselineError};
pub use context::Context;
pub use finding::{Comparison, Count, Finding, Force, Kind};
pub use normal::{Normal, Normaliser, Taken};
pub use painter::Painter;
pub use portrait::{
    About, Deeds, End, Mount, Passage, Portrait, Process, ProcessId, Program, ProgramId, Refusal,
    State, Step, TextId, Thing, ThingId, Track, Use,
};
pub use rank::compare;
pub use rules::{Mapping, Place, RuleError, Rules};
pub use same::Same;
