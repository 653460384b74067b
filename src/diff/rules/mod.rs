//! One file for each rule about what changed, and the lists that register them.
//!
//! A rule is a unit struct declared with `documented!`, whose doc comment is what `oasgate explain`
//! prints. To add one about operations, write its file and its line in [`RULES`]; about what schemas say
//! besides the values that they accept, in [`SCHEMA_RULES`]. Verdicts about values come from questions, whose rules are
//! documentation alone.

mod added_media_type;
mod added_operation;
mod added_parameter;
mod added_request_body;
mod added_required_body;
mod added_required_parameter;
mod added_response;
pub(super) mod added_security;
mod added_security_alternative;
mod became_read_only;
mod became_write_only;
mod changed_default;
mod changed_discriminator;
mod changed_encoding;
mod changed_number_format;
mod changed_schema_presence;
mod changed_serialization;
mod changed_server;
pub(super) mod compatible_schema;
mod deprecated;
mod deprecated_property;
pub(super) mod grown_enum;
mod moved_operation;
pub(super) mod narrowed_input;
mod removed_error_response;
mod removed_operation;
mod removed_optional_header;
mod removed_parameter;
mod removed_request_body;
mod removed_request_media_type;
mod removed_response;
mod removed_response_header;
mod removed_response_media_type;
mod removed_security;
mod removed_sent_body;
mod removed_sent_parameter;
pub(super) mod undecided_schema;
pub(super) mod widened_output;

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{
    change::{Change, Flow},
    keywords::{is_map, position},
    operations::{Matched, Subject},
};
use crate::{
    contract::{Contract, Direction, Operation},
    finding::{Rule, Sealed, documented},
};

/// One rule about paired operations.
pub trait ChangeRule: Sync + Sealed {
    /// Its identity and documentation.
    fn rule(&self) -> &'static Rule;

    /// Adds what changed.
    #[expect(private_interfaces, reason = "rules are written in this crate alone")]
    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>);
}

/// One rule about a schema that both documents have.
pub(super) trait SchemaRule: Sync {
    /// Its identity and documentation.
    fn rule(&self) -> &'static Rule;

    /// Adds what changed.
    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>);
}

/// Every rule about operations, in the order in which they look.
pub const RULES: &[&dyn ChangeRule] = &[
    &removed_operation::RemovedOperation,
    &moved_operation::MovedOperation,
    &added_operation::AddedOperation,
    &added_required_parameter::AddedRequiredParameter,
    &added_parameter::AddedParameter,
    &removed_parameter::RemovedParameter,
    &changed_serialization::ChangedSerialization,
    &added_required_body::AddedRequiredBody,
    &added_request_body::AddedRequestBody,
    &removed_request_body::RemovedRequestBody,
    &removed_sent_parameter::RemovedSentParameter,
    &removed_sent_body::RemovedSentBody,
    &removed_request_media_type::RemovedRequestMediaType,
    &removed_response_media_type::RemovedResponseMediaType,
    &added_media_type::AddedMediaType,
    &removed_response::RemovedResponse,
    &removed_error_response::RemovedErrorResponse,
    &added_response::AddedResponse,
    &removed_response_header::RemovedResponseHeader,
    &removed_optional_header::RemovedOptionalHeader,
    &added_security::AddedSecurity,
    &added_security_alternative::AddedSecurityAlternative,
    &removed_security::RemovedSecurity,
    &changed_server::ChangedServer,
    &deprecated::Deprecated,
    &changed_schema_presence::ChangedSchemaPresence,
];

/// Every rule about what schemas say besides the values that they accept.
pub(super) const SCHEMA_RULES: &[&dyn SchemaRule] = &[
    &changed_default::ChangedDefault,
    &changed_number_format::ChangedNumberFormat,
    &changed_encoding::ChangedEncoding,
    &became_read_only::BecameReadOnly,
    &became_write_only::BecameWriteOnly,
    &changed_discriminator::ChangedDiscriminator,
    &deprecated_property::DeprecatedProperty,
];

/// Rules whose verdict is the answer to a question about values.
const VALUE_RULES: &[&Rule] = &[
    &narrowed_input::NarrowedInput::RULE,
    &widened_output::WidenedOutput::RULE,
    &grown_enum::GrownEnum::RULE,
    &compatible_schema::CompatibleSchema::RULE,
    &undecided_schema::UndecidedSchema::RULE,
];

/// Every rule, for `explain` and for configuration.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES
        .iter()
        .map(|rule| rule.rule())
        .chain(SCHEMA_RULES.iter().map(|rule| rule.rule()))
        .chain(VALUE_RULES.iter().copied())
}

/// Whether an operation has a request body that always comes.
fn is_required(operation: &Operation) -> bool {
    operation
        .request_body
        .as_ref()
        .is_some_and(|body| body.required)
}

/// A change of an operation's request body, at the body where there is one.
fn of_request_body(rule: &Rule, operation: &Matched, message: &str) -> Change {
    let at = |operation: &Operation| {
        let body = operation.request_body.as_ref();
        body.map_or(&operation.address, |body| &body.address)
            .clone()
    };
    Change::new(rule, message)
        .of(operation.id())
        .in_flow(Flow::Request)
        .with_place("request body")
        .at_old(&at(&operation.old))
        .at_new(&at(&operation.new))
}

