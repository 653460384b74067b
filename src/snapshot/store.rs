//! The accepted shapes, one file each, in insta's format.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use oasgate_document::Pointer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Drift, Redactor, Shape, file, line_diff::line_diff, shape::DriftKind};
use crate::finding::{Finding, Remedy, Rule};

/// Whether files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is new or has drifted is written beside the accepted file for a person to review.
    Review,
    /// Nothing is written.
    Check,
    /// What is new or has drifted is accepted at once.
    Update,
    /// Nothing is looked at.
    Off,
}

/// What one snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The operation's id.
    pub operation: String,
    /// The status of the response.
    pub status: u16,
    /// Its media type, without parameters.
    pub media_type: String,
    /// Whether the request had query parameters that it may leave out. They may change what comes, so that such
    /// responses count only where no request came without.
    #[serde(default)]
    pub has_options: bool,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            operation,
            status,
            media_type,
            has_options: _,
        } = self;
        write!(f, "{operation} {status} {media_type}")
    }
}

impl Key {
    /// The name of its file, without the ending.
    pub fn file_name(&self) -> String {
        format!(
            "{}__{}__{}",
            slug(&self.operation),
            self.status,
            slug(&self.media_type)
        )
    }
}

/// Letters, digits, `-`, `_` and `.`; each run of others is one `_`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '.') {
            slug.push(character);
        } else if !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.trim_matches('_').to_owned()
}

/// The accepted shapes could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} the snapshot {}: {source}", path.display())]
    Io {
        /// `read`, `write` or `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An accepted file is damaged.
    #[error("the snapshot {} cannot be read: {reason}; mend it, or remove it and accept it anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line where there is one.
        reason: String,
    },
}

/// What came of one snapshot.
#[derive(Clone, Debug)]
pub struct Settled {
    /// What it is of.
    pub key: Key,
    /// How it compares.
    pub comparison: Comparison,
    /// The file that was written, if one was.
    pub written: Option<PathBuf>,
}

/// How what was seen compares with what is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The accepted shape covers it.
    Unchanged,
    /// Nothing is accepted yet, or nothing yet at some place in it.
    New,
    /// It goes beyond the accepted shape.
    Drifted {
        /// In which ways.
        drift: Vec<Drift>,
        /// The shapes, line by line.
        diff: String,
    },
}

impl Settled {
    /// The finding of a rule for a shape that drifted.
    pub fn finding(&self, rule: &Rule) -> Option<Finding> {
        let Comparison::Drifted { drift, diff } = &self.comparison else {
            return None;
        };
        let Key {
            operation,
            status,
            media_type,
            has_options: _,
        } = &self.key;
        // What is seen for the first time beside it waits for review, as it would alone.
        let drift: Vec<_> = drift
            .iter()
            .filter(|one| one.kind != DriftKind::FirstSight)
            .collect();
        let first = drift.first()?;
        let place = if first.at.is_root() {
            "the body".to_owned()
        } else {
            first.at.to_string()
        };
        let more = match drift.len() {
            1 => String::new(),
            2 => ", and 1 more difference".to_owned(),
            many => format!(", and {} more differences", many - 1),
        };
        let places: Vec<_> = drift.iter().map(|one| one.at.as_str()).collect();
        let mut finding = Finding::new(
            rule.id,
            rule.severity,
            format!("the shape of a {status} {media_type} response of {operation} has changed: {place}: {}{more}", first.what),
        )
        .with_operation(operation.clone())
        .with_expected("a shape that the accepted snapshot covers")
        .with_discriminator(format!("{status} {media_type} {}", places.join(" ")));
        for line in diff.lines() {
            finding = finding.with_help(line.to_owned());
        }
        Some(match &self.written {
            Some(path) if path.extension().is_some_and(|ending| ending == "new") => finding
                .with_help(format!(
                    "accept it with `oasgate review`, or by renaming {}",
                    path.display()
                )),
            Some(_) => finding,
            None => finding.with_help(Remedy::AcceptSnapshots),
        })
    }
}

