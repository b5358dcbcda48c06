//! `docs/errors.md` as a page with an anchor for each code: the target of a problem's `type`.
//!
//! Parses only the Markdown of that file (a heading, paragraphs, one fenced block, one table, `code`).

const SOURCE: &str = include_str!("../../../docs/errors.md");

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
content=\"width=device-width\"><title>Souk: errors</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;\
margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}td,th{border-bottom:1px solid #ccc;padding:.4rem .8rem;\
text-align:left;vertical-align:top}tr:target{background:#fff3c4}pre,code{background:#f4f4f4}pre{padding:1rem;overflow:auto}\
</style>";

/// `top`: markup before everything else.
pub fn render(top: &str) -> String {
    let (mut page, mut in_table, mut in_code) = (format!("{HEAD}{top}"), false, false);
    for line in SOURCE.lines() {
        let row = line.strip_prefix('|').and_then(|line| line.strip_suffix('|'));
        if in_table && row.is_none() {
            page.push_str("</table>");
            in_table = false;
        }
        match (line, row) {
            (fence, _) if fence.starts_with("```") => {
                page.push_str(if in_code { "</pre>" } else { "<pre>" });
                in_code = !in_code;
            }
            (code, _) if in_code => page.push_str(&format!("{}\n", escape(code))),
            (_, Some(cells)) if cells.starts_with("---") => {}
            (_, Some(cells)) => {
                if !in_table {
                    page.push_str("<table>");
                }
                page.push_str(&table_row(cells, if in_table { "td" } else { "th" }));
                in_table = true;
            }
            (heading, None) if heading.starts_with("# ") => {
                page.push_str(&format!("<h1>{}</h1>", inline(&heading[2..])));
            }
            ("", None) => page.push_str("<p>"),
            (text, None) => page.push_str(&format!("{}\n", inline(text))),
        }
    }
    if in_table {
        page.push_str("</table>");
    }
    page
}

fn table_row(cells: &str, tag: &str) -> String {
    let anchor = cells.trim().strip_prefix('`').and_then(|rest| rest.split('`').next());
    let id = anchor.map(|code| format!(" id=\"{}\"", escape(code))).unwrap_or_default();
    let cells = cells.split(" | ").map(|cell| format!("<{tag}>{}</{tag}>", inline(cell.trim())));
    format!("<tr{id}>{}</tr>", cells.collect::<String>())
}

/// Text with `code` spans: every second piece between backticks.
fn inline(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(n, piece)| match n % 2 {
        0 => escape(piece),
        _ => format!("<code>{}</code>", escape(piece)),
    });
    pieces.collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::error::ALL;

    #[test]
    fn every_code_has_its_anchor() {
        let page = render("");
        for code in ALL {
            assert!(page.contains(&format!("<tr id=\"{}\">", code.name())), "{}", code.name());
        }
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
        assert_eq!(page.matches("<pre>").count(), page.matches("</pre>").count());
    }
}
