//! A report as a picture: a bar for each recorder.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::recorder::Scope;
use super::report::{Report, Subject};

const WIDTH: f64 = 860.0;
/// Where bars begin: names stand before that.
const LEFT: f64 = 250.0;
/// Room behind the longest bar for its number.
const RIGHT: f64 = 150.0;
const TOP: f64 = 64.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;

type Out = Writer<Vec<u8>>;

/// The report as an SVG document: bars as long as the logarithm of the ratio to the
/// native time, with the least and the greatest ratio of any round.
///
/// # Errors
/// None that can happen: it is put together in memory.
pub fn svg(report: &Report) -> io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 1);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let bars: Vec<_> = report.subjects.iter().filter(|one| !one.runs.is_empty()).collect();
    let height = TOP + ROW * bars.len() as f64 + 46.0;
    let most = bars.iter().map(|one| one.summary.ratios.1).fold(2.0, f64::max);
    let scale = (WIDTH - LEFT - RIGHT) / most.log10();
    out.create_element("svg")
        .with_attribute(("xmlns", "http://www.w3.org/2000/svg"))
        .with_attribute(("viewBox", format!("0 0 {WIDTH} {height}").as_str()))
        .with_attribute(("font-family", "sans-serif"))
        .with_attribute(("font-size", "13"))
        .write_inner_content(|out| {
            rectangle(out, (0.0, 0.0), (WIDTH, height), "white")?;
            text(out, (12.0, 24.0), "start", "black", &short(&report.command, 100))?;
            text(out, (12.0, 44.0), "start", "#666", &conditions(report))?;
            grid(out, most, scale, height)?;
            for (row, subject) in bars.iter().enumerate() {
                bar(out, subject, TOP + ROW * row as f64, scale)?;
            }
            let below = height - 12.0;
            text(out, (LEFT, below), "start", "#666", "time as a multiple of the native one")
        })?;
    out.get_mut().push(b'\n');
    Ok(out.into_inner())
}

fn conditions(report: &Report) -> String {
    let machine = &report.machine;
    let busy = if machine.quiet {
        "quiet".to_owned()
    } else {
        format!("busy: other work on {:.1} of them", machine.others)
    };
    format!("{} rounds, {} processors, {busy}", report.rounds, machine.processors)
}

/// Lines at 1, 2, 5, 10, 20, …
fn grid(out: &mut Out, most: f64, scale: f64, height: f64) -> io::Result<()> {
    let decades = std::iter::successors(Some(1.0), |decade: &f64| Some(decade * 10.0));
    let marks = decades.flat_map(|decade| [decade, decade * 2.0, decade * 5.0]);
    for mark in marks.take_while(|mark| *mark <= most) {
        let x = LEFT + mark.log10() * scale;
        let bottom = height - 42.0;
        line(out, (x, TOP - 4.0), (x, bottom), "#ddd")?;
        text(out, (x, bottom + 14.0), "middle", "#666", &format!("{mark}×"))?;
    }
    Ok(())
}

fn bar(out: &mut Out, subject: &Subject, top: f64, scale: f64) -> io::Result<()> {
    let summary = &subject.summary;
    let at = |ratio: f64| LEFT + ratio.max(1.0).log10() * scale;
    let (colour, middle) = (colour(subject), top + BAR / 2.0);
    text(out, (LEFT - 8.0, middle + 4.0), "end", "black", subject.name)?;
    rectangle(out, (LEFT, top), ((at(summary.ratio) - LEFT).max(2.0), BAR), colour)?;
    let (least, greatest) = (at(summary.ratios.0), at(summary.ratios.1));
    line(out, (least, middle), (greatest, middle), "black")?;
    let mut said = format!("{:.2}×", summary.ratio);
    if summary.fault.is_some() {
        said.push_str(", not ranked");
    } else if subject.scope == Some(Scope::Some) {
        said.push_str(", some calls only");
    }
    text(out, (greatest.max(LEFT) + 8.0, middle + 4.0), "start", "black", &said)
}

fn colour(subject: &Subject) -> &'static str {
    match subject.name {
        _ if subject.summary.fault.is_some() => "#bbb",
        "native" => "#777",
        name if name.starts_with("rtrace") => "#2a7de1",
        _ => "#e09a3e",
    }
}

fn rectangle(out: &mut Out, at: (f64, f64), size: (f64, f64), fill: &str) -> io::Result<()> {
    let numbers = [at.0, at.1, size.0, size.1].map(number);
    let names = ["x", "y", "width", "height"];
    let places = names.into_iter().zip(numbers.iter().map(String::as_str));
    out.create_element("rect")
        .with_attributes(places)
        .with_attribute(("fill", fill))
        .write_empty()?;
    Ok(())
}

fn line(out: &mut Out, from: (f64, f64), to: (f64, f64), stroke: &str) -> io::Result<()> {
    let numbers = [from.0, from.1, to.0, to.1].map(number);
    let places = ["x1", "y1", "x2", "y2"].into_iter().zip(numbers.iter().map(String::as_str));
    out.create_element("line")
        .with_attributes(places)
        .with_attribute(("stroke", stroke))
        .write_empty()?;
    Ok(())
}

fn text(out: &mut Out, at: (f64, f64), anchor: &str, fill: &str, text: &str) -> io::Result<()> {
    let (x, y) = (number(at.0), number(at.1));
    out.create_element("text")
        .with_attributes([("x", x.as_str()), ("y", y.as_str()), ("text-anchor", anchor)])
        .with_attribute(("fill", fill))
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// Tenths are fine enough for a picture.
fn number(value: f64) -> String {
    format!("{value:.1}")
}

/// A text without control characters, which XML forbids, and not too long.
fn short(text: &str, most: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut cut: String = plain.take(most).collect();
    if text.chars().count() > most {
        cut.push('…');
    }
    cut
}
