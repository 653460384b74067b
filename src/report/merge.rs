//! The JSON reports of several runs as one: what shards found, together.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{json::VERSION, parts::shares};
use crate::{cause::harm, finding::Severity, run::Coverage};

/// Reports that cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// It is no report of ours.
    #[error("{report} is not a JSON report of oasgate: {reason}")]
    Malformed {
        /// Its name.
        report: String,
        /// What is wrong.
        reason: String,
    },
    /// It is about something else than the first one.
    #[error("{report} is about another {what} than the first report: {came}, not {wanted}")]
    Other {
        /// Its name.
        report: String,
        /// What differs.
        what: &'static str,
        /// What it is about.
        came: String,
        /// What the first one is about.
        wanted: String,
    },
    /// There is none.
    #[error("there is no report to be joined")]
    Nothing,
}

/// How the joined run ended, worst of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JoinedEnd {
    /// All of them were done.
    Complete,
    /// One stopped at a limit that the user set.
    Stopped,
    /// One was interrupted.
    Interrupted,
    /// One could not be finished.
    Failed,
    /// One could not reach the service.
    Unreachable,
}

/// Reports as one.
#[derive(Debug)]
pub struct Merged {
    /// The joined report.
    pub report: Value,
    /// How many findings have the severity `error`.
    pub errors: usize,
    /// How many have the severity `warning`.
    pub warnings: usize,
    /// How it ended.
    pub end: JoinedEnd,
}

type Object = Map<String, Value>;

/// Joins reports, given by name and content, in this order: findings that share a fingerprint are
/// one, whose counts are added; operations are joined; totals are counted anew.
///
/// # Errors
///
/// When one is no report, or is about another document or another kind of run.
pub fn merge(reports: &[(String, Vec<u8>)]) -> Result<Merged, MergeError> {
    let mut parts = Vec::new();
    for (name, bytes) in reports {
        parts.push((name.as_str(), read(name, bytes)?));
    }
    let (_, first) = parts.first().ok_or(MergeError::Nothing)?;
    for (name, part) in &parts {
        same(name, "kind of run", first, part, "/kind")?;
        same(name, "document", first, part, "/document/title")?;
        same(
            name,
            "version of the document",
            first,
            part,
            "/document/version",
        )?;
    }
    let parts: Vec<&Object> = parts.iter().map(|(_, part)| part).collect();
    let findings = findings(&parts, "/findings");
    let causes = causes(&parts, &findings);
    let operations = operations(&parts, &findings);
    let number = |severity: Severity| {
        findings
            .iter()
            .filter(|finding| severity_of(finding) == severity)
            .count()
    };
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let sum = |pointer: &str| -> u64 { parts.iter().map(|part| count(part, pointer)).sum() };
    let ends: Vec<(JoinedEnd, &Value)> = parts.iter().map(|part| end(part)).collect();
    let worst = ends.iter().max_by_key(|(end, _)| *end);
    let mut report = first.clone();
    // Reports of an older build have none, and of half a sum nothing can be said.
    if parts.iter().all(|part| part.contains_key("coverage")) {
        report.insert("coverage".to_owned(), coverage(&operations));
    } else {
        report.shift_remove("coverage");
    }
    let mut set = |name: &str, value: Value| {
        report.insert(name.to_owned(), value);
    };
    set(
        "totals",
        json!({
            "held": sum("/totals/held"),
            "sent": sum("/totals/sent"),
            "unmatched": sum("/totals/unmatched"),
            "passed_over": sum("/totals/passed_over"),
            "unread": sum("/totals/unread"),
            "errors": errors,
            "warnings": warnings,
            "notes": number(Severity::Note),
        }),
    );
    set("snapshots", snapshots(&parts));
    set("causes", Value::Array(causes));
    set("findings", Value::Array(findings));
    set("operations", Value::Array(operations));
    set("notices", Value::Array(all(&parts, "/notices")));
    // Shards run side by side: what was waited for is the longest.
    set(
        "elapsed_ms",
        json!(parts.iter().map(|part| count(part, "/elapsed_ms")).max()),
    );
    if let Some((_, end)) = worst {
        set("end", (*end).clone());
    }
    if parts.iter().any(|part| part.contains_key("baseline")) {
        set(
            "baseline",
            json!({
                "known": self::findings(&parts, "/baseline/known"),
                "gone": all(&parts, "/baseline/gone"),
            }),
        );
    }
    let seeds: Vec<_> = parts.iter().map(|part| part.get("seed")).collect();
    if seeds.iter().any(|seed| *seed != seeds[0]) {
        report.remove("seed");
    }
    Ok(Merged {
        end: worst.map_or(JoinedEnd::Complete, |(end, _)| *end),
        report: Value::Object(report),
        errors,
        warnings,
    })
}

