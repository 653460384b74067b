//! The two laws of generation on schemas that others wrote, and how complete it is.
//!
//! `make generation-report` runs it over the JSON Schema Test Suite and the outside documents: each
//! valid value must be accepted, each invalid one refused, by `jsonschema` and by `boon`. Documents of
//! which every schema has its values are one row together.
#![expect(clippy::print_stdout, reason = "a report talks to its reader")]
#![expect(clippy::cast_precision_loss, reason = "seconds have one digit")]

mod laws;

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use oasgate::contract::Contract;

use laws::{Row, document, suite};

/// How long one document may take unless something else is asked for.
const LONGEST: Duration = Duration::from_secs(900);

fn main() -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let Arguments {
        shared,
        limit,
        only,
    } = Arguments::read(std::env::args().skip(1))?;
    println!(
        "{:<44} {:>7} {:>7} {:>7} {:>8} {:>8} {:>7} {:>7} {:>7} {:>8} {:>9} {:>8}",
        "suite",
        "schemas",
        "skipped",
        "second",
        "valid",
        "invalid",
        "no val.",
        "no inv.",
        "broken",
        "disputed",
        "values/s",
        "seconds"
    );
    let mut total = Row::default();
    let drafts = laws::DRAFTS
        .into_iter()
        .filter(|(draft, _)| is_wanted(draft, only.as_deref()));
    for (draft, uri) in drafts {
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
    documents.retain(|path| is_wanted(&path.to_string_lossy(), only.as_deref()));
    let mut all = Row::default();
    for path in &documents {
        let Ok(contract) = Contract::load(path) else {
            continue;
        };
        let row = document(&contract, limit);
        if row.missed != [0, 0] || row.disputed > 0 || row.skipped > 0 || !row.broken.is_empty() {
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

/// What was asked for.
struct Arguments {
    shared: PathBuf,
    /// How long one document may take.
    limit: Duration,
    /// What the name of a draft or the path of a document must contain.
    only: Option<String>,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        const USAGE: &str = "usage: generation SHARED [--limit SECONDS] [--only TEXT]";
        let mut arguments = Self {
            shared: words.next().ok_or(USAGE)?.into(),
            limit: LONGEST,
            only: None,
        };
        while let Some(word) = words.next() {
            let value = words.next().ok_or(USAGE)?;
            match word.as_str() {
                "--limit" => arguments.limit = Duration::from_secs(value.parse()?),
                "--only" => arguments.only = Some(value),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(arguments)
    }
}

fn is_wanted(name: &str, only: Option<&str>) -> bool {
    only.is_none_or(|text| name.contains(text))
}

fn print(name: &str, row: &Row) {
    let per_second = row.values * 1000 / row.milliseconds.max(1);
    println!(
        "{name:<44} {:>7} {:>7} {:>7} {:>8} {:>8} {:>7} {:>7} {:>7} {:>8} {per_second:>9} {:>8.1}",
        row.schemas,
        row.skipped,
        row.second,
        row.valid,
        row.invalid,
        row.missed[0],
        row.missed[1],
        row.broken.len(),
        row.disputed,
        row.milliseconds as f64 / 1000.0
    );
}

fn add(total: &mut Row, row: Row) {
    total.schemas += row.schemas;
    total.skipped += row.skipped;
    total.second += row.second;
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
