//! RDF/XML: one document for all logs. The graph has no character that XML forbids.

use std::io::{self, Write};

use oxrdf::TripleRef;
use oxrdfxml::{RdfXmlSerializer, WriterRdfXmlSerializer};

use super::vocabulary::{PROV, RDFS, RTRACE};
use super::writer::{Shared, Triples};
use crate::export::{Exporter, Options};

/// Exports RDF/XML.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(super::export(RdfXml::new(out)?, options))
}

struct RdfXml<W: Write> {
    /// There until the document is finished.
    serializer: Option<WriterRdfXmlSerializer<Returns<Shared<W>>>>,
    out: Shared<W>,
}

impl<W: Write> RdfXml<W> {
    fn new(out: W) -> io::Result<Self> {
        let (out, inner) = Shared::pair(out);
        let mut serializer = RdfXmlSerializer::new();
        for (prefix, iri) in [("rtrace", RTRACE), ("prov", PROV), ("rdfs", RDFS)] {
            serializer = serializer.with_prefix(prefix, iri).map_err(io::Error::other)?;
        }
        Ok(Self { serializer: Some(serializer.for_writer(Returns(inner))), out })
    }
}

impl<W: Write> Triples for RdfXml<W> {
    fn begin(&mut self, _base: &str) -> io::Result<()> {
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        let Some(serializer) = &mut self.serializer else { return Ok(()) };
        serializer.serialize_triple(triple)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(serializer) = self.serializer.take() {
            serializer.finish()?.write_all(b"\n")?;
        }
        self.out.flush()
    }
}

/// Writes carriage returns as references: XML's readers take a bare one for a
/// newline (XML 1.0, 2.11). None is part of the markup that the serializer makes.
struct Returns<W: Write>(W);

impl<W: Write> Write for Returns<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (index, line) in bytes.split(|byte| *byte == b'\r').enumerate() {
            if index > 0 {
                self.0.write_all(b"&#xD;")?;
            }
            self.0.write_all(line)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
