//! The one place where the shop's data reaches a terminal: what would command it is written as an escape.
//!
//! A title, a reason or an id may hold any character that a file or a request had. The escapes are JSON's (`\u001b`):
//! inside the JSON that some commands print they mean the same character. Our own styles pass; data that looks like
//! one can only change a colour.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::domain::text;

/// Everything that this program writes to style its own words.
const STYLES: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[1;31m", "\x1b[36m"];

pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let style = STYLES.into_iter().find(|style| rest.starts_with(style));
        let taken = style.map_or(letter.len_utf8(), str::len);
        match style.is_some() || is_harmless(letter) {
            true => out.push_str(&rest[..taken]),
            // Those that are escaped all have four digits.
            false => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
        }
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

fn is_harmless(c: char) -> bool {
    matches!(c, '\n' | '\t') || !text::commands(c)
}

/// Writes text through [`printable`]. Bytes that are no text become U+FFFD.
pub struct Printable<W> {
    inner: W,
    /// The beginning of a character whose other bytes come with the next write; at most three bytes.
    begun: Vec<u8>,
}

impl<W: Write> Printable<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, begun: Vec::new() }
    }
}

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.begun.len(),
        };
        let left = self.begun.split_off(whole);
        let text = std::mem::replace(&mut self.begun, left);
        self.inner.write_all(printable(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_written_out() {
        let evil = "Mug\x1b]0;owned\x07\x1b[2J\u{9b}31m\r\u{202E}x\x7f";
        assert_eq!(printable(evil), r"Mug\u001b]0;owned\u0007\u001b[2J\u009b31m\u000d\u202ex\u007f");
        assert_eq!(printable("\x1b[1mMüg\x1b[0m\n\tÖ 👩\u{200D}🍳"), "\x1b[1mMüg\x1b[0m\n\tÖ 👩\u{200D}🍳");
        let json = serde_json::to_string(&"a\u{9b}b\u{202E}").unwrap();
        assert_eq!(serde_json::from_str::<String>(&printable(&json)).unwrap(), "a\u{9b}b\u{202E}");
    }

    #[test]
    fn a_character_may_come_in_pieces() {
        let mut out = Printable::new(Vec::new());
        for byte in "aé\u{9b}👩".bytes() {
            out.write_all(&[byte]).unwrap();
        }
        out.write_all(b"\xff!").unwrap();
        assert_eq!(String::from_utf8(out.inner).unwrap(), "aé\\u009b👩\u{FFFD}!");
    }
}
