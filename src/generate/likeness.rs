//! Strings that look like data: as the document shows them, or as the name of the property says.
//!
//! A guess only ever chooses among valid values; whoever takes one asks the judge.

use std::{collections::HashMap, sync::LazyLock};

use proptest::test_runner::TestRng;
use serde_json::Value;

use super::{
    pattern::Pattern,
    random::{below, once_in, pick},
};

/// What the values of properties look like, by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Likeness {
    shown: HashMap<String, Vec<Value>>,
}

/// How many values are kept for one name.
const MAX_SHOWN: usize = 16;

/// What the end of a name says of its values.
const BY_NAME: &[(&[&str], &str)] = &[
    (
        &["_at", "timestamp", "datetime", "date_time", "_until", "_on"],
        "20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z",
    ),
    (&["date", "day"], "20[0-9]{2}-0[1-9]-[12][0-8]"),
    (&["email", "mail"], "[a-z]{3,8}@[a-z]{3,8}\\.example"),
    (
        &["url", "uri", "link", "href"],
        "https://[a-z]{3,8}\\.example/[a-z0-9]{0,8}",
    ),
    (&["host", "hostname", "domain"], "[a-z]{3,8}\\.example"),
    (
        &["uuid", "guid"],
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
    (&["token", "hash", "sha", "digest"], "[0-9a-f]{16}"),
    (&["_id", "id"], "[0-9a-f]{8}"),
    (&["currency"], "EUR|USD|GBP|JPY"),
    (&["country"], "DE|US|GB|JP"),
    (&["language", "locale", "lang"], "en|de|fr|ja"),
    (&["phone"], "\\+4930[0-9]{6}"),
    (&["color", "colour"], "#[0-9a-f]{6}"),
    (&["ip", "ip_address"], "10\\.[0-9]\\.[0-9]\\.[1-9]"),
    (&["version"], "[0-9]\\.[0-9]{1,2}\\.[0-9]"),
    (&["name", "title", "label"], "[A-Z][a-z]{3,8}"),
];

impl Likeness {
    /// From the values that a document shows for properties.
    pub(super) fn of(shown: Vec<(String, Value)>) -> Self {
        let mut likeness = Self::default();
        likeness.add(shown);
        likeness
    }

    /// Takes in more values that are shown, by name.
    pub(super) fn add(&mut self, shown: impl IntoIterator<Item = (String, Value)>) {
        for (name, value) in shown {
            let known = self.shown.entry(name).or_default();
            if known.len() < MAX_SHOWN && !known.contains(&value) {
                known.push(value);
            }
        }
    }

    /// Whether anything is shown at all.
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The first value that is shown for a property and fits.
    pub(super) fn first(&self, name: &str, fits: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.shown.get(name)?.iter().find(|value| fits(value))
    }

    /// A value that is shown for a property and fits.
    pub(super) fn any(
        &self,
        name: &str,
        rng: &mut TestRng,
        fits: impl Fn(&Value) -> bool,
    ) -> Option<&Value> {
        let shown = self.shown.get(name)?.iter();
        let fitting: Vec<&Value> = shown.filter(|value| fits(value)).collect();
        pick(rng, &fitting).copied()
    }

    /// A number that is shown for a property.
    pub(super) fn number(&self, name: &str, rng: &mut TestRng) -> Option<Value> {
        pick(rng, self.shown.get(name)?)
            .filter(|value| value.is_number())
            .cloned()
    }

    /// A string that is shown for a property, or one of the same make.
    pub(super) fn shown_text(&self, name: &str, rng: &mut TestRng) -> Option<String> {
        let shown = self.shown.get(name).and_then(|shown| pick(rng, shown));
        let example = shown.and_then(Value::as_str)?;
        Some(if once_in(rng, 2) {
            example.to_owned()
        } else {
            varied(example, rng)
        })
    }

    /// A string for a property; `None` where nothing is known of it.
    pub(super) fn text(&self, name: &str, rng: &mut TestRng) -> Option<String> {
        if let Some(shown) = self.shown_text(name, rng) {
            return Some(shown);
        }
        let name = snake(name);
        let (_, pattern) = BY_NAME.iter().find(|(endings, _)| {
            endings.iter().any(|ending| {
                name.strip_suffix(ending.trim_start_matches('_'))
                    .is_some_and(|rest| {
                        rest.ends_with('_') || rest.is_empty() && !ending.starts_with('_')
                    })
            })
        })?;
        Some(pattern_of(pattern)?.draw(rng, 0, 64))
    }
}

/// A pattern of the table above, read once.
fn pattern_of(text: &'static str) -> Option<&'static Pattern> {
    static READ: LazyLock<HashMap<&'static str, Pattern>> = LazyLock::new(|| {
        let all = BY_NAME.iter();
        all.filter_map(|(_, text)| Some((*text, Pattern::parse(text)?)))
            .collect()
    });
    READ.get(text)
}

