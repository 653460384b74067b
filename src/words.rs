//! Numbers with their nouns.

/// `1 finding`, `2 findings`, `1 match`, `2 matches`: the noun is given in the singular.
pub fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    if number == 1 {
        return format!("1 {noun}");
    }
    if let Some(stem) = noun
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'o']))
    {
        return format!("{number} {stem}ies");
    }
    let ending = if noun.ends_with("ch") || noun.ends_with('s') || noun.ends_with('x') {
        "es"
    } else {
        "s"
    };
    format!("{number} {noun}{ending}")
}

/// A count that came as a `usize`.
pub(crate) fn count_of(number: usize, noun: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}

/// The first of some names, and how many more there are.
pub(crate) fn few(names: &[String], most: usize) -> String {
    let shown = names[..names.len().min(most)].join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn nouns_take_the_ending_that_they_have() {
        let told = [
            count(1_u64, "property"),
            count(2_u64, "property"),
            count(2_u64, "breach"),
            count(0_u64, "finding"),
        ];
        assert_eq!(
            told,
            ["1 property", "2 properties", "2 breaches", "0 findings"]
        );
    }
}
