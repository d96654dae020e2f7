//! A list of the document, until it is written. The document begins with what is known
//! last, so the rest has to wait: it is kept compressed, which makes it some twenty
//! times smaller.

use std::io::{self, BufRead, BufReader, Write};

use serde::Serialize;
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

/// The fastest level that is not worse than the ones beside it.
const LEVEL: i32 = 1;

/// Members of a list, each on a line of its own.
pub(in crate::export) struct Section {
    packed: Encoder<'static, Vec<u8>>,
    lines: Lines,
}

/// The same, not compressed yet.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    pub(in crate::export) fn push(&mut self, member: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, member)?;
        self.0.push(b'\n');
        Ok(())
    }
}

impl Section {
    pub(in crate::export) fn new() -> io::Result<Self> {
        Ok(Self { packed: Encoder::new(Vec::new(), LEVEL)?, lines: Lines::default() })
    }

    pub(in crate::export) fn push(&mut self, member: &impl Serialize) -> io::Result<()> {
        const ENOUGH: usize = 1 << 16;
        self.lines.push(member)?;
        if self.lines.0.len() > ENOUGH {
            self.packed.write_all(&self.lines.0)?;
            self.lines.0.clear();
        }
        Ok(())
    }

    /// Takes over all of them.
    pub(super) fn append(&mut self, lines: &mut Lines) -> io::Result<()> {
        self.packed.write_all(&self.lines.0)?;
        self.packed.write_all(&lines.0)?;
        self.lines.0.clear();
        lines.0.clear();
        Ok(())
    }

    /// Ends it.
    pub(in crate::export) fn finish(mut self) -> io::Result<Members> {
        self.packed.write_all(&self.lines.0)?;
        Ok(Members(self.packed.finish()?))
    }

    /// Writes all of them as one list.
    pub(super) fn write(sections: Vec<Self>, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"[")?;
        let mut commas = Commas { out, is_line_over: false, has_any: false };
        for section in sections {
            zstd::stream::copy_decode(section.finish()?.0.as_slice(), &mut commas)?;
        }
        out.write_all(b"\n]")
    }
}

/// The members of a list that is over.
#[derive(Debug)]
pub(in crate::export) struct Members(Vec<u8>);

impl Members {
    /// Tells of each, as JSON.
    pub(in crate::export) fn each(
        &self,
        mut tell: impl FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut lines = BufReader::new(Decoder::with_buffer(self.0.as_slice())?);
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 {
            tell(line.trim_end())?;
            line.clear();
        }
        Ok(())
    }
}

/// Puts commas between lines. (No JSON that serde writes has a line feed in it.)
struct Commas<'a, W> {
    out: &'a mut W,
    is_line_over: bool,
    has_any: bool,
}

impl<W: Write> Write for Commas<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.is_line_over || !self.has_any {
                self.out.write_all(if self.has_any { b",\n" } else { b"\n" })?;
                (self.is_line_over, self.has_any) = (false, true);
            }
            let text = line.strip_suffix(b"\n");
            self.is_line_over = text.is_some();
            self.out.write_all(text.unwrap_or(line))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
