//! Generation seen from outside: the two laws, what mutations and edges there are, and what of it is
//! broken on the wire.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use oasgate::{
    check::{CHECKS, Intent, Subject},
    contract::{Contract, Direction, Schema},
    document::Document,
    exchange::{Exchange, Origin, Response},
    gate::{self, LiveSettings, Methods, Phase},
    generate::{self, Generator},
};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::{Value, json};

#[path = "../../examples/generation/laws.rs"]
#[expect(dead_code, reason = "the report looks at documents too")]
mod laws;

use crate::{lint::table, outside::shared};

/// More edges and mutations than any schema of the tables has.
const MOST: usize = 300;

fn schema_of(schema: &Value, openapi: &str) -> Schema {
    let document = json!({
        "openapi": openapi, "info": { "title": "t", "version": "1" }, "paths": {},
        "components": { "schemas": { "S": schema } },
    });
    let document = Document::parse("case", document.to_string()).expect("a document");
    Contract::from_document(document)
        .schema("S", Direction::Request)
        .expect("the schema")
}

fn texts(value: &Value) -> BTreeSet<String> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[test]
fn both_laws_hold_on_the_suite_of_others() {
    let Some(shared) = shared() else { return };
    for (draft, uri) in laws::DRAFTS {
        let folder = shared
            .join("suites/json-schema-test-suite/tests")
            .join(draft);
        let row = laws::suite(&folder, uri).expect("the suite is read");
        assert!(row.schemas > 100, "{draft}: {} schemas", row.schemas);
        assert_eq!(row.broken, Vec::<String>::new(), "{draft}");
        assert_eq!(
            (row.disputed, row.missed),
            (0, [0, 0]),
            "{draft}: {:#?}",
            row.examples
        );
    }
}

