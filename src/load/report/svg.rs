//! Plots as inline SVG: lines over time or over anything, and bars. Colours are the page's classes, so that a plot is
//! as dark or light as its page; every text is escaped. `file` makes a picture that stands without a page.

pub mod file;

use std::fmt::Write as _;

use super::html::escape;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;

pub struct Series<'a> {
    pub name: &'a str,
    pub points: Vec<(f64, f64)>,
    /// Marks each point, and writes this at some of them.
    pub marked: bool,
}

pub struct Plot<'a> {
    pub x: &'a str,
    pub y: &'a str,
    /// Powers of ten on the x axis: where steps multiply.
    pub logarithmic_x: bool,
    /// Powers of ten on the y axis: latencies span them.
    pub logarithmic: bool,
    pub series: Vec<Series<'a>>,
}

/// From a value to its place on an axis.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let (low, high, value) = match self.logarithmic {
            true => (self.low.ln(), self.high.ln(), value.max(self.low).ln()),
            false => (self.low, self.high, value),
        };
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let first = self.low.log10().round() as i32;
            let last = self.high.log10().round() as i32;
            return (first..=last).map(|power| 10f64.powi(power)).collect();
        }
        let step = nice_step((self.high - self.low) / 5.0);
        let count = ((self.high - self.low) / step).floor().clamp(0.0, 20.0) as usize;
        (0..=count).map(|n| self.low + n as f64 * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, not below.
fn nice_step(rough: f64) -> f64 {
    if rough <= 0.0 || !rough.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= rough).unwrap_or(power * 10.0)
}

