//! What pictures of a run have in common: who shares a box or a lane, which resources are
//! worth one, and words that fit into it. All numbers are those of
//! [`flow::graph`](crate::flow::graph).
//!
//! | file | what it knows |
//! | --- | --- |
//! | `group` | which processes are shown as one |
//! | `board` | boxes and arrows of a diagram |
//! | `things`, `thing` | which resources are shown in it, and as what |
//! | `reading` | how a log becomes the graph that is drawn |
//! | `diagram` | how logs become diagrams |
//! | `parts` | what a process was doing when |
//! | `scale` | from times to places along an axis |
//! | `words` | text and quantities |

mod board;
mod diagram;
mod group;
#[cfg(test)]
pub(super) mod kit;
mod parts;
mod reading;
mod scale;
mod thing;
mod things;
mod words;

pub use group::{Group, Groups, Likeness, command, program};
pub use parts::{Part, PartKind, Waits, lifetime, parts};
pub use scale::{Gap, Scale, Tick, moments, span};
pub use words::{
    amount_text, counted, end_text, error_text, readable, reason_text, shortened, signal_text,
    size_text, time_text, wrapped,
};

pub(super) use board::{Board, Kind, Limits, Node, Tie};
pub(super) use diagram::Diagram;
pub(super) use reading::{Onlooker, Read, Reading};
