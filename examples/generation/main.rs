//! The two laws of generation on schemas that others wrote, and how complete it is.
//!
//! `make generation-report` runs it over the JSON Schema Test Suite and the outside documents: each
//! valid value must be accepted, each invalid one refused, by `jsonschema` and by `boon`. A schema for
//! which the suite (or another draw) shows a value on a side counts as having one there.
#![expect(clippy::print_stdout, reason = "a report talks to its reader")]

use std::{
    collections::BTreeMap,
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

/// How many values are drawn on each side of each schema.
const DRAWS: usize = 5;

/// How long one document may take.
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Row {
    schemas: u64,
    valid: u64,
    invalid: u64,
    /// Schemas without a valid value, though there is one; and without an invalid one.
    missed: [u64; 2],
    /// Values on which the second validator is of another opinion.
    disputed: u64,
    broken: Vec<String>,
    examples: Vec<String>,
    values: u64,
    milliseconds: u128,
}

fn main() -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let shared = std::env::args().nth(1).ok_or("usage: generation SHARED")?;
    let shared = Path::new(&shared);
    println!(
        "{:<44} {:>7} {:>8} {:>8} {:>7} {:>7} {:>7} {:>8} {:>9}",
        "suite",
        "schemas",
        "valid",
        "invalid",
        "no val.",
        "no inv.",
        "broken",
        "disputed",
        "values/s"
    );
    let mut total = Row::default();
    for (draft, uri) in [
        ("draft4", "http://json-schema.org/draft-04/schema#"),
        ("draft7", "http://json-schema.org/draft-07/schema#"),
        (
            "draft2020-12",
            "https://json-schema.org/draft/2020-12/schema",
        ),
    ] {
        let folder = shared
            .join("suites/json-schema-test-suite/tests")
            .join(draft);
        let row = suite(&folder, uri)?;
        print(draft, &row);
        add(&mut total, row);
    }
    let mut documents = Vec::new();
    find(&shared.join("corpus"), &mut documents)?;
    documents.sort();
    let mut all = Row::default();
    for path in &documents {
        let Ok(contract) = Contract::load(path) else {
            continue;
        };
        let row = document(&contract);
        if row.missed != [0, 0] || !row.broken.is_empty() {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            print(&name, &row);
        }
        add(&mut all, row);
    }
    print("all documents", &all);
    add(&mut total, all);
    print("all", &total);
    println!();
    for line in total.examples.iter().take(80) {
        println!("  {line}");
    }
    if total.broken.is_empty() {
        return Ok(());
    }
    Err(format!("a law is broken:\n{}", total.broken.join("\n")).into())
}

fn print(name: &str, row: &Row) {
    let per_second = u128::from(row.values) * 1000 / row.milliseconds.max(1);
    println!(
        "{name:<44} {:>7} {:>8} {:>8} {:>7} {:>7} {:>7} {:>8} {per_second:>9}",
        row.schemas,
        row.valid,
        row.invalid,
        row.missed[0],
        row.missed[1],
        row.broken.len(),
        row.disputed
    );
}

fn add(total: &mut Row, row: Row) {
    total.schemas += row.schemas;
    total.valid += row.valid;
    total.invalid += row.invalid;
    total.missed[0] += row.missed[0];
    total.missed[1] += row.missed[1];
    total.disputed += row.disputed;
    total.values += row.values;
    total.milliseconds += row.milliseconds;
    total.broken.extend(row.broken);
    total.examples.extend(row.examples);
}

/// Each schema of a draft of the suite, as the schema of a document.
fn suite(folder: &Path, dialect: &str) -> Result<Row, Box<dyn Error>> {
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
            if !contract.defects().is_empty() {
                continue;
            }
            let Some(schema) = contract.schema("S", Direction::Request) else {
                continue;
            };
            // The suite's own verdicts tell whether there is a value on each side.
            let tests = group["tests"].as_array().cloned().unwrap_or_default();
            let agrees = tests
                .iter()
                .all(|test| schema.is_valid(&test["data"]) == test["valid"]);
            if !agrees {
                continue;
            }
            let has = |valid: bool| tests.iter().any(|test| test["valid"] == valid);
            let name = format!(
                "{stem}: {}",
                group["description"].as_str().unwrap_or_default()
            );
            one(&schema, &name, [has(true), has(false)], &mut row);
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
fn document(contract: &Contract) -> Row {
    let mut row = Row::default();
    let started = Instant::now();
    for name in contract.schema_names() {
        // The largest documents are looked at as far as that reaches; the table says how far.
        if started.elapsed() > LONGEST {
            break;
        }
        if let Some(schema) = contract.schema(name, Direction::Request) {
            let is_possible = !schema.is_impossible();
            one(&schema, name, [is_possible, false], &mut row);
        }
    }
    row
}

fn one(schema: &Schema, name: &str, has: [bool; 2], row: &mut Row) {
    let bare = schema.to_bare_schema();
    let second = boon(&bare);
    let started = Instant::now();
    row.schemas += 1;
    let mut generator = Generator::new(7, &[name]);
    let valid = generate::valid(schema);
    let values: Vec<Value> = (0..DRAWS).filter_map(|_| generator.draw(&valid)).collect();
    let refused: Vec<Value> = generate::invalid(schema).map_or_else(Vec::new, |invalid| {
        (0..DRAWS)
            .filter_map(|_| generator.draw(&invalid))
            .collect()
    });
    row.milliseconds += started.elapsed().as_millis();
    row.values += (values.len() + refused.len()) as u64;
    for (side, values) in [(true, &values), (false, &refused)] {
        for value in values {
            if schema.is_valid(value) != side {
                row.broken.push(format!("{name}: {side} {value}"));
            }
            if second.as_ref().is_some_and(|second| second(value) != side) {
                row.disputed += 1;
                row.examples
                    .push(format!("disputed {side}  {name}: {}", short(value)));
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

/// A second validator; `None` where it cannot read the schema.
fn boon(schema: &Value) -> Option<impl Fn(&Value) -> bool + use<>> {
    // It panics on some patterns that it cannot read.
    let (schemas, index) = std::panic::catch_unwind(|| {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.set_default_draft(boon::Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler
            .add_resource("mem:///schema.json", schema.clone())
            .ok()?;
        let index = compiler.compile("mem:///schema.json", &mut schemas).ok()?;
        Some((schemas, index))
    })
    .ok()??;
    Some(move |value: &Value| schemas.validate(value, index).is_ok())
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut by_name = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        by_name.insert(path.clone(), path);
    }
    for path in by_name.into_values() {
        if path.is_dir() {
            find(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|end| ["json", "yaml", "yml"].iter().any(|known| end == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}
