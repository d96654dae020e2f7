//! Prototypes and numbers of calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::abi::{Classes, Verb};
use crate::lines::{self, Line, Mistake};
use crate::sets::Sets;
use crate::structs::Structs;
use crate::types::{scalar, split, value};

/// The files of numbers: one for each ABI, and one for each call that makes others.
const TABLES: [&str; 7] = ["x86_64", "i386", "x32", "aarch64", "riscv64", "socketcall", "ipc"];

/// The ABI that a file of numbers belongs to.
fn abi_of(table: &str) -> &str {
    if matches!(table, "socketcall" | "ipc") { "i386" } else { table }
}

/// A prototype as it is written.
struct Written {
    line: Line,
    params: Vec<(String, String)>,
    returns: &'static str,
    classes: u16,
    effect: String,
}

/// Prototypes and tables, as code.
pub(crate) struct Calls(String);

impl Calls {
    pub(crate) fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

pub(crate) fn read(sets: &Sets, structs: &mut Structs) -> Result<Calls, Mistake> {
    let tables = TABLES.map(|table| Ok((table, lines::read(table)?)));
    let tables = tables.into_iter().collect::<Result<Vec<_>, _>>()?;
    parse(lines::read("prototypes")?, tables, sets, structs)
}

/// Prototypes, and for each table its numbers.
pub(crate) fn parse(
    lines: Vec<Line>,
    tables: Vec<(&str, Vec<Line>)>,
    sets: &Sets,
    structs: &mut Structs,
) -> Result<Calls, Mistake> {
    let mut prototypes = BTreeMap::new();
    for line in lines {
        let (name, written) = prototype(&line)?;
        if prototypes.insert(name.clone(), written).is_some() {
            return Err(line.mistake(format!("a second prototype `{name}`")));
        }
    }
    let mut code = String::new();
    let mut made = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (file, lines) in tables {
        let abi = abi_of(file);
        let mut table: BTreeMap<u64, String> = BTreeMap::new();
        for line in lines {
            let words = line.words();
            let [number, name] = words.as_slice() else {
                return Err(line.mistake("`NUMBER NAME` is wanted"));
            };
            let number = line.number(number)?;
            let Some(written) = prototypes.get(*name) else {
                return Err(line.mistake(format!("there is no prototype `{name}`")));
            };
            used.insert((*name).to_owned());
            let own_sets = written
                .params
                .iter()
                .any(|(_, ty)| split(ty).1.is_some_and(|set| sets.differs(set, abi)));
            let suffix = if own_sets { format!("__{}", abi.to_uppercase()) } else { String::new() };
            let constant = format!("CALL_{}{suffix}", name.replace('@', "__").to_uppercase());
            if made.insert(constant.clone()) {
                write_prototype(&mut code, &constant, name, written, (sets, abi), structs)?;
            }
            if table.insert(number, constant).is_some() {
                return Err(line.mistake(format!("the number {number} stands here twice")));
            }
        }
        let _ =
            writeln!(code, "static NUMBERS_{}: &[Option<&Prototype>] = &[", file.to_uppercase());
        for number in 0..=table.keys().next_back().copied().unwrap_or_default() {
            let entry = table.get(&number).map_or("None".into(), |name| format!("Some(&{name})"));
            let _ = writeln!(code, "{entry},");
        }
        code.push_str("];\n");
    }
    let unused = prototypes.iter().find(|(name, _)| !used.contains(*name));
    match unused {
        Some((name, written)) => {
            Err(written.line.mistake(format!("no table has a number for `{name}`")))
        }
        None => Ok(Calls(code)),
    }
}

/// `name(param: type, …) = result | classes | effect`
fn prototype(line: &Line) -> Result<(String, Written), Mistake> {
    let wanted = || line.mistake("`NAME(PARAMETERS) = RESULT | CLASSES | EFFECT` is wanted");
    let mut parts = line.text.split(" | ");
    let (Some(signature), Some(classes), Some(effect), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wanted());
    };
    let (name, rest) = signature.split_once('(').ok_or_else(wanted)?;
    let (params, returns) = rest.rsplit_once(") = ").ok_or_else(wanted)?;
    let mut all = Vec::new();
    for param in params.split(", ").filter(|param| !param.is_empty()) {
        let (name, ty) = param
            .split_once(": ")
            .ok_or_else(|| line.mistake(format!("`{param}` is no `NAME: TYPE`")))?;
        all.push((name.to_owned(), ty.to_owned()));
    }
    if all.len() > 6 {
        return Err(line.mistake("no call has more than six parameters"));
    }
    let (returns, _) = scalar(returns.trim())
        .ok_or_else(|| line.mistake(format!("the result `{returns}` is no scalar")))?;
    let mut bits = 0;
    for class in classes.split_whitespace().filter(|class| *class != "-") {
        let bit = Classes::NAMES.iter().position(|name| *name == class);
        bits |= 1 << bit.ok_or_else(|| line.mistake(format!("there is no class `{class}`")))?;
    }
    let effect = effect_of(line, effect.trim(), &all)?;
    let line = line.clone();
    Ok((name.to_owned(), Written { line, params: all, returns, classes: bits, effect }))
}

