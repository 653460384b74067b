//! The examples of a Postman collection, found in its text without a value being built of all of it.
//!
//! A collection is one JSON text, whose variables may stand behind its items. What of it is kept is the text and
//! where in it each example stands; what an example says is read when an exchange is made of it. An item's request
//! is that of all its examples, and variables are written into each: what of a small file becomes much that way
//! is bounded by [`MAX_REPEATED`].

use std::{borrow::Cow, collections::HashMap, fmt, ops::Range, sync::Arc};

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::{
    entry_error::{EntryError, JsonPart},
    loose,
};

/// How deep folders are gone into.
const MAX_FOLDERS: usize = 64;

/// How many bytes all examples together have from requests of their items and from variables.
const MAX_REPEATED: usize = 128 << 20;

/// The longest value of a variable that is filled in, in bytes.
const MAX_VALUE: usize = 1 << 20;

/// How many examples of a collection are read.
const MAX_EXAMPLES: usize = 1_000_000;

/// A collection, read once.
#[derive(Debug)]
pub(super) struct Collection {
    text: Bytes,
    found: Vec<Place>,
    /// Whether there are more examples than are read.
    is_cut: bool,
    /// The variables of the collection by their names; what other variables are in their values is filled in.
    pub(super) variables: HashMap<String, String>,
}

/// Where in the text of a collection an example stands.
#[derive(Debug)]
struct Place {
    /// The request of its item.
    request: Option<Range<usize>>,
    response: Range<usize>,
}

/// One example.
#[derive(Clone, Debug)]
pub struct Example {
    collection: Arc<Collection>,
    at: usize,
}

impl Example {
    /// The collection.
    pub(super) fn collection(&self) -> &Collection {
        &self.collection
    }

    /// The request, and the response that is kept.
    pub(super) fn parts(&self) -> Result<(Value, Value), EntryError> {
        let collection = &self.collection;
        let place = collection.found.get(self.at);
        let place = place.ok_or(EntryError::Unlike {
            part: "entry",
            found: "no example",
        })?;
        let response = collection.part(&place.response);
        let request = collection.request(place);
        Ok((read(request)?, read(response)?))
    }

    /// About how many bytes it keeps in memory.
    pub(super) fn size(&self) -> usize {
        let place = self.collection.found.get(self.at);
        place.map_or(0, |place| place.response.len())
    }
}

fn read(part: &str) -> Result<Value, EntryError> {
    serde_json::from_str(part).map_err(EntryError::json(JsonPart::Example))
}

impl Collection {
    /// Reads a collection.
    pub(super) fn read(text: &Bytes) -> Result<Self, EntryError> {
        let whole = std::str::from_utf8(text).map_err(|_| EntryError::NotUtf8)?;
        let start = whole.as_ptr().addr();
        let mut found = found_in(whole, start)?;
        // As Postman's own service gives it out.
        if let Some(inner) = found.collection.take() {
            found = found_in(whole.get(inner).unwrap_or_default(), start)?;
        }
        let variables = found.variables.and_then(|range| whole.get(range));
        let variables = variables.and_then(|text| serde_json::from_str(text).ok());
        Ok(Self {
            text: text.clone(),
            found: found.examples,
            is_cut: found.is_cut,
            variables: resolved(&variables.unwrap_or(Value::Null)),
        })
    }

    /// Its examples, as far as they are read.
    pub(super) fn examples(self) -> Examples {
        Examples {
            collection: Arc::new(self),
            at: 0,
            left: MAX_REPEATED,
        }
    }

    fn part(&self, range: &Range<usize>) -> &str {
        let part = self.text.get(range.clone()).unwrap_or_default();
        std::str::from_utf8(part).unwrap_or_default()
    }

    /// The request of an example: its own, else that of its item.
    fn request(&self, place: &Place) -> &str {
        let own = own_request(self.part(&place.response));
        let of_item = place.request.as_ref().map(|range| self.part(range));
        own.or(of_item).unwrap_or("null")
    }

