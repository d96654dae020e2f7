//! A block as it lies in the file: `[marker, head, body, crc]`.

use super::layout::{BLOCK_BYTES, PREFIX, section};
use super::msgpack::{
    Cursor, Fault, put_array, put_bin, put_bin_head, put_fixed_u32, put_int, put_key, put_map,
};

/// What a block says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: u64,
    pub(super) seq: u64,
    pub(super) count: u64,
    pub(super) before: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    /// CLOCK_REALTIME and the run's time, taken together.
    pub(super) clock: Option<(u64, u64)>,
    pub(super) sections: Vec<Section>,
}

/// A section of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) code: u8,
    pub(super) codec: u8,
    /// Bytes before compression.
    pub(super) raw: usize,
    /// Bytes in the file.
    pub(super) stored: usize,
}

/// Most bytes of a head.
const HEAD_BYTES: usize = 64 << 10;

/// Most bytes in front of a head, and between it and the body.
const LENGTH: usize = 5;

impl Head {
    /// Appends the head's map.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_map(out, 7 + usize::from(self.clock.is_some()));
        let numbers = [
            ("kind", self.kind),
            ("seq", self.seq),
            ("count", self.count),
            ("before", self.before),
            ("first", self.first),
            ("last", self.last),
        ];
        for (key, value) in numbers {
            put_key(out, key);
            put_int(out, value as i64);
        }
        if let Some((realtime, time)) = self.clock {
            put_key(out, "clock");
            put_array(out, 2);
            put_int(out, realtime as i64);
            put_int(out, time as i64);
        }
        put_key(out, "sections");
        put_array(out, self.sections.len());
        for section in &self.sections {
            put_array(out, 4);
            put_int(out, section.code.into());
            put_int(out, section.codec.into());
            put_int(out, section.raw as i64);
            put_int(out, section.stored as i64);
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut cursor = Cursor::new(bytes);
        let mut head = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"kind" => head.kind = cursor.int()? as u64,
                b"seq" => head.seq = cursor.number()?,
                b"count" => head.count = cursor.number()?,
                b"before" => head.before = cursor.number()?,
                b"first" => head.first = cursor.int()? as u64,
                b"last" => head.last = cursor.int()? as u64,
                b"clock" => {
                    cursor.array_of(2)?;
                    head.clock = Some((cursor.int()? as u64, cursor.int()? as u64));
                }
                b"sections" => head.sections = read_sections(&mut cursor)?,
                _ => cursor.skip()?,
            }
        }
        Ok(head)
    }

    /// Bytes of the body.
    fn body(&self) -> usize {
        self.sections.iter().fold(0, |sum, section| sum.saturating_add(section.stored))
    }
}

fn read_sections(cursor: &mut Cursor<'_>) -> Result<Vec<Section>, Fault> {
    let count = cursor.array()?;
    let read = |_| {
        cursor.array_of(4)?;
        Ok(Section {
            code: cursor.number()?,
            codec: cursor.number()?,
            raw: cursor.number()?,
            stored: cursor.number()?,
        })
    };
    let sections: Vec<Section> = (0..count).map(read).collect::<Result<_, _>>()?;
    let raw = sections.iter().fold(0, |sum: usize, section| sum.saturating_add(section.raw));
    // An unknown section may be told twice, a known one may not.
    let twice = (0..section::COUNT as u8)
        .any(|code| sections.iter().filter(|section| section.code == code).count() > 1);
    if raw > BLOCK_BYTES || twice { Err(Fault::Wrong) } else { Ok(sections) }
}

/// Puts a block together in `out`, which is emptied first.
pub(super) fn write(prefix: &[u8; PREFIX], head: &[u8], body: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(prefix);
    put_bin(out, head);
    put_bin_head(out, body.len());
    out.extend_from_slice(body);
    put_fixed_u32(out, checksum(prefix, head, body));
}

/// The marker is in it too: where the header is lost, its first block tells which run's
/// blocks to look for.
fn checksum(prefix: &[u8], head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(prefix), head), body)
}

/// Where the parts of a block lie, from its first byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) head: Head,
    pub(super) body: std::ops::Range<usize>,
    /// Bytes of the whole block.
    pub(super) len: usize,
}

/// What the beginning of a block tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// At least so many bytes of it are needed.
    Need(usize),
    /// All of it is there, and sound.
    Sound(Block),
    /// It is damaged.
    Bad,
}

/// Looks at the bytes behind a block's marker, as far as they are there.
///
/// The body's length stands twice, before it and in the head, so that a reader
/// that follows a growing log never waits for what a damaged length claims.
pub(super) fn read(bytes: &[u8]) -> Step {
    let Some(rest) = bytes.get(PREFIX..) else { return Step::Need(PREFIX) };
    let mut cursor = Cursor::new(rest);
    let at = |cursor: &Cursor<'_>| bytes.len() - cursor.rest().len();
    let head_len = match cursor.bin_head() {
        Ok(len) if len <= HEAD_BYTES => len,
        Err(Fault::Short) => return Step::Need(PREFIX + LENGTH),
        _ => return Step::Bad,
    };
    let Ok(head_bytes) = cursor.take(head_len) else {
        return Step::Need(at(&cursor) + head_len + LENGTH);
    };
    let Ok(head) = Head::read(head_bytes) else { return Step::Bad };
    let body = head.body();
    match cursor.bin_head() {
        Ok(len) if len == body && len <= BLOCK_BYTES => {}
        Err(Fault::Short) => return Step::Need(at(&cursor) + LENGTH),
        _ => return Step::Bad,
    }
    let from = at(&cursor);
    let Ok(body_bytes) = cursor.take(body) else { return Step::Need(from + body + LENGTH) };
    match cursor.take(LENGTH) {
        Ok([0xce, crc @ ..])
            if *crc == checksum(&bytes[..PREFIX], head_bytes, body_bytes).to_be_bytes() =>
        {
            Step::Sound(Block { head, body: from..from + body, len: from + body + LENGTH })
        }
        Err(Fault::Short) => Step::Need(from + body + LENGTH),
        _ => Step::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> (Head, Vec<u8>) {
        let head = Head {
            kind: 0,
            seq: 7,
            count: 3,
            before: 100,
            first: 5,
            last: 9,
            clock: Some((1 << 60, 1 << 40)),
            sections: vec![Section { code: 0, codec: 0, raw: 300, stored: 300 }],
        };
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        head.write(&mut bytes);
        write(&[1; PREFIX], &bytes, &[8; 300], &mut out);
        (head, out)
    }

    #[test]
    fn a_block_comes_back_and_is_asked_for_bit_by_bit() {
        let (head, bytes) = block();
        let mut have = 0;
        let found = loop {
            match read(&bytes[..have]) {
                Step::Need(more) => {
                    assert!(more > have && more <= bytes.len());
                    have = more;
                }
                Step::Sound(found) => break found,
                Step::Bad => panic!("bad at {have}"),
            }
        };
        assert_eq!((found.head, found.len), (head, bytes.len()));
        assert_eq!(&bytes[found.body], [8; 300]);
    }

    #[test]
    fn no_changed_bit_passes() {
        let (_, bytes) = block();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(read(&bytes), Step::Sound(_)), "bit {bit}");
        }
    }
}
