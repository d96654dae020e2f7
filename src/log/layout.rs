//! The numbers of the format: `docs/log-format.md` says what they mean.

/// The format's version.
pub const VERSION: u64 = 1;

/// Bits of the header's `incompat` that this rtrace knows: none yet.
pub(super) const FEATURES: u64 = 0;

/// Most records in a block.
pub const BLOCK_RECORDS: usize = 16_384;

/// Most bytes that a block may have before compression. A reader refuses a
/// block that claims more, so that a damaged or hostile log cannot make it
/// allocate without bound.
pub const BLOCK_BYTES: usize = 256 << 20;

/// Most pieces in a block, for the same reason.
pub(super) const BLOCK_PIECES: usize = 8 << 20;

/// Captured bytes at which the writer starts another block.
pub(super) const SPLIT_BYTES: usize = 32 << 20;

/// Pieces at which the writer starts another block.
pub(super) const SPLIT_PIECES: usize = 1 << 20;

/// Most bytes of a header: its command line is bounded by the kernel's limit on
/// argv, some megabytes.
pub(super) const HEADER_BYTES: usize = 64 << 20;

/// How far from its beginning a file must show a header or a block to be a log.
pub(super) const SEARCH_BYTES: u64 = 16 << 20;

/// First value of a header: the key of its first pair.
pub(super) const MAGIC: &str = "rtrace";

/// What every marker starts with: 0xc1 begins no MessagePack value.
const MARKER: [u8; 4] = *b"\xc1rtb";

/// Bytes that every block starts with: the head of an array of four values, the
/// head of a `bin` of twelve bytes, and those twelve: four that are the same in
/// every log and the first eight of the run's UUID.
///
/// Without the UUID, data captured from the writing of another log could pass
/// for a block of this one when a reader searches it after damage.
pub(super) const PREFIX: usize = 15;

/// The part of the prefix that is the same in every log.
pub(super) const PREFIX_COMMON: [u8; 7] =
    [0x94, 0xc4, 0x0c, MARKER[0], MARKER[1], MARKER[2], MARKER[3]];

/// The prefix of a run's blocks.
pub(super) fn prefix(run: &[u8; 16]) -> [u8; PREFIX] {
    let mut prefix = [0; PREFIX];
    prefix[..7].copy_from_slice(&PREFIX_COMMON);
    prefix[7..].copy_from_slice(&run[..8]);
    prefix
}

/// The tail, as it lies in the file, without the offset.
pub(super) const TAIL_START: [u8; 14] = *b"\xc4\x14rtrace-tail\n";

/// Bytes of the whole tail.
pub(super) const TAIL: usize = TAIL_START.len() + 8;

/// Block kinds.
pub(super) mod block {
    pub(crate) const RECORDS: u64 = 0;
    pub(crate) const INDEX: u64 = 1;
    pub(crate) const RECAP: u64 = 2;
}

/// How a section's bytes are kept.
pub(super) mod codec {
    pub(crate) const STORED: u8 = 0;
    pub(crate) const ZSTD: u8 = 1;
}

/// Section codes, in the order of the sections in a block.
pub(super) mod section {
    pub(crate) const RECORDS: u8 = 0;
    pub(crate) const DICTIONARY: u8 = 1;
    pub(crate) const STRUCTS: u8 = 2;
    pub(crate) const DATA: u8 = 3;
    pub(crate) const FACTS: u8 = 4;
    pub(crate) const INDEX: u8 = 5;
    pub(crate) const TIMES: u8 = 6;
    pub(crate) const NOISE: u8 = 7;
    /// How many there are.
    pub(crate) const COUNT: usize = 8;
}
