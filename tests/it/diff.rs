//! What changed between two documents: tables in `tests/cases/diff/`, and laws of rewriting.

use std::{collections::BTreeSet, fs};

use boon::{Compiler, Draft, Schemas};
use oasgate::{
    contract::{Contract, Direction},
    diff::{self, Basis, Change, Comparison, Flow, Lens, Verdict},
    document::{Document, Pointer},
};
use serde_json::{Map, Value, json};

use crate::lint::table;

/// One side of a case.
fn document(case: &Value, side: usize) -> Value {
    let pick = |key: &str| {
        let value = case.get(key)?;
        Some(match value.as_array() {
            Some(both) => both[side].clone(),
            None => value.clone(),
        })
    };
    let mut operation = json!({
        "operationId": "a", "responses": { "200": { "description": "ok" } },
    });
    let json_content = |schema: Value| json!({ "application/json": { "schema": schema } });
    if let Some(schema) = pick("response") {
        operation["responses"]["200"]["content"] = json_content(schema);
    }
    if let Some(schema) = pick("request") {
        operation["requestBody"] = json!({ "required": true, "content": json_content(schema) });
    }
    let mut path = "/a";
    for location in ["query", "path", "header", "cookie"] {
        if let Some(schema) = pick(location) {
            operation["parameters"] = json!([
                { "name": "p", "in": location, "schema": schema, "required": location == "path" }
            ]);
            if location == "path" {
                path = "/a/{p}";
            }
        }
    }
    if let Some(Value::Object(more)) = pick("operation") {
        operation.as_object_mut().expect("an object").extend(more);
    }
    let mut root = json!({
        "openapi": pick("openapi").unwrap_or_else(|| json!("3.1.0")),
        "info": { "title": "t", "version": "1" },
        "paths": pick("paths").unwrap_or_else(|| json!({ path: { "post": operation } })),
        "components": pick("components").unwrap_or_else(|| json!({})),
    });
    if let Some(webhooks) = pick("webhooks") {
        root["webhooks"] = webhooks;
    }
    if let Some(schemas) = pick("schemas") {
        root["components"]["schemas"] = schemas;
    }
    root
}

fn contract(root: &Value) -> Contract {
    let document = Document::parse("document.json", root.to_string()).expect("a document");
    Contract::from_document(document)
}

fn verdict(comparison: &Comparison) -> &'static str {
    comparison.verdict().map_or("none", Verdict::as_str)
}

/// Whether both validators say that a value is of a schema.
fn is_valid(contract: &Contract, change: &Change, side: usize, value: &Value) -> Option<bool> {
    let direction = match change.flow? {
        Flow::Request => Direction::Request,
        Flow::Response => Direction::Response,
    };
    let at = change.schemas.as_ref()?[side].clone();
    let bare = contract.schema_at(at, direction).to_bare_schema();
    let first = jsonschema::options()
        .should_validate_formats(true)
        .build(&bare)
        .ok()?
        .is_valid(value);
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    compiler.add_resource("mem:///schema", bare).ok()?;
    let mut schemas = Schemas::new();
    let compiled = compiler.compile("mem:///schema", &mut schemas).ok()?;
    let second = schemas.validate(value, compiled).is_ok();
    assert_eq!(first, second, "validators differ about {value}");
    Some(first)
}

/// Which side of a breaking change sends, told by its rule.
fn sender(change: &Change) -> usize {
    usize::from(change.rule.as_str() != "narrowed-input")
}

/// What is wrong with the instances of a comparison.
fn unproven(old: &Contract, new: &Contract, comparison: &Comparison) -> Vec<String> {
    let mut wrong = Vec::new();
    for change in &comparison.changes {
        if change.basis != Basis::Instance {
            continue;
        }
        let instance = change.instance.as_ref().expect("an instance");
        if change.shown.is_none() {
            wrong.push(format!("{instance} is not shown"));
        }
        // Validators do not know the formats of numbers.
        let refused = change.at.as_ref().and_then(|at| at.get(instance));
        if change.keyword.as_deref() == Some("format") && refused.is_some_and(Value::is_number) {
            continue;
        }
        let sends = sender(change);
        let contracts = [old, new];
        for (side, wanted) in [(sends, true), (1 - sends, false)] {
            if is_valid(contracts[side], change, side, instance) == Some(!wanted) {
                wrong.push(format!("{instance} is no instance: {}", change.message));
            }
        }
    }
    wrong
}

