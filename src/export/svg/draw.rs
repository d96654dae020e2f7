//! Layouts as an SVG document. (<https://www.w3.org/TR/SVG2/>)

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::bars::{Bar, BarLook};
use super::curves::Curve;
use super::layout::{Branch, Lane, Layout, MARGIN, WIDTH};
use super::style::SHEET;
use super::text::{Look, Span, Text};
use crate::export::picture::time_text;

type Out = Writer<Vec<u8>>;

/// How round branches are.
const ROUND: f64 = 7.0;

/// The document.
///
/// # Errors
/// None that can happen: it is put together in memory.
pub(super) fn document(layouts: &[Layout]) -> io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let height = layouts.iter().map(|layout| layout.height).sum::<f64>() + LEGEND;
    let view = ["0", "0", &number(WIDTH), &number(height)].join(" ");
    out.create_element("svg")
        .with_attribute(("xmlns", "http://www.w3.org/2000/svg"))
        .with_attribute(("viewBox", view.as_str()))
        .with_attributes([("width", number(WIDTH).as_str()), ("height", number(height).as_str())])
        .with_attributes([("role", "img"), ("aria-labelledby", "title description")])
        .write_inner_content(|out| {
            titles(out, layouts)?;
            out.create_element("style").write_text_content(BytesText::new(SHEET))?;
            rectangle(out, "paper", (0.0, 0.0), (WIDTH, height))?;
            let mut top = 0.0;
            for layout in layouts {
                let place = ["translate(0 ", &number(top), ")"].concat();
                out.create_element("g")
                    .with_attribute(("transform", place.as_str()))
                    .write_inner_content(|out| run(out, layout))?;
                top += layout.height;
            }
            legend(out, layouts, top)
        })?;
    out.get_mut().push(b'\n');
    Ok(out.into_inner())
}

fn titles(out: &mut Out, layouts: &[Layout]) -> io::Result<()> {
    let title: Vec<_> = layouts.iter().filter_map(|one| one.heading.first()).map(plain).collect();
    let description: Vec<_> = layouts.iter().map(|one| one.description.as_str()).collect();
    for (name, text) in [("title", title.join("; ")), ("desc", description.join("\n"))] {
        let id = if name == "title" { "title" } else { "description" };
        out.create_element(name)
            .with_attribute(("id", id))
            .write_text_content(BytesText::new(&text))?;
    }
    Ok(())
}

fn plain(text: &Text) -> String {
    text.spans.iter().map(|span| span.text.as_str()).collect()
}

/// From the back to the front: axis, curves and branches, bars, text.
fn run(out: &mut Out, layout: &Layout) -> io::Result<()> {
    axis(out, layout)?;
    layout.branches.iter().try_for_each(|one| branch(out, one))?;
    layout.curves.iter().try_for_each(|one| curve(out, one))?;
    layout.lanes.iter().try_for_each(|one| lane(out, one))?;
    for label in layout.curves.iter().filter_map(|curve| curve.label.as_ref()) {
        text(out, label, true)?;
    }
    for (index, line) in layout.heading.iter().enumerate() {
        text(out, line, index == 0)?;
    }
    let mut y = layout.field.1 + 22.0;
    for note in &layout.notes {
        small(out, (MARGIN, y), "start", note)?;
        y += 16.0;
    }
    Ok(())
}

fn axis(out: &mut Out, layout: &Layout) -> io::Result<()> {
    let (top, bottom) = layout.field;
    // Words of one and the next must not overlap.
    let (mut free, mut row) = (f64::NEG_INFINITY, 0.0);
    for gap in &layout.gaps {
        let (left, right) = gap.places;
        row = if left < free && row == 0.0 { 11.0 } else { 0.0 };
        free = right + 24.0;
        rectangle(out, "gap", (left, top), (right - left, bottom - top))?;
        for x in [left, right] {
            line(out, "gap-edge", (x, top), (x, bottom))?;
        }
        let skipped = ["⋯ ", &time_text(gap.times.1 - gap.times.0)].concat();
        small(out, (f64::midpoint(left, right), bottom + 11.0 + row), "middle", &skipped)?;
    }
    for tick in &layout.ticks {
        line(out, "grid", (tick.at, top), (tick.at, bottom))?;
        let anchor = if tick.at > WIDTH - 2.0 * MARGIN { "end" } else { "start" };
        small(out, (tick.at, top - 6.0), anchor, &tick.label)?;
    }
    Ok(())
}