fn read(name: &str, bytes: &[u8]) -> Result<Object, MergeError> {
    let malformed = |reason: String| MergeError::Malformed {
        report: name.to_owned(),
        reason,
    };
    let report: Object =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let is_ours = at(&report, "/tool/name").and_then(Value::as_str) == Some("oasgate");
    if !is_ours || !report.get("findings").is_some_and(Value::is_array) {
        return Err(malformed(
            "it does not say that oasgate wrote it".to_owned(),
        ));
    }
    match report.get("version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => Ok(report),
        version => Err(malformed(format!(
            "its version is {}, and {VERSION} is known",
            version.map_or("not told".to_owned(), |version| version.to_string())
        ))),
    }
}

fn at<'r>(report: &'r Object, pointer: &str) -> Option<&'r Value> {
    let (name, rest) = pointer
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((pointer.trim_start_matches('/'), ""));
    let value = report.get(name)?;
    if rest.is_empty() {
        Some(value)
    } else {
        value.pointer(&format!("/{rest}"))
    }
}

fn count(report: &Object, pointer: &str) -> u64 {
    at(report, pointer).and_then(Value::as_u64).unwrap_or(0)
}

fn same(
    report: &str,
    what: &'static str,
    first: &Object,
    part: &Object,
    pointer: &str,
) -> Result<(), MergeError> {
    let (wanted, came) = (at(first, pointer), at(part, pointer));
    if wanted == came {
        return Ok(());
    }
    let text = |value: Option<&Value>| value.map_or("none".to_owned(), Value::to_string);
    Err(MergeError::Other {
        report: report.to_owned(),
        what,
        came: text(came),
        wanted: text(wanted),
    })
}

/// Every element of the lists at `pointer`, each once.
fn all(parts: &[&Object], pointer: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for element in parts
        .iter()
        .filter_map(|part| at(part, pointer)?.as_array())
        .flatten()
    {
        if !all.contains(element) {
            all.push(element.clone());
        }
    }
    all
}

/// What snapshots came to, each counted once. Reports of an older build do not name them, and are added up.
fn snapshots(parts: &[&Object]) -> Value {
    const STANDINGS: [&str; 3] = ["unchanged", "new", "drifted"];
    let mut each: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counts = [0_u64; STANDINGS.len()];
    for part in parts {
        let Some(named) = at(part, "/snapshots/each").and_then(Value::as_object) else {
            for (count, standing) in counts.iter_mut().zip(STANDINGS) {
                *count += self::count(part, &format!("/snapshots/{standing}"));
            }
            continue;
        };
        for (name, standing) in named {
            let standing = STANDINGS.iter().position(|one| standing == one);
            let known = each.entry(name).or_default();
            *known = standing.unwrap_or_default().max(*known);
        }
    }
    for standing in each.values() {
        counts[*standing] += 1;
    }
    let mut snapshots: Object = STANDINGS
        .iter()
        .zip(counts)
        .map(|(standing, count)| ((*standing).to_owned(), json!(count)))
        .collect();
    snapshots.insert(
        "written".to_owned(),
        Value::Array(all(parts, "/snapshots/written")),
    );
    let each: Object = each
        .into_iter()
        .map(|(name, standing)| (name.to_owned(), json!(STANDINGS[standing])))
        .collect();
    snapshots.insert("each".to_owned(), Value::Object(each));
    Value::Object(snapshots)
}

fn severity_of(finding: &Value) -> Severity {
    finding["severity"]
        .as_str()
        .and_then(|word| word.parse().ok())
        .unwrap_or(Severity::Error)
}

/// The findings by fingerprint, in the order of every report.
fn findings(parts: &[&Object], pointer: &str) -> Vec<Value> {
    let mut joined: IndexMap<String, Value> = IndexMap::new();
    for finding in parts
        .iter()
        .filter_map(|part| at(part, pointer)?.as_array())
        .flatten()
    {
        let fingerprint = finding["fingerprint"].as_str().unwrap_or_default();
        let seen = finding["count"].as_u64().unwrap_or(1);
        if let Some(known) = joined.get_mut(fingerprint) {
            let before = known["count"].as_u64().unwrap_or(1);
            known["count"] = json!(before + seen);
        } else {
            joined.insert(fingerprint.to_owned(), finding.clone());
        }
    }
    let mut joined: Vec<Value> = joined.into_values().collect();
    joined.sort_by(|a, b| {
        let text = |finding: &Value, key: &str| finding[key].as_str().map(str::to_owned);
        (severity_of(b).cmp(&severity_of(a)))
            .then_with(|| text(a, "operation").cmp(&text(b, "operation")))
            .then_with(|| text(a, "check").cmp(&text(b, "check")))
            .then_with(|| text(a, "fingerprint").cmp(&text(b, "fingerprint")))
    });
    joined
}

