//! The published JSON Schema of `oasgate.toml` is made of the types that read it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Config, rules};
use oasgate::gate::Phase;

/// From the folder of this package, in which its tests run.
const PUBLISHED: &str = "../../docs/schemas/config.schema.json";

/// The schema: from the types, with what they do not tell: the rules, and how times are written.
pub(crate) fn schema() -> Value {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value();
    without_null(&mut schema);
    schema["title"] = json!("oasgate.toml");
    let known: Map<String, Value> = rules()
        .map(|rule| {
            let summary = rule.summary().split_whitespace().collect::<Vec<_>>();
            let about = json!({ "description": summary.join(" "), "$ref": "#/$defs/Severity" });
            (rule.id.to_owned(), about)
        })
        .collect();
    schema["$defs"]["Severity"] = json!({ "enum": ["error", "warning", "note", "off"] });
    schema["$defs"]["Severities"] = json!({
        "type": "object",
        "description": "Severities by rule.",
        "properties": known,
        "additionalProperties": false,
    });
    let severities = json!({ "$ref": "#/$defs/Severities" });
    schema["properties"]["severity"] = severities.clone();
    schema["$defs"]["ScopeConfig"]["properties"]["severity"] = severities;
    let time = json!("^\\s*[0-9]+(\\.[0-9]+)?\\s*(ms|s|m|min|h)\\s*$");
    for pointer in [
        "/properties/slow-after",
        "/properties/wait",
        "/$defs/PollingConfig/properties/max-wait",
        "/$defs/RunConfig/properties/max-time",
        "/$defs/ConnectionConfig/properties/timeout",
        "/$defs/ConnectionConfig/properties/connect-timeout",
        "/$defs/ConnectionConfig/properties/first-byte-timeout",
    ] {
        if let Some(text) = schema.pointer_mut(pointer) {
            text["pattern"] = time.clone();
        }
    }
    schema["$defs"]["StatusText"] = json!({
        "description": "A status or a class of statuses.",
        "anyOf": [
            { "type": "integer", "minimum": 100, "maximum": 599 },
            { "type": "string", "pattern": "^[1-5]([0-9]{2}|XX)$" },
        ],
    });
    schema["properties"]["fail-on"]["items"] = json!({
        "anyOf": [
            { "enum": ["warning", "note"] },
            { "enum": rules().map(|rule| rule.id).collect::<Vec<_>>() },
        ],
    });
    let run = &mut schema["$defs"]["RunConfig"]["properties"];
    run["seed"]["pattern"] = json!("^(0x)?[0-9A-Fa-f]{1,16}$");
    run["phases"]["items"] = json!({ "enum": Phase::ALL.map(Phase::as_str) });
    run["workers"]["maximum"] = json!(1024);
    schema["$defs"]["ConnectionConfig"]["properties"]["proxy"]["pattern"] =
        json!("^https?://[^/@]+/?$");
    schema["properties"]["rate"]["pattern"] = json!("^\\s*[0-9]+\\s*/\\s*(s|m|min|h)\\s*$");
    schema
}

/// TOML has no null: what may be left out is left out.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, value| name != "default" || !value.is_null());
            let null = json!("null");
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|one| *one != null);
                if let [only] = types.as_slice() {
                    members["type"] = only.clone();
                }
            }
            if let Some(Value::Array(ways)) = members.get_mut("anyOf") {
                ways.retain(|way| way["type"] != null);
                if let [Value::Object(only)] = ways.as_slice() {
                    let only = only.clone();
                    members.shift_remove("anyOf");
                    members.extend(only);
                }
            }
            members.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what `make schemas` is for")]
fn the_published_schema_is_that_of_the_code() {
    let text = format!("{:#}\n", schema());
    if std::env::var_os("OASGATE_WRITE_SCHEMAS").is_some() {
        std::fs::write(PUBLISHED, &text).expect("it is written");
    }
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert!(
        published == text,
        "{PUBLISHED} is not that of the code: run `make schemas`\n{}",
        similar::TextDiff::from_lines(&published, &text).unified_diff()
    );
}

#[test]
fn what_the_schema_takes_the_code_reads_and_the_other_way_round() {
    let schema = jsonschema::validator_for(&schema()).expect("it is a schema");
    let holds = |text: &str| {
        let value: Value = toml::from_str(text).expect("TOML");
        schema.is_valid(&value)
    };
    let reads = |text: &str| {
        Config::parse("oasgate.toml", text).is_ok_and(|config| config.validate().is_ok())
    };
    let project = std::fs::read_to_string("../../oasgate.toml").expect("the project has one");
    let guide = std::fs::read_to_string("../../docs/configuration.md").expect("the guide is there");
    let examples = guide.split("```toml\n").skip(1);
    let examples = examples.filter_map(|rest| rest.split("```").next());
    let mut number = 0;
    for text in examples.chain([project.as_str(), ""]) {
        assert!(holds(text) && reads(text), "{text}");
        number += 1;
    }
    assert!(number >= 4);
    for text in [
        "no-such-key = 1",
        "[snapshots]\nfoldr = 'x'",
        "[auth]\ntoken = 'hunter2'",
        "[auth.oauth2]\nclient-id = 'x'",
        "[[polling]]\nstatus = 202",
        "slow-after = '5 parsecs'",
        "wait = 30",
        "rate = '20'",
        "[baseline]\nratchet = 'yes'",
        "[connection]\ntimeout = 30",
        "fail-on = ['warnings']",
        "[run]\nseed = 'today'",
        "[run]\nphases = ['edge']",
        "[run]\nworkers = 0",
        "[run]\nworkers = 5000",
        "[run]\nmax-failures = 0",
        "[run]\nmax-time = 10",
        "[connection]\nproxy = 'proxy:3128'",
    ] {
        assert!(!holds(text) && !reads(text), "{text}");
    }
    assert!(!holds("[severity]\nno-such-rule = 'off'"));
    assert!(!holds("[operation.x.severity]\nslow-response = 'loud'"));
    assert!(Path::new(PUBLISHED).is_file());
}
