//! What the documents of security cite exists: each path, and each function that is named behind its file; and the
//! checklist's counts are those of its lines.
//!
//! A citation is a path between backticks, and behind it, after a colon, names between backticks. Deliberately absent:
//! whether a test shows what the sentence says.

use crate::{
    none,
    source::{read, root},
};

const DOCUMENTS: [&str; 2] = ["docs/asvs.md", "docs/security.md"];
const FOLDERS: [&str; 8] = ["src/", "tests/", "web/", "docs/", "config/", "cluster/", "scripts/", ".github/"];
const ENDINGS: [&str; 5] = [".rs", ".toml", ".lock", ".md", ".json"];
/// With fewer, the documents are written in another way than they are read here.
const NAMES_MIN: usize = 100;
/// Of ASVS 5.0, levels 1 and 2.
const REQUIREMENTS: usize = 253;

#[test]
fn what_the_documents_of_security_cite_exists() {
    let (mut found, mut names) = (Vec::new(), 0);
    for document in DOCUMENTS {
        let text = read(document);
        let parts: Vec<&str> = text.split('`').collect();
        // What stands before a pair of backticks, and what stands between them.
        let (pairs, _) = parts.as_chunks::<2>();
        let mut cited = None;
        for [before, word] in pairs {
            let behind = matches!(before.trim(), ":" | "," | "and");
            match cited {
                _ if is_path(word) => {
                    cited = Some(*word);
                    if !root().join(word).exists() {
                        found.push(format!("{document}: {word}"));
                    }
                }
                Some(file) if behind && is_name(word) => {
                    names += 1;
                    if !read(file).contains(&format!("fn {word}(")) {
                        found.push(format!("{document}: {file} has no {word}"));
                    }
                }
                _ => cited = None,
            }
        }
    }
    none(found, "Correct the citation, or say in the document what holds now.");
    assert!(names >= NAMES_MIN, "{names} names were found in {DOCUMENTS:?}");
}

#[test]
fn the_checklists_counts_are_its_lines() {
    let text = read("docs/asvs.md");
    let (mut found, mut all) = (Vec::new(), 0);
    for state in ["met", "partly", "not met", "not applicable"] {
        let mark = format!(", {state}) ");
        let lines = text.lines().filter(|line| line.starts_with("- **V") && line.contains(&mark)).count();
        let said = format!("- {state}: {lines}");
        if !text.lines().any(|line| line == said) {
            found.push(format!("docs/asvs.md: no line `{said}`"));
        }
        all += lines;
    }
    if all != REQUIREMENTS {
        found.push(format!("docs/asvs.md: {all} requirements, {REQUIREMENTS} expected"));
    }
    none(found, "Count again, at the head of the page; no requirement may be left out.");
}

fn is_path(word: &str) -> bool {
    let named = FOLDERS.iter().any(|folder| word.starts_with(folder)) || ENDINGS.iter().any(|end| word.ends_with(end));
    named && !word.contains(char::is_whitespace)
}

fn is_name(word: &str) -> bool {
    word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
