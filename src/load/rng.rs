//! Seeded random numbers, the same in every run: SplitMix64 (Steele, Lea and Flood, "Fast splittable
//! pseudorandom number generators", 2014). Not for secrets.

#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Of one operation: the same whichever worker performs it.
    pub fn of(seed: u64, turn: u64) -> Self {
        let mut rng = Self(seed ^ turn.wrapping_mul(0xd1b5_4a32_d192_ed03));
        rng.draw();
        rng
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`, even enough where `n` is small; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % (n as u64).max(1)) as usize
    }

    /// Above 0 and at most 1.
    pub fn unit(&mut self) -> f64 {
        ((self.draw() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_does_not() {
        let two = |seed| {
            let mut rng = Rng::new(seed);
            [rng.draw(), rng.draw()]
        };
        assert_eq!(two(7), two(7));
        assert_ne!(two(7), two(8));
        let mut rng = Rng::of(1, 2);
        assert!((0..1000).map(|_| rng.unit()).all(|x| x > 0.0 && x <= 1.0));
    }
}
