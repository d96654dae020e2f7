//! IRIs by a prefix of the user's own: `PREFIX` and a moniker, so that what several
//! runs touched is one thing.
//!
//! They are written as Survol writes its URLs
//! (`http://HOST/survol/entity.py?xid=CIM_DataFile.Name=/etc/passwd`): a value with
//! other characters than `[-A-Za-z0-9_/:=.]` is `B64_` and its base64, URL-safe and
//! without padding; what belongs to another machine has that machine's name and `@`
//! before it.

use rustc_hash::FxHashMap;

use crate::event::TaskId;
use crate::export::decode::base64;
use crate::flow::{Authority, Moniker, ResourceId, State};

/// Things that are named so. A name stays as it was first given, for what has been
/// written of it cannot be taken back.
#[derive(Debug, Default)]
pub(super) struct Prefixed {
    prefix: String,
    host: String,
    processes: FxHashMap<TaskId, u32>,
    resources: FxHashMap<ResourceId, Box<str>>,
}

impl Prefixed {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    /// A run on that host begins.
    pub(super) fn begin(&mut self, host: &[u8]) {
        self.processes.clear();
        self.resources.clear();
        let mut iri = std::mem::take(&mut self.host);
        self.write(&Moniker::of_host(host), &mut iri);
        self.host = iri;
    }

    pub(super) fn name_process(&mut self, process: TaskId, pid: u32) {
        self.processes.insert(process, pid);
    }

    pub(super) fn name_resource(&mut self, state: &State, id: ResourceId) {
        if let Some(moniker) = Moniker::of(state, id) {
            let mut iri = String::new();
            self.write(&moniker, &mut iri);
            self.resources.entry(id).or_insert(iri.into());
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn process(&self, process: TaskId, out: &mut String) -> bool {
        let pid = self.processes.get(&process);
        pid.inspect(|pid| self.write(&Moniker::of_process(**pid), out)).is_some()
    }

    pub(super) fn resource(&self, id: ResourceId) -> Option<&str> {
        self.resources.get(&id).map(Box::as_ref)
    }

    /// Replaces `out` by the IRI of what has that moniker.
    pub(super) fn write(&self, moniker: &Moniker<'_>, out: &mut String) {
        out.clear();
        out.push_str(&self.prefix);
        if let Authority::Server(name) = moniker.authority {
            escape(name, out);
            out.push('@');
        }
        out.push_str(moniker.class);
        let separators = std::iter::once('.').chain(std::iter::repeat(','));
        for ((key, value), separator) in moniker.keys.iter().zip(separators) {
            out.push(separator);
            out.push_str(key);
            out.push('=');
            escape(value, out);
        }
    }
}

fn escape(value: &[u8], out: &mut String) {
    let is_kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_/:=.".contains(byte);
    match std::str::from_utf8(value) {
        Ok(text) if value.iter().all(is_kept) => out.push_str(text),
        _ => {
            out.push_str("B64_");
            let url_safe = |digit| match digit {
                '+' => '-',
                '/' => '_',
                other => other,
            };
            out.extend(base64(value).trim_end_matches('=').chars().map(url_safe));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iri(moniker: &Moniker<'_>) -> String {
        let mut out = String::from("what was there before");
        Prefixed::new("http://h:80/survol/entity.py?xid=").write(moniker, &mut out);
        out.strip_prefix("http://h:80/survol/entity.py?xid=").expect("the prefix").to_owned()
    }

    fn file<'a>(authority: Authority<'a>, name: &'a [u8]) -> Moniker<'a> {
        Moniker { authority, class: "CIM_DataFile", keys: vec![("Name", name.into())] }
    }

    #[test]
    fn values_are_escaped_as_survol_does() {
        let here = |name| iri(&file(Authority::Machine, name));
        assert_eq!(here(b"/etc/a-b_c:d=e.f"), "CIM_DataFile.Name=/etc/a-b_c:d=e.f");
        // As Python's base64.urlsafe_b64encode has them, without `=`.
        assert_eq!(here(b"/a b"), "CIM_DataFile.Name=B64_L2EgYg");
        assert_eq!(here(b"/a,b"), "CIM_DataFile.Name=B64_L2EsYg");
        assert_eq!(here(b"\xfb\xff\xfe?"), "CIM_DataFile.Name=B64_-__-Pw");
        assert_eq!(here("/é".as_bytes()), "CIM_DataFile.Name=B64_L8Op");
    }

    #[test]
    fn another_machine_stands_before_the_class() {
        let there = file(Authority::Server(b"nfs1"), b"/export/x");
        assert_eq!(iri(&there), "nfs1@CIM_DataFile.Name=/export/x");
        let odd = file(Authority::Server(b"[fd00::1]"), b"/x");
        assert_eq!(iri(&odd), "B64_W2ZkMDA6OjFd@CIM_DataFile.Name=/x");
    }
}
