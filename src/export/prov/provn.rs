//! PROV-N: a statement a line (W3C Recommendation 2013, <https://www.w3.org/TR/prov-n/>).

use std::io::{self, Write};

use super::gather::Gather;
use super::statement::{Notation, PREFIXES, Statement, Term, Value, split};
use crate::export::rdf::writer::BUFFER;
use crate::export::{Exporter, Options};

/// Exports PROV-N.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(crate::export::rdf::export(Gather::new(ProvN::new(out))?, options))
}

struct ProvN<W: Write> {
    text: String,
    out: W,
}

impl<W: Write> ProvN<W> {
    fn new(out: W) -> Self {
        let mut text = String::from("document\n");
        // That of PROV and of XML Schema are known (3.7.1).
        for (prefix, iri) in
            PREFIXES.iter().filter(|(prefix, _)| !matches!(*prefix, "prov" | "xsd"))
        {
            for part in ["  prefix ", prefix, " <", iri, ">\n"] {
                text.push_str(part);
            }
        }
        text.push('\n');
        Self { text, out }
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => string(text, &mut self.text),
            Value::Typed(text, datatype) => {
                string(text, &mut self.text);
                self.text.push_str(" %% ");
                name(datatype, &mut self.text);
            }
            Value::Name(iri) => {
                self.text.push('\'');
                name(iri, &mut self.text);
                self.text.push('\'');
            }
        }
    }
}

impl<W: Write> Notation for ProvN<W> {
    fn statement(&mut self, statement: &Statement<'_>) -> io::Result<()> {
        self.text.push_str("  ");
        self.text.push_str(statement.word);
        self.text.push('(');
        if let Some(declared) = statement.declares {
            name(declared, &mut self.text);
        }
        for (index, (_, term)) in statement.arguments.iter().enumerate() {
            if index > 0 || statement.declares.is_some() {
                self.text.push_str(", ");
            }
            match term {
                Some(Term::Name(iri)) => name(iri, &mut self.text),
                Some(Term::Time(time)) => self.text.push_str(time),
                None => self.text.push('-'),
            }
        }
        for (index, (property, value)) in statement.attributes.iter().enumerate() {
            self.text.push_str(if index == 0 { ", [" } else { ", " });
            name(property, &mut self.text);
            self.text.push('=');
            self.value(value);
        }
        self.text.push_str(if statement.attributes.is_empty() { ")\n" } else { "])\n" });
        if self.text.len() < BUFFER { Ok(()) } else { self.write() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write()?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.text.push_str("endDocument\n");
        self.flush()
    }
}

/// A string literal (3.7.3).
fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A qualified name: in its local part some characters stand behind a backslash
/// (`PN_CHARS_ESC`), a dot only at the end, a hyphen at the beginning.
fn name(iri: &str, out: &mut String) {
    let (prefix, local) = split(iri);
    out.push_str(prefix);
    out.push(':');
    let last = local.len().saturating_sub(1);
    for (at, c) in local.char_indices() {
        let is_escaped = match c {
            '=' | '\'' | '(' | ')' | ',' | ':' | ';' | '[' | ']' => true,
            '.' => at == 0 || at == last,
            '-' => at == 0,
            _ => false,
        };
        if is_escaped {
            out.push('\\');
        }
        out.push(c);
    }
}
