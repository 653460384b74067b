//! `undeclared-property`

use indexmap::IndexMap;
use oasgate_document::Pointer;

use super::{Check, Content, Rule, Subject, documented};
use crate::{
    finding::Finding,
    infer::{Came, Inferred},
    wire::Parsed,
};

documented! {
    /// A property came that no schema names, read as if objects were closed.
    ///
    /// # What it holds
    ///
    /// What a response shows, its schema names. JSON Schema leaves objects open, so this is a note
    /// unless configured as `error`.
    ///
    /// # Why
    ///
    /// A property that nobody declared is a promise that nobody made, and clients keep it anyway.
    ///
    /// # Not a finding when
    ///
    /// - the schema says `additionalProperties` (or `patternProperties`, `unevaluatedProperties`)
    ///   in any form;
    /// - the schema names no property at all: it is open on purpose.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200':
    ///     description: Fine
    ///     content:
    ///       application/json: { schema: { type: object, properties: { id: { type: string } } } }
    /// response: { status: 200, headers: { content-type: application/json }, body: '{"id": "1", "extra": 2}' }
    /// ```
    pub UndeclaredProperty = "undeclared-property", Note, [Inferred];
}

impl Check for UndeclaredProperty {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let Some(schema) = subject
            .media_type()
            .and_then(|media_type| media_type.schema.as_ref())
        else {
            return true;
        };
        if subject
            .tape()
            .is_some_and(|tape| schema.knows_declared(tape))
        {
            return true;
        }
        let Content::Read(Parsed::Value(value)) = subject.body() else {
            return true;
        };
        schema.undeclared(value).is_empty()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some(media_type) = subject.media_type() else {
            return;
        };
        let Some(schema) = &media_type.schema else {
            return;
        };
        let Content::Read(Parsed::Value(value)) = subject.body() else {
            return;
        };
        let status = subject.exchange.response.status;
        // The same property of a hundred array elements is one finding.
        let mut patterns: IndexMap<String, (Pointer, Inferred)> = IndexMap::new();
        for instance in schema.undeclared(value) {
            let pattern: String = instance
                .tokens()
                .map(|token| {
                    if token.parse::<usize>().is_ok() {
                        "/*".to_owned()
                    } else {
                        format!("/{token}")
                    }
                })
                .collect();
            let came = instance.get(value).map(Inferred::of).unwrap_or_default();
            let (_, seen) = patterns
                .entry(pattern)
                .or_insert_with(|| (instance, Inferred::default()));
            *seen = std::mem::take(seen).merge(came);
        }
        for (pattern, (instance, came)) in patterns {
            findings.push(
                subject
                    .finding(
                        &Self::RULE,
                        format!(
                            "{pattern} of a {} response of {} is in no schema",
                            status.as_u16(),
                            subject.operation.id
                        ),
                    )
                    .at(schema.address().clone())
                    .with_actual(format!("{instance} is present"))
                    .with_came(Came::value(came))
                    .with_instance(instance)
                    .with_discriminator(format!("{} {pattern}", status.as_str()))
                    .with_help("declare the property, or say `additionalProperties: true`"),
            );
        }
    }
}
