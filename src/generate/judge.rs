//! Judges: validators of parts of a schema, for what its recipe cannot say.

use std::sync::OnceLock;

use jsonschema::Validator;
use oasgate_document::Budget;
use serde_json::Value;

use super::limits;
use crate::contract::{canonical::CanonicalSchema, compiled_alone};

/// Says whether a value is of a part of a schema. Compiled when it is first asked: most parts of a
/// large schema are never drawn.
#[derive(Debug)]
pub(super) struct Judge {
    schema: CanonicalSchema,
    validator: OnceLock<Validator>,
}

impl Judge {
    pub(super) fn of(schema: &CanonicalSchema) -> Self {
        Self {
            schema: schema.clone(),
            validator: OnceLock::new(),
        }
    }

    /// Whether a value is of the part, which is paid for.
    pub(super) fn takes(&self, value: &Value, budget: &Budget) -> bool {
        let validator = self.validator.get_or_init(|| compile(&self.schema));
        limits::spend_effort(budget, || validator.is_valid(value)) == Some(true)
    }
}

fn compile(schema: &CanonicalSchema) -> Validator {
    let mut written = schema.to_json_schema();
    // Definitions that a leaf does not refer to would be compiled with it all the same.
    if let Value::Object(members) = &mut written
        && let Some(definitions) = members.shift_remove("$defs")
        && Value::Object(members.clone())
            .to_string()
            .contains("\"$ref\"")
    {
        members.insert("$defs".to_owned(), definitions);
    }
    compiled_alone(written)
}
