//! To whom a node of a document belongs: the component that many refer to, or the schema that stands inline.

use oasgate_document::{Address, Document, Pointer};
use serde_json::Value;

use crate::finding::stable_hash;

/// How many references are followed, and how many alternatives are tried, on the way through a schema.
const MAX_STEPS: usize = 64;

/// Where a change to the document would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// Tells it from others: a component by its place; an inline schema by its content, because a document
    /// that writes one schema into forty operations was generated from one type.
    pub(super) id: String,
    /// As a person names it: `#/components/schemas/User`.
    pub(super) name: String,
    /// Whether more than one place may refer to it.
    pub(super) is_component: bool,
}

/// The owner of a node inside a schema, a parameter or a header.
pub(super) fn of(document: &Document, at: &Address) -> Owner {
    let tokens: Vec<String> = at.pointer.tokens().collect();
    let shared = match tokens.as_slice() {
        [components, _, _, ..] if components == "components" => 3,
        [definitions, _, ..]
            if ["definitions", "parameters", "responses"].contains(&definitions.as_str()) =>
        {
            2
        }
        // A file that the root refers to is a component as a whole.
        _ if at.file.index() > 0 => 0,
        _ => return inline(document, at, &tokens),
    };
    let pointer = path(&tokens[..shared.min(tokens.len())]);
    Owner {
        id: format!("{} {pointer}", at.file.index()),
        name: name(document, at, &pointer),
        is_component: true,
    }
}

/// An inline schema, from the outermost `schema` on the way to the node.
fn inline(document: &Document, at: &Address, tokens: &[String]) -> Owner {
    let schema = tokens.iter().position(|token| token == "schema");
    let end = schema.map_or(tokens.len(), |schema| schema + 1);
    let pointer = path(&tokens[..end]);
    let content = schema.and_then(|_| pointer.get(document.file(at.file)?));
    let id = content.map_or_else(
        || format!("{} {pointer}", at.file.index()),
        |schema| {
            format!(
                "inline {:016x}",
                stable_hash(&canonical(schema).to_string())
            )
        },
    );
    Owner {
        id,
        name: name(document, at, &pointer),
        is_component: false,
    }
}

/// A value whose members are in alphabetical order.
fn canonical(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

fn name(document: &Document, at: &Address, pointer: &Pointer) -> String {
    match document.source(at.file) {
        Some(source) if at.file.index() > 0 => format!("{}#{pointer}", source.name()),
        _ => format!("#{pointer}"),
    }
}

fn path(tokens: &[String]) -> Pointer {
    tokens
        .iter()
        .fold(Pointer::root(), |pointer, token| pointer.join(token))
}

/// The part of an address behind its owner: the same for every copy of an inline schema.
pub(super) fn within(document: &Document, at: &Address) -> String {
    let owner = of(document, at);
    let name = owner
        .name
        .split_once('#')
        .map_or("", |(_, pointer)| pointer);
    at.pointer
        .as_str()
        .strip_prefix(name)
        .unwrap_or(at.pointer.as_str())
        .to_owned()
}

/// The parameter that a node belongs to: where it stands and its name.
pub(super) fn parameter(document: &Document, at: &Address) -> Option<(String, String)> {
    let mut node = Some(at.clone());
    while let Some(here) = node {
        let holder = here.parent();
        let is_listed = holder
            .as_ref()
            .and_then(|holder| holder.pointer.last())
            .is_some_and(|last| last == "parameters");
        if is_listed
            && let Ok((_, value)) = document.follow(&here)
            && let (Some(place), Some(name)) = (
                value.get("in").and_then(Value::as_str),
                value.get("name").and_then(Value::as_str),
            )
        {
            return Some((place.to_owned(), name.to_owned()));
        }
        node = holder;
    }
    None
}

/// The segments with which a path of the document, below one of its servers, begins as this one does: the most there
/// are, but not all, as the document writes them.
pub(super) fn beginning<'d>(document: &'d Document, segments: &[&str]) -> Vec<&'d str> {
    let root = document.root();
    let servers = root.get("servers").and_then(Value::as_array);
    let urls = servers.into_iter().flatten();
    let urls = urls.filter_map(|server| server.get("url")?.as_str());
    let of_swagger = root.get("basePath").and_then(Value::as_str);
    let bases: Vec<&str> = urls.chain(of_swagger).map(base_path).chain([""]).collect();
    let paths = root.get("paths").and_then(Value::as_object);
    let mut best: Vec<&str> = Vec::new();
    for path in paths.into_iter().flat_map(|paths| paths.keys()) {
        for base in &bases {
            let known = base.split('/').chain(path.split('/'));
            let known = known.filter(|segment| !segment.is_empty()).zip(segments);
            let fitting = known.take_while(|(known, came)| known == *came || known.contains('{'));
            let fitting: Vec<&str> = fitting.map(|(known, _)| known).collect();
            // Of several as long, the first one.
            if fitting.len() > best.len() {
                best = fitting;
            }
        }
    }
    best.truncate(segments.len().saturating_sub(1));
    best
}

/// The path of a server's URL.
fn base_path(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| {
        rest.find('/').map_or("", |slash| &rest[slash..])
    });
    behind.trim_end_matches('/')
}

/// The schema of the node `instance`, starting at the schema of the whole body: through references,
/// properties, items and the alternatives that lead on.
pub(crate) fn schema_of(
    document: &Document,
    schema: &Address,
    instance: &[String],
) -> Option<Address> {
    let mut steps = MAX_STEPS;
    walk(document, schema, instance, &mut steps)
}

fn walk(
    document: &Document,
    schema: &Address,
    instance: &[String],
    steps: &mut usize,
) -> Option<Address> {
    *steps = steps.checked_sub(1)?;
    let (schema, value) = document.follow(schema).ok()?;
    let Some((token, rest)) = instance.split_first() else {
        return Some(schema);
    };
    let properties = schema.join("properties").join(token);
    if document.get(&properties).is_some() {
        return walk(document, &properties, rest, steps);
    }
    for keyword in ["items", "additionalProperties"] {
        if value.get(keyword).is_some_and(Value::is_object) {
            let inner = walk(document, &schema.join(keyword), rest, steps);
            if inner.is_some() {
                return inner;
            }
        }
    }
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let count = value
            .get(keyword)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        for index in 0..count {
            let inner = walk(
                document,
                &schema.join(keyword).index(index),
                instance,
                steps,
            );
            if inner.is_some() {
                return inner;
            }
        }
    }
    None
}
