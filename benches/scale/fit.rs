//! Straight lines through measured points by least squares: as they are (a cost for each one more), or through their
//! logarithms (an exponent: 0 is flat, 1 is linear).

/// `y = base + each * x`, and the share of the variance that it explains.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub base: f64,
    pub each: f64,
    pub r2: f64,
}

/// `None`: fewer than two points, or all at one place.
pub fn line(points: &[(f64, f64)]) -> Option<Line> {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
    let (xx, xy, yy) = (sum(&|dx, _| dx * dx), sum(&|dx, dy| dx * dy), sum(&|_, dy| dy * dy));
    if points.len() < 2 || xx <= 0.0 {
        return None;
    }
    let each = xy / xx;
    let r2 = if yy > 0.0 { xy * xy / (xx * yy) } else { 1.0 };
    Some(Line { base: y - each * x, each, r2 })
}

/// `y` grows as `x` to this power.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> =
        points.iter().filter(|p| p.0 > 0.0 && p.1 > 0.0).map(|p| (p.0.ln(), p.1.ln())).collect();
    line(&logs).map(|line| line.each)
}

/// What an exponent means, in a word.
pub fn word(exponent: f64) -> &'static str {
    match exponent {
        ..-0.1 => "falls",
        -0.1..0.1 => "flat",
        0.1..0.9 => "grows more slowly than linear",
        0.9..1.1 => "linear",
        _ => "grows faster than linear",
    }
}
