//! `invalid-structure`

use std::sync::LazyLock;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind as Kind};
use oasgate_document::{Address, Pointer, SpecVersion};
use serde_json::Value;

use crate::{contract::DefectKind, finding::Severity};

use super::{
    Finding, Lint, Rule, Subject, documented, finding,
    structure::{Problem, ProblemKind},
};

documented! {
    /// The document is not built as its version of OpenAPI says.
    ///
    /// # What it holds
    ///
    /// Each object of the document has the members that its version of OpenAPI gives it, of the
    /// types that it gives them: required ones are there, others are known, and those that exclude
    /// each other do not stand together. A document of OpenAPI 3.1 or 3.2 is also valid under the
    /// schema that the OpenAPI Initiative publishes for its version.
    ///
    /// # Why
    ///
    /// A member that no tool reads promises nothing, and another tool may refuse the document.
    ///
    /// # Not a finding when
    ///
    /// - `malformed-object` tells it already;
    /// - the member belongs to another version: that is `other-version-keyword`;
    /// - the member is an extension (`x-`).
    pub InvalidStructure = "invalid-structure", Error;
}

/// What is said of members that no rule names; a rule that failed beside them is the better reason.
const NOT_ALLOWED: &str = "is not allowed here";

/// How many are told of one document.
const MOST: usize = 100;

static SCHEMA_3_1: LazyLock<Validator> =
    LazyLock::new(|| compiled(include_str!("openapi/3.1.json")));
static SCHEMA_3_2: LazyLock<Validator> =
    LazyLock::new(|| compiled(include_str!("openapi/3.2.json")));

fn compiled(text: &str) -> Validator {
    let schema: Value = serde_json::from_str(text).expect("the bundled schema is JSON");
    jsonschema::options()
        .should_validate_formats(false)
        .offline()
        .build(&schema)
        .expect("the bundled schema is a schema")
}

impl Lint for InvalidStructure {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        xml(subject, findings);
        items(subject, findings);
        let is_told = |problem: &&Problem| {
            problem.kind != ProblemKind::OtherVersion && !is_malformed(subject, problem)
        };
        let own = subject.structure.iter().filter(is_told);
        findings.extend(own.take(MOST).map(|problem| {
            finding(&Self::RULE, problem.message.clone())
                .at(problem.at.clone())
                .with_discriminator(problem.message.clone())
        }));
        published(subject, findings);
    }
}

/// Whether `malformed-object` tells the same.
fn is_malformed(subject: &Subject<'_>, problem: &Problem) -> bool {
    subject.defects.iter().any(|defect| {
        let (at, other) = (&problem.at, &defect.address);
        at.file == other.file
            && (other.pointer.starts_with(&at.pointer)
                // Objects are read as a whole: what keeps one from being read is told there.
                || problem.kind == ProblemKind::Broken
                    && defect.kind == DefectKind::MalformedObject
                    && at.pointer.starts_with(&other.pointer))
    })
}

/// What the published schema of the version refuses and nothing else tells.
fn published(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let validator = match subject.document().version() {
        SpecVersion::OpenApi31(_) => &*SCHEMA_3_1,
        SpecVersion::OpenApi32(_) => &*SCHEMA_3_2,
        SpecVersion::Swagger2 | SpecVersion::OpenApi30(_) => return,
    };
    let root = subject.document().root();
    if validator.is_valid(root) {
        return;
    }
    let mut told: Vec<(Pointer, String)> = validator
        .iter_errors(root)
        .map(|error| (place(&error), sentence(&error)))
        .collect();
    told.sort();
    told.dedup();
    // A broken object makes everything around it broken too: only the innermost is told.
    let deepest: Vec<_> = told
        .iter()
        .filter(|(at, message)| {
            !told.iter().any(|(other, said)| {
                other != at && other.starts_with(at)
                    || other == at && said != message && message.ends_with(NOT_ALLOWED)
            })
        })
        .collect();
    let problems = subject.structure.iter().map(|problem| &problem.at);
    let defects = subject.defects.iter().map(|defect| &defect.address);
    let known: Vec<&Pointer> = problems.chain(defects).map(|at| &at.pointer).collect();
    for (at, message) in deepest.into_iter().take(MOST) {
        let is_known = known
            .iter()
            .any(|other| other.starts_with(at) || at.starts_with(other));
        if !is_known {
            findings.push(
                finding(&InvalidStructure::RULE, message.clone())
                    .at(Address::in_root(at.clone()))
                    .with_discriminator(message.clone()),
            );
        }
    }
}

/// `items` is one schema, and an array has it (3.0.4 §4.7.24.1). The schema that is published for 2.0 lets a
/// list stand there, which generators and 3.0 do not take.
fn items(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if !subject.is_before_3_1() {
        return;
    }
    let is_2_0 = *subject.document().version() == SpecVersion::Swagger2;
    for (at, members) in &subject.schemas {
        let (at, message, is_allowed) = match members.get("items") {
            Some(Value::Array(_)) => (
                at.join("items"),
                "`items` is one schema; a list of schemas stands there",
                is_2_0,
            ),
            None if !is_2_0 && members.get("type").is_some_and(|kind| kind == "array") => {
                (at.clone(), "`items` is missing: an array has it", true)
            }
            _ => continue,
        };
        if subject.structure.iter().any(|problem| problem.at == at) {
            continue;
        }
        let mut told = finding(&InvalidStructure::RULE, message).at(at);
        if is_allowed {
            told.severity = Severity::Warning;
        }
        findings.push(told);
    }
}

/// In 3.2 `nodeType` stands in place of `attribute` and `wrapped`, not beside them (3.2.0 §4.26).
fn xml(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if !matches!(subject.document().version(), SpecVersion::OpenApi32(_)) {
        return;
    }
    for (at, members) in &subject.schemas {
        let Some(Value::Object(xml)) = members.get("xml") else {
            continue;
        };
        let older = ["attribute", "wrapped"]
            .into_iter()
            .find(|key| xml.contains_key(*key));
        if let Some(older) = older.filter(|_| xml.contains_key("nodeType")) {
            findings.push(
                finding(
                    &InvalidStructure::RULE,
                    format!("`{older}` does not stand beside `nodeType`"),
                )
                .at(at.join("xml").join(older)),
            );
        }
    }
}

/// The node that is wrong: a member that should not be there, else the object.
fn place(error: &ValidationError<'_>) -> Pointer {
    let at = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    match error.kind() {
        Kind::UnevaluatedProperties { unexpected } | Kind::AdditionalProperties { unexpected } => {
            match unexpected.as_slice() {
                [only] => at.join(only),
                _ => at,
            }
        }
        _ => at,
    }
}

fn sentence(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::UnevaluatedProperties { unexpected } | Kind::AdditionalProperties { unexpected } => {
            format!("`{}` {NOT_ALLOWED}", unexpected.join("`, `"))
        }
        Kind::Required { property } => {
            format!("`{}` is missing", property.as_str().unwrap_or_default())
        }
        Kind::PropertyNames { error } => format!("a name is wrong: {error}"),
        Kind::Not { .. } => "members stand here that exclude each other".to_owned(),
        Kind::AnyOf { .. } => "none of the members stands here of which one must".to_owned(),
        Kind::FalseSchema => "this does not stand beside the other members".to_owned(),
        Kind::Contains => "one of this kind too few or too many stands here".to_owned(),
        Kind::MinItems { .. } => "the list is too short".to_owned(),
        _ => error.masked_with("it").to_string(),
    }
}
