//! Flows of hand-made records.

pub(crate) mod kit;
mod tables;
mod tree;