/// A schema object in both documents, as they write it.
pub(super) struct SchemaPair<'s> {
    pub(super) contracts: [&'s Contract; 2],
    pub(super) old: &'s Map<String, Value>,
    pub(super) new: &'s Map<String, Value>,
    pub(super) old_at: &'s Address,
    pub(super) new_at: &'s Address,
    pub(super) direction: Direction,
}

/// How deep schemas that stand in each other are laid side by side.
const MAX_DEPTH: usize = 64;

/// How many references and parts of one are looked behind.
const MAX_BEHIND: usize = 16;

impl SchemaPair<'_> {
    /// Hands over this pair, and each pair of schemas at the same place inside it.
    pub(super) fn each(&self, depth: usize, visit: &mut dyn FnMut(&SchemaPair<'_>)) {
        let is_reference =
            |members: &Map<String, Value>| members.len() == 1 && members.contains_key("$ref");
        if is_reference(self.old) && is_reference(self.new) {
            // What they refer to is a pair of its own.
            return;
        }
        let (old, old_at) = behind(self.contracts[0], self.old, self.old_at, self.direction);
        let (new, new_at) = behind(self.contracts[1], self.new, self.new_at, self.direction);
        let pair = SchemaPair {
            old,
            new,
            old_at: &old_at,
            new_at: &new_at,
            ..*self
        };
        visit(&pair);
        if depth > MAX_DEPTH {
            return;
        }
        for (keyword, old) in pair.old {
            let Some(new) = pair.new.get(keyword) else {
                continue;
            };
            if position(keyword).is_none() {
                continue;
            }
            let mut below = |old: &Value, new: &Value, old_at: &Address, new_at: &Address| {
                if let (Value::Object(old), Value::Object(new)) = (old, new)
                    && old != new
                {
                    SchemaPair {
                        old,
                        new,
                        old_at,
                        new_at,
                        ..pair
                    }
                    .each(depth + 1, visit);
                }
            };
            let (old_at, new_at) = (pair.old_at.join(keyword), pair.new_at.join(keyword));
            match (old, new) {
                (Value::Object(old), Value::Object(new)) if is_map(keyword) => {
                    for (name, one) in old {
                        if let Some(other) = new.get(name) {
                            below(one, other, &old_at.join(name), &new_at.join(name));
                        }
                    }
                }
                (Value::Array(old), Value::Array(new)) => {
                    for (index, (one, other)) in old.iter().zip(new).enumerate() {
                        below(one, other, &old_at.index(index), &new_at.index(index));
                    }
                }
                (old, new) => below(old, new, &old_at, &new_at),
            }
        }
    }

    /// Whether a mark is new.
    pub(super) fn gained(&self, mark: &str) -> bool {
        let has = |members: &Map<String, Value>| members.get(mark) == Some(&Value::Bool(true));
        has(self.new) && !has(self.old)
    }

    /// A change at a keyword of both, or at the schemas where one does not have it.
    pub(super) fn change(&self, rule: &Rule, keyword: &str, message: &str) -> Change {
        let at = |members: &Map<String, Value>, at: &Address| {
            if members.contains_key(keyword) {
                at.join(keyword)
            } else {
                at.clone()
            }
        };
        let name = self
            .new_at
            .pointer
            .last()
            .map_or_else(String::new, |name| format!("`{name}`: "));
        Change::new(rule, format!("{name}{message}"))
            .at_old(&at(self.old, self.old_at))
            .at_new(&at(self.new, self.new_at))
    }
}

/// The schema object behind references and an `allOf` of one, which say nothing themselves.
fn behind<'c>(
    contract: &'c Contract,
    members: &'c Map<String, Value>,
    at: &Address,
    direction: Direction,
) -> (&'c Map<String, Value>, Address) {
    let (mut members, mut at) = (members, at.clone());
    for _ in 0..MAX_BEHIND {
        if members.len() != 1 {
            break;
        }
        let next = if let Some([Value::Object(only)]) = members
            .get("allOf")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            Some((only, at.join("allOf").index(0)))
        } else if members.contains_key("$ref") {
            let schema = contract.schema_at(at.clone(), direction);
            let target = schema.target().address().clone();
            let found = contract.document().get(&target).and_then(Value::as_object);
            found.map(|found| (found, target))
        } else {
            None
        };
        match next {
            Some(next) => (members, at) = next,
            None => break,
        }
    }
    (members, at)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn each_rule_has_a_file_and_a_line() {
        let files: BTreeSet<String> = fs::read_dir("src/diff/rules")
            .expect("a folder")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_suffix(".rs")?.replace('_', "-")))
            .filter(|name| name != "mod")
            .collect();
        let listed: BTreeSet<String> = rules().map(|rule| rule.id.to_owned()).collect();
        assert_eq!(files, listed);
    }

    #[test]
    fn each_rule_is_documented() {
        for rule in rules() {
            for heading in ["# What it checks", "# Why", "# Not a finding when"] {
                assert!(rule.doc.contains(heading), "{} has no {heading}", rule.id);
            }
        }
    }
}
