//! A schema object of the document as JSON Schema 2020-12, for one direction.
//!
//! The result keeps the shape of its source: a keyword stands at the pointer where the document
//! has it, so that an error leads back to a line. Sources: OpenAPI 3.0.4 §4.7.24 (schema object,
//! `nullable`, `readOnly`, `writeOnly`), JSON Schema 2020-12 §8 to §10, and its release notes for
//! the older drafts.

use oasgate_document::{Address, Document};
use serde_json::{Map, Value, json};

use crate::contract::DefectKind;

use super::{
    Direction, SchemaStore,
    dialect::Dialect,
    discriminator, ecma,
    exact::{limit_keyword, listed_keyword},
    for_generation::{also, content, shown_or_no_text, tag},
    formats::registered,
    long_enum::{LONG_ENUM, long_enum},
    nullable,
    patterns::{self, is_costly},
    recursive,
    structure::MAX_STEPS,
};

pub(super) use super::subschemas::{LIST_OF_SCHEMAS, MAP_OF_SCHEMAS, ONE_SCHEMA};

/// The keyword that stands for a registered format in a unit.
pub(super) const FORMAT: &str = "x-oasgate-format";

/// The keyword that stands for a discriminator in a unit: the address of its schema object.
pub(super) const DISCRIMINATOR: &str = "x-oasgate-discriminator";

/// What the translation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Validation by any tool: what says nothing about validity is left out.
    Validation,
    /// Validation by a unit, which knows registered formats and discriminators too.
    Unit,
    /// Generation of valid values: what must not be sent is forbidden, and what discriminators and
    /// registered formats want is written as keywords.
    Generation,
    /// Reading by people and programs: annotations stay.
    Publication,
}

/// What of a schema object a translation is to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// All of it: a value is of a schema that its discriminator names.
    #[default]
    Whole,
    /// What a schema that takes it in by `allOf` has from it: nothing of the discriminator.
    Base,
}

/// Turns a resolved reference into the keyword that stands for it.
pub(super) type WriteReference<'w> = &'w mut dyn FnMut(&Address, Form) -> (&'static str, Value);

/// Takes what is wrong with a schema: the keyword and a sentence.
pub(super) type Complain<'c> = &'c mut dyn FnMut(Address, DefectKind, String);

pub(super) struct Translation<'t> {
    pub(super) document: &'t Document,
    /// What knows the discriminators; only generation asks.
    pub(super) store: Option<&'t SchemaStore>,
    /// The form of the schema object that is translated next; what is inside it is whole.
    pub(super) form: Form,
    pub(super) direction: Direction,
    pub(super) purpose: Purpose,
    pub(super) reference: WriteReference<'t>,
    pub(super) complain: Complain<'t>,
}

