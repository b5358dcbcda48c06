//! How many units of each SKU arrive. Exact by construction: SKUs are shuffled, the first 2 % get none,
//! the next 5 % at most their threshold, the rest a long tail well above it.

use super::rng::Rng;
use crate::domain::ids::Sku;

pub(super) const OUT_PERCENT: usize = 2;
pub(super) const LOW_PERCENT: usize = 5;

const THRESHOLDS: &[u32] = &[3, 4, 5, 6, 8];
/// Weight in percent, from, to. The lowest is above the highest threshold, and above the front's own low mark.
const QUANTITIES: &[(u32, u32, u32)] = &[(50, 12, 30), (30, 31, 80), (15, 81, 200), (5, 201, 600)];

/// In the order of `skus`; percentages are rounded to whole SKUs.
pub(super) fn plan(skus: Vec<Sku>, rng: &mut Rng) -> Vec<(Sku, u32, u32)> {
    let share = |percent: usize| (skus.len() * percent + 50) / 100;
    let (out, low) = (share(OUT_PERCENT), share(OUT_PERCENT) + share(LOW_PERCENT));
    let mut ranks: Vec<usize> = (0..skus.len()).collect();
    rng.shuffle(&mut ranks);
    let level = |(sku, rank): (Sku, usize)| {
        let threshold = THRESHOLDS[rng.below(THRESHOLDS.len())];
        let units = match rank {
            rank if rank < out => 0,
            rank if rank < low => rng.between(1, threshold),
            _ => plenty(rng),
        };
        (sku, units, threshold)
    };
    skus.into_iter().zip(ranks).map(level).collect()
}

fn plenty(rng: &mut Rng) -> u32 {
    let mut roll = rng.between(0, 99);
    for (weight, from, to) in QUANTITIES {
        if roll < *weight {
            return rng.between(*from, *to);
        }
        roll -= weight;
    }
    // Unreachable: the weights sum to 100 (see the tests).
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_whole_and_above_every_threshold() {
        assert_eq!(QUANTITIES.iter().map(|(weight, ..)| weight).sum::<u32>(), 100);
        assert!(
            QUANTITIES.iter().all(|(_, from, to)| from < to && THRESHOLDS.iter().all(|threshold| threshold < from))
        );
    }
}
