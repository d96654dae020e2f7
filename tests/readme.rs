//! The README says what the program does.

use std::process::Command;

use rtrace::export::{FORMATS, Format};

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md")
}

#[test]
fn it_has_the_table_of_formats() {
    let mut table = String::from("| format | media type | what it is |\n| --- | --- | --- |\n");
    table.extend(FORMATS.iter().map(|Format { name, media_type, summary, .. }| {
        format!("| `{name}` | {media_type} | {summary} |\n")
    }));
    assert!(readme().contains(&table), "README.md must have this table:\n{table}");
}

#[test]
fn it_has_every_command() {
    let help = Command::new(env!("CARGO_BIN_EXE_rtrace")).arg("--help").output();
    let help = String::from_utf8(help.expect("rtrace runs").stdout).expect("text");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<_> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 5, "{help}");
    for command in commands {
        assert!(
            readme().contains(&format!("| `rtrace {command} ")),
            "{command} is not in README.md"
        );
    }
}
