//! What rtrace records: owned plain facts, no I/O, no kernel types.
//!
//! A [`Record`] is one row of the log: a call, a signal, a start, an exit. All
//! kinds share one shape (identity, times, up to six words, a result, captured
//! memory), so that the log stores them alike and a reader skips kinds that it
//! does not know. What the words mean is documented at each [`Kind`].
//!
//! Records live in a [`Batch`], a slice of time: three vectors that are filled
//! at the stops, handed over whole, and used again. The log's writer turns a
//! batch into a block, and its reader turns a block back into a batch.

mod batch;
mod blind;
mod control;
mod fact;
mod kind;
mod record;

pub use batch::{Batch, RecordBuilder};
pub use blind::{BlindSpot, BlindSpots};
pub use control::passed_descriptors;
pub use fact::*;
pub use kind::{Kind, Lane, Origin};
pub use record::{Call, Errno, Phase, Piece, Record, Role, Section, State, TaskId};
