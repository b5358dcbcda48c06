//! The house rules that a compiler does not check: each is a test with the remedy in its message.
//!
//! Only files are read, nothing is compiled: the whole takes a few hundredths of a second. Deliberately absent:
//! formatting (rustfmt), lints (clippy), licences (cargo-deny); `make verify` runs those.

#[path = "tidy/citations.rs"]
mod citations;
#[path = "tidy/configuration.rs"]
mod configuration;
#[path = "tidy/engine.rs"]
mod engine;
#[path = "tidy/source.rs"]
mod source;

use source::{Source, read, rust_files, tracked};

/// The rooms that each room may import by `crate::`. A room that is not listed may not exist: a new one gets its line
/// here first.
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("network", &[]),
    ("strict", &[]),
    ("live", &["domain", "actors", "identity", "config", "network"]),
    ("actors", &["domain", "config"]),
    ("persistence", &["domain", "actors", "config"]),
    ("transport", &["domain", "actors"]),
    ("connectors", &["domain", "actors", "config", "strict"]),
    ("identity", &["domain", "actors", "config", "network"]),
    ("catalogue", &["domain", "actors"]),
    // A room takes its section as it is, so this one lies below them all.
    ("config", &["domain"]),
    // A client like any other: it reads the shop over HTTP and WebSocket.
    ("load", &["domain"]),
    // The toolkit: it names no capability.
    ("http", &["domain", "actors", "live", "identity", "config", "network", "strict"]),
    ("shop", &["domain", "actors", "connectors", "live", "http", "identity", "catalogue", "config", "network"]),
    ("testing", &["domain", "actors"]),
];

/// The composition root and the edges may know everybody.
const UNLIMITED: &[&str] = &["app", "cli", "main", "lib"];

/// Fixtures of tests and benches, which are compiled into the library. They panic where a fixture cannot be made, for
/// their callers are tests; so no code of the shop may call them, whatever its room.
const FIXTURES: &str = "testing";

/// Crates that the pure core may use.
const DOMAIN_CRATES: &[&str] = &[
    "std",
    "serde",
    "serde_json",
    "thiserror",
    "uuid",
    "super",
    "crate",
    "self",
    // Pure functions: digests, their spelling, Unicode's forms.
    "sha2",
    "data_encoding",
    "unicode_normalization",
];

/// Uses of what [`nothing_in_src_panics_or_prints`] forbids: file, part of the line, why it is right there.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "src/http/auth/declare.rs",
        "panic!(\"no argument of the handler",
        "of a constant: the compiler refuses the handler, nothing runs",
    ),
    (
        "src/domain/kinds.rs",
        "panic!(\"a {:?} command reached",
        "documented contract: the gateway takes both from one type",
    ),
    (
        "src/domain/kinds.rs",
        "panic!(\"a {:?} event reached",
        "documented contract: the codec decodes by the key's kind",
    ),
];

/// Lines of one file: past it a second idea has moved in.
const LINES_MAX: usize = 400;

#[track_caller]
fn none(found: Vec<String>, what_to_do: &str) {
    assert!(found.is_empty(), "\n{}\n\n{what_to_do}\n", found.join("\n"));
}

#[test]
fn imports_run_one_way() {
    let mut found = Vec::new();
    for file in rust_files("src") {
        let room = file.room();
        let fixtures = file.crate_paths().into_iter().filter(|(_, to)| to == FIXTURES && room != FIXTURES);
        found.extend(fixtures.map(|(line, _)| format!("{}:{line}: only tests may import {FIXTURES}", file.path)));
        if UNLIMITED.contains(&room) {
            continue;
        }
        let Some((_, may)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
            found.push(format!("{}: the room {room:?} is not in the table", file.path));
            continue;
        };
        let wrong = file
            .crate_paths()
            .into_iter()
            .filter(|(_, to)| to != room && to != FIXTURES && !may.contains(&to.as_str()));
        found.extend(wrong.map(|(line, to)| format!("{}:{line}: {room} may not import {to}", file.path)));
    }
    none(
        found,
        "Define a port in `actors`, or move the type to the lower room; see IMPORTS in tests/tidy.rs and ARCHITECTURE.md.",
    );
}

