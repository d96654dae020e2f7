//! What must hold of every picture, of made runs.

use super::bars::BarLook;
use super::doings::Doings;
use super::draw::document;
use super::layout::{LANES, Layout, MARGIN, WIDTH};
use super::text::{Text, overlap};
use crate::export::picture::kit::{Child, child, family};
use crate::export::sample::exported;
use crate::export::{Options, Run};

fn laid_out(children: &[Child]) -> Layout {
    Layout::new(&Run::default(), &family(children), &Doings::default(), 0)
}

fn many(count: u64) -> Vec<Child> {
    let programs: [&[&str]; 3] = [&["cc", "x.c"], &["a very long command"], &["as"]];
    let each = |at: u64| child(programs[at as usize % 3], at, at + 1 + at % 7);
    (0..count).map(each).collect()
}

/// What holds of all of them.
fn check(layout: &Layout) {
    let mut top = layout.field.0;
    for lane in &layout.lanes {
        assert!(top < lane.bottom, "{lane:?}");
        for bar in &lane.bars {
            assert!(top <= bar.y && bar.y + bar.height <= lane.bottom, "lanes overlap: {lane:?}");
            assert!(bar.x.0 >= MARGIN - 0.1 && bar.x.1 <= WIDTH - MARGIN + 2.0, "{bar:?}");
        }
        let texts: Vec<&Text> = std::iter::once(&lane.label).chain(&lane.words).collect();
        for text in &texts {
            let [left, above, right, below] = text.area();
            assert!(left >= MARGIN && right <= WIDTH, "text fits: {text:?}");
            assert!(top <= above && below <= lane.bottom + 2.0, "{text:?} in {lane:?}");
        }
        for (at, one) in texts.iter().enumerate() {
            let others = &texts[at + 1..];
            assert!(others.iter().all(|other| !overlap(&one.area(), &other.area())), "{texts:?}");
        }
        top = lane.bottom;
    }
    for branch in &layout.branches {
        assert!(branch.parent.1 < branch.child.1, "parents stand above: {branch:?}");
    }
    let bottom = layout.lanes.last().map_or(0.0, |lane| lane.bottom);
    assert!(layout.field.0 < bottom && bottom < layout.height);
}

#[test]
fn a_few_and_many_processes_are_readable() {
    for count in [0, 1, 5, 14, 15, 39, 40, 500] {
        let layout = laid_out(&many(count));
        check(&layout);
        assert!(layout.lanes.len() <= LANES, "{count}");
        assert!(layout.height < 2400.0, "{count}: {}", layout.height);
    }
}

#[test]
fn every_failed_process_is_visible() {
    let mut children = many(300);
    for (place, code) in [(3, 1), (77, 2), (200, 127)] {
        children[place].end = (code, 0);
    }
    children[50].end = (0, 11);
    let layout = laid_out(&children);
    check(&layout);
    let bars = || layout.lanes.iter().flat_map(|lane| &lane.bars);
    let of = |look| bars().filter(|bar| bar.look == look).count();
    assert_eq!((of(BarLook::Failed), of(BarLook::Killed)), (3, 1));
    let labels: String =
        layout.lanes.iter().flat_map(|lane| &lane.label.spans).map(|span| &*span.text).collect();
    for end in ["exit 1", "exit 2", "exit 127", "killed by SIGSEGV"] {
        assert!(labels.contains(end) && layout.description.contains(end), "{end}: {labels}");
    }
}

#[test]
fn three_milliseconds_and_three_hours() {
    const HOUR: u64 = 3_600_000;
    check(&laid_out(&[child(&["true"], 0, 1), child(&["true"], 1, 2)]));
    let children: Vec<_> =
        (0..12).map(|at| child(&["true"], at % 4 * HOUR + at, at % 4 * HOUR + at + 1)).collect();
    let layout = laid_out(&children);
    check(&layout);
    assert_eq!(layout.gaps.len(), 3, "{:?}", layout.gaps);
    let widths = layout.lanes.iter().skip(1).flat_map(|lane| &lane.bars);
    assert!(widths.map(|bar| bar.x.1 - bar.x.0).fold(0.0, f64::max) > 15.0, "they can be seen");
}

#[test]
fn branches_lead_to_children_and_back() {
    let layout = laid_out(&[child(&["a"], 1, 5), child(&["b"], 2, 4)]);
    check(&layout);
    let joins = layout.branches.iter().filter(|branch| branch.is_join).count();
    assert_eq!((layout.branches.len(), joins), (4, 2));
}

#[test]
fn the_document_is_xml_and_has_words_for_all() {
    let text = exported("svg", &Options::default());
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut elements = 0;
    loop {
        match reader.read_event().expect("XML") {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(_) => elements += 1,
            _ => {}
        }
    }
    assert!(elements > 10, "{text}");
    assert!(text.contains("<desc id=\"description\">2 processes") && text.contains("SIGKILL"));
    assert!(
        text.contains("prefers-color-scheme: dark") && !text.contains("http://www.w3.org/1999")
    );
}

#[test]
fn runs_stand_one_below_the_other() {
    let layouts = [laid_out(&many(2)), laid_out(&many(3))];
    let text = String::from_utf8(document(&layouts).expect("written")).expect("text");
    assert!(text.contains("translate(0 0)") && text.matches("<g transform").count() == 2, "{text}");
}