/// The causes by id: what each report says of one is joined, and the order is found anew.
fn causes(parts: &[&Object], findings: &[Value]) -> Vec<Value> {
    let mut joined: IndexMap<String, Value> = IndexMap::new();
    for cause in parts
        .iter()
        .filter_map(|part| at(part, "/causes")?.as_array())
        .flatten()
    {
        let id = cause["id"].as_str().unwrap_or_default();
        let Some(known) = joined.get_mut(id) else {
            joined.insert(id.to_owned(), cause.clone());
            continue;
        };
        known["seen"] =
            json!(known["seen"].as_u64().unwrap_or(0) + cause["seen"].as_u64().unwrap_or(0));
        if severity_of(cause) > severity_of(known) {
            known["severity"] = cause["severity"].clone();
            known["check"] = cause["check"].clone();
        }
        for list in ["operations", "findings"] {
            let (Some(all), Some(more)) = (known[list].as_array_mut(), cause[list].as_array())
            else {
                continue;
            };
            let new = more.iter().filter(|one| !all.contains(one)).cloned();
            let new: Vec<Value> = new.collect();
            all.extend(new);
        }
        if let Some(operations) = known["operations"].as_array_mut() {
            operations.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
    }
    let by_fingerprint: HashMap<&str, &Value> = findings
        .iter()
        .filter_map(|finding| Some((finding["fingerprint"].as_str()?, finding)))
        .collect();
    let mut joined: Vec<Value> = joined.into_values().collect();
    for cause in &mut joined {
        best_first(cause, &by_fingerprint);
    }
    joined.sort_by_cached_key(|cause| {
        let number = |list: &str| cause[list].as_array().map_or(0, Vec::len);
        (
            Reverse(severity_of(cause)),
            harm(cause["check"].as_str().unwrap_or_default()),
            Reverse(number("operations")),
            Reverse(cause["seen"].as_u64()),
            cause["id"].to_string(),
        )
    });
    joined
}

/// The findings of a cause in the order in which one run tells them: the counts of all reports decide.
fn best_first(cause: &mut Value, findings: &HashMap<&str, &Value>) {
    let Some(members) = cause["findings"].as_array_mut() else {
        return;
    };
    let of = |fingerprint: &Value| {
        findings
            .get(fingerprint.as_str().unwrap_or_default())
            .copied()
    };
    members.sort_by_cached_key(|fingerprint| {
        let finding = of(fingerprint).unwrap_or(&Value::Null);
        (
            Reverse(severity_of(finding)),
            harm(finding["check"].as_str().unwrap_or_default()),
            finding.get("exchange").is_none(),
            Reverse(finding["count"].as_u64()),
            fingerprint.to_string(),
        )
    });
    if let Some(check) = members
        .first()
        .and_then(of)
        .map(|first| first["check"].clone())
    {
        cause["check"] = check;
    }
}

/// The operations by id, in the document's order: what was held is added, and a status is unseen
/// when nobody saw it.
fn operations(parts: &[&Object], findings: &[Value]) -> Vec<Value> {
    let mut joined: IndexMap<String, Value> = IndexMap::new();
    for operation in parts
        .iter()
        .filter_map(|part| at(part, "/operations")?.as_array())
        .flatten()
    {
        let id = operation["id"].as_str().unwrap_or_default();
        match joined.get_mut(id) {
            Some(known) => join(known, operation),
            None => {
                joined.insert(id.to_owned(), operation.clone());
            }
        }
    }
    for (id, operation) in &mut joined {
        let found = findings
            .iter()
            .filter(|finding| finding["operation"].as_str() == Some(id))
            .filter(|finding| severity_of(finding) > Severity::Note)
            .count();
        operation["findings"] = json!(found);
    }
    joined.into_values().collect()
}

fn join(known: &mut Value, other: &Value) {
    let was_held = known["held"].as_u64().unwrap_or(0);
    let is_held = other["held"].as_u64().unwrap_or(0);
    known["held"] = json!(was_held + is_held);
    if let (Some(statuses), Some(more)) = (
        known["statuses"].as_object_mut(),
        other["statuses"].as_object(),
    ) {
        for (status, number) in more {
            let before = statuses.get(status).and_then(Value::as_u64).unwrap_or(0);
            let sum = before + number.as_u64().unwrap_or(0);
            statuses.insert(status.clone(), json!(sum));
        }
        statuses.sort_keys();
    }
    if let (Some(unseen), Some(more)) = (known["unseen"].as_array_mut(), other["unseen"].as_array())
    {
        unseen.retain(|status| more.contains(status));
    }
    join_coverage(known, other);
    // Reached by one is reached. Where nobody reached it, the one who tried knows why.
    let Some(members) = known.as_object_mut() else {
        return;
    };
    match other.get("unreached") {
        None => {
            members.remove("unreached");
        }
        Some(why) if is_held > 0 && members.contains_key("unreached") => {
            members.insert("unreached".to_owned(), why.clone());
        }
        Some(_) => {}
    }
}

/// What was seen is a set of pointers, and so is what never was: a thing that one of the reports saw was seen.
/// Reports of an older build have numbers alone; then the larger one stands, which much was seen and perhaps more.
fn join_coverage(known: &mut Value, other: &Value) {
    let was_called = |one: &Value| one["held"].as_u64().unwrap_or(0) > 0;
    let is_told = |one: &Value| one.get("witnesses").is_some();
    if !is_told(known) && is_told(other) {
        known["witnesses"] = other["witnesses"].clone();
    } else if is_told(known) && is_told(other) {
        for name in counted() {
            join_sets(&mut known["witnesses"], &other["witnesses"], name);
        }
    }
    // The sums stand in `held` already: an operation that any report called was called.
    if is_told(known) || !was_called(known) {
        recount(known);
        return;
    }
    for name in counted() {
        for side in ["seen", "all"] {
            let pointer = format!("/coverage/{name}/{side}");
            let came = other.pointer(&pointer).and_then(Value::as_u64);
            if let (Some(number), Some(came)) = (known.pointer_mut(&pointer), came) {
                *number = json!(number.as_u64().unwrap_or(0).max(came));
            }
        }
    }
}

fn join_sets(known: &mut Value, other: &Value, name: &str) {
    let set = |one: &Value, side: &str| -> Vec<Value> {
        one[name][side].as_array().cloned().unwrap_or_default()
    };
    let (ours, theirs) = (set(known, "seen"), set(other, "seen"));
    let is_seen: HashSet<&Value> = ours.iter().chain(&theirs).collect();
    let (never, others) = (set(known, "never"), set(other, "never"));
    // In the order of the document, as far as one of the reports tells it.
    let mut seen: Vec<Value> = ours.clone();
    seen.extend(theirs.iter().filter(|one| !ours.contains(one)).cloned());
    seen.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    let mut left: Vec<Value> = never
        .iter()
        .chain(&others)
        .filter(|one| !is_seen.contains(one))
        .cloned()
        .collect();
    left.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    left.dedup();
    if known.get(name).is_some() || other.get(name).is_some() {
        known[name] = json!({ "seen": seen, "never": left });
    }
}

/// The numbers that follow from the sets.
fn recount(operation: &mut Value) {
    let is_called = operation["held"].as_u64().unwrap_or(0) > 0;
    operation["coverage"]["operations"] = json!({ "seen": u64::from(is_called), "all": 1 });
    for name in counted() {
        let Some(sets) = operation["witnesses"].get(name) else {
            continue;
        };
        let size = |side: &str| sets[side].as_array().map_or(0, Vec::len);
        let (seen, never) = (size("seen"), size("never"));
        operation["coverage"][name] = json!({ "seen": seen, "all": seen + never });
    }
}

/// What was held of all operations together.
fn coverage(operations: &[Value]) -> Value {
    let sum = |name: &str, side: &str| -> u64 {
        let number = |one: &Value| one["coverage"][name][side].as_u64().unwrap_or(0);
        operations.iter().map(number).sum()
    };
    counted()
        .map(|name| {
            let share = json!({ "seen": sum(name, "seen"), "all": sum(name, "all") });
            (name.to_owned(), share)
        })
        .collect::<Object>()
        .into()
}

/// What is counted as seen or not.
fn counted() -> impl Iterator<Item = &'static str> {
    let shares = shares(&Coverage::default());
    shares.into_iter().map(|(name, _)| name)
}

fn end(report: &Object) -> (JoinedEnd, &Value) {
    let end = report.get("end").unwrap_or(&Value::Null);
    let kind = match end["kind"].as_str() {
        Some("stopped") => JoinedEnd::Stopped,
        Some("interrupted") => JoinedEnd::Interrupted,
        Some("unreachable") => JoinedEnd::Unreachable,
        Some("failed") => JoinedEnd::Failed,
        _ => JoinedEnd::Complete,
    };
    (kind, end)
}
