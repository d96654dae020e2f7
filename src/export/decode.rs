//! What several formats say alike: names of calls and errors, arguments as text,
//! bytes that may be no text.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::event::Errno;
use crate::flow::Event;
use crate::render::{self, Plain, Style};

/// The name of an error, `ENOENT`; its number where Linux has no name for it.
pub(super) fn error_name(errno: Errno) -> Cow<'static, str> {
    match crate::abi::errno_name(errno.0) {
        Some(name) => name.into(),
        None => errno.0.to_string().into(),
    }
}

/// A call as one line of text: `name(arguments) = result`.
pub fn call_text(event: &Event<'_>) -> String {
    let mut text = String::new();
    let (record, style) = (&event.record, Style::default());
    if record.is_begun() {
        render::entry(record, &style, &Plain, &mut text);
        render::rest(record, &style, &Plain, &mut text);
        text.push_str(" = ?");
    } else {
        render::call(record, &style, &Plain, &mut text);
    }
    text
}

/// Bytes as a JSON string, or, if they are no UTF-8, as an object that has them in
/// base64 and, for people, as lossy text.
pub fn json_bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({
            "base64": base64(bytes),
            "text": String::from_utf8_lossy(bytes),
        }),
    }
}

/// Bytes in hexadecimal, as digests are written.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Base64 with padding, RFC 4648.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let is_padding = digit > chunk.len();
            out.push(if is_padding { '=' } else { DIGITS[value as usize].into() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length() {
        let shown: Vec<String> =
            (0..5).map(|len| base64(&b"\xff\xfe\x00a"[..len.min(4)])).collect();
        assert_eq!(shown, ["", "/w==", "//4=", "//4A", "//4AYQ=="]);
    }

    #[test]
    fn bytes_are_never_lost_in_json() {
        assert_eq!(json_bytes("é\n".as_bytes()), json!("é\n"));
        assert_eq!(json_bytes(b"a\xff"), json!({"base64": "Yf8=", "text": "a\u{fffd}"}));
    }
}