fn cases() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for entry in fs::read_dir("tests/cases/diff").expect("the folder is there") {
        let path = entry.expect("an entry").path();
        for case in table(&path) {
            let name = case["name"].as_str().expect("a name").to_owned();
            all.push((name, case));
        }
    }
    all
}

/// What a case wants that is not so.
fn judged(case: &Value) -> Vec<String> {
    let (old, new) = (contract(&document(case, 0)), contract(&document(case, 1)));
    let lens = match case.get("strict") {
        Some(_) => Lens::Strict,
        None => Lens::Declared,
    };
    let comparison = diff::compare(&old, &new, lens);
    let mut wrong = unproven(&old, &new, &comparison);
    let mut want = |what: &str, said: Value| {
        if let Some(wanted) = case.get(what)
            && *wanted != said
        {
            wrong.push(format!("{what} {said} instead of {wanted}"));
        }
    };
    want("verdict", json!(verdict(&comparison)));
    want("count", json!(comparison.changes.len()));
    let rules: BTreeSet<&str> = comparison
        .changes
        .iter()
        .map(|change| change.rule.as_str())
        .collect();
    want("rules", json!(rules));
    let breaking = comparison
        .changes
        .iter()
        .find(|change| change.verdict == Verdict::Breaking);
    if let Some(change) = breaking {
        want("keyword", json!(change.keyword));
        want("at", json!(change.at.as_ref().map(Pointer::as_str)));
        want("instance", json!(change.instance));
    }
    if let Some(change) = comparison.changes.first() {
        let place = |at: &Option<oasgate::document::Address>| {
            at.as_ref()
                .map_or(String::new(), |at| at.pointer.to_string())
        };
        want("places", json!([place(&change.old), place(&change.new)]));
    }
    wrong
}

