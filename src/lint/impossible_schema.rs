//! `impossible-schema`

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::{Direction, Schema};

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
    /// - the schema is `false`, which says so on purpose;
    /// - it takes in another by `allOf` that no value fits: that one is told.
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
                || members.contains_key("const") && members.len() > 1
                || members.contains_key("pattern")
                || members.contains_key("required") && members.contains_key("properties")
                || members.contains_key("required")
                    && members.get("additionalProperties") == Some(&Value::Bool(false))
        });
        for (at, members) in worth.take(MOST) {
            let schema = subject.contract.schema_at(at.clone(), Direction::Response);
            match members.get("enum").and_then(Value::as_array) {
                Some(listed) if listed.iter().any(|value| schema.is_valid(value)) => {}
                Some(listed) => {
                    findings.push(no_listed_value(&schema, listed).at(at.clone()));
                }
                None if schema.is_impossible() && !is_told_elsewhere(subject, at, members) => findings
                    .push(
                    finding(
                        &Self::RULE,
                        "no value is valid under this schema: its keywords contradict each other",
                    )
                    .at(at.clone()),
                ),
                None => {}
            }
        }
    }
}

/// Whether it is one of the schemas put together that no value fits: that one is told.
fn is_told_elsewhere(subject: &Subject<'_>, at: &Address, members: &Map<String, Value>) -> bool {
    let parts = members.get("allOf").and_then(Value::as_array);
    parts
        .into_iter()
        .flatten()
        .enumerate()
        .any(|(index, part)| {
            part.get("$ref").is_some() && {
                let at = at.join("allOf").index(index);
                subject
                    .contract
                    .schema_at(at, Direction::Response)
                    .is_impossible()
            }
        })
}

/// What is wrong with the first value of an `enum` of which none is valid.
fn no_listed_value(schema: &Schema, listed: &[Value]) -> Finding {
    let why = listed
        .first()
        .and_then(|value| schema.violations(value).into_iter().next());
    let told = finding(
        &ImpossibleSchema::RULE,
        match &why {
            Some(why) => format!("no value of the enum is valid: {}", why.message),
            None => "the enum lists no value".to_owned(),
        },
    );
    match why {
        Some(why) => told.with_actual(why.actual).with_expected(why.expected),
        None => told,
    }
}
