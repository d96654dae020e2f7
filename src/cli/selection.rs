//! `-e`: the calls that are wanted.

use rtrace::abi::{self, Filter};

/// A set of calls, as the command line has it.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The set.
    pub(crate) filter: Filter,
    /// Its text, without `trace=`.
    pub(crate) text: String,
}

/// Reads what is given to `-e`, for clap.
pub(crate) fn selection(expression: &str) -> Result<Selection, String> {
    let filter = Filter::parse(expression).map_err(|error| error.to_string())?;
    let text = abi::expressed_set(expression).map_err(|error| error.to_string())?.to_owned();
    Ok(Selection { filter, text })
}
