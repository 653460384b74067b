//! Formats of OpenAPI's registry, which the second validator does not know, written anew from their pages
//! (<https://spec.openapis.org/registry/format/>).

use std::error::Error;

use base64::Engine as _;
use boon::Format;
use oasgate::contract::Direction;
use serde_json::Value;

type Named = (&'static str, fn(&Value) -> Answer);

type Answer = Result<(), Box<dyn Error>>;

/// The formats that speak of what travels in a direction.
pub(crate) fn registry(direction: Direction) -> Vec<Format> {
    let mut formats: Vec<Named> = vec![
        ("int8", |value| whole(value, i8::MIN.into(), i8::MAX.into())),
        ("int16", |value| {
            whole(value, i16::MIN.into(), i16::MAX.into())
        }),
        ("int32", |value| {
            whole(value, i32::MIN.into(), i32::MAX.into())
        }),
        ("int64", |value| {
            whole_or_digits(value, i64::MIN.into(), i64::MAX.into())
        }),
        ("uint8", |value| whole(value, 0, u8::MAX.into())),
        ("uint16", |value| whole(value, 0, u16::MAX.into())),
        ("uint32", |value| whole(value, 0, u32::MAX.into())),
        ("uint64", |value| whole_or_digits(value, 0, u64::MAX.into())),
        ("double-int", |value| {
            whole(value, -9_007_199_254_740_991, 9_007_199_254_740_991)
        }),
        ("byte", |value| {
            is(value, |text| {
                base64::engine::general_purpose::STANDARD
                    .decode(text.replace(['\r', '\n'], ""))
                    .is_ok()
            })
        }),
        ("base64url", |value| {
            is(value, |text| {
                base64::engine::general_purpose::URL_SAFE_NO_PAD
                    .decode(text.trim_end_matches('='))
                    .is_ok()
            })
        }),
        ("char", |value| is(value, |text| text.chars().count() == 1)),
        ("decimal", |value| {
            is(value, |text| text.parse::<f64>().is_ok_and(f64::is_finite))
        }),
    ];
    if direction == Direction::Request {
        formats.push(("float", |value| {
            let is_beyond = value
                .as_f64()
                .is_some_and(|number| number.abs() > f64::from(f32::MAX));
            if is_beyond {
                return Err("no float".into());
            }
            Ok(())
        }));
    }
    let formats = formats.into_iter();
    formats.map(|(name, func)| Format { name, func }).collect()
}

/// A text of which something is asked; what is no text is not spoken of.
fn is(value: &Value, asked: fn(&str) -> bool) -> Answer {
    match value {
        Value::String(text) if !asked(text) => Err("not of the format".into()),
        _ => Ok(()),
    }
}

/// A whole number within bounds; what is no number is not spoken of.
fn whole(value: &Value, least: i128, most: i128) -> Answer {
    let Value::Number(number) = value else {
        return Ok(());
    };
    let written = number.to_string();
    let exact: Option<i128> = written.parse().ok().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    });
    if exact.is_some_and(|number| (least..=most).contains(&number)) {
        return Ok(());
    }
    Err("not a whole number within the bounds of the format".into())
}

/// As [`whole`]; a text of digits stands for the number too.
fn whole_or_digits(value: &Value, least: i128, most: i128) -> Answer {
    match value {
        Value::String(text) => {
            let number: i128 = text.parse()?;
            if (least..=most).contains(&number) {
                return Ok(());
            }
            Err("digits beyond the bounds of the format".into())
        }
        _ => whole(value, least, most),
    }
}
