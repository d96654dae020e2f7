//! The few MessagePack types that a log is made of, written and read without
//! allocation (<https://github.com/msgpack/msgpack/blob/master/spec.md>).
//!
//! Integers are 64 bits wide and wrap: the column of an argument holds kernel
//! words, and a difference of two words is taken modulo 2⁶⁴.

/// Appends an integer in its shortest form.
#[inline]
pub(super) fn put_int(out: &mut Vec<u8>, value: i64) {
    match value {
        -32..=127 => out.push(value as u8),
        128..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => put_tagged(out, 0xcd, (value as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => put_tagged(out, 0xce, (value as u32).to_be_bytes()),
        0x1_0000_0000.. => put_tagged(out, 0xcf, value.to_be_bytes()),
        -0x80..=-33 => out.extend_from_slice(&[0xd0, value as u8]),
        -0x8000..=-0x81 => put_tagged(out, 0xd1, (value as i16).to_be_bytes()),
        -0x8000_0000..=-0x8001 => put_tagged(out, 0xd2, (value as i32).to_be_bytes()),
        _ => put_tagged(out, 0xd3, value.to_be_bytes()),
    }
}

/// Bytes of an integer in its shortest form.
#[inline]
pub(super) const fn int_len(value: i64) -> usize {
    match value {
        -32..=127 => 1,
        -0x80..=0xff => 2,
        -0x8000..=0xffff => 3,
        -0x8000_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Appends a `uint32` in its long form, whatever its value: five bytes always.
pub(super) fn put_fixed_u32(out: &mut Vec<u8>, value: u32) {
    put_tagged(out, 0xce, value.to_be_bytes());
}

/// Appends the head of an array of `len` values.
pub(super) fn put_array(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=15 => out.push(0x90 | len as u8),
        16..=0xffff => put_tagged(out, 0xdc, (len as u16).to_be_bytes()),
        _ => put_tagged(out, 0xdd, (len as u32).to_be_bytes()),
    }
}

/// Appends the head of a map of `len` pairs.
pub(super) fn put_map(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=15 => out.push(0x80 | len as u8),
        16..=0xffff => put_tagged(out, 0xde, (len as u16).to_be_bytes()),
        _ => put_tagged(out, 0xdf, (len as u32).to_be_bytes()),
    }
}

/// Appends the head of a `bin` of `len` bytes.
pub(super) fn put_bin_head(out: &mut Vec<u8>, len: usize) {
    match len {
        0..=0xff => out.extend_from_slice(&[0xc4, len as u8]),
        0x100..=0xffff => put_tagged(out, 0xc5, (len as u16).to_be_bytes()),
        _ => put_tagged(out, 0xc6, (len as u32).to_be_bytes()),
    }
}

/// Appends bytes.
pub(super) fn put_bin(out: &mut Vec<u8>, bytes: &[u8]) {
    put_bin_head(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a map key: text of less than 32 bytes.
pub(super) fn put_key(out: &mut Vec<u8>, key: &str) {
    debug_assert!(key.len() < 32);
    out.push(0xa0 | key.len() as u8);
    out.extend_from_slice(key.as_bytes());
}

/// Appends text.
pub(super) fn put_str(out: &mut Vec<u8>, text: &str) {
    match text.len() {
        0..=31 => out.push(0xa0 | text.len() as u8),
        32..=0xff => out.extend_from_slice(&[0xd9, text.len() as u8]),
        256..=0xffff => put_tagged(out, 0xda, (text.len() as u16).to_be_bytes()),
        _ => put_tagged(out, 0xdb, (text.len() as u32).to_be_bytes()),
    }
    out.extend_from_slice(text.as_bytes());
}

/// Appends nil.
pub(super) fn put_nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

#[inline]
fn put_tagged<const N: usize>(out: &mut Vec<u8>, tag: u8, bytes: [u8; N]) {
    out.push(tag);
    out.extend_from_slice(&bytes);
}

/// What stands at a place where a value should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The bytes end before the value does.
    Short,
    /// Another type than the format wants, a number out of range, or nesting
    /// that nothing in a log has.
    Wrong,
}

type Parsed<T> = Result<T, Fault>;

/// A place in bytes that hold MessagePack values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// At the first of these bytes.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not yet read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next byte, which stays.
    pub(super) fn peek(&self) -> Parsed<u8> {
        self.rest.first().copied().ok_or(Fault::Short)
    }

    /// An integer; one above `i64::MAX` wraps.
    #[inline]
    pub(super) fn int(&mut self) -> Parsed<i64> {
        let tag = self.byte()?;
        Ok(match tag {
            0..=0x7f | 0xe0..=0xff => i64::from(tag as i8),
            0xcc => i64::from(self.byte()?),
            0xcd => i64::from(u16::from_be_bytes(self.fixed()?)),
            0xce => i64::from(u32::from_be_bytes(self.fixed()?)),
            0xcf | 0xd3 => i64::from_be_bytes(self.fixed()?),
            0xd0 => i64::from(self.byte()? as i8),
            0xd1 => i64::from(i16::from_be_bytes(self.fixed()?)),
            0xd2 => i64::from(i32::from_be_bytes(self.fixed()?)),
            _ => return Err(Fault::Wrong),
        })
    }

    /// An integer that fits the type.
    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Parsed<T> {
        T::try_from(self.int()?).map_err(|_| Fault::Wrong)
    }

    /// Nil.
    pub(super) fn nil(&mut self) -> Parsed<()> {
        if self.byte()? == 0xc0 { Ok(()) } else { Err(Fault::Wrong) }
    }

    /// A number or nil.
    pub(super) fn number_or_nil(&mut self) -> Parsed<Option<i64>> {
        if self.peek()? == 0xc0 { self.skip().map(|()| None) } else { self.int().map(Some) }
    }

    /// Passes over an integer.
    #[inline]
    fn skip_int(&mut self) -> Parsed<()> {
        let extra = match self.byte()? {
            0..=0x7f | 0xe0..=0xff => return Ok(()),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xce | 0xd2 => 4,
            0xcf | 0xd3 => 8,
            _ => return Err(Fault::Wrong),
        };
        self.take(extra).map(|_| ())
    }

    /// `count` integers, not read but passed over: a cursor at the first.
    pub(super) fn ints(&mut self, count: usize) -> Parsed<Cursor<'a>> {
        let first = *self;
        for _ in 0..count {
            self.skip_int()?;
        }
        Ok(first)
    }

    /// The number of values in the array that starts here. Each needs a byte at
    /// least, so a number above what is left is a fault.
    pub(super) fn array(&mut self) -> Parsed<usize> {
        let len = match self.byte()? {
            tag @ 0x90..=0x9f => usize::from(tag & 15),
            0xdc => usize::from(u16::from_be_bytes(self.fixed()?)),
            0xdd => u32::from_be_bytes(self.fixed()?) as usize,
            _ => return Err(Fault::Wrong),
        };
        if len > self.rest.len() { Err(Fault::Short) } else { Ok(len) }
    }

    /// An array of exactly that many values.
    pub(super) fn array_of(&mut self, len: usize) -> Parsed<()> {
        if self.array()? == len { Ok(()) } else { Err(Fault::Wrong) }
    }

    /// The number of pairs in the map that starts here.
    pub(super) fn map(&mut self) -> Parsed<usize> {
        let len = self.map_head()?;
        if len > self.rest.len() / 2 { Err(Fault::Short) } else { Ok(len) }
    }

    /// The same, where what follows may not be there yet.
    pub(super) fn map_head(&mut self) -> Parsed<usize> {
        Ok(match self.byte()? {
            tag @ 0x80..=0x8f => usize::from(tag & 15),
            0xde => usize::from(u16::from_be_bytes(self.fixed()?)),
            0xdf => u32::from_be_bytes(self.fixed()?) as usize,
            _ => return Err(Fault::Wrong),
        })
    }

    /// Bytes.
    pub(super) fn bin(&mut self) -> Parsed<&'a [u8]> {
        let len = self.bin_head()?;
        self.take(len)
    }

    /// The number of bytes in the `bin` that starts here.
    pub(super) fn bin_head(&mut self) -> Parsed<usize> {
        Ok(match self.byte()? {
            0xc4 => usize::from(self.byte()?),
            0xc5 => usize::from(u16::from_be_bytes(self.fixed()?)),
            0xc6 => u32::from_be_bytes(self.fixed()?) as usize,
            _ => return Err(Fault::Wrong),
        })
    }

    /// Text, as bytes.
    pub(super) fn str(&mut self) -> Parsed<&'a [u8]> {
        let len = match self.byte()? {
            tag @ 0xa0..=0xbf => usize::from(tag & 31),
            0xd9 => usize::from(self.byte()?),
            0xda => usize::from(u16::from_be_bytes(self.fixed()?)),
            0xdb => u32::from_be_bytes(self.fixed()?) as usize,
            _ => return Err(Fault::Wrong),
        };
        self.take(len)
    }

    /// Passes over a value of any type.
    pub(super) fn skip(&mut self) -> Parsed<()> {
        self.skip_nested(16)
    }

    fn skip_nested(&mut self, depth: u32) -> Parsed<()> {
        let inner = match self.peek()? {
            0x80..=0x8f | 0xde | 0xdf => 2 * self.map()?,
            0x90..=0x9f | 0xdc | 0xdd => self.array()?,
            _ => return self.skip_scalar(),
        };
        let depth = depth.checked_sub(1).ok_or(Fault::Wrong)?;
        (0..inner).try_for_each(|_| self.skip_nested(depth))
    }

    fn skip_scalar(&mut self) -> Parsed<()> {
        let extra = match self.peek()? {
            0xc0 | 0xc2 | 0xc3 => 1,
            0xca => 5,
            0xcb => 9,
            0xc4..=0xc6 => return self.bin().map(|_| ()),
            0xa0..=0xbf | 0xd9..=0xdb => return self.str().map(|_| ()),
            // ext: a type byte beside the bytes
            tag @ 0xd4..=0xd8 => 2 + (1 << (tag - 0xd4)),
            tag @ 0xc7..=0xc9 => {
                let width = 1 << (tag - 0xc7);
                self.take(1)?;
                let len = self.take(width)?.iter().fold(0, |len, b| len << 8 | usize::from(*b));
                len + 1
            }
            _ => return self.skip_int(),
        };
        self.take(extra).map(|_| ())
    }

    #[inline]
    fn byte(&mut self) -> Parsed<u8> {
        let (first, rest) = self.rest.split_first().ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk().ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    /// That many bytes as they are.
    pub(super) fn take(&mut self, len: usize) -> Parsed<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides of each border between two forms.
    fn borders() -> Vec<i64> {
        let mut values = vec![0, i64::MIN, i64::MAX];
        for bits in [5, 7, 8, 15, 16, 31, 32, 63] {
            let border = 1_i64.wrapping_shl(bits);
            for near in -2..=2 {
                values.push(border.wrapping_add(near));
                values.push(border.wrapping_neg().wrapping_add(near));
            }
        }
        values
    }

    #[test]
    fn integers_come_back_and_have_the_form_that_others_give_them() {
        for value in borders() {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            put_int(&mut ours, value);
            rmpv::encode::write_value(&mut theirs, &rmpv::Value::from(value)).unwrap();
            assert_eq!(ours, theirs, "{value}");
            assert_eq!(ours.len(), int_len(value), "{value}");
            assert_eq!(Cursor::new(&ours).int(), Ok(value));
            let mut cursor = Cursor::new(&ours);
            assert!(cursor.ints(1).is_ok() && cursor.rest().is_empty());
            assert_eq!(Cursor::new(&ours[..ours.len() - 1]).int(), Err(Fault::Short));
        }
    }

    #[test]
    fn every_type_can_be_skipped() {
        use rmpv::Value;
        let mut values: Vec<Value> = vec![Value::Nil, true.into(), 1.5_f32.into(), 2.5_f64.into()];
        for len in [0, 1, 2, 4, 8, 16, 17, 31, 32, 255, 256, 65535, 65536] {
            values.push(Value::Binary(vec![7; len]));
            values.push("x".repeat(len).into());
            values.push(Value::Ext(3, vec![7; len]));
            values.push(Value::Array(vec![Value::Nil; len]));
            values.push(Value::Map(vec![(1.into(), Value::Nil); len]));
        }
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &Value::Array(values)).unwrap();
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.skip(), Ok(()));
        assert!(cursor.rest().is_empty());
        assert_eq!(Cursor::new(&bytes[..bytes.len() - 1]).skip(), Err(Fault::Short));
    }

    #[test]
    fn heads_come_back_at_each_size() {
        for len in [0, 15, 16, 31, 32, 255, 256, 65535, 65536] {
            let (bytes, text) = (vec![9; len], "t".repeat(len));
            let mut out = Vec::new();
            put_bin(&mut out, &bytes);
            put_str(&mut out, &text);
            put_array(&mut out, len);
            put_map(&mut out, len);
            out.resize(out.len() + 2 * len, 0);
            let mut cursor = Cursor::new(&out);
            assert_eq!(cursor.bin(), Ok(bytes.as_slice()));
            assert_eq!(cursor.str(), Ok(text.as_bytes()));
            assert_eq!(cursor.array(), Ok(len));
            assert_eq!(cursor.map(), Ok(len));
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_can_overflow_the_stack() {
        assert_eq!(Cursor::new(&vec![0x91; 1 << 20]).skip(), Err(Fault::Wrong));
    }

    #[test]
    fn an_array_that_claims_more_than_there_is_is_refused_at_once() {
        assert_eq!(Cursor::new(&[0xdd, 0xff, 0xff, 0xff, 0xff, 0]).array(), Err(Fault::Short));
    }
}
