//! Which text the triples may have: such that every syntax can hold it, RDF/XML too.

use std::borrow::Cow;

use crate::render::find_byte;

/// Whether XML may have the character, even as a reference (XML 1.0, 2.2). It may
/// not have control characters, for one.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The text, with U+FFFD for each character that some syntax cannot have.
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    let is_plain = |byte| matches!(byte, b' '..=b'~');
    let has_other = find_byte(text.as_bytes(), |byte| !is_plain(byte)).is_some();
    if !has_other || text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect::<String>().into()
}

/// Bytes for people to read: U+FFFD stands for what is no text, or none that
/// every syntax can have. Borrowed exactly if nothing is lost.
pub(super) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => allowed(text),
        Cow::Owned(text) => allowed(&text).into_owned().into(),
    }
}

/// JSON, with the two characters escaped that JSON may have and XML may not.
pub(super) fn allowed_json(json: &str) -> String {
    // They can only stand in strings.
    json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_lost_is_owned() {
        let kept = "a\t\n\r\u{7f}\u{85}é\u{fffd}\u{1fffe}\u{10ffff}";
        assert!(matches!(readable(kept.as_bytes()), Cow::Borrowed(text) if text == kept));
        for (bytes, shown) in [
            (&b"\0a\x1b\x0b"[..], "\u{fffd}a\u{fffd}\u{fffd}"),
            ("\u{fffe}\u{ffff}".as_bytes(), "\u{fffd}\u{fffd}"),
            (b"a\xff\x01", "a\u{fffd}\u{fffd}"),
            // A surrogate alone.
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert!(matches!(readable(bytes), Cow::Owned(text) if text == shown), "{bytes:?}");
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let json = serde_json::to_string("\u{1}\u{fffe}\u{ffff}").unwrap();
        let escaped = allowed_json(&json);
        assert_eq!(escaped, r#""\u0001\ufffe\uffff""#);
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), "\u{1}\u{fffe}\u{ffff}");
    }
}
