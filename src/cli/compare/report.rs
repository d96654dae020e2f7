//! Reports of what is different.

use std::collections::HashMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use rtrace::compare::{Comparison, Finding, Force, Kind, Portrait};
use serde::Serialize;

use crate::cli::units;

/// Findings of a kind that are shown, at most, of those that follow from others.
const SHOWN: usize = 20;

/// A report for reading.
pub(super) fn text(
    a: &Portrait,
    b: &Portrait,
    what: &Comparison,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "A  {}", about(a))?;
    writeln!(out, "B  {}", about(b))?;
    if what.is_equivalent() {
        writeln!(out, "\nThe runs are equivalent.")?;
    } else {
        writeln!(out, "\nThe runs differ.")?;
    }
    if let Some(first) = what.divergence.and_then(|index| what.findings.get(index)) {
        let (at, command) =
            (units::duration(first.at), first.command.as_deref().unwrap_or_default());
        write!(out, "They part {at} after the start, in {}", short(command))?;
        if first.kind == Kind::Calls {
            writeln!(out, ":")?;
            sides(first, "  ", out)?;
        } else {
            writeln!(out, ": {}.", sentence(first))?;
        }
    }
    for (title, force, shown) in [
        ("Why, the most likely cause first", Force::Cause, usize::MAX),
        ("What follows, or may follow, from that", Force::Effect, SHOWN),
        ("What else was seen, and makes no difference by itself", Force::Hint, SHOWN),
    ] {
        section(title, &what.of(force).collect::<Vec<_>>(), shown, out)?;
    }
    writeln!(out)?;
    for count in &what.counts {
        writeln!(
            out,
            "{}: {} same, {} changed, {} only in A, {} only in B",
            count.what, count.same, count.changed, count.only_a, count.only_b
        )?;
    }
    for limit in &what.limits {
        writeln!(out, "not compared: {limit}")?;
    }
    Ok(())
}

/// A run in a line.
fn about(run: &Portrait) -> String {
    let time = chrono::DateTime::from_timestamp_nanos(run.about.began as i64);
    let command = run.programs.iter().zip(0..).find(|(program, _)| program.is_own);
    let command =
        command.map(|(_, id)| String::from_utf8_lossy(&run.command(id, false)).into_owned());
    let (host, length) = (&run.about.host, units::duration(run.about.end));
    let command = command.unwrap_or_default();
    format!("{}  on {host}, {length}: {command}", time.format("%Y-%m-%dT%H:%M:%SZ"))
}

fn section(
    title: &str,
    findings: &[&Finding],
    shown: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}:")?;
    let groups = groups(findings);
    for (number, (finding, others)) in groups.iter().take(shown).enumerate() {
        writeln!(out, "{:3}. {}", number + 1, short(&finding.what))?;
        match others {
            0 => {}
            1 => writeln!(out, "     and the same of another one")?,
            _ => writeln!(out, "     and the same of {others} others")?,
        }
        sides(finding, "       ", out)?;
        for line in &finding.evidence {
            writeln!(out, "       {}", short(line))?;
        }
        let command = finding.command.as_ref().filter(|command| !finding.what.contains(*command));
        if let Some(command) = command {
            writeln!(
                out,
                "       by {}, {} after the start",
                short(command),
                units::duration(finding.at)
            )?;
        }
    }
    let more = groups.len().saturating_sub(shown);
    if more > 0 {
        writeln!(out, "     and {more} more (--format json has all)")?;
    }
    Ok(())
}

/// What a finding is about, as a sentence.
fn sentence(finding: &Finding) -> String {
    let what = short(&finding.what);
    let is_one = matches!(finding.kind, Kind::Missing | Kind::Order | Kind::Wait | Kind::Stale);
    if is_one || what.starts_with("only ") {
        what
    } else if finding.kind == Kind::Arguments && what.starts_with("the arguments") {
        what + " differ"
    } else {
        what + " differs"
    }
}

