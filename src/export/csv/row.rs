//! The columns, and a row of cells. What was bytes in the tracee is escaped in such
//! a way that every row is one line, and every byte can be had back.

use std::fmt::{Display, Write as _};

macro_rules! columns {
    ($($column:ident = $name:literal),* $(,)?) => {
        /// What a cell says.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Column { $($column,)* }

        impl Column {
            /// The first line.
            pub(super) const NAMES: &'static [&'static str] = &[$($name,)*];
        }
    };
}

columns! {
    Run = "run", Kind = "kind", Task = "task", Ordinal = "ordinal",
    Process = "process", Pid = "pid", Tid = "tid", Time = "time", Ns = "ns", Lane = "lane",
    Call = "call", Abi = "abi", Nr = "nr", Arguments = "arguments", Duration = "duration",
    Result = "result", Error = "error", Unfinished = "unfinished", Begun = "begun",
    Class = "class", Name = "name", Device = "device", Inode = "inode",
    Protocol = "protocol", Local = "local", Remote = "remote", Other = "other",
    Executable = "executable", CommandLine = "command_line", Cwd = "cwd",
    TidBefore = "tid_before", Origin = "origin", ParentTask = "parent_task",
    ParentOrdinal = "parent_ordinal", Code = "code", Signal = "signal", Core = "core",
    ReplacedBy = "replaced_by", Reason = "reason", Why = "why",
    Mode = "mode", Size = "size", Modified = "modified", Changed = "changed",
    Hash = "hash", Part = "part", Stale = "stale", BuildId = "build_id", Loader = "loader",
    Script = "script", Interpreters = "interpreters",
    RecordedCalls = "recorded_calls", LeftOut = "left_out", CutTo = "cut_to",
    KeptBytes = "kept_bytes",
}

/// A row being filled.
#[derive(Debug)]
pub(super) struct Row([String; Column::NAMES.len()]);

impl Default for Row {
    fn default() -> Self {
        Self(std::array::from_fn(|_| String::new()))
    }
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.0.iter_mut().for_each(String::clear);
    }

    pub(super) fn cells(&self) -> &[String] {
        &self.0
    }

    pub(super) fn cell(&mut self, column: Column) -> &mut String {
        &mut self.0[column as usize]
    }

    /// Sets a cell to what is text for certain.
    pub(super) fn set(&mut self, column: Column, value: impl Display) {
        let cell = self.cell(column);
        cell.clear();
        // Writing to a string does not fail.
        let _ = write!(cell, "{value}");
    }

    /// Sets a cell to bytes, escaped.
    pub(super) fn set_bytes(&mut self, column: Column, bytes: &[u8]) {
        let cell = self.cell(column);
        cell.clear();
        escape(bytes, cell);
    }
}

/// Appends bytes as text: a backslash as `\\`; what is no UTF-8, control characters
/// and line separators as `\xNN`, byte by byte.
pub fn escape(bytes: &[u8], out: &mut String) {
    let hex = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(out, "\\x{byte:02x}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\u{2028}' | '\u{2029}' => hex(out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c if c.is_control() => hex(out, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => out.push(c),
            }
        }
        hex(out, chunk.invalid());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_stays_as_it_is() {
        let mut out = String::new();
        escape("/é ü,\"\u{1f600}\\\n\u{85}\u{2028}".as_bytes(), &mut out);
        escape(b"\xff\xed\xa0\x80", &mut out);
        assert_eq!(out, "/é ü,\"\u{1f600}\\\\\\x0a\\xc2\\x85\\xe2\\x80\\xa8\\xff\\xed\\xa0\\x80");
    }

    /// What `docs/csv.md` says of reading it.
    fn unescaped(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match after {
                [b'\\', after @ ..] if byte == b'\\' => {
                    out.push(b'\\');
                    rest = after;
                }
                [b'x', high, low, after @ ..] if byte == b'\\' => {
                    let digits = [*high, *low];
                    let digits = std::str::from_utf8(&digits).expect("digits");
                    out.push(u8::from_str_radix(digits, 16).expect("digits"));
                    rest = after;
                }
                _ => out.push(byte),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn every_byte_can_be_had_back(bytes: Vec<u8>, text in ".*\\\\x[0-9]{2}.*") {
            for bytes in [&bytes[..], text.as_bytes()] {
                let mut out = String::new();
                escape(bytes, &mut out);
                prop_assert!(!out.chars().any(char::is_control));
                prop_assert_eq!(&unescaped(&out)[..], bytes);
            }
        }
    }
}
