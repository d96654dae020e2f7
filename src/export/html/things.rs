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
