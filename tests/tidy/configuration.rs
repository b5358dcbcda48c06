//! A key of the configuration is documented where it is declared, and some room uses it.
//!
//! Names are compared as texts, so two fields of one name vouch for each other: what is looked for is the forgotten key.

use std::collections::HashSet;

use crate::{
    none,
    source::{Source, rust_files},
};

#[test]
fn every_configuration_field_is_documented() {
    let mut found = Vec::new();
    for file in rust_files("src/config") {
        let lines: Vec<&str> = file.text.lines().collect();
        for (number, line) in file.code() {
            let field = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(": "));
            let Some((name, kind)) = field.filter(|(name, _)| name.chars().all(|c| c.is_lowercase() || c == '_'))
            else {
                continue;
            };
            let above = lines[..number - 1].iter().rev().take_while(|above| above.trim_start().starts_with(['/', '#']));
            // A section is documented at its own struct.
            let section = kind.starts_with("Sandbox") || file.path == "src/config.rs";
            if !section && !above.into_iter().any(|line| line.trim_start().starts_with("///")) {
                found.push(format!("{}:{number}: {name}", file.path));
            }
        }
    }
    none(found, "Say its unit, default and effect in a `///` above it, and the same in config/default.toml.");
}

/// A room reads a field itself (`limits.inflight_max`), or a value that `src/config` derives from it (`limits.drain_timeout()`).
#[test]
fn every_configuration_field_has_an_effect() {
    let machinery = ["error", "sources", "check", "secret", "tests"].map(|stem| format!("src/config/{stem}.rs"));
    let (config, rooms): (Vec<Source>, Vec<Source>) =
        rust_files("src").into_iter().partition(|file| file.path == "src/config.rs" || file.room() == "config");
    let config: Vec<Source> = config.into_iter().filter(|file| !machinery.contains(&file.path)).collect();
    let mut read: HashSet<String> = rooms.iter().flat_map(members).collect();
    // Methods may use each other, so those that a room reaches are found step by step.
    let methods: Vec<(String, HashSet<String>)> = config.iter().flat_map(derivations).collect();
    loop {
        let known = read.len();
        for (_, uses) in methods.iter().filter(|(name, _)| read.contains(name)).collect::<Vec<_>>() {
            read.extend(uses.iter().cloned());
        }
        if read.len() == known {
            break;
        }
    }
    let mut found = Vec::new();
    for file in config.iter().filter(|file| file.path != "src/config.rs") {
        let names = file.code().into_iter().filter_map(|(_, line)| line.strip_prefix("    pub ")?.split_once(": "));
        let names = names.map(|(name, _)| name.to_owned()).filter(|name| !name.contains(['(', '<', ' ']));
        found.extend(names.filter(|name| !read.contains(name)).map(|name| format!("{}: {name}", file.path)));
    }
    none(
        found,
        "Use it in its room, or take it out of src/config and config/default.toml: a key without effect is a lie.",
    );
}

/// What is written after a dot: fields and methods.
fn members(file: &Source) -> HashSet<String> {
    let code = file.code();
    let after_dots = code.iter().flat_map(|(_, line)| line.split('.').skip(1));
    let words = after_dots.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
    words.map(str::to_owned).collect()
}

/// The public methods of a section, with what each reads.
fn derivations(file: &Source) -> Vec<(String, HashSet<String>)> {
    let mut found: Vec<(String, HashSet<String>)> = Vec::new();
    let mut inside = false;
    for (_, line) in file.code() {
        if let Some((head, rest)) = line.split_once("fn ").filter(|_| line.starts_with("    pub")) {
            inside = !head.contains("pub(");
            let name = rest.split('(').next().unwrap_or("").to_owned();
            found.extend(inside.then(|| (name, HashSet::new())));
        } else if let (true, Some((_, uses))) = (inside, found.last_mut()) {
            inside = line != "    }";
            let words = line.split("self.").skip(1);
            let words = words.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
            uses.extend(words.map(str::to_owned));
        }
    }
    found
}
