//! Reads the repository's files as the rules want them: tracked paths, and Rust code without comments and tests.

use std::{fs, path::Path, path::PathBuf, process::Command, sync::OnceLock};

pub struct Source {
    /// From the root on, with `/`.
    pub path: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file's text; nothing for a picture.
pub fn read(path: &str) -> String {
    String::from_utf8(fs::read(root().join(path)).unwrap_or_default()).unwrap_or_default()
}

/// The files that git has or would add; every file of an unpacked archive.
pub fn tracked() -> Vec<String> {
    static PATHS: OnceLock<Vec<String>> = OnceLock::new();
    let list = || {
        let git = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root()).output();
        match git {
            Ok(out) if out.status.success() => {
                let paths = String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect::<Vec<_>>();
                paths.into_iter().filter(|path| root().join(path).is_file()).collect()
            }
            _ => walk(root()),
        }
    };
    PATHS.get_or_init(list).clone()
}

fn walk(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let skipped = |path: &PathBuf| [".git", "target", "node_modules"].iter().any(|name| path.ends_with(name));
    let paths = entries.map(|entry| entry.path()).filter(|path| !skipped(path));
    paths
        .flat_map(|path| {
            let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
            if path.is_dir() { walk(&path) } else { vec![name] }
        })
        .collect()
}

/// The Rust files below `folder`, and `folder.rs`.
pub fn rust_files(folder: &str) -> Vec<Source> {
    let (below, beside) = (format!("{folder}/"), format!("{folder}.rs"));
    let ours = |path: &String| path.ends_with(".rs") && (path.starts_with(&below) || *path == beside);
    tracked().into_iter().filter(ours).map(|path| Source { text: read(&path), path }).collect()
}

impl Source {
    /// `src/http/router.rs` is in `http`, `src/main.rs` in `main`.
    pub fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or("").trim_end_matches(".rs")
    }

    /// Numbered lines of code: no comments, no `#[cfg(test)]` items, nothing of a file of tests.
    pub fn code(&self) -> Vec<(usize, &str)> {
        if of_tests(&self.path) {
            return Vec::new();
        }
        let mut code = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((n, line)) = lines.next() {
            let indent = &line[..line.len() - line.trim_start().len()];
            if line.trim_start().starts_with("#[cfg(test)]") {
                // The item is one line, or ends at the brace in its own column.
                let mut first = true;
                for (_, inner) in lines.by_ref() {
                    let attribute = first && inner.trim_start().starts_with("#[");
                    let one_line = first && !attribute && inner.ends_with([';', '}']);
                    if one_line || (inner.starts_with(indent) && inner[indent.len()..].starts_with('}')) {
                        break;
                    }
                    first = attribute;
                }
            } else if !line.trim_start().starts_with("//") {
                // A comment after code; `://` in a text is none.
                let end = line.find(" // ").unwrap_or(line.len());
                code.push((n + 1, &line[..end]));
            }
        }
        code
    }

    pub fn declares(&self, module: &str) -> bool {
        [";", " {"].iter().any(|end| self.text.contains(&format!("mod {module}{end}")))
    }

    /// The rooms named by `crate::room` and `crate::{room, ..}`, with their lines.
    pub fn crate_paths(&self) -> Vec<(usize, String)> {
        // `crate::Type` is what lib.rs itself offers.
        self.named_below("crate").into_iter().filter(|(_, room)| room.starts_with(char::is_lowercase)).collect()
    }

    /// The names right below `parent`, by `parent::name` and `parent::{name, ..}`, with its lines.
    pub fn named_below(&self, parent: &str) -> Vec<(usize, String)> {
        let code = self.code();
        let text = code.iter().map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
        let number = |at: usize| code.get(text[..at].matches('\n').count()).map_or(0, |(number, _)| *number);
        let mut found = Vec::new();
        for (at, path) in text.match_indices(&format!("{parent}::")) {
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &text[at + path.len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(heads(group).into_iter().map(|name| (number(at), name))),
                None => found.push((number(at), word(rest))),
            }
        }
        found
    }
}

/// Whether the file, or a folder that it is in, is declared as `#[cfg(test)] mod name;`.
fn of_tests(path: &str) -> bool {
    let stem = path.trim_end_matches(".rs");
    let Some((folder, name)) = stem.rsplit_once('/') else { return false };
    let parents = match folder {
        "src" => vec!["src/lib.rs".to_owned(), "src/main.rs".to_owned()],
        _ => vec![format!("{folder}.rs"), format!("{folder}/mod.rs")],
    };
    let declared = parents.iter().any(|parent| {
        let text = read(parent);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let declares = |line: &str| line.ends_with(&format!("mod {name};"));
        lines.windows(2).any(|two| two[0] == "#[cfg(test)]" && declares(two[1]))
    });
    declared || of_tests(folder)
}

fn word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// First words of a use group's members, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut fresh, mut found) = (0, true, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                found.push(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn code_is_without_comments_and_tests() {
    let text = "//! x\nuse crate::{\n    domain::{a, b},\n    http,\n};\nlet a = 1; // crate::live\n#[cfg(test)]\nmod tests {\n    use crate::{app};\n    use crate::live;\n}\nfn f() { crate::views::g() }\n";
    let source = Source { path: "src/x.rs".into(), text: text.into() };
    let expected = [(2, "domain"), (2, "http"), (12, "views")].map(|(n, room)| (n, room.to_owned()));
    assert_eq!(source.crate_paths(), expected);
    assert_eq!(source.named_below("domain"), [(3, "a".to_owned()), (3, "b".to_owned())]);
}
