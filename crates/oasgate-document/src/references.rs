//! References between files: found, loaded once each, and followed.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde_json::Value;

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

/// Every reference to another file, with the node that holds it. Values that only show what data
/// looks like are passed over: a `$ref` in them is data.
pub(crate) fn external(root: &Value) -> Vec<(Pointer, String)> {
    let mut found = Vec::new();
    let mut open = vec![(Pointer::root(), root)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref")
                    && !split(reference).file.is_empty()
                {
                    found.push((pointer.clone(), reference.clone()));
                }
                for (key, member) in members.iter().rev() {
                    if member.is_object() || member.is_array() {
                        let is_data =
                            matches!(key.as_str(), "example" | "default" | "enum" | "const")
                                || key == "value" && pointer.as_str().contains("/examples/");
                        if !is_data {
                            open.push((pointer.join(key), member));
                        }
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate().rev() {
                    if item.is_object() || item.is_array() {
                        open.push((pointer.index(index), item));
                    }
                }
            }
            _ => {}
        }
    }
    found
}
