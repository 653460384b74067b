//! `impossible-schema`

use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::Direction;

documented! {
    /// No value at all is valid under a schema.
    ///
    /// # What it holds
    ///
    /// Each named schema and each schema of an operation accepts at least one value. What is told is
    /// proved; what cannot be proved is not told.
    ///
    /// # Why
    ///
    /// Every response breaks such a schema, or an optional property can never be there.
    ///
    /// # Not a finding when
    ///
    /// - the schema is `false`, which says so on purpose.
    pub ImpossibleSchema = "impossible-schema", Error;
}

/// How many schema objects are tried: a proof may take a while.
const MOST: usize = 2_000;

impl Lint for ImpossibleSchema {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        // Only schemas with more than one thing to say can contradict themselves.
        let worth = subject.schemas.iter().filter(|(_, members)| {
            members.contains_key("allOf")
                || members.get("enum").is_some_and(Value::is_array) && members.len() > 1
                || members
                    .keys()
                    .any(|keyword| keyword.starts_with("min") || keyword.starts_with("exclusive"))
        });
        for (at, members) in worth.take(MOST) {
            let schema = subject.contract.schema_at(at.clone(), Direction::Response);
            let is_impossible = match members.get("enum").and_then(Value::as_array) {
                Some(listed) => !listed.iter().any(|value| schema.is_valid(value)),
                None => schema.is_impossible(),
            };
            if is_impossible {
                findings.push(
                    finding(
                        &Self::RULE,
                        "no value is valid under this schema: its keywords contradict each other",
                    )
                    .at(at.clone()),
                );
            }
        }
    }
}
