//! The cold parts of a log, which serde writes and reads: maps with text for keys.
//! Keys stand in the order of a struct's fields, so that order is the format.

use super::msgpack::{Cursor, Fault};
use rmp_serde::{Deserializer, Serializer};
use serde::{Deserialize, Serialize};

/// Levels of nesting that are followed. No part of a log has half as many.
const DEPTH: usize = 16;

/// Appends a value; a struct is a map.
pub(super) fn put<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    let mut serializer = Serializer::new(out).with_struct_map();
    value.serialize(&mut serializer).expect("a Vec takes all bytes, and these types have lengths");
}

/// Reads a struct from the map that [`put`] wrote. Keys that it has not are passed
/// over. A length that the bytes do not have is an error, and what is set aside
/// for one, before its values are seen, is bounded by serde: a megabyte.
pub(super) fn read_map<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Fault> {
    // serde takes an array of its fields for a struct, too.
    Cursor::new(bytes).map()?;
    let mut deserializer = Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(DEPTH);
    T::deserialize(&mut deserializer).map_err(|_| Fault::Wrong)
}

/// `u64` as a 64-bit word: what is above `i64::MAX` is written as the negative
/// number with the same bits, and either is read.
pub(super) mod word {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    // serde calls it with a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(in crate::log) fn serialize<S: Serializer>(word: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(*word as i64)
    }

    pub(in crate::log) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        // The one integer type that has room for both.
        let number = i128::deserialize(from)?;
        let word = u64::try_from(number).or_else(|_| i64::try_from(number).map(|n| n as u64));
        word.map_err(D::Error::custom)
    }
}

/// `bool` as 0 or 1.
pub(super) mod flag {
    use serde::{Deserialize, Deserializer, Serializer};

    // serde calls it with a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(in crate::log) fn serialize<S: Serializer>(flag: &bool, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8((*flag).into())
    }

    pub(in crate::log) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<bool, D::Error> {
        Ok(i64::deserialize(from)? != 0)
    }
}

/// An array of `bin`: `serde_bytes` has only one of them.
pub(super) mod bins {
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_bytes::{ByteBuf, Bytes};

    pub(in crate::log) fn serialize<S: Serializer>(
        bins: &[Vec<u8>],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(bins.iter().map(|bin| Bytes::new(bin)))
    }

    pub(in crate::log) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Vec<u8>>, D::Error> {
        let bins = Vec::<ByteBuf>::deserialize(from)?;
        Ok(bins.into_iter().map(ByteBuf::into_vec).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::header::Header;

    /// A map with one pair.
    fn pair(key: &str, value: &[u8]) -> Vec<u8> {
        [&[0x81, 0xa0 | key.len() as u8], key.as_bytes(), value].concat()
    }

    #[test]
    fn lengths_that_are_not_there_are_refused() {
        let lying: [&[u8]; 4] = [
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &[0xdf, 0xff, 0xff, 0xff, 0xff],
            &[0xc6, 0xff, 0xff, 0xff, 0xff],
            &[0xdb, 0xff, 0xff, 0xff, 0xff],
        ];
        for key in ["command", "cwd", "rtrace_version", "host", "options", "later"] {
            for value in lying {
                assert!(read_map::<Header>(&pair(key, value)).is_err(), "{key} {value:x?}");
            }
        }
        assert!(read_map::<Header>(lying[1]).is_err());
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels| [&vec![0x91; levels][..], &[0xc0]].concat();
        assert_eq!(read_map::<Header>(&pair("later", &nested(8))), Ok(Header::default()));
        assert!(read_map::<Header>(&pair("later", &nested(1 << 20))).is_err());
    }

    #[test]
    fn values_of_all_types_are_passed_over_under_keys_of_later() {
        use rmpv::Value;
        let values = [
            Value::Nil,
            true.into(),
            (-5).into(),
            u64::MAX.into(),
            2.5.into(),
            "text".into(),
            vec![0_u8; 300].into(),
            Value::Ext(3, vec![1; 5]),
            Value::Array(vec![Value::Map(vec![(1.into(), Value::Nil)])]),
        ];
        for value in values {
            let map = Value::Map(vec![("later".into(), value), ("cwd".into(), vec![7_u8].into())]);
            let mut bytes = Vec::new();
            rmpv::encode::write_value(&mut bytes, &map).unwrap();
            let expected = Header { cwd: vec![7], ..Header::default() };
            assert_eq!(read_map(&bytes), Ok(expected), "{map}");
        }
    }

    #[test]
    fn words_wrap() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct One {
            #[serde(with = "word")]
            word: u64,
        }
        let forms: [(u64, &[u8]); 4] = [
            (u64::MAX, &[0xff]),
            (1 << 63, &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            (u64::MAX, &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (200, &[0xcc, 200]),
        ];
        for (word, form) in forms {
            assert_eq!(read_map(&pair("word", form)), Ok(One { word }));
        }
        for (word, form) in [forms[0], forms[1], forms[3]] {
            let mut out = Vec::new();
            put(&mut out, &One { word });
            assert_eq!(out, pair("word", form));
        }
        assert!(read_map::<One>(&pair("word", &[0xc0])).is_err());
    }
}
