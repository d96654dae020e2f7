//! Boxes and arrows in Graphviz' language, for `dot -Tsvg`.
//! (<https://graphviz.org/doc/info/lang.html>)

use std::fmt::Write as _;
use std::io::{self, Write};

use super::picture::{Board, Diagram, Kind, Limits, Tie, wrapped};
use super::{Exporter, Options};

const LIMITS: Limits = Limits { processes: 40, things: 45, arrows: 300, width: 52 };

/// Columns of a line below the title.
const NOTE: usize = 110;

/// Exports diagrams.
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
    let mut text = String::from(
        "digraph rtrace {\n\
         graph [rankdir=LR, fontname=\"Helvetica\", fontsize=12, nodesep=0.18, ranksep=0.55, \
         tooltip=\"rtrace\"]\n\
         node [fontname=\"Helvetica\", fontsize=11, shape=box, style=\"rounded,filled\", \
         margin=\"0.12,0.06\", height=0.3, color=\"#5b6b7f\", fillcolor=\"#eef2f7\"]\n\
         edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.6, color=\"#5b6b7f\"]\n",
    );
    for (number, board) in boards.iter().enumerate() {
        write_board(board, number, &mut text);
    }
    write_legend(&mut text);
    text.push_str("}\n");
    text
}

fn write_board(board: &Board, number: usize, text: &mut String) {
    // Anything written to a string is written.
    let _ = writeln!(text, "subgraph cluster_{number} {{");
    let notes = board.notes.iter().flat_map(|note| wrapped(note, NOTE));
    let label =
        board.title.iter().cloned().chain(notes).map(|line| [&quoted(&line), "\\l"].concat());
    let label = label.collect::<String>();
    let _ = writeln!(text, "label=\"{label}\" labeljust=l color=\"#c5cedb\" style=rounded");
    for (place, node) in board.boxes.iter().enumerate() {
        let mut lines = node.lines.iter().map(|line| quoted(line)).collect::<Vec<_>>();
        if let Some(first) = lines.first_mut().filter(|_| is_bad(node.kind)) {
            first.insert_str(0, "✗ ");
        }
        let (label, tooltip) = (lines.join("\\n"), tip(&node.tooltip));
        let style = style_of(node.kind);
        let _ =
            writeln!(text, "b{number}_{place} [label=\"{label}\" tooltip=\"{tooltip}\"{style}]");
    }
    for arrow in &board.arrows {
        let (from, to, style) = (arrow.from, arrow.to, style_of_tie(arrow.tie));
        let label = quoted(&arrow.label);
        let words = [arrow.tie.meaning(), &label].into_iter().filter(|word| !word.is_empty());
        let tip = words.collect::<Vec<_>>().join(": ");
        let _ = writeln!(
            text,
            "b{number}_{from} -> b{number}_{to} [label=\"{label}\" tooltip=\"{tip}\" \
             labeltooltip=\"{tip}\"{style}]"
        );
    }
    text.push_str("}\n");
}

const fn is_bad(kind: Kind) -> bool {
    matches!(kind, Kind::Failed | Kind::Killed)
}

const fn style_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Process => "",
        Kind::Running => " style=\"rounded,filled,dashed\"",
        Kind::Failed => " color=\"#c62828\" fillcolor=\"#fde0de\" penwidth=2",
        Kind::Killed => " color=\"#8e24aa\" fillcolor=\"#f6dcf7\" penwidth=2",
        Kind::File => " shape=note style=filled color=\"#8a6d1f\" fillcolor=\"#fff8dc\"",
        Kind::Channel => " shape=cds style=filled color=\"#2e7d6b\" fillcolor=\"#def4ee\"",
        Kind::Blamed => " shape=note style=\"filled,dashed\" color=\"#c62828\" fillcolor=white",
    }
}

const fn style_of_tie(tie: Tie) -> &'static str {
    match tie {
        Tie::Fork => " weight=4",
        Tie::Join => " style=dotted constraint=false arrowhead=empty",
        Tie::Data => " color=\"#1565c0\" fontcolor=\"#1565c0\" penwidth=1.4",
        Tie::Change => " color=\"#8a6d1f\" fontcolor=\"#8a6d1f\" style=dashed",
        Tie::Signal => " color=\"#8e24aa\" fontcolor=\"#8e24aa\" style=dashed constraint=false",
        Tie::Blame => " color=\"#c62828\" fontcolor=\"#c62828\" style=dashed arrowhead=tee",
    }
}

/// One box with all kinds of boxes and arrows.
fn write_legend(text: &mut String) {
    text.push_str(
        "legend [shape=plaintext style=\"\" tooltip=\"what is what\" label=<\
         <table border=\"0\" cellborder=\"0\" cellspacing=\"2\" cellpadding=\"3\">\
         <tr><td bgcolor=\"#eef2f7\">process</td>\
         <td bgcolor=\"#fde0de\">✗ failed</td><td bgcolor=\"#f6dcf7\">✗ killed by a signal</td>\
         <td bgcolor=\"#fff8dc\">file</td><td bgcolor=\"#def4ee\">pipe, socket</td>\
         <td><font color=\"#c62828\">missed</font></td></tr>\
         <tr><td>→ starts</td><td>⇢ is waited for by</td>\
         <td><font color=\"#1565c0\">→ data, with bytes</font></td>\
         <td><font color=\"#8a6d1f\">⇢ makes, removes</font></td>\
         <td><font color=\"#8e24aa\">⇢ signals</font></td>\
         <td><font color=\"#c62828\">⊣ failed at</font></td></tr></table>>]\n",
    );
}

/// A tooltip, of which Graphviz reads escapes twice.
fn tip(text: &str) -> String {
    quoted(&text.replace('\\', "\\\\"))
}

/// Text between quotes. Graphviz reads `\N` and its like as escapes, and `&lt;` as an
/// entity.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_what_it_is() {
        assert_eq!(quoted("a\"b\\N\n&lt;<x>"), "a\\\"b\\\\N\\n&amp;lt;<x>");
    }
}
