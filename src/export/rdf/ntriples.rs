//! N-Triples: a triple a line.

use std::io::{self, Write};

use super::lines::Lines;
use crate::export::{Exporter, Options};

/// Exports N-Triples.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(super::export(Lines::triples(out), options))
}
