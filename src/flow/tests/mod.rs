//! Flows of hand-made records.

mod kit;
mod recap;
mod tables;
mod tree;