    /// How many bytes an example has that do not stand in its own text.
    fn repeated(&self, place: &Place) -> usize {
        let request = self.request(place);
        let is_own = own_request(self.part(&place.response)).is_some();
        let shared = if is_own { 0 } else { request.len() };
        let may_grow = request.contains("{{") || request.contains("\\u007");
        let request = may_grow.then(|| read(request).ok()).flatten();
        shared.saturating_add(request.map_or(0, |request| self.grown(&request)))
    }

    /// How many bytes variables add to the texts of a value.
    fn grown(&self, value: &Value) -> usize {
        match value {
            Value::String(text) => {
                let values = placeholders(text).filter_map(|name| self.variables.get(name));
                values.map(String::len).fold(0, usize::saturating_add)
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.grown(item));
                items.fold(0, usize::saturating_add)
            }
            Value::Object(members) => {
                let members = members.values().map(|member| self.grown(member));
                members.fold(0, usize::saturating_add)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }
}

/// Why the rest of the examples of a collection is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum LeftOut {
    #[error("the collection has more examples than are read: the rest is left out")]
    TooMany,
    #[error(
        "requests of items and variables are repeated too often: the rest of the examples is left out"
    )]
    Repeated,
}

/// The examples of a collection, one after another. An error is the last.
pub(super) struct Examples {
    collection: Arc<Collection>,
    at: usize,
    /// How many bytes may still be repeated.
    left: usize,
}

impl Iterator for Examples {
    type Item = Result<Example, LeftOut>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        self.at = at.saturating_add(1);
        let Some(place) = self.collection.found.get(at) else {
            let is_told = self.collection.is_cut && at == self.collection.found.len();
            return is_told.then_some(Err(LeftOut::TooMany));
        };
        let Some(left) = self.left.checked_sub(self.collection.repeated(place)) else {
            self.at = usize::MAX;
            return Some(Err(LeftOut::Repeated));
        };
        self.left = left;
        let collection = Arc::clone(&self.collection);
        Some(Ok(Example { collection, at }))
    }
}

/// The request that a response says it answers.
fn own_request(response: &str) -> Option<&str> {
    #[derive(serde::Deserialize)]
    struct Response<'a> {
        #[serde(borrow, rename = "originalRequest")]
        own: Option<&'a RawValue>,
    }
    let response: Response<'_> = serde_json::from_str(response).ok()?;
    response.own.map(RawValue::get)
}

/// What is found in a text that stands in the text that begins at `start` in memory.
fn found_in(text: &str, start: usize) -> Result<Found, EntryError> {
    let mut found = Found::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let folder = Folder {
        found: &mut found,
        start,
        folders: MAX_FOLDERS,
    };
    let read = Any(folder).deserialize(&mut reader);
    read.and_then(|()| reader.end())
        .map_err(EntryError::json(JsonPart::Entry))?;
    Ok(found)
}

/// The names in `{{name}}`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let after = text.split("{{").skip(1);
    after.filter_map(|after| after.split_once("}}").map(|(name, _)| name.trim()))
}

/// The variables of a list, by their names, with the variables in their values filled in once.
fn resolved(list: &Value) -> HashMap<String, String> {
    let pairs = list.as_array().into_iter().flatten().filter_map(|pair| {
        let value = loose::text_of(pair, &["value"]);
        let value = value.filter(|value| !value.is_empty() && value.len() <= MAX_VALUE)?;
        Some((loose::text_of(pair, &["key", "id"])?, value))
    });
    let written: HashMap<String, String> = pairs.collect();
    let mut left = MAX_REPEATED / 4;
    let mut names: Vec<&String> = written.keys().collect();
    names.sort_unstable();
    let mut resolved = HashMap::new();
    for name in names {
        let value = &written[name];
        let grown = placeholders(value).filter_map(|name| written.get(name));
        let grown: usize = grown.map(String::len).sum();
        // One that would grow beyond all measure stays as it is written.
        let value = match left.checked_sub(grown) {
            Some(rest) if grown <= MAX_VALUE => {
                left = rest;
                filled(value, &written)
            }
            _ => value.clone(),
        };
        resolved.insert(name.clone(), value);
    }
    resolved
}

