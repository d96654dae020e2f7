//! Flows of hand-made records.

mod data;
mod files;
mod graph;
mod kit;
mod recap;
mod signals;
mod tables;
mod threads;
mod tree;
