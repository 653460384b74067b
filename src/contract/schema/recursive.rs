//! `$recursiveRef` and `$recursiveAnchor` of JSON Schema 2019-09 (§8.2.4.2), which 2020-12 writes as dynamic
//! references to one anchor of each resource.

use oasgate_document::{Address, Document};
use serde_json::Value;

use super::subschemas::{LIST_OF_SCHEMAS, MAP_OF_SCHEMAS, ONE_SCHEMA};

/// The dynamic anchor that stands for `$recursiveAnchor: true`.
pub(super) const ANCHOR: &str = "recursive-anchor";

/// The dynamic reference that stands for a `$recursiveRef`.
pub(super) const REFERENCE: &str = "#recursive-anchor";

/// The schema that `#` means in a schema object: the innermost around it that names itself with `$id`, else
/// the outermost one.
pub(super) fn resource(document: &Document, at: &Address) -> Address {
    let mut around = at.clone();
    loop {
        let names_itself = document
            .get(&around)
            .and_then(|schema| schema.get("$id"))
            .is_some_and(Value::is_string);
        match parent_schema(&around) {
            Some(parent) if !names_itself => around = parent,
            _ => return around,
        }
    }
}

/// Whether references from inside lead on to the outermost schema that says the same.
pub(super) fn is_anchored(document: &Document, resource: &Address) -> bool {
    let anchor = document
        .get(resource)
        .and_then(|one| one.get("$recursiveAnchor"));
    anchor == Some(&Value::Bool(true))
}

/// The schema object that one is written in; `None` for one that stands alone.
fn parent_schema(at: &Address) -> Option<Address> {
    let above = at.parent()?;
    let holds_many =
        |keyword: &str| LIST_OF_SCHEMAS.contains(&keyword) || MAP_OF_SCHEMAS.contains(&keyword);
    if (above.pointer.last()).is_some_and(|keyword| holds_many(&keyword) || keyword == "items") {
        return above.parent();
    }
    (at.pointer.last())
        .is_some_and(|keyword| ONE_SCHEMA.contains(&keyword.as_str()))
        .then_some(above)
}
