//! Strings in quotes, with C's escapes.

use std::fmt::Write as _;

use super::scan::find_byte;

/// Appends `bytes` in quotes, at most `limit` of them; `...` behind it says that
/// there was more.
pub(super) fn cut(bytes: &[u8], limit: usize, is_cut: bool, out: &mut String) {
    quoted(&bytes[..bytes.len().min(limit)], out);
    if is_cut || bytes.len() > limit {
        out.push_str("...");
    }
}

/// Appends `bytes` in quotes.
pub fn quoted(bytes: &[u8], out: &mut String) {
    out.push('"');
    escaped(bytes, out);
    out.push('"');
}

/// Appends a name that stands in `<…>`: with escapes, also of `<` and `>`.
pub fn escaped_name(bytes: &[u8], out: &mut String) {
    for part in bytes.split_inclusive(|byte| matches!(byte, b'<' | b'>')) {
        match part.split_last() {
            Some((b'<', name)) => {
                escaped(name, out);
                out.push_str("\\74");
            }
            Some((b'>', name)) => {
                escaped(name, out);
                out.push_str("\\76");
            }
            _ => escaped(part, out),
        }
    }
}

/// Appends `bytes` with escapes. An octal one has three digits only where a
/// digit follows.
pub(super) fn escaped(bytes: &[u8], out: &mut String) {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let plain = find_byte(bytes, |byte| !is_plain(byte)).unwrap_or(bytes.len());
    let (plain, bytes) = bytes.split_at(plain);
    // All ASCII, so this does not fail.
    out.push_str(std::str::from_utf8(plain).unwrap_or_default());
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => {
                let digit_follows = bytes.get(index + 1).is_some_and(u8::is_ascii_digit);
                // Writing to a string does not fail.
                let _ = if digit_follows {
                    write!(out, "\\{byte:03o}")
                } else {
                    write!(out, "\\{byte:o}")
                };
            }
        }
    }
}

/// Appends `bytes` in quotes, each as `\x…`.
pub(super) fn hex(bytes: &[u8], limit: usize, is_cut: bool, out: &mut String) {
    out.push('"');
    for byte in bytes.iter().take(limit) {
        // Writing to a string does not fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
    out.push('"');
    if is_cut || bytes.len() > limit {
        out.push_str("...");
    }
}
