//! Turns `syscall-tables/` into `const` tables, and the modules of the page into one
//! script, with std alone. A mistake there ends the build with `file:line: what is wrong`.

// Verbs and classes have one list, the library's; the rest of its types idle here.
#[path = "src/abi/types.rs"]
#[allow(dead_code, unreachable_pub)]
mod abi;
#[path = "build/calls.rs"]
mod calls;
#[path = "build/lines.rs"]
mod lines;
#[path = "build/lists.rs"]
mod lists;
#[path = "build/page.rs"]
mod page;
#[path = "build/sets.rs"]
mod sets;
#[path = "build/structs.rs"]
mod structs;
#[path = "build/types.rs"]
mod types;

use std::path::Path;
use std::{env, fs};

use lines::Mistake;

fn main() {
    println!("cargo:rerun-if-changed=syscall-tables");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/export/page");
    make("tables.rs", generate());
    make("page.js", page::script());
}

/// Writes a file for the crate to include.
fn make(name: &str, text: Result<String, Mistake>) {
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    match text {
        Ok(text) => fs::write(Path::new(&out).join(name), text).expect("OUT_DIR is ours"),
        Err(mistake) => {
            eprintln!("{mistake}");
            std::process::exit(1);
        }
    }
}

fn generate() -> Result<String, Mistake> {
    let mut out = String::new();
    let sets = sets::read()?;
    sets.write(&mut out);
    let mut structs = structs::read(&sets)?;
    let calls = calls::read(&sets, &mut structs)?;
    let ioctls = lists::ioctls(&sets, &mut structs)?;
    structs.write(&mut out)?;
    calls.write(&mut out);
    out += &ioctls;
    out += &lists::errors()?;
    out += &lists::signals()?;
    Ok(out)
}