impl Plot<'_> {
    pub fn svg(&self) -> String {
        match self.body() {
            Some(body) => open(&format!("{} over {}", self.y, self.x)) + &body + "</svg>" + &self.legend(),
            None => nothing(),
        }
    }

    /// The picture's body; `None` where nothing was measured.
    fn body(&self) -> Option<String> {
        let fits = |(x, y): (f64, f64)| (!self.logarithmic_x || x > 0.0) && (!self.logarithmic || y > 0.0);
        let points = || self.series.iter().flat_map(|series| &series.points).copied().filter(|point| fits(*point));
        let (x, y) = (bounds(points().map(|point| point.0))?, bounds(points().map(|point| point.1))?);
        let (low, high) = match self.logarithmic_x {
            true => powers(x),
            false => (x.0.min(0.0), x.1),
        };
        let x = Axis { low, high, from: LEFT, to: WIDTH - RIGHT, logarithmic: self.logarithmic_x };
        let (low, high) = match self.logarithmic {
            true => powers(y),
            false => (0.0, y.1 * 1.05),
        };
        let high = if high > low { high } else { low * 10.0 + 1.0 };
        let y = Axis { low, high, from: HEIGHT - BOTTOM, to: TOP, logarithmic: self.logarithmic };
        let mut body = String::new();
        grid(&mut body, &x, &y);
        titles(&mut body, self.x, self.y);
        // The first on top: where a median is its maximum, the median shows.
        for (n, series) in self.series.iter().enumerate().rev() {
            line(&mut body, n, series, &x, &y);
        }
        Some(body)
    }

    fn legend(&self) -> String {
        let entry = |(n, series): (usize, &Series<'_>)| {
            format!(r#"<span><i class="b{}"></i>{}</span>"#, n % COLOURS, escape(series.name))
        };
        let entries: String = self.series.iter().enumerate().map(entry).collect();
        format!(r#"<p class="legend">{entries}</p>"#)
    }
}

/// The powers of ten around them.
fn powers((low, high): (f64, f64)) -> (f64, f64) {
    (10f64.powf(low.log10().floor()), 10f64.powf(high.log10().ceil()))
}

/// Of lines; the page has as many classes.
const COLOURS: usize = 4;

fn line(svg: &mut String, n: usize, series: &Series<'_>, x: &Axis, y: &Axis) {
    let shown = series.points.iter();
    let shown = shown.filter(|point| (!x.logarithmic || point.0 > 0.0) && (!y.logarithmic || point.1 > 0.0));
    let places: Vec<(f64, f64)> = shown.map(|point| (x.place(point.0), y.place(point.1))).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let class = n % COLOURS;
    // Writing into a String cannot fail.
    let _ = write!(svg, r#"<polyline class="l{class}" points="{}"/>"#, path.join(" "));
    if series.marked {
        for (x, y) in places {
            let _ = write!(svg, r#"<circle class="c{class}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
        }
    }
}

/// Bars of `(label, value)`, from left to right; labels where there is room.
pub fn bars(x: &str, y: &str, all: &[(String, f64)]) -> String {
    let Some((_, high)) = bounds(all.iter().map(|bar| bar.1)) else { return nothing() };
    let axis = Axis { low: 0.0, high: high.max(1.0) * 1.05, from: HEIGHT - BOTTOM, to: TOP, logarithmic: false };
    let mut svg = open(&format!("{y} by {x}"));
    let none = Axis { low: 0.0, high: 0.0, from: LEFT, to: LEFT, logarithmic: false };
    horizontal(&mut svg, &axis);
    titles(&mut svg, x, y);
    let width = (WIDTH - LEFT - RIGHT) / all.len() as f64;
    let every = all.len().div_ceil(8).max(1);
    for (n, (label, value)) in all.iter().enumerate() {
        let (left, top) = (none.from + n as f64 * width, axis.place(*value));
        let height = (HEIGHT - BOTTOM - top).max(0.0);
        let _ = write!(
            svg,
            r#"<rect class="b0" x="{left:.1}" y="{top:.1}" width="{:.1}" height="{height:.1}"><title>{}: {value}</title></rect>"#,
            (width - 1.0).max(0.5),
            escape(label)
        );
        if n % every == 0 {
            let middle = left + width / 2.0;
            let _ = write!(svg, r#"<text x="{middle:.1}" y="{:.1}" class="m">{}</text>"#, HEIGHT - 28.0, escape(label));
        }
    }
    svg + "</svg>"
}

fn open(title: &str) -> String {
    format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{}</title>"#, escape(title))
}

fn nothing() -> String {
    "<p>Nothing was measured.</p>".to_owned()
}

fn grid(svg: &mut String, x: &Axis, y: &Axis) {
    horizontal(svg, y);
    for tick in x.ticks() {
        let place = x.place(tick);
        let _ = write!(svg, r#"<text x="{place:.1}" y="{:.1}" class="m">{}</text>"#, HEIGHT - 28.0, short(tick));
    }
}

fn horizontal(svg: &mut String, y: &Axis) {
    for tick in y.ticks() {
        let place = y.place(tick);
        let _ = write!(
            svg,
            r#"<line class="g" x1="{LEFT}" x2="{}" y1="{place:.1}" y2="{place:.1}"/><text x="{}" y="{:.1}" class="e">{}</text>"#,
            WIDTH - RIGHT,
            LEFT - 6.0,
            place + 4.0,
            short(tick)
        );
    }
}

fn titles(svg: &mut String, x: &str, y: &str) {
    let (middle, bottom) = ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0);
    let height = (TOP + HEIGHT - BOTTOM) / 2.0;
    let (x, y) = (escape(x), escape(y));
    let _ = write!(svg, r#"<text x="{middle}" y="{bottom}" class="m t">{x}</text>"#);
    let _ = write!(svg, r#"<text x="13" y="{height}" class="m t" transform="rotate(-90 13 {height})">{y}</text>"#);
}

/// Least and greatest of the finite ones.
fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |known, value| match known {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// 1500 as "1.5k".
pub fn short(value: f64) -> String {
    let (value, sign) = match value.abs() {
        1e6.. => (value / 1e6, "M"),
        1e3.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{value:.2}");
    format!("{}{sign}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<(f64, f64)>, logarithmic: bool) -> String {
        let series = vec![Series { name: "<a>", points, marked: true }];
        Plot { x: "x", y: "y<", logarithmic_x: logarithmic, logarithmic, series }.svg()
    }

    #[test]
    fn places_are_within_the_picture_whatever_the_values() {
        for points in [vec![(0.0, 0.0)], vec![(5.0, 7.0)], vec![(0.0, 1.0), (1e9, 1e12)], vec![(1.0, 0.0), (2.0, 3.0)]]
        {
            for logarithmic in [true, false] {
                let svg = plot(points.clone(), logarithmic);
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                for circle in svg.split("<circle").skip(1) {
                    let number = |name: &str| -> f64 {
                        let from = circle.split(&format!(r#"{name}=""#)).nth(1).expect(name);
                        from.split('"').next().expect("closed").parse().expect("a number")
                    };
                    assert!(
                        (LEFT..=WIDTH).contains(&number("cx")) && (TOP - 1.0..=HEIGHT).contains(&number("cy")),
                        "{circle}"
                    );
                }
            }
        }
    }

    #[test]
    fn names_are_escaped() {
        let svg = plot(vec![(0.0, 1.0), (1.0, 2.0)], false);
        assert!(svg.contains("&lt;a&gt;") && svg.contains("y&lt;") && !svg.contains("<a>"), "{svg}");
        assert!(bars("x", "y", &[("<b>".into(), 1.0)]).contains("&lt;b&gt;"));
        assert!(bars("x", "y", &[]).contains("Nothing"));
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!([0.0, 0.3, 1.0, 1.1, 23.0, 700.0].map(nice_step), [1.0, 0.5, 1.0, 2.0, 50.0, 1000.0]);
        assert_eq!([0.0, 0.25, 1500.0, 2e6, 100.0].map(short), ["0", "0.25", "1.5k", "2M", "100"]);
    }
}
