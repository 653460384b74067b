//! Values that more than one alternative accepts, of which a discriminator names one.

use serde_json::Value;

use super::{Schema, Violation, discriminator::Selection};

/// Whether the alternative that a discriminator names accepts a value of which `oneOf` says that others do too.
///
/// Exactly one has to (3.0.4 §4.7.25, 3.1.1 §4.8.25: `discriminator` MUST NOT change the validation outcome), and
/// a reader may take the name as "a hint to shortcut validation" all the same (3.0.3 §4.7.25): such a value is a
/// breach where it comes back, and no proof against who accepts it.
pub(super) fn accepts_by_name(schema: &Schema, violation: &Violation, value: &Value) -> bool {
    if violation.keyword != "oneOf" {
        return false;
    }
    let store = &schema.store;
    let discriminator = violation
        .schema
        .parent()
        .and_then(|holder| store.discriminator(&holder));
    let (Some(discriminator), Some(node)) = (discriminator, violation.instance.get(value)) else {
        return false;
    };
    match discriminator.select(node) {
        Selection::OneOf(targets) => targets
            .iter()
            .any(|target| store.unit(target, schema.direction).is_valid(node)),
        Selection::Nothing | Selection::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Address, Document, Pointer};
    use serde_json::json;

    use crate::contract::{Contract, Direction};

    #[test]
    fn what_a_name_decides_is_no_proof() {
        let alternative = |required: &str, property: &str| json!({ "type": "object", "required": ["k", required], "properties": { "k": { "type": "string" }, property: { "type": "integer" } } });
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": {},
            "components": { "schemas": {
                "S": {
                    "oneOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }],
                    "discriminator": { "propertyName": "k", "mapping": { "a": "A", "b": "B" } },
                },
                "A": alternative("k", "n"),
                "B": alternative("m", "m"),
                "Plain": { "oneOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }] },
            } },
        });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let contract = Contract::from_document(document);
        let is_no_proof = |name: &str, value| {
            let at = Pointer::parse(&format!("/components/schemas/{name}")).expect("a pointer");
            let schema = contract.schema_at(Address::in_root(at), Direction::Request);
            let violations = schema.violations(&value);
            let first = violations.first().expect("it is broken");
            schema.accepts_by_name(first, &value)
        };
        assert!(is_no_proof("S", json!({ "k": "b", "m": 1 })));
        assert!(!is_no_proof("S", json!({ "k": "b" })));
        assert!(!is_no_proof("S", json!({ "k": "c", "m": 1 })));
        assert!(!is_no_proof("Plain", json!({ "k": "b", "m": 1 })));
    }
}
