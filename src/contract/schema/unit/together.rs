//! Schema objects that are compiled together, for keywords that see through references.
//!
//! `unevaluatedProperties` and `unevaluatedItems` ask what all that speaks of the same value has evaluated; what speaks
//! of a part of it is a unit of its own. Where a document has dynamic references, everything within reach is one
//! schema, because what they lead to depends on the way that led there.
//!
//! Such a keyword looks at the value again for each schema that it asks, and each of those that has one does so
//! too: the work is multiplied with each level. It is reckoned before anything is compiled.

use std::collections::{HashMap, HashSet};

use jsonschema::Validator;
use oasgate_document::{Address, Pointer};
use serde_json::{Map, Value, json};

use super::{REFERENCE, Representation, address_below, build, reference_target, translate};
use crate::contract::{
    DefectKind,
    schema::{Direction, SchemaStore, recursive, seeing::sees_through},
};

/// What each schema of a unit costs: it is translated and compiled.
const RESOURCE_COST: u64 = 10;

/// By how much a keyword that sees through multiplies what the schemas beside it cost: they accept the value, tell
/// what they evaluated, and accept it once more for that.
const SEEING_COST: u64 = 3;

/// How deep references that such a keyword must see through may lead into each other.
const MAX_REFERENCES: usize = 200;

/// Keywords whose schemas speak of the same value.
const FOR_THE_SAME_VALUE: [&str; 8] = [
    "allOf",
    "anyOf",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "then",
];

/// Keywords whose schemas speak of parts of the value, and decide what of it is evaluated.
const FOR_PARTS_THAT_COUNT: [&str; 5] = [
    "additionalProperties",
    "contains",
    "items",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Other keywords with schemas for parts of the value.
const FOR_OTHER_PARTS: [&str; 5] = [
    "$defs",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
];

/// Compiles the schema object and what it must see through as resources of one schema; `None` where that is too
/// large.
pub(super) fn compile<F: Representation>(
    store: &SchemaStore,
    address: &Address,
    direction: Direction,
) -> Option<(Validator<F>, Vec<Address>)> {
    let seeing = store.seeing();
    let mut resources = Resources {
        all: vec![address.clone()],
        numbers: HashMap::from([(address.clone(), 0)]),
    };
    let mut definitions = Map::new();
    let mut done = 0;
    while let Some(at) = resources.all.get(done).cloned() {
        if RESOURCE_COST.saturating_mul(done as u64) > seeing.allowed {
            refused(store, address);
            return None;
        }
        let mut schema = translate(store, &at, direction, &mut |target, _| {
            if seeing.is_dynamic {
                ("$ref", json!(resource_uri(resources.number(target))))
            } else {
                let target = json!([target.file.index(), target.pointer.as_str()]);
                (REFERENCE, target)
            }
        });
        if seeing.is_dynamic {
            lead_to_dynamic_targets(store, &at, &mut schema, &mut resources);
        } else {
            // What is asked about the same value by another is asked by whoever asks that.
            see_through(&mut schema, done > 0, &mut resources);
        }
        if let Value::Object(members) = &mut schema {
            members.insert("$id".to_owned(), json!(resource_uri(done)));
        }
        definitions.insert(done.to_string(), schema);
        done += 1;
    }
    if Costs::of(&definitions, seeing.is_dynamic) > seeing.allowed {
        refused(store, address);
        return None;
    }
    let resources = resources.all;
    let schema = json!({ "$ref": resource_uri(0), "$defs": definitions });
    let validator = build(store, schema, direction, &|pointer| {
        let mut tokens = pointer.tokens().skip(1);
        let number = tokens
            .next()
            .and_then(|number| number.parse::<usize>().ok())
            .unwrap_or_default();
        let at = resources.get(number).cloned().unwrap_or_default();
        let rest = tokens.fold(Pointer::root(), |pointer, token| pointer.join(&token));
        address_below(store.document(), &at, &rest)
    });
    Some((validator, resources))
}

/// Says that the keywords are not checked.
fn refused(store: &SchemaStore, address: &Address) {
    store.complain(
        address.clone(),
        DefectKind::DocumentLimit,
        "`unevaluatedProperties`, `unevaluatedItems` and `$dynamicRef` are not checked \
         here: the schemas refer to each other too often"
            .to_owned(),
    );
}

/// The schema objects of one unit, each with its number.
struct Resources {
    all: Vec<Address>,
    numbers: HashMap<Address, usize>,
}

impl Resources {
    fn number(&mut self, address: &Address) -> usize {
        *self.numbers.entry(address.clone()).or_insert_with(|| {
            self.all.push(address.clone());
            self.all.len() - 1
        })
    }
}

pub(super) fn resource_uri(number: usize) -> String {
    format!("oasgate:/unit/{number}")
}

/// The number of the resource at a URI.
fn resource_number(uri: &Value) -> Option<usize> {
    let uri = uri.as_str()?;
    uri.split('#').next()?.rsplit('/').next()?.parse().ok()
}

/// Writes references for the same value as those to resources of this unit where a keyword must see through them,
/// here and in the schemas for parts of the value.
fn see_through(schema: &mut Value, must: bool, resources: &mut Resources) {
    let must = must || asks_for_evaluated(schema);
    let Value::Object(members) = schema else {
        return;
    };
    if must
        && let Some(target) = members.get(REFERENCE).and_then(reference_target)
        && !members.contains_key("$ref")
    {
        members.shift_remove(REFERENCE);
        let uri = resource_uri(resources.number(&target));
        members.insert("$ref".to_owned(), json!(uri));
    }
    for (keyword, value) in members {
        let is_for_same = FOR_THE_SAME_VALUE.contains(&keyword.as_str());
        for schema in schemas_of(keyword, value) {
            see_through(schema, must && is_for_same, resources);
        }
    }
}

/// Whether a schema, or one in it for the same value, has `unevaluatedProperties` or `unevaluatedItems`.
fn asks_for_evaluated(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return false;
    };
    members.iter().any(|(keyword, value)| {
        is_unevaluated(keyword)
            || FOR_THE_SAME_VALUE.contains(&keyword.as_str())
                && below(keyword, value).into_iter().any(asks_for_evaluated)
    })
}