/// Keywords that say nothing about validity.
const ANNOTATIONS: &[&str] = &[
    "$comment",
    "contentMediaType",
    "contentEncoding",
    "contentSchema",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

/// OpenAPI's own keywords, which no JSON Schema tool knows.
const OPENAPI_ONLY: &[&str] = &[
    "discriminator",
    "example",
    "externalDocs",
    "nullable",
    "xml",
];

impl Translation<'_> {
    /// Translates the schema object at `at`.
    pub(super) fn schema(&mut self, at: &Address, value: &Value, dialect: Dialect) -> Value {
        let Value::Object(members) = value else {
            if value.is_boolean() {
                return value.clone();
            }
            (self.complain)(
                at.clone(),
                DefectKind::InvalidSchema,
                "a schema is an object or a boolean".to_owned(),
            );
            return Value::Bool(true);
        };
        let dialect = members
            .get("$schema")
            .and_then(Value::as_str)
            .and_then(Dialect::by_uri)
            .unwrap_or(dialect);
        let mut out = Map::new();
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            self.reference(at, reference, Form::Whole, &mut out);
            if dialect.ref_hides_siblings() {
                return Value::Object(out);
            }
        }
        let form = std::mem::take(&mut self.form);
        let kinship = match (self.purpose, self.store) {
            (Purpose::Generation, Some(store)) => discriminator::kinship(store, at),
            _ => None,
        };
        for (keyword, value) in members {
            match (keyword.as_str(), &kinship) {
                ("allOf", Some(kinship)) if value.is_array() => {
                    let parts = self.parts(&at.join("allOf"), value, kinship, dialect);
                    for part in parts {
                        also(&mut out, part);
                    }
                }
                _ => self.keyword(at, keyword, value, members, dialect, &mut out),
            }
        }
        if self.purpose == Purpose::Generation {
            let kinship = kinship.as_ref().filter(|_| form == Form::Whole);
            for (property, names) in kinship.into_iter().flat_map(|kinship| &kinship.tags) {
                also(&mut out, tag(property, names));
            }
            self.subtypes(at, members, form, &mut out);
            if is_meant_as_object(at, members) {
                out.entry("type").or_insert_with(|| json!("object"));
            }
        }
        if form == Form::Whole && nullable::is_beside_parts(members, dialect) {
            return match self.purpose {
                Purpose::Unit => nullable::unless_null(out),
                _ => nullable::or_null(out),
            };
        }
        Value::Object(out)
    }

    fn reference(
        &mut self,
        at: &Address,
        reference: &str,
        form: Form,
        out: &mut Map<String, Value>,
    ) {
        match self.document.resolve_at(at, reference) {
            Ok(target) => {
                if self.leads_back(at, &target) {
                    (self.complain)(
                        at.join("$ref"),
                        DefectKind::UnresolvedReference,
                        format!("`$ref: {reference}` leads back to itself"),
                    );
                }
                let (keyword, value) = (self.reference)(&target, form);
                out.insert(keyword.to_owned(), value);
            }
            Err(error) => (self.complain)(
                at.join("$ref"),
                DefectKind::UnresolvedReference,
                error.to_string(),
            ),
        }
    }

    /// Whether a reference leads from one to the next until it is met again.
    fn leads_back(&self, at: &Address, target: &Address) -> bool {
        let mut next = target.clone();
        for _ in 0..MAX_STEPS {
            if next == *at {
                return true;
            }
            let reference = self.document.get(&next).and_then(|one| one.get("$ref"));
            let Some(reference) = reference.and_then(Value::as_str) else {
                return false;
            };
            let Ok(further) = self.document.resolve_at(&next, reference) else {
                return false;
            };
            next = further;
        }
        false
    }

    fn keyword(
        &mut self,
        at: &Address,
        keyword: &str,
        value: &Value,
        members: &Map<String, Value>,
        dialect: Dialect,
        out: &mut Map<String, Value>,
    ) {
        if self.decides_nothing(at, (keyword, value), dialect, out) {
            return;
        }
        let document = self.document;
        let is_unit = self.purpose == Purpose::Unit;
        let mut put = |keyword: &str, value: Value| {
            let exact = || {
                limit_keyword(document, at, keyword, &value)
                    .or_else(|| listed_keyword(document, at, keyword, &value))
            };
            let exact = if is_unit { exact() } else { None };
            let (keyword, value) = exact.unwrap_or((keyword, value));
            out.insert(keyword.to_owned(), value);
        };
        match keyword {
            "$ref" if value.is_string() => {}
            "$schema" | "$id" | "id" | "$vocabulary" => {}
            "$recursiveAnchor" if dialect == Dialect::Draft201909 => {
                if is_unit && value == &Value::Bool(true) {
                    put("$dynamicAnchor", json!(recursive::ANCHOR));
                }
            }
            "$recursiveRef" if dialect == Dialect::Draft201909 => {
                let resource = recursive::resource(document, at);
                let is_dynamic = is_unit || self.purpose == Purpose::Generation;
                if is_dynamic && recursive::is_anchored(document, &resource) {
                    put("$dynamicRef", json!(recursive::REFERENCE));
                } else {
                    let (keyword, value) = (self.reference)(&resource, Form::Whole);
                    also(out, json!({ keyword: value }));
                }
            }
            // What is generated for bytes is a text, which becomes the content of a file.
            "type" if self.purpose == Purpose::Generation && dialect.is_file(value) => {
                put("type", json!("string"));
            }
            "type" => put("type", nullable::types(value, members, dialect)),
            "exclusiveMinimum" | "exclusiveMaximum"
                if value.is_boolean() && dialect.has_boolean_bounds() =>
            {
                let bound = if keyword == "exclusiveMinimum" {
                    "minimum"
                } else {
                    "maximum"
                };
                if let (Value::Bool(true), Some(limit)) = (value, members.get(bound)) {
                    put(keyword, limit.clone());
                }
            }
            "minimum" | "maximum" if dialect.has_boolean_bounds() => {
                let flag = if keyword == "minimum" {
                    "exclusiveMinimum"
                } else {
                    "exclusiveMaximum"
                };
                if members.get(flag) != Some(&Value::Bool(true)) {
                    put(keyword, value.clone());
                }
            }
            "items" if value.is_array() && dialect.has_list_items() => {
                put("prefixItems", self.list(&at.join("items"), value, dialect));
            }
            "additionalItems" if dialect.has_list_items() => {
                if members.get("items").is_some_and(Value::is_array) {
                    put("items", self.schema(&at.join(keyword), value, dialect));
                }
            }
            "dependencies" if dialect != Dialect::Draft202012 => {
                self.dependencies(&at.join(keyword), value, dialect, out);
            }
            "required" => {
                let required = self.required(at, value, members, dialect);
                if let Some(required) = required {
                    put(keyword, required);
                }
            }
            "example" if self.purpose == Purpose::Publication => {
                if !members.contains_key("examples") {
                    put("examples", json!([value]));
                }
            }
            "discriminator" if self.purpose == Purpose::Unit => {
                let at = json!([at.file.index(), at.pointer.as_str()]);
                put(DISCRIMINATOR, at);
            }
            "format" if self.purpose == Purpose::Unit || self.purpose == Purpose::Generation => {
                match value.as_str().and_then(registered) {
                    None => put(keyword, value.clone()),
                    Some(_) if self.purpose == Purpose::Unit => put(FORMAT, value.clone()),
                    Some(format) => also(out, format.plain_values(members)),
                }
            }
            "contentEncoding" | "contentMediaType"
                if self.purpose == Purpose::Generation && !dialect.ref_hides_siblings() =>
            {
                for part in content(keyword, value, members) {
                    also(out, part);
                }
            }
            "pattern" if self.purpose == Purpose::Unit => {
                let plain = plain_pattern(value);
                let costly = plain.as_str().filter(|pattern| {
                    is_costly(pattern)
                        && self.store.is_some_and(|store| store.reads_pattern(pattern))
                });
                match costly {
                    Some(pattern) => put(patterns::BOUNDED, patterns::bounded(at, pattern)),
                    None => put(keyword, plain),
                }
            }
            "pattern" if self.purpose == Purpose::Generation => {
                let is_read = value.as_str().is_none_or(|pattern| {
                    self.store.is_none_or(|store| store.reads_pattern(pattern))
                        && !ecma::has_foreign_escape(pattern)
                });
                if is_read {
                    put(keyword, plain_pattern(value));
                } else {
                    // Only what the document shows is known to match.
                    also(out, shown_or_no_text(members));
                }
            }
            "patternProperties" if self.purpose != Purpose::Publication && value.is_object() => {
                put(keyword, self.by_pattern(&at.join(keyword), value, dialect));
            }
            "properties" if self.purpose == Purpose::Generation && value.is_object() => {
                let mut properties = self.map(&at.join(keyword), value, dialect);
                self.forbid_what_does_not_travel(at, members, dialect, &mut properties);
                put(keyword, properties);
            }
            "enum" if is_unit && let Some(at) = long_enum(at, value) => put(LONG_ENUM, at),
            _ if self.purpose != Purpose::Publication
                && (ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")) => {}
            _ if OPENAPI_ONLY.contains(&keyword) => {}
            _ if ONE_SCHEMA.contains(&keyword) => {
                put(keyword, self.schema(&at.join(keyword), value, dialect))
            }
            _ if LIST_OF_SCHEMAS.contains(&keyword) && value.is_array() => {
                let list = self.list(&at.join(keyword), value, dialect);
                match (keyword, list) {
                    // What other keywords want may stand there already.
                    ("allOf", Value::Array(parts)) if out.contains_key("allOf") => {
                        for part in parts {
                            also(out, part);
                        }
                    }
                    (_, list) => {
                        out.insert(keyword.to_owned(), list);
                    }
                }
            }
            // Definitions are reached by references, each as a unit of its own, and by dynamic ones from
            // wherever the scope they stand in leads (JSON Schema 2020-12 §8.2.3.2).
            "$defs" | "definitions" if self.purpose == Purpose::Unit => {
                let definitions = value.as_object().into_iter().flatten();
                let anchored = definitions.filter(|(_, schema)| {
                    schema.get("$dynamicAnchor").is_some() && schema.get("$id").is_none()
                });
                let anchored: Map<String, Value> = anchored
                    .map(|(name, schema)| {
                        let at = at.join(keyword).join(name);
                        (name.clone(), self.schema(&at, schema, dialect))
                    })
                    .collect();
                if !anchored.is_empty() {
                    out.insert(keyword.to_owned(), Value::Object(anchored));
                }
            }
            "$defs" | "definitions" => {}
            _ if MAP_OF_SCHEMAS.contains(&keyword) && value.is_object() => {
                put(keyword, self.map(&at.join(keyword), value, dialect));
            }
            "examples" if !value.is_array() => {}
            _ => put(keyword, value.clone()),
        }
    }

    pub(super) fn list(&mut self, at: &Address, value: &Value, dialect: Dialect) -> Value {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items
            .iter()
            .enumerate()
            .map(|(index, item)| self.schema(&at.index(index), item, dialect))
            .collect()
    }

    fn map(&mut self, at: &Address, value: &Value, dialect: Dialect) -> Value {
        let members = value.as_object().into_iter().flatten();
        Value::Object(
            members
                .map(|(name, member)| (name.clone(), self.schema(&at.join(name), member, dialect)))
                .collect(),
        )
    }

    /// Schemas by the patterns that names match. One that cannot be read may match any name, so that no name
    /// counts as one that nothing speaks of.
    fn by_pattern(&mut self, at: &Address, value: &Value, dialect: Dialect) -> Value {
        let mut out = Map::new();
        for (pattern, member) in value.as_object().into_iter().flatten() {
            let at = at.join(pattern);
            let schema = self.schema(&at, member, dialect);
            match ecma::plain(pattern) {
                Some(plain) => {
                    // Two ways to write one pattern stay two.
                    let mut plain = plain;
                    while out.contains_key(&plain) {
                        plain.push_str("(?:)");
                    }
                    out.insert(plain, schema);
                }
                None => {
                    (self.complain)(
                        at,
                        DefectKind::InvalidPattern,
                        format!("the name `{pattern}` is no regular expression"),
                    );
                    if self.purpose != Purpose::Generation {
                        out.entry("").or_insert(Value::Bool(true));
                    }
                }
            }
        }
        Value::Object(out)
    }

    /// `dependencies` (up to 2019-09) as the two keywords it became.
    fn dependencies(
        &mut self,
        at: &Address,
        value: &Value,
        dialect: Dialect,
        out: &mut Map<String, Value>,
    ) {
        let mut names = Map::new();
        let mut schemas = Map::new();
        for (name, dependency) in value.as_object().into_iter().flatten() {
            if dependency.is_array() {
                names.insert(name.clone(), dependency.clone());
            } else {
                schemas.insert(
                    name.clone(),
                    self.schema(&at.join(name), dependency, dialect),
                );
            }
        }
        for (keyword, map) in [("dependentRequired", names), ("dependentSchemas", schemas)] {
            if !map.is_empty() {
                out.insert(keyword.to_owned(), Value::Object(map));
            }
        }
    }

    /// `required` without the properties that do not travel in this direction; `None` when nothing
    /// is left of it, or when it is the boolean that draft 3 had and that means nothing since.
    fn required(
        &self,
        at: &Address,
        value: &Value,
        members: &Map<String, Value>,
        dialect: Dialect,
    ) -> Option<Value> {
        let Value::Array(names) = value else {
            // A required parameter of Swagger 2.0 is its own schema, with `required: true`.
            return (!value.is_boolean()).then(|| value.clone());
        };
        let mark = self.direction.mark_of_the_other();
        let kept: Vec<_> = names
            .iter()
            .filter(|name| {
                !name
                    .as_str()
                    .is_some_and(|name| self.is_marked(at.file, members, name, mark, dialect, 0))
            })
            .cloned()
            .collect();
        (!kept.is_empty() || names.is_empty() && dialect != Dialect::OpenApi30)
            .then_some(Value::Array(kept))
    }

    /// Whether a property carries a mark, here or in a part of `allOf`.
    pub(super) fn is_marked(
        &self,
        file: oasgate_document::FileId,
        members: &Map<String, Value>,
        name: &str,
        mark: &str,
        dialect: Dialect,
        depth: usize,
    ) -> bool {
        // References that lead in a circle end here.
        if depth > 16 {
            return false;
        }
        let own = members
            .get("properties")
            .and_then(|properties| properties.get(name));
        if own.is_some_and(|property| self.has_mark(file, property, mark, dialect, depth)) {
            return true;
        }
        let parts = members.get("allOf").and_then(Value::as_array);
        parts.into_iter().flatten().any(|part| {
            let Some((file, part)) = self.behind(file, part) else {
                return false;
            };
            part.as_object()
                .is_some_and(|part| self.is_marked(file, part, name, mark, dialect, depth + 1))
        })
    }

    fn has_mark(
        &self,
        file: oasgate_document::FileId,
        schema: &Value,
        mark: &str,
        dialect: Dialect,
        depth: usize,
    ) -> bool {
        if depth > 16 {
            return false;
        }
        let is_reference = schema.get("$ref").is_some_and(Value::is_string);
        if !(is_reference && dialect.ref_hides_siblings()) {
            if schema.get(mark) == Some(&Value::Bool(true)) {
                return true;
            }
            let parts = schema.get("allOf").and_then(Value::as_array);
            if parts
                .into_iter()
                .flatten()
                .any(|part| self.has_mark(file, part, mark, dialect, depth + 1))
            {
                return true;
            }
        }
        is_reference
            && self
                .behind(file, schema)
                .is_some_and(|(file, target)| self.has_mark(file, target, mark, dialect, depth + 1))
    }

    /// One step along a reference; the schema itself where there is none.
    pub(super) fn behind<'s>(
        &'s self,
        file: oasgate_document::FileId,
        schema: &'s Value,
    ) -> Option<(oasgate_document::FileId, &'s Value)> {
        match schema.get("$ref").and_then(Value::as_str) {
            None => Some((file, schema)),
            Some(reference) => {
                let target = self.document.resolve(file, reference).ok()?;
                Some((target.file, self.document.get(&target)?))
            }
        }
    }
}

