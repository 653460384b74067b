//! Strings by length, pattern and format.

use proptest::{prelude::*, sample::select, string::string_regex};
use serde_json::{Map, Value};

/// What makes a string of one format.
struct Format {
    name: &'static str,
    strategy: fn() -> BoxedStrategy<String>,
}

/// Every format that is generated; what is of another format is any string that the validator takes.
const FORMATS: &[Format] = &[
    Format {
        name: "date-time",
        strategy: || regex("20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z"),
    },
    Format {
        name: "date",
        strategy: || regex("20[0-9]{2}-0[1-9]-[12][0-8]"),
    },
    Format {
        name: "time",
        strategy: || regex("[01][0-9]:[0-5][0-9]:[0-5][0-9]Z"),
    },
    Format {
        name: "duration",
        strategy: || regex("P[1-9]D|PT[1-9][0-9]?M"),
    },
    Format {
        name: "uuid",
        strategy: || regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    },
    Format {
        name: "email",
        strategy: || regex("[a-z]{1,8}@[a-z]{1,8}\\.example"),
    },
    Format {
        name: "idn-email",
        strategy: || regex("[a-z]{1,8}@[a-z]{1,8}\\.example"),
    },
    Format {
        name: "hostname",
        strategy: || regex("[a-z]{1,8}\\.example"),
    },
    Format {
        name: "idn-hostname",
        strategy: || regex("[a-z]{1,8}\\.example"),
    },
    Format {
        name: "uri",
        strategy: || regex("https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}"),
    },
    Format {
        name: "url",
        strategy: || regex("https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}"),
    },
    Format {
        name: "iri",
        strategy: || regex("https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}"),
    },
    Format {
        name: "uri-reference",
        strategy: || regex("/[a-z0-9]{0,8}"),
    },
    Format {
        name: "iri-reference",
        strategy: || regex("/[a-z0-9]{0,8}"),
    },
    Format {
        name: "uri-template",
        strategy: || regex("/[a-z]{0,8}/\\{[a-z]{1,4}\\}"),
    },
    Format {
        name: "ipv4",
        strategy: || regex("10\\.[0-9]\\.[0-9]\\.[1-9]"),
    },
    Format {
        name: "ipv6",
        strategy: || regex("2001:db8::[0-9a-f]{1,4}"),
    },
    Format {
        name: "byte",
        strategy: || regex("([A-Za-z0-9]{4}){0,6}"),
    },
    Format {
        name: "json-pointer",
        strategy: || regex("(/[a-z0-9]{1,6}){0,3}"),
    },
    Format {
        name: "relative-json-pointer",
        strategy: || regex("[0-9](/[a-z0-9]{1,6}){0,3}"),
    },
    Format {
        name: "regex",
        strategy: || regex("[a-z]{1,6}\\*?"),
    },
];

/// The longest string that is made without being asked for.
const USUAL_LENGTH: usize = 24;

/// The longest string that is made at all, in characters.
const MOST_LENGTH: usize = 4096;

fn regex(pattern: &str) -> BoxedStrategy<String> {
    string_regex(pattern).map_or_else(|_| Just(String::new()).boxed(), Strategy::boxed)
}

/// Strings for the string keywords of a schema.
pub(super) fn strategy(schema: &Map<String, Value>) -> BoxedStrategy<Value> {
    let bound = |keyword: &str| {
        schema
            .get(keyword)
            .and_then(Value::as_u64)
            .and_then(|bound| usize::try_from(bound).ok())
    };
    let least = bound("minLength").unwrap_or(0).min(MOST_LENGTH);
    let most = bound("maxLength")
        .unwrap_or_else(|| least + USUAL_LENGTH)
        .clamp(least, least.max(MOST_LENGTH));
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && let Some(strings) = matching(pattern, least, most)
    {
        return strings.prop_map(Value::String).boxed();
    }
    let format = schema.get("format").and_then(Value::as_str);
    if let Some(format) = FORMATS.iter().find(|known| Some(known.name) == format) {
        return (format.strategy)().prop_map(Value::String).boxed();
    }
    let usual = most.min(least + USUAL_LENGTH);
    let plain = text("[a-zA-Z0-9]", least, usual);
    let spaced = text("[a-zA-Z0-9 _.-]", least, usual);
    let any = text("\\PC", least, usual);
    prop_oneof![4 => plain, 2 => spaced, 1 => any]
        .prop_map(Value::String)
        .boxed()
}

fn text(class: &str, least: usize, most: usize) -> BoxedStrategy<String> {
    regex(&format!("{class}{{{least},{most}}}"))
}

/// Strings that match an ECMA-262 pattern, as far as it can be read as a regular expression.
fn matching(pattern: &str, least: usize, most: usize) -> Option<BoxedStrategy<String>> {
    let translated = translate(pattern);
    let is_open = !translated.starts_with('^') || !translated.ends_with('$');
    let bare = translated.trim_start_matches('^');
    let bare = bare
        .strip_suffix('$')
        .filter(|rest| !rest.ends_with('\\'))
        .unwrap_or(bare);
    let strings = string_regex(bare).ok()?;
    // A pattern that is open at an end leaves room for more, which a least length may need.
    let padded = strings
        .prop_map(move |text| {
            let length = text.chars().count();
            if is_open && length < least {
                format!("{text}{}", "a".repeat(least - length))
            } else {
                text
            }
        })
        .prop_filter("the length does not fit", move |text| {
            (least..=most).contains(&text.chars().count())
        });
    Some(padded.boxed())
}

/// The differences between ECMA-262 and Rust's syntax that patterns in documents really have.
fn translate(pattern: &str) -> String {
    pattern
        .replace("\\/", "/")
        .replace("\\d", "[0-9]")
        .replace("\\w", "[A-Za-z0-9_]")
        .replace("(?:^", "(?:")
        .replace("\\-", "\\x2d")
}

/// Any of a few strings, for names of properties that a schema leaves open.
pub(super) fn names() -> BoxedStrategy<String> {
    prop_oneof![
        select(vec!["name", "key", "value", "extra"]).prop_map(str::to_owned),
        regex("[a-z]{1,8}")
    ]
    .boxed()
}
