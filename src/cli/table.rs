//! Tables for a terminal.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const DIM: Style = Style::new().dimmed();
/// What stands between columns.
const GAP: usize = 2;
/// The last column is never made narrower.
const LAST: usize = 12;

/// A table: columns with their cells, the last one as wide as there is room.
pub(super) struct Table {
    columns: Vec<Column>,
}

/// A column: its title, and a cell for each row.
pub(super) struct Column {
    title: &'static str,
    is_number: bool,
    cells: Vec<String>,
    /// Those with higher numbers are the first to go if there is no room; 0 stays.
    spare: u8,
}

impl Column {
    /// Numbers, which stand on the right.
    pub(super) fn numbers(title: &'static str, spare: u8, cells: Vec<String>) -> Self {
        Self { title, is_number: true, cells, spare }
    }

    /// Text.
    pub(super) fn text(title: &'static str, cells: Vec<String>) -> Self {
        Self { title, is_number: false, cells, spare: 0 }
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        self.cells.push(cell.to_owned());
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.width());
        cells.chain([self.title.width()]).max().unwrap_or_default()
    }
}

impl Table {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    /// Leaves out columns until the rest fits into `width`; the titles of those.
    pub(super) fn fit(&mut self, width: usize) -> Vec<&'static str> {
        let mut gone = Vec::new();
        while self.needs() > width {
            let columns = self.columns.iter().enumerate();
            let least = columns.max_by_key(|(_, column)| column.spare);
            let Some((at, _)) = least.filter(|(_, column)| column.spare > 0) else { break };
            gone.push(self.columns.remove(at).title);
        }
        self.shorten(width);
        gone
    }

    fn needs(&self) -> usize {
        let Some((last, before)) = self.columns.split_last() else { return 0 };
        before.iter().map(|column| column.width() + GAP).sum::<usize>() + last.width().min(2 * LAST)
    }

    /// Cuts what the text columns have too much, the widest first.
    fn shorten(&mut self, width: usize) {
        let all: usize = self.columns.iter().map(|column| column.width() + GAP).sum();
        let mut excess = (all - GAP.min(all)).saturating_sub(width);
        while excess > 0 {
            let texts = self.columns.iter_mut().filter(|column| !column.is_number);
            let Some(widest) = texts.max_by_key(|column| column.width()) else { return };
            let old = widest.width();
            let new = old.saturating_sub(excess).max(LAST.max(old / 2));
            if new >= old {
                return;
            }
            widest.cells.iter_mut().for_each(|cell| shorten(cell, new));
            excess = excess.saturating_sub(old - widest.width().min(old));
        }
    }

    /// The lines, with escape sequences; the last `totals` rows are dim.
    pub(super) fn lines(&self, totals: usize) -> impl Iterator<Item = String> {
        let rows = self.columns.first().map_or(0, |column| column.cells.len());
        let widths: Vec<usize> = self.columns.iter().map(Column::width).collect();
        let line = move |cell: &dyn Fn(&Column) -> String| {
            let mut line = String::new();
            for (column, width) in self.columns.iter().zip(&widths) {
                let cell = cell(column);
                let room = " ".repeat(width.saturating_sub(cell.width()));
                let parts = if column.is_number { [&room, &cell] } else { [&cell, &room] };
                line.extend(parts.map(String::as_str));
                line.push_str("  ");
            }
            line.truncate(line.trim_end().len());
            line
        };
        let head = line(&|column| column.title.to_owned());
        let body = (0..rows).map(move |row| {
            let text = line(&|column| column.cells.get(row).cloned().unwrap_or_default());
            if row + totals >= rows { format!("{DIM}{text}{DIM:#}") } else { text }
        });
        std::iter::once(format!("{DIM}{head}{DIM:#}")).chain(body)
    }
}

/// Cuts a text to a width, and marks that: paths and addresses tell most by their
/// beginning and their end.
fn shorten(text: &mut String, width: usize) {
    if text.width() <= width {
        return;
    }
    let room = width.saturating_sub(1);
    let front = taken(text.chars(), room / 2);
    let back = taken(text.chars().rev(), room - room / 2);
    let back: String = back.chars().rev().collect();
    *text = format!("{front}…{back}");
}

/// As many characters as fit into a width.
fn taken(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut left = width;
    let fits = |c: &char| {
        let fits = c.width().unwrap_or_default() <= left;
        left = left.saturating_sub(c.width().unwrap_or_default());
        fits
    };
    chars.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table::new(vec![
            Column::numbers("count", 0, vec!["7".into(), "1234567".into()]),
            Column::numbers("mean", 1, vec!["5 µs".into(), String::new()]),
            Column::text("file", vec![name.into(), "total".into()]),
        ])
    }

    fn text(table: &Table) -> Vec<String> {
        let plain = |line: String| anstream::adapter::strip_str(&line).to_string();
        table.lines(1).map(plain).collect()
    }

    #[test]
    fn numbers_stand_on_the_right() {
        let shown = ["  count  mean  file", "      7  5 µs  /etc/日本", "1234567        total"];
        assert_eq!(text(&table("/etc/日本")), shown);
    }

    #[test]
    fn what_does_not_fit_is_shortened_or_left_out() {
        let name = "/usr/share/a/very/long/path/to/日本/file.txt";
        let mut narrow = table(name);
        assert_eq!(narrow.fit(31), ["mean"]);
        let lines = text(&narrow);
        assert_eq!(lines[1], "      7  /usr/share…本/file.txt");
        assert!(lines.iter().all(|line| line.width() <= 31), "{lines:#?}");
        assert!(table(name).fit(60).is_empty());
    }
}
