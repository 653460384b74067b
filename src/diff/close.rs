//! The values that a producer sends under the rule that it sends only what its schema declares.
//!
//! Objects are closed where a value stands (a body, a property, an element), never inside the parts of
//! an `allOf`, which would make each part refuse what the others declare. Where parts speak of the same
//! property, its value stays open: the closed schema may accept more than what is declared, never
//! less, so that a proof about it holds. A value is judged by the open schema and by
//! [`Schema::undeclared`](crate::contract::Schema::undeclared) as well.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::keywords::{Position, each, position, rebuilt};
use crate::contract::Direction;

/// How deep references are followed in place before they are taken for a circle.
const MOST_STEPS: usize = 32;

/// The definitions of one side: names to schemas whose references are names.
pub(super) type Definitions = IndexMap<String, Value>;

/// The name of the closed form of a definition.
pub(super) fn closed_name(name: &str) -> String {
    format!("closed-{name}")
}

/// The closed form of a definition.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    /// Its name.
    pub(super) name: String,
    /// Whether something stayed open, so that a value must be judged by what it declares too.
    pub(super) is_wider: bool,
}

/// Adds to `definitions` the closed form of `root` and of what it needs.
pub(super) fn close(definitions: &mut Definitions, root: &str, direction: Direction) -> Closed {
    let open = definitions.clone();
    let mut closing = Closing {
        open: &open,
        mark: match direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
        },
        waiting: vec![(Form::Closed, root.to_owned())],
        is_wider: false,
    };
    let mut done: HashSet<String> = HashSet::new();
    while let Some((form, name)) = closing.waiting.pop() {
        let fresh = form.name(&name);
        if !done.insert(fresh.clone()) {
            continue;
        }
        let Some(schema) = open.get(&name) else {
            continue;
        };
        let schema = match form {
            Form::Closed => closing.closed(schema),
            Form::Part => closing.part(schema, &HashSet::new(), 0),
        };
        definitions.insert(fresh, schema);
    }
    Closed {
        name: closed_name(root),
        is_wider: closing.is_wider,
    }
}

#[derive(Clone, Copy)]
enum Form {
    /// Closed where its value stands.
    Closed,
    /// Open itself, with what is below it closed: for use in place.
    Part,
}

impl Form {
    fn name(self, name: &str) -> String {
        match self {
            Self::Closed => closed_name(name),
            Self::Part => format!("part-{name}"),
        }
    }
}

struct Closing<'d> {
    open: &'d Definitions,
    /// The mark of properties that do not travel this way.
    mark: &'static str,
    waiting: Vec<(Form, String)>,
    is_wider: bool,
}

/// What the schemas in place of one value name.
#[derive(Default)]
struct Named {
    names: HashSet<String>,
    /// Names that more than one part speaks of.
    shared: HashSet<String>,
    required: HashSet<String>,
}

