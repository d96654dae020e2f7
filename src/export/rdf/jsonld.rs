//! JSON-LD: one array of nodes for all logs, written as it comes, in expanded form.
//! A thing of which more is learnt later stands in it again, which JSON-LD reads as
//! one node.

use std::io::{self, Write};

use oxjsonld::{JsonLdSerializer, WriterJsonLdSerializer};
use oxrdf::{GraphNameRef, TripleRef};

use super::writer::{Shared, Triples};
use crate::export::{Exporter, Options};

/// Exports JSON-LD.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(super::export(JsonLd::new(out), options))
}

struct JsonLd<W: Write> {
    /// There until the document is finished.
    serializer: Option<WriterJsonLdSerializer<Shared<W>>>,
    out: Shared<W>,
}

impl<W: Write> JsonLd<W> {
    fn new(out: W) -> Self {
        let (out, inner) = Shared::pair(out);
        Self { serializer: Some(JsonLdSerializer::new().for_writer(inner)), out }
    }
}

impl<W: Write> Triples for JsonLd<W> {
    fn begin(&mut self, _base: &str) -> io::Result<()> {
        Ok(())
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        let Some(serializer) = &mut self.serializer else { return Ok(()) };
        serializer.serialize_quad(triple.in_graph(GraphNameRef::DefaultGraph))
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
