//! rtrace: a flight recorder for batch jobs.
//!
//! The rooms, from the ground up (a module imports only from the floors below
//! it; `docs/architecture.md` is the map, `tests/layers.rs` holds it to that):
//!
//! | floor | modules | what they hold |
//! | --- | --- | --- |
//! | 6 | [`record`] | the tracer joined to the log; the command line stands above it |
//! | 5 | [`export`], [`edit`], [`stats`], [`bench`](mod@bench), [`query`], [`compare`] | one file a format; logs out of logs; calls counted; what recording costs; questions answered; what is different between two runs |
//! | 4 | [`merge`] | many runs as one: what is the same, what clocks differ by |
//! | 3 | [`flow`] | process tree, descriptors, resources, edges |
//! | 2 | [`tracer`], [`log`], [`render`] | the ptrace loop; the file format; strace-style text |
//! | 1 | [`event`], [`sys`] | plain facts; the only `unsafe` |
//! | 0 | [`abi`] | syscall tables, flag sets, structs, as data |

pub mod abi;
pub mod bench;
pub mod compare;
pub mod edit;
pub mod event;
pub mod export;
pub mod flow;
pub mod log;
pub mod merge;
pub mod query;
pub mod record;
pub mod render;
pub mod stats;
pub mod sys;
pub mod tracer;
