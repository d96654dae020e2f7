//! Files that are told of by their directory, where a page would be too large: those that
//! were only read or looked at, and of which nothing else hangs. The directories with the
//! most of them come first, and what is folded counts as one in the directory above.

use std::collections::BinaryHeap;
use std::io;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value, json};

use crate::export::json::Things;
use crate::export::rdf::percent_encode;

/// Behind the key of a run, in the ids of files.
const FILE: &str = ":file";
/// The same of what stands for files of a directory.
const FILES: &str = ":files-in";

/// The directories of all files that may be folded. A name is that of its run, a colon,
/// and the path as ids have it.
#[derive(Debug, Default)]
pub(super) struct Directories {
    /// How often something refers to a name.
    names: FxHashMap<String, u64>,
    /// Files that have to stay: they were made or changed, or data went through them.
    kept: FxHashSet<String>,
    folded: FxHashSet<String>,
}

/// What a directory would be as one.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    /// References to what is directly in it.
    sum: u64,
    /// Those of the one that has most: about as many are left.
    largest: u64,
}

impl Weight {
    fn add(&mut self, references: u64) {
        self.sum += references;
        self.largest = self.largest.max(references);
    }

    fn gain(self) -> u64 {
        self.sum - self.largest
    }
}

impl Directories {
    pub(super) fn of(things: &Things) -> io::Result<Self> {
        let mut all = Self::default();
        things.nodes.each(|line| {
            let node = parsed(line)?;
            match name_of_id(&node["id"]) {
                Some(name) if is_faint(&node) => drop(all.names.insert(name, 0)),
                Some(name) => drop(all.kept.insert(name)),
                None => {}
            }
            Ok(())
        })?;
        things.links.each(|line| {
            let link = parsed(line)?;
            for end in ["source", "target", "through"] {
                let Some(name) = name_of_id(&link[end]) else { continue };
                if link["kind"] == "use" {
                    all.refer(name);
                } else {
                    all.names.remove(&name);
                    all.kept.insert(name);
                }
            }
            Ok(())
        })?;
        things.glances.each(|line| {
            let glance = parsed(line)?;
            for name in glanced(&glance).into_iter().filter_map(|(_, name)| name) {
                all.refer(name);
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn refer(&mut self, name: String) {
        if !self.kept.contains(&name) {
            *self.names.entry(name).or_default() += 1;
        }
    }

    /// How often anything refers to a name that may be folded.
    pub(super) fn references(&self) -> u64 {
        self.names.values().sum()
    }

    /// Folds directories until there are no more than about so many references.
    pub(super) fn fold(&mut self, most: u64) {
        self.folded.clear();
        let mut weights: FxHashMap<&str, Weight> = FxHashMap::default();
        for (name, references) in &self.names {
            if let Some(directory) = directory_of(name) {
                weights.entry(directory).or_default().add(*references);
            }
        }
        let mut left = self.references();
        let mut heap: BinaryHeap<_> =
            weights.iter().map(|(name, weight)| (weight.gain(), *name)).collect();
        while left > most
            && let Some((gain, directory)) = heap.pop()
        {
            let known = weights.get(directory).copied().unwrap_or_default();
            if gain == 0 || gain != known.gain() || self.folded.contains(directory) {
                continue; // it weighs more by now
            }
            left -= gain;
            self.folded.insert(directory.to_owned());
            if let Some(above) = directory_of(directory) {
                let weight = weights.entry(above).or_default();
                weight.add(known.largest);
                heap.push((weight.gain(), above));
            }
        }
    }

    /// How many names are told of by a directory.
    pub(super) fn folded_names(&self) -> u64 {
        self.names.keys().filter(|name| self.place(name).is_some()).count() as u64
    }

    /// The uppermost directory that a name is folded into.
    fn place<'a>(&self, name: &'a str) -> Option<&'a str> {
        if self.kept.contains(name) {
            return None;
        }
        let above = std::iter::successors(directory_of(name), |name| directory_of(name));
        above.filter(|directory| self.folded.contains(*directory)).last()
    }

    pub(super) fn folding(&self) -> Folding<'_> {
        Folding { by: self, folded: FxHashMap::default(), order: Vec::new() }
    }
}

/// Members of a list, of which some become one.
pub(super) struct Folding<'a> {
    by: &'a Directories,
    folded: FxHashMap<(String, String), Value>,
    order: Vec<(String, String)>,
}