/// Gathers what responses look like and compares it with what is accepted.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    mode: Mode,
    redactor: Redactor,
    values_at: Vec<Pointer>,
    source: String,
    seen: BTreeMap<Key, Observed>,
    /// Of what bodies came that are not to be compared.
    passed_over: BTreeSet<Key>,
}

/// What the bodies of one [`Key`] looked like. Two of them merge in any order to the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    shape: Shape,
    weight: Weight,
    sample: String,
}

/// How much a value is: its nodes, and the bytes of its strings. The lightest one is the sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Weight {
    nodes: usize,
    bytes: usize,
}

impl Weight {
    fn of(value: &Value) -> Self {
        let mut weight = Self::default();
        weight.add(value);
        weight
    }

    fn add(&mut self, value: &Value) {
        self.nodes += 1;
        match value {
            Value::String(text) => self.bytes += text.len(),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(members) => members.values().for_each(|member| self.add(member)),
            _ => {}
        }
    }
}

impl Observed {
    /// Takes in what was seen elsewhere; the result does not depend on who takes in whom.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.shape = std::mem::take(&mut self.shape).merge(other.shape);
        if (other.weight, &other.sample) < (self.weight, &self.sample) {
            self.weight = other.weight;
            self.sample = other.sample;
        }
    }
}

impl Store {
    /// A store in a folder. `source` names the document in the head of each file.
    pub fn new(
        folder: impl Into<PathBuf>,
        mode: Mode,
        redactor: Redactor,
        source: impl Into<String>,
    ) -> Self {
        Self {
            folder: folder.into(),
            mode,
            redactor,
            values_at: Vec::new(),
            source: source.into(),
            seen: BTreeMap::new(),
            passed_over: BTreeSet::new(),
        }
    }

    /// Asks for the values themselves at some places (`*` for any element).
    #[must_use]
    pub fn with_values_at(mut self, places: Vec<Pointer>) -> Self {
        self.values_at = places;
        self
    }

