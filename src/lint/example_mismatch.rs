//! `example-mismatch`

use std::collections::HashSet;

use indexmap::IndexMap;
use oasgate_document::{Address, Document};
use serde_json::Value;

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::{Content, Direction, Example, Schema};

documented! {
    /// An example or a default breaks the schema that it stands beside.
    ///
    /// # What it holds
    ///
    /// Every `example`, `examples` entry and `default` is valid under its schema: of parameters,
    /// headers, media types, and of schema objects themselves.
    ///
    /// # Why
    ///
    /// People copy examples, mocks answer with them, and a gate sends them.
    ///
    /// # Not a finding when
    ///
    /// - the example is of a media type whose text no schema describes (XML, plain text);
    /// - it is valid as a request or as a response, where the schema serves both;
    /// - an equal object stands before it with the same: what generates a document writes one mistake many times,
    ///   and it is told once, with the number of its places;
    /// - it is an `externalValue`, which is not fetched.
    pub ExampleMismatch = "example-mismatch", Warning;
}

impl Lint for ExampleMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let before = findings.len();
        let mut looked = HashSet::new();
        let mut look = |schema: &Schema,
                        examples: &[Example],
                        operation: Option<&str>,
                        findings: &mut Vec<Finding>| {
            for example in examples {
                // Components are shared; each example is looked at once.
                if looked.insert(example.address.clone()) {
                    held(
                        schema,
                        &example.value,
                        &example.address,
                        operation,
                        findings,
                    );
                }
            }
        };
        let operations = subject.contract.operations().iter().map(AsRef::as_ref);
        for operation in operations.chain(&subject.hooks) {
            let id = Some(operation.id.as_str());
            for parameter in &operation.parameters {
                if let Some(schema) = parameter.value.schema() {
                    look(schema, &parameter.examples, id, findings);
                }
            }
            let mut content = |content: &Content, findings: &mut Vec<Finding>| {
                for media_type in &content.media_types {
                    let essence = media_type.range.essence();
                    let is_json = essence == "application/json" || essence.ends_with("+json");
                    if let Some(schema) = media_type.schema.as_ref().filter(|_| is_json) {
                        look(schema, &media_type.examples, id, findings);
                    }
                }
            };
            if let Some(body) = &operation.request_body {
                content(&body.content, findings);
            }
            for response in &operation.responses.declared {
                content(&response.content, findings);
            }
            for header in operation
                .responses
                .declared
                .iter()
                .flat_map(|response| &response.headers)
            {
                if let Some(schema) = header.value.schema() {
                    look(schema, &header.examples, id, findings);
                }
            }
        }
        for (at, members) in &subject.schemas {
            if subject.is_before_3_1() && members.contains_key("$ref") {
                continue;
            }
            let schema = subject.contract.schema_at(at.clone(), Direction::Response);
            let mut one = |value: &Value, place: Address| {
                if looked.insert(place.clone()) {
                    held(&schema, value, &place, None, findings);
                }
            };
            for keyword in ["example", "default"] {
                if let Some(value) = members.get(keyword) {
                    one(value, at.join(keyword));
                }
            }
            for (index, value) in members
                .get("examples")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .enumerate()
            {
                one(value, at.join("examples").index(index));
            }
        }
        let told = findings.split_off(before);
        findings.extend(each_once(told, subject.contract.document()));
    }
}

/// The findings without those whose object equals that of one before, which say how many those are.
fn each_once(findings: Vec<Finding>, document: &Document) -> Vec<Finding> {
    let mut kept: IndexMap<String, (Finding, usize)> = IndexMap::new();
    for finding in findings {
        let at = finding.document.as_ref();
        let keyword = at.and_then(|at| at.pointer.last()).unwrap_or_default();
        let object = at
            .filter(|_| ["default", "example"].contains(&keyword.as_str()))
            .and_then(|at| document.get(&at.parent()?));
        let key = object.map_or_else(
            || format!("{:?}", finding.document),
            |object| format!("{keyword} of {object}: {}", finding.message),
        );
        let known = kept.entry(key).or_insert((finding, 0));
        known.1 += 1;
    }
    kept.into_values()
        .map(|(finding, places)| match places {
            1 => finding,
            2 => finding.with_help("an equal object in one more place has the same"),
            more => finding.with_help(format!(
                "equal objects in {} more places have the same",
                more - 1
            )),
        })
        .collect()
}

fn held(
    schema: &Schema,
    value: &Value,
    at: &Address,
    operation: Option<&str>,
    findings: &mut Vec<Finding>,
) {
    let other = match schema.direction() {
        Direction::Request => Direction::Response,
        Direction::Response => Direction::Request,
    };
    if schema.is_valid(value) || schema.towards(other).is_valid(value) {
        return;
    }
    let Some(violation) = schema.violations(value).into_iter().next() else {
        return;
    };
    let name = if at.pointer.last().as_deref() == Some("default") {
        "default"
    } else {
        "example"
    };
    let place = if violation.instance.is_root() {
        String::new()
    } else {
        format!("{}: ", violation.instance)
    };
    let mut told = finding(
        &ExampleMismatch::RULE,
        format!("the {name} breaks its schema: {place}{}", violation.message),
    )
    .at(at.clone())
    .with_expected(violation.expected.clone())
    .with_actual(violation.actual.clone())
    .with_instance(violation.instance.clone())
    .with_discriminator(violation.discriminator());
    if let Some(operation) = operation {
        told = told.with_operation(operation);
    }
    findings.push(told);
}