impl Closing<'_> {
    /// A schema where a value stands.
    fn closed(&mut self, schema: &Value) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        if members.len() == 1
            && let Some(name) = reference(members)
        {
            self.waiting.push((Form::Closed, name.to_owned()));
            return json!({ "$ref": closed_name(name) });
        }
        let mut named = Named::default();
        self.named(members, &mut named, 0);
        self.is_wider |= !named.shared.is_empty();
        let Value::Object(mut out) = self.part(schema, &named.shared, 0) else {
            return schema.clone();
        };
        if named.names.is_empty() {
            return Value::Object(out);
        }
        if out.contains_key("additionalProperties") || out.contains_key("unevaluatedProperties") {
            return Value::Object(out);
        }
        // An object of which no schema in force names a property is open.
        if self.may_be_nameless(schema, 0) {
            self.is_wider = true;
            if !self.open_nameless(members, &mut out) {
                return Value::Object(out);
            }
        }
        // What is required is declared, or nothing could be sent.
        let missing: Vec<_> = named.required.difference(&named.names).cloned().collect();
        if !missing.is_empty()
            && let Value::Object(properties) = out
                .entry("properties")
                .or_insert_with(|| Value::Object(Map::new()))
        {
            properties.extend(missing.into_iter().map(|name| (name, Value::Bool(true))));
        }
        let has_parts = out
            .keys()
            .any(|keyword| keyword == "$ref" || position(keyword) == Some(Position::InPlace));
        let keyword = if has_parts {
            "unevaluatedProperties"
        } else {
            "additionalProperties"
        };
        out.insert(keyword.to_owned(), Value::Bool(false));
        Value::Object(out)
    }

    /// A schema that takes part in a value, with what is below it closed; what is `shared` between
    /// parts stays open.
    fn part(&mut self, schema: &Value, shared: &HashSet<String>, depth: usize) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        let mut out = rebuilt(members, &mut |keyword, name, one| match position(keyword) {
            Some(Position::InPlace) => self.part(one, shared, depth),
            Some(Position::Below) => {
                let is_property = keyword == "properties";
                if is_property && self.is_marked(one, 0) {
                    Value::Bool(false)
                } else if is_property && name.is_some_and(|name| shared.contains(name))
                    || !is_property && !shared.is_empty() && keyword != "items"
                {
                    one.clone()
                } else {
                    self.closed(one)
                }
            }
            Some(Position::Question) | None => one.clone(),
        });
        if let Some(name) = reference(members) {
            let mut named = Named::default();
            let target = self.open.get(name);
            if let Some(Value::Object(target)) = target {
                self.named(target, &mut named, 0);
            }
            let overlaps = named.names.iter().any(|name| shared.contains(name));
            match target {
                Some(target) if overlaps && depth < MOST_STEPS => {
                    let inline = self.part(target, shared, depth + 1);
                    out.shift_remove("$ref");
                    let parts = out
                        .entry("allOf")
                        .or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(parts) = parts {
                        parts.push(inline);
                    }
                }
                // A circle in place stays open.
                Some(_) if overlaps => {}
                _ => {
                    self.waiting.push((Form::Part, name.to_owned()));
                    out.insert("$ref".to_owned(), json!(Form::Part.name(name)));
                }
            }
        }
        Value::Object(out)
    }

    fn named(&self, members: &Map<String, Value>, named: &mut Named, depth: usize) {
        if depth > MOST_STEPS {
            return;
        }
        let own = members.get("properties").and_then(Value::as_object);
        for name in own.into_iter().flat_map(Map::keys) {
            if !named.names.insert(name.clone()) {
                named.shared.insert(name.clone());
            }
        }
        let required = members.get("required").and_then(Value::as_array);
        named.required.extend(
            required
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned),
        );
        if let Some(target) = reference(members).and_then(|name| self.open.get(name))
            && let Value::Object(target) = target
        {
            self.named(target, named, depth + 1);
        }
        // Of the branches of a `oneOf` one alone is in force.
        let mut branches: Vec<Named> = Vec::new();
        each(members, &mut |keyword, _, one| {
            let (Some(Position::InPlace), Value::Object(one)) = (position(keyword), one) else {
                return;
            };
            if keyword == "oneOf" {
                let mut branch = Named::default();
                self.named(one, &mut branch, depth + 1);
                branches.push(branch);
            } else {
                self.named(one, named, depth + 1);
            }
        });
        let before = named.names.clone();
        for branch in branches {
            named
                .shared
                .extend(branch.names.intersection(&before).cloned());
            named.shared.extend(branch.shared);
            named.names.extend(branch.names);
            named.required.extend(branch.required);
        }
    }

    /// Whether a schema may accept an object of which no schema in force names a property.
    fn may_be_nameless(&self, schema: &Value, depth: usize) -> bool {
        let Value::Object(members) = schema else {
            return *schema != Value::Bool(false);
        };
        let names_some = members
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|all| !all.is_empty());
        if names_some || depth > MOST_STEPS || !may_be_object(members) {
            return false;
        }
        let may = |one: &Value| self.may_be_nameless(one, depth + 1);
        let all_may = |keyword: &str| list(members, keyword).iter().all(may);
        let any_may = |keyword: &str| {
            let branches = list(members, keyword);
            branches.is_empty() || branches.iter().any(may)
        };
        let may_if_there = |keyword: &str| members.get(keyword).is_none_or(may);
        reference(members)
            .and_then(|name| self.open.get(name))
            .is_none_or(may)
            && all_may("allOf")
            && any_may("anyOf")
            && any_may("oneOf")
            && (!members.contains_key("if")
                || may_if_there("if") && may_if_there("then")
                || may_if_there("else"))
    }

    /// Lets what fits an alternative that names nothing have any property. Where the names depend on something else
    /// it cannot be said: `false`.
    fn open_nameless(&self, members: &Map<String, Value>, out: &mut Map<String, Value>) -> bool {
        let is_named = |schema: &Value| {
            let mut named = Named::default();
            if let Value::Object(members) = schema {
                self.named(members, &mut named, 0);
            }
            !named.names.is_empty()
        };
        let others = ["if", "then", "else"]
            .iter()
            .filter_map(|keyword| members.get(*keyword));
        let dependent = members.get("dependentSchemas").and_then(Value::as_object);
        let behind = reference(members).and_then(|name| self.open.get(name));
        let mut others = others
            .chain(dependent.into_iter().flat_map(Map::values))
            .chain(behind);
        if others.any(is_named) {
            return false;
        }
        ["allOf", "anyOf", "oneOf"].iter().all(|keyword| {
            let branches = list(members, keyword);
            let Some(Value::Array(parts)) = out.get_mut(*keyword) else {
                return true;
            };
            branches.iter().zip(parts).all(|(branch, part)| {
                if !self.may_be_nameless(branch, 0) {
                    return true;
                }
                match part {
                    Value::Object(part) if is_named(branch) => match branch {
                        Value::Object(branch) => self.open_nameless(branch, part),
                        _ => true,
                    },
                    _ if *keyword == "allOf" => true,
                    Value::Object(part) => open_up(part),
                    part => {
                        *part = json!({ "additionalProperties": true });
                        true
                    }
                }
            })
        })
    }

    /// Whether a property does not travel in this direction.
    fn is_marked(&self, schema: &Value, depth: usize) -> bool {
        let Value::Object(members) = schema else {
            return false;
        };
        if members.contains_key(self.mark) {
            return true;
        }
        if depth > MOST_STEPS {
            return false;
        }
        let behind = reference(members).and_then(|name| self.open.get(name));
        let parts = members.get("allOf").and_then(Value::as_array);
        behind
            .into_iter()
            .chain(parts.into_iter().flatten())
            .any(|one| self.is_marked(one, depth + 1))
    }
}