/// `createdAt` and `created-at` as `created_at`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(match character {
            '-' | '.' | ' ' => '_',
            other => other.to_ascii_lowercase(),
        });
    }
    snake
}

/// Another string of the same make. A date or a time becomes another one; of an identifier the part
/// behind the last separator gets other characters of the same kinds, so that `dta_xprt_abcd1234`
/// keeps its prefix; a word stays as it is.
pub(super) fn varied(example: &str, rng: &mut TestRng) -> String {
    if is_dated(example) {
        return redated(example, rng);
    }
    let start = example
        .rfind(['_', '-', '/', '.', ':', ' '])
        .map_or(0, |at| at + 1);
    let (prefix, tail) = example.split_at(start);
    let is_hex = tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_digit = tail.bytes().any(|byte| byte.is_ascii_digit());
    let is_identifier = tail.len() >= 4 && has_digit || tail.len() >= 8 && is_hex;
    if !is_identifier {
        return example.to_owned();
    }
    // The last group of a padded base64 has bits that some readers want to be zero (RFC 4648 §3.5).
    let kept = if tail.is_ascii() && tail.ends_with('=') {
        4
    } else {
        0
    };
    let (tail, end) = tail.split_at(tail.len().saturating_sub(kept));
    let changed: String = tail
        .chars()
        .map(|character| match character {
            '0'..='9' | 'a'..='f' if is_hex => {
                char::from_digit(u32::try_from(below(rng, 16)).unwrap_or(0), 16).unwrap_or('0')
            }
            '0'..='9' => digit(rng, 10),
            'a'..='z' => char::from(b'a' + u8::try_from(below(rng, 26)).unwrap_or(0)),
            'A'..='Z' => char::from(b'A' + u8::try_from(below(rng, 26)).unwrap_or(0)),
            other => other,
        })
        .collect();
    format!("{prefix}{changed}{end}")
}

fn digit(rng: &mut TestRng, bound: usize) -> char {
    char::from(b'0' + u8::try_from(below(rng, bound)).unwrap_or(0))
}

/// Whether a text begins with a date such as `2025-03-20`.
fn is_dated(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The same text with another day and, where it goes on with a time, another minute and second.
fn redated(text: &str, rng: &mut TestRng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    // Every month has the days from 01 to 28.
    let day = 1 + below(rng, 28);
    characters[8] = char::from_digit(u32::try_from(day / 10).unwrap_or(0), 10).unwrap_or('0');
    characters[9] = char::from_digit(u32::try_from(day % 10).unwrap_or(1), 10).unwrap_or('1');
    for at in [14_usize, 17] {
        let is_number = characters.get(at.saturating_sub(1)) == Some(&':')
            && matches!(characters.get(at..at + 2), Some([a, b]) if a.is_ascii_digit() && b.is_ascii_digit());
        if is_number {
            characters[at] = digit(rng, 6);
            characters[at + 1] = digit(rng, 10);
        }
    }
    characters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::test_runner::{RngAlgorithm, TestRng};

    use super::*;

    #[test]
    fn an_example_keeps_its_prefix_and_a_name_speaks() {
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[3; 32]);
        let other = varied("dta_xprt_abcd1234567890ef", &mut rng);
        assert!(
            other.starts_with("dta_xprt_") && other.len() == 25,
            "{other}"
        );
        let padded = varied("YWJjMTIzNDU2Nw==", &mut rng);
        assert!(padded.ends_with("Nw=="), "{padded}");
        let time = varied("2025-03-20T12:00:00Z", &mut rng);
        assert!(
            time.starts_with("2025-03-") && time.ends_with('Z'),
            "{time}"
        );
        assert_eq!(varied("cost_report", &mut rng), "cost_report");
        let likeness = Likeness::default();
        let time = likeness.text("createdAt", &mut rng).expect("known");
        assert!(time.contains('T') && time.ends_with('Z'), "{time}");
        assert!(likeness.text("flat", &mut rng).is_none());
        assert!(
            likeness
                .text("email", &mut rng)
                .is_some_and(|mail| mail.contains('@'))
        );
    }
}
