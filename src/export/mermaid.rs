//! Boxes and arrows as a flowchart in Mermaid's language, which Markdown pages show.
//! (<https://mermaid.js.org/syntax/flowchart.html>)

use std::fmt::Write as _;
use std::io::{self, Write};

use super::picture::{Board, Diagram, Kind, Limits, Tie, wrapped};
use super::{Exporter, Options};

/// Mermaid refuses diagrams of more than 500 arrows, and of more than 50,000 characters.
const LIMITS: Limits = Limits { processes: 30, things: 30, arrows: 200, width: 40 };
/// Characters that all tooltips may have together.
const TOOLTIPS: usize = 16_000;

/// Columns of a line of notes.
const NOTE: usize = 60;
/// How subgraphs look.
const FRAME: &str = " fill:none,stroke:#c5cedb";

/// Exports flowcharts.
///
/// # Errors
/// None here: the output is written later.
pub fn exporter<'a>(
    out: Box<dyn Write + 'a>,
    options: &Options,
) -> io::Result<Box<dyn Exporter + 'a>> {
    Ok(Box::new(Diagram::new(out, options, LIMITS, document)))
}

fn document(boards: &[Board]) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut chart = Chart { text: &mut text, links: Vec::new(), room: TOOLTIPS };
    for (number, board) in boards.iter().enumerate() {
        chart.board(board, number);
    }
    chart.legend();
    chart.styles();
    text
}

struct Chart<'a> {
    text: &'a mut String,
    /// What the links are, by their number.
    links: Vec<Tie>,
    /// Characters left for tooltips.
    room: usize,
}

impl Chart<'_> {
    fn line(&mut self, parts: &[&str]) {
        self.text.extend(parts.iter().copied());
        self.text.push('\n');
    }

    fn board(&mut self, board: &Board, number: usize) {
        let title = escaped(&board.title.join(" "));
        self.line(&["subgraph run", &number.to_string(), "[\"", &title, "\"]"]);
        self.line(&["  direction LR"]);
        let name = |place: usize| format!("b{number}_{place}");
        let mut without = 0;
        for (place, node) in board.boxes.iter().enumerate() {
            let mark = if is_bad(node.kind) { "✗ " } else { "" };
            let label = lines(node.lines.iter().map(String::as_str));
            let (open, close) = shape(node.kind);
            let (name, class) = (name(place), node.kind.name());
            self.line(&["  ", &name, open, mark, &label, close, ":::", class]);
            if is_shortened(node) {
                let tooltip = lines(node.tooltip.lines());
                match self.room.checked_sub(tooltip.len()) {
                    Some(room) => {
                        self.room = room;
                        self.line(&["  click ", &name, " rtrace \"", &tooltip, "\""]);
                    }
                    None => without += 1,
                }
            }
        }
        for arrow in &board.arrows {
            let (line, label) = (line_of(arrow.tie), escaped(&arrow.label));
            let label = if label.is_empty() { label } else { ["|\"", &label, "\"|"].concat() };
            self.line(&["  ", &name(arrow.from), " ", line, &label, " ", &name(arrow.to)]);
            self.links.push(arrow.tie);
        }
        let mut notes: Vec<_> = board.notes.iter().flat_map(|note| wrapped(note, NOTE)).collect();
        if without > 0 {
            notes.push(format!("For want of room: what {without} boxes have in full."));
        }
        if !notes.is_empty() {
            let notes = lines(notes.iter().map(String::as_str));
            self.line(&["  notes", &number.to_string(), "[\"", &notes, "\"]:::plain"]);
        }
        self.line(&["end"]);
        self.line(&["style run", &number.to_string(), FRAME]);
    }

    /// A small flowchart that has every kind of box and arrow.
    fn legend(&mut self) {
        self.line(&["subgraph legend[\"what is what\"]"]);
        self.line(&["  direction LR"]);
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            let (open, close) = shape(kind);
            let (place, meaning, class) = (place.to_string(), kind.meaning(), kind.name());
            self.line(&["  k", &place, open, meaning, close, ":::", class]);
        }
        let ways = [(0, 1), (1, 0), (0, 4), (2, 4), (0, 3), (2, 6)];
        for (tie, (from, to)) in Tie::ALL.into_iter().zip(ways) {
            let (from, to, meaning) = (from.to_string(), to.to_string(), tie.meaning());
            self.line(&["  k", &from, " ", line_of(tie), "|\"", meaning, "\"| k", &to]);
            self.links.push(tie);
        }
        self.line(&["end"]);
        self.line(&["style legend", FRAME]);
    }

    fn styles(&mut self) {
        for kind in Kind::ALL {
            self.line(&["classDef ", kind.name(), " ", style_of(kind)]);
        }
        self.line(&["classDef plain fill:none,stroke:none"]);
        for tie in Tie::ALL {
            let numbers = (0..self.links.len()).filter(|link| self.links[*link] == tie);
            let numbers: Vec<_> = numbers.map(|link| link.to_string()).collect();
            if !numbers.is_empty() {
                self.line(&["linkStyle ", &numbers.join(","), " stroke:", colour_of(tie)]);
            }
        }
    }
}

/// Whether the tooltip tells more than the box.
fn is_shortened(node: &super::picture::Node) -> bool {
    node.lines.iter().any(|line| line.contains('…')) || node.tooltip.lines().count() > 1
}

const fn is_bad(kind: Kind) -> bool {
    matches!(kind, Kind::Failed | Kind::Killed)
}

const fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Process | Kind::Running | Kind::Failed | Kind::Killed => ("(\"", "\")"),
        Kind::File | Kind::Blamed => ("[\"", "\"]"),
        Kind::Channel => ("([\"", "\"])"),
    }
}

const fn style_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Process => "fill:#eef2f7,stroke:#5b6b7f,color:#111",
        Kind::Running => "fill:#eef2f7,stroke:#5b6b7f,color:#111,stroke-dasharray:4",
        Kind::Failed => "fill:#fde0de,stroke:#c62828,color:#111,stroke-width:2px",
        Kind::Killed => "fill:#f6dcf7,stroke:#8e24aa,color:#111,stroke-width:2px",
        Kind::File => "fill:#fff8dc,stroke:#8a6d1f,color:#111",
        Kind::Channel => "fill:#def4ee,stroke:#2e7d6b,color:#111",
        Kind::Blamed => "fill:#fff,stroke:#c62828,color:#111,stroke-dasharray:4",
    }
}

const fn line_of(tie: Tie) -> &'static str {
    match tie {
        Tie::Fork => "-->",
        Tie::Join | Tie::Change | Tie::Signal => "-.->",
        Tie::Data => "==>",
        Tie::Blame => "--x",
    }
}

const fn colour_of(tie: Tie) -> &'static str {
    match tie {
        Tie::Fork => "#5b6b7f",
        Tie::Join => "#9aa7b8",
        Tie::Data => "#1565c0",
        Tie::Change => "#8a6d1f",
        Tie::Signal => "#8e24aa",
        Tie::Blame => "#c62828",
    }
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(escaped).collect::<Vec<_>>().join("<br/>")
}

/// Text between quotes: whatever may mean something to Mermaid, or to the page that it
/// makes, becomes a character reference, which Mermaid writes `#NUMBER;`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric()
            || matches!(c, ' ' | '-' | '_' | '/' | '.' | ',' | '+' | '…' | '×' | '▸')
        {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_what_it_is() {
        assert_eq!(escaped("a b/<\"#;`%"), "a b/#60;#34;#35;#59;#96;#37;");
        assert_eq!(lines(["x", "é:"].into_iter()), "x<br/>é#58;");
    }
}
