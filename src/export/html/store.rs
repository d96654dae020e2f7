//! Packed events, in a temporary file until the page is written: its beginning tells what
//! is known last. Until then they are packed as is quickest, since many a pack becomes
//! another one yet.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use zstd::stream::write::Encoder;

use super::fold::Told;
use super::lead::Lead;
use super::node::Node;
use crate::event::TaskId;
use crate::export::decode::base64;

/// The fastest level that is not worse than the ones beside it: about as small as the page
/// has it in the end.
const LEVEL: i32 = 1;

/// Events that are packed together: of one process, or of several small ones.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pack {
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Lead>,
    /// Names of the threads that they are of.
    #[serde(skip)]
    threads: BTreeSet<String>,
    /// About as many bytes as it takes when it is not packed.
    #[serde(skip)]
    pub(super) size: usize,
}

impl Pack {
    /// About as many bytes as a link takes.
    const LINK: usize = 300;

    /// Adds a node with its links.
    pub(super) fn add(&mut self, told: Told) {
        self.note(&told.node.details.thread);
        self.size += told.node.size();
        self.nodes.push(told.node);
        told.leads.into_iter().for_each(|lead| self.link(lead));
    }

    /// Adds a link to an event of that thread, which was told of before.
    pub(super) fn late(&mut self, thread: &str, lead: Lead) {
        self.note(thread);
        self.link(lead);
    }

    pub(super) fn link(&mut self, lead: Lead) {
        self.size += Self::LINK;
        self.links.push(lead);
    }

    fn note(&mut self, thread: &str) {
        if !self.threads.contains(thread) {
            self.threads.insert(thread.to_owned());
        }
    }

    /// Adds what another one has, of other threads.
    pub(super) fn join(&mut self, mut other: Self) {
        self.nodes.append(&mut other.nodes);
        self.links.append(&mut other.links);
        self.threads.append(&mut other.threads);
        self.size += other.size;
    }
}

/// Which process a pack is of: the number of its run, and its first task.
pub(super) type Owner = (u32, TaskId);

/// Where something packed is.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    at: u64,
    bytes: u64,
    /// Whose it is, if it is of one process alone.
    pub(super) owner: Option<Owner>,
    threads: BTreeSet<String>,
    pub(super) nodes: u64,
    /// How coarsely it tells.
    pub(super) level: usize,
}

impl Packed {
    /// Bytes that it takes in the page.
    pub(super) fn encoded_len(&self) -> u64 {
        self.bytes.div_ceil(3) * 4
    }
}

/// A temporary file with all that is packed.
#[derive(Debug)]
pub(super) struct Store {
    file: File,
    packs: Vec<Packed>,
}

impl Store {
    pub(super) fn new() -> io::Result<Self> {
        let file = tempfile::tempfile().map_err(|error| of_the_file("make", &error))?;
        Ok(Self { file, packs: Vec::new() })
    }

    pub(super) fn packs(&self) -> &[Packed] {
        &self.packs
    }

    /// Packs events.
    pub(super) fn add(&mut self, pack: &Pack, owner: Option<Owner>) -> io::Result<()> {
        if pack.nodes.is_empty() && pack.links.is_empty() {
            return Ok(());
        }
        let (nodes, threads) = (pack.nodes.len() as u64, pack.threads.clone());
        let packed = Packed { owner, threads, nodes, ..self.pack(pack)? };
        self.packs.push(packed);
        Ok(())
    }

    /// Unpacks events.
    pub(super) fn unpack(&mut self, packed: &Packed) -> io::Result<Pack> {
        let mut pack: Pack = serde_json::from_slice(&zstd::decode_all(self.bytes(packed)?)?)?;
        pack.size =
            pack.nodes.iter().map(Node::size).sum::<usize>() + Pack::LINK * pack.links.len();
        Ok(pack)
    }

    /// Reads what is packed.
    pub(super) fn bytes(&mut self, packed: &Packed) -> io::Result<impl BufRead> {
        self.file.seek(SeekFrom::Start(packed.at))?;
        Ok(BufReader::new((&self.file).take(packed.bytes)))
    }

