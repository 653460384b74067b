//! The formats of OpenAPI's registry that JSON Schema's own list lacks.
//!
//! JSON Schema's formats speak of strings; these also speak of numbers. Each says what a value must
//! be to be of it, and, for generation, what keywords describe its plain values. Source: the OpenAPI
//! format registry (<https://spec.openapis.org/registry/format/>); 3.0.4 §4.4 for the oldest.

use serde_json::{Map, Number, Value, json};

use super::{
    Direction,
    exact::{self, Decimal},
};

/// A registered format.
pub(crate) struct RegisteredFormat {
    name: &'static str,
    accepts: fn(&Value, Direction) -> bool,
    /// Keywords that plain values of it obey; they hold beside those of the schema.
    describes: fn() -> Value,
}

/// The format of this name, where it is one of these.
pub(super) fn registered(name: &str) -> Option<&'static RegisteredFormat> {
    REGISTERED.iter().find(|format| format.name == name)
}

/// JSON Schema 2020-12 §7.3 and the OpenAPI format registry.
pub(crate) const KNOWN_FORMATS: &[&str] = &[
    "base64url",
    "binary",
    "byte",
    "char",
    "commonmark",
    "date",
    "date-time",
    "decimal",
    "decimal128",
    "double",
    "double-int",
    "duration",
    "email",
    "float",
    "hostname",
    "html",
    "http-date",
    "idn-email",
    "idn-hostname",
    "int16",
    "int32",
    "int64",
    "int8",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "media-range",
    "password",
    "regex",
    "relative-json-pointer",
    "sf-binary",
    "sf-boolean",
    "sf-decimal",
    "sf-integer",
    "sf-string",
    "sf-token",
    "time",
    "time-local",
    "date-time-local",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unix-time",
    "unixtime",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Whether a format is one that JSON Schema or OpenAPI's registry defines. Nobody else can say whether a value is of
/// another (OpenAPI 3.0.4 §4.4: `format` is open-valued).
pub(crate) fn is_known_format(name: &str) -> bool {
    KNOWN_FORMATS.contains(&name)
}

impl RegisteredFormat {
    /// Whether a value is of the format, or of a type that the format does not speak of.
    pub(super) fn accepts(&self, value: &Value, direction: Direction) -> bool {
        (self.accepts)(value, direction)
    }

    /// Keywords of plain values of the format, to hold beside those of a schema object. What only
    /// some values of the format match is left to the schema where it has a say of its own.
    pub(super) fn plain_values(&self, beside: &Map<String, Value>) -> Value {
        let mut described = (self.describes)();
        let has_any = |keywords: &[&str]| keywords.iter().any(|one| beside.contains_key(*one));
        let has_say = has_any(&["const", "enum"])
            || has_any(&["maxLength", "minLength", "pattern"])
                && !DESCRIBED_AT_ANY_LENGTH.contains(&self.name);
        if let Value::Object(keywords) = &mut described
            && has_say
        {
            keywords.shift_remove("pattern");
        }
        described
    }
}

/// Formats whose pattern matches values of every length that they have.
const DESCRIBED_AT_ANY_LENGTH: [&str; 2] = ["base64url", "byte"];

/// The greatest whole number that a double tells from its neighbours (RFC 8259 §6).
const EXACT: i64 = (1 << 53) - 1;

/// Base64 of RFC 4648 §4, which pads. Where bits are left over they are zero: some readers refuse all else
/// (§3.5).
const BASE64: &str =
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";

/// Base64 with the alphabet of RFC 4648 §5, likewise, without padding.
const BASE64_URL: &str =
    "^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$";

const REGISTERED: &[RegisteredFormat] = &[
    RegisteredFormat {
        name: "int8",
        accepts: |value, _| is_whole(value, i8::MIN.into(), i8::MAX.into()),
        describes: || whole(i8::MIN.into(), i8::MAX.into()),
    },
    RegisteredFormat {
        name: "int16",
        accepts: |value, _| is_whole(value, i16::MIN.into(), i16::MAX.into()),
        describes: || whole(i16::MIN.into(), i16::MAX.into()),
    },
    RegisteredFormat {
        name: "int32",
        accepts: |value, _| is_whole(value, i32::MIN.into(), i32::MAX.into()),
        describes: || whole(i32::MIN.into(), i32::MAX.into()),
    },
    RegisteredFormat {
        name: "int64",
        accepts: |value, _| is_whole_or_text(value, i64::MIN.into(), i64::MAX.into()),
        describes: || whole(i64::MIN.into(), i64::MAX.into()),
    },
    RegisteredFormat {
        name: "uint8",
        accepts: |value, _| is_whole(value, 0, u8::MAX.into()),
        describes: || whole(0, u8::MAX.into()),
    },
    RegisteredFormat {
        name: "uint16",
        accepts: |value, _| is_whole(value, 0, u16::MAX.into()),
        describes: || whole(0, u16::MAX.into()),
    },
    RegisteredFormat {
        name: "uint32",
        accepts: |value, _| is_whole(value, 0, u32::MAX.into()),
        describes: || whole(0, u32::MAX.into()),
    },
    RegisteredFormat {
        name: "uint64",
        accepts: |value, _| is_whole_or_text(value, 0, u64::MAX.into()),
        describes: || whole(0, u64::MAX.into()),
    },
    RegisteredFormat {
        name: "double-int",
        accepts: |value, _| is_whole(value, (-EXACT).into(), EXACT.into()),
        describes: || whole((-EXACT).into(), EXACT.into()),
    },
    // What a response says beyond the range of a float is a number all the same, which a reader
    // rounds; what is sent to a service stays within.
    RegisteredFormat {
        name: "float",
        accepts: |value, direction| {
            let within = |number: f64| number.abs() <= f64::from(f32::MAX);
            direction == Direction::Response || value.as_f64().is_none_or(within)
        },
        describes: || json!({ "minimum": -f32::MAX, "maximum": f32::MAX }),
    },
    RegisteredFormat {
        name: "double",
        accepts: |_, _| true,
        describes: || json!({}),
    },
    RegisteredFormat {
        name: "byte",
        accepts: |value, _| text(value).is_none_or(is_base64),
        describes: || json!({ "pattern": BASE64 }),
    },
    RegisteredFormat {
        name: "base64url",
        accepts: |value, _| text(value).is_none_or(is_base64url),
        describes: || json!({ "pattern": BASE64_URL }),
    },
    RegisteredFormat {
        name: "char",
        accepts: |value, _| text(value).is_none_or(|text| text.chars().count() == 1),
        describes: || json!({ "minLength": 1, "maxLength": 1 }),
    },
    RegisteredFormat {
        name: "decimal",
        accepts: |value, _| text(value).is_none_or(is_decimal),
        describes: || json!({ "pattern": "^-?(?:0|[1-9][0-9]{0,8})(?:\\.[0-9]{1,2})?$" }),
    },
    RegisteredFormat {
        name: "decimal128",
        accepts: |value, _| {
            let special = ["NaN", "Infinity", "-Infinity", "INF", "-INF"];
            text(value).is_none_or(|text| special.contains(&text) || is_decimal(text))
        },
        describes: || json!({ "pattern": "^-?(?:0|[1-9][0-9]{0,8})(?:\\.[0-9]{1,2})?$" }),
    },
    RegisteredFormat {
        name: "unixtime",
        accepts: |_, _| true,
        describes: || json!({ "minimum": 0, "multipleOf": 1 }),
    },
    RegisteredFormat {
        name: "http-date",
        accepts: |value, _| text(value).is_none_or(|text| httpdate::parse_http_date(text).is_ok()),
        describes: || json!({ "pattern": "^Thu, 0[1-9] Jan 2026 [01][0-9]:[0-5][0-9]:[0-5][0-9] GMT$" }),
    },
    RegisteredFormat {
        name: "date-time-local",
        accepts: |value, _| text(value).is_none_or(is_local_date_time),
        describes: || json!({ "pattern": "^20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]$" }),
    },
    RegisteredFormat {
        name: "time-local",
        accepts: |value, _| text(value).is_none_or(is_local_time),
        describes: || json!({ "pattern": "^[01][0-9]:[0-5][0-9]:[0-5][0-9]$" }),
    },
    RegisteredFormat {
        name: "media-range",
        accepts: |value, _| text(value).is_none_or(is_media_range),
        describes: || json!({ "pattern": "^(?:text|image)/[a-z]{1,8}$" }),
    },
    RegisteredFormat {
        name: "sf-integer",
        accepts: |value, _| is_whole(value, -999_999_999_999_999, 999_999_999_999_999),
        describes: || whole(-999_999_999_999_999, 999_999_999_999_999),
    },
    RegisteredFormat {
        name: "sf-decimal",
        accepts: |value, _| value.as_f64().is_none_or(|number| number.abs() < 1e12),
        describes: || json!({ "minimum": -999_999_999_999_i64, "maximum": 999_999_999_999_i64 }),
    },
    RegisteredFormat {
        name: "sf-boolean",
        accepts: |value, _| text(value).is_none_or(|text| matches!(text, "?0" | "?1")),
        describes: || json!({ "pattern": "^\\?[01]$" }),
    },
    RegisteredFormat {
        name: "sf-binary",
        accepts: |value, _| text(value).is_none_or(is_byte_sequence),
        describes: || json!({ "pattern": "^:(?:[A-Za-z0-9+/]{4}){0,3}:$" }),
    },
    RegisteredFormat {
        name: "sf-token",
        accepts: |value, _| text(value).is_none_or(is_structured_token),
        describes: || json!({ "pattern": "^[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]{0,8}$" }),
    },
];

/// Whole numbers, as a schema. Texts of digits where a text stands for the number, as protobuf's JSON
/// has it.
fn whole(least: i128, most: i128) -> Value {
    let bound = |number: i128| {
        i64::try_from(number)
            .map(Number::from)
            .or_else(|_| u64::try_from(number).map(Number::from))
            .map_or(Value::Null, Value::Number)
    };
    let sign = if least < 0 { "-?" } else { "" };
    let digits = if most > 999 { 3 } else { 2 };
    json!({
        "minimum": bound(least),
        "maximum": bound(most),
        "multipleOf": 1,
        "pattern": format!("^(?:0|{sign}[1-9][0-9]{{0,{}}})$", digits - 1),
    })
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// As [`is_whole`]; a text holds such a number too, since not every reader of JSON keeps all of its digits.
fn is_whole_or_text(value: &Value, least: i128, most: i128) -> bool {
    match value {
        Value::String(text) => text
            .parse()
            .is_ok_and(|number: i128| (least..=most).contains(&number)),
        _ => is_whole(value, least, most),
    }
}

/// Whether a number is whole and within bounds; what is no number is not spoken of.
fn is_whole(value: &Value, least: i128, most: i128) -> bool {
    let Value::Number(number) = value else {
        return true;
    };
    let exact = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    if let Some(exact) = exact {
        return (least..=most).contains(&exact);
    }
    if exact::written(number).is_some()
        && let Some(number) = Decimal::of(number)
    {
        let bound = |bound: i128| Decimal::parse(&bound.to_string());
        return number.is_whole()
            && bound(least).is_none_or(|least| number >= least)
            && bound(most).is_none_or(|most| number <= most);
    }
    let Some(float) = number.as_f64() else {
        return false;
    };
    // Every double of 2^53 and more is whole, and exact as an i128 up to 2^127.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a double beyond the range saturates, which is outside of every bound here"
    )]
    let exact = float as i128;
    float.fract() == 0.0 && (least..=most).contains(&exact)
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !(whole.is_empty() && fraction.is_empty())
        && [whole, fraction, exponent].into_iter().all(all_digits)
        && !exponent.is_empty()
}

