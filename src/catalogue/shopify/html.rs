//! A description's HTML to plain text: blocks become lines, list items dashes, table cells stand apart, scripts vanish.
//!
//! The tokens are html5gum's, by the standard's own state machine: entities, quoted attributes and unclosed comments
//! read as in a browser. What comes out is no markup, even where the markup itself was encoded (`&lt;b&gt;`), so that a
//! front may not be fooled into showing it as such. Deliberately absent: a tree; nesting means nothing here.

use html5gum::{DefaultEmitter, Token, Tokenizer};

use crate::domain::text;

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];
/// Elements whose content is not text.
const SILENT: &[&str] = &[
    "audio", "canvas", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "select", "style",
    "svg", "template", "textarea", "title", "video",
];
/// Encoded again and again it is no description; what is left then is taken apart.
const ROUNDS_MAX: usize = 4;

pub(super) fn to_text(html: &str) -> String {
    let mut text = read(html);
    for _ in 0..ROUNDS_MAX {
        if !has_tag(&text) {
            break;
        }
        text = read(&text);
    }
    apart(text)
}

/// `<b>`, `</b>`, `<!--`: something that a browser would take for markup.
fn opens(behind: &str) -> bool {
    behind.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

/// A `<` that begins no whole tag (`Waist <M: 70cm`) as an entity. A browser would swallow the text behind it.
fn with_strays_kept(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let behind = &from[1..];
        let word = behind.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic());
        out.push_str(if word && !is_whole(behind) { "&lt;" } else { "<" });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Whether a `>` comes before the next `<`, values in quotation marks aside.
fn is_whole(behind: &str) -> bool {
    let (mut quote, mut last) = (None, ' ');
    for letter in behind.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') if last == '=' => quote = Some(letter),
            (None, '>') => return true,
            (None, '<') => return false,
            (Some(_) | None, _) => {}
        }
        last = letter;
    }
    false
}

/// A whole tag, or an encoded one: somebody encoded the description once more than once.
fn has_tag(text: &str) -> bool {
    let encoded = text.find("&lt;").is_some_and(|at| text[at..].contains("&gt;"));
    encoded || text.match_indices('<').any(|(at, _)| opens(&text[at + 1..]) && text[at..].contains('>'))
}

/// A `<` before a letter gets a space behind it: the words stay, and a browser sees none of its own.
fn apart(text: String) -> String {
    if !text.match_indices('<').any(|(at, _)| opens(&text[at + 1..])) {
        return text;
    }
    let mut parts = text.split('<');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(if opens(part) { "< " } else { "<" });
        out.push_str(part);
    }
    out
}

