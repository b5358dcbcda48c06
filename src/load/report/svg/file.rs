//! Plots as an SVG file of their own: panels below each other, each with its title, legend and caption inside the
//! picture, and the colours in a style that follows the reader's light or dark system.

use std::fmt::Write as _;

use super::{COLOURS, HEIGHT, LEFT, Plot, WIDTH};
use crate::load::report::html::escape;

pub struct Panel<'a> {
    pub title: &'a str,
    pub plot: Plot<'a>,
    /// Lines below it.
    pub caption: Vec<String>,
}

/// Of a title's or caption's line.
const LINE: f64 = 16.0;
const STYLE: &str = "svg{--ink:#1c2330;--dim:#5d6779;--ground:#fff;--rule:#dfe3ea;--c0:#1f6feb;--c1:#c2410c;--c2:#8a93a5;\
--c3:#15803d;font:11px system-ui,sans-serif}@media (prefers-color-scheme:dark){svg{--ink:#e6e9ef;--dim:#9aa5b8;\
--ground:#12161d;--rule:#2c3544;--c0:#6ea8fe;--c1:#fb9a63;--c2:#7d889c;--c3:#5ecb82}}text{fill:var(--dim)}\
.m{text-anchor:middle}.e{text-anchor:end}.t{font-size:12px}.h{font-size:13px;font-weight:600;fill:var(--ink)}\
.g{stroke:var(--rule)}polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}.l0{stroke:var(--c0)}.l1{stroke:var(--c1)}\
.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}.c0,.b0{fill:var(--c0)}.c1,.b1{fill:var(--c1)}.c2,.b2{fill:var(--c2)}\
.c3,.b3{fill:var(--c3)}";

pub fn file(panels: &[Panel<'_>]) -> String {
    let (mut body, mut top) = (String::new(), 8.0);
    // Writing into a String cannot fail.
    for panel in panels {
        let _ = write!(body, r#"<text class="h" x="13" y="{}">{}</text>"#, top + 12.0, escape(panel.title));
        top += LINE + 4.0;
        match panel.plot.body() {
            Some(plot) => {
                let _ = write!(body, r#"<g transform="translate(0 {top})">{plot}</g>"#);
                top += HEIGHT + 4.0;
            }
            None => {
                let _ = write!(body, r#"<text x="13" y="{}">Nothing was measured.</text>"#, top + 12.0);
                top += LINE;
            }
        }
        legend(&mut body, &panel.plot, top);
        top += LINE;
        for line in &panel.caption {
            let _ = write!(body, r#"<text class="t" x="13" y="{}">{}</text>"#, top + 12.0, escape(line));
            top += LINE;
        }
        top += LINE;
    }
    let title: Vec<&str> = panels.iter().map(|panel| panel.title).collect();
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" role="img"><title>{}</title><style>{STYLE}</style><rect width="100%" height="100%" fill="var(--ground)"/>{body}</svg>
"#,
        escape(&title.join("; "))
    )
}

fn legend(body: &mut String, plot: &Plot<'_>, top: f64) {
    let mut left = LEFT;
    for (n, series) in plot.series.iter().enumerate() {
        let class = n % COLOURS;
        let _ = write!(body, r#"<rect class="b{class}" x="{left}" y="{}" width="9" height="9"/>"#, top + 3.0);
        let _ = write!(body, r#"<text x="{}" y="{}">{}</text>"#, left + 13.0, top + 11.0, escape(series.name));
        // No letter of this size is wider.
        left += 28.0 + 6.2 * series.name.chars().count() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::report::svg::Series;

    #[test]
    fn a_file_holds_every_panel_and_escapes_its_words() {
        let plot = |points| Plot {
            x: "x",
            y: "y",
            logarithmic_x: true,
            logarithmic: false,
            series: vec![Series { name: "a&b", points, marked: true }],
        };
        let panels = [
            Panel { title: "<one>", plot: plot(vec![(1.0, 2.0), (10.0, 3.0)]), caption: vec!["slope < 1".into()] },
            Panel { title: "two", plot: plot(vec![]), caption: vec![] },
        ];
        let svg = file(&panels);
        assert!(svg.contains("&lt;one&gt;") && svg.contains("slope &lt; 1") && svg.contains("a&amp;b"), "{svg}");
        assert_eq!((svg.matches("<polyline").count(), svg.matches("Nothing was measured").count()), (1, 1));
        assert!(!svg.contains("NaN") && svg.trim_end().ends_with("</svg>"), "{svg}");
    }
}
