//! How text formats look: the options that strace users know.

use crate::abi::Filter;

/// Options of text formats, by strace(1)'s letters.
#[derive(Clone, Debug, Default)]
pub struct TextOptions {
    /// `-t`, `-tt`, `-ttt`: how many.
    pub absolute_time: u8,
    /// `-r`: time since the line before.
    pub relative_time: bool,
    /// `-T`: time spent in each call.
    pub duration: bool,
    /// `-y`, `-yy`: how many.
    pub decode_descriptors: u8,
    /// `-v`: structs whole.
    pub verbose: bool,
    /// `-s`: bytes of a string shown at most (`None`: 32).
    pub string_limit: Option<usize>,
    /// `-e trace=SET`: only these calls.
    pub filter: Option<Filter>,
    /// `-p PID`: only these processes.
    pub pids: Vec<u32>,
}