#[test]
fn pairs_have_the_verdict_of_their_tables() {
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        let said = judged(&case);
        if !said.is_empty() {
            wrong.push(format!("{name}: {}", said.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_has_a_case() {
    let told: BTreeSet<String> = cases()
        .iter()
        .flat_map(|(_, case)| case["rules"].as_array().expect("rules").clone())
        .filter_map(|rule| rule.as_str().map(str::to_owned))
        .collect();
    let silent: Vec<_> = diff::rules()
        .map(|rule| rule.id)
        .filter(|id| !told.contains(*id) && *id != "undecided-schema")
        .collect();
    assert!(silent.is_empty(), "no case tells {silent:?}");
}

#[test]
fn a_document_has_no_change_against_itself() {
    for (name, case) in cases() {
        for side in [0, 1] {
            let contract = contract(&document(&case, side));
            let comparison = diff::compare(&contract, &contract, Lens::Declared);
            assert_eq!(verdict(&comparison), "none", "{name}");
        }
    }
}

/// Everything in a document that is a schema object, rewritten from the inside.
fn rewritten(value: &Value, rewrite: &dyn Fn(Map<String, Value>) -> Value) -> Value {
    let mut root = value.clone();
    if let Some(Value::Object(schemas)) = root.pointer_mut("/components/schemas") {
        for schema in schemas.values_mut() {
            *schema = schema_rewritten(schema, rewrite);
        }
    }
    in_content(&mut root, rewrite);
    root
}

fn in_content(value: &mut Value, rewrite: &dyn Fn(Map<String, Value>) -> Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if key == "schema" {
                    *member = schema_rewritten(member, rewrite);
                } else if key != "schemas" {
                    in_content(member, rewrite);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_content(item, rewrite)),
        _ => {}
    }
}

fn schema_rewritten(schema: &Value, rewrite: &dyn Fn(Map<String, Value>) -> Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (keyword, value) in members {
        let inside = |one: &Value| schema_rewritten(one, rewrite);
        let changed = match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(all)) => {
                Value::Object(
                    all.iter()
                        .map(|(name, one)| (name.clone(), inside(one)))
                        .collect(),
                )
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                all.iter().map(inside).collect()
            }
            (
                "items"
                | "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames",
                one,
            ) => inside(one),
            (_, other) => other.clone(),
        };
        out.insert(keyword.clone(), changed);
    }
    rewrite(out)
}

/// Writes a document anew.
type Rewriting = Box<dyn Fn(&Value) -> Value>;

/// Ways to write a document anew that change nothing.
fn rewritings() -> Vec<(&'static str, Rewriting)> {
    let by_schema = |rewrite: fn(Map<String, Value>) -> Value| -> Rewriting {
        Box::new(move |root| rewritten(root, &rewrite))
    };
    vec![
        (
            "an allOf of one",
            by_schema(|schema| {
                // In 3.0 a mark inside a part is read all the same.
                json!({ "allOf": [schema] })
            }),
        ),
        (
            "properties in another order",
            by_schema(|mut schema| {
                for keyword in ["properties", "patternProperties"] {
                    if let Some(Value::Object(all)) = schema.get_mut(keyword) {
                        *all = std::mem::take(all).into_iter().rev().collect();
                    }
                }
                Value::Object(schema)
            }),
        ),
        (
            "alternatives and lists in another order",
            by_schema(|mut schema| {
                for keyword in ["anyOf", "oneOf", "allOf", "enum", "required", "type"] {
                    if let Some(Value::Array(all)) = schema.get_mut(keyword) {
                        all.reverse();
                    }
                }
                Value::Object(schema)
            }),
        ),
        (
            "annotations",
            by_schema(|mut schema| {
                if !schema.contains_key("$ref") {
                    schema.insert("description".to_owned(), json!("something else"));
                    schema.insert("x-more".to_owned(), json!(1));
                }
                Value::Object(schema)
            }),
        ),
        ("components written out", Box::new(inlined)),
        (
            "YAML",
            Box::new(|root| {
                // A block of JSON is YAML; what is compared is the reading.
                let text = format!("# yaml\n{root:#}");
                let document = Document::parse("document.yaml", text).expect("a document");
                document.root().clone()
            }),
        ),
    ]
}

/// The document without references to schemas, but for those that lead back to where they stand.
fn inlined(root: &Value) -> Value {
    fn expanded(value: &Value, root: &Value, within: &[String]) -> Value {
        match value {
            Value::Object(members) => {
                let target = members
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|text| text.strip_prefix('#'))
                    .filter(|at| at.starts_with("/components/schemas/"));
                if let Some(at) = target
                    && members.len() == 1
                    && !within.iter().any(|one| one == at)
                    && let Some(schema) = root.pointer(at)
                {
                    let mut deeper = within.to_vec();
                    deeper.push(at.to_owned());
                    return expanded(schema, root, &deeper);
                }
                let all = members
                    .iter()
                    .map(|(key, one)| (key.clone(), expanded(one, root, within)));
                Value::Object(all.collect())
            }
            Value::Array(items) => items
                .iter()
                .map(|item| expanded(item, root, within))
                .collect(),
            other => other.clone(),
        }
    }
    let mut out = root.clone();
    if let Some(paths) = root.get("paths") {
        out["paths"] = expanded(paths, root, &[]);
    }
    out
}

