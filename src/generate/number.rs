//! Numbers drawn from a span: bounds, steps, and what they must not be multiples of.

use proptest::{prelude::Rng as _, test_runner::TestRng};
use serde_json::{Number, Value};

use super::{
    random::{below, between, once_in},
    recipe::Span,
};

/// The greatest whole number that every JSON reader keeps exactly.
const EXACT: f64 = 9_007_199_254_740_991.0;

/// How often a number is drawn again when it is not of the span.
const ATTEMPTS: usize = 60;

/// Which numbers are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Integers alone.
    Whole,
    /// With digits after the point or without.
    Any,
}

/// A number of a span; `None` when none was found.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "bounds are clamped to the range of exact integers first"
)]
pub(super) fn draw(rng: &mut TestRng, span: &Span, numbers: Numbers) -> Option<Value> {
    let step = step(&span.multiples);
    for _ in 0..ATTEMPTS {
        // A window beside the bound that is there, wide where none is.
        let reach = match below(rng, 8) {
            0 => EXACT,
            1 => 1e9,
            2 | 3 => 1e5,
            _ => 100.0,
        } * step.unwrap_or(1.0).max(1.0);
        let (low, high) = match (span.least, span.most) {
            // A span as wide as a type says nothing about which values are usual: most lie near
            // zero, or near the bound that is nearest to it.
            (Some(least), Some(most)) if most - least > 2.0 * reach => {
                let middle = 0.0_f64.clamp(least, most);
                (
                    (middle - reach / 10.0).max(least),
                    (middle + reach).min(most),
                )
            }
            (Some(least), Some(most)) => (least, most),
            (Some(least), None) => (least, (least + reach).max(least)),
            (None, Some(most)) => ((most - reach).min(most), most),
            (None, None) => (-reach / 10.0, reach),
        };
        let drawn = if let Some(step) = step {
            let (first, last) = ((low / step).ceil(), (high / step).floor());
            if first > last {
                return None;
            }
            let most = EXACT / step.max(1.0);
            let count = between(
                rng,
                first.clamp(-most, first.max(most)) as i128,
                last.clamp(last.min(-most), most) as i128,
            );
            times(step, count)?
        } else if numbers == Numbers::Whole || once_in(rng, 3) {
            let (first, last) = (low.ceil(), high.floor());
            if first > last {
                if numbers == Numbers::Whole {
                    return None;
                }
                continue;
            }
            if first.abs() > EXACT && last - first < 1.0 {
                Number::from_f64(first)?
            } else {
                let drawn = between(
                    rng,
                    first.clamp(-1.8e19, 1.8e19) as i128,
                    last.clamp(-1.8e19, 1.8e19) as i128,
                );
                integer(drawn)?
            }
        } else {
            let share = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            let exact = low + (high - low) * share;
            let short = (exact * 1000.0).round() / 1000.0;
            Number::from_f64(if (low..=high).contains(&short) {
                short
            } else {
                exact
            })?
        };
        let drawn = Value::Number(drawn);
        if takes(span, &drawn, numbers) {
            return Some(drawn);
        }
    }
    None
}

/// Whether a number lies in a span.
pub(super) fn takes(span: &Span, value: &Value, numbers: Numbers) -> bool {
    let Some(value) = value.as_f64() else {
        return false;
    };
    let is_above =
        (span.least).is_none_or(|least| value > least || !span.excludes_least && value >= least);
    let is_below =
        (span.most).is_none_or(|most| value < most || !span.excludes_most && value <= most);
    // Quotients differ by a rounding where decimal steps are meant; readers then disagree.
    let times = |step: f64| value / step;
    let multiples = span.multiples.iter().filter_map(Number::as_f64);
    let is_multiple = multiples.map(times).all(|times| times.fract() == 0.0);
    let barred = span.not_multiples.iter().filter_map(Number::as_f64);
    let is_barred = barred
        .map(times)
        .any(|times| (times - times.round()).abs() < 1e-6);
    let is_of_kind = numbers == Numbers::Any || value.fract() == 0.0;
    is_above && is_below && is_multiple && !is_barred && is_of_kind
}

fn integer(value: i128) -> Option<Number> {
    i64::try_from(value)
        .map(Number::from)
        .or_else(|_| u64::try_from(value).map(Number::from))
        .ok()
}

/// A step that every multiple of which is a multiple of all.
fn step(multiples: &[Number]) -> Option<f64> {
    let (first, rest) = multiples.split_first()?;
    let mut step = first.as_f64()?;
    for other in rest {
        let other = other.as_f64()?;
        // The least common multiple, looked for among the first few.
        let found = (1..=1_000_u32)
            .map(|times| step * f64::from(times))
            .find(|candidate| (candidate / other).fract().abs() < 1e-9);
        step = found?;
    }
    Some(step)
}

/// With more decimals a step is no number that people write, and its multiples are as good with noise.
const MAX_DECIMALS: usize = 30;

/// How many decimals a number is written with.
fn decimals(number: f64) -> usize {
    let written = format!("{number:e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let decimals = i64::try_from(behind).unwrap_or(i64::MAX) - exponent;
    usize::try_from(decimals).unwrap_or(0)
}

/// A multiple of a decimal step, written without the noise of binary fractions.
#[expect(clippy::cast_precision_loss, reason = "counts are exact integers")]
fn times(step: f64, count: i128) -> Option<Number> {
    if step.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction")]
        let whole = step as i128;
        return integer(whole.checked_mul(count)?)
            .or_else(|| Number::from_f64(step * count as f64));
    }
    let decimals = decimals(step);
    if decimals > MAX_DECIMALS {
        return Number::from_f64(step * count as f64);
    }
    let text = format!("{:.decimals$}", step * count as f64);
    let value: f64 = text.parse().ok()?;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction")]
        return integer(value as i128);
    }
    Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_written_with_the_decimals_of_their_step() {
        for (step, written) in [(0.01, 2), (1.5e-7, 8), (100.0, 0), (0.5, 1), (1e-300, 300)] {
            assert_eq!(decimals(step), written, "{step}");
        }
        assert_eq!(times(0.01, 7), Number::from_f64(0.07));
        assert_eq!(times(0.1, 30), Some(Number::from(3)));
        assert_eq!(times(1e-300, 3), Number::from_f64(3.0 * 1e-300));
    }
}
