//! Reading one file, front to back.

use super::losses::{Losses, Seen};
use super::scan::{Found, Scanner};
use super::window::Window;
use super::{BlockInfo, Sizes};
use crate::event::Batch;
use crate::log::decode::{Bodies, Decoder, Frame, Unknown};
use crate::log::error::Error;
use crate::log::frame::{Block, Head, Section};
use crate::log::header::{self, Header, Parsed};
use crate::log::index::End;
use crate::log::layout::{HEADER_BYTES, PREFIX, TAIL, VERSION, block, codec, prefix, section};
use crate::log::msgpack::Fault;
use crate::log::raw::Raw;
use std::io::Read;

/// Bytes that a reader's buffers may keep from one block to the next.
const KEEP: usize = 4 << 20;

/// A reader of one file: a log, or a part of one.
pub(super) struct Single {
    header: Header,
    scanner: Scanner,
    decoder: Decoder,
    decompressor: zstd::bulk::Decompressor<'static>,
    bodies: Bodies,
    end: Option<End>,
    sizes: Sizes,
    losses: Losses,
    seen: Seen,
    /// Records in blocks that were read.
    records: u64,
    /// Records and blocks that there must be, by what sound blocks say.
    known: (u64, u64),
    /// Where the index block was found.
    index: Option<u64>,
    tail: bool,
    /// Whether to stop at the tail instead of looking whether anything follows:
    /// at the end of a file that is followed, that would be waiting for ever.
    follows: bool,
}

impl std::fmt::Debug for Single {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Single").field("at", &self.scanner.window).finish_non_exhaustive()
    }
}

impl Single {
    /// Starts to read. `follows` if the input waits at its end for more.
    pub(super) fn start(input: Box<dyn Read + Send>, follows: bool) -> Result<Self, Error> {
        let mut reader = Self {
            header: Header::default(),
            scanner: Scanner { window: Window::new(input), prefix: None },
            decoder: Decoder::default(),
            decompressor: zstd::bulk::Decompressor::new().map_err(Error::Compress)?,
            bodies: Bodies::default(),
            end: None,
            sizes: Sizes::default(),
            losses: Losses::default(),
            seen: Seen::default(),
            records: 0,
            known: (0, 0),
            index: None,
            tail: false,
            follows,
        };
        reader.read_header()?;
        Ok(reader)
    }

    fn read_header(&mut self) -> Result<(), Error> {
        let window = &mut self.scanner.window;
        // Not more than there is: a log that is followed may for long be short.
        let mut want = 1;
        let parsed = loop {
            let bytes = window.at_least(want).map_err(Error::Read)?;
            let more = bytes.len() >= want && bytes.len() < HEADER_BYTES;
            match Header::read(bytes) {
                Err(Fault::Short) if more && header::has_magic(bytes) != Some(false) => {
                    want = bytes.len() + 1;
                }
                parsed => break parsed,
            }
        };
        match parsed {
            Ok(Parsed::Newer(found)) => Err(Error::NewerVersion { found, supported: VERSION }),
            Ok(Parsed::Unknown(bits)) => Err(Error::UnknownFeatures { bits }),
            Ok(Parsed::Whole(header, len)) => {
                self.scanner.prefix = Some(prefix(&header.run));
                self.header = *header;
                self.scanner.window.advance(len);
                self.sizes.header = len as u64;
                Ok(())
            }
            Err(_) => self.do_without_header(),
        }
    }

