//! `rtrace attach`: processes that run already are recorded, and go on as if
//! nobody had been there.

#[path = "../common/mod.rs"]
mod common;

mod deeds;
mod kit;
mod refusals;
mod untouched;