/// A text whose `{{name}}` have the values of variables.
pub(super) fn filled(text: &str, variables: &HashMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        match after.split_once("}}") {
            Some((name, end)) => {
                match variables.get(name.trim()) {
                    Some(value) => filled.push_str(value),
                    None => {
                        filled.push_str("{{");
                        filled.push_str(name);
                        filled.push_str("}}");
                    }
                }
                rest = end;
            }
            None => {
                filled.push_str("{{");
                rest = after;
                break;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// What is found in a collection.
#[derive(Default)]
struct Found {
    examples: Vec<Place>,
    is_cut: bool,
    variables: Option<Range<usize>>,
    collection: Option<Range<usize>>,
}

impl Found {
    /// Adds examples, as far as there is room.
    fn add(&mut self, examples: impl ExactSizeIterator<Item = Place>) {
        let room = MAX_EXAMPLES.saturating_sub(self.examples.len());
        self.is_cut |= examples.len() > room;
        self.examples.extend(examples.take(room));
    }
}

/// Where a part of the text that begins at `start` in memory stands in it.
fn range_of(part: &RawValue, start: usize) -> Range<usize> {
    let from = part.get().as_ptr().addr().saturating_sub(start);
    from..from + part.get().len()
}

/// Reads a folder or an item: a value of any kind, in which only objects are looked at.
struct Folder<'f> {
    found: &'f mut Found,
    start: usize,
    /// How many folders are gone into from here.
    folders: usize,
}

/// Reads a list of folders and items.
struct Items<'f>(Folder<'f>);

/// Reads a list of responses.
struct Responses<'f> {
    found: &'f mut Vec<Range<usize>>,
    start: usize,
}

/// What is not of the kind that is looked for is passed over.
macro_rules! pass_over {
    (scalars and $others:ident) => {
        pass_over!(scalars);
        pass_over!($others);
    };
    (scalars) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }

        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }

        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
    };
    (objects) => {
        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(())
        }
    };
    (lists) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(())
        }
    };
}

/// Reads a value of whatever kind, as one of these visits it.
struct Any<V>(V);

impl<'de, V: Visitor<'de, Value = ()>> DeserializeSeed<'de> for Any<V> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self.0)
    }
}

impl<'de> Visitor<'de> for Folder<'_> {
    type Value = ();

    pass_over!(scalars and lists);

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self {
            found,
            start,
            folders,
        } = self;
        let mut request = None;
        let mut responses = Vec::new();
        // The examples of an item come before those of what is in it.
        let mut inside = Found::default();
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            match &*name {
                "request" => request = Some(range_of(members.next_value()?, start)),
                "response" => {
                    responses.clear();
                    members.next_value_seed(Any(Responses {
                        found: &mut responses,
                        start,
                    }))?;
                }
                "item" if folders > 0 => {
                    inside.examples.clear();
                    members.next_value_seed(Any(Items(Folder {
                        found: &mut inside,
                        start,
                        folders: folders - 1,
                    })))?;
                }
                "variable" if folders == MAX_FOLDERS => {
                    found.variables = Some(range_of(members.next_value()?, start));
                }
                "collection" if folders == MAX_FOLDERS => {
                    found.collection = Some(range_of(members.next_value()?, start));
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        // What the collection itself has beside its items is none of an item.
        if folders < MAX_FOLDERS {
            let responses = responses.into_iter().map(|response| Place {
                request: request.clone(),
                response,
            });
            found.add(responses);
        }
        found.is_cut |= inside.is_cut;
        found.add(inside.examples.into_iter());
        Ok(())
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    pass_over!(scalars and objects);

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        loop {
            let folder = Folder {
                found: &mut *self.0.found,
                ..self.0
            };
            if items.next_element_seed(Any(folder))?.is_none() {
                return Ok(());
            }
        }
    }
}

