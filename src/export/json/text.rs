//! Bytes that may be no text.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::export::json_bytes;
use crate::flow::VersionId;

/// Bytes as [`json_bytes`] writes them.
#[derive(Clone, Debug)]
pub(super) struct Text<'a>(pub(super) Cow<'a, [u8]>);

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Text<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Cow::Owned(bytes))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => json_bytes(&self.0).serialize(serializer),
        }
    }
}

/// Bytes for people to read.
pub(super) fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A state of a file's content, as the RDF's IRI has it behind `version-`.
pub(super) fn version_name(version: VersionId) -> String {
    format!("{}-{}", version.file.index(), version.number)
}