impl Folding<'_> {
    /// A member as it is to be told, if it is.
    pub(super) fn take(&mut self, line: &str) -> io::Result<Option<String>> {
        let Some(subject) = subject(line) else {
            return Ok(Some(self.glance(&parsed(line)?).to_string()));
        };
        let name = name_in(subject);
        let Some(place) = name.as_deref().and_then(|name| self.by.place(name)) else {
            return Ok(Some(line.to_owned()));
        };
        let mut member = parsed(line)?;
        let id = id_of_files(place);
        if member.get("kind").is_some() {
            member["target"] = id.clone().into();
            self.add((text(&member["source"]), id), member);
        } else {
            self.add((id.clone(), String::new()), files_of(member, id, place));
        }
        Ok(None)
    }

    /// What stands for several.
    pub(super) fn finish(mut self) -> Vec<Value> {
        let order = std::mem::take(&mut self.order);
        order.into_iter().filter_map(|key| self.folded.remove(&key)).collect()
    }

    fn add(&mut self, key: (String, String), member: Value) {
        if let Some(known) = self.folded.get_mut(&key) {
            join(known, &member);
        } else {
            self.order.push(key.clone());
            self.folded.insert(key, member);
        }
    }

    /// Names that somebody looked at: those in folded directories are counted.
    fn glance(&self, glance: &Value) -> Value {
        let mut told = json!({ "id": glance["id"] });
        let named = glanced(glance);
        for list in ["looked_at", "missed"] {
            let (mut names, mut counts) = (Vec::new(), Map::new());
            let of_list = glance[list].as_array().into_iter().flatten();
            let places = named.iter().filter(|(of, _)| *of == list).map(|(_, name)| name);
            for (value, name) in of_list.zip(places) {
                match name.as_deref().and_then(|name| self.by.place(name)) {
                    Some(place) => {
                        let path = place.split_once(':').map(|(_, path)| readable(path));
                        let count = counts.entry(path.unwrap_or_default()).or_insert(0.into());
                        *count = (count.as_u64().unwrap_or_default() + 1).into();
                    }
                    None => names.push(value.clone()),
                }
            }
            if !names.is_empty() {
                told[list] = names.into();
            }
            if !counts.is_empty() {
                told[[list, "_in"].concat()] = counts.into();
            }
        }
        told
    }
}

/// Adds to what is told of one what is told of another one.
fn join(known: &mut Value, other: &Value) {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    if let Some(files) = number(known, "files") {
        known["files"] = (files + number(other, "files").unwrap_or(1)).into();
    }
    if let Some(deeds) = other.get("deeds").and_then(Value::as_object) {
        for (deed, count) in deeds {
            let before = known["deeds"].get(deed).and_then(Value::as_u64).unwrap_or_default();
            known["deeds"][deed] = (before + count.as_u64().unwrap_or_default()).into();
        }
    }
    for (name, least) in [("read", "read_at_least"), ("written", "written_at_least")] {
        let Some(value) = other.get(name) else { continue };
        let so_far = known.get(name).cloned().unwrap_or_else(|| 0.into());
        let known_least = number(known, least).or(so_far.as_u64()).unwrap_or_default();
        let sum = known_least + number(other, least).or(value.as_u64()).unwrap_or_default();
        if so_far.is_null() || value.is_null() {
            (known[name], known[least]) = (Value::Null, sum.into());
        } else {
            known[name] = sum.into();
        }
    }
    let revision = number(known, "revision").max(number(other, "revision"));
    known["revision"] = revision.into();
    let either =
        |name: &str, pick: fn(u64, u64) -> u64| match (number(known, name), number(other, name)) {
            (Some(one), Some(two)) => Some(pick(one, two)),
            (one, two) => one.or(two),
        };
    let (first, last) = (either("first", u64::min), either("last", u64::max));
    if first.is_some() {
        (known["first"], known["last"]) = (first.into(), last.into());
    }
}