/// Base64 with padding; line breaks inside are MIME's habit (RFC 2045 §6.8).
fn is_base64(text: &str) -> bool {
    let bytes = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let mut length = 0_usize;
    let mut padding = 0_usize;
    for byte in bytes {
        length += 1;
        if byte == b'=' {
            padding += 1;
        } else if padding > 0 || !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')) {
            return false;
        }
    }
    length.is_multiple_of(4) && padding <= 2
}

/// Base64 with the alphabet of RFC 4648 §5; padding may be left out.
fn is_base64url(text: &str) -> bool {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    unpadded.bytes().all(alphabet)
        && unpadded.len() % 4 != 1
        && (padding == 0 || padding <= 2 && text.len().is_multiple_of(4))
}

/// A byte sequence of a structured field (RFC 9651 §3.3.5).
fn is_byte_sequence(text: &str) -> bool {
    let inside = text
        .strip_prefix(':')
        .and_then(|rest| rest.strip_suffix(':'));
    inside.is_some_and(is_base64)
}

/// A token of a structured field (RFC 9651 §3.3.4).
fn is_structured_token(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
        && text
            .bytes()
            .all(|byte| is_token_byte(byte) || matches!(byte, b':' | b'/'))
}

/// A media range with its parameters (RFC 9110 §12.5.1).
fn is_media_range(text: &str) -> bool {
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_token_byte);
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    essence.split_once('/').is_some_and(|(kind, subtype)| {
        is_token(kind) && is_token(subtype) && (kind != "*" || subtype == "*")
    })
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `date-time` of RFC 3339 §5.6 without its offset.
fn is_local_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't', ' ']) else {
        return false;
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    is_number(year, 4, 0, 9_999)
        && is_number(month, 2, 1, 12)
        && is_number(day, 2, 1, 31)
        && is_local_time(time)
}