#[test]
fn the_domain_is_pure() {
    let mut found = Vec::new();
    for file in rust_files("src/domain") {
        for (number, line) in file.code() {
            let foreign = line.trim_start().trim_start_matches("pub ").strip_prefix("use ");
            let root = foreign.map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""));
            // Capital letters: an enum's variants.
            let foreign =
                root.is_some_and(|root| root.starts_with(char::is_lowercase) && !DOMAIN_CRATES.contains(&root));
            let impure = ["SystemTime", "Instant::now", "std::env", "std::fs", "std::net", "std::thread"];
            // A room's own modules may be used by name: `use line::Line`.
            let own = root.is_some_and(|root| file.declares(root));
            if (foreign && !own) || impure.iter().any(|name| line.contains(name)) {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none(
        found,
        "Time, ids and random numbers reach the domain as data, and effects leave it as data (style.md, rule 3).",
    );
}

#[test]
fn every_source_file_opens_with_its_header() {
    let files = ["src", "tests", "benches"].into_iter().flat_map(rust_files);
    let bad =
        files.filter(|file| !(1..=20).contains(&file.text.lines().take_while(|line| line.starts_with("//!")).count()));
    none(
        bad.map(|file| file.path).collect(),
        "Open the file with `//!`: which problem it solves, what is deliberately absent; 2 to 15 lines.",
    );
}

#[test]
fn files_stay_small() {
    let files: Vec<Source> = ["src", "tests", "benches"].into_iter().flat_map(rust_files).collect();
    let lines: usize = files.iter().map(|file| file.text.lines().count()).sum();
    println!("{} files, {} lines on average", files.len(), lines / files.len().max(1));
    let large = files.iter().filter(|file| file.text.lines().count() > LINES_MAX);
    let large = large.map(|file| format!("{}: {} lines", file.path, file.text.lines().count()));
    none(large.collect(), "Split it: one idea a file, the parent is the list (style.md, rules 1 and 4).");
}

#[test]
fn nothing_in_src_panics_or_prints() {
    let forbidden = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "dbg!(", "println!(", "print!("];
    let (mut found, mut used) = (Vec::new(), vec![false; ALLOWED.len()]);
    for file in rust_files("src").into_iter().filter(|file| file.room() != FIXTURES) {
        for (number, line) in file.code() {
            let prints_by_right = file.room() == "cli";
            let bad =
                forbidden.iter().find(|word| line.contains(**word) && !(prints_by_right && word.contains("print")));
            let Some(word) = bad else { continue };
            match ALLOWED.iter().position(|(path, part, _)| *path == file.path && line.contains(part)) {
                Some(n) => used[n] = true,
                None => found.push(format!("{}:{number}: {word} in: {}", file.path, line.trim())),
            }
        }
    }
    let stale = ALLOWED.iter().zip(used).filter(|(_, used)| !used);
    found.extend(
        stale.map(|((path, part, _), _)| format!("tests/tidy.rs: ALLOWED has {part:?} of {path}, which is gone")),
    );
    none(
        found,
        "Use a type, `?` or tracing. Where it truly cannot happen, add it to ALLOWED in tests/tidy.rs with the reason.",
    );
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["SKELETON", "-BEGIN"]].map(|halves| halves.concat());
    let mut found = Vec::new();
    for path in tracked().into_iter().filter(|path| !is_lock(path)) {
        for (n, line) in read(&path).lines().enumerate() {
            // Only where a remark can be: after a comment sign (one mark is also the currency code of no currency).
            let remark = ["//", "# ", "/*", "<!--", "* "].iter().filter_map(|sign| line.find(sign)).min();
            let remark = remark.map_or("", |start| &line[start..]);
            if marks
                .iter()
                .any(|mark| remark.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == mark))
            {
                found.push(format!("{path}:{}: {}", n + 1, line.trim()));
            }
        }
    }
    none(found, "Do it now, or open an issue and say in the code what holds today.");
}

#[test]
fn no_registry_host_is_named() {
    let hosts = [
        ["crates", ".io"],
        ["npmjs", ".org"],
        ["npmjs", ".com"],
        ["pypi", ".org"],
        ["pythonhosted", ".org"],
        ["deb.debian", ".org"],
        ["security.debian", ".org"],
        ["proxy.golang", ".org"],
    ]
    .map(|halves| halves.concat());
    let mut found = Vec::new();
    for path in tracked().into_iter().filter(|path| path != "Cargo.lock") {
        for (n, line) in read(&path).lines().enumerate() {
            if hosts.iter().any(|host| line.contains(host.as_str())) {
                found.push(format!("{path}:{}: {}", n + 1, line.trim().chars().take(100).collect::<String>()));
            }
        }
    }
    none(
        found,
        "Machines set their registries themselves. An npm lock file without hosts: omit-lockfile-registry-resolved=true in .npmrc.",
    );
}

