//! What generation wants of a translated schema beyond its keywords: the names that discriminators
//! ask for, nothing that must not be sent, and for a pattern that cannot be read the values shown.

use oasgate_document::{Address, FileId};
use serde_json::{Map, Value, json};

use super::{
    dialect::Dialect,
    discriminator::Kinship,
    formats::registered,
    structure::subtypes_to_generate,
    translate::{Form, Translation},
};

impl Translation<'_> {
    /// `allOf` of a schema that is derived from others: what it has from them says nothing of what
    /// else is derived from them.
    pub(super) fn parts(
        &mut self,
        at: &Address,
        value: &Value,
        kinship: &Kinship,
        dialect: Dialect,
    ) -> Vec<Value> {
        let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut written = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let at = at.index(index);
            let base = part
                .get("$ref")
                .and_then(Value::as_str)
                .filter(|_| {
                    part.as_object().is_some_and(|part| part.len() == 1)
                        || dialect.ref_hides_siblings()
                })
                .and_then(|reference| {
                    let target = self.document.resolve_at(&at, reference).ok()?;
                    let target = self
                        .store
                        .map_or(target.clone(), |store| store.target(&target));
                    kinship.parents.contains(&target).then_some(target)
                });
            written.push(match base {
                Some(base) => {
                    let (keyword, value) = (self.reference)(&base, Form::Base);
                    json!({ keyword: value })
                }
                None => self.schema(&at, part, dialect),
            });
        }
        written
    }

    /// What a discriminator wants of generated values: each alternative by its name, and of a base the
    /// schemas that are derived from it.
    pub(super) fn subtypes(
        &mut self,
        at: &Address,
        members: &Map<String, Value>,
        form: Form,
        out: &mut Map<String, Value>,
    ) {
        let Some(store) = self.store else {
            return;
        };
        let Some(discriminator) = store.discriminator(at) else {
            return;
        };
        if form == Form::Base {
            // Alternatives that lead back here would be without end.
            if discriminator.has_alternatives {
                out.shift_remove("oneOf");
                out.shift_remove("anyOf");
            }
            return;
        }
        if !discriminator.has_alternatives {
            let mut alternatives = Vec::new();
            for target in subtypes_to_generate(&discriminator, at) {
                let form = if target == *at {
                    Form::Base
                } else {
                    Form::Whole
                };
                let (keyword, value) = (self.reference)(&target, form);
                let names = discriminator.names_of(&target);
                alternatives.push(json!({
                    "allOf": [{ keyword: value }, tag(&discriminator.property, &names)]
                }));
            }
            if !alternatives.is_empty() {
                out.clear();
                out.insert("anyOf".to_owned(), Value::Array(alternatives));
            }
            return;
        }
        for keyword in ["oneOf", "anyOf"] {
            let count = members
                .get(keyword)
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            for index in 0..count {
                let target = store.target(&at.join(keyword).index(index));
                let names = discriminator.names_of(&target);
                // One that chooses by the same property says itself what its names are.
                let chooses = store
                    .discriminator(&target)
                    .is_some_and(|inner| inner.property == discriminator.property);
                if names.is_empty() || chooses {
                    continue;
                }
                if let Some(branch) = out.get_mut(keyword).and_then(|list| list.get_mut(index)) {
                    *branch =
                        json!({ "allOf": [branch.take(), tag(&discriminator.property, &names)] });
                }
            }
        }
    }

    /// Properties that do not travel in this direction, as `false`: they should not be sent (3.0.4
    /// §4.7.24.2). One that another schema requires all the same stays.
    pub(super) fn forbid_what_does_not_travel(
        &self,
        at: &Address,
        members: &Map<String, Value>,
        dialect: Dialect,
        properties: &mut Value,
    ) {
        let mark = self.direction.mark_of_the_other();
        let Value::Object(properties) = properties else {
            return;
        };
        for (name, property) in properties.iter_mut() {
            let is_hidden = self.is_marked(at.file, members, name, mark, dialect, 0);
            if is_hidden && !self.is_required_elsewhere(at.file, members, name, dialect, 0) {
                *property = Value::Bool(false);
            }
        }
    }

    /// Whether a part of `allOf` requires a property that only others mark.
    fn is_required_elsewhere(
        &self,
        file: FileId,
        members: &Map<String, Value>,
        name: &str,
        dialect: Dialect,
        depth: usize,
    ) -> bool {
        if depth > 16 {
            return false;
        }
        let mark = self.direction.mark_of_the_other();
        let parts = members.get("allOf").and_then(Value::as_array);
        parts.into_iter().flatten().any(|part| {
            let Some((file, part)) = self.behind(file, part) else {
                return false;
            };
            let Some(part) = part.as_object() else {
                return false;
            };
            let required = part.get("required").and_then(Value::as_array);
            let requires = required.is_some_and(|names| names.iter().any(|one| one == name));
            requires && !self.is_marked(file, part, name, mark, dialect, 0)
                || self.is_required_elsewhere(file, part, name, dialect, depth + 1)
        })
    }
}

/// A schema that must hold too.
pub(super) fn also(out: &mut Map<String, Value>, schema: Value) {
    if let Value::Array(parts) = out.entry("allOf").or_insert_with(|| json!([])) {
        parts.push(schema);
    }
}

/// The texts that a schema object shows, and no others.
pub(super) fn shown_or_no_text(members: &Map<String, Value>) -> Value {
    let single = ["example", "default", "x-example", "const"];
    let lists = ["examples", "enum"];
    let listed = lists
        .iter()
        .filter_map(|keyword| members.get(*keyword)?.as_array())
        .flatten();
    let shown: Vec<&Value> = single
        .iter()
        .filter_map(|keyword| members.get(*keyword))
        .chain(listed)
        .filter(|value| value.is_string())
        .collect();
    if shown.is_empty() {
        json!({ "not": { "type": "string" } })
    } else {
        json!({ "anyOf": [{ "not": { "type": "string" } }, { "enum": shown }] })
    }
}

/// What `contentEncoding` and `contentMediaType` mean for values to be sent: they speak of texts alone, and what
/// is said to be base64 is (JSON Schema 2020-12 §8). Both assert nothing.
pub(super) fn content(keyword: &str, value: &Value, members: &Map<String, Value>) -> Vec<Value> {
    let mut wanted = Vec::new();
    if !members.contains_key("type") {
        wanted.push(json!({ "type": "string" }));
    }
    let decides = ["const", "enum", "minLength", "pattern"];
    let is_decided = decides.iter().any(|one| members.contains_key(*one));
    let format = match value.as_str() {
        Some("base64") => registered("byte"),
        Some("base64url") => registered("base64url"),
        _ => None,
    };
    if keyword == "contentEncoding" && !is_decided {
        wanted.extend(format.map(|format| format.plain_values(members)));
    }
    wanted
}

/// A property with one of some names. Names are texts; a property of numbers or booleans has what they
/// spell (OpenAPI 3.1.1 §4.8.25.1).
pub(super) fn tag(property: &str, names: &[String]) -> Value {
    let spelt = |name: &String| match serde_json::from_str(name) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => Some(value),
        _ => None,
    };
    let values: Vec<Value> = names
        .iter()
        .map(|name| json!(name))
        .chain(names.iter().filter_map(spelt))
        .collect();
    json!({ "required": [property], "properties": { property: { "enum": values } } })
}