/// Down from the parent and round into the child, or out of it and up again.
fn branch(out: &mut Out, branch: &Branch) -> io::Result<()> {
    let ((px, py), (cx, cy)) = (branch.parent, branch.child);
    let down = if cy > py { 1.0 } else { -1.0 };
    let round = ROUND.min((cy - py).abs() / 2.0);
    let mut path = Path::default();
    if branch.is_join {
        let turn = (px - round).max(cx);
        path.to("M", &[(cx, cy)]).to("L", &[(turn, cy)]);
        path.to("Q", &[(px, cy), (px, cy - down * round)]).to("L", &[(px, py)]);
    } else {
        path.to("M", &[(px, py)]).to("L", &[(px, cy - down * round)]);
        path.to("Q", &[(px, cy), (cx + round, cy)]);
    }
    path.write(out, if branch.is_join { "join" } else { "branch" }, None)
}

fn curve(out: &mut Out, curve: &Curve) -> io::Result<()> {
    let [from, one, two, to] = curve.points();
    let mut path = Path::default();
    path.to("M", &[from]).to("C", &[one, two, to]);
    let class = if curve.is_file { "data file" } else { "data" };
    path.write(out, class, Some(&curve.title))?;
    let (x, y) = (number(to.0), number(to.1));
    out.create_element("circle")
        .with_attributes([("class", "data-end"), ("cx", &x), ("cy", &y), ("r", "2.6")])
        .write_empty()?;
    Ok(())
}

fn lane(out: &mut Out, lane: &Lane) -> io::Result<()> {
    out.create_element("g").with_attribute(("class", "lane")).write_inner_content(|out| {
        out.create_element("title").write_text_content(BytesText::new(&lane.title))?;
        lane.bars.iter().try_for_each(|one| bar(out, one))?;
        lane.words.iter().try_for_each(|words| text(out, words, true))?;
        text(out, &lane.label, true)
    })?;
    Ok(())
}

fn bar(out: &mut Out, bar: &Bar) -> io::Result<()> {
    let (x, y) = (number(bar.x.0), number(bar.y));
    let (width, height) = (number((bar.x.1 - bar.x.0).max(0.5)), number(bar.height));
    let mut rect = out
        .create_element("rect")
        .with_attributes([("class", bar.look.class()), ("x", &x), ("y", &y)])
        .with_attributes([("width", width.as_str()), ("height", &height)]);
    if bar.height > 6.0 {
        rect = rect.with_attribute(("rx", "1.5"));
    }
    rect.write_empty()?;
    Ok(())
}

/// What everything means, at the bottom.
const LEGEND: f64 = 40.0;

fn legend(out: &mut Out, layouts: &[Layout], top: f64) -> io::Result<()> {
    let y = top + 16.0;
    let mut x = MARGIN;
    let looks = [
        (BarLook::Good, "works"),
        (BarLook::Waits, "waits for others"),
        (BarLook::Forked, "before its own program"),
        (BarLook::Failed, "failed"),
        (BarLook::Killed, "killed by a signal"),
        (BarLook::Running, "not seen to end"),
    ];
    let bars = || layouts.iter().flat_map(|one| &one.lanes).flat_map(|lane| &lane.bars);
    for (look, meaning) in looks {
        if bars().any(|bar| bar.look == look) {
            let height = if look == BarLook::Waits { 2.0 } else { 8.0 };
            bar(out, &Bar { x: (x, x + 22.0), y: y - 4.0 - height / 2.0, height, look })?;
            x = after(out, x + 28.0, y, meaning)?;
        }
    }
    let branches =
        |is_join| layouts.iter().flat_map(|one| &one.branches).any(|one| one.is_join == is_join);
    let curves =
        |is_file| layouts.iter().flat_map(|one| &one.curves).any(|one| one.is_file == is_file);
    let lines = [
        (branches(false), "branch", "starts"),
        (branches(true), "join", "is waited for"),
        (curves(false), "data", "bytes through pipes and sockets"),
        (curves(true), "data file", "through files"),
    ];
    for (_, class, meaning) in lines.into_iter().filter(|(is_there, ..)| *is_there) {
        let mut path = Path::default();
        path.to("M", &[(x, y - 4.0)]).to("L", &[(x + 22.0, y - 4.0)]);
        path.write(out, class, None)?;
        x = after(out, x + 28.0, y, meaning)?;
    }
    Ok(())
}