    /// The header is damaged, or this is no log. A file that starts like one is
    /// taken for one, and another if there is a sound block in it.
    fn do_without_header(&mut self) -> Result<(), Error> {
        self.losses.header = true;
        let is_log = header::has_magic(self.scanner.window.bytes()) == Some(true);
        let from = self.scanner.window.offset();
        // The first block tells of which run it is, too.
        let found = self.scanner.find_first().map_err(Error::Read)?;
        self.losses.add_range(from..self.scanner.window.offset());
        if is_log || found.is_some() { Ok(()) } else { Err(Error::NotALog) }
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// What all blocks of the log start with: known from its header, or else from the
    /// first block that was read.
    pub(super) fn prefix(&self) -> Option<&[u8; PREFIX]> {
        self.scanner.prefix.as_ref()
    }

    pub(super) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    pub(super) fn losses(&self) -> &Losses {
        &self.losses
    }

    pub(super) fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// The next sound block and its kind.
    pub(super) fn next_block(
        &mut self,
        batch: &mut Batch,
        mut raw: Option<&mut Raw>,
    ) -> Result<Option<(u64, BlockInfo)>, Error> {
        batch.clear();
        if self.tail && self.follows {
            return Ok(None);
        }
        loop {
            let from = self.scanner.window.offset();
            let found = self.scanner.find().map_err(Error::Read)?;
            let offset = self.scanner.window.offset();
            self.losses.add_range(from..offset);
            match found {
                Found::Block(block) => {
                    let info = self.take_block(&block, offset, batch);
                    if let (Some(raw), Some(_)) = (&mut raw, &info) {
                        raw.copy(&block, self.scanner.window.bytes());
                    }
                    self.scanner.window.advance(block.len);
                    if let Some(info) = info {
                        return Ok(Some((block.head.kind, info)));
                    }
                }
                Found::Tail(index) => {
                    self.take_tail(index, offset);
                    if self.follows {
                        break;
                    }
                }
                Found::End => break,
            }
        }
        self.close();
        Ok(None)
    }

    /// Reads a sound block. `None` for one that this rtrace cannot make sense of or
    /// has read before.
    fn take_block(&mut self, block: &Block, offset: u64, batch: &mut Batch) -> Option<BlockInfo> {
        let head = &block.head;
        self.known.0 = self.known.0.max(head.before.saturating_add(head.count));
        self.known.1 = self.known.1.max(head.seq.saturating_add(1));
        let range = offset..offset + block.len as u64;
        if self.unpack(block).is_err() {
            self.losses.add_range(range);
            return None;
        }
        let read = match head.kind {
            block::RECORDS | block::RECAP => self.decode(head, batch),
            block::INDEX => self.take_index(offset).map(|()| Unknown::default()),
            _ => Ok(Unknown::default()),
        };
        let Some(unknown) = read.ok().filter(|_| self.seen.add(head.seq)) else {
            batch.clear();
            self.losses.add_range(range);
            return None;
        };
        self.records = self.records.saturating_add(head.count);
        self.count_sizes(block);
        Some(BlockInfo {
            seq: head.seq,
            offset,
            bytes: block.len as u64,
            records: head.count,
            is_recap: head.kind == block::RECAP,
            first: head.first,
            last: head.last,
            clock: head.clock,
            unknown_records: unknown.records,
            unknown_facts: unknown.facts,
        })
    }

    fn decode(&mut self, head: &Head, batch: &mut Batch) -> Result<Unknown, Fault> {
        let count = usize::try_from(head.count).map_err(|_| Fault::Wrong)?;
        self.decoder.decode(&self.bodies, Frame { count, first: head.first }, batch)
    }

    fn take_index(&mut self, offset: u64) -> Result<(), Fault> {
        self.end = Some(End::read(&self.bodies.sections[section::INDEX as usize])?);
        self.index = Some(offset);
        Ok(())
    }

    fn take_tail(&mut self, index: u64, offset: u64) {
        self.scanner.window.advance(TAIL);
        // In a sound log it stands once, and the index where it says.
        if self.index == Some(index) && !self.tail {
            self.sizes.framing += TAIL as u64;
        } else {
            self.losses.add_range(offset..offset + TAIL as u64);
        }
        self.tail = true;
    }

    /// Decompresses the sections that are known.
    fn unpack(&mut self, block: &Block) -> Result<(), Fault> {
        for bytes in &mut self.bodies.sections {
            bytes.clear();
            bytes.shrink_to(KEEP);
        }
        let window = self.scanner.window.bytes();
        let mut body = window.get(block.body.clone()).ok_or(Fault::Short)?;
        for section in &block.head.sections {
            let (stored, rest) = body.split_at_checked(section.stored).ok_or(Fault::Short)?;
            body = rest;
            if let Some(bytes) = self.bodies.sections.get_mut(section.code as usize) {
                unpack_section(&mut self.decompressor, section, stored, bytes)?;
            }
        }
        Ok(())
    }

    fn count_sizes(&mut self, block: &Block) {
        self.sizes.framing += (block.len - block.body.len()) as u64;
        for section in &block.head.sections {
            let code = section.code as usize;
            match self.sizes.stored.get_mut(code) {
                Some(stored) => *stored += section.stored as u64,
                None => self.sizes.unknown += section.stored as u64,
            }
            if let Some(raw) = self.sizes.raw.get_mut(code) {
                *raw += section.raw as u64;
            }
        }
    }

    /// Sums up what is missing.
    fn close(&mut self) {
        self.losses.records = self.known.0.saturating_sub(self.records);
        self.losses.blocks = self.known.1.saturating_sub(self.seen.count());
        self.losses.tail = !self.tail;
        self.sizes.total = self.scanner.window.offset();
    }
}

fn unpack_section(
    decompressor: &mut zstd::bulk::Decompressor<'_>,
    section: &Section,
    stored: &[u8],
    bytes: &mut Vec<u8>,
) -> Result<(), Fault> {
    match section.codec {
        codec::STORED => bytes.extend_from_slice(stored),
        codec::ZSTD => {
            // The sum of these sizes was checked when the head was read.
            bytes.reserve(section.raw);
            decompressor.decompress_to_buffer(stored, bytes).map_err(|_| Fault::Wrong)?;
        }
        _ => return Err(Fault::Wrong),
    }
    if bytes.len() == section.raw { Ok(()) } else { Err(Fault::Wrong) }
}
