//! What follows the colon of a prefixed name (PN_LOCAL in
//! <https://www.w3.org/TR/turtle/#sec-grammar-grammar>).

/// Appends a local name, with a backslash where it needs one. `false` if it can be none:
/// what stands in `out` then is of no use.
pub(super) fn put_local_name(local: &str, out: &mut String) -> bool {
    let mut rest = local;
    if let Some(first) = local.chars().next().filter(|first| !may_begin(*first)) {
        if !may_be_escaped(first) {
            return false;
        }
        out.push('\\');
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    loop {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let plain = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        let mut chars = rest[plain..].chars();
        let Some(c) = chars.next() else { return true };
        rest = chars.as_str();
        let is_kept = may_follow(c) || c == ':' || (c == '.' && !rest.is_empty());
        if !is_kept {
            if !may_be_escaped(c) {
                return false;
            }
            out.push('\\');
        }
        out.push(c);
    }
}

fn may_begin(c: char) -> bool {
    is_base(c) || matches!(c, '_' | ':' | '0'..='9')
}

/// PN_CHARS.
fn may_follow(c: char) -> bool {
    let is_joiner = matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}');
    is_base(c) || is_joiner || matches!(c, '_' | '-' | '0'..='9')
}

/// PN_CHARS_BASE.
fn is_base(c: char) -> bool {
    matches!(
        c,
        'A'..='Z'
            | 'a'..='z'
            | '\u{c0}'..='\u{d6}'
            | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}'
            | '\u{37f}'..='\u{1fff}'
            | '\u{200c}'..='\u{200d}'
            | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}'
            | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}'
            | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}'
    )
}

/// PN_LOCAL_ESC.
fn may_be_escaped(c: char) -> bool {
    c.is_ascii() && b"_~.-!$&'()*+,;=/?#@%".contains(&(c as u8))
}