/// A word of the legend; where the next one begins.
fn after(out: &mut Out, x: f64, y: f64, meaning: &str) -> io::Result<f64> {
    small(out, (x, y), "start", meaning)?;
    Ok(x + meaning.len() as f64 * 5.6 + 14.0)
}

fn text(out: &mut Out, text: &Text, is_mono: bool) -> io::Result<()> {
    let (x, y, size) = (number(text.x), number(text.y), number(text.size));
    let class = if is_mono { "mono" } else { "plain" };
    out.create_element("text")
        .with_attributes([("class", class), ("x", &x), ("y", &y), ("font-size", &size)])
        .with_attribute(("xml:space", "preserve"))
        .write_inner_content(|out| spans(out, &text.spans))?;
    Ok(())
}

/// On one line: what stands between the parts would be shown.
fn spans(out: &mut Out, spans: &[Span]) -> io::Result<()> {
    let mut inner = Writer::new(Vec::new());
    for span in spans {
        inner
            .create_element("tspan")
            .with_attribute(("class", span.look.class()))
            .write_text_content(BytesText::new(&span.text))?;
    }
    out.get_mut().extend(inner.into_inner());
    Ok(())
}

fn small(out: &mut Out, (x, y): (f64, f64), anchor: &str, words: &str) -> io::Result<()> {
    let (x, y) = (number(x), number(y));
    out.create_element("text")
        .with_attributes([("class", Look::Dim.class()), ("x", &x), ("y", &y)])
        .with_attributes([("font-size", "10.5"), ("text-anchor", anchor)])
        .write_text_content(BytesText::new(words))?;
    Ok(())
}

fn rectangle(out: &mut Out, class: &str, at: (f64, f64), size: (f64, f64)) -> io::Result<()> {
    let numbers = [at.0, at.1, size.0, size.1].map(number);
    let names = ["x", "y", "width", "height"];
    out.create_element("rect")
        .with_attribute(("class", class))
        .with_attributes(names.into_iter().zip(numbers.iter().map(String::as_str)))
        .write_empty()?;
    Ok(())
}

fn line(out: &mut Out, class: &str, from: (f64, f64), to: (f64, f64)) -> io::Result<()> {
    let numbers = [from.0, from.1, to.0, to.1].map(number);
    out.create_element("line")
        .with_attribute(("class", class))
        .with_attributes(
            ["x1", "y1", "x2", "y2"].into_iter().zip(numbers.iter().map(String::as_str)),
        )
        .write_empty()?;
    Ok(())
}

/// The outline of a line.
#[derive(Default)]
struct Path(String);

impl Path {
    /// A command with its points.
    fn to(&mut self, command: &str, points: &[(f64, f64)]) -> &mut Self {
        self.0.push_str(command);
        for (x, y) in points {
            self.0.extend([number(*x).as_str(), " ", &number(*y), " "]);
        }
        self
    }

    fn write(&self, out: &mut Out, class: &str, title: Option<&str>) -> io::Result<()> {
        let path = out
            .create_element("path")
            .with_attributes([("class", class), ("d", self.0.trim_end())]);
        match title {
            Some(title) => path.write_inner_content(|out| {
                out.create_element("title").write_text_content(BytesText::new(title))?;
                Ok(())
            })?,
            None => path.write_empty()?,
        };
        Ok(())
    }
}

/// Tenths are fine enough for a picture.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