/// `verb(param@dirfd, …)`
fn effect_of(line: &Line, text: &str, params: &[(String, String)]) -> Result<String, Mistake> {
    let (verb, operands) = match text.split_once('(') {
        Some((verb, rest)) => (verb, rest.trim_end_matches(')')),
        None => (text, ""),
    };
    let Some(verb) = Verb::ALL.iter().find(|known| known.name() == verb) else {
        return Err(line.mistake(format!("there is no verb `{verb}`")));
    };
    let mut code = String::new();
    for operand in operands.split(", ").filter(|operand| !operand.is_empty()) {
        let (arg, at) = match operand.split_once('@') {
            Some((arg, at)) => (arg, format!("Some({})", index(line, at, params)?)),
            None => (operand, "None".into()),
        };
        let arg = index(line, arg, params)?;
        let _ = write!(code, "Operand {{ arg: {arg}, at: {at} }}, ");
    }
    Ok(format!("Effect {{ verb: Verb::{verb:?}, operands: &[{code}] }}"))
}

fn index(line: &Line, name: &str, params: &[(String, String)]) -> Result<usize, Mistake> {
    let found = params.iter().position(|(param, _)| param == name);
    found.ok_or_else(|| line.mistake(format!("there is no parameter `{name}`")))
}

fn write_prototype(
    code: &mut String,
    constant: &str,
    name: &str,
    written: &Written,
    (sets, abi): (&Sets, &str),
    structs: &mut Structs,
) -> Result<(), Mistake> {
    let plain = name.split('@').next().unwrap_or_default();
    let _ =
        writeln!(code, "static {constant}: Prototype = Prototype {{ name: {plain:?}, params: &[");
    for (name, ty) in &written.params {
        let ty = match value(&written.line, ty, sets, abi)? {
            Some(ty) => ty,
            None => memory(&written.line, ty, &written.params, structs)?,
        };
        let _ = writeln!(code, "Param {{ name: {name:?}, ty: {ty} }},");
    }
    let Written { returns, classes, effect, .. } = written;
    let _ = writeln!(
        code,
        "], returns: Scalar::{returns}, classes: Classes({classes:#x}), effect: {effect} }};"
    );
    Ok(())
}

/// `[in|out|inout] WHAT`
fn memory(
    line: &Line,
    text: &str,
    params: &[(String, String)],
    structs: &mut Structs,
) -> Result<String, Mistake> {
    let words: Vec<_> = text.split_whitespace().collect();
    let (direction, what) = match words.as_slice() {
        ["in", what @ ..] => ("In", what),
        ["out", what @ ..] => ("Out", what),
        ["inout", what @ ..] => ("InOut", what),
        what => ("", what),
    };
    let (kind, what) = match what {
        [kind @ ("sized" | "struct"), what] => (*kind, *what),
        [what] => ("", *what),
        _ => return Err(line.mistake(format!("`{text}` is no type"))),
    };
    let (head, inside) = split(what);
    let count = match inside {
        Some(text) => len(line, text, params)?,
        None => "Len::Const(1)".into(),
    };
    let what = match (head, inside) {
        _ if !kind.is_empty() => structure(line, kind, head, &count, structs)?,
        ("path", None) => "Path".into(),
        ("str", None) => "Str".into(),
        ("argv", None) => "Argv".into(),
        ("envp", None) => "Envp".into(),
        ("msghdr", None) => "Msghdr".into(),
        ("irregular", None) => "Irregular".into(),
        ("bytes", Some(_)) => format!("Bytes({count})"),
        ("iovec", Some(_)) => format!("Iovec({count})"),
        ("sockaddr", Some(_)) => format!("Sockaddr({count})"),
        ("mmsghdr", Some(_)) => format!("Mmsghdr({count})"),
        ("sigset", Some(_)) => format!("Sigset({count})"),
        ("fdset", Some(_)) => format!("FdSet({count})"),
        (name, _) => structure(line, kind, name, &count, structs)?,
    };
    let direction = match (direction, head) {
        ("", "path" | "str" | "argv" | "envp" | "irregular") => "In",
        ("", _) => return Err(line.mistake(format!("`{text}` must say its direction"))),
        (direction, _) => direction,
    };
    Ok(format!("Ty::Memory(Dir::{direction}, Memory::{what})"))
}

fn structure(
    line: &Line,
    kind: &str,
    name: &str,
    count: &str,
    structs: &mut Structs,
) -> Result<String, Mistake> {
    let Some(constant) = structs.constant(name) else {
        return Err(line.mistake(format!("`{name}` is no type, struct or scalar")));
    };
    let variant = if kind == "sized" { "Sized" } else { "Struct" };
    Ok(format!("{variant}(&{constant}, {count})"))
}

fn len(line: &Line, text: &str, params: &[(String, String)]) -> Result<String, Mistake> {
    if text == "ret" {
        return Ok("Len::Ret".into());
    }
    if let Some(name) = text.strip_prefix("ret<=") {
        return Ok(format!("Len::RetUpTo({})", index(line, name, params)?));
    }
    if let Some(name) = text.strip_prefix('*') {
        return Ok(format!("Len::Deref({})", index(line, name, params)?));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(format!("Len::Const({})", line.number(text)?));
    }
    Ok(format!("Len::Arg({})", index(line, text, params)?))
}
