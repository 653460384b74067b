//! `nullable-without-type`

use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};

documented! {
    /// `nullable: true` stands where it changes nothing.
    ///
    /// # What it holds
    ///
    /// In OpenAPI 3.0, `nullable` stands beside a `type` (3.0.3 §4.7.24.1 and the proposal that it
    /// refers to); since 3.1 there is no such keyword.
    ///
    /// # Why
    ///
    /// Whoever wrote it wants null to be allowed. It is not: a null breaks the contract.
    ///
    /// # Not a finding when
    ///
    /// - the schema says nothing that null would break.
    pub NullableWithoutType = "nullable-without-type", Warning;
}

impl Lint for NullableWithoutType {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for (at, members) in &subject.schemas {
            if members.get("nullable") != Some(&Value::Bool(true)) {
                continue;
            }
            let is_useless = !subject.is_before_3_1()
                || !members.contains_key("type")
                || members.contains_key("$ref");
            let schema = subject
                .contract
                .schema_at(at.clone(), crate::contract::Direction::Response);
            if is_useless && !schema.is_valid(&Value::Null) {
                let advice = if subject.is_before_3_1() {
                    "put a `type` beside it; with `$ref`, wrap the reference in `anyOf` with a nullable schema"
                } else {
                    "since 3.1, write `type: [..., \"null\"]`"
                };
                findings.push(
                    finding(
                        &Self::RULE,
                        "`nullable` changes nothing here: null is not allowed",
                    )
                    .at(at.join("nullable"))
                    .with_help(advice),
                );
            }
        }
    }
}
