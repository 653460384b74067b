//! The values that a producer sends under the rule that it sends only what its schema declares.
//!
//! Objects are closed where a value stands (a body, a property, an element), never inside the parts of
//! an `allOf`, which would make each part refuse what the others declare. Where parts speak of the same
//! property, its value stays open: the closed schema may accept more than what is declared, never
//! less, so that a proof about it holds. A value is judged by the open schema and by
//! [`Schema::undeclared`](crate::contract::Schema::undeclared) as well.

use std::{
    cell::Cell,
    collections::{BTreeSet, HashSet},
};

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::keywords::{Position, each, position, rebuilt};
use crate::contract::Direction;

/// How deep references are followed in place before they are taken for a circle.
const MAX_STEPS: usize = 32;

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

/// How many schemas one closing looks at to see what they are like.
const MAX_LOOKS: usize = 200_000;

/// The most forms of definitions that one closing makes; what would need more stays open.
const MAX_FORMS: usize = 2_000;

/// Adds to `definitions` the closed form of `root` and of what it needs.
pub(super) fn close(definitions: &mut Definitions, root: &str, direction: Direction) -> Closed {
    let open = definitions.clone();
    let mark = match direction {
        Direction::Request => "readOnly",
        Direction::Response => "writeOnly",
    };
    let mut closing = Closing::of(&open, mark);
    closing.form(Form::Closed, root);
    let mut done = 0;
    while let Some((form, name)) = closing.forms.get_index(done).cloned() {
        done += 1;
        let Some(schema) = open.get(&name) else {
            continue;
        };
        let schema = match form {
            Form::Closed => closing.closed(schema),
            Form::Part(None) => closing.part(schema, &Shared::default()),
            Form::Part(Some(index)) => {
                let shared = closing.shared.get_index(index).cloned();
                closing.part(schema, &shared.unwrap_or_default())
            }
        };
        definitions.insert(form.name(&name), schema);
    }
    Closed {
        name: closed_name(root),
        is_wider: closing.is_wider,
    }
}

/// Names of properties of which several parts speak.
type Shared = BTreeSet<String>;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    /// Closed where its value stands.
    Closed,
    /// Open itself, with what is below it closed: for use in place. Beside others that speak of the same properties,
    /// with the number of these.
    Part(Option<usize>),
}

impl Form {
    fn name(self, name: &str) -> String {
        match self {
            Self::Closed => closed_name(name),
            Self::Part(None) => format!("part-{name}"),
            Self::Part(Some(shared)) => format!("part-{shared}-{name}"),
        }
    }
}

struct Closing<'d> {
    open: &'d Definitions,
    /// The mark of properties that do not travel this way.
    mark: &'static str,
    /// The forms of definitions that are needed, each once.
    forms: IndexSet<(Form, String)>,
    /// What parts share, each set once.
    shared: IndexSet<Shared>,
    /// How many more schemas are looked at to see what they are like.
    looks: Cell<usize>,
    is_wider: bool,
}

/// Stands among names for the elements of an array.
const ELEMENTS: &str = "\u{e000}elements";

/// Stands among names for each property.
const EACH: &str = "\u{e000}each";

/// What the schemas in place of one value name.
#[derive(Default)]
struct Named {
    names: HashSet<String>,
    /// Names that more than one part speaks of.
    shared: Shared,
    required: HashSet<String>,
    /// How many parts speak of elements.
    elements: usize,
    /// How many speak of properties, by name or not.
    speaking: usize,
    /// How many speak of properties without naming them.
    vague: usize,
    /// How many patterns of names there are.
    patterns: usize,
}

impl Named {
    /// Adds what is shared otherwise than by a name.
    fn settle(&mut self) {
        if self.elements > 1 {
            self.shared.insert(ELEMENTS.to_owned());
        }
        let by_pattern =
            self.patterns > 1 || self.patterns > 0 && (self.vague > 0 || !self.names.is_empty());
        if by_pattern || self.vague > 0 && self.speaking > 1 {
            self.shared.insert(EACH.to_owned());
        }
    }

    /// Counts what one schema says of what is inside a value.
    fn count(&mut self, members: &Map<String, Value>) {
        let speaks = |keywords: &[&str]| {
            let said = keywords.iter().filter_map(|keyword| members.get(*keyword));
            said.into_iter().any(|one| !one.is_boolean())
        };
        let patterns = members.get("patternProperties").and_then(Value::as_object);
        let is_vague = speaks(&["additionalProperties", "unevaluatedProperties"]);
        self.elements += usize::from(speaks(&["items", "prefixItems", "unevaluatedItems"]));
        self.vague += usize::from(is_vague);
        self.patterns += patterns.map_or(0, Map::len);
        let speaks_of_properties =
            is_vague || patterns.is_some() || members.contains_key("properties");
        self.speaking += usize::from(speaks_of_properties);
    }
}

impl<'d> Closing<'d> {
    fn of(open: &'d Definitions, mark: &'static str) -> Self {
        Self {
            open,
            mark,
            forms: IndexSet::new(),
            shared: IndexSet::new(),
            looks: Cell::new(MAX_LOOKS),
            is_wider: false,
        }
    }

    /// The name of a definition's form, which is made; `None` where there are too many, so that it stays open.
    fn form(&mut self, form: Form, name: &str) -> Option<String> {
        let key = (form, name.to_owned());
        if self.forms.len() >= MAX_FORMS && !self.forms.contains(&key) {
            self.is_wider = true;
            return None;
        }
        self.forms.insert(key);
        Some(form.name(name))
    }

    /// Whether one more schema is looked at: who refers to others twice, and they too, has very many.
    fn looks_on(&self) -> bool {
        let left = self.looks.get();
        self.looks.set(left.saturating_sub(1));
        left > 0
    }

