//! Runs of real programs whose true graph is known from elsewhere: from the compiler, from
//! arithmetic, from what the programs say themselves.

#[path = "../common/mod.rs"]
mod common;

mod build;
mod chroot;
mod copies;
mod filtered;
mod functions;
mod jobs;
mod kit;
mod names;
mod network;
mod pipelines;
mod processes;
mod spaces;
mod users;
