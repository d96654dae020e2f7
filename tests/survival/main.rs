//! What the ptrace loop must survive, a tracee for each.

#[path = "../common/mod.rs"]
mod common;

mod abis;
mod births;
mod command;
mod confined;
mod daemons;
mod endings;
mod filtered;
mod job_control;
mod memory;
mod odd;
mod own_death;
mod signals;
