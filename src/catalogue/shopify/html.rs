//! A description's HTML to plain text: paragraphs become lines, list items dashes, scripts and styles vanish.
//!
//! Not a browser's parser: unknown markup is dropped, and the output has no markup. So a front that shows the text as
//! text is safe for every file.

const BLOCKS: &[&str] = &["p", "div", "br", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section"];
/// Elements whose content is not text.
const SILENT: &[&str] = &["script", "style", "head", "iframe", "svg"];

pub(super) fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_words(&mut text, &rest[..at]);
        let after = &rest[at..];
        // A `<` that opens no tag is a sign like any other.
        if !after[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            text.push('<');
            rest = &after[1..];
            continue;
        }
        let (tag, behind) = match after.starts_with("<!--") {
            true => ("", after.split_once("-->").map_or("", |(_, behind)| behind)),
            false => after[1..].split_once('>').unwrap_or(("", "")),
        };
        rest = behind;
        let closing = tag.starts_with('/');
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "li" if !closing => text.push_str("\n- "),
            silent if !closing && !tag.ends_with('/') && SILENT.contains(&silent) => {
                rest = behind_closing(rest, silent)
            }
            block if BLOCKS.contains(&block) => text.push('\n'),
            _ => {}
        }
    }
    push_words(&mut text, rest);
    tidy(&text)
}

/// What follows `</name ...>`; nothing when it never comes.
fn behind_closing<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("</") {
        if after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after.split_once('>').map_or("", |(_, behind)| behind);
        }
        rest = after;
    }
    ""
}

/// Appends text with its entities decoded; a line break of the source is a space like any other.
fn push_words(text: &mut String, words: &str) {
    let words = words.replace(['\n', '\r'], " ");
    let mut rest = words.as_str();
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let entity = rest[at + 1..].split_once(';').filter(|(name, _)| name.len() <= 8);
        match entity.and_then(|(name, behind)| Some((decode(name)?, behind))) {
            Some((letter, behind)) => {
                text.push(letter);
                rest = behind;
            }
            None => {
                text.push('&');
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(rest);
}

fn decode(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "rsquo" => '’',
        "lsquo" => '‘',
        "rdquo" => '”',
        "ldquo" => '“',
        "deg" => '°',
        "eacute" => 'é',
        "times" => '×',
        "euro" => '€',
        number => {
            let code = number.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => code.parse().ok()?,
            };
            char::from_u32(code).filter(|letter| !letter.is_control())?
        }
    })
}

/// One space between words, no empty lines, no space at the ends.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty() && line != "-").collect::<Vec<_>>().join("\n")
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
        assert_eq!(to_text("<p"), "");
    }

    #[test]
    fn signs_that_are_no_markup_stay() {
        assert_eq!(to_text("5 < 6 & 7 &unknown; &#8364;5 &#x41;&#0;"), "5 < 6 & 7 &unknown; €5 A&#0;");
    }
}
