//! The engine names no capability: it runs, stores, sends and shows entities that it knows by the contract in
//! `domain::entity` and the lists in `domain::kinds`, and topics that it is given. What the shop sells with them is in
//! `shop`. A new capability is then a folder, and no line of the engine.

use crate::{
    none,
    source::{Source, read, rust_files},
};

const ENGINE: [&str; 5] = ["src/actors", "src/persistence", "src/transport", "src/live", "src/http"];
/// Here not even a variable may have a kind's name: the code handles topics of any family.
const STRICT: [&str; 2] = ["src/live", "src/http/live"];

/// Words of the engine's own that a kind was named by later: a client's session on a socket, and an account's; and
/// OpenAPI's word for how a caller is known.
const SHARED: [&str; 2] = ["session", "api_key"];

/// Lines that name one all the same: file, part of the line, why. It may only shrink.
const STILL: &[(&str, &str, &str)] = &[
    ("src/http/auth/extract.rs", "PrincipalKind::Account", "a caller's kind and not an entity's"),
    ("src/persistence/jetstream/api.rs", "souk_nats_turned_away_total", "a metric's label: what the connection is for"),
    ("src/transport/members/nats.rs", "souk_nats_turned_away_total", "a metric's label: what the connection is for"),
];

#[test]
fn the_engine_names_no_capability() {
    let capabilities = Capabilities::listed();
    let (mut found, mut used) = (Vec::new(), vec![false; STILL.len()]);
    for file in ENGINE.iter().flat_map(|room| rust_files(room)) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (line, name) in capabilities.named(&file) {
            match STILL.iter().position(|(path, part, _)| *path == file.path && lines[line - 1].contains(part)) {
                Some(n) => used[n] = true,
                None => found.push(format!("{}:{line}: {name}", file.path)),
            }
        }
    }
    let stale = STILL.iter().zip(used).filter(|(_, used)| !used);
    found.extend(stale.map(|((path, part, _), _)| format!("tests/tidy/engine.rs: STILL has {part:?} of {path}: gone")));
    none(found, "Move it to the capability's folder in src/shop, behind a method of the trait that the room offers.");
}

/// Kinds with their names, `Order` and `order`.
struct Capabilities(Vec<(String, String)>);

impl Capabilities {
    fn listed() -> Self {
        // `stock: Stock = "stock",`
        let list = read("src/domain/mod.rs");
        let lines = list.lines().filter_map(|line| line.trim_start().strip_suffix("\",")?.split_once(": "));
        let pairs = lines.filter_map(|(_, line)| line.split_once(" = \""));
        let pairs = pairs.filter(|(kind, _)| kind.chars().all(char::is_alphanumeric));
        let pairs = pairs.filter(|(_, name)| !SHARED.contains(name));
        let found: Vec<_> = pairs.map(|(kind, name)| (kind.to_owned(), name.to_owned())).collect();
        assert!(found.len() >= 8, "the list in src/domain/mod.rs is not read: {found:?}");
        Self(found)
    }

    /// The forbidden names in a file of the engine, with their lines.
    fn named(&self, file: &Source) -> Vec<(usize, String)> {
        let strict = STRICT.iter().any(|room| file.path.starts_with(room));
        // `Order` and `OrderView`, but not `Ordering`.
        let is_type = |word: &str| {
            let rest = self.0.iter().find_map(|(kind, _)| word.strip_prefix(kind.as_str()));
            rest.is_some_and(|rest| !rest.starts_with(char::is_lowercase))
        };
        let is_name = |word: &str| self.0.iter().any(|(_, name)| word == name);
        let mut found = Vec::new();
        for (line, code) in file.code() {
            let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            let words = words.filter(|word| is_type(word) || (strict && is_name(word)));
            found.extend(words.map(|word| (line, word.to_owned())));
            let topics = self.0.iter().map(|(_, name)| name.as_str()).chain(["board"]);
            let said = |topic: &str| ["\"", ".\"", ".{"].iter().any(|end| code.contains(&format!("\"{topic}{end}")));
            found.extend(topics.filter(|topic| said(topic)).map(|topic| (line, format!("the topic {topic:?}"))));
        }
        let modules = file.named_below("domain").into_iter().filter(|(_, name)| is_name(name) || name == "pricing");
        found.extend(modules.map(|(line, name)| (line, format!("domain::{name}"))));
        found.extend(file.named_below("shop").into_iter().map(|(line, name)| (line, format!("shop::{name}"))));
        found
    }
}

#[test]
fn a_capabilitys_names_are_seen() {
    let text = "use crate::domain::{\n    kinds::{Kind, AnyView},\n    pricing::Totals,\n};\nuse std::cmp::Ordering;\n\
        let all = Kind::ALL;\nmatch view { AnyView::Order(order) => Kind::Stock }\nlet topic = \"board\"; // \"cart\"\n\
        use crate::shop::rows;\nlet file = \"cart.js\";\n#[cfg(test)]\nmod tests {\n    use crate::domain::stock::Stock;\n}\n";
    let source = |path: &str| Source { path: path.into(), text: text.into() };
    let common = [(1, "domain::pricing"), (9, "shop::rows")];
    let expected = |own: &[(usize, &str)]| {
        own.iter().chain(&common).map(|(line, name)| (*line, (*name).to_owned())).collect::<Vec<_>>()
    };
    let capabilities = Capabilities::listed();
    assert_eq!(
        capabilities.named(&source("src/actors/x.rs")),
        expected(&[(7, "Order"), (7, "Stock"), (8, "the topic \"board\"")])
    );
    assert_eq!(
        capabilities.named(&source("src/live/x.rs")),
        expected(&[(7, "Order"), (7, "order"), (7, "Stock"), (8, "the topic \"board\""), (10, "cart")])
    );
}