    /// A schema where a value stands.
    fn closed(&mut self, schema: &Value) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        if members.len() == 1
            && let Some(name) = reference(members)
        {
            return match self.form(Form::Closed, name) {
                Some(form) => json!({ "$ref": form }),
                None => schema.clone(),
            };
        }
        if let Some(apart) = self.closed_apart(members) {
            return apart;
        }
        let named = self.names_in_place(members);
        self.is_wider |= !named.shared.is_empty();
        let Value::Object(mut out) = self.part(schema, &named.shared) else {
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

    /// Alternatives with nothing beside them, of which one at most may be an object: each is closed by itself.
    fn closed_apart(&mut self, members: &Map<String, Value>) -> Option<Value> {
        let (keyword, branches) = members.iter().next().filter(|_| members.len() == 1)?;
        if keyword != "anyOf" && keyword != "oneOf" {
            return None;
        }
        let branches = branches.as_array()?;
        let objects = branches.iter().filter(|one| self.may_be_object(one, 0));
        if objects.count() > 1 {
            return None;
        }
        let closed = branches.iter().map(|one| self.closed(one));
        let closed: Vec<Value> = closed.collect();
        let mut out = Map::new();
        out.insert(keyword.clone(), Value::Array(closed));
        Some(Value::Object(out))
    }

    /// Whether a schema may accept objects.
    fn may_be_object(&self, schema: &Value, depth: usize) -> bool {
        let Value::Object(members) = schema else {
            return *schema != Value::Bool(false);
        };
        if depth > MAX_STEPS || !self.looks_on() {
            return true;
        }
        let behind = reference(members).and_then(|name| self.open.get(name));
        may_be_object(members)
            && behind.is_none_or(|one| self.may_be_object(one, depth + 1))
            && list(members, "allOf")
                .iter()
                .all(|one| self.may_be_object(one, depth + 1))
    }

    /// A schema that takes part in a value, with what is below it closed; what is `shared` between
    /// parts stays open.
    fn part(&mut self, schema: &Value, shared: &Shared) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        let mut out = rebuilt(members, &mut |keyword, name, one| match position(keyword) {
            Some(Position::InPlace) => self.part(one, shared),
            Some(Position::Below) => {
                let is_property = keyword == "properties";
                let stays_open = match keyword {
                    "properties" => {
                        shared.contains(EACH) || name.is_some_and(|name| shared.contains(name))
                    }
                    "items" | "prefixItems" | "unevaluatedItems" => shared.contains(ELEMENTS),
                    _ => !shared.is_empty(),
                };
                if is_property && self.is_marked(one, 0) {
                    Value::Bool(false)
                } else if stays_open {
                    one.clone()
                } else {
                    self.closed(one)
                }
            }
            Some(Position::Question) | None => one.clone(),
        });
        if let Some(name) = reference(members) {
            let overlaps = match self.open.get(name) {
                Some(Value::Object(target)) if !shared.is_empty() => {
                    let named = self.names_in_place(target);
                    shared.contains(EACH)
                        || shared.contains(ELEMENTS)
                        || named.names.iter().any(|name| shared.contains(name))
                }
                _ => false,
            };
            let form = Form::Part(overlaps.then(|| self.shared.insert_full(shared.clone()).0));
            if let Some(form) = self.form(form, name) {
                out.insert("$ref".to_owned(), json!(form));
            }
        }
        Value::Object(out)
    }

    /// What the schemas in place of one value name.
    fn names_in_place(&self, members: &Map<String, Value>) -> Named {
        let mut named = Named::default();
        self.named(members, &mut named, &mut HashSet::new());
        named.settle();
        named
    }

    /// Adds what a schema and those in its place name; each that is referred to once, as it says nothing more twice.
    fn named<'s>(
        &'s self,
        members: &'s Map<String, Value>,
        named: &mut Named,
        seen: &mut HashSet<&'s str>,
    ) {
        named.count(members);
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
        if let Some(name) = reference(members)
            && seen.insert(name)
            && let Some(Value::Object(target)) = self.open.get(name)
        {
            self.named(target, named, seen);
        }
        // Of the branches of a `oneOf` one alone is in force.
        let mut branches: Vec<Named> = Vec::new();
        each(members, &mut |keyword, _, one| {
            let (Some(Position::InPlace), Value::Object(one)) = (position(keyword), one) else {
                return;
            };
            if keyword == "oneOf" {
                let mut branch = Named::default();
                self.named(one, &mut branch, seen);
                branches.push(branch);
            } else {
                self.named(one, named, seen);
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
            named.elements += branch.elements;
            named.speaking += branch.speaking;
            named.vague += branch.vague;
            named.patterns += branch.patterns;
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
        if names_some || !may_be_object(members) {
            return false;
        }
        if depth > MAX_STEPS || !self.looks_on() {
            return true;
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
            let members = schema.as_object();
            members.is_some_and(|members| !self.names_in_place(members).names.is_empty())
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
        if depth > MAX_STEPS || !self.looks_on() {
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

/// The names of properties of which several schemas in place of one value speak, of which one alone need not be in force.
pub(super) fn shared_names(
    definitions: &Definitions,
    members: &Map<String, Value>,
) -> BTreeSet<String> {
    Closing::of(definitions, "readOnly")
        .names_in_place(members)
        .shared
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
        // Where one alone may be an object, it is closed by itself.
        let mut alone = named.clone();
        alone["additionalProperties"] = json!(false);
        assert_eq!(
            closed_with(json!({ "type": "null" })),
            json!({ "oneOf": [alone, { "type": "null" }] })
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
