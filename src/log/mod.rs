//! The log: what a run recorded, in a file.
//!
//! `docs/log-format.md` describes it byte by byte. A [`Writer`] turns each
//! [`Batch`](crate::event::Batch) into a block; a [`Reader`] turns each block
//! back, passes over what is damaged, and can follow a log that still grows.

mod check;
mod column;
mod decode;
mod dictionary;
mod encode;
mod error;
mod facts;
mod frame;
mod header;
mod index;
mod join;
pub mod layout;
mod msgpack;
mod raw;
mod reader;
mod repair;
mod tally;
#[cfg(test)]
mod tests;
mod wire;
mod writer;

pub use check::{Bytes, Ending, Lost, Sections, Summary, Unseen, check, check_reader};
pub use error::Error;
pub use header::{Clock, Header, Host, Options, Part};
pub use index::{End, Missing, Reason};
pub use join::Join;
pub use reader::{BlockInfo, Losses, Parts, ReadAhead, Reader, Sizes};
pub use repair::{Repaired, repair};
pub use tally::Tally;
pub use writer::{Totals, Writer, Written};
