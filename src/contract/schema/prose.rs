//! Values that a description shows: the name of the zone (e.g. `example.com.`).
//!
//! Documents say in prose what no keyword says. Such a value is a guess and only ever chosen among
//! valid ones.

/// What stands before a value that is shown.
const MARKERS: &[&str] = &[
    "e.g.",
    "eg.",
    "for example",
    "for instance",
    "example:",
    "such as",
];

/// Quotes that a value stands in, opening and closing.
const QUOTES: &[(char, char)] = &[('`', '`'), ('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’')];

/// How many characters of a description are read.
const MAX_TEXT: usize = 4_000;

/// How long a value may be, in bytes.
const MAX_VALUE: usize = 80;

/// How many values are taken from one description.
const MAX_VALUES: usize = 4;

/// The quoted values that follow `e.g.`, `for example` and the like.
pub(crate) fn examples_in(description: &str) -> Vec<&str> {
    let end = description
        .char_indices()
        .nth(MAX_TEXT)
        .map_or(description.len(), |(at, _)| at);
    let text = &description[..end];
    // Letters beyond ASCII keep their length.
    let lower = text.to_ascii_lowercase();
    let mut ends: Vec<usize> = MARKERS
        .iter()
        .flat_map(|marker| lower.match_indices(marker))
        .map(|(at, marker)| at + marker.len())
        .collect();
    ends.sort_unstable();
    let mut found = Vec::new();
    for from in ends {
        let rest = text[from..].trim_start_matches([' ', ',', ':', '\n', '(']);
        let Some(value) = quoted(rest) else { continue };
        if found.len() < MAX_VALUES && !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// The value in quotes that a text begins with.
fn quoted(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let (open, close) = QUOTES.iter().find(|(open, _)| *open == first)?;
    let inside = &text[open.len_utf8()..];
    let value = &inside[..inside.find(*close)?];
    // `limit=10` is a piece of a query, `{id}` a pattern, and what has blanks is prose more often.
    let is_value = !value.is_empty()
        && value.len() <= MAX_VALUE
        && !value
            .contains(|one: char| one.is_whitespace() || matches!(one, '=' | '{' | '<' | '\\'));
    is_value.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::examples_in;

    #[test]
    fn quoted_values_behind_the_words_for_an_example_are_shown() {
        for (text, wanted) in [
            (
                "Name of the zone (e.g. “example.com.”) MUST have a trailing dot",
                "example.com.",
            ),
            ("A time zone, for example `Europe/Berlin`.", "Europe/Berlin"),
            ("A currency such as 'usd' or 'eur'", "usd"),
            ("The region. Example: \"us-east-1\"", "us-east-1"),
        ] {
            assert_eq!(examples_in(text), [wanted], "{text}");
        }
    }

    #[test]
    fn prose_patterns_and_pieces_of_queries_are_no_values() {
        for text in [
            "The name of the zone",
            "For example, `limit=10` gives ten",
            "e.g. `/users/{id}`",
            "for example 'all of them'",
            "for example `",
            "such as pears",
        ] {
            assert_eq!(examples_in(text), Vec::<&str>::new(), "{text}");
        }
    }
}