    /// A store of the same kind that has seen nothing: for another thread, to be absorbed later.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            folder: self.folder.clone(),
            mode: self.mode,
            redactor: self.redactor.clone(),
            values_at: self.values_at.clone(),
            source: self.source.clone(),
            seen: BTreeMap::new(),
            passed_over: BTreeSet::new(),
        }
    }

    /// Takes in all that another store has seen.
    pub fn absorb(&mut self, other: Self) {
        self.passed_over.extend(other.passed_over);
        self.absorb_observed(other.seen);
    }

    /// All that was seen.
    pub fn observed(&self) -> &BTreeMap<Key, Observed> {
        &self.seen
    }

    /// All that was seen, without the store.
    pub fn into_observed(self) -> BTreeMap<Key, Observed> {
        self.seen
    }

    /// Takes in what was seen in another run.
    pub fn absorb_observed(&mut self, other: BTreeMap<Key, Observed>) {
        for (key, seen) in other {
            match self.seen.get_mut(&key) {
                Some(known) => known.absorb(seen),
                None => {
                    self.seen.insert(key, seen);
                }
            }
        }
    }

    /// Takes in one response body. The order does not matter.
    pub fn observe(&mut self, key: Key, body: &Value) {
        if self.mode == Mode::Off {
            return;
        }
        let weight = Weight::of(body);
        let sample = || pretty(&self.redactor.redact(body));
        let shape = || Shape::of(body, &self.values_at);
        match self.seen.get_mut(&key) {
            Some(known) => {
                // Most responses tell nothing new, which is seen without building their shape.
                if !known.shape.tells_nothing_new(body, &self.values_at) {
                    known.shape = std::mem::take(&mut known.shape).merge(shape());
                }
                if weight <= known.weight {
                    let sample = sample();
                    if (weight, &sample) < (known.weight, &known.sample) {
                        known.weight = weight;
                        known.sample = sample;
                    }
                }
            }
            None => {
                let seen = Observed {
                    shape: shape(),
                    weight,
                    sample: sample(),
                };
                self.seen.insert(key, seen);
            }
        }
    }

    /// Notes that a response came whose body is not to be compared, since it breaks the contract.
    pub(crate) fn pass_over(&mut self, key: Key) {
        if self.mode != Mode::Off {
            self.passed_over.insert(key);
        }
    }

    /// Compares what was seen with what is accepted, but for what the contract is known to allow, and writes what the
    /// mode wants written.
    ///
    /// # Errors
    ///
    /// When an accepted file is damaged, or a file cannot be read or written.
    pub(crate) fn settle(
        self,
        is_allowed: impl Fn(&Key, &Drift) -> bool,
    ) -> Result<Vec<Settled>, StoreError> {
        let mut settled = Vec::new();
        for (key, seen) in &self.seen {
            let plain = Key {
                has_options: false,
                ..key.clone()
            };
            let is_known = self.seen.contains_key(&plain) || self.passed_over.contains(&plain);
            if key.has_options && is_known {
                continue;
            }
            settled.push(self.settle_one(key, seen, &is_allowed)?);
        }
        Ok(settled)
    }

    fn settle_one(
        &self,
        key: &Key,
        seen: &Observed,
        is_allowed: &dyn Fn(&Key, &Drift) -> bool,
    ) -> Result<Settled, StoreError> {
        let path = self.folder.join(format!("{}.snap", key.file_name()));
        let accepted = read(&path)?;
        let (comparison, shape) = match accepted {
            None => (Comparison::New, seen.shape.clone()),
            Some(accepted) => {
                let mut drift = accepted.drift(&seen.shape);
                drift.retain(|one| !is_allowed(key, one));
                if drift.is_empty() {
                    if matches!(self.mode, Mode::Review | Mode::Update) {
                        drop_pending(&path)?;
                    }
                    return Ok(Settled {
                        key: key.clone(),
                        comparison: Comparison::Unchanged,
                        written: None,
                    });
                }
                let merged = accepted.clone().merge(seen.shape.clone());
                let (before, after) = (accepted.to_string(), merged.to_string());
                let diff = line_diff(&before, &after, 2);
                let diff = diff
                    .lines()
                    .filter(|line| !line.starts_with("@@"))
                    .collect::<Vec<_>>()
                    .join("\n");
                let comparison = if drift.iter().all(|one| one.kind == DriftKind::FirstSight) {
                    Comparison::New
                } else {
                    Comparison::Drifted { drift, diff }
                };
                (comparison, merged)
            }
        };
        let target = match self.mode {
            Mode::Review => path.with_extension("snap.new"),
            Mode::Update => path,
            Mode::Check | Mode::Off => {
                return Ok(Settled {
                    key: key.clone(),
                    comparison,
                    written: None,
                });
            }
        };
        self.write(&target, key, &shape, &seen.sample)?;
        if self.mode == Mode::Update {
            drop_pending(&target)?;
        }
        Ok(Settled {
            key: key.clone(),
            comparison,
            written: Some(target),
        })
    }

    fn write(&self, path: &Path, key: &Key, shape: &Shape, sample: &str) -> Result<(), StoreError> {
        let mut text = String::from("---\n");
        let _ = writeln!(text, "source: {}", plain(&self.source));
        let _ = writeln!(text, "expression: {}", plain(&key.to_string()));
        let _ = write!(text, "---\nshape:\n{shape}\nsample:\n{sample}\n");
        let failed = |source| StoreError::Io {
            action: "write",
            path: path.to_path_buf(),
            source,
        };
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        file::replace(path, text.as_bytes()).map_err(failed)
    }
}

