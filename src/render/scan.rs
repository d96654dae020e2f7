//! Looking for bytes that need an escape: most text has none.

/// Where the first byte is of which `is_special` says so. Sixteen are looked at together,
/// which compilers do in one register.
#[inline]
pub(crate) fn find_byte(bytes: &[u8], is_special: impl Fn(u8) -> bool) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<16>();
    let any = |chunk: &[u8; 16]| chunk.iter().fold(false, |any, byte| any | is_special(*byte));
    let plain = chunks.iter().position(any).unwrap_or(chunks.len()) * 16;
    let rest = if plain < bytes.len() - rest.len() { &bytes[plain..] } else { rest };
    rest.iter().position(|byte| is_special(*byte)).map(|at| plain + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_is_found_wherever_it_is() {
        for len in 0..70 {
            let mut bytes = vec![b'a'; len];
            assert_eq!(find_byte(&bytes, |byte| byte == b'x'), None);
            for at in (0..len).rev() {
                bytes[at] = b'x';
                assert_eq!(find_byte(&bytes, |byte| byte == b'x'), Some(at), "of {len}");
            }
        }
    }
}
