//! Files: who read and wrote what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use rtrace::export::picture::{amount_text, command, counted, readable, shortened, size_text};
use rtrace::export::{Run, SYSTEM_FILES};
use rtrace::flow::Class;
use rtrace::flow::graph::{Amount, Deed, Graph, Process, Resource, Usage};

use super::super::terminal::shown;
use super::heading;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const NUMBER: Style = AnsiColor::Cyan.on_default();
/// Who used a file: the first ones.
const USERS: usize = 12;

/// What a process did to a file.
#[expect(clippy::struct_excessive_bools, reason = "each can be so without the others")]
#[derive(Clone, Copy, Debug, Default)]
struct Did {
    read: Option<Amount>,
    written: Option<Amount>,
    mapped: bool,
    ran: bool,
    made: bool,
    removed: bool,
}

/// The files of a run with who used them, with escape sequences for colours.
pub(super) fn text(run: &Run, graph: &Graph, width: usize, is_utf8: bool) -> String {
    let mut text = heading(run, graph, is_utf8);
    let users = users(graph);
    let (mut looked, mut programs, mut system) = (0, 0, 0);
    for resource in graph.resources.iter().filter(|one| is_file(one)) {
        let Some(users) = users.get(&resource.id.index()) else { continue };
        let is_changed = users.iter().any(|(_, did)| did.changes());
        if !is_changed && is_of_system(&resource.name) {
            system += 1;
        } else if users.iter().all(|(_, did)| !did.is_telling()) {
            let has_run = users.iter().any(|(_, did)| did.ran);
            *(if has_run { &mut programs } else { &mut looked }) += 1;
        } else {
            write_file(resource, users, graph, (width, is_utf8), &mut text);
        }
    }
    for (count, one, many) in [
        (looked, "name only looked at or missed", "names only looked at or missed"),
        (programs, "program only run", "programs only run"),
        (system, "system file only read", "system files only read"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{DIM}and {}{DIM:#}", counted(count, one, many));
        }
    }
    text
}

fn is_file(resource: &Resource) -> bool {
    resource.has_path() && matches!(resource.class, Class::File | Class::Database)
}

fn is_of_system(name: &[u8]) -> bool {
    SYSTEM_FILES.iter().any(|file| match file.strip_suffix('/') {
        Some(_) => name.starts_with(file.as_bytes()),
        None => name == file.as_bytes(),
    })
}

/// What each process did to each file, by its number; in the order of first use.
fn users(graph: &Graph) -> BTreeMap<usize, Vec<(&Process, Did)>> {
    let mut users: BTreeMap<usize, Vec<(&Process, Did)>> = BTreeMap::new();
    for usage in &graph.usages {
        let Some(process) = graph.process_of(usage.activity) else { continue };
        let all = users.entry(usage.resource.index()).or_default();
        let did = Did::from(usage);
        match all.iter_mut().find(|(one, _)| one.id == process.id) {
            Some((_, known)) => *known = known.with(did),
            None => all.push((process, did)),
        }
    }
    users
}

impl From<&Usage> for Did {
    fn from(usage: &Usage) -> Self {
        let count = |deed| usage.count(deed) > 0;
        Self {
            read: count(Deed::Read).then_some(usage.bytes_in),
            written: usage.has_given().then_some(usage.bytes_out),
            mapped: count(Deed::Map) || count(Deed::MapShared),
            ran: count(Deed::Execute),
            made: count(Deed::Make) || count(Deed::Truncate),
            removed: count(Deed::Remove),
        }
    }
}

impl Did {
    fn with(self, other: Self) -> Self {
        let both = |one: Option<Amount>, other: Option<Amount>| match (one, other) {
            (Some(one), Some(other)) => Some(one.plus(other)),
            (one, other) => one.or(other),
        };
        Self {
            read: both(self.read, other.read),
            written: both(self.written, other.written),
            mapped: self.mapped || other.mapped,
            ran: self.ran || other.ran,
            made: self.made || other.made,
            removed: self.removed || other.removed,
        }
    }

    const fn changes(&self) -> bool {
        self.written.is_some() || self.made || self.removed
    }

    const fn is_telling(&self) -> bool {
        self.changes() || self.read.is_some() || self.mapped
    }

    /// `read 1.2 kB, removed`.
    fn words(&self) -> String {
        let amount = |verb: &str, amount: Option<Amount>| {
            let amount = amount?;
            Some(
                [Some(verb.to_owned()), amount_text(amount)]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        };
        let mut words: Vec<String> = Vec::new();
        words.extend(amount("read", self.read));
        words.extend(amount("wrote", self.written));
        for (is_so, word) in [
            (self.mapped && self.read.is_none(), "mapped"),
            (self.ran, "ran"),
            (self.made && self.written.is_none(), "made"),
            (self.removed, "removed"),
        ] {
            if is_so {
                words.push(word.to_owned());
            }
        }
        words.join(", ")
    }
}

fn write_file(
    resource: &Resource,
    users: &[(&Process, Did)],
    graph: &Graph,
    (width, is_utf8): (usize, bool),
    text: &mut String,
) {
    let life = resource.life;
    let fate = match (life.created.is_some(), life.deleted.is_some()) {
        (true, true) => "created, deleted",
        (false, true) => "deleted",
        (true, false) => "created",
        (false, false) if life.modified => "modified",
        (false, false) => "",
    };
    let size = resource.size.map(size_text).unwrap_or_default();
    let facts: Vec<_> = [fate, &size].into_iter().filter(|fact| !fact.is_empty()).collect();
    let name = readable(&resource.name);
    let _ = write!(text, "{BOLD}{}{BOLD:#}", shown(&name, is_utf8));
    if !facts.is_empty() {
        let _ = write!(text, "  {DIM}{}{DIM:#}", facts.join(", "));
    }
    text.push('\n');
    let telling = users.iter().filter(|(_, did)| did.is_telling());
    for (process, did) in telling.clone().take(USERS) {
        let words = did.words();
        let room = width.saturating_sub(words.chars().count().max(24) + 14);
        let command = command(graph, process);
        let (pid, command) = (process.pid, shortened(&command, room.max(20)));
        let (words, command) = (shown(&words, is_utf8), shown(&command, is_utf8));
        let _ = writeln!(text, "    {words:<24}  {NUMBER}{pid}{NUMBER:#} {command}");
    }
    let more = telling.count().saturating_sub(USERS);
    if more > 0 {
        let _ = writeln!(text, "    {DIM}and {}{DIM:#}", counted(more, "process", "processes"));
    }
}
