//! IRIs of the things of a run: `urn:uuid:RUN#KIND-NUMBER`, for a file
//! `urn:uuid:RUN#file/its/path`. The run itself is `urn:uuid:RUN`. With a prefix of
//! the user's own, what has a moniker is named by that instead.

use super::prefix::Prefixed;
use crate::event::TaskId;
use crate::export::{Options, Run};
use crate::flow::{BlindSpot, EventId, Function, Look, Moniker, ResourceId, State, VersionId};
use crate::render::decimal;

/// Names the things of one run. Each method replaces the IRI in `out`.
#[derive(Debug, Default)]
pub(super) struct Names {
    base: String,
    machine: Vec<u8>,
    prefixed: Option<Prefixed>,
}

impl Names {
    pub(super) fn new(options: &Options) -> Self {
        let prefixed = options.iri_prefix.as_deref().map(Prefixed::new);
        Self { prefixed, ..Self::default() }
    }

    /// A run begins.
    pub(super) fn begin(&mut self, run: &Run) {
        self.base = format!("urn:uuid:{}#", run.uuid_text());
        self.machine.clone_from(&run.host);
        if let Some(prefixed) = &mut self.prefixed {
            prefixed.begin(&run.host);
        }
    }

    /// The host name of the run's machine.
    pub(super) fn machine(&self) -> &[u8] {
        &self.machine
    }

    /// A process is mentioned for the first time.
    pub(super) fn name_process(&mut self, process: TaskId, pid: u32) {
        if let Some(prefixed) = &mut self.prefixed {
            prefixed.name_process(process, pid);
        }
    }

    /// A resource is mentioned for the first time.
    pub(super) fn name_resource(&mut self, state: &State, id: ResourceId) {
        if let Some(prefixed) = &mut self.prefixed {
            prefixed.name_resource(state, id);
        }
    }

    /// The IRI of what has that moniker, if monikers make IRIs.
    pub(super) fn by_moniker(&self, moniker: &Moniker<'_>, out: &mut String) -> bool {
        self.prefixed.as_ref().inspect(|prefixed| prefixed.write(moniker, out)).is_some()
    }

    /// What all IRIs of the run's things begin with.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn run(&self) -> &str {
        self.base.strip_suffix('#').unwrap_or(&self.base)
    }

    pub(super) fn host(&self, out: &mut String) {
        match &self.prefixed {
            Some(prefixed) => prefixed.host().clone_into(out),
            None => self.start(out, "host"),
        }
    }

    pub(super) fn process(&self, process: TaskId, out: &mut String) {
        if !self.prefixed.as_ref().is_some_and(|prefixed| prefixed.process(process, out)) {
            self.start(out, "process-");
            number(out, process.0.into());
        }
    }

    pub(super) fn thread(&self, task: TaskId, out: &mut String) {
        self.start(out, "thread-");
        number(out, task.0.into());
    }

    pub(super) fn event(&self, event: EventId, out: &mut String) {
        self.start(out, "event-");
        pair(out, event);
    }

    pub(super) fn execution(&self, exec: EventId, out: &mut String) {
        self.start(out, "execution-");
        pair(out, exec);
    }

    /// By its time: no two observations of a tracer have the same.
    pub(super) fn blind_spot(&self, spot: &BlindSpot<'_>, out: &mut String) {
        self.start(out, "blind-spot-");
        number(out, spot.event.task.0.into());
        out.push('-');
        number(out, spot.time);
    }

    pub(super) fn look(&self, look: &Look<'_>, out: &mut String) {
        self.start(out, "look-");
        number(out, look.event.task.0.into());
        out.push('-');
        number(out, look.time);
    }

    /// By its name, and its ABI where that is not the machine's own.
    pub(super) fn function(&self, function: Function, out: &mut String) {
        if self.by_moniker(&function.moniker(), out) {
            return;
        }
        self.start(out, "function-");
        function.write_id(out);
    }

    /// By the doer's first event, and the function.
    pub(super) fn called(&self, by: EventId, function: Function, out: &mut String) {
        self.start(out, "calls-");
        pair(out, by);
        out.push('-');
        function.write_id(out);
    }

    /// By its number, in the order in which the doers first touched things.
    pub(super) fn usage(&self, index: usize, out: &mut String) {
        self.start(out, "usage-");
        number(out, index as u64);
    }

    /// By its number, in the order in which the first of it was taken.
    pub(super) fn passage(&self, index: usize, out: &mut String) {
        self.start(out, "passage-");
        number(out, index as u64);
    }

    /// By the file behind the names, and the number of its version.
    pub(super) fn version(&self, version: VersionId, out: &mut String) {
        self.start(out, "version-");
        number(out, version.file.index() as u64);
        out.push('-');
        number(out, version.number.into());
    }

    /// The files of the system, as one.
    pub(super) fn system_files(&self, out: &mut String) {
        self.start(out, "system-files");
    }

    /// A file by its path, anything else by its number.
    pub(super) fn resource(&self, state: &State, id: ResourceId, out: &mut String) {
        if let Some(iri) = self.prefixed.as_ref().and_then(|prefixed| prefixed.resource(id)) {
            iri.clone_into(out);
            return;
        }
        let name = state.name_of(id);
        if name.first() == Some(&b'/') {
            self.start(out, "file");
            percent_encode(name, out);
            return;
        }
        // Also a path whose directory is not known.
        self.start(out, "resource-");
        number(out, id.index() as u64);
    }

    fn start(&self, out: &mut String, kind: &str) {
        out.clear();
        out.push_str(&self.base);
        out.push_str(kind);
    }
}

fn number(out: &mut String, number: u64) {
    decimal(number, out);
}

fn pair(out: &mut String, id: EventId) {
    number(out, id.task.0.into());
    out.push('-');
    number(out, id.ordinal);
}

/// Appends a path as RFC 3986 writes it: everything but unreserved characters and
/// slashes as `%XX`, byte by byte; a dot at the end too.
pub(in crate::export) fn percent_encode(path: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let mut rest = path;
    while !rest.is_empty() {
        let kept = rest.iter().position(|byte| !is_kept(*byte)).unwrap_or(rest.len());
        // All ASCII, so this does not fail.
        out.push_str(std::str::from_utf8(&rest[..kept]).unwrap_or_default());
        rest = &rest[kept..];
        if let Some((byte, after)) = rest.split_first() {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)].into());
            out.push(DIGITS[usize::from(byte & 15)].into());
            rest = after;
        }
    }
    // In Turtle it would stand behind a backslash, which rdflib does not read there.
    if out.ends_with('.') {
        out.pop();
        out.push_str("%2E");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_become_an_iri() {
        let mut out = String::new();
        percent_encode(b"/a b/\xff%\"<\n\xc3\xa9", &mut out);
        assert_eq!(out, "/a%20b/%FF%25%22%3C%0A%C3%A9");
        out.clear();
        percent_encode(b"/a./b..", &mut out);
        assert_eq!(out, "/a./b.%2E");
    }

    #[test]
    fn events_are_named_by_task_and_ordinal() {
        let mut names = Names::default();
        names.begin(&Run { uuid: std::array::from_fn(|i| i as u8 * 17), ..Run::default() });
        let mut out = String::from("what was there before");
        names.event(EventId { task: TaskId(5), ordinal: 17 }, &mut out);
        assert_eq!(out, "urn:uuid:00112233-4455-6677-8899-aabbccddeeff#event-5-17");
    }
}