/// A pattern as all engines read it; one that is none of ECMA-262 as it stands.
fn plain_pattern(value: &Value) -> Value {
    let plain = value.as_str().and_then(ecma::plain);
    plain.map_or_else(|| value.clone(), Value::String)
}

/// Whether a schema that names properties and no type is drawn as objects alone: any other value is valid, and hardly
/// ever meant. What negates or asks is left as it is.
fn is_meant_as_object(at: &Address, members: &Map<String, Value>) -> bool {
    let has_properties = members
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty());
    let says_more = ["type", "enum", "const", "oneOf", "anyOf"];
    has_properties
        && !says_more
            .iter()
            .any(|keyword| members.contains_key(*keyword))
        && !at
            .pointer
            .tokens()
            .any(|token| token == "not" || token == "if")
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Document, Pointer};

    use super::*;

    fn translated(schema: &Value, version: &str, direction: Direction) -> Value {
        let root = json!({ "openapi": version, "info": {}, "paths": {}, "components": { "schemas": { "S": schema, "Text": { "type": "string" } } } });
        let document =
            Document::parse("t.json", root.to_string()).expect("a test writes good documents");
        let at = Address::in_root(Pointer::parse("/components/schemas/S").expect("a pointer"));
        let dialect = Dialect::of(document.version(), document.root());
        Translation {
            document: &document,
            store: None,
            form: Form::Whole,
            direction,
            purpose: Purpose::Validation,
            reference: &mut |target, _| ("$ref", json!(format!("#{}", target.pointer))),
            complain: &mut |at, rule, message| panic!("{rule:?} at {}: {message}", at.pointer),
        }
        .schema(&at, schema, dialect)
    }

    #[test]
    fn nullable_counts_beside_a_type() {
        let typed = json!({ "type": "string", "nullable": true, "enum": ["a"] });
        assert_eq!(
            translated(&typed, "3.0.3", Direction::Response),
            json!({ "type": ["string", "null"], "enum": ["a"] })
        );
        let untyped = json!({ "nullable": true, "enum": ["a"] });
        assert_eq!(
            translated(&untyped, "3.0.3", Direction::Response),
            json!({ "enum": ["a"] })
        );
        assert_eq!(
            translated(&typed, "3.1.0", Direction::Response),
            json!({ "type": "string", "enum": ["a"] })
        );
    }

    #[test]
    fn nullable_counts_beside_parts_but_not_against_an_enum() {
        let parts = json!({ "nullable": true, "oneOf": [{ "type": "string" }] });
        let alone = json!({ "oneOf": [{ "type": "string" }] });
        let or_null = json!({ "anyOf": [alone, { "type": "null" }] });
        for version in ["3.0.0", "3.0.3"] {
            assert_eq!(translated(&parts, version, Direction::Response), or_null);
        }
        assert_eq!(translated(&parts, "3.1.0", Direction::Response), alone);
        let listed = json!({ "nullable": true, "enum": ["a"], "allOf": [{ "type": "string" }] });
        assert_eq!(
            translated(&listed, "3.0.3", Direction::Response),
            json!({ "enum": ["a"], "allOf": [{ "type": "string" }] })
        );
    }

    #[test]
    fn boolean_bounds_become_numbers() {
        let schema = json!({ "minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false });
        assert_eq!(
            translated(&schema, "3.0.3", Direction::Request),
            json!({ "exclusiveMinimum": 1, "maximum": 9 })
        );
    }

    #[test]
    fn siblings_of_a_reference_are_hidden_in_3_0_only() {
        let schema = json!({ "$ref": "#/components/schemas/Text", "minLength": 3 });
        assert_eq!(
            translated(&schema, "3.0.3", Direction::Request),
            json!({ "$ref": "#/components/schemas/Text" })
        );
        assert_eq!(
            translated(&schema, "3.1.0", Direction::Request),
            json!({ "$ref": "#/components/schemas/Text", "minLength": 3 })
        );
    }

    #[test]
    fn what_does_not_travel_is_not_required() {
        let schema = json!({
            "required": ["id", "secret", "name"],
            "properties": { "id": { "readOnly": true }, "secret": { "allOf": [{ "writeOnly": true }] }, "name": {} },
        });
        let required = |direction| translated(&schema, "3.0.3", direction)["required"].clone();
        assert_eq!(required(Direction::Request), json!(["secret", "name"]));
        assert_eq!(required(Direction::Response), json!(["id", "name"]));
    }

    #[test]
    fn a_property_may_be_called_as_a_keyword_is() {
        let schema = json!({ "properties": { "$ref": { "type": "string" }, "nullable": { "type": "boolean" } } });
        assert_eq!(translated(&schema, "3.0.3", Direction::Request), schema);
    }
}