#[test]
fn alerts_and_dashboards_name_metrics_that_exist() {
    let code: String = rust_files("src").into_iter().map(|file| file.text).collect();
    let mut found = Vec::new();
    // NATS configurations name streams and buckets, not metrics.
    let named = |path: &String| path.starts_with("cluster/") && !path.ends_with(".conf");
    for path in tracked().into_iter().filter(named) {
        let text = read(&path);
        let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_').filter(|word| word.starts_with("souk_"));
        for word in words {
            let name = ["_bucket", "_count", "_sum"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            if !code.contains(&format!("\"{name}\"")) {
                found.push(format!("{path}: {name}"));
            }
        }
    }
    found.sort();
    found.dedup();
    none(found, "Rename it there or here: an alert on a metric that nobody writes never fires.");
}

#[test]
fn links_in_markdown_lead_somewhere() {
    let mut found = Vec::new();
    for path in tracked().into_iter().filter(|path| path.ends_with(".md")) {
        let folder = std::path::Path::new(&path).parent().unwrap_or(std::path::Path::new("")).to_owned();
        for (n, line) in read(&path).lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let file = target.split(['#', ' ']).next().unwrap_or("");
                let outside = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
                if !outside && !source::root().join(&folder).join(file).exists() {
                    found.push(format!("{path}:{}: {target}", n + 1));
                }
            }
        }
    }
    none(found, "Correct the link, or add the file.");
}

/// Characters of one line of a document. What a program printed, between fences, stays as it was printed.
const DOCUMENT_LINE_MAX: usize = 120;

#[test]
fn lines_of_documents_are_short() {
    let mut found = Vec::new();
    for path in tracked().into_iter().filter(|path| path.ends_with(".md")) {
        let mut fenced = false;
        for (n, line) in read(&path).lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if !fenced && line.chars().count() > DOCUMENT_LINE_MAX {
                found.push(format!("{path}:{}: {} characters", n + 1, line.chars().count()));
            }
        }
    }
    none(found, "Wrap it at 120 characters; make a wide table a list.");
}

#[test]
fn every_test_and_bench_is_run_and_explained() {
    let (guide, manifest) = (read("CONTRIBUTING.md"), read("Cargo.toml"));
    let mut found = Vec::new();
    for file in rust_files("tests") {
        let path = file.path.strip_prefix("tests/").unwrap_or(&file.path).to_owned();
        match path.split_once('/') {
            // Cargo finds tests/*.rs itself: what can be missing is the word on what it is for.
            None if !guide.contains(&format!("`tests/{path}`")) => {
                found.push(format!("tests/{path}: not in CONTRIBUTING.md"))
            }
            None => {}
            Some((folder, rest)) => {
                let stem = rest.trim_end_matches(".rs").rsplit('/').next().unwrap_or("");
                let siblings = rust_files("tests").into_iter().filter(|other| other.path != file.path);
                // In its own folder, in the folder's parent, or where `mod folder { .. }` lists it; else by `#[path]`.
                let lists = |other: &Source| {
                    [format!("tests/{folder}/"), format!("tests/{folder}.rs")]
                        .iter()
                        .any(|at| other.path.starts_with(at))
                        || other.text.contains(&format!("mod {folder} {{"))
                };
                let named = siblings.into_iter().any(|other| {
                    (lists(&other) && other.text.contains(&format!("mod {stem};")))
                        || other.text.contains(&format!("{folder}/{rest}\""))
                });
                if !named && stem != "main" && stem != "mod" {
                    found.push(format!("{}: no test has `mod {stem};`, so it never runs", file.path));
                }
            }
        }
    }
    for file in rust_files("benches") {
        let stem = file.path.trim_start_matches("benches/").trim_end_matches(".rs").to_owned();
        if !stem.contains('/') && !manifest.contains(&format!("name = \"{stem}\"")) {
            found.push(format!("{}: no [[bench]] in Cargo.toml", file.path));
        }
    }
    if manifest.contains("autotests = false") {
        found.push("Cargo.toml: autotests = false".into());
    }
    none(
        found,
        "Add its line to the table of tests in CONTRIBUTING.md, its `mod` line, or its [[bench]] with harness = false.",
    );
}

fn is_lock(path: &str) -> bool {
    path.ends_with("Cargo.lock") || path.ends_with("package-lock.json")
}