/// Whether in any definition several parts of one value speak of the same property, or of properties
/// that they do not name.
pub(super) fn mixes(definitions: &Definitions) -> bool {
    let closing = Closing {
        open: definitions,
        mark: "readOnly",
        waiting: Vec::new(),
        is_wider: false,
    };
    let mut open: Vec<&Value> = definitions.values().collect();
    while let Some(schema) = open.pop() {
        let Value::Object(members) = schema else {
            continue;
        };
        let mut parts = Vec::new();
        each(members, &mut |keyword, _, one| {
            open.push(one);
            if position(keyword) == Some(Position::InPlace) {
                parts.push(one);
            }
        });
        parts.extend(reference(members).and_then(|name| definitions.get(name)));
        if parts.is_empty() || members.len() == 1 && parts.len() == 1 {
            continue;
        }
        let mut named = Named::default();
        closing.named(members, &mut named, 0);
        let is_vague = |schema: &Value| {
            [
                "additionalProperties",
                "patternProperties",
                "unevaluatedProperties",
            ]
            .iter()
            .any(|keyword| schema.get(keyword).is_some_and(Value::is_object))
        };
        if !named.shared.is_empty() || parts.into_iter().chain([schema]).any(is_vague) {
            return true;
        }
    }
    false
}

/// Lets a schema that names nothing evaluate every property; `false` where it says something of them.
fn open_up(members: &mut Map<String, Value>) -> bool {
    let says = ["patternProperties", "unevaluatedProperties"];
    if says.iter().any(|keyword| members.contains_key(*keyword)) {
        return false;
    }
    members
        .entry("additionalProperties")
        .or_insert(Value::Bool(true));
    true
}

/// Whether a schema may accept objects, by its own keywords.
fn may_be_object(members: &Map<String, Value>) -> bool {
    let by_type = match members.get("type") {
        Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
        Some(name) => name == "object",
        None => true,
    };
    by_type
        && members.get("const").is_none_or(Value::is_object)
        && (list(members, "enum").is_empty() || list(members, "enum").iter().any(Value::is_object))
}

/// What a keyword lists.
fn list<'m>(members: &'m Map<String, Value>, keyword: &str) -> &'m [Value] {
    let all = members.get(keyword).and_then(Value::as_array);
    all.map(Vec::as_slice).unwrap_or_default()
}

fn reference(members: &Map<String, Value>) -> Option<&str> {
    members.get("$ref")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(schema: Value) -> Value {
        let mut definitions = Definitions::from([("a".to_owned(), schema)]);
        let name = close(&mut definitions, "a", Direction::Request).name;
        definitions[&name].clone()
    }

    #[test]
    fn parts_of_an_all_of_stay_open() {
        let schema =
            json!({ "allOf": [{ "properties": { "a": {} } }, { "properties": { "b": {} } }] });
        let mut expected = schema.clone();
        expected["unevaluatedProperties"] = json!(false);
        assert_eq!(closed(schema), expected);
    }

    #[test]
    fn what_is_required_is_declared() {
        let schema = json!({ "properties": { "a": {} }, "required": ["b"] });
        assert_eq!(
            closed(schema),
            json!({ "properties": { "a": {}, "b": true }, "required": ["b"], "additionalProperties": false })
        );
    }

    #[test]
    fn what_names_nothing_stays_open() {
        let schema = json!({ "type": "object" });
        assert_eq!(closed(schema.clone()), schema);
    }

    #[test]
    fn an_alternative_that_names_nothing_stays_open() {
        let named = json!({ "type": "object", "properties": { "a": {} } });
        let closed_with = |other: Value| closed(json!({ "oneOf": [named, other] }));
        let expected =
            |other: Value| json!({ "oneOf": [named, other], "unevaluatedProperties": false });
        assert_eq!(
            closed_with(json!({ "type": "null" })),
            expected(json!({ "type": "null" }))
        );
        let open = json!({ "additionalProperties": true });
        assert_eq!(closed_with(json!(true)), expected(open.clone()));
        assert_eq!(closed_with(json!({})), expected(open));
        // What depends on a condition cannot be said.
        let depending = json!({ "if": { "type": "object" }, "then": named });
        assert_eq!(closed(depending.clone()), depending);
    }

    #[test]
    fn what_two_parts_speak_of_stays_open() {
        let part = |name: &str| json!({ "properties": { "o": { "properties": { name: {} } } } });
        let schema = json!({ "allOf": [part("a"), part("b")] });
        let mut expected = schema.clone();
        expected["unevaluatedProperties"] = json!(false);
        assert_eq!(closed(schema), expected);
    }
}
