//! The sample shop's pictures: flat drawings as SVG, one shape for each product family, in the variant's colour.
//!
//! A picture is a pure function of its path, `/media/sample/<family>/<rrggbb>/<n>.svg`, so nothing is stored
//! and `http` draws on demand ([`from_path`]). A drawing is a template: paths whose colours are `$` and one letter,
//! see [`Paint`]. Every id inside carries family, colour and number, so that pictures can share one page.

mod clothing;
mod home;
mod paint;
mod things;

use paint::{Paint, Rgb};

/// Longest path that is looked at.
const PATH_LEN_MAX: usize = 64;
/// Backgrounds differ by number; larger numbers are refused, so that caches stay bounded.
pub const NUMBER_MAX: u16 = 11;

/// Families and their drawings, on a canvas of 400 by 400 that stands on y = 336.
const DRAWINGS: &[(&str, &str)] = &[
    ("shirt", clothing::SHIRT),
    ("tshirt", clothing::TSHIRT),
    ("knit", clothing::KNIT),
    ("trousers", clothing::TROUSERS),
    ("dress", clothing::DRESS),
    ("jacket", clothing::JACKET),
    ("trainer", clothing::TRAINER),
    ("boot", clothing::BOOT),
    ("hat", clothing::HAT),
    ("mug", home::MUG),
    ("pan", home::PAN),
    ("lamp", home::LAMP),
    ("chair", home::CHAIR),
    ("towel", home::TOWEL),
    ("candle", home::CANDLE),
    ("clock", home::CLOCK),
    ("plant", home::PLANT),
    ("book", things::BOOK),
    ("headphones", things::HEADPHONES),
    ("speaker", things::SPEAKER),
    ("bottle", things::BOTTLE),
    ("backpack", things::BACKPACK),
    ("bag", things::BAG),
];

pub fn families() -> impl Iterator<Item = &'static str> {
    DRAWINGS.iter().map(|(family, _)| *family)
}

/// `colour` is 0xRRGGBB.
pub fn path(family: &str, colour: u32, number: u16) -> String {
    format!("/media/sample/{family}/{colour:06x}/{number}.svg")
}

/// The drawing that a path names. `None` unless the path is exactly one that [`path`] makes.
pub fn from_path(text: &str) -> Option<String> {
    if text.len() > PATH_LEN_MAX {
        return None;
    }
    let mut parts = text.strip_prefix("/media/sample/")?.strip_suffix(".svg")?.split('/');
    let (family, hex, number) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if parts.next().is_some() || !plain {
        return None;
    }
    let colour = u32::from_str_radix(hex, 16).ok()?;
    let number: u16 = number.parse().ok().filter(|n: &u16| *n <= NUMBER_MAX && n.to_string() == number)?;
    svg(family, colour, number)
}

/// Draws a family in a colour (0xRRGGBB); the number picks the background. `None`: no such family.
pub fn svg(family: &str, colour: u32, number: u16) -> Option<String> {
    let (family, drawing) = DRAWINGS.iter().find(|(name, _)| *name == family)?;
    let id = format!("{family}-{colour:06x}-{number}");
    let paint = Paint::of(Rgb::from_hex(colour));
    Some(frame(&id, &paint, number, drawing))
}

/// Background, light behind the thing, its shadow on the ground, the thing.
fn frame(id: &str, paint: &Paint, number: u16, drawing: &str) -> String {
    let (top, bottom) = paint.background(number);
    let (halo_x, halo_y) = [(150, 130), (250, 120), (200, 170)][usize::from(number % 3)];
    let template = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img"><defs><linearGradient id="bg-{id}" x1="0" y1="0" x2=".35" y2="1"><stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/></linearGradient><radialGradient id="halo-{id}"><stop offset="0" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient><radialGradient id="ground-{id}"><stop offset="0" stop-color="#2a2430" stop-opacity=".34"/><stop offset=".6" stop-color="#2a2430" stop-opacity=".12"/><stop offset="1" stop-color="#2a2430" stop-opacity="0"/></radialGradient><linearGradient id="f-{id}" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="$l"/><stop offset=".55" stop-color="$b"/><stop offset="1" stop-color="$d"/></linearGradient><linearGradient id="s-{id}" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="$l"/><stop offset=".45" stop-color="$b"/><stop offset="1" stop-color="$k"/></linearGradient></defs><rect width="400" height="400" fill="url(#bg-{id})"/><circle cx="{halo_x}" cy="{halo_y}" r="190" fill="url(#halo-{id})"/><ellipse cx="200" cy="340" rx="150" ry="17" fill="url(#ground-{id})"/>{drawing}</svg>"##
    );
    paint.fill(&template, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_draws_and_leaves_no_placeholder() {
        for family in families() {
            let drawn = from_path(&path(family, 0x2f6f8f, 3)).unwrap();
            assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>") && !drawn.contains('$'), "{family}");
            assert_eq!(drawn.matches('<').count(), drawn.matches('>').count(), "{family}");
            assert!(drawn.len() < 8_000, "{family}: {} bytes", drawn.len());
        }
        assert!(families().count() >= 16);
    }

    #[test]
    fn a_path_is_exact_or_nothing() {
        for bad in [
            "/media/sample/shirt/2f6f8f/12.svg",
            "/media/sample/shirt/2f6f8f/03.svg",
            "/media/sample/shirt/2F6F8F/3.svg",
            "/media/sample/shirt/2f6f8/3.svg",
            "/media/sample/shirt/+f6f8f/3.svg",
            "/media/sample/rocket/2f6f8f/3.svg",
            "/media/sample/shirt/2f6f8f/3/4.svg",
            "/media/sample/../shirt/2f6f8f/3.svg",
            "/media/other/shirt/2f6f8f/3.svg",
            "",
        ] {
            assert_eq!(from_path(bad), None, "{bad}");
        }
        assert_eq!(from_path(&format!("/media/sample/shirt/2f6f8f/{}.svg", "0".repeat(80))), None);
    }

    #[test]
    fn colour_and_number_make_a_difference() {
        let drawn = |colour, number| svg("mug", colour, number).unwrap();
        assert_ne!(drawn(0x2f6f8f, 0), drawn(0x8f2f2f, 0));
        assert_ne!(drawn(0x2f6f8f, 0), drawn(0x2f6f8f, 1));
    }
}
