//! What a record has of the bytes that a call moved: how many there were, and the first
//! ones of them.

/// Bytes that are looked at: lines of logs mostly differ within so many.
const HEAD: usize = 32;

/// The first bytes that a call moved, as far as they were kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::flow) struct Glimpse {
    /// How many bytes it moved.
    length: u64,
    head: [u8; HEAD],
    kept: u8,
}

impl Glimpse {
    /// Of a call that moved `length` bytes, which begin with these pieces.
    pub(in crate::flow) fn of<'a>(length: u64, pieces: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut head, mut kept) = ([0; HEAD], 0);
        let most = HEAD.min(usize::try_from(length).unwrap_or(HEAD));
        for byte in pieces.flatten().take(most) {
            head[kept] = *byte;
            kept += 1;
        }
        Self { length, head, kept: kept as u8 }
    }

    /// Its first bytes.
    pub(super) fn head(&self) -> &[u8] {
        self.head.get(..usize::from(self.kept)).unwrap_or_default()
    }

    /// Whether one that was written may be one that was read, as far as both are known.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let known = self.kept.min(other.kept).into();
        self.length == other.length && self.head().get(..known) == other.head().get(..known)
    }
}
