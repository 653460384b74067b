//! What of a drift the contract declares: a null that it allows, a property that may be left out, a type that it
//! names.
//!
//! A snapshot closes what the contract leaves open. What the contract speaks of comes and goes with the data, and with
//! the next seed.

use http::StatusCode;
use jsonschema::{JsonType, JsonTypeSet};
use oasgate_document::Pointer;
use serde_json::Value;

use crate::{
    contract::{Contract, Schema},
    snapshot::{Drift, DriftKind, Key},
};

/// Whether the contract says of a place that what drifted may be so.
pub(crate) fn is_declared(contract: &Contract, key: &Key, drift: &Drift) -> bool {
    let Some(schema) = schema_of(contract, key) else {
        return false;
    };
    match drift.kind {
        DriftKind::Missing | DriftKind::NewProperty => {
            let place = drift.at.parent().zip(drift.at.last());
            place.is_some_and(|(owner, name)| {
                let owner = node(&schema, &owner);
                owner.is_some_and(|owner| is_known(&owner, &name))
            })
        }
        DriftKind::Came(kind) => {
            let node = node(&schema, &drift.at);
            node.is_some_and(|node| names(&node, kind))
        }
        DriftKind::FirstSight | DriftKind::Other => false,
    }
}

fn schema_of(contract: &Contract, key: &Key) -> Option<Schema> {
    let operation = contract.operation(&key.operation).ok()?;
    let status = StatusCode::from_u16(key.status).ok()?;
    let response = operation.responses.get(status)?;
    let media_type = response.content.best(&key.media_type.parse().ok()?)?;
    media_type.schema.clone()
}

/// What the contract says of the places that a pattern names.
fn node(schema: &Schema, at: &Pointer) -> Option<Schema> {
    at.tokens().try_fold(schema.clone(), |schema, token| {
        let property = schema.property(&token);
        property
            .or_else(|| schema.items().filter(|_| token == "*"))
            .or_else(|| schema.additional_properties())
    })
}

/// Whether an object may have a property of this name, and may be without it: where it may not, no response without it
/// is compared.
fn is_known(owner: &Schema, name: &str) -> bool {
    owner.property(name).is_some() || owner.additional_properties().is_some()
}

/// Whether a schema says which types there are, and this is one of them.
fn names(schema: &Schema, kind: JsonType) -> bool {
    let types = schema.types();
    let is_open = types == JsonTypeSet::all();
    let is_one = match kind {
        JsonType::Null => schema.is_valid(&Value::Null),
        JsonType::Integer => types.contains(JsonType::Integer) || types.contains(JsonType::Number),
        kind => types.contains(kind),
    };
    is_one && !is_open
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::snapshot::Shape;

    fn drift(accepted: &Value, seen: &Value) -> Vec<String> {
        let thing = json!({ "type": "object", "properties": {
            "name": { "type": ["string", "null"] },
            "size": { "type": "number" },
            "open": {},
            "meta": { "oneOf": [{ "type": "null" }, { "type": "object" }] },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
        } });
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "get": { "operationId": "list", "responses": { "200": {
                "description": "x",
                "content": { "application/json": { "schema": { "type": "array", "items": thing } } } } } } } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let key = Key {
            operation: "list".into(),
            status: 200,
            media_type: "application/json".into(),
            has_options: false,
        };
        let accepted = Shape::of(&json!([accepted]), &[]);
        let mut drift = accepted.drift(&Shape::of(&json!([seen]), &[]));
        drift.retain(|one| !is_declared(&contract, &key, one));
        drift.iter().map(|one| one.at.to_string()).collect()
    }

    #[test]
    fn what_the_contract_declares_is_no_drift() {
        for (accepted, seen) in [
            (json!({ "name": "a" }), json!({ "name": null })),
            (json!({ "name": "a" }), json!({})),
            (json!({}), json!({ "size": 1 })),
            (json!({ "meta": {} }), json!({ "meta": null })),
            (json!({ "meta": null }), json!({ "meta": {} })),
            (
                json!({ "labels": { "a": "x" } }),
                json!({ "labels": { "b": "x" } }),
            ),
            (json!({ "size": 1 }), json!({ "size": 1.5 })),
        ] {
            assert_eq!(drift(&accepted, &seen), [""; 0], "{accepted} {seen}");
        }
    }

    #[test]
    fn what_it_leaves_open_is() {
        for (accepted, seen, at) in [
            (json!({}), json!({ "more": 1 }), "/*/more"),
            (json!({ "more": 1 }), json!({}), "/*/more"),
            (json!({ "open": 1 }), json!({ "open": "a" }), "/*/open"),
            (json!({ "open": 1 }), json!({ "open": null }), "/*/open"),
            (
                json!({ "meta": { "a": 1 } }),
                json!({ "meta": {} }),
                "/*/meta/a",
            ),
        ] {
            assert_eq!(drift(&accepted, &seen), [at], "{accepted} {seen}");
        }
    }
}