/// Removes what waits for review beside an accepted file, once there is nothing left to decide.
fn drop_pending(accepted: &Path) -> Result<(), StoreError> {
    let pending = accepted.with_extension("snap.new");
    match std::fs::remove_file(&pending) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StoreError::Io {
            action: "remove",
            path: pending,
            source,
        }),
        _ => Ok(()),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The longest shape that is read, in bytes: objects with many names are maps, so that ours are short.
const MAX_SHAPE: usize = 4 << 20;

/// The accepted shape in a file; `None` when there is no file.
fn read(path: &Path) -> Result<Option<Shape>, StoreError> {
    if !path.try_exists().map_err(|source| StoreError::Io {
        action: "read",
        path: path.to_path_buf(),
        source,
    })? {
        return Ok(None);
    }
    let damaged = |reason: String| StoreError::Damaged {
        path: path.to_path_buf(),
        reason,
    };
    super::file::check(path).map_err(|error| damaged(error.to_string()))?;
    let snapshot = insta::Snapshot::from_file(path).map_err(|error| damaged(error.to_string()))?;
    let insta::internals::SnapshotContents::Text(contents) = snapshot.contents() else {
        return Err(damaged("it is not text".to_owned()));
    };
    let contents = contents.to_string();
    let shape = contents
        .strip_prefix("shape:\n")
        .ok_or_else(|| damaged("it does not begin with `shape:`".to_owned()))?;
    let shape = shape
        .split_once("\nsample:\n")
        .map_or(shape, |(shape, _)| shape);
    if shape.len() > MAX_SHAPE {
        return Err(damaged(format!(
            "its shape is longer than {MAX_SHAPE} bytes"
        )));
    }
    shape
        .parse()
        .map(Some)
        .map_err(|error: super::text::MalformedShape| damaged(error.to_string()))
}

