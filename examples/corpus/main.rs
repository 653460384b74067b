//! Every document below a folder, one row each: what was found in it, what is wrong with it, and what
//! reading it cost. `make corpus` runs it over the outside documents.
//!
//! Each document is read in a process of its own, so that a panic is a row and memory is its own.
#![expect(clippy::print_stdout, reason = "a report talks to its reader")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use oasgate::{contract::Contract, document::Document, lint};
use serde_json::{Value, json};

const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, path] if flag == "--one" => {
            println!("{}", one(Path::new(path))?);
            Ok(())
        }
        [folder] => table(Path::new(folder)),
        _ => Err("usage: corpus FOLDER".into()),
    }
}

fn table(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut paths = Vec::new();
    documents(folder, &mut paths)?;
    paths.sort();
    println!(
        "{:<58} {:>7} {:>5} {:>7} {:>7} {:>8} {:>8} {:>7} {:>6}  lint",
        "document", "version", "ops", "schemas", "kB", "load ms", "all ms", "MB", "× size"
    );
    let (mut failed, mut total) = (Vec::new(), BTreeMap::<String, u64>::new());
    let (mut operations, mut schemas) = (0, 0);
    for path in &paths {
        let name = path.strip_prefix(folder)?.display().to_string();
        let run = Command::new(std::env::current_exe()?)
            .arg("--one")
            .arg(path)
            .output()?;
        let Ok(row) = serde_json::from_slice::<Value>(&run.stdout) else {
            failed.push(format!(
                "{name}: {}",
                String::from_utf8_lossy(&run.stderr).trim()
            ));
            continue;
        };
        let number = |key: &str| row[key].as_u64().unwrap_or_default();
        if number("operations") != number("counted") {
            failed.push(format!(
                "{name}: {} operations, {} methods under paths",
                number("operations"),
                number("counted")
            ));
        }
        operations += number("operations");
        schemas += number("schemas");
        let rules: Vec<String> = row["lint"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(rule, count)| {
                *total.entry(rule.clone()).or_default() += count.as_u64().unwrap_or_default();
                format!("{rule} {count}")
            })
            .collect();
        let size = number("bytes").max(1);
        let short: String = name
            .chars()
            .rev()
            .take(58)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        println!(
            "{short:<58} {:>7} {:>5} {:>7} {:>7} {:>8} {:>8} {:>7} {:>6.1}  {}",
            row["version"].as_str().unwrap_or_default(),
            number("operations"),
            number("schemas"),
            size / 1024,
            number("load_ms"),
            number("all_ms"),
            number("peak_kb") / 1024,
            row["ratio"].as_f64().unwrap_or_default(),
            rules.join(", ")
        );
    }
    println!(
        "\n{} documents, {operations} operations, {schemas} schemas in two directions",
        paths.len()
    );
    for (rule, count) in &total {
        println!("  {rule:<28} {count:>6}");
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(failed.join("\n").into())
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            documents(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}

fn one(path: &Path) -> Result<Value, Box<dyn Error>> {
    let bytes = fs::metadata(path)?.len();
    let before = peak_kb();
    let started = Instant::now();
    let contract = Contract::load(path)?;
    let load = started.elapsed();
    // The document alone, before schemas are compiled and rules look at it.
    let loaded = peak_kb();
    let counted = count(contract.document());
    let schemas = contract.compile_all();
    let mut rules = BTreeMap::<String, u64>::new();
    for finding in lint::lint(&contract) {
        *rules.entry(finding.rule.to_string()).or_default() += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let ratio = (loaded.saturating_sub(before) * 1024) as f64 / bytes as f64;
    Ok(json!({
        "version": contract.document().version().to_string().split_whitespace().last(),
        "operations": contract.operations().len(),
        "counted": counted,
        "schemas": schemas,
        "bytes": bytes,
        "load_ms": u64::try_from(load.as_millis())?,
        "all_ms": u64::try_from(started.elapsed().as_millis())?,
        "peak_kb": peak_kb(),
        "ratio": ratio,
        "lint": rules,
    }))
}

/// Methods under `paths`, counted without the contract.
fn count(document: &Document) -> usize {
    let paths = document.root().get("paths").and_then(Value::as_object);
    let root = oasgate::document::FileId::ROOT;
    paths
        .into_iter()
        .flatten()
        .filter(|(path, _)| path.starts_with('/'))
        .filter_map(|(_, item)| match item.get("$ref").and_then(Value::as_str) {
            Some(reference) => document.get(&document.resolve(root, reference).ok()?),
            None => Some(item),
        })
        .map(|item| {
            let declared = item.as_object().into_iter().flatten();
            let more = item.get("additionalOperations").and_then(Value::as_object);
            declared
                .filter(|(key, _)| METHODS.contains(&key.as_str()))
                .count()
                + more.map_or(0, serde_json::Map::len)
        })
        .sum()
}

/// The most memory that this process has had, in kB; 0 where the system does not tell.
fn peak_kb() -> u64 {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        })
        .unwrap_or_default()
}
