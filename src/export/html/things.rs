//! What the processes used, in parts that the page unpacks one after the other when its
//! first picture is there: a run that goes through all files of a machine has hundreds of
//! thousands of them.

use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::directories::Directories;
use super::store::{Packed, Store};
use crate::export::json::{Members, Things};

/// Bytes of a part before it is packed: few enough to be unpacked within a frame or two.
const PART: usize = 1 << 19;
/// How many bounds are tried, at most.
const TRIES: usize = 4;

/// All parts, and how many names are not among them.
#[derive(Debug)]
pub(super) struct Parts {
    packed: Vec<Packed>,
    /// Names of files of which the page knows no more than their directories.
    pub(super) folded: u64,
}

impl Parts {
    /// Packs things into at most about `most` bytes of the page: as long as they take
    /// more, files that were only read or looked at are told of by their directories.
    pub(super) fn pack(things: &Things, most: u64, store: &mut Store) -> io::Result<Self> {
        let packed = whole(things, store)?;
        let mut parts = Self { packed, folded: 0 };
        if parts.encoded_len() <= most {
            return Ok(parts);
        }
        let mut directories = Directories::of(things)?;
        // Bounds that are known to be too much, and to be enough.
        let (mut above, mut below) = (directories.references(), 0);
        let mut bound = above * most / parts.encoded_len().max(1);
        for _ in 0..TRIES {
            directories.fold(bound);
            let packed = told(things, &directories, store)?;
            let tried = Self { packed, folded: directories.folded_names() };
            let bytes = tried.encoded_len();
            if bytes > most {
                above = bound;
                if below == 0 {
                    parts = tried;
                }
            } else {
                below = bound;
                parts = tried;
            }
            if bytes <= most && bytes > most / 3 * 2 || above - below < 2 {
                break;
            }
            bound = below + (above - below) / 2;
        }
        Ok(parts)
    }

    /// Bytes that they take in the page.
    pub(super) fn encoded_len(&self) -> u64 {
        self.packed.iter().map(Packed::encoded_len).sum()
    }

    /// Writes them as elements of the page.
    pub(super) fn write(&self, store: &mut Store, out: &mut impl Write) -> io::Result<()> {
        self.packed.iter().try_for_each(|part| store.write(part, "class=\"things\"", out))
    }
}

/// All as it is.
fn whole(things: &Things, store: &mut Store) -> io::Result<Vec<Packed>> {
    let mut packed = Vec::new();
    for (list, members) in lists(things) {
        let mut part = Part::new(list);
        members.each(|member| part.push(member, store, &mut packed))?;
        part.finish(store, &mut packed)?;
    }
    Ok(packed)
}

/// The same, as far as it is not in directories that are told of as one.
fn told(things: &Things, by: &Directories, store: &mut Store) -> io::Result<Vec<Packed>> {
    let mut packed = Vec::new();
    for (list, members) in lists(things) {
        let mut part = Part::new(list);
        let mut folded = by.folding();
        members.each(|member| match folded.take(member)? {
            Some(member) => part.push(&member, store, &mut packed),
            None => Ok(()),
        })?;
        for member in folded.finish() {
            part.push(&member.to_string(), store, &mut packed)?;
        }
        part.finish(store, &mut packed)?;
    }
    Ok(packed)
}

/// The lists, by the names that they have in the page.
fn lists(things: &Things) -> [(&'static str, &Members); 3] {
    [("nodes", &things.nodes), ("links", &things.links), ("glances", &things.glances)]
}

/// Members of one list that become a document of their own.
struct Part {
    list: &'static str,
    json: String,
}

impl Part {
    fn new(list: &'static str) -> Self {
        Self { list, json: String::new() }
    }

    fn push(&mut self, member: &str, store: &mut Store, to: &mut Vec<Packed>) -> io::Result<()> {
        self.json.push_str(if self.json.is_empty() { "[" } else { ",\n" });
        self.json.push_str(member);
        if self.json.len() > PART { self.finish(store, to) } else { Ok(()) }
    }

    fn finish(&mut self, store: &mut Store, to: &mut Vec<Packed>) -> io::Result<()> {
        if self.json.is_empty() {
            return Ok(());
        }
        let mut packer = GzEncoder::new(store.appender()?, Compression::default());
        let mut buffered = BufWriter::with_capacity(1 << 16, &mut packer);
        write!(buffered, "{{\"{}\":{}]}}", self.list, self.json)?;
        buffered.flush()?;
        drop(buffered);
        to.push(packer.finish()?.finish());
        self.json.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::json::Section;
    use serde_json::{Value, json};

    /// A program that reads so many files, a hundred in a directory.
    fn reads(count: u64) -> Things {
        let [mut nodes, mut links, glances] = [(); 3].map(|()| Section::new().expect("a list"));
        for number in 0..count {
            let path = format!("/srv/{}/file-{}", number / 100, number * 7919 % 104_729);
            let file = format!("0123456789ab:file{path}");
            let node = json!({ "id": file, "class": "file", "label": path, "deleted": false });
            nodes.push(&node).expect("pushed");
            let link = json!({ "id": format!("0123456789ab:use-1-1-{number}"), "kind": "use",
                "source": "0123456789ab:execution-1-1", "target": file, "deeds": { "reads": 1 } });
            links.push(&link).expect("pushed");
        }
        let [nodes, links, glances] =
            [nodes, links, glances].map(|list| list.finish().expect("ended"));
        Things { nodes, links, glances }
    }

    /// All members of a list in the parts.
    fn members(parts: &Parts, store: &mut Store, list: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for packed in &parts.packed {
            let json = flate2::read::GzDecoder::new(store.bytes(packed).expect("read"));
            let part: Value = serde_json::from_reader(json).expect("JSON");
            all.extend(part[list].as_array().cloned().unwrap_or_default());
        }
        all
    }

    #[test]
    fn all_is_told_where_there_is_room() {
        let mut store = Store::new().expect("a file");
        let parts = Parts::pack(&reads(3000), u64::MAX, &mut store).expect("packed");
        assert_eq!(parts.folded, 0);
        let told = ["nodes", "links"].map(|list| members(&parts, &mut store, list).len());
        assert_eq!(told, [3000, 3000]);
    }

    #[test]
    fn however_many_files_there_are_they_fit() {
        let mut store = Store::new().expect("a file");
        let parts = Parts::pack(&reads(3000), 20_000, &mut store).expect("packed");
        assert!(parts.encoded_len() <= 20_000, "{} bytes", parts.encoded_len());
        let nodes = members(&parts, &mut store, "nodes");
        let files = |node: &Value| node["files"].as_u64().unwrap_or(1);
        assert_eq!(nodes.iter().map(files).sum::<u64>(), 3000);
        let folded = nodes.iter().filter(|node| node["class"] == "files").map(files).sum::<u64>();
        assert_eq!(folded, parts.folded);
        let deeds = members(&parts, &mut store, "links");
        let reads = deeds.iter().filter_map(|link| link["deeds"]["reads"].as_u64()).sum::<u64>();
        assert_eq!(reads, 3000);
    }
}
