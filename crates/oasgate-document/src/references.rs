//! References between files: found, loaded once each, and followed.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::Pointer;

/// Where a reference leads, taken apart.
pub(crate) struct Target<'r> {
    /// The file part as written; empty for the same file.
    pub(crate) file: &'r str,
    /// The fragment, percent-decoded, without `#`.
    pub(crate) fragment: String,
}

pub(crate) fn split(reference: &str) -> Target<'_> {
    let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    Target {
        file,
        fragment: percent_decode_str(fragment)
            .decode_utf8_lossy()
            .into_owned(),
    }
}

/// Whether a reference leads over the network.
pub(crate) fn is_remote(file: &str) -> bool {
    file.split_once("://")
        .is_some_and(|(scheme, _)| !scheme.eq_ignore_ascii_case("file"))
}

/// The path of a referenced file, from the folder of the file that refers to it.
pub(crate) fn path_of(folder: &Path, file: &str) -> PathBuf {
    let decoded = percent_decode_str(file).decode_utf8_lossy().into_owned();
    let local = decoded.strip_prefix("file://").unwrap_or(&decoded);
    tidy(&folder.join(local))
}

/// The path without `.` and with `name/..` taken out, so that one file has one name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidied.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}

/// What one file says about references.
#[derive(Default)]
pub(crate) struct Survey {
    /// Every reference to another file, with the node that holds it.
    pub(crate) external: Vec<(Pointer, String)>,
    /// Every file that a discriminator maps a name to, with the schema that holds the discriminator.
    pub(crate) mapped: Vec<(Pointer, String)>,
    /// Schemas that name themselves: with `$id`, or with `$anchor` (`#name`).
    pub(crate) named: Vec<(String, Pointer)>,
}

/// Looks at a whole file. Values that only show what data looks like are passed over: a `$ref` in
/// them is data.
pub(crate) fn survey(root: &Value) -> Survey {
    let mut survey = Survey::default();
    if let Some(Value::String(own)) = root.get("$self") {
        survey.named.push((own.clone(), Pointer::root()));
    }
    walk(root, &mut Vec::new(), &mut survey);
    survey
}

/// A step on the way to a node; pointers are written only for what is found.
enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

fn pointer(path: &[Step<'_>]) -> Pointer {
    let mut pointer = Pointer::root();
    for step in path {
        match step {
            Step::Key(key) => pointer.push(key),
            Step::Index(index) => pointer.push(&index.to_string()),
        }
    }
    pointer
}

/// What a discriminator maps names to and is no component's name: a name has neither a slash nor the ending of a
/// file (OpenAPI 3.1.1 §4.8.25.3 leaves to tools which of both `foo.json` is).
fn mapped_files(discriminator: &Map<String, Value>) -> impl Iterator<Item = &String> {
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let targets = mapping.into_iter().flat_map(Map::values);
    targets
        .chain(discriminator.get("defaultMapping"))
        .filter_map(|target| match target {
            Value::String(target) => Some(target),
            _ => None,
        })
        .filter(|target| {
            let file = split(target).file;
            file.contains('/')
                || [".json", ".yaml", ".yml"]
                    .iter()
                    .any(|ending| file.ends_with(ending))
        })
}

fn walk<'v>(value: &'v Value, path: &mut Vec<Step<'v>>, survey: &mut Survey) {
    match value {
        Value::Object(members) => {
            let is_properties = matches!(path.last(), Some(Step::Key("properties")));
            for (key, member) in members {
                match (key.as_str(), member) {
                    _ if is_properties => {}
                    ("$ref", Value::String(reference)) if !split(reference).file.is_empty() => {
                        survey.external.push((pointer(path), reference.clone()));
                    }
                    ("discriminator", Value::Object(discriminator)) => {
                        let mapped = mapped_files(discriminator);
                        survey
                            .mapped
                            .extend(mapped.map(|reference| (pointer(path), reference.clone())));
                    }
                    ("$id", Value::String(id)) if !path.is_empty() => {
                        let id = id.trim_end_matches('#').to_owned();
                        survey.named.push((id, pointer(path)));
                    }
                    ("$anchor" | "$dynamicAnchor", Value::String(name)) => {
                        survey.named.push((format!("#{name}"), pointer(path)));
                    }
                    _ => {}
                }
                let is_data = matches!(key.as_str(), "example" | "default" | "enum" | "const")
                    && !is_properties
                    || key == "value"
                        && matches!(path[..], [.., Step::Key("examples"), Step::Key(_)]);
                let is_data = is_data || key == "examples" && member.is_array();
                if !is_data && (member.is_object() || member.is_array()) {
                    path.push(Step::Key(key));
                    walk(member, path, survey);
                    path.pop();
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if item.is_object() || item.is_array() {
                    path.push(Step::Index(index));
                    walk(item, path, survey);
                    path.pop();
                }
            }
        }
        _ => {}
    }
}
