//! What the kernel's interface looks like, as data: ABIs, system call
//! prototypes, flag sets, struct layouts, error and signal names.
//!
//! Everything here is generated at build time from `syscall-tables/` (see the
//! README there for the grammar) or is a short list in code. No I/O.

mod display;
pub mod filter;
pub mod irregular;
mod profile;
mod subcall;
mod suggest;
mod tables;
pub mod types;
mod words;

pub use filter::{Filter, FilterError, expressed_set};
pub use profile::Profile;
pub use subcall::{Subcall, is_subcall, subcall, subcalls};
pub use suggest::nearest;
pub use tables::*;
pub use types::*;
pub use words::given;
