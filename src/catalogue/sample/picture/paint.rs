//! Colours of one drawing, all made from the variant's colour, and the filling of a template with them.
//!
//! Letters: `$b` base, `$l` light, `$h` highlight, `$d` dark, `$k` darkest, `$f` and `$s` fills with volume
//! (slanted, sideways); fixed ones: `$w` paper, `$i` ink, `$o`/`$O` wood, `$m`/`$M` metal, `$g`/`$G` leaf.

#[derive(Clone, Copy)]
pub(super) struct Rgb([u8; 3]);

impl Rgb {
    pub fn from_hex(hex: u32) -> Self {
        let [_, r, g, b] = hex.to_be_bytes();
        Self([r, g, b])
    }

    /// `percent` of the way to another colour.
    fn toward(self, other: Self, percent: u16) -> Self {
        let mix = |a: u8, b: u8| ((u16::from(a) * (100 - percent) + u16::from(b) * percent) / 100) as u8;
        Self(std::array::from_fn(|n| mix(self.0[n], other.0[n])))
    }

    fn css(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

const WHITE: Rgb = Rgb([255, 255, 255]);
/// Shadows lean to a warm violet: flatter and dirtier when they are plain black.
const SHADOW: Rgb = Rgb([36, 26, 44]);
/// What backgrounds lean to, by number: sand, sky, sage, blush.
const TINTS: [Rgb; 4] = [Rgb([240, 226, 204]), Rgb([208, 224, 238]), Rgb([214, 228, 210]), Rgb([242, 216, 208])];

pub(super) struct Paint {
    base: Rgb,
}

impl Paint {
    pub fn of(base: Rgb) -> Self {
        // Pure black or white would lose its folds: both are drawn a little inside.
        Self { base: base.toward(WHITE, 5).toward(SHADOW, 4) }
    }

    /// Top and bottom of the background.
    pub fn background(&self, number: u16) -> (String, String) {
        let tint = TINTS[usize::from(number) % TINTS.len()];
        let toned = tint.toward(self.base, 8);
        (toned.toward(WHITE, 62).css(), toned.toward(SHADOW, 5).css())
    }

    /// Puts the colours into a template. A `$` before an unknown letter is dropped with it.
    pub fn fill(&self, template: &str, id: &str) -> String {
        let mut filled = String::with_capacity(template.len() + template.len() / 2);
        let mut parts = template.split('$');
        filled.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let mut letters = part.chars();
            if let Some(letter) = letters.next() {
                filled.push_str(&self.colour(letter, id));
            }
            filled.push_str(letters.as_str());
        }
        filled
    }

    fn colour(&self, letter: char, id: &str) -> String {
        match letter {
            'b' => self.base.css(),
            'l' => self.base.toward(WHITE, 18).css(),
            'h' => self.base.toward(WHITE, 48).css(),
            'd' => self.base.toward(SHADOW, 18).css(),
            'k' => self.base.toward(SHADOW, 40).css(),
            'f' => format!("url(#f-{id})"),
            's' => format!("url(#s-{id})"),
            'w' => "#fcf9f4".into(),
            'i' => "#3d3a44".into(),
            'o' => "#cda274".into(),
            'O' => "#a97d52".into(),
            'm' => "#d3d6da".into(),
            'M' => "#959aa2".into(),
            'g' => "#7ba673".into(),
            'G' => "#52805a".into(),
            _ => String::new(),
        }
    }
}
