//! JSON, read strictly: a key that stands twice is an error, as RFC 8259 §4 wants of names.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize as _,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Reads one JSON text; what follows it must be white space.
pub(super) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("the number is too large"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut twice: HashSet<String> = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                twice.insert(key.clone());
            }
            object.insert(key, value);
        }
        match twice.into_iter().min() {
            Some(key) => Err(de::Error::custom(format!(
                "the key `{key}` stands twice in one object"
            ))),
            None => Ok(Value::Object(object)),
        }
    }
}

/// Reads without an eye on duplicate keys; for values that a document or a person wrote.
pub(super) fn parse_loosely(text: &str) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Value::deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn json_is_read_and_what_only_looks_like_it_is_refused() {
        assert_eq!(
            parse(r#"{"a": [1, -2, 3.5, "x", null, true]}"#).ok(),
            Some(json!({"a": [1, -2, 3.5, "x", null, true]}))
        );
        for wrong in [
            "NaN",
            "Infinity",
            "{'a': 1}",
            "[1,]",
            "{} {}",
            "",
            "{\"a\":1,\"a\":2}",
            "nul",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_duplicate_key_is_named() {
        let error = parse(r#"{"x": {"a": 1, "b": 2, "a": 3}}"#)
            .expect_err("it stands twice")
            .to_string();
        assert!(error.contains("`a`"), "{error}");
    }
}
