//! Plain tables and marks: columns by their widest cell, numbers to the right, no lines drawn.

use std::{fmt::Write as _, io::IsTerminal};

/// Colours only for a person: a terminal, and no `NO_COLOR` wish (no-color.org) or dumb terminal.
pub fn styled(to: &impl IsTerminal) -> bool {
    let wish = |name: &str| std::env::var_os(name);
    to.is_terminal() && wish("NO_COLOR").is_none_or(|v| v.is_empty()) && wish("TERM").is_none_or(|v| v != "dumb")
}

pub fn mark(good: bool, styled: bool) -> &'static str {
    match (good, styled) {
        (true, true) => "\x1b[32m✓\x1b[0m",
        (true, false) => "✓",
        (false, true) => "\x1b[1;31m✗\x1b[0m",
        (false, false) => "✗",
    }
}

/// The first row is the heading. Cells that are numbers stand to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|n| width(n).unwrap_or(0)).collect();
    let numeric = |n: usize| {
        let mut cells = rows.iter().skip(1).filter_map(|row| row.get(n)).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.bytes().all(|b| b.is_ascii_digit() || b == b' '))
    };
    let numeric: Vec<bool> = (0..columns).map(numeric).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for ((cell, width), right) in row.iter().zip(&widths).zip(&numeric) {
            // Writing into a String cannot fail.
            let _ = if *right { write!(line, " {cell:>width$} ") } else { write!(line, " {cell:<width$} ") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// 1234567 as `1 234 567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        let text = table(&[row("kind", "entities"), row("stock", "2 400"), row("cart", "7")]);
        assert_eq!(text, "  kind   entities\n  stock     2 400\n  cart          7\n");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1 000", "1 234 567"]);
    }
}