fn is_unevaluated(keyword: &str) -> bool {
    matches!(keyword, "unevaluatedProperties" | "unevaluatedItems")
}

fn is_by_name(keyword: &str) -> bool {
    matches!(
        keyword,
        "$defs" | "dependentSchemas" | "patternProperties" | "properties"
    )
}

fn has_schemas(keyword: &str) -> bool {
    FOR_THE_SAME_VALUE.contains(&keyword)
        || FOR_PARTS_THAT_COUNT.contains(&keyword)
        || FOR_OTHER_PARTS.contains(&keyword)
}

/// The schemas that are the value of a keyword.
fn schemas_of<'v>(keyword: &str, value: &'v mut Value) -> Vec<&'v mut Value> {
    if !has_schemas(keyword) {
        return Vec::new();
    }
    if value.is_object() && !is_by_name(keyword) {
        return vec![value];
    }
    match value {
        Value::Array(schemas) => schemas.iter_mut().collect(),
        Value::Object(schemas) => schemas.values_mut().collect(),
        _ => Vec::new(),
    }
}

/// As [`schemas_of`], to look at.
fn below<'v>(keyword: &str, value: &'v Value) -> Vec<&'v Value> {
    match value {
        _ if !has_schemas(keyword) => Vec::new(),
        Value::Array(schemas) => schemas.iter().collect(),
        Value::Object(schemas) if is_by_name(keyword) => schemas.values().collect(),
        schema => vec![schema],
    }
}

/// Reckons what it costs to hold a value against a unit.
struct Costs<'d> {
    definitions: &'d Map<String, Value>,
    is_dynamic: bool,
    known: HashMap<usize, u64>,
}

