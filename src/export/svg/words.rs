//! Words below the bars, where there is room for them.

use super::layout::{MARGIN, Subject, WIDTH};
use super::text::{Look, Span, Text, overlap};
use crate::export::picture::{readable, shortened};

const SIZE: f64 = 9.5;
const ROW: f64 = 12.0;
/// Between one and the next.
const APART: f64 = 10.0;

/// Places what the processes of a lane did below `top`; and where that ends.
pub(super) fn place(
    subject: &Subject<'_>,
    group: usize,
    top: f64,
    rows: usize,
) -> (Vec<Text>, f64) {
    let mut members = subject.members(group);
    let (Some(only), None) = (members.next(), members.next()) else { return (Vec::new(), top) };
    let mut doings: Vec<_> = subject.doings.of(only.id).iter().collect();
    doings.sort_by_key(|doing| std::cmp::Reverse(doing.weight()));
    let mut placed: Vec<Text> = Vec::new();
    for doing in doings.into_iter().take(200) {
        let text = vec![Span::new(doing.text(subject.graph), Look::Dim)];
        let x = subject.x(doing.span.0).max(MARGIN);
        for row in 0..rows {
            let y = top + ROW * (row + 1) as f64 - 1.0;
            let text = Text::new((x, y), SIZE, text.clone()).inside(MARGIN, WIDTH - MARGIN);
            let mut area = text.area();
            (area[0], area[2]) = (area[0] - APART, area[2] + APART);
            // What had to be moved far stands at the wrong time.
            let is_near = (text.x - x).abs() < 60.0 || subject.x(doing.span.1) >= text.x;
            if is_near && placed.iter().all(|other| !overlap(&other.area(), &area)) {
                placed.push(text);
                break;
            }
        }
    }
    placed.sort_by(|one, other| one.x.total_cmp(&other.x));
    let bottom = placed.iter().map(|text| text.y).fold(top, f64::max);
    (placed, bottom)
}

/// A reason in so many columns. The error is the last to be cut.
pub(super) fn reason(text: &str, width: usize) -> String {
    let (call, error) = text.rfind(") = ").map_or((text, ""), |at| text.split_at(at));
    match width.checked_sub(error.chars().count()) {
        Some(room) if room > 12 => [&shortened(call, room), error].concat(),
        _ => shortened(text, width).into_owned(),
    }
}

/// A text in which paths below a directory begin there.
pub(super) fn without(text: &str, directory: &[u8]) -> String {
    if directory.len() < 2 {
        return text.to_owned();
    }
    text.replace(&[&readable(directory), "/"].concat(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_reason_is_there_however_long_the_path_is() {
        let text = "openat(/a/long/way/to/settings.json) = ENOENT (No such file)";
        assert_eq!(reason(text, 99), text);
        assert_eq!(reason(text, 48), "openat(/a/l…ttings.json) = ENOENT (No such file)");
        assert_eq!(reason("killed in the midst of it", 12), "killed…of it");
    }
}