#[test]
fn a_document_written_anew_has_no_change() {
    let mut wrong = Vec::new();
    let outside = ["tests/specs", "spec"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter_map(|path| {
            let document = Document::open(&path).ok()?;
            let is_one = document.files().count() == 1 && document.root().get("openapi").is_some();
            is_one.then(|| (path.display().to_string(), document.root().clone()))
        });
    let own = cases()
        .into_iter()
        .flat_map(|(name, case)| [0, 1].map(|side| (name.clone(), document(&case, side))));
    for (name, root) in own.chain(outside) {
        let old = contract(&root);
        for (what, rewrite) in rewritings() {
            let new = contract(&rewrite(&root));
            for (old, new) in [(&old, &new), (&new, &old)] {
                let comparison = diff::compare(old, new, Lens::Declared);
                if let Some(change) = comparison.changes.first() {
                    wrong.push(format!(
                        "{name}, {what}: {} {}",
                        change.verdict, change.message
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_document_of_3_0_written_as_3_1_has_no_change() {
    for (name, case) in cases() {
        if case.get("openapi") != Some(&json!("3.0.3")) {
            continue;
        }
        let root = document(&case, 1);
        let mut newer = rewritten(&root, &|mut schema| {
            let is_nullable = schema.shift_remove("nullable") == Some(json!(true));
            if is_nullable && let Some(kind) = schema.get("type").cloned() {
                schema.insert("type".to_owned(), json!([kind, "null"]));
            }
            if schema.contains_key("$ref") {
                schema.retain(|keyword, _| keyword == "$ref");
            }
            Value::Object(schema)
        });
        newer["openapi"] = json!("3.1.0");
        let comparison = diff::compare(&contract(&root), &contract(&newer), Lens::Declared);
        assert_eq!(verdict(&comparison), "none", "{name}");
    }
}

#[test]
fn what_was_not_read_is_undecided() {
    let with = |more: Value| {
        let gone = json!({ "$ref": "#/components/schemas/Gone" });
        let schema = json!({ "type": "object", "properties": { "a": gone, "b": more } });
        contract(&document(&json!({ "response": schema }), 0))
    };
    let old = with(json!({ "type": "string" }));
    for new in [
        with(json!({ "type": "string" })),
        with(json!({ "type": "string", "maxLength": 3 })),
    ] {
        let comparison = diff::compare(&old, &new, Lens::Declared);
        assert_eq!(verdict(&comparison), "undecided");
        let proved = comparison
            .changes
            .iter()
            .any(|one| one.basis == Basis::Proved);
        assert!(!proved, "{:?}", comparison.changes);
    }
    // What would have to be fetched is told in another way.
    let remote = json!({ "$ref": "https://example.com/schemas.yaml#/A" });
    let remote = contract(&document(&json!({ "response": remote }), 0));
    let comparison = diff::compare(&remote, &old, Lens::Declared);
    assert_eq!(verdict(&comparison), "undecided");
}

#[test]
fn components_that_all_refer_to_each_other_are_answered() {
    const COUNT: usize = 12;
    let with = |changed: &Value| {
        let refer = |name: String| json!({ "$ref": format!("#/components/schemas/{name}") });
        let mut schemas = Map::new();
        for number in 0..COUNT {
            let kind = json!({ "enum": [format!("n{number}")] });
            let others = (0..COUNT).map(|other| {
                let mut alternatives =
                    vec![json!({ "type": "string" }), refer(format!("N{other}"))];
                // One that overlaps takes part.
                if other == number {
                    alternatives.push(refer(format!("Gone{other}")));
                }
                (format!("r{other}"), json!({ "anyOf": alternatives }))
            });
            let mut properties: Map<String, Value> = others.collect();
            let value = if number == COUNT / 2 {
                changed.clone()
            } else {
                json!({ "type": "string" })
            };
            properties.insert("kind".to_owned(), kind.clone());
            properties.insert("v".to_owned(), value);
            let whole = json!({ "type": "object", "required": ["kind"], "properties": properties });
            schemas.insert(format!("N{number}"), whole);
            let gone = json!({
                "type": "object", "required": ["gone", "kind"],
                "properties": { "kind": kind, "gone": { "const": true } },
            });
            schemas.insert(format!("Gone{number}"), gone);
        }
        let case = json!({ "response": refer("N0".to_owned()), "schemas": schemas });
        contract(&document(&case, 0))
    };
    let old = with(&json!({ "type": "string" }));
    let shorter = with(&json!({ "type": "string", "maxLength": 9 }));
    let comparison = diff::compare(&old, &shorter, Lens::Declared);
    assert_eq!(verdict(&comparison), "compatible");
    let broken = with(&json!({ "type": "integer" }));
    let comparison = diff::compare(&old, &broken, Lens::Declared);
    let told: Vec<&str> = comparison
        .changes
        .iter()
        .filter(|change| change.verdict != Verdict::Compatible)
        .map(|change| change.message.as_str())
        .collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(verdict(&comparison), "breaking");
}
