//! Text with its place and the room that it takes.

use unicode_width::UnicodeWidthStr as _;

/// The width of a column, as a part of the size: that of the widest usual fonts of
/// that kind.
const COLUMN: f64 = 0.61;

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) x: f64,
    /// The line on which letters stand.
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) spans: Vec<Span>,
}

/// A part of a line that looks the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) look: Look,
}

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Commands.
    Name,
    /// What is beside the point.
    Dim,
    /// Failures.
    Bad,
    /// Why.
    Reason,
    /// Signals.
    Killed,
    /// What went between processes.
    Data,
}

impl Look {
    /// Its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Dim => "dim",
            Self::Bad => "bad",
            Self::Reason => "reason",
            Self::Killed => "killed-text",
            Self::Data => "data-text",
        }
    }
}

impl Span {
    pub(super) const fn new(text: String, look: Look) -> Self {
        Self { text, look }
    }
}

impl Text {
    pub(super) const fn new((x, y): (f64, f64), size: f64, spans: Vec<Span>) -> Self {
        Self { x, y, size, spans }
    }

    /// How much room it takes at most.
    pub(super) fn width(&self) -> f64 {
        let columns: usize = self.spans.iter().map(|span| span.text.width()).sum();
        columns as f64 * self.size * COLUMN
    }

    /// Moved so that it is inside, its beginning in any case.
    pub(super) fn inside(mut self, left: f64, right: f64) -> Self {
        self.x = self.x.min(right - self.width()).max(left);
        self
    }

    /// The rectangle that it takes: left, top, right, bottom.
    pub(super) fn area(&self) -> [f64; 4] {
        [self.x, self.y - self.size * 0.8, self.x + self.width(), self.y + self.size * 0.25]
    }
}

/// Whether two rectangles have a point in common.
pub(super) fn overlap(one: &[f64; 4], other: &[f64; 4]) -> bool {
    one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3]
}
