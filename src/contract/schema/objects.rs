//! Every schema object of a document, once each.

use std::collections::HashSet;

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{
    SchemaStore,
    translate::{LIST_OF_SCHEMAS, MAP_OF_SCHEMAS, ONE_SCHEMA},
};

/// Hands over every schema object that can be reached from `roots`, each once.
pub(in crate::contract) fn each<'s>(
    store: &'s SchemaStore,
    roots: Vec<Address>,
    visit: &mut dyn FnMut(&Address, &'s Map<String, Value>),
) {
    let document = store.document();
    let mut seen: HashSet<Address> = HashSet::new();
    let mut open = roots;
    open.reverse();
    while let Some(at) = open.pop() {
        let Some(Value::Object(members)) = document.get(&at) else {
            continue;
        };
        if !seen.insert(at.clone()) {
            continue;
        }
        visit(&at, members);
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            open.extend(document.resolve_at(&at, reference));
            if store.dialect().ref_hides_siblings() {
                continue;
            }
        }
        for (keyword, value) in members {
            let keyword = keyword.as_str();
            match value {
                Value::Object(_) if ONE_SCHEMA.contains(&keyword) => open.push(at.join(keyword)),
                Value::Object(map) if MAP_OF_SCHEMAS.contains(&keyword) => {
                    open.extend(map.keys().map(|name| at.join(keyword).join(name)));
                }
                Value::Array(list) if LIST_OF_SCHEMAS.contains(&keyword) || keyword == "items" => {
                    open.extend((0..list.len()).map(|index| at.join(keyword).index(index)));
                }
                _ => {}
            }
        }
    }
}
