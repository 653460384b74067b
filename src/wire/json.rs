//! JSON, read strictly: a key that stands twice is an error, as RFC 8259 §4 wants of names.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::HashSet,
    fmt,
};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::numbers;
use crate::contract::Digits;

/// The most values that one body may have, members and elements counted: each takes much more memory
/// than it has bytes.
pub(super) const MAX_VALUES: usize = 1_000_000;

/// The most arrays and objects that may stand in each other.
pub(super) const MAX_LEVELS: usize = 127;

/// Why a text was not read.
#[derive(Debug)]
pub(super) enum JsonError {
    /// It is no JSON.
    Syntax(serde_json::Error),
    /// It has more than [`MAX_VALUES`].
    TooLarge,
    /// It nests deeper than [`MAX_LEVELS`].
    TooDeep,
}

/// Reads the JSON texts of one body.
pub(super) struct Texts {
    /// How many values may still come.
    left: Cell<usize>,
    /// Numbers beyond what a double tells apart, in all texts so far.
    digits: RefCell<Digits>,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            left: Cell::new(MAX_VALUES),
            digits: RefCell::default(),
        }
    }

    /// Reads one text; what follows it must be white space.
    pub(super) fn parse(&self, text: &str) -> Result<Value, JsonError> {
        let before = self.left.get();
        let first = self.read(text);
        let is_as_written = match &first {
            Ok(value) => !Digits::are_needed_for(value),
            Err(JsonError::Syntax(_)) => false,
            Err(_) => true,
        };
        if is_as_written {
            return first;
        }
        match Digits::collect(&self.digits, |digits| numbers::readable(text, digits)) {
            Cow::Borrowed(_) => first,
            Cow::Owned(text) => {
                self.left.set(before);
                self.read(&text)
            }
        }
    }

    fn read(&self, text: &str) -> Result<Value, JsonError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Strict { left: &self.left }.deserialize(&mut reader);
        match read.and_then(|value| reader.end().map(|()| value)) {
            Ok(value) => Ok(value),
            Err(_) if self.left.get() == 0 => Err(JsonError::TooLarge),
            Err(error) if error.to_string().starts_with(TOO_DEEP) => Err(JsonError::TooDeep),
            Err(error) => Err(JsonError::Syntax(error)),
        }
    }
}

/// What the reader says where a text nests deeper than [`MAX_LEVELS`]; its errors have no kinds.
const TOO_DEEP: &str = "recursion limit exceeded";

#[derive(Clone, Copy)]
struct Strict<'l> {
    left: &'l Cell<usize>,
}

impl Strict<'_> {
    fn spend<E: de::Error>(self) -> Result<(), E> {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if left == 0 {
            return Err(E::custom("there are too many values"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut twice: HashSet<String> = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
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
    let read = |text: &str| serde_json::from_str(text).ok();
    let digits = RefCell::default();
    read(text).or_else(|| {
        match Digits::collect(&digits, |digits| numbers::readable(text, digits)) {
            Cow::Owned(readable) => read(&readable),
            Cow::Borrowed(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{JsonError, MAX_LEVELS, MAX_VALUES, Texts};

    fn parse(text: &str) -> Result<serde_json::Value, JsonError> {
        Texts::new().parse(text)
    }

    #[test]
    fn values_are_counted_over_all_texts_of_a_body() {
        let texts = Texts::new();
        let half = format!("[{}0]", "0,".repeat(MAX_VALUES / 2));
        assert!(texts.parse(&half).is_ok());
        assert!(matches!(texts.parse(&half), Err(JsonError::TooLarge)));
        assert!(matches!(texts.parse("[1"), Err(JsonError::TooLarge)));
    }

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
    fn what_doubles_do_not_hold_is_json() {
        for text in ["1e400", "-1e400", r#"["\ud800"]"#] {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert_eq!(parse("[1e400]").ok(), Some(json!([f64::MAX])));
        assert!(parse(&"9".repeat(10_000)).is_ok());
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&nested(MAX_LEVELS)).is_ok());
        assert!(matches!(
            parse(&nested(MAX_LEVELS + 1)),
            Err(JsonError::TooDeep)
        ));
    }

    #[test]
    fn a_duplicate_key_is_named() {
        let Err(JsonError::Syntax(error)) = parse(r#"{"x": {"a": 1, "b": 2, "a": 3}}"#) else {
            panic!("it stands twice")
        };
        assert!(error.to_string().contains("`a`"), "{error}");
    }
}
