//! The two laws of generation, held on schemas that others wrote: what is generated as valid is
//! accepted, what is generated as invalid is refused, by `jsonschema` and by `boon`.
//!
//! A schema for which the suite shows a value on a side counts as having one there; a schema of a
//! document has a valid one unless that is proved impossible.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use oasgate::{
    contract::{Contract, Direction, Schema},
    document::Document,
    generate::{self, Generator},
};
use serde_json::{Value, json};

#[path = "registry.rs"]
mod registry;
#[path = "second.rs"]
mod second;

use second::Second;

/// How many values are drawn on each side of each schema.
const DRAWS: usize = 5;

/// The drafts of the suite: folder and meta-schema.
pub(crate) const DRAFTS: [(&str, &str); 3] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    (
        "draft2020-12",
        "https://json-schema.org/draft/2020-12/schema",
    ),
];

/// What was seen of some schemas.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) schemas: u64,
    /// Schemas that were not looked at: not readable, or the time for their document was over.
    pub(crate) skipped: u64,
    /// Schemas that the second validator can read.
    pub(crate) second: u64,
    pub(crate) valid: u64,
    pub(crate) invalid: u64,
    /// Schemas without a valid value, though there is one; and without an invalid one.
    pub(crate) missed: [u64; 2],
    /// Values on which the second validator is of another opinion.
    pub(crate) disputed: u64,
    pub(crate) broken: Vec<String>,
    pub(crate) examples: Vec<String>,
    pub(crate) values: u64,
    pub(crate) milliseconds: u64,
}

/// Each schema of a draft of the suite, as the schema of a document.
pub(crate) fn suite(folder: &Path, dialect: &str) -> Result<Row, Box<dyn Error>> {
    let mut row = Row::default();
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    for file in files {
        let groups: Vec<Value> = serde_json::from_slice(&fs::read(&file)?)?;
        let stem = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for group in groups {
            let mut schema = group["schema"].clone();
            // References within a schema of the suite start at its own root.
            relocate(&mut schema);
            let root = json!({
                "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
                "jsonSchemaDialect": dialect, "paths": {},
                "components": { "schemas": { "S": schema } },
            });
            let contract = Contract::from_document(Document::parse("suite", root.to_string())?);
            contract.compile_all();
            // What lies outside of a document, or is refused by design, is not generated from.
            let schema = contract.schema("S", Direction::Request);
            let Some(schema) = schema.filter(|_| contract.defects().is_empty()) else {
                row.skipped += 1;
                continue;
            };
            // The suite's own verdicts tell whether there is a value on each side.
            let tests = group["tests"].as_array().cloned().unwrap_or_default();
            let agrees = tests
                .iter()
                .all(|test| schema.is_valid(&test["data"]) == test["valid"]);
            if !agrees {
                row.skipped += 1;
                continue;
            }
            let has = |valid: bool| tests.iter().any(|test| test["valid"] == valid);
            let name = format!(
                "{stem}: {}",
                group["description"].as_str().unwrap_or_default()
            );
            let mut second = Second::new();
            one(
                &schema,
                &name,
                [has(true), has(false)],
                &mut second,
                &mut row,
            );
        }
    }
    Ok(row)
}

fn relocate(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if matches!(key.as_str(), "$ref" | "$dynamicRef") => {
                        if let Some(pointer) = text.strip_prefix('#')
                            && (pointer.is_empty() || pointer.starts_with('/'))
                        {
                            *text = format!("#/components/schemas/S{pointer}");
                        }
                    }
                    other => relocate(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(relocate),
        _ => {}
    }
}

/// Each schema that a document gives a name.
pub(crate) fn document(contract: &Contract, limit: Duration) -> Row {
    let mut row = Row::default();
    let started = Instant::now();
    for direction in [Direction::Request, Direction::Response] {
        let mut second = Second::of(contract, direction);
        for name in contract.schema_names() {
            let schema = contract.schema(name, direction);
            match schema.filter(|_| started.elapsed() < limit) {
                Some(schema) => {
                    let has_valid = !schema.is_impossible();
                    one(&schema, name, [has_valid, true], &mut second, &mut row);
                }
                None => row.skipped += 1,
            }
        }
    }
    row
}

fn one(schema: &Schema, name: &str, has: [bool; 2], second: &mut Second, row: &mut Row) {
    let of_second = second.named(name, || schema.to_bare_schema());
    let started = Instant::now();
    row.schemas += 1;
    row.second += u64::from(of_second.is_some());
    let mut generator = Generator::new(7, &[name]);
    let valid = generate::valid(schema);
    let values: Vec<Value> = (0..DRAWS).filter_map(|_| generator.draw(&valid)).collect();
    let invalid = generate::invalid(schema);
    let has = [has[0], has[1] && invalid.is_some()];
    let refused: Vec<Value> = invalid.map_or_else(Vec::new, |invalid| {
        (0..DRAWS)
            .filter_map(|_| generator.draw(&invalid))
            .collect()
    });
    row.milliseconds += u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    row.values += (values.len() + refused.len()) as u64;
    for (side, values) in [(true, &values), (false, &refused)] {
        for value in values {
            if schema.is_valid(value) != side {
                row.broken.push(format!("{name}: {side} {value}"));
            }
            let Some(of_second) = of_second else {
                continue;
            };
            let objection = second.objection(of_second, value);
            if objection.is_none() != side {
                row.disputed += 1;
                row.examples.push(format!(
                    "disputed {side}  {name}: {} {}",
                    short(value),
                    objection.unwrap_or_default()
                ));
            }
        }
    }
    if values.is_empty() {
        row.missed[0] += u64::from(has[0]);
        if has[0] {
            row.examples.push(format!("no valid value    {name}"));
        }
    } else {
        row.valid += 1;
    }
    if refused.is_empty() {
        row.missed[1] += u64::from(has[1]);
        if has[1] {
            row.examples.push(format!("no invalid value  {name}"));
        }
    } else {
        row.invalid += 1;
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(120).collect()
}