impl<'d> Costs<'d> {
    /// That of the first definition, and of every other that sees through references itself.
    fn of(definitions: &'d Map<String, Value>, is_dynamic: bool) -> u64 {
        let mut costs = Self {
            definitions,
            is_dynamic,
            known: HashMap::new(),
        };
        let mut all = RESOURCE_COST.saturating_mul(definitions.len() as u64);
        for number in 0..definitions.len() {
            let definition = definitions.get(&number.to_string());
            let sees = definition.is_some_and(must_see_through_references);
            if number == 0 || sees && !is_dynamic {
                all = all.saturating_add(costs.resource(number, 0));
            }
        }
        for definition in definitions.values() {
            all = all.max(costs.dearest_part(definition));
        }
        all
    }

    fn resource(&mut self, number: usize, depth: usize) -> u64 {
        if let Some(known) = self.known.get(&number) {
            return *known;
        }
        if depth > MAX_REFERENCES {
            return u64::MAX;
        }
        // A circle is written out once.
        self.known.insert(number, 1);
        let definition = self.definitions.get(&number.to_string());
        let cost = definition.map_or(1, |schema| self.schema(schema, false, depth));
        self.known.insert(number, cost);
        cost
    }

    /// The cost of one look at a value. `is_repeated` says that a schema around it looks several times.
    fn schema(&mut self, schema: &Value, is_repeated: bool, depth: usize) -> u64 {
        let Value::Object(members) = schema else {
            return 1;
        };
        let (mut same, mut parts) = (1_u64, 0_u64);
        let sees = members.keys().any(|keyword| is_unevaluated(keyword));
        if let Some(number) = members.get("$ref").and_then(resource_number) {
            same = same.saturating_add(self.resource(number, depth + 1));
        }
        for (keyword, value) in members {
            let is_same = FOR_THE_SAME_VALUE.contains(&keyword.as_str());
            let counts = FOR_PARTS_THAT_COUNT.contains(&keyword.as_str());
            if is_same || counts {
                for one in below(keyword, value) {
                    // What lies behind a dynamic reference may be this schema again, a level deeper.
                    if counts && is_repeated && self.is_dynamic && refers(one) {
                        return u64::MAX;
                    }
                    let is_repeated = is_repeated || is_same && sees;
                    let cost = self.schema(one, is_repeated, depth);
                    let sum = if is_same { &mut same } else { &mut parts };
                    *sum = sum.saturating_add(cost);
                }
            }
        }
        if sees && same > 1 {
            same = same.saturating_mul(SEEING_COST);
        }
        same.saturating_add(parts)
    }

    /// What the dearest of the schemas for parts of the value costs.
    fn dearest_part(&mut self, schema: &Value) -> u64 {
        let Value::Object(members) = schema else {
            return 0;
        };
        let mut dearest = 0;
        for (keyword, value) in members {
            let is_part = !FOR_THE_SAME_VALUE.contains(&keyword.as_str());
            for one in below(keyword, value) {
                if is_part && asks_for_evaluated(one) {
                    dearest = dearest.max(self.schema(one, false, 0));
                }
                dearest = dearest.max(self.dearest_part(one));
            }
        }
        dearest
    }
}

/// Whether a schema refers to another for the same value.
fn refers(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return false;
    };
    members.iter().any(|(keyword, value)| {
        matches!(keyword.as_str(), "$ref" | "$dynamicRef")
            || FOR_THE_SAME_VALUE.contains(&keyword.as_str())
                && below(keyword, value).into_iter().any(refers)
    })
}

/// Leads the dynamic references of a schema that go out of it to resources of the unit.
fn lead_to_dynamic_targets(
    store: &SchemaStore,
    at: &Address,
    schema: &mut Value,
    resources: &mut Resources,
) {
    let mut own = HashSet::new();
    dynamic_anchors(schema, &mut own);
    lead_elsewhere(schema, &own, &mut |reference| {
        let document = store.document();
        let (target, anchor) = if reference == recursive::REFERENCE {
            let resource = recursive::resource(document, at);
            (resource, Some(recursive::ANCHOR.to_owned()))
        } else {
            let target = document.resolve_at(at, reference).ok()?;
            let anchor = document.get(&target)?.get("$dynamicAnchor");
            let anchor = anchor.and_then(Value::as_str).map(str::to_owned);
            (target, anchor)
        };
        Some((resources.number(&target), anchor))
    });
}