/// Whether a file was only read or looked at.
fn is_faint(node: &Value) -> bool {
    let is_file = node["class"] == "file" || node["class"] == "directory";
    let has = |member: &str| node.get(member).is_some_and(|value| !value.is_null());
    let deeds = ["modified", "created_by", "deleted_by", "versions", "system", "written"];
    is_file && node["deleted"] == false && !deeds.into_iter().any(has)
}

/// The names of a glance, each with its list; `None`: it has no text.
fn glanced(glance: &Value) -> Vec<(&'static str, Option<String>)> {
    let key = text(&glance["id"]);
    let key = key.split_once(':').map_or("", |(key, _)| key);
    let named = |path: &str| {
        let mut name = [key, ":"].concat();
        percent_encode(path.as_bytes(), &mut name);
        name
    };
    let of = |list: &'static str| {
        let names = glance[list].as_array().into_iter().flatten();
        names.map(move |path| (list, path.as_str().map(named)))
    };
    of("looked_at").chain(of("missed")).collect()
}

/// The id of what a node is, or of what a link leads to, without reading all of the line:
/// ids have nothing that JSON escapes. `None`: the line is a glance.
fn subject(line: &str) -> Option<&str> {
    let member = match (line.contains("\"kind\":\""), line.contains("\"class\":\"")) {
        (true, _) => "\"target\":\"",
        (false, true) => "\"id\":\"",
        (false, false) => return None,
    };
    let (_, rest) = line.split_once(member)?;
    // Files are not folded that another link than a use leads to.
    rest.split('"').next()
}

/// The node of a file as that of all files of its directory.
fn files_of(mut node: Value, id: String, place: &str) -> Value {
    let path = place.split_once(':').map(|(_, path)| readable(path));
    if let Some(members) = node.as_object_mut() {
        members.retain(|member, _| {
            !matches!(&**member, "name" | "inode" | "device" | "mode" | "size")
        });
    }
    node["id"] = id.into();
    node["class"] = "files".into();
    node["label"] = path.unwrap_or_default().into();
    node["moniker"] = Value::Null;
    node["files"] = 1.into();
    node
}

fn name_of_id(id: &Value) -> Option<String> {
    name_in(id.as_str()?)
}

fn name_in(id: &str) -> Option<String> {
    let (key, path) = id.split_once(FILE)?;
    path.starts_with('/').then(|| [key, ":", path].concat())
}

fn id_of_files(name: &str) -> String {
    name.replacen(':', FILES, 1)
}

/// The directory that a name is in; none above the uppermost ones.
fn directory_of(name: &str) -> Option<&str> {
    let (directory, _) = name.rsplit_once('/')?;
    (!directory.ends_with(':')).then_some(directory)
}

