//! The section of facts: an array of `[kind, time, task, ordinal, fields]`.

use super::msgpack::{Cursor, Fault, put_array, put_bin, put_int, put_map};
use crate::event::{Batch, Fact, FactKey, FactKind, TaskId, Value};

/// Appends the section's bytes.
pub(super) fn write(facts: &[Fact], out: &mut Vec<u8>) {
    put_array(out, facts.len());
    for fact in facts {
        put_array(out, 5);
        put_int(out, fact.kind.code().into());
        put_int(out, fact.time as i64);
        put_int(out, fact.task.0.into());
        put_int(out, fact.ordinal as i64);
        put_map(out, fact.fields.len());
        for (key, value) in &fact.fields {
            put_int(out, key.code().into());
            put_value(out, value);
        }
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Number(number) => put_int(out, *number),
        Value::Bytes(bytes) => put_bin(out, bytes),
        Value::List(list) => {
            put_array(out, list.len());
            for bytes in list {
                put_bin(out, bytes);
            }
        }
    }
}

/// About how many bytes a fact takes.
pub(super) fn size(fact: &Fact) -> usize {
    let value = |value: &Value| match value {
        Value::Number(_) => 9,
        Value::Bytes(bytes) => bytes.len() + 5,
        Value::List(list) => list.iter().map(|bytes| bytes.len() + 5).sum(),
    };
    32 + fact.fields.iter().map(|(_, v)| value(v) + 1).sum::<usize>()
}

/// Puts the facts of a section into the batch. Returns how many are of a kind
/// that this rtrace does not know; keys that it does not know are left out.
pub(super) fn read(section: &[u8], batch: &mut Batch) -> Result<u64, Fault> {
    let mut cursor = Cursor::new(section);
    let mut unknown = 0;
    for _ in 0..cursor.array()? {
        match read_fact(&mut cursor)? {
            Some(fact) => batch.push_fact(fact),
            None => unknown += 1,
        }
    }
    Ok(unknown)
}

fn read_fact(cursor: &mut Cursor<'_>) -> Result<Option<Fact>, Fault> {
    let values = cursor.array()?;
    let more = values.checked_sub(5).ok_or(Fault::Wrong)?;
    let kind = u8::try_from(cursor.int()?).ok().and_then(FactKind::from_code);
    let time = cursor.int()? as u64;
    let task = TaskId(cursor.number()?);
    let ordinal = cursor.int()? as u64;
    let mut fields = Vec::new();
    for _ in 0..cursor.map()? {
        let key = u8::try_from(cursor.int()?).ok().and_then(FactKey::from_code);
        let value = read_value(cursor)?;
        fields.extend(key.zip(value));
    }
    (0..more).try_for_each(|_| cursor.skip())?;
    Ok(kind.map(|kind| Fact { kind, task, ordinal, time, fields }))
}

/// A field's value; `None` for a type that a newer rtrace may write.
fn read_value(cursor: &mut Cursor<'_>) -> Result<Option<Value>, Fault> {
    Ok(Some(match cursor.peek()? {
        0xc4..=0xc6 => Value::Bytes(cursor.bin()?.to_vec()),
        0x90..=0x9f | 0xdc | 0xdd => {
            let len = cursor.array()?;
            Value::List(
                (0..len).map(|_| cursor.bin().map(<[u8]>::to_vec)).collect::<Result<_, _>>()?,
            )
        }
        0..=0x7f | 0xcc..=0xd3 | 0xe0..=0xff => Value::Number(cursor.int()?),
        _ => return cursor.skip().map(|()| None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_key_comes_back() {
        let facts: Vec<Fact> = FactKind::ALL
            .iter()
            .map(|kind| Fact {
                kind: *kind,
                task: TaskId(u32::MAX),
                ordinal: u64::MAX,
                time: 1 << 40,
                fields: FactKey::ALL
                    .iter()
                    .enumerate()
                    .map(|(i, key)| {
                        let value = match i % 3 {
                            0 => Value::Number(-(i as i64) << 40),
                            1 => Value::Bytes(vec![0xff; i * 100]),
                            _ => Value::List(vec![Vec::new(), b"x".to_vec()]),
                        };
                        (*key, value)
                    })
                    .collect(),
            })
            .collect();
        let mut section = Vec::new();
        write(&facts, &mut section);
        let mut batch = Batch::new();
        assert_eq!(read(&section, &mut batch), Ok(0));
        assert_eq!(batch.facts(), facts);
    }

    #[test]
    fn unknown_kinds_keys_and_types_are_passed_over() {
        use rmpv::Value as V;
        let fact = |kind: u8, fields: Vec<(V, V)>, more: bool| {
            let mut values = vec![kind.into(), 5.into(), 1.into(), 2.into(), V::Map(fields)];
            values.extend(more.then(|| V::from("later")));
            V::Array(values)
        };
        let section = V::Array(vec![
            fact(250, vec![], false),
            fact(6, vec![(250.into(), 1.into()), (27.into(), V::Nil), (14.into(), 3.into())], true),
        ]);
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &section).unwrap();
        let mut batch = Batch::new();
        assert_eq!(read(&bytes, &mut batch), Ok(1));
        assert_eq!(batch.facts()[0].fields, [(FactKey::Fd, Value::Number(3))]);
    }
}
