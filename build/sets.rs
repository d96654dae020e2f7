//! Sets of flags and values.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::lines::{self, Line, Mistake};

/// A set.
struct Set {
    is_flags: bool,
    entries: Vec<(u64, String)>,
}

/// All sets by name.
pub(crate) struct Sets(BTreeMap<String, Set>);

pub(crate) fn read() -> Result<Sets, Mistake> {
    parse(lines::read("sets")?)
}

pub(crate) fn parse(lines: Vec<Line>) -> Result<Sets, Mistake> {
    let mut sets: BTreeMap<String, Set> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in lines {
        let words = line.words();
        match (line.is_member(), words.as_slice()) {
            (false, [kind @ ("flags" | "enum"), name]) => {
                let set = Set { is_flags: *kind == "flags", entries: Vec::new() };
                if sets.insert((*name).to_owned(), set).is_some() {
                    return Err(line.mistake(format!("a second set `{name}`")));
                }
                current = Some((*name).to_owned());
            }
            (true, [name, value]) => {
                let value = line.number(value)?;
                let set = current.as_ref().and_then(|name| sets.get_mut(name));
                let set = set.ok_or_else(|| line.mistake("a member before any heading"))?;
                check(&line, set, name, value)?;
                set.entries.push((value, (*name).to_owned()));
            }
            _ => return Err(line.mistake("`flags NAME`, `enum NAME` or `  NAME VALUE` is wanted")),
        }
    }
    Ok(Sets(sets))
}

fn check(line: &Line, set: &Set, name: &str, value: u64) -> Result<(), Mistake> {
    if set.entries.iter().any(|(_, other)| other == name) {
        return Err(line.mistake(format!("`{name}` stands here twice")));
    }
    let part_before = set.entries.iter().find(|(bits, _)| *bits != 0 && bits & !value == 0);
    match part_before {
        Some((_, part)) if set.is_flags => {
            Err(line.mistake(format!("`{name}` must stand before its part `{part}`")))
        }
        _ if !set.is_flags && set.entries.iter().any(|(other, _)| *other == value) => {
            Err(line.mistake(format!("the value of `{name}` has a name already")))
        }
        _ => Ok(()),
    }
}

impl Sets {
    /// The set of that name, as it is under that ABI.
    pub(crate) fn get(&self, name: &str, abi: &str) -> Option<String> {
        let own = format!("{name}@{abi}");
        match self.0.get(&own) {
            Some(_) => Some(constant(&own)),
            None => self.0.get(name).map(|_| constant(name)),
        }
    }

    /// Whether an ABI has a set of its own of that name.
    pub(crate) fn differs(&self, name: &str, abi: &str) -> bool {
        self.0.contains_key(&format!("{name}@{abi}"))
    }

    pub(crate) fn write(&self, out: &mut String) {
        for (name, set) in &self.0 {
            let plain = name.split('@').next().unwrap_or_default();
            let constant = constant(name);
            let _ = writeln!(out, "static {constant}: Set = Set {{ name: {plain:?}, entries: &[");
            for (value, name) in &set.entries {
                let _ = writeln!(out, "({value:#x}, {name:?}),");
            }
            out.push_str("] };\n");
        }
        out.push_str("pub(super) static SETS: &[&Set] = &[\n");
        for name in self.0.keys().filter(|name| !name.contains('@')) {
            let _ = writeln!(out, "&{},", constant(name));
        }
        out.push_str("];\n");
    }
}

fn constant(name: &str) -> String {
    format!("SET_{}", name.replace('@', "__").to_uppercase())
}
