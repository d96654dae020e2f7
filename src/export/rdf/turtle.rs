//! Turtle: triples for reading.

use std::io::{self, Write};

use super::abbreviated::Abbreviated;
use crate::export::{Exporter, Options};

/// Exports Turtle.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(super::export(Abbreviated::triples(out), options))
}
