//! What went from one lane to another: through pipes and connections, and in files.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::layout::{Lane, MARGIN, Subject, WIDTH};
use super::text::{Look, Span, Text, overlap};
use crate::export::Scope;
use crate::export::picture::{counted, readable, shortened, size_text};
use crate::export::scope::Fate;
use crate::flow::VersionId;
use crate::flow::graph::{ActivityIndex, Carrier, Graph, Passage, Resource};

/// The most of them.
const MOST: usize = 24;
const SIZE: f64 = 9.5;

/// From a lane to another.
#[derive(Debug)]
pub(super) struct Curve {
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
    /// Whether it went in a file, which may be read long after it was written.
    pub(super) is_file: bool,
    /// Where there was room for it.
    pub(super) label: Option<Text>,
    pub(super) title: String,
}

/// All that went between two lanes in one way.
#[derive(Clone, Debug)]
struct Sum {
    bytes: u64,
    messages: u64,
    /// Whether it is not known how much went: calls were not recorded.
    is_unknown: bool,
    resources: Vec<usize>,
    given: u64,
    taken: u64,
}

/// The curves, and what is said of those that there is no room for.
pub(super) fn curves(subject: &Subject<'_>, lanes: &[Lane]) -> (Vec<Curve>, Option<String>) {
    let written = written(subject.graph);
    let mut sums: BTreeMap<(usize, usize, bool), Sum> = BTreeMap::new();
    for passage in subject.graph.passages.iter().filter(|passage| passage.is_data()) {
        let group = |index| subject.group_of(subject.graph.process_of(index)?.id);
        let ends = (group(passage.from), group(passage.to));
        let (Some(from), Some(to)) = ends else { continue };
        let Some(resource) = subject.graph.resource(passage.through) else { continue };
        if from != to && is_shown(resource, &subject.doings.scope) {
            let key = (from, to, passage.carrier == Carrier::Content);
            let moment = moments(passage, &written);
            sums.entry(key).or_insert_with(|| Sum::new(moment)).add(passage, moment);
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|((.., is_file), sum)| (*is_file, std::cmp::Reverse(sum.bytes)));
    let more = sums.len().saturating_sub(MOST);
    sums.truncate(MOST);
    let bars = lanes.iter().flat_map(|lane| &lane.bars);
    let bars = bars.map(|bar| [bar.x.0, bar.y, bar.x.1, bar.y + bar.height]);
    let mut taken: Vec<_> = lanes.iter().flat_map(texts).map(Text::area).chain(bars).collect();
    let mut curves = Vec::new();
    for (key, sum) in &sums {
        if let Some(mut curve) = curve(subject, lanes, *key, sum) {
            curve.label = free_label(&curve, sum.label(subject, key.2), &taken);
            taken.extend(curve.label.as_ref().map(Text::area));
            curves.push(curve);
        }
    }
    let note = (more > 0).then(|| {
        let what = counted(more, "curve", "curves");
        format!("Not drawn, for want of room: {what} between lanes, those with the fewest bytes.")
    });
    (curves, note)
}

fn texts(lane: &Lane) -> impl Iterator<Item = &Text> {
    std::iter::once(&lane.label).chain(&lane.words)
}

/// A file of the system is, if the run changed it.
fn is_shown(resource: &Resource, scope: &Scope) -> bool {
    match scope.fate(&resource.name, resource.class) {
        Fate::Told => true,
        Fate::Folded => resource.life.modified,
        Fate::Hidden => false,
    }
}

/// When activities last wrote contents of files.
type Written = FxHashMap<(ActivityIndex, VersionId), u64>;

fn written(graph: &Graph) -> Written {
    let times = graph
        .usages
        .iter()
        .filter_map(|usage| Some(((usage.activity, usage.version?), usage.given?.last)));
    times.collect()
}

/// When it was given, and when it was taken.
fn moments(passage: &Passage, written: &Written) -> (u64, u64) {
    let taken = passage.taken.first;
    let version = passage.version.and_then(|version| written.get(&(passage.from, version)));
    let given = passage.given.map(|given| given.first).or(version.copied()).unwrap_or(taken);
    (given.min(taken), taken)
}

impl Sum {
    const fn new((given, taken): (u64, u64)) -> Self {
        Self { bytes: 0, messages: 0, is_unknown: false, resources: Vec::new(), given, taken }
    }

    fn add(&mut self, passage: &Passage, (given, taken): (u64, u64)) {
        self.is_unknown |= passage.known().is_none();
        match passage.carrier {
            Carrier::Bytes => self.bytes += passage.amount,
            Carrier::Messages => self.messages += passage.amount,
            Carrier::Content | Carrier::Overwrite => {}
        }
        if !self.resources.contains(&passage.through.index()) {
            self.resources.push(passage.through.index());
        }
        (self.given, self.taken) = (self.given.min(given), self.taken.min(taken));
    }

    /// `1.2 MB`, or the file's name.
    fn label(&self, subject: &Subject<'_>, is_file: bool) -> String {
        let first = self.resources.first().and_then(|index| subject.graph.resources.get(*index));
        match (is_file, self.resources.len()) {
            (true, 1) => {
                let name = first.map_or(&[][..], |resource| &resource.name);
                let last = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                shortened(&readable(last), 24).into_owned()
            }
            (true, count) => counted(count, "file", "files"),
            (false, _) if self.is_unknown => "not known how much".to_owned(),
            (false, _) if self.bytes > 0 => size_text(self.bytes),
            (false, _) => counted(self.messages as usize, "message", "messages"),
        }
    }
}

fn curve(
    subject: &Subject<'_>,
    lanes: &[Lane],
    (from, to, is_file): (usize, usize, bool),
    sum: &Sum,
) -> Option<Curve> {
    let (giver, taker) = (lanes.get(from)?, lanes.get(to)?);
    let names = |lane: &Lane| subject.groups.label(lane.group, subject.graph, 60);
    let label = sum.label(subject, is_file);
    let title = format!("{label} from {} to {}", names(giver), names(taker));
    let at = |time: u64| subject.x(time).clamp(MARGIN, WIDTH - MARGIN);
    let (from, to) = ((at(sum.given), giver.line), (at(sum.taken), taker.line));
    Some(Curve { from, to, is_file, label: None, title })
}

/// The label at the first of some points of the curve where nothing else stands.
fn free_label(curve: &Curve, label: String, taken: &[[f64; 4]]) -> Option<Text> {
    let spans = vec![Span::new(label, Look::Data)];
    [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8].into_iter().find_map(|part| {
        let (x, y) = curve.point(part);
        let text = Text::new((x + 5.0, y + 3.0), SIZE, spans.clone());
        let area = text.area();
        let is_free = area[2] < WIDTH - MARGIN && taken.iter().all(|other| !overlap(other, &area));
        is_free.then_some(text)
    })
}

impl Curve {
    /// The four points of a cubic Bézier curve: it leaves and arrives across the lanes.
    pub(super) fn points(&self) -> [(f64, f64); 4] {
        let (from, to) = (self.from, self.to);
        let bow = (to.1 - from.1) * 0.5;
        // From a bar straight to another one it would hide in the branches.
        let side = if (to.0 - from.0).abs() < 24.0 { 24.0 } else { 0.0 };
        [from, (from.0 + side, from.1 + bow), (to.0 + side, to.1 - bow), to]
    }

    fn point(&self, part: f64) -> (f64, f64) {
        let [a, b, c, d] = self.points();
        let rest = 1.0 - part;
        let mix = |a: f64, b: f64, c: f64, d: f64| {
            a * rest.powi(3)
                + 3.0 * b * rest * rest * part
                + 3.0 * c * rest * part * part
                + d * part.powi(3)
        };
        (mix(a.0, b.0, c.0, d.0), mix(a.1, b.1, c.1, d.1))
    }
}
