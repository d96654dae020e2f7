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
//! | `normal` | texts, normalised |

mod context;
mod holds;
mod normal;
mod rules;

pub use context::Context;
pub use normal::{Normal, Normaliser, Taken};
pub use rules::{Mapping, Place, RuleError, Rules};