/// A text as insta writes it into a header: without quotes where YAML reads it the same, so that a
/// review changes nothing but what was reviewed.
fn plain(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with([' ', ':'])
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || " /._-+;={}".contains(character));
    if is_plain {
        text.to_owned()
    } else {
        Value::String(text.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> Key {
        Key {
            operation: "getDataExport".into(),
            status: 200,
            media_type: "application/json".into(),
            has_options: false,
        }
    }

    fn run(folder: &Path, mode: Mode, bodies: &[Value]) -> Result<Vec<Settled>, StoreError> {
        let mut store = Store::new(folder, mode, Redactor::default(), "spec.yaml");
        for body in bodies {
            store.observe(key(), body);
        }
        store.settle(|_, _| false)
    }

    #[test]
    fn a_new_shape_waits_for_review_and_an_accepted_one_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let settled = run(folder.path(), Mode::Review, &[json!({"a": 1})]).expect("it settles");
        assert_eq!(settled[0].comparison, Comparison::New);
        let new = folder
            .path()
            .join("getDataExport__200__application_json.snap.new");
        assert_eq!(settled[0].written.as_deref(), Some(new.as_path()));
        std::fs::rename(&new, new.with_extension("")).expect("accepting is renaming");
        let settled = run(folder.path(), Mode::Review, &[json!({"a": 2})]).expect("it settles");
        assert_eq!(settled[0].comparison, Comparison::Unchanged);
        let settled = run(folder.path(), Mode::Check, &[json!({"a": "x"})]).expect("it settles");
        assert!(
            matches!(&settled[0].comparison, Comparison::Drifted { diff, .. } if diff.contains("-  a: integer\n+  a: string | integer")),
            "{settled:?}"
        );
        assert_eq!(settled[0].written, None);
        let finding = settled[0]
            .finding(crate::check::SHAPE_DRIFT)
            .expect("drift is a finding");
        assert!(
            finding
                .message
                .contains("/a: a string where an integer was"),
            "{}",
            finding.message
        );
    }

    #[test]
    fn nothing_waits_for_review_once_it_is_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        let pending = folder
            .path()
            .join("getDataExport__200__application_json.snap.new");
        run(folder.path(), Mode::Review, &[json!({"a": 1})]).expect("it settles");
        assert!(pending.exists());
        run(folder.path(), Mode::Update, &[json!({"a": 1})]).expect("it settles");
        assert!(!pending.exists());
        run(folder.path(), Mode::Review, &[json!({"a": "x"})]).expect("it settles");
        assert!(pending.exists());
        run(folder.path(), Mode::Review, &[json!({"a": 2})]).expect("it settles");
        assert!(!pending.exists());
    }

    #[test]
    #[cfg(unix)]
    #[expect(
        clippy::disallowed_methods,
        reason = "a test writes a file to compare with"
    )]
    fn a_snapshot_can_be_read_by_whom_other_files_can() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let settled = run(folder.path(), Mode::Update, &[json!({"a": 1})]).expect("it settles");
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").expect("it is written");
        let mode = |path: &Path| {
            std::fs::metadata(path)
                .expect("it is there")
                .permissions()
                .mode()
        };
        assert_eq!(
            mode(settled[0].written.as_deref().expect("a file")),
            mode(&plain)
        );
    }

    #[test]
    fn a_shape_that_is_none_of_ours_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let settled = run(folder.path(), Mode::Update, &[json!({"a": 1})]).expect("it settles");
        let path = settled[0].written.clone().expect("it is written");
        let written = std::fs::read_to_string(&path).expect("it is there");
        let (head, rest) = written.split_once("\nsample:").expect("a sample");
        let many: String = (0..400_000).fold(String::new(), |mut many, number| {
            let _ = write!(many, "\n  k{number}: string");
            many
        });
        let long = format!("{head}{many}\nsample:{rest}");
        file::replace(&path, long.as_bytes()).expect("it is written");
        let told = run(folder.path(), Mode::Check, &[json!({"a": 1})]);
        let told = told.expect_err("it is too long").to_string();
        assert!(told.contains("its shape is longer than"), "{told}");
    }

    #[test]
    fn insta_reads_what_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        run(folder.path(), Mode::Update, &[json!({"token": "abc"})]).expect("it settles");
        let path = folder
            .path()
            .join("getDataExport__200__application_json.snap");
        let snapshot = insta::Snapshot::from_file(&path).expect("insta reads it");
        assert_eq!(snapshot.metadata().source(), Some("spec.yaml"));
        assert_eq!(
            snapshot.metadata().expression(),
            Some("getDataExport 200 application/json")
        );
        assert_eq!(
            snapshot.as_text().map(ToString::to_string),
            Some(
                "shape:\nbody: object\n  token: string\n\nsample:\n{\n  \"token\": \"[token]\"\n}"
                    .to_owned()
            )
        );
    }

    #[test]
    fn the_order_of_responses_does_not_matter() {
        let bodies = [
            json!({"a": 1}),
            json!({"a": null, "b": [1.5]}),
            json!({"a": 22}),
        ];
        let text = |order: &[usize]| {
            let folder = tempfile::tempdir().expect("a folder");
            let bodies: Vec<_> = order.iter().map(|index| bodies[*index].clone()).collect();
            let settled = run(folder.path(), Mode::Update, &bodies).expect("it settles");
            std::fs::read_to_string(settled[0].written.clone().expect("it is written"))
                .expect("it is there")
        };
        assert_eq!(text(&[0, 1, 2]), text(&[2, 1, 0]));
        assert_eq!(text(&[0, 1, 2]), text(&[1, 2, 0]));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test damages its own file")]
    fn a_damaged_file_is_named_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder
            .path()
            .join("getDataExport__200__application_json.snap");
        std::fs::write(
            &path,
            "---\nsource: x\n---\nshape:\nbody: object\n  a: strnig\n",
        )
        .expect("it is written");
        let error = run(folder.path(), Mode::Check, &[json!({})])
            .expect_err("it is damaged")
            .to_string();
        assert!(
            error.contains("line 2 of the shape") && error.contains("accept it anew"),
            "{error}"
        );
    }
}
