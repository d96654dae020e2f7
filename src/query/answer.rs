//! Tables, and how they are written.

use std::io::{self, Write};

use oxrdf::vocab::xsd;
use oxrdf::{Literal, Term, Variable};
use sparesults::{QueryResultsFormat, QueryResultsSerializer};

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// It is not known, or there is none.
    Unknown,
    /// A number.
    Number(u64),
    /// A time: nanoseconds, shown as seconds.
    Time(u64),
    /// A path, a command line: bytes that are text mostly.
    Text(Vec<u8>),
    /// What SPARQL found.
    Term(String, Box<Found>),
}

/// An RDF term, in an order that its text gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found(pub Term);

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

impl From<&[u8]> for Cell {
    fn from(bytes: &[u8]) -> Self {
        Self::Text(bytes.to_vec())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<Term> for Cell {
    fn from(term: Term) -> Self {
        let text = match &term {
            Term::NamedNode(node) => node.as_str().to_owned(),
            Term::Literal(literal) => literal.value().to_owned(),
            Term::BlankNode(node) => node.to_string(),
        };
        Self::Term(text, Box::new(Found(term)))
    }
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Unknown, Self::Number)
    }
}

impl Cell {
    /// As text; of bytes that are none with U+FFFD in their place.
    fn text(&self) -> String {
        match self {
            Self::Unknown => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Time(ns) => format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000),
            Self::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Term(text, _) => text.clone(),
        }
    }

    fn term(&self) -> Option<Term> {
        Some(match self {
            Self::Unknown => return None,
            Self::Number(_) => Literal::new_typed_literal(self.text(), xsd::INTEGER).into(),
            Self::Time(_) => Literal::new_typed_literal(self.text(), xsd::DECIMAL).into(),
            Self::Text(_) => Literal::new_simple_literal(allowed(&self.text())).into(),
            Self::Term(_, found) => found.0.clone(),
        })
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Time(_))
    }
}

/// Text that every syntax can hold: U+FFFD stands for what XML 1.0 may not have.
fn allowed(text: &str) -> String {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect()
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// SPARQL 1.1 Query Results CSV.
    Csv,
    /// SPARQL 1.1 Query Results TSV.
    Tsv,
    /// SPARQL 1.1 Query Results JSON.
    Json,
    /// SPARQL Query Results XML.
    Xml,
}

impl Format {
    /// The one of SPARQL's formats that it is.
    pub(super) const fn of_results(self) -> Option<QueryResultsFormat> {
        match self {
            Self::Table => None,
            Self::Csv => Some(QueryResultsFormat::Csv),
            Self::Tsv => Some(QueryResultsFormat::Tsv),
            Self::Json => Some(QueryResultsFormat::Json),
            Self::Xml => Some(QueryResultsFormat::Xml),
        }
    }
}

impl Answer {
    /// Writes it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        let Some(format) = format.of_results() else { return self.write_table(out) };
        let variables: Vec<_> = self.columns.iter().map(Variable::new_unchecked).collect();
        let serializer = QueryResultsSerializer::from_format(format);
        let mut rows =
            serializer.serialize_solutions_to_writer(io::BufWriter::new(out), variables.clone())?;
        for row in &self.rows {
            let terms: Vec<_> = row.iter().map(Cell::term).collect();
            let bound = variables.iter().zip(&terms).filter_map(|(variable, term)| {
                term.as_ref().map(|term| (variable.as_ref(), term.as_ref()))
            });
            rows.serialize(bound)?;
        }
        let mut out = rows.finish()?;
        if matches!(format, QueryResultsFormat::Json | QueryResultsFormat::Xml) {
            writeln!(out)?;
        }
        out.flush()
    }

    fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let texts = |row: &Vec<Cell>| row.iter().map(|cell| printable(&cell.text())).collect();
        let shown: Vec<Vec<String>> = self.rows.iter().map(texts).collect();
        let width = |column: usize, name: &str| {
            let cells = shown.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default().max(name.len())
        };
        let widths: Vec<_> =
            self.columns.iter().enumerate().map(|(column, name)| width(column, name)).collect();
        let mut out = io::BufWriter::new(out);
        let names = self.columns.iter().map(|name| (name.as_str(), false));
        write_line(&mut out, names, &widths)?;
        for (row, cells) in shown.iter().zip(&self.rows) {
            let is_number = cells.iter().map(Cell::is_number);
            write_line(&mut out, row.iter().map(String::as_str).zip(is_number), &widths)?;
        }
        out.flush()
    }
}

/// A line of a table; numbers stand at the right.
fn write_line<'a>(
    out: &mut dyn Write,
    cells: impl Iterator<Item = (&'a str, bool)>,
    widths: &[usize],
) -> io::Result<()> {
    let mut line = String::new();
    for ((text, is_number), width) in cells.zip(widths) {
        let gap = " ".repeat(width.saturating_sub(text.chars().count()));
        let parts = if is_number { [gap.as_str(), text] } else { [text, gap.as_str()] };
        line.extend(parts);
        line.push_str("  ");
    }
    writeln!(out, "{}", line.trim_end())
}

/// Text that cannot steer the terminal.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format) -> String {
        let row = |cells: [Cell; 3]| cells.to_vec();
        let answer = Answer {
            columns: ["path", "bytes", "start"].map(str::to_owned).to_vec(),
            rows: vec![
                row(["/a b\x1b".into(), Cell::Number(12), Cell::Time(1_500_000_000)]),
                row([b"/x\xff,".as_slice().into(), Cell::Unknown, Cell::Time(5)]),
            ],
        };
        let mut out = Vec::new();
        answer.write(format, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn tables_are_aligned_and_harmless() {
        let expected = "path        bytes  start\n\
                        /a b\\u{1b}     12  1.500000000\n\
                        /x\u{fffd},               0.000000005\n";
        assert_eq!(written(Format::Table), expected);
    }

    #[test]
    fn what_is_not_known_is_unbound() {
        assert_eq!(
            written(Format::Csv),
            "path,bytes,start\r\n/a b\u{fffd},12,1.500000000\r\n\"/x\u{fffd},\",,0.000000005\r\n"
        );
        assert!(written(Format::Tsv).contains("\"/x\u{fffd},\"\t\t0.000000005"));
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).expect("JSON");
        let rows = &json["results"]["bindings"];
        assert_eq!(rows[0]["bytes"]["value"], "12");
        assert!(rows[1]["bytes"].is_null(), "{json}");
        assert!(written(Format::Xml).contains("<literal>/x\u{fffd},</literal>"));
    }
}
