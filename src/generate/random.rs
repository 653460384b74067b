//! Small draws from proptest's generator of random numbers.

use proptest::{prelude::Rng as _, test_runner::TestRng};

/// A number below `bound`; 0 where there is none.
pub(super) fn below(rng: &mut TestRng, bound: usize) -> usize {
    let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
    usize::try_from(rng.next_u64() % bound).unwrap_or(0)
}

/// A number from `least` to `most`, both included.
pub(super) fn between(rng: &mut TestRng, least: i128, most: i128) -> i128 {
    if most <= least {
        return least;
    }
    let width = most.saturating_sub(least).saturating_add(1);
    let drawn = i128::from(rng.next_u64()).rem_euclid(width);
    least.saturating_add(drawn)
}

/// Yes, once in `times` draws.
pub(super) fn once_in(rng: &mut TestRng, times: usize) -> bool {
    below(rng, times) == 0
}

/// One of several.
pub(super) fn pick<'a, T>(rng: &mut TestRng, all: &'a [T]) -> Option<&'a T> {
    all.get(below(rng, all.len()))
}
