//! Mails of a shop without a mail server, which keeps them as files in its data directory: the links that lead to its
//! pages.

use std::{fs, path::Path};

use serde_json::Value;

/// What stands behind `#` in the newest mail to `to` that has a link to `page`.
pub fn link(data: &Path, to: &str, page: &str) -> Option<String> {
    let files = fs::read_dir(data.join("outbox")).ok()?.flatten();
    // A file that is still being written is no mail yet.
    let mails = files.filter_map(|file| serde_json::from_slice::<Value>(&fs::read(file.path()).ok()?).ok());
    let mark = format!("/account/{page}#");
    let links = mails.filter(|mail| mail["to"] == to).filter_map(|mail| {
        let (_, rest) = mail["text"].as_str()?.split_once(&mark)?;
        Some((mail["at_ms"].as_i64(), rest.split_whitespace().next()?.to_owned()))
    });
    links.max_by_key(|(at, _)| *at).map(|(_, link)| link)
}
