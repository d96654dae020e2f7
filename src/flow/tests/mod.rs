//! Flows of hand-made records.

mod kit;
mod tables;
mod tree;
