//! Errors, signals, ioctl requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::lines::{self, Mistake};
use crate::sets::Sets;
use crate::structs::Structs;
use crate::types::{split, value};

pub(crate) fn errors() -> Result<String, Mistake> {
    let mut code = String::from("pub(super) static ERRORS: &[(u16, &str, &str)] = &[\n");
    for line in lines::read("errno")? {
        let mut words = line.text.splitn(3, ' ');
        let (Some(number), Some(name), Some(text)) = (words.next(), words.next(), words.next())
        else {
            return Err(line.mistake("`NUMBER NAME TEXT` is wanted"));
        };
        let _ = writeln!(code, "({}, {name:?}, {text:?}),", line.number(number)?);
    }
    Ok(code + "];\n")
}

pub(crate) fn signals() -> Result<String, Mistake> {
    let mut code = String::from("pub(super) static SIGNALS: &[(u32, &str)] = &[\n");
    for line in lines::read("signals")? {
        let [number, name] = line.words()[..] else {
            return Err(line.mistake("`NUMBER NAME` is wanted"));
        };
        let _ = writeln!(code, "({}, {name:?}),", line.number(number)?);
    }
    Ok(code + "];\n")
}

pub(crate) fn ioctls(sets: &Sets, structs: &mut Structs) -> Result<String, Mistake> {
    let mut all = BTreeMap::new();
    for line in lines::read("ioctls")? {
        let words = line.words();
        let [number, name, argument @ ..] = words.as_slice() else {
            return Err(line.mistake("`NUMBER NAME ARGUMENT` is wanted"));
        };
        let argument = match argument {
            ["-"] => "Argument::None".to_owned(),
            ["val", view] => match value(&line, view, sets, "")? {
                Some(ty) => format!("Argument::Value({ty})"),
                None => return Err(line.mistake(format!("`{view}` is no value"))),
            },
            [direction @ ("in" | "out" | "inout"), what] => {
                let direction = match *direction {
                    "in" => "In",
                    "out" => "Out",
                    _ => "InOut",
                };
                let what = memory(&line, what, sets, structs)?;
                format!("Argument::Memory(Dir::{direction}, Pointee::{what})")
            }
            _ => return Err(line.mistake("`-`, `val VIEW` or `DIR WHAT` is wanted")),
        };
        let number = line.number(number)?;
        let code =
            format!("Request {{ number: {number:#x}, name: {name:?}, argument: {argument} }}");
        if all.insert(number, code).is_some() {
            return Err(line.mistake("the number stands here twice"));
        }
    }
    let mut code = String::from("pub(super) static REQUESTS: &[Request] = &[\n");
    for request in all.values() {
        let _ = writeln!(code, "{request},");
    }
    Ok(code + "];\n")
}

fn memory(
    line: &lines::Line,
    what: &str,
    sets: &Sets,
    structs: &mut Structs,
) -> Result<String, Mistake> {
    let (head, inside) = split(what);
    if matches!(head, "flags" | "enum") {
        return match value(line, what, sets, "")? {
            Some(ty) => Ok(format!("Value({ty})")),
            None => Err(line.mistake(format!("`{what}` is no value"))),
        };
    }
    let count = inside.map(|count| line.number(count)).transpose()?.unwrap_or(1);
    if what == "str" {
        return Ok("Str".into());
    }
    if head == "bytes" {
        return Ok(format!("Bytes({count})"));
    }
    match structs.constant(head) {
        Some(constant) => Ok(format!("Struct(&{constant}, {count})")),
        None => Err(line.mistake(format!("`{head}` is no struct or scalar"))),
    }
}
