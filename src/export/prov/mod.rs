//! W3C PROV in its own notations: what the triples of [`rdf`](super::rdf) say in
//! PROV's terms, as statements. So both have the same things by the same names.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `statement` | what a statement is, and how its things are named |
//! | `group` | what is said of one thing, and what waits for the end |
//! | `gather` | how triples become statements |
//! | `provn`, `json` | the notations |

mod gather;
mod group;
mod statement;

pub mod json;
pub mod provn;

/// The names of the formats that are PROV's own.
pub const NAMES: [&str; 2] = ["prov-json", "provn"];
