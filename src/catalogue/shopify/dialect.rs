//! How a file is written: its separator, and quotation marks that do not add up.
//!
//! Found before the records are read, because a reader of CSV accepts every file: after an unclosed quotation mark the
//! rest of the file is one cell, and each complaint behind it would mislead.

use super::columns::Column;

/// Commas are Shopify's; spreadsheets of other countries write semicolons, a copied table tabs.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The separator by which the heading has the most columns that are known here; `sep=;` before it decides.
pub(super) fn separator(text: &str) -> u8 {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(mut heading) = lines.next() else { return b',' };
    if let Some(named) = named_separator(heading) {
        return named;
    }
    heading = heading.trim_start_matches('\u{feff}');
    let known = |separator: &u8| {
        let cells = heading.split(char::from(*separator));
        cells.filter(|cell| Column::parse(&cell.trim().trim_matches('"').trim().to_lowercase()).is_some()).count()
    };
    // The last of equals wins: so commas stand at the end.
    SEPARATORS.into_iter().rev().max_by_key(known).unwrap_or(b',')
}

/// Excel's own line above the heading.
pub(super) fn named_separator(line: &str) -> Option<u8> {
    let line = line.trim_start_matches('\u{feff}').trim_matches('"');
    let named =
        *line.as_bytes().get(..4).filter(|start| start.eq_ignore_ascii_case(b"sep=")).and(line.as_bytes().get(4))?;
    SEPARATORS.contains(&named).then_some(named)
}

#[derive(Debug, PartialEq)]
pub(super) struct BadQuote {
    /// Where the mark was opened.
    pub line: u64,
    /// `None`: never.
    pub closed: Option<u64>,
}

enum At {
    Start,
    Plain,
    Quoted,
    /// Behind a mark inside a quoted cell: its end, or the first of two.
    Mark,
}

/// Marks that are never closed, and such that close in the middle of a cell.
pub(super) fn bad_quotes(text: &str, separator: u8) -> Vec<BadQuote> {
    let (mut at, mut line, mut opened, mut bad) = (At::Start, 1, 1, Vec::new());
    for byte in text.bytes() {
        let ends = byte == separator || byte == b'\n' || byte == b'\r';
        at = match at {
            At::Start if byte == b'"' => {
                opened = line;
                At::Quoted
            }
            At::Start | At::Plain if ends => At::Start,
            At::Start | At::Plain => At::Plain,
            At::Quoted if byte == b'"' => At::Mark,
            At::Quoted => At::Quoted,
            At::Mark if byte == b'"' => At::Quoted,
            At::Mark if ends => At::Start,
            At::Mark => {
                bad.push(BadQuote { line: opened, closed: Some(line) });
                At::Plain
            }
        };
        line += u64::from(byte == b'\n');
    }
    if matches!(at, At::Quoted) {
        bad.push(BadQuote { line: opened, closed: None });
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_found_or_named() {
        for (text, found) in [
            ("Handle,Title,Variant Price\n", b','),
            ("\n\nHandle;Title;Variant Price\n", b';'),
            ("\"Handle\"\t\"Title\"\t\"Variant Price\"\n", b'\t'),
            ("sep=;\nHandle;Title\n", b';'),
            ("Title\n", b','),
            ("", b','),
        ] {
            assert_eq!(separator(text), found, "{text:?}");
        }
    }

    #[test]
    fn a_mark_is_told_by_the_line_that_opens_it() {
        assert_eq!(bad_quotes("a,\"b \"\"c\"\"\",d\n\"x\ny\",z\n32\" TV,1\n", b','), []);
        assert_eq!(bad_quotes("a,b\nm,\"Mug\np,P\n", b','), [BadQuote { line: 2, closed: None }]);
        assert_eq!(bad_quotes("a,\"9\" lid\",c\n", b','), [BadQuote { line: 1, closed: Some(1) }]);
        assert_eq!(bad_quotes("a,\"Mug\np,\"P\"\n", b','), [BadQuote { line: 1, closed: Some(2) }]);
    }
}
