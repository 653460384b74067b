//! Numbers with their nouns.

/// `1 finding`, `2 findings`, `1 match`, `2 matches`: the noun is given in the singular.
pub fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    if number == 1 {
        return format!("1 {noun}");
    }
    let ending = if noun.ends_with("ch") || noun.ends_with('s') || noun.ends_with('x') {
        "es"
    } else {
        "s"
    };
    format!("{number} {noun}{ending}")
}

/// A count that came as a `usize`.
pub(super) fn count_of(number: usize, noun: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}