    /// Packs what `change` makes of packed events and their level in their place.
    pub(super) fn change(
        &mut self,
        index: usize,
        change: impl FnOnce(Pack, usize) -> (Pack, usize),
    ) -> io::Result<()> {
        let Some(old) = self.packs.get(index).cloned() else { return Ok(()) };
        let (pack, level) = change(self.unpack(&old)?, old.level);
        let nodes = pack.nodes.len() as u64;
        let new = self.pack(&pack)?;
        let Packed { owner, threads, .. } = old;
        self.packs[index] = Packed { owner, threads, nodes, level, ..new };
        Ok(())
    }

    fn pack(&mut self, pack: &Pack) -> io::Result<Packed> {
        let mut packer = Encoder::new(self.appender()?, LEVEL)?;
        let mut buffered = BufWriter::with_capacity(1 << 16, &mut packer);
        serde_json::to_writer(&mut buffered, pack)?;
        buffered.flush()?;
        drop(buffered);
        Ok(packer.finish()?.finish())
    }

    /// Packs all packs as the page has them.
    pub(super) fn pack_for_page(&mut self) -> io::Result<Vec<Packed>> {
        let mut packs = self.packs.clone();
        for packed in &mut packs {
            let mut packer = GzEncoder::new(Vec::new(), Compression::default());
            zstd::stream::copy_decode(self.bytes(packed)?, &mut packer)?;
            let mut appender = self.appender()?;
            appender.write_all(&packer.finish()?)?;
            let Packed { at, bytes, .. } = appender.finish();
            (packed.at, packed.bytes) = (at, bytes);
        }
        Ok(packs)
    }

    /// What writes at the end.
    pub(super) fn appender(&mut self) -> io::Result<Appender<'_>> {
        let at = self.file.seek(SeekFrom::End(0)).map_err(|error| of_the_file("read", &error))?;
        Ok(Appender { file: &mut self.file, at, bytes: 0 })
    }

    /// Writes packs of events as elements of the page.
    pub(super) fn write_all(&mut self, packs: &[Packed], out: &mut impl Write) -> io::Result<()> {
        for packed in packs {
            let threads: Vec<_> = packed.threads.iter().map(String::as_str).collect();
            let threads = threads.join(" ");
            let attributes = ["class=\"events\" data-threads=\"", &threads, "\""].concat();
            self.write(packed, &attributes, out)?;
        }
        Ok(())
    }

    /// Writes what is packed as an element with these attributes.
    pub(super) fn write(
        &mut self,
        packed: &Packed,
        attributes: &str,
        out: &mut impl Write,
    ) -> io::Result<()> {
        // A multiple of 3, so that no padding comes before the end.
        const PIECE: usize = 3 << 14;
        write!(out, "<script type=\"application/gzip\" {attributes}>")?;
        self.file.seek(SeekFrom::Start(packed.at))?;
        let mut rest = (&self.file).take(packed.bytes);
        let mut piece = Vec::with_capacity(PIECE);
        while rest.by_ref().take(PIECE as u64).read_to_end(&mut piece)? > 0 {
            out.write_all(base64(&piece).as_bytes())?;
            piece.clear();
        }
        out.write_all(b"</script>\n")
    }
}

/// Writes at the end of the temporary file.
#[derive(Debug)]
pub(super) struct Appender<'a> {
    file: &'a mut File,
    at: u64,
    bytes: u64,
}

impl Appender<'_> {
    /// What was written.
    pub(super) fn finish(self) -> Packed {
        let Self { at, bytes, .. } = self;
        Packed { at, bytes, owner: None, threads: BTreeSet::new(), nodes: 0, level: 0 }
    }
}

impl Write for Appender<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes).map_err(|error| of_the_file("write", &error))?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// An error of the temporary file, which is not that of the output.
fn of_the_file(what: &str, error: &io::Error) -> io::Error {
    let folder = std::env::temp_dir();
    let text = format!("cannot {what} a temporary file in {}: {error}", folder.display());
    io::Error::new(error.kind(), text)
}
