//! Swagger 2.0 declares the media types of responses once for each operation, or once for all.

use std::collections::{BTreeMap, BTreeSet};

use oasgate_document::{Address, Document, FileId, Pointer};
use serde_json::{Value, json};

use super::{Action, Amendment};
use crate::infer::Came;

/// The operation that a node belongs to; of a node that several share, the one with this id.
pub(super) fn operation_of(at: &Address, id: Option<&str>, document: &Document) -> Option<Pointer> {
    let mut tokens = at.pointer.tokens();
    let mut next = || tokens.next();
    if let (FileId::ROOT, Some(paths), Some(path), Some(method)) = (at.file, next(), next(), next())
        && paths == "paths"
    {
        return Some(Pointer::root().join(&paths).join(&path).join(&method));
    }
    let id = id?;
    let paths = document.root().get("paths")?.as_object()?;
    paths.iter().find_map(|(path, item)| {
        let mut operations = item.as_object()?.iter();
        let (method, _) = operations.find(|(method, operation)| {
            operation.get("operationId").and_then(Value::as_str) == Some(id)
                || id == format!("{} {path}", method.to_uppercase())
        })?;
        Some(Pointer::root().join("paths").join(path).join(method))
    })
}

/// Whether the response whose content is at a place has a schema that a body of a media type is read by. Of what is
/// neither JSON nor text nothing is held.
pub(super) fn has_one_schema(
    content: &Address,
    media_type: &str,
    is_json: bool,
    document: &Document,
) -> bool {
    let is_read = is_json || media_type.starts_with("text/") || media_type.contains("form");
    let response = content.parent().and_then(|at| document.get(&at));
    let schema = response.and_then(|response| response.get("schema"));
    // A file is whatever comes.
    is_read && schema.is_some_and(|schema| schema["type"] != "file" && *schema != json!({}))
}

/// In Swagger 2.0 an operation says once what all its responses are made of.
pub(super) fn produces(operation: &Pointer, came: &Came, document: &Document) -> Option<Action> {
    let own = operation.join("produces");
    let list = |at: Pointer| {
        document
            .get(&Address::in_root(at))
            .and_then(Value::as_array)
    };
    let declared = list(own.clone());
    let inherited = list(Pointer::root().join("produces"));
    let known = declared.or(inherited).cloned().unwrap_or_default();
    let is_known = |media_type: &str| {
        known.iter().filter_map(Value::as_str).any(|known| {
            known
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .eq_ignore_ascii_case(media_type)
        })
    };
    let new: Vec<Value> = came
        .bodies
        .keys()
        .filter(|media_type| !is_known(media_type))
        .map(|media_type| json!(media_type))
        .collect();
    if new.is_empty() {
        return None;
    }
    // A list of its own takes the place of the document's; lists that are there are appended to.
    let all: Vec<Value> = match declared {
        Some(_) => new,
        None => known.into_iter().chain(new).collect(),
    };
    Some(Action::Update(
        operation.clone(),
        json!({ "produces": all }),
    ))
}

/// The same amendments, in which no operation is given a media type twice: each of them was made by itself.
pub(super) fn each_once(mut amendments: Vec<Amendment>) -> Vec<Amendment> {
    let mut given: BTreeMap<Pointer, BTreeSet<String>> = BTreeMap::new();
    for amendment in &mut amendments {
        amendment.actions.retain_mut(|action| {
            let Action::Update(operation, update) = action else {
                return true;
            };
            let Some(Value::Array(media_types)) = update.get_mut("produces") else {
                return true;
            };
            let given = given.entry(operation.clone()).or_default();
            media_types.retain(|one| given.insert(one.as_str().unwrap_or_default().to_owned()));
            !media_types.is_empty()
        });
    }
    amendments.retain(|amendment| !amendment.actions.is_empty());
    amendments
}
