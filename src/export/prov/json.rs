//! PROV-JSON (W3C member submission 2013, <https://www.w3.org/submissions/prov-json/>):
//! one object with a section for each kind of statement. Statements come in no order of
//! kinds, so each section is kept in a file without a name until all are known.

use std::collections::BTreeMap;
use std::io::{self, Seek as _, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use tempfile::SpooledTempFile;

use super::gather::Gather;
use super::statement::{Notation, PREFIXES, Statement, Term, Value, split};
use crate::export::{Exporter, Options};

/// Bytes of a section that are kept in memory.
const IN_MEMORY: usize = 1 << 20;

/// Exports PROV-JSON.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    let notation = Json { sections: BTreeMap::new(), unnamed: 0, out };
    Ok(crate::export::rdf::export(Gather::new(notation)?, options))
}

struct Json<W: Write> {
    sections: BTreeMap<&'static str, Section>,
    /// Statements so far that declare nothing.
    unnamed: u64,
    out: W,
}

/// The members of a section's object.
struct Section {
    file: SpooledTempFile,
    /// What has not gone there yet.
    text: Vec<u8>,
}

impl Section {
    fn new() -> Self {
        Self { file: SpooledTempFile::new(IN_MEMORY), text: Vec::new() }
    }

    fn write(&mut self) -> io::Result<()> {
        let failed = |error: io::Error| {
            let place = std::env::temp_dir();
            let text = "cannot keep statements in a temporary file in";
            let hint = "TMPDIR names another place";
            io::Error::new(error.kind(), format!("{text} {}: {error} ({hint})", place.display()))
        };
        self.file.write_all(&self.text).map_err(failed)?;
        self.text.clear();
        Ok(())
    }
}

impl<W: Write> Notation for Json<W> {
    fn statement(&mut self, statement: &Statement<'_>) -> io::Result<()> {
        let section = self.sections.entry(statement.word).or_insert_with(Section::new);
        let is_first = section.text.is_empty() && section.file.stream_position()? == 0;
        section.text.extend_from_slice(if is_first { b"\n" } else { b",\n" });
        let name = statement.declares.map_or_else(
            || {
                self.unnamed += 1;
                ["_:", &self.unnamed.to_string()].concat()
            },
            name,
        );
        serde_json::to_writer(&mut section.text, &name)?;
        section.text.push(b':');
        serde_json::to_writer(&mut section.text, &Body(statement))?;
        if section.text.len() < IN_MEMORY / 16 { Ok(()) } else { section.write() }
    }

    /// Nothing can be shown before all is known.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(b"{\"prefix\":")?;
        serde_json::to_writer(&mut self.out, &BTreeMap::from(PREFIXES))?;
        for (word, section) in &mut self.sections {
            section.write()?;
            section.file.rewind()?;
            self.out.write_all(b",\n")?;
            serde_json::to_writer(&mut self.out, word)?;
            self.out.write_all(b":{")?;
            io::copy(&mut section.file, &mut self.out)?;
            self.out.write_all(b"}")?;
        }
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

/// What is said in a statement.
struct Body<'a>(&'a Statement<'a>);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, term) in self.0.arguments {
            match term {
                Some(Term::Name(iri)) => map.serialize_entry(key, &name(iri))?,
                Some(Term::Time(time)) => map.serialize_entry(key, time)?,
                None => {}
            }
        }
        let mut properties: BTreeMap<&str, Vec<Literal<'_>>> = BTreeMap::new();
        for (property, value) in self.0.attributes {
            properties.entry(property).or_default().push(Literal(value));
        }
        for (property, values) in properties {
            match values.as_slice() {
                [value] => map.serialize_entry(&name(property), value)?,
                values => map.serialize_entry(&name(property), values)?,
            }
        }
        map.end()
    }
}

struct Literal<'a>(&'a Value);

impl Serialize for Literal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let typed = |serializer: S, text: &str, datatype: &str| {
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry("$", text)?;
            map.serialize_entry("type", datatype)?;
            map.end()
        };
        match self.0 {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Typed(text, datatype) => typed(serializer, text, &name(datatype)),
            Value::Name(iri) => typed(serializer, &name(iri), "xsd:QName"),
        }
    }
}

/// A qualified name, in which nothing is escaped.
fn name(iri: &str) -> String {
    let (prefix, local) = split(iri);
    [prefix, ":", local].concat()
}