/// The names of the dynamic anchors in a schema.
fn dynamic_anchors(schema: &Value, found: &mut HashSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get("$dynamicAnchor") {
                found.insert(name.clone());
            }
            members
                .values()
                .for_each(|value| dynamic_anchors(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| dynamic_anchors(item, found)),
        _ => {}
    }
}

/// The resource that a dynamic reference leads to, by its number, and the anchor in it.
type DynamicTarget = (usize, Option<String>);

/// Writes the dynamic references that lead out of a unit as those to the resource where `find` has their
/// target, by its anchor; without an anchor a dynamic reference is a plain one (JSON Schema 2020-12
/// §8.2.3.2).
fn lead_elsewhere(
    schema: &mut Value,
    own: &HashSet<String>,
    find: &mut dyn FnMut(&str) -> Option<DynamicTarget>,
) {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$dynamicRef").and_then(Value::as_str);
            let is_own = |reference: &&str| {
                let name = reference.strip_prefix('#');
                name.is_some_and(|name| own.contains(name))
            };
            let target = reference
                .filter(|reference| !is_own(reference))
                .and_then(&mut *find);
            match target {
                Some((number, Some(anchor))) => {
                    let uri = format!("{}#{anchor}", resource_uri(number));
                    members.insert("$dynamicRef".to_owned(), json!(uri));
                }
                Some((number, None)) if !members.contains_key("$ref") => {
                    members.shift_remove("$dynamicRef");
                    members.insert("$ref".to_owned(), json!(resource_uri(number)));
                }
                _ => {}
            }
            for value in members.values_mut() {
                lead_elsewhere(value, own, find);
            }
        }
        Value::Array(items) => {
            for item in items {
                lead_elsewhere(item, own, find);
            }
        }
        _ => {}
    }
}

/// Whether a schema object uses a keyword that depends on what references evaluate to.
pub(super) fn must_see_through_references(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(keyword, value)| {
            sees_through(keyword)
                || (value.is_object() || value.is_array()) && must_see_through_references(value)
        }),
        Value::Array(items) => items.iter().any(must_see_through_references),
        _ => false,
    }
}

