//! `-e` and `-p`: which calls, and whose.

use rtrace::abi::{self, Filter};

/// A set of calls, as the command line has it.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The set.
    pub(crate) filter: Filter,
    /// Its text, without `trace=`.
    pub(crate) text: String,
}

/// Which calls.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Calls {
    /// Only these calls: trace=SET, with names, %classes and `!`.
    #[arg(
        short = 'e',
        value_name = "trace=SET",
        value_parser = selection,
        overrides_with = "selection"
    )]
    pub(crate) selection: Option<Selection>,
}

/// Which calls of a log, and of whom.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Chosen {
    #[command(flatten)]
    calls: Calls,

    /// Only this process, or thread; may be repeated.
    #[arg(short = 'p', long = "pid", value_name = "PID")]
    pub(crate) pids: Vec<u32>,
}

impl Chosen {
    /// The calls, where not all are chosen.
    pub(crate) fn selection(&self) -> Option<&Selection> {
        self.calls.selection.as_ref()
    }

    /// The same as a filter.
    pub(crate) fn filter(&self) -> Option<Filter> {
        self.selection().map(|selection| selection.filter.clone())
    }
}

/// Reads what is given to `-e`, for clap.
fn selection(expression: &str) -> Result<Selection, String> {
    let filter = Filter::parse(expression).map_err(|error| error.to_string())?;
    let text = abi::expressed_set(expression).map_err(|error| error.to_string())?.to_owned();
    Ok(Selection { filter, text })
}