#[test]
fn each_constraint_is_broken_by_name_and_met_at_its_edge() {
    let mut wrong = Vec::new();
    for case in table(Path::new("tests/cases/generate/around.yaml")) {
        let name = case["name"].as_str().expect("a name");
        let schema = schema_of(&case["schema"], case["openapi"].as_str().unwrap_or("3.1.0"));
        let mut generator = Generator::new(1, &[name]);
        let strategy = generate::valid(&schema);
        let mutations = generate::mutations(&schema, &strategy, MOST, &mut generator);
        let said: BTreeSet<String> = mutations.iter().map(ToString::to_string).collect();
        if said != texts(&case["breaks"]) {
            wrong.push(format!("{name}: breaks {said:#?}"));
        }
        for mutation in &mutations {
            if schema.is_valid(&mutation.value) {
                wrong.push(format!("{name}: {mutation} is valid: {}", mutation.value));
            }
        }
        let edges = generate::edges(&schema, &strategy, MOST, &mut generator);
        let named: BTreeSet<String> = edges.iter().map(|edge| edge.name.clone()).collect();
        let missing: Vec<_> = texts(&case["edges"]).difference(&named).cloned().collect();
        if !missing.is_empty() {
            wrong.push(format!("{name}: lacks the edges {missing:?} of {named:?}"));
        }
        for edge in &edges {
            if !schema.is_valid(&edge.value) {
                wrong.push(format!("{name}: {} is invalid: {}", edge.name, edge.value));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A document with one operation that has one parameter or body.
#[test]
fn a_value_that_several_alternatives_accept_is_no_breach() {
    let text = json!({ "type": "string", "format": "^[0-9a-f]{3}$" });
    let alternatives = json!([{ "type": "string", "enum": ["green", "red"] }, text]);
    let schema = schema_of(&json!({ "oneOf": alternatives }), "3.1.0");
    let strategy = generate::valid(&schema);
    let mut generator = Generator::new(1, &["several"]);
    let mutations = generate::mutations(&schema, &strategy, MOST, &mut generator);
    assert!(!mutations.is_empty());
    let texts: Vec<_> = mutations
        .iter()
        .filter(|one| one.value.is_string())
        .collect();
    assert!(texts.is_empty(), "{texts:?}");
}

fn operation_of(case: &Value) -> Contract {
    let place = case["in"].as_str().expect("a place");
    let required = case["required"].as_bool().unwrap_or(place == "path");
    let path = if place == "path" { "/{p}" } else { "/things" };
    let mut operation = json!({ "operationId": "op", "responses": {} });
    match place {
        "body" | "form" | "multipart" => {
            let media_type = match place {
                "body" => "application/json",
                "form" => "application/x-www-form-urlencoded",
                _ => "multipart/form-data",
            };
            let mut content = json!({ "schema": case["schema"] });
            if let Some(encoding) = case.get("encoding") {
                content["encoding"] = encoding.clone();
            }
            operation["requestBody"] = json!({
                "required": required,
                "content": { media_type: content },
            });
        }
        _ => {
            let mut parameter = json!({
                "name": "p", "in": place, "required": required, "schema": case["schema"],
            });
            for key in ["style", "explode"] {
                if let Some(value) = case.get(key) {
                    parameter[key] = value.clone();
                }
            }
            operation["parameters"] = json!([parameter]);
        }
    }
    let document = json!({
        "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
        "paths": { path: { "post": operation } },
    });
    Contract::from_document(Document::parse("case", document.to_string()).expect("a document"))
}

fn settings() -> LiveSettings {
    LiveSettings {
        methods: Methods::All,
        ..LiveSettings::new("http://localhost/".parse().expect("a URL"))
    }
}

#[test]
fn what_is_broken_is_broken_on_the_wire() {
    let mut wrong = Vec::new();
    for case in table(Path::new("tests/cases/generate/wire.yaml")) {
        let name = case["name"].as_str().expect("a name");
        let contract = operation_of(&case);
        let settings = settings();
        let plans: Vec<_> = gate::plan(&contract, &settings).collect();
        let broken: BTreeSet<String> = plans[0]
            .cases
            .iter()
            .filter_map(|case| case.breaks.as_ref().map(ToString::to_string))
            .collect();
        if broken != texts(&case["breaks"]) {
            wrong.push(format!("{name}: breaks {broken:#?}"));
        }
        let admits_none = plans[0].unbreakable.len() == 1;
        if admits_none != broken.iter().all(|rule| rule.ends_with(": required")) {
            wrong.push(format!("{name}: unbreakable {:?}", plans[0].unbreakable));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_document_shows_for_properties_is_sent_first_whole_and_then_the_least() {
    let schema = json!({
        "type": "object", "required": ["kind", "parameters"],
        "properties": {
            "kind": { "type": "string", "example": "webhook" },
            "parameters": { "type": "object", "example": { "url": "http://a.example/" } },
            "events": { "type": "array", "items": { "type": "string" }, "example": ["made", "changed"] },
        },
    });
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "t", "version": "1" },
        "paths": { "/things": { "post": {
            "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
            "responses": {},
        } } },
    });
    let document = Document::parse("case", document.to_string()).expect("a document");
    let contract = Contract::from_document(document);
    let plans: Vec<_> = gate::plan(&contract, &settings()).collect();
    let examples = plans[0]
        .cases
        .iter()
        .filter(|case| case.phase == Phase::Examples);
    let bodies: Vec<_> = examples
        .filter_map(|case| Some(case.parts.body.clone()?.1))
        .collect();
    let least = json!({ "kind": "webhook", "parameters": { "url": "http://a.example/" } });
    let mut whole = least.clone();
    whole["events"] = json!(["made", "changed"]);
    assert_eq!(bodies, [whole, least]);
}

#[test]
fn a_schema_with_properties_and_no_type_is_drawn_as_objects() {
    let schema = json!({ "properties": { "a": { "properties": { "b": { "type": "integer" } } } } });
    let schema = schema_of(&schema, "3.0.3");
    let strategy = generate::valid(&schema);
    let mut generator = Generator::new(1, &["objects"]);
    let drawn: Vec<_> = (0..50).filter_map(|_| generator.draw(&strategy)).collect();
    assert_eq!(drawn.len(), 50);
    for value in drawn {
        assert!(value.is_object(), "{value}");
        assert!(value.get("a").is_none_or(Value::is_object), "{value}");
    }
}

#[test]
fn bodies_go_out_as_a_media_type_that_can_hold_them() {
    let mut wrong = Vec::new();
    for case in table(Path::new("tests/cases/generate/media-types.yaml")) {
        let name = case["name"].as_str().expect("a name");
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "post": {
                "requestBody": { "required": true, "content": case["content"] }, "responses": {},
            } } },
            "components": { "schemas": case.get("schemas").cloned().unwrap_or(json!({})) },
        });
        let document = Document::parse("case", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let settings = settings();
        let plans: Vec<_> = gate::plan(&contract, &settings).collect();
        let obeying = plans[0].cases.iter();
        let obeying = obeying.filter(|case| case.intent == Intent::Obey);
        let sent: BTreeSet<String> = obeying
            .filter_map(|case| case.request.headers.get("content-type")?.to_str().ok())
            .filter_map(|text| Some(text.split(';').next()?.to_owned()))
            .collect();
        if sent != texts(&case["sent"]) {
            wrong.push(format!("{name}: sends {sent:?}, {:?}", plans[0].left_out));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn texts_of_open_formats_are_what_the_word_means() {
    let mut wrong = Vec::new();
    for case in table(Path::new("tests/cases/generate/open-formats.yaml")) {
        let like = regex::Regex::new(case["like"].as_str().expect("a pattern")).expect("a pattern");
        let property = case["property"].as_str().unwrap_or("p");
        let mut text = case.clone();
        text["type"] = "string".into();
        let schema =
            json!({ "type": "object", "required": [property], "properties": { property: text } });
        let strategy = generate::valid(&schema_of(&schema, "3.1.0"));
        let mut generator = Generator::new(1, &["open formats"]);
        for _ in 0..20 {
            let value = generator.draw(&strategy).expect("a value");
            let drawn = value[property].as_str().expect("a text");
            if !like.is_match(drawn) {
                wrong.push(format!("{case}: {drawn:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_drawn_is_like_what_the_document_means() {
    let mut wrong = Vec::new();
    for case in table(Path::new("tests/cases/generate/drawn.yaml")) {
        let name = case["name"].as_str().expect("a name");
        let direction = match case["direction"].as_str() {
            Some("response") => Direction::Response,
            _ => Direction::Request,
        };
        let mut schemas = case["schemas"].as_object().cloned().unwrap_or_default();
        schemas.insert("S".to_owned(), case["schema"].clone());
        let document = json!({
            "openapi": case["openapi"].as_str().unwrap_or("3.1.0"),
            "info": { "title": "t", "version": "1" }, "paths": {},
            "components": { "schemas": schemas },
        });
        let document = Document::parse("case", document.to_string()).expect("a document");
        let schema = Contract::from_document(document).schema("S", direction);
        let strategy = generate::valid(&schema.expect("the schema"));
        let mut generator = Generator::new(1, &[name]);
        let values: Vec<String> = (0..20)
            .filter_map(|_| generator.draw(&strategy))
            .map(|value| value.to_string())
            .collect();
        let like = case["like"].as_str().expect("a pattern");
        if values.is_empty() != like.is_empty() {
            wrong.push(format!("{name}: {values:?}"));
        }
        let like = regex::Regex::new(like).expect("a pattern");
        let others = values.iter().filter(|value| !like.is_match(value));
        wrong.extend(others.map(|value| format!("{name}: {value}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The plan of real documents, held against the check that reads recorded requests: it was written
/// for another purpose and knows nothing of generators.
#[test]
fn planned_requests_keep_or_break_the_contract_as_they_say() {
    let Some(shared) = shared() else { return };
    let request_mismatch = CHECKS
        .iter()
        .find(|check| check.rule().id == "request-mismatch")
        .expect("the check");
    let mut wrong = Vec::new();
    for path in [
        "corpus/servers/kinto.json",
        "corpus/servers/chromadb.json",
        "corpus/versions/live__phoenix.json",
    ] {
        let contract = Contract::load(shared.join(path)).expect("it loads");
        let settings = settings();
        for case in gate::plan(&contract, &settings).flat_map(|plan| plan.cases) {
            if matches!(case.phase, Phase::Framing | Phase::Auth) {
                continue;
            }
            let Ok(route) = contract.route(&case.request.method, &case.request.url) else {
                continue;
            };
            // A name may lead to another operation, whose contract the request does not speak of.
            if route.operation.id != case.operation.id {
                continue;
            }
            let exchange = Exchange {
                request: case.request.clone(),
                response: Response::new(http::StatusCode::OK),
                origin: Origin::Live,
            };
            let subject = Subject::new(&contract, &case.operation, &exchange, &route.path_values)
                .with_intent(Intent::Unknown);
            let keeps = request_mismatch.holds(&subject);
            if keeps != (case.intent == Intent::Obey) {
                wrong.push(format!(
                    "{} {} ({}) {}",
                    case.request.method,
                    case.request.url,
                    case.why,
                    String::from_utf8_lossy(case.request.body.bytes())
                ));
            }
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_request_is_planned_twice_and_the_same_seed_gives_the_same_plan() {
    let contract = Contract::load("spec/vantage-data-exports.yaml").expect("it loads");
    let lines = |seed| -> Vec<String> {
        let settings = LiveSettings { seed, ..settings() };
        gate::plan(&contract, &settings)
            .flat_map(|plan| plan.cases)
            .filter(|case| case.phase != Phase::Framing)
            .map(|case| format!("{} {}", case.request.method, case.request.url))
            .collect()
    };
    let once = lines(7);
    assert_eq!(once, lines(7));
    assert_ne!(once, lines(8));
    assert_eq!(once.iter().collect::<HashSet<_>>().len(), once.len());
}

/// The least value for which a property fails, as proptest finds it.
fn least(schema: &Value, fails: impl Fn(&Value) -> bool) -> Value {
    let strategy = generate::valid(&schema_of(schema, "3.1.0"));
    let mut runner = TestRunner::deterministic();
    for _ in 0..1000 {
        let mut tree = strategy.new_tree(&mut runner).expect("a value");
        if !fails(&tree.current()) {
            continue;
        }
        let mut least = tree.current();
        let mut goes_on = tree.simplify();
        while goes_on {
            if fails(&tree.current()) {
                least = tree.current();
                goes_on = tree.simplify();
            } else {
                goes_on = tree.complicate();
            }
        }
        return least;
    }
    panic!("no value fails")
}

#[test]
fn a_failure_shrinks_to_the_smallest_and_plainest_value() {
    let number = json!({ "type": "integer", "minimum": 5, "maximum": 1000 });
    assert_eq!(least(&number, |value| value.as_i64() > Some(17)), json!(18));
    let text = json!({ "type": "string", "minLength": 2 });
    let long = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() > 3);
    assert_eq!(least(&text, long), json!("aaaa"));
    let object = json!({
        "type": "object", "required": ["id"],
        "properties": { "id": { "type": "integer" }, "tags": { "type": "array", "items": { "type": "string" } } },
    });
    let tagged = |value: &Value| {
        value["tags"]
            .as_array()
            .is_some_and(|tags| !tags.is_empty())
    };
    assert_eq!(least(&object, tagged), json!({ "id": 0, "tags": [""] }));
}

#[test]
fn schemas_in_a_circle_have_finite_values() {
    let tree = json!({
        "type": "object", "required": ["children"],
        "properties": { "children": {
            "type": "array", "minItems": 0, "items": { "$ref": "#/components/schemas/S" },
        } },
    });
    let schema = schema_of(&tree, "3.1.0");
    let mut generator = Generator::new(3, &["tree"]);
    let strategy = generate::valid(&schema);
    let values: Vec<_> = (0..100).filter_map(|_| generator.draw(&strategy)).collect();
    assert_eq!(values.len(), 100);
    let deep = |value: &Value| value["children"][0]["children"][0].is_object();
    assert!(values.iter().any(deep), "some go deep");
}

#[test]
fn a_value_fits_exactly_one_of_alternatives_that_overlap() {
    let open =
        |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } } });
    let lists = json!({ "oneOf": [
        { "type": "array", "items": { "type": "string" } },
        { "type": "array", "items": { "type": "number" } },
        { "type": "string" },
    ] });
    let mut deep = lists;
    for _ in 0..6 {
        deep = json!({ "type": "object", "required": ["in"], "properties": { "in": deep } });
    }
    for schema in [json!({ "oneOf": [open("a"), open("b"), open("c")] }), deep] {
        let schema = schema_of(&schema, "3.1.0");
        let mut generator = Generator::new(3, &["one"]);
        let strategy = generate::valid(&schema);
        let found = (0..20).filter_map(|_| generator.draw(&strategy)).count();
        assert_eq!(found, 20, "{}", schema.raw());
    }
}

#[test]
fn one_wrong_property_is_found_where_nearly_every_value_is_valid() {
    let property = |index: usize| {
        (
            format!("property_{index}"),
            json!({ "type": ["string", "null"] }),
        )
    };
    let properties: serde_json::Map<String, Value> = (0..200).map(property).collect();
    let schema = schema_of(&json!({ "properties": properties }), "3.1.0");
    let strategy = generate::invalid(&schema).expect("it refuses some");
    let mut generator = Generator::new(3, &["wrong"]);
    assert!((0..20).all(|_| generator.draw(&strategy).is_some()));
}

#[test]
fn values_look_like_what_the_document_shows() {
    let contract = Contract::load("spec/vantage-data-exports.yaml").expect("it loads");
    let schema = contract
        .schema("DataExport", Direction::Response)
        .expect("the schema");
    let mut generator = Generator::new(5, &["likeness"]);
    let strategy = generate::valid(&schema);
    let values: Vec<_> = (0..100).filter_map(|_| generator.draw(&strategy)).collect();
    let count = |fits: &dyn Fn(&Value) -> bool| values.iter().filter(|value| fits(value)).count();
    let is_token =
        |value: &Value| (value["token"].as_str()).is_some_and(|text| text.starts_with("dta_xprt_"));
    let is_time = |value: &Value| {
        (value["created_at"].as_str())
            .is_some_and(|text| text.len() == 20 && text.contains('T') && text.ends_with('Z'))
    };
    assert!(count(&is_token) > 50, "{}", count(&is_token));
    assert!(count(&is_time) > 50, "{}", count(&is_time));
}
