//! Text as a person sees it: which characters show nothing, and which turn the text around them.
//!
//! One rule for every text that comes from outside, so that a SKU, a name and a reason are refused for the same
//! characters. Deliberately absent: scripts and look-alikes (a Cyrillic `а` is a letter like any other), and
//! normalisation: two spellings of one letter are two texts.

/// Embeddings, overrides and isolates: what follows is shown in another order than it is stored ("Trojan Source",
/// CVE-2021-42574). The marks of languages that are written from the right (U+200E, U+200F, U+061C) move nothing else.
pub fn turns(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a picture of their own (Unicode's `Default_Ignorable_Code_Point`), and the line and paragraph
/// separators.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// It has a picture of its own.
pub fn is_seen(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !is_invisible(c)
}

/// A control character (a reader's terminal would obey it), or one that turns or breaks the text around it.
pub fn commands(c: char) -> bool {
    c.is_control() || turns(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Something is to be seen. A text of spaces and zero-width characters is an empty one.
pub fn shows(text: &str) -> bool {
    text.chars().any(is_seen)
}

/// Nothing in it commands.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(commands)
}

/// One line with something to be seen and nothing that commands, of at most `max` characters.
pub fn is_line(text: &str, max: usize) -> bool {
    shows(text) && is_plain(text) && text.chars().nth(max).is_none()
}

/// The same, with line breaks and tabs between its lines.
pub fn is_plain_block(text: &str) -> bool {
    text.split(['\n', '\r', '\t']).all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_empty() {
        for empty in ["", "  ", "\u{200B}", "\u{200B}\u{2060} \u{FEFF}", "\u{3164}", "\u{E0041}", "\u{AD}"] {
            assert!(!shows(empty), "{empty:?}");
        }
        // Emoji and Persian need joiners inside.
        for seen in ["a", "👩\u{200D}🍳", "می\u{200C}خواهم", "\u{200E}שלום"] {
            assert!(shows(seen) && is_plain(seen), "{seen:?}");
        }
    }

    #[test]
    fn what_turns_or_commands_is_not_plain() {
        for bad in ["a\u{202E}b", "\u{2066}x", "a\u{1b}[31m", "a\u{9b}31m", "a\0b", "a\nb", "a\u{2028}b", "\u{7f}"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
        assert!(is_plain_block("two\nlines\tand a tab") && !is_plain_block("a\nb\u{1b}c"));
    }
}
