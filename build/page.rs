//! The modules of the page as one script: each becomes a function that returns what it
//! exports, those that it imports before it. `docs/html.md` says what they may use of
//! the language's modules.
//!
//!     import { a } from "./x.js";      const module_y = (() => {
//!     export const b = a;         →    const { a } = module_x;
//!                                      const b = a;
//!                                      return { b };
//!                                      })();

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use crate::lines::Mistake;

const FOLDER: &str = "src/export/page";
const ENTRY: &str = "main.js";
/// What would end the script, or begin another one, in the midst of a document.
const FORBIDDEN: [&str; 3] = ["</script", "<script", "<!--"];

/// The script, from the module that the page begins with on.
pub(crate) fn script() -> Result<String, Mistake> {
    let mut bundle = Bundle::default();
    bundle.add(ENTRY, &mut Vec::new())?;
    Ok(bundle.script)
}

#[derive(Default)]
struct Bundle {
    script: String,
    /// What the modules so far export.
    exports: BTreeMap<String, BTreeSet<String>>,
}

impl Bundle {
    /// Adds a module behind those that it imports. `path`: who imports it, and so on.
    fn add(&mut self, name: &str, path: &mut Vec<String>) -> Result<(), Mistake> {
        if self.exports.contains_key(name) {
            return Ok(());
        }
        let file = format!("{FOLDER}/{name}");
        let text =
            fs::read_to_string(&file).map_err(|error| Mistake::new(&file, 0, error.to_string()))?;
        path.push(name.to_owned());
        let mut module = Module::new(&file);
        for (index, line) in text.split_inclusive('\n').enumerate() {
            module.line(index + 1, line)?;
        }
        for import in &module.imports {
            if path.contains(&import.from) {
                let what = format!("{} imports {} in a circle", name, import.from);
                return Err(Mistake::new(&file, import.line, what));
            }
            self.add(&import.from, path)?;
            self.check(&file, import)?;
        }
        path.pop();
        self.write(name, &module);
        self.exports.insert(name.to_owned(), module.exports);
        Ok(())
    }

    fn check(&self, file: &str, import: &Import) -> Result<(), Mistake> {
        let known = self.exports.get(&import.from);
        let is_known = |name: &&(String, String)| known.is_some_and(|all| all.contains(&name.0));
        match import.names.iter().find(|name| !is_known(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let what = format!("{} does not export `{name}`", import.from);
                Err(Mistake::new(file, import.line, what))
            }
        }
    }

    fn write(&mut self, name: &str, module: &Module<'_>) {
        let is_entry = name == ENTRY;
        if !is_entry {
            let _ = writeln!(self.script, "const {} = (() => {{", variable(name));
        }
        for import in module.imports.iter().filter(|import| !import.names.is_empty()) {
            let names = import.names.iter().map(|(name, here)| {
                if name == here { name.clone() } else { format!("{name}: {here}") }
            });
            let names = names.collect::<Vec<_>>().join(", ");
            let _ = writeln!(self.script, "const {{ {names} }} = {};", variable(&import.from));
        }
        self.script += &module.body;
        if !is_entry {
            let exports = module.exports.iter().cloned().collect::<Vec<_>>().join(", ");
            let _ = writeln!(self.script, "return {{ {exports} }};\n}})();");
        }
    }
}

/// The constant that stands for a module.
fn variable(name: &str) -> String {
    let stem = name.trim_end_matches(".js");
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("module_{}", stem.chars().map(plain).collect::<String>())
}

struct Module<'a> {
    file: &'a str,
    imports: Vec<Import>,
    exports: BTreeSet<String>,
    body: String,
    /// An import that goes on over several lines.
    open: Option<(usize, String)>,
}

struct Import {
    line: usize,
    from: String,
    /// By their names there and here.
    names: Vec<(String, String)>,
}

impl<'a> Module<'a> {
    fn new(file: &'a str) -> Self {
        Self {
            file,
            imports: Vec::new(),
            exports: BTreeSet::new(),
            body: String::new(),
            open: None,
        }
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), Mistake> {
        let mistake = |what: &str| Err(Mistake::new(self.file, number, what.to_owned()));
        if let Some(text) = FORBIDDEN.iter().find(|text| line.contains(*text)) {
            return mistake(&format!("`{text}` cannot stand in a page's script"));
        }
        if line.contains("import(") || line.contains("import.meta") {
            return mistake("only `import {…} from` can be made one script");
        }
        if let Some((first, mut text)) = self.open.take() {
            text += line;
            return self.import(first, text);
        }
        if line.starts_with("import ") {
            return self.import(number, line.to_owned());
        }
        let Some(rest) = line.strip_prefix("export ") else {
            self.body += line;
            return Ok(());
        };
        let Some(name) = declared(rest) else {
            return mistake("only `export` of a function, class or const can be made one script");
        };
        self.exports.insert(name.to_owned());
        self.body += rest;
        Ok(())
    }

    fn import(&mut self, number: usize, text: String) -> Result<(), Mistake> {
        if !text.trim_end().ends_with(';') {
            self.open = Some((number, text));
            return Ok(());
        }
        let Some(import) = Import::parse(number, &text) else {
            let what = "only `import { a, b as c } from \"./x.js\";` can be made one script";
            return Err(Mistake::new(self.file, number, what.to_owned()));
        };
        self.imports.push(import);
        Ok(())
    }
}

impl Import {
    fn parse(line: usize, text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix("import")?.strip_suffix(';')?.trim();
        let (names, from) = match rest.strip_prefix('{') {
            Some(list) => list.split_once('}')?,
            None => ("", rest),
        };
        let from = from.trim();
        let from = if names.is_empty() { from } else { from.strip_prefix("from")?.trim() };
        let from = from.strip_prefix("\"./")?.strip_suffix(".js\"")?;
        let list = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names = list.map(|name| match name.split_once(" as ") {
            Some((there, here)) => (there.trim().to_owned(), here.trim().to_owned()),
            None => (name.to_owned(), name.to_owned()),
        });
        Some(Self { line, from: format!("{from}.js"), names: names.collect() })
    }
}

/// What a declaration declares.
fn declared(text: &str) -> Option<&str> {
    let text = text.strip_prefix("async ").unwrap_or(text);
    let kinds = ["function* ", "function ", "class ", "const "];
    let rest = kinds.iter().find_map(|kind| text.strip_prefix(kind))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let name = rest.split(|c| !is_name(c)).next()?;
    Some(name).filter(|name| !name.is_empty())
}