/// `partial-time` of RFC 3339 §5.6.
fn is_local_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else {
        return false;
    };
    is_number(hour, 2, 0, 23)
        && is_number(minute, 2, 0, 59)
        && is_number(second, 2, 0, 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is so many digits of a number within bounds.
fn is_number(text: &str, digits: usize, least: u32, most: u32) -> bool {
    text.len() == digits
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text
            .parse()
            .is_ok_and(|number: u32| (least..=most).contains(&number))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Direction, registered};

    #[test]
    fn values_are_of_a_format_or_not() {
        let of: &[(&str, &[Value])] = &[
            (
                "int32",
                &[
                    json!(2_147_483_647),
                    json!(-0.0),
                    json!(1e3),
                    json!("x"),
                    json!(null),
                ],
            ),
            ("int64", &[json!(i64::MIN), json!(i64::MAX), json!(1e15)]),
            ("uint8", &[json!(0), json!(255)]),
            ("uint64", &[json!(u64::MAX)]),
            ("double-int", &[json!(9_007_199_254_740_991_i64)]),
            ("float", &[json!(1e39)]),
            (
                "byte",
                &[
                    json!(""),
                    json!("AA=="),
                    json!("+/+/"),
                    json!("AAAA\r\nAAAA"),
                ],
            ),
            ("base64url", &[json!("-_-_"), json!("AA"), json!("AA==")]),
            ("char", &[json!("a"), json!("😀")]),
            (
                "decimal",
                &[json!("1.50"), json!("-3"), json!(1.5), json!("1e3")],
            ),
            ("http-date", &[json!("Thu, 01 Jan 2026 00:00:00 GMT")]),
            ("sf-token", &[json!("a*b/c:d"), json!("*x"), json!(1)]),
            ("sf-boolean", &[json!("?1"), json!(true)]),
            ("sf-binary", &[json!(":QQ==:"), json!("::")]),
            (
                "sf-decimal",
                &[json!(1.5), json!(-999_999_999_999.5), json!("x")],
            ),
            (
                "media-range",
                &[json!("*/*"), json!("text/*"), json!("a/b; q=0.5")],
            ),
            (
                "date-time-local",
                &[
                    json!("2026-02-03T23:59:60"),
                    json!("2026-02-03 00:00:00.25"),
                ],
            ),
            ("time-local", &[json!("07:30:00.5")]),
        ];
        for (name, values) in of {
            for value in *values {
                let format = registered(name).expect("it is in the table");
                assert!(format.accepts(value, Direction::Response), "{name} {value}");
            }
        }
        let not: &[(&str, &[Value])] = &[
            (
                "int32",
                &[
                    json!(2_147_483_648_i64),
                    json!(1.5),
                    json!(-2_147_483_649_i64),
                ],
            ),
            ("int64", &[json!(u64::MAX), json!(9.3e18), json!(1e300)]),
            ("uint8", &[json!(-1), json!(256)]),
            ("uint64", &[json!(-1), json!(1.9e19)]),
            ("double-int", &[json!(9_007_199_254_740_992_i64)]),
            (
                "byte",
                &[json!("A"), json!("a-_="), json!("===="), json!("no base64")],
            ),
            ("base64url", &[json!("A"), json!("+/+/"), json!("A===")]),
            ("char", &[json!(""), json!("ab")]),
            (
                "decimal",
                &[json!("a"), json!(""), json!("1,5"), json!("1e")],
            ),
            ("http-date", &[json!("yesterday")]),
            ("sf-token", &[json!("1a"), json!(""), json!("a b")]),
            ("sf-boolean", &[json!("true"), json!("?2")]),
            ("sf-binary", &[json!("QQ=="), json!(":Q:")]),
            ("sf-decimal", &[json!(1e12)]),
            (
                "media-range",
                &[json!("text"), json!("*/a"), json!("a b/c")],
            ),
            (
                "date-time-local",
                &[json!("2026-02-03T00:00:00Z"), json!("2026-13-01T00:00:00")],
            ),
            (
                "time-local",
                &[json!("24:00:00"), json!("7:30"), json!("07:30:00.")],
            ),
        ];
        for (name, values) in not {
            for value in *values {
                let format = registered(name).expect("it is in the table");
                assert!(
                    !format.accepts(value, Direction::Response),
                    "{name} {value}"
                );
            }
        }
    }
}
