//! The columns, and a row of cells. What was bytes in the tracee is escaped in such
//! a way that every row is one line, and every byte can be had back.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::render::{decimal, find_byte};

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

/// A row being filled. Most of its many cells stay empty.
#[derive(Debug)]
pub(super) struct Row {
    cells: [String; Column::NAMES.len()],
    /// Those that are set, a bit each.
    set: u64,
    /// Those in which anything may stand, also what needs quotes.
    text: u64,
}

impl Default for Row {
    fn default() -> Self {
        Self { cells: std::array::from_fn(|_| String::new()), set: 0, text: 0 }
    }
}

impl Row {
    pub(super) fn clear(&mut self) {
        for index in bits(self.set) {
            self.cells[index].clear();
        }
        (self.set, self.text) = (0, 0);
    }

    /// A cell to which text is to be appended.
    pub(super) fn cell(&mut self, column: Column) -> &mut String {
        self.set |= 1 << column as u32;
        self.text |= 1 << column as u32;
        &mut self.cells[column as usize]
    }

    /// Sets a cell to a number or a word of ours, none of which needs quotes.
    pub(super) fn set(&mut self, column: Column, value: impl Value) {
        self.set |= 1 << column as u32;
        let cell = &mut self.cells[column as usize];
        cell.clear();
        value.put(cell);
    }

    /// Sets a cell to bytes, escaped.
    pub(super) fn set_bytes(&mut self, column: Column, bytes: &[u8]) {
        let cell = self.cell(column);
        cell.clear();
        escape(bytes, cell);
    }

    /// Appends the row as a line, RFC 4180.
    pub(super) fn put(&self, out: &mut String) {
        const COMMAS: &str = ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,";
        let mut at = 0;
        for index in bits(self.set) {
            out.push_str(&COMMAS[..index - at]);
            at = index;
            let cell = &self.cells[index];
            if self.text & 1 << index == 0 {
                out.push_str(cell);
            } else {
                put_cell(cell, out);
            }
        }
        out.push_str(&COMMAS[..Column::NAMES.len() - 1 - at]);
        out.push_str("\r\n");
    }
}

/// The numbers of the bits that are set, from the lowest on.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = set.trailing_zeros();
        set &= set.checked_sub(1)?;
        Some(lowest as usize)
    })
}

/// Appends the first line.
pub(super) fn put_names(out: &mut String) {
    out.push_str(&Column::NAMES.join(","));
    out.push_str("\r\n");
}

/// Appends a cell: in quotes, if without them it would be something else.
fn put_cell(cell: &str, out: &mut String) {
    if find_byte(cell.as_bytes(), |byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')).is_none() {
        out.push_str(cell);
        return;
    }
    out.push('"');
    let mut rest = cell;
    while let Some(at) = find_byte(rest.as_bytes(), |byte| byte == b'"') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// What a cell can be set to.
pub(super) trait Value {
    /// Appends it.
    fn put(self, cell: &mut String);
}

impl Value for &str {
    fn put(self, cell: &mut String) {
        cell.push_str(self);
    }
}

impl Value for &String {
    fn put(self, cell: &mut String) {
        cell.push_str(self);
    }
}

impl Value for Cow<'_, str> {
    fn put(self, cell: &mut String) {
        cell.push_str(&self);
    }
}

impl Value for bool {
    fn put(self, cell: &mut String) {
        cell.push_str(if self { "true" } else { "false" });
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Value for $number {
            fn put(self, cell: &mut String) {
                decimal(self, cell);
            }
        })*
    };
}

numbers!(u32, u64, i64);

/// Appends bytes as text: a backslash as `\\`; what is no UTF-8, control characters
/// and line separators as `\xNN`, byte by byte.
pub fn escape(bytes: &[u8], out: &mut String) {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && byte != b'\\';
    let plain = find_byte(bytes, |byte| !is_plain(byte)).unwrap_or(bytes.len());
    let (plain, bytes) = bytes.split_at(plain);
    // All ASCII, so this does not fail.
    out.push_str(std::str::from_utf8(plain).unwrap_or_default());
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

    #[test]
    fn a_line_is_what_the_csv_crate_writes() {
        let mut row = Row::default();
        let texts = ["a b", "a,b", "say \"x\"", "\"", "a\nb", "a\rb", "é", "", ",\r\n\"\"\","];
        for from in [0, 7, 3] {
            row.clear();
            let mut cells = [""; Column::NAMES.len()];
            for (index, text) in texts.iter().enumerate() {
                let place = from + 5 * index;
                cells[place] = text;
                row.cells[place].push_str(text);
                (row.set, row.text) = (row.set | 1 << place, row.text | 1 << place);
            }
            cells[Column::Run as usize] = "a run";
            row.set(Column::Run, "a run");
            let mut writer =
                csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            writer.write_record(cells).unwrap();
            let expected = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let mut line = String::new();
            row.put(&mut line);
            assert_eq!(line, expected);
        }
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
