//! Lines of the tables, and what can be wrong with them or another input.

use std::fmt;
use std::fs;

/// A mistake in a table, and where it stands.
#[derive(Debug)]
pub(crate) struct Mistake {
    file: String,
    line: usize,
    what: String,
}

impl Mistake {
    /// One in that line of a file.
    pub(crate) fn new(file: &str, line: usize, what: String) -> Self {
        Self { file: file.to_owned(), line, what }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A line that says something.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    file: String,
    number: usize,
    /// Without comment and blanks at its end.
    pub(crate) text: String,
}

impl Line {
    /// A mistake in this line.
    pub(crate) fn mistake(&self, what: impl Into<String>) -> Mistake {
        Mistake { file: self.file.clone(), line: self.number, what: what.into() }
    }

    /// Whether it belongs to a heading above it.
    pub(crate) fn is_member(&self) -> bool {
        self.text.starts_with(' ')
    }

    /// Its words.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.text.split_whitespace().collect()
    }

    /// A number, decimal or hexadecimal, perhaps negative.
    pub(crate) fn number(&self, word: &str) -> Result<u64, Mistake> {
        let (negative, digits) = match word.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, word),
        };
        let parsed = match digits.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        let value = parsed.map_err(|_| self.mistake(format!("`{word}` is no number")))?;
        Ok(if negative { value.wrapping_neg() } else { value })
    }
}

/// The lines of a table that say something.
pub(crate) fn read(name: &str) -> Result<Vec<Line>, Mistake> {
    let file = format!("syscall-tables/{name}.tbl");
    let text = fs::read_to_string(&file).map_err(|error| Mistake {
        file: file.clone(),
        line: 0,
        what: error.to_string(),
    })?;
    Ok(of(&file, &text))
}

/// The lines of a text that say something.
pub(crate) fn of(file: &str, text: &str) -> Vec<Line> {
    let lines = text.lines().enumerate().map(|(index, text)| {
        let text = text.split('#').next().unwrap_or_default().trim_end().to_owned();
        Line { file: file.to_owned(), number: index + 1, text }
    });
    lines.filter(|line| !line.text.is_empty()).collect()
}