/// Takes out what depends on references that are not seen through.
pub(super) fn without_what_sees_through(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|keyword, _| !sees_through(keyword));
            members.values_mut().for_each(without_what_sees_through);
        }
        Value::Array(items) => items.iter_mut().for_each(without_what_sees_through),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Address, Document, Pointer};
    use serde_json::{Map, Value, json};

    use crate::contract::{Contract, DefectKind, Direction, Schema};

    /// A contract with these components, and the first of them as a schema.
    fn read(count: usize, each: impl Fn(usize, Value) -> Value) -> (Contract, Schema) {
        let mut schemas = Map::new();
        for number in 0..count {
            let next = json!({ "$ref": format!("#/components/schemas/A{}", number + 1) });
            schemas.insert(format!("A{number}"), each(number, next));
        }
        schemas.insert(format!("A{count}"), json!({ "type": "object" }));
        let document = json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": {}, "components": { "schemas": schemas } });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let contract = Contract::from_document(document);
        let at = Pointer::parse("/components/schemas/A0").expect("a pointer");
        let schema = contract.schema_at(Address::in_root(at), Direction::Response);
        (contract, schema)
    }

    fn is_refused(contract: &Contract) -> bool {
        let mut defects = contract.defects().into_iter();
        defects.any(|defect| defect.kind == DefectKind::DocumentLimit)
    }

    fn nested(depth: usize, last: Value) -> Value {
        (0..depth).fold(last, |inner, _| json!({ "a": inner }))
    }

    #[test]
    fn a_property_whose_schema_sees_through_references_is_a_unit_of_its_own() {
        let (contract, schema) = read(120, |number, next| {
            json!({
                "allOf": [{ "properties": { format!("p{number}"): true } }],
                "properties": { "a": next },
                "unevaluatedProperties": false,
            })
        });
        assert!(schema.is_valid(&nested(100, json!({ "p100": 1 }))));
        let wrong = schema.violations(&nested(100, json!({ "p99": 1 })));
        assert!(!is_refused(&contract));
        let [wrong] = wrong.as_slice() else {
            panic!("{wrong:?}");
        };
        assert_eq!(
            wrong.schema.pointer.as_str(),
            "/components/schemas/A100/unevaluatedProperties"
        );
        assert_eq!(wrong.instance.as_str(), "/a".repeat(100));
    }

    #[test]
    fn what_is_evaluated_behind_references_is_seen() {
        let (contract, schema) = read(30, |number, next| match number {
            0 => json!({ "anyOf": [next, { "required": ["z"] }], "unevaluatedProperties": false }),
            _ => json!({ "allOf": [next], "properties": { format!("p{number}"): true } }),
        });
        assert!(schema.is_valid(&json!({ "p1": 1, "p29": 1 })));
        assert!(!schema.is_valid(&json!({ "p30": 1 })));
        assert!(!is_refused(&contract));
    }

    #[test]
    fn work_that_is_multiplied_with_each_level_is_refused() {
        let (contract, schema) = read(200, |number, next| {
            json!({
                "allOf": [next],
                "properties": { format!("p{number}"): true },
                "unevaluatedProperties": false,
            })
        });
        assert!(schema.is_valid(&json!({ "p199": 1 })));
        assert!(is_refused(&contract));
        let inline = (0..20).fold(
            json!({}),
            |inner, _| json!({ "allOf": [{ "unevaluatedProperties": inner }], "unevaluatedProperties": false }),
        );
        let (contract, schema) = read(1, |_, _| inline.clone());
        assert!(schema.is_valid(&nested(19, json!({}))));
        assert!(is_refused(&contract));
    }

    #[test]
    fn a_schema_that_leads_back_to_itself_in_a_part_ends() {
        let again = json!({ "$ref": "#/components/schemas/A0" });
        let (contract, schema) = read(
            1,
            |_, _| json!({ "allOf": [{ "unevaluatedProperties": again }], "unevaluatedProperties": false, "type": "object" }),
        );
        assert!(schema.is_valid(&nested(100, json!({}))));
        assert!(!schema.is_valid(&nested(100, json!(1))));
        assert!(!is_refused(&contract));
        // What a dynamic reference leads to may be looked at again on each level.
        let dynamic = json!({ "$dynamicRef": "#a" });
        let (contract, schema) = read(
            1,
            |_, _| json!({ "$dynamicAnchor": "a", "allOf": [{ "unevaluatedProperties": dynamic }], "unevaluatedProperties": false, "type": "object" }),
        );
        assert!(schema.is_valid(&nested(100, json!({}))));
        assert!(is_refused(&contract));
    }

    #[test]
    fn many_schemas_with_dynamic_references_are_refused_each() {
        let started = std::time::Instant::now();
        let (contract, schema) = read(
            300,
            |_, next| json!({ "$dynamicAnchor": "n", "properties": { "a": { "$dynamicRef": "#n" }, "b": next } }),
        );
        assert!(schema.is_valid(&json!({ "b": { "b": {} } })));
        assert!(is_refused(&contract));
        let (contract, schema) = read(
            30,
            |number, next| json!({ "$dynamicAnchor": "n", "type": "object", "properties": { "a": { "$dynamicRef": "#n" }, "b": next, "c": { "const": number } } }),
        );
        assert!(schema.is_valid(&json!({ "b": { "c": 1, "a": { "c": 0 } } })));
        assert!(!schema.is_valid(&json!({ "b": { "c": 1, "a": { "c": 1 } } })));
        assert!(!is_refused(&contract));
        assert!(started.elapsed().as_secs() < 20);
    }
}
