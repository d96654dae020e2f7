//! What the terminal can show.

use std::borrow::Cow;
use std::env;

/// Columns where nobody says how many there are.
const COLUMNS: usize = 80;

/// How many columns there are: as many as `COLUMNS` says, or the terminal.
pub(super) fn width() -> usize {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| width.0.into());
    said.filter(|columns| *columns > 0).or_else(terminal).unwrap_or(COLUMNS)
}

/// Whether it takes UTF-8, by the locale (locale(7)).
pub(super) fn is_utf8() -> bool {
    let named = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(named);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Text for it: with other letters than ASCII's only if it takes them.
pub(super) fn shown(text: &str, is_utf8: bool) -> Cow<'_, str> {
    if is_utf8 || text.is_ascii() {
        return text.into();
    }
    let letter = |c: char| match c {
        '×' | '✗' => 'x',
        'µ' => 'u',
        '▸' | '→' => '>',
        '≥' => '>',
        '…' => '~',
        c if c.is_ascii() => c,
        _ => '?',
    };
    text.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_stands_for_the_rest() {
        assert_eq!(shown("bash ▸ cat ×2  3 µs é", false), "bash > cat x2  3 us ?");
        assert_eq!(shown("×", true), "×");
    }
}
