//! Flows of hand-made records.

mod data;
mod databases;
mod files;
mod graph;
mod ipc;
mod kit;
mod meetings;
mod recap;
mod revisions;
mod rights;
mod signals;
mod tables;
mod threads;
mod tree;
mod unseen;