#[derive(Default)]
struct Page {
    text: String,
    /// The silent element that is open, and how often it is nested in itself.
    silent: Option<(&'static str, usize)>,
    /// Lines of a `pre` are lines.
    pre: usize,
    /// Cells of the present row of a table.
    cells: usize,
}

fn read(html: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    let html = with_strays_kept(html);
    for token in Tokenizer::new_with_emitter(html.as_str(), emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => page.open(&String::from_utf8_lossy(&tag.name), tag.self_closing),
            Token::EndTag(tag) => page.close(&String::from_utf8_lossy(&tag.name)),
            Token::String(words) if page.silent.is_none() => page.push(&String::from_utf8_lossy(&words)),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    tidy(&page.text)
}

impl Page {
    fn open(&mut self, name: &str, self_closing: bool) {
        match &mut self.silent {
            Some((open, depth)) => *depth += usize::from(*open == name && !self_closing),
            None => match SILENT.iter().find(|silent| **silent == name) {
                // Only drawings and formulas may close themselves.
                Some(silent) if !(self_closing && matches!(*silent, "svg" | "math")) => self.silent = Some((silent, 1)),
                Some(_) => {}
                None => self.lay_out(name),
            },
        }
    }

    fn lay_out(&mut self, name: &str) {
        match name {
            "li" => self.text.push_str("\n- "),
            "td" | "th" => {
                self.text.push_str(if self.cells > 0 { " | " } else { " " });
                self.cells += 1;
            }
            block if BLOCKS.contains(&block) => self.text.push('\n'),
            _ => {}
        }
        match name {
            "tr" | "table" => self.cells = 0,
            "pre" => self.pre += 1,
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match &mut self.silent {
            Some((open, depth)) if *open == name => {
                *depth -= 1;
                if *depth == 0 {
                    self.silent = None;
                }
            }
            Some(_) => {}
            None if name == "pre" => {
                self.pre = self.pre.saturating_sub(1);
                self.text.push('\n');
            }
            None if BLOCKS.contains(&name) => self.text.push('\n'),
            None => {}
        }
    }

    /// A line break of the source is a space like any other, but in a `pre`.
    fn push(&mut self, words: &str) {
        for letter in words.chars() {
            match letter {
                '\n' if self.pre > 0 => self.text.push('\n'),
                '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => self.text.push(' '),
                letter if letter.is_control() || text::turns(letter) => {}
                letter => self.text.push(letter),
            }
        }
    }
}

/// One space between words, no empty lines, no space at the ends.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !matches!(line.as_str(), "" | "-")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_words_and_drops_markup() {
        let html = "<p>Soft &amp; warm,\n  <b>made</b> in&nbsp;Ghent.</p><ul><li>100% wool</li><li>30&deg;</li></ul>";
        assert_eq!(to_text(html), "Soft & warm, made in Ghent.\n- 100% wool\n- 30°");
    }

    #[test]
    fn nothing_that_runs_comes_through() {
        assert_eq!(to_text("a<script>alert('<p>x</p>')</SCRIPT >b<!-- c --><img src=x onerror=y>d"), "abd");
        assert_eq!(to_text("a<style>p{}</style>b<script>never closed"), "ab");
        assert_eq!(to_text("a<svg><svg><text>x</text></svg>y</svg>b<svg/>c"), "abc");
        assert_eq!(to_text("<p>a</p"), "a< /p");
    }

    #[test]
    fn signs_that_are_no_markup_stay() {
        assert_eq!(to_text("Waist <M: 70cm. <b>All</b> of it"), "Waist < M: 70cm. All of it");
        assert_eq!(to_text("5 < 6 & 7 &unknown; &#8364;5 &#x41;"), "5 < 6 & 7 &unknown; €5 A");
        assert_eq!(to_text("a\u{1b}[31m\u{202E}b &#27;c"), "a[31mb c");
    }

    #[test]
    fn blocks_and_cells_stand_apart() {
        let table = "<table><tr><th>Size</th><th>Chest</th></tr><tr><td>S</td><td>96</td></tr></table>";
        assert_eq!(to_text(table), "Size | Chest\nS | 96");
        assert_eq!(to_text("<blockquote>One.</blockquote><blockquote>Two.</blockquote>X"), "One.\nTwo.\nX");
        assert_eq!(to_text("<dl><dt>Term</dt><dd>Def</dd></dl><hr>end"), "Term\nDef\nend");
        assert_eq!(to_text("<pre>line 1\nline 2</pre>"), "line 1\nline 2");
        assert_eq!(to_text("<p>Before <a title=\"a > b\" href=\"x\">link</a> after</p>"), "Before link after");
        assert_eq!(to_text("Gr&ouml;&szlig;e f&uuml;r M&auml;nner &copy; &frac12; &amp"), "Größe für Männer © ½ &");
    }

    #[test]
    fn encoded_markup_does_not_come_out_as_markup() {
        assert_eq!(to_text("&lt;script&gt;alert(1)&lt;/script&gt;Mug"), "Mug");
        assert_eq!(to_text("&lt;p&gt;Soft&lt;/p&gt;&lt;p&gt;warm&lt;/p&gt;"), "Soft\nwarm");
        assert_eq!(to_text("&amp;lt;img src=x onerror=alert(1)&amp;gt;Mug"), "Mug");
        assert_eq!(to_text("if a&lt;b then c"), "if a< b then c");
        let deep = (0..9).fold("<b>x</b>".to_owned(), |text, _| text.replace('&', "&amp;").replace('<', "&lt;"));
        let text = to_text(&deep);
        assert!(!text.match_indices('<').any(|(at, _)| opens(&text[at + 1..])), "{text}");
    }
}
