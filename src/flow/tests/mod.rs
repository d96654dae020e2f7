//! Flows of hand-made records.

mod data;
mod kit;
mod recap;
mod tables;
mod tree;
