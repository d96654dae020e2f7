//! rtrace held against strace on real programs.
//!
//! Each program runs under both, with the same inputs in the same place. From
//! strace's text and from rtrace's log the same [`story::Story`] is told: the
//! tasks by their place in the tree, and of each its calls with their paths and
//! results, its signals and its end. Programs that do the same every time must
//! have the same story ([`exact`]); of the others the processes and the programs
//! executed are counted ([`counted`]).
//!
//! | file | what it has |
//! | --- | --- |
//! | `story` | what a run did, whoever saw it |
//! | `strace`, `log` | stories from strace's text, and from a log |
//! | `noise` | how stories differ, and what of it strace's own runs differ in |
//! | `scene` | inputs, and one program under either tracer |
//! | `exact`, `counted` | the programs |

#[path = "../common/mod.rs"]
mod common;

mod counted;
mod exact;
mod log;
mod noise;
mod scene;
mod story;
mod strace;
