//! Layouts of structs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::lines::{self, Line, Mistake};
use crate::sets::Sets;
use crate::types::{scalar, split, value};

/// A struct as it is written.
#[derive(Default)]
struct Written {
    packed: bool,
    fields: Vec<Field>,
}

struct Field {
    line: Line,
    name: String,
    storage: String,
    count: u32,
    view: Option<String>,
}

/// All structs by name, `NAME@ilp32` apart.
pub(crate) struct Structs {
    written: BTreeMap<String, Written>,
    /// Scalars that stand for a struct of one field.
    scalars: BTreeMap<String, [u32; 2]>,
}

pub(crate) fn read(sets: &Sets) -> Result<Structs, Mistake> {
    parse(lines::read("structs")?, sets)
}

pub(crate) fn parse(lines: Vec<Line>, sets: &Sets) -> Result<Structs, Mistake> {
    let mut written: BTreeMap<String, Written> = BTreeMap::new();
    let mut current = String::new();
    for line in lines {
        let words = line.words();
        match (line.is_member(), words.as_slice()) {
            (false, ["struct", name, packed @ ..]) if matches!(packed, [] | ["packed"]) => {
                current = String::from(*name);
                let one = Written { packed: !packed.is_empty(), fields: Vec::new() };
                if written.insert(current.clone(), one).is_some() {
                    return Err(line.mistake(format!("a second struct `{name}`")));
                }
            }
            (true, [name, storage, view @ ..]) if view.len() < 2 && name.ends_with(':') => {
                let Some(one) = written.get_mut(&current) else {
                    return Err(line.mistake("a field before any heading"));
                };
                let view = match view.first() {
                    Some(word) => Some(value(&line, word, sets, "")?.ok_or_else(|| {
                        line.mistake(format!("`{word}` is no scalar and no set"))
                    })?),
                    None => None,
                };
                let field = field(&line, name.trim_end_matches(':'), storage, view)?;
                one.fields.push(field);
            }
            _ => return Err(line.mistake("`struct NAME` or `  NAME: STORAGE [VIEW]` is wanted")),
        }
    }
    Ok(Structs { written, scalars: BTreeMap::new() })
}

fn field(line: &Line, name: &str, storage: &str, view: Option<String>) -> Result<Field, Mistake> {
    let (storage, count) = split(storage);
    let count = match count {
        Some(count) => line.number(count)? as u32,
        None => 1,
    };
    Ok(Field { line: line.clone(), name: name.into(), storage: storage.into(), count, view })
}

/// Size and alignment of a plain storage class, by word size.
fn plain(storage: &str, word: u32) -> Option<(u32, u32, &'static str)> {
    // i386 aligns 64-bit fields to 4 bytes.
    let wide = word;
    Some(match storage {
        "s8" => (1, 1, "Int"),
        "u8" => (1, 1, "U8"),
        "s16" => (2, 2, "S16"),
        "u16" => (2, 2, "U16"),
        "s32" => (4, 4, "Int"),
        "u32" => (4, 4, "Uint"),
        "s64" => (8, wide, "S64"),
        "u64" => (8, wide, "U64"),
        "long" => (word, word, "Long"),
        "ulong" => (word, word, "Ulong"),
        "ptr" => (word, word, "Addr"),
        _ => return None,
    })
}

impl Structs {
    /// The constant of a struct, or of a scalar that stands for one.
    pub(crate) fn constant(&mut self, name: &str) -> Option<String> {
        if !self.written.contains_key(name) {
            let (_, sizes) = scalar(name)?;
            self.scalars.insert(name.to_owned(), sizes);
        }
        Some(constant(name))
    }

    fn layout(&self, line: &Line, name: &str, word: u32) -> Result<(u32, u32, String), Mistake> {
        let special = format!("{name}@ilp32");
        let one = (word == 4).then(|| self.written.get(&special)).flatten();
        let Some(one) = one.or_else(|| self.written.get(name)) else {
            return Err(line.mistake(format!("there is no storage or struct `{name}`")));
        };
        let (mut offset, mut align, mut code) = (0u32, 1u32, String::new());
        for field in &one.fields {
            let (size, wants, ty) = self.field(field, word)?;
            let wants = if one.packed { 1 } else { wants };
            align = align.max(wants);
            offset = offset.next_multiple_of(wants);
            let Field { name, count, .. } = field;
            let _ = writeln!(
                code,
                "Field {{ name: {name:?}, offset: {offset}, size: {size}, count: {count}, ty: {ty} }},"
            );
            offset += size * count;
        }
        Ok((offset.next_multiple_of(align), align, code))
    }

    fn field(&self, field: &Field, word: u32) -> Result<(u32, u32, String), Mistake> {
        if let Some((size, align, default)) = plain(&field.storage, word) {
            let default = || format!("Ty::Scalar(Scalar::{default})");
            let ty = field.view.clone().unwrap_or_else(default);
            return Ok((size, align, format!("FieldTy::Value({ty})")));
        }
        match field.storage.as_str() {
            "char" => Ok((1, 1, "FieldTy::Chars".into())),
            "raw" => Ok((1, 1, "FieldTy::Raw".into())),
            name => {
                let (size, align, _) = self.layout(&field.line, name, word)?;
                Ok((size, align, format!("FieldTy::Struct(&{})", constant(name))))
            }
        }
    }

    pub(crate) fn write(&self, out: &mut String) -> Result<(), Mistake> {
        for (name, one) in self.written.iter().filter(|(name, _)| !name.contains('@')) {
            let Some(first) = one.fields.first() else { continue };
            let _ = writeln!(
                out,
                "pub(super) static {}: Struct = Struct {{ name: {name:?},",
                constant(name)
            );
            for (model, word) in [("lp64", 8), ("ilp32", 4)] {
                let (size, _, fields) = self.layout(&first.line, name, word)?;
                let _ = writeln!(out, "{model}: Layout {{ size: {size}, fields: &[{fields}] }},");
            }
            out.push_str("};\n");
        }
        for (name, sizes) in &self.scalars {
            let variant = scalar(name).map_or("Void", |(variant, _)| variant);
            let _ = writeln!(
                out,
                "pub(super) static {}: Struct = Struct {{ name: {name:?},",
                constant(name)
            );
            for (model, size) in [("lp64", sizes[0]), ("ilp32", sizes[1])] {
                let field = format!(
                    "Field {{ name: {name:?}, offset: 0, size: {size}, count: 1, \
                     ty: FieldTy::Value(Ty::Scalar(Scalar::{variant})) }}"
                );
                let _ = writeln!(out, "{model}: Layout {{ size: {size}, fields: &[{field}] }},");
            }
            out.push_str("};\n");
        }
        out.push_str("pub(super) static STRUCTS: &[&Struct] = &[\n");
        for name in self.written.keys().filter(|name| !name.contains('@')) {
            let _ = writeln!(out, "&{},", constant(name));
        }
        out.push_str("];\n");
        Ok(())
    }
}

fn constant(name: &str) -> String {
    format!("STRUCT_{}", name.to_uppercase())
}