/// A path as people read it.
fn readable(encoded: &str) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, more @ ..] = rest {
        let digits = more.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte =
            digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| *first == b'%');
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { more.get(2..).unwrap_or_default() } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parsed(line: &str) -> io::Result<Value> {
    Ok(serde_json::from_str(line)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::json::{Members, Section};

    const KEY: &str = "0123456789ab";

    fn members(all: &[Value]) -> Members {
        let mut section = Section::new().expect("a list");
        for one in all {
            section.push(one).expect("pushed");
        }
        section.finish().expect("finished")
    }

    fn file(path: &str) -> Value {
        json!({ "id": format!("{KEY}:file{path}"), "class": "file", "label": path,
                "moniker": path, "deleted": false, "revision": 1, "read": 3, "first": 5, "last": 9 })
    }

    fn used(by: &str, path: &str, deed: &str) -> Value {
        json!({ "id": format!("{KEY}:use-{by}-{path}"), "kind": "use", "revision": 2,
                "source": format!("{KEY}:execution-{by}"), "target": format!("{KEY}:file{path}"),
                "deeds": { deed: 2 }, "read": 3, "first": 5, "last": 9 })
    }

    /// Eight files of a directory below another, one of them written to; and two others.
    fn things() -> Things {
        let paths: Vec<_> = (0..8).map(|n| format!("/data/in/{n} %")).collect();
        let mut nodes: Vec<_> = paths.iter().map(|path| file(&encoded(path))).collect();
        nodes[0]["modified"] = true.into();
        nodes.extend([file("/data/out/x"), file("/etc/passwd")]);
        let mut links: Vec<_> =
            paths.iter().map(|path| used("1-1", &encoded(path), "reads")).collect();
        links.push(used("1-1", "/etc/passwd", "reads"));
        let looked_at: Vec<_> = (0..5).map(|n| format!("/data/in/looked-{n}")).collect();
        let glances = json!({ "id": format!("{KEY}:execution-1-1"), "looked_at": looked_at,
                              "missed": ["/lib/none", { "base64": "/w==" }] });
        Things { nodes: members(&nodes), links: members(&links), glances: members(&[glances]) }
    }

    fn encoded(path: &str) -> String {
        let mut out = String::new();
        percent_encode(path.as_bytes(), &mut out);
        out
    }

    fn told(members: &Members, by: &Directories) -> Vec<Value> {
        let (mut folding, mut all) = (by.folding(), Vec::new());
        let each = |line: &str| {
            all.extend(folding.take(line)?.map(|line| parsed(&line).expect("JSON")));
            Ok(())
        };
        members.each(each).expect("read");
        all.extend(folding.finish());
        all
    }

    #[test]
    fn nothing_is_folded_where_there_is_room() {
        let things = things();
        let mut directories = Directories::of(&things).expect("read");
        // Seven files that are read, five that are looked at, and two names elsewhere.
        assert_eq!(directories.references(), 14);
        directories.fold(14);
        assert_eq!((directories.folded_names(), told(&things.nodes, &directories).len()), (0, 10));
    }

    #[test]
    fn the_fullest_directory_is_folded_and_what_was_changed_stays() {
        let things = things();
        let mut directories = Directories::of(&things).expect("read");
        directories.fold(10);
        assert_eq!(directories.folded_names(), 12);
        let nodes = told(&things.nodes, &directories);
        let [changed, _, passwd, files] = &nodes[..] else { panic!("{nodes:?}") };
        assert_eq!(changed["modified"], true);
        assert_eq!(passwd["label"], "/etc/passwd");
        let id = format!("{KEY}:files-in/data/in");
        let expected = json!({ "id": id, "class": "files", "label": "/data/in", "moniker": null,
            "deleted": false, "revision": 1, "read": 21, "first": 5, "last": 9, "files": 7 });
        assert_eq!(*files, expected);
        let links = told(&things.links, &directories);
        let of_files = links.iter().find(|link| link["target"] == id).expect("a link");
        assert_eq!((&of_files["deeds"]["reads"], &of_files["read"]), (&14.into(), &21.into()));
        assert_eq!(links.len(), 3, "{links:?}");
        let glances = told(&things.glances, &directories);
        let expected = json!({ "id": format!("{KEY}:execution-1-1"),
            "looked_at_in": { "/data/in": 5 }, "missed": ["/lib/none", { "base64": "/w==" }] });
        assert_eq!(glances, [expected]);
    }

    #[test]
    fn what_is_not_known_is_not_counted_as_nothing() {
        let mut known = used("1-1", "/a/b", "reads");
        let mut other = used("1-1", "/a/c", "opens");
        (other["read"], other["read_at_least"]) = (Value::Null, 4.into());
        join(&mut known, &other);
        assert_eq!((&known["read"], &known["read_at_least"]), (&Value::Null, &7.into()));
        assert_eq!(known["deeds"], json!({ "reads": 2, "opens": 2 }));
    }
}