impl<'de> Visitor<'de> for Responses<'_> {
    type Value = ();

    pass_over!(scalars and objects);

    fn visit_seq<A: SeqAccess<'de>>(self, mut responses: A) -> Result<(), A::Error> {
        while let Some(response) = responses.next_element::<&RawValue>()? {
            // One more than there is room for is told of.
            if self.found.len() <= MAX_EXAMPLES {
                self.found.push(range_of(response, self.start));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Bytes, Collection, Example, LeftOut, Value};

    fn collection(value: &Value) -> Collection {
        Collection::read(&Bytes::from(value.to_string())).expect("a collection")
    }

    fn requests(examples: impl Iterator<Item = Result<Example, LeftOut>>) -> Vec<String> {
        let requests = examples.map(|one| match one.map(|one| one.parts()) {
            Ok(Ok((request, response))) => format!("{} {}", request["url"], response["code"]),
            Ok(Err(error)) => error.to_string(),
            Err(rest) => rest.to_string(),
        });
        requests.collect()
    }

    #[test]
    fn examples_are_found_in_their_order_whatever_stands_around_them() {
        let whole = json!({ "collection": {
            "item": [
                { "response": [{ "code": 1 }], "request": { "url": "/a" }, "item": [
                    { "request": { "url": "/b" }, "response": [
                        { "code": 2, "originalRequest": { "url": "/c" } },
                        { "code": 3, "originalRequest": null },
                    ] },
                ] },
                7, null, "x", [1],
                { "item": {}, "response": "none" },
                { "response": [{ "code": 4 }] },
            ],
            "response": [{ "code": 5 }],
            "variable": [{ "key": "a", "value": "{{b}}/x" }, { "id": "b", "value": 8 }, { "key": "c", "value": "" }],
        } });
        let read = collection(&whole);
        assert_eq!(read.variables["a"], "8/x");
        assert_eq!(read.variables.len(), 2);
        let wanted = ["\"/a\" 1", "\"/c\" 2", "\"/b\" 3", "null 4"];
        assert_eq!(requests(read.examples()), wanted);
        assert!(Collection::read(&Bytes::from_static(b"{\"item\": [")).is_err());
    }

    #[test]
    fn what_is_repeated_is_bounded() {
        let long = "x".repeat(1_000);
        let shared = json!({ "item": [{
            "request": { "url": long },
            "response": vec![json!({ "code": 1 }); 9],
        }] });
        let filled = json!({
            "variable": [{ "key": "a", "value": long }],
            "item": [{ "response": vec![json!({ "originalRequest": { "url": "/{{a}}" } }); 9] }],
        });
        for whole in [shared, filled] {
            let mut examples = collection(&whole).examples();
            examples.left = 5_050;
            let told = requests(examples);
            assert_eq!(told.len(), 6);
            assert!(told[5].contains("repeated too often"), "{}", told[5]);
        }
    }

    #[test]
    fn a_variable_is_found_however_it_is_escaped() {
        let whole = r#"{"variable":[{"key":"a","value":"12345"}],"item":[{"request":"\u007b\u007ba}}","response":[{}]}]}"#;
        let read = Collection::read(&Bytes::from(whole)).expect("a collection");
        let request = "\"\\u007b\\u007ba}}\"";
        assert_eq!(read.repeated(&read.found[0]), request.len() + 5);
    }

    #[test]
    fn variables_in_variables_do_not_grow_beyond_measure() {
        let whole = json!({
            "variable": [
                { "key": "a", "value": "{{b}}".repeat(10_000) },
                { "key": "b", "value": "x".repeat(100_000) },
            ],
            "item": [],
        });
        let read = collection(&whole);
        assert!(read.variables["a"].len() < 100_000);
        assert_eq!(super::filled(&"{{".repeat(3), &read.variables), "{{{{{{");
    }
}
