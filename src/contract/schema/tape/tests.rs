//! Tapes beside values.

use jsonschema::json::Node as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MAX_LEVELS, MAX_MEMBERS, Tape};
use crate::contract::{Contract, Direction, Schema};

fn read(text: &str) -> Option<Value> {
    let tape = Tape::read(text, 1_000)?;
    Some(tape.root().to_value().into_owned())
}

#[test]
fn what_is_read_is_the_value() {
    for text in [
        r#"{"a": [1, -2, 3.5, "x\n\u00e4", null, true], "b": {}, "c": [], "": false}"#,
        " [ 0 , -0 , 1e3, 18446744073709551615, -9223372036854775808, 123456789012345678 ] ",
        r#""long enough to be read by words, with an \"escape\" near its end""#,
        r#"{"name": 1, "nbme": 2, "nnme": 3}"#,
        "7",
    ] {
        let value: Value = serde_json::from_str(text).expect("it is JSON");
        assert_eq!(read(text), Some(value), "{text}");
    }
}

#[test]
fn what_is_out_of_the_ordinary_is_left() {
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(&nested(MAX_LEVELS)).is_some());
    let members = |count: usize| {
        let members: Vec<_> = (0..count).map(|name| format!("\"{name}\": 0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(read(&members(MAX_MEMBERS)).is_some());
    let many = format!("[{}0]", "0,".repeat(1_000));
    for text in [
        &nested(MAX_LEVELS + 1),
        &members(MAX_MEMBERS + 1),
        &many,
        r#"{"a": 1, "b": {"a": 2}, "a": 3}"#,
        r#"{"a": 1, "\u0061": 3}"#,
        r#"["\ud800"]"#,
        "[1e400]",
        "",
        " ",
        "{'a': 1}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{} {}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "nul",
        "truex",
        "NaN",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "\"a",
        "\"a\\",
        "\"a\nb and so on\"",
        "\"\\x\"",
        "[",
        "{",
        "{\"a\"",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert!(Tape::read("[1, 0.0]", 9).is_some_and(|tape| tape.may_need_digits));
    assert!(Tape::read("[1e300]", 9).is_some_and(|tape| tape.may_need_digits));
    assert!(Tape::read("[1, 0.5, 0]", 9).is_some_and(|tape| !tape.may_need_digits));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-e\"\\\\\u{1}-\u{20}\u{e4}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-e\"]{0,3}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A schema with every keyword of our own and most of the others.
fn schema() -> Schema {
    let node = json!({ "$ref": "#/components/schemas/Node" });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": {},
        "components": { "schemas": {
            "Node": {
                "properties": {
                    "a": { "type": ["integer", "array", "null"], "format": "int32", "multipleOf": 2 },
                    "b": { "anyOf": [node, { "type": "string", "format": "byte", "maxLength": 3 }] },
                    "c": { "oneOf": [{ "const": [1] }, { "enum": ["a", 1.0, null, {}] }, node] },
                    "d": { "pattern": "^a", "minLength": 1, "minimum": 0 },
                },
                "additionalProperties": node,
                "propertyNames": { "maxLength": 2 },
                "items": node,
                "uniqueItems": true,
                "minItems": 1,
                "maxProperties": 4,
                "dependentRequired": { "a": ["b"] },
                "not": { "required": ["e", "d"] },
                "if": { "required": ["c"] },
                "then": { "unevaluatedProperties": false },
            },
        } },
    });
    let document = oasgate_document::Document::parse("t", document.to_string());
    let contract = Contract::from_document(document.expect("it is one"));
    contract
        .schema("Node", Direction::Response)
        .expect("it is named")
}

proptest! {
    #[test]
    fn a_text_reads_to_the_value_that_was_written(value in value()) {
        let text = value.to_string();
        let read = read(&text);
        prop_assert_eq!(read, serde_json::from_str(&text).ok());
    }

    #[test]
    fn no_text_is_read_that_is_no_json(text in "[\\[\\]{}:,\"a0.e\\-\\\\ ]{0,9}") {
        if let Some(read) = read(&text) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(read));
        }
    }

    #[test]
    fn a_tape_is_held_as_its_value(values in prop::collection::vec(value(), 4)) {
        let schema = schema();
        for value in values {
            let text = value.to_string();
            if let Some(tape) = Tape::read(&text, 1_000).filter(|tape| !tape.may_need_digits) {
                let value: Value = serde_json::from_str(&text).expect("it was read");
                let is_accepted = schema.surely_accepts_tape(&tape);
                prop_assert_eq!(is_accepted, schema.surely_accepts(&value), "{}", text);
            }
        }
    }
}
