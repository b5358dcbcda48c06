//! The engine names no capability: it runs, stores, sends and shows entities that it knows by the contract in
//! `domain::entity` and the list in `domain::kinds`, and topics that it is given. What the shop sells with them is in
//! `shop`. A new capability is then a folder, and no line of the engine.

use crate::{
    none,
    source::{Source, rust_files},
};

const ENGINE: [&str; 5] = ["actors", "persistence", "transport", "live", "http"];
const CAPABILITIES: [&str; 9] =
    ["stock", "cart", "order", "payment", "product", "category", "account", "numbers", "pricing"];
/// `ANY::Variant` is one kind's.
const ANY: [&str; 6] = ["Kind", "AnyCommand", "AnyView", "AnyEvent", "AnyRejection", "AnyState"];
const TOPICS: [&str; 4] = ["board", "stock", "cart", "order"];

/// Files that still name one, and why. A line goes when its file is clean; none is added.
const STILL: &[(&str, &str)] = &[("src/live/audience.rs", "who may listen is asked of a view by its kind")];

#[test]
fn the_engine_names_no_capability() {
    let (mut found, mut used) = (Vec::new(), vec![false; STILL.len()]);
    let engine = ENGINE.iter().flat_map(|room| rust_files(&format!("src/{room}")));
    for file in engine {
        let named = named(&file);
        match STILL.iter().position(|(path, _)| *path == file.path) {
            Some(n) => used[n] = !named.is_empty(),
            None => found.extend(named.into_iter().map(|(line, name)| format!("{}:{line}: {name}", file.path))),
        }
    }
    let clean = STILL.iter().zip(used).filter(|(_, used)| !used);
    found.extend(clean.map(|((path, _), _)| format!("tests/tidy/engine.rs: {path} is clean: take it out of STILL")));
    none(found, "Make it a member of `Entity` with a default, or pass it in from `shop`; see ARCHITECTURE.md.");
}

/// What a file of the engine should not name, with its lines.
fn named(file: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for any in ANY {
        // `Kind::ALL` is none of them.
        let variant = |name: &str| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        let variants = file.named_below(any).into_iter().filter(|(_, name)| variant(name));
        found.extend(variants.map(|(line, name)| (line, format!("{any}::{name}"))));
    }
    let capabilities = file.named_below("domain").into_iter().filter(|(_, name)| CAPABILITIES.contains(&name.as_str()));
    found.extend(capabilities.map(|(line, name)| (line, format!("domain::{name}"))));
    found.extend(file.named_below("shop").into_iter().map(|(line, name)| (line, format!("shop::{name}"))));
    for (line, code) in file.code() {
        let said = |topic: &str| ["\"", ".\"", ".{"].iter().any(|end| code.contains(&format!("\"{topic}{end}")));
        let topics = TOPICS.iter().filter(|topic| said(topic));
        found.extend(topics.map(|topic| (line, format!("the topic {topic:?}"))));
    }
    found
}

#[test]
fn what_a_capability_is_called_is_seen() {
    let text = "use crate::domain::{\n    kinds::{Kind, AnyView},\n    order::OrderStatus,\n};\nuse std::io::ErrorKind::NotFound;\n\
        let all = Kind::ALL;\nmatch view { AnyView::Order(_) => Kind::Order }\nlet topic = \"board\"; // \"cart\"\n\
        use crate::shop::rows;\n#[cfg(test)]\nmod tests {\n    use crate::domain::stock::Stock;\n}\n";
    let source = Source { path: "src/live/x.rs".into(), text: text.into() };
    let expected = [
        (7, "Kind::Order"),
        (7, "AnyView::Order"),
        (1, "domain::order"),
        (9, "shop::rows"),
        (8, "the topic \"board\""),
    ];
    assert_eq!(named(&source), expected.map(|(line, name)| (line, name.to_owned())));
}