/// How it is in each of the runs.
fn sides(finding: &Finding, indent: &str, out: &mut impl Write) -> io::Result<()> {
    if finding.a.is_none() && finding.b.is_none() {
        return Ok(());
    }
    let none = match finding.kind {
        Kind::Environment => Some("it is not set"),
        Kind::Use | Kind::Calls => Some("nothing"),
        Kind::Process => Some("not at all"),
        _ => None,
    };
    for (word, side) in [("A", &finding.a), ("B", &finding.b)] {
        if let Some(side) = side.as_deref().or(none) {
            writeln!(out, "{indent}{word}: {}", short(side))?;
        }
    }
    Ok(())
}

/// Findings with how many others are the same but for the file that they are about.
fn groups<'a>(findings: &[&'a Finding]) -> Vec<(&'a Finding, usize)> {
    let mut groups: Vec<(&Finding, usize)> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for finding in findings.iter().copied() {
        let like = (finding.kind, &finding.a, &finding.b, &finding.command, &finding.evidence);
        let place = places.entry(like).or_insert(groups.len());
        if finding.kind == Kind::Use && *place < groups.len() {
            groups[*place].1 += 1;
        } else {
            *place = groups.len();
            groups.push((finding, 0));
        }
    }
    groups
}

/// A text of a length that one can read; the middle is left out of longer ones.
fn short(text: &str) -> String {
    const LONG: usize = 160;
    let count = text.chars().count();
    if count <= LONG {
        return text.to_owned();
    }
    let first: String = text.chars().take(LONG * 2 / 3).collect();
    let last: String = text.chars().skip(count - LONG / 3).collect();
    format!("{first} … {last}")
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    equivalent: bool,
    a: &'a rtrace::compare::About,
    b: &'a rtrace::compare::About,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// The same as a JSON document.
pub(super) fn json(
    a: &Portrait,
    b: &Portrait,
    what: &Comparison,
    out: &mut impl Write,
) -> io::Result<()> {
    let document = Document {
        format: "rtrace-comparison",
        version: 1,
        equivalent: what.is_equivalent(),
        a: &a.about,
        b: &b.about,
        comparison: what,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// The same for build servers: one test that passes if the runs are equivalent.
pub(super) fn junit(b: &Portrait, what: &Comparison, out: &mut impl Write) -> io::Result<()> {
    let failures: Vec<&Finding> = what.of(Force::Cause).chain(what.of(Force::Effect)).collect();
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let (tests, failed) = (failures.len().max(1).to_string(), failures.len().to_string());
    let attributes = [("name", "rtrace compare"), ("tests", &tests), ("failures", &failed)];
    xml.write_event(Event::Start(BytesStart::new("testsuite").with_attributes(attributes)))?;
    for finding in &failures {
        let case = [("classname", finding.kind.name()), ("name", &*clean(&finding.what))];
        xml.write_event(Event::Start(BytesStart::new("testcase").with_attributes(case)))?;
        let message = clean(&both_sides(finding));
        let failure = BytesStart::new("failure").with_attributes([("message", &*message)]);
        xml.write_event(Event::Start(failure))?;
        xml.write_event(Event::Text(BytesText::new(&clean(&finding.evidence.join("\n")))))?;
        xml.write_event(Event::End(BytesEnd::new("failure")))?;
        xml.write_event(Event::End(BytesEnd::new("testcase")))?;
    }
    if failures.is_empty() {
        let case = [("classname", "equivalent"), ("name", b.about.run.as_str())];
        xml.write_event(Event::Empty(BytesStart::new("testcase").with_attributes(case)))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    writeln!(xml.get_mut())
}

fn both_sides(finding: &Finding) -> String {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".into());
    format!("A: {}; B: {}", side(&finding.a), side(&finding.b))
}

/// Without the characters that XML 1.0 forbids.
fn clean(text: &str) -> String {
    text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "\u{fffd}")
}
