//! `nullable-without-type`

use oasgate_document::{Address, SpecVersion};
use serde_json::{Map, Value};

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::{contract::Direction, finding::Severity};

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
    ///
    /// Beside `oneOf`, `anyOf` or `allOf` null is allowed in any 3.0, as 3.0.0 to 3.0.2 say it; that other tools may
    /// refuse it since 3.0.3 is a note.
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
            let schema = subject.contract.schema_at(at.clone(), Direction::Response);
            if is_useless && is_since_3_0_3(subject) && parts_refuse_null(subject, at, members) {
                let mut one = finding(
                    &Self::RULE,
                    "`nullable` stands beside no `type`, which counts by OpenAPI 3.0.0 to 3.0.2 alone: other tools may refuse null here",
                )
                .at(at.join("nullable"))
                .with_help("put a `type` beside it, or a part that is null");
                one.severity = Severity::Note;
                findings.push(one);
            }
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

/// Whether the document is of an `OpenAPI` 3.0 that lets `nullable` count beside a `type` alone.
fn is_since_3_0_3(subject: &Subject<'_>) -> bool {
    let SpecVersion::OpenApi30(version) = subject.document().version() else {
        return false;
    };
    let patch = version.strip_prefix("3.0.");
    patch.is_some_and(|patch| patch.parse::<u32>().is_ok_and(|patch| patch >= 3))
}

/// Whether the parts that a schema object is put together of refuse null.
fn parts_refuse_null(subject: &Subject<'_>, at: &Address, members: &Map<String, Value>) -> bool {
    let allows = |keyword: &str, index: usize| {
        let part = at.join(keyword).index(index);
        let part = subject.contract.schema_at(part, Direction::Response);
        part.is_valid(&Value::Null)
    };
    let of = |keyword: &str| members.get(keyword).and_then(Value::as_array).map(Vec::len);
    let one_of = |keyword: &str| {
        of(keyword).is_some_and(|number| !(0..number).any(|index| allows(keyword, index)))
    };
    of("allOf").is_some_and(|number| !(0..number).all(|index| allows("allOf", index)))
        || one_of("anyOf")
        || one_of("oneOf")
}
