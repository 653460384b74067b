//! The causes of what is said of requests: what a service takes that it should refuse, and refuses that it should take.

use oasgate_document::Document;

use super::{
    key::{Key, single, without_numbers},
    owner,
};
use crate::{check::ids, finding::Finding};

/// What is said of a part of a request.
pub(super) struct OfRequest {
    id: &'static str,
    parameter: &'static str,
    body: &'static str,
    mend: &'static str,
}

pub(super) const SENT: OfRequest = OfRequest {
    id: "request",
    parameter: "requests break",
    body: "requests break",
    mend: "the client that sent it, or the document",
};

pub(super) const ACCEPTED: OfRequest = OfRequest {
    id: "accepted",
    parameter: "the service does not validate",
    body: "the service does not validate",
    mend: "validate it in the service, or widen the document",
};

pub(super) const REFUSED: OfRequest = OfRequest {
    id: "constraint",
    parameter: "the service wants more than the document says of",
    body: "the service wants more than the document says of",
    mend: "say in the document what the service wants",
};

pub(super) fn request(finding: &Finding, document: &Document, words: &OfRequest) -> Key {
    let Some(at) = &finding.document else {
        return single(finding, document);
    };
    if let Some((place, name)) = owner::parameter(document, at)
        && place != "body"
        && place != "formData"
    {
        return Key::new(
            format!("{} {place} {name}", words.id),
            format!("{} the {place} parameter `{name}`", words.parameter),
            words.mend,
        );
    }
    let owner = owner::of(document, at);
    let (id, name) = if owner.is_component {
        (owner.id, owner.name)
    } else {
        let operation = finding.operation.clone().unwrap_or_default();
        (operation.clone(), format!("the body of {operation}"))
    };
    Key::new(
        format!("{} body {id}", words.id),
        format!("{} {name}", words.body),
        words.mend,
    )
}

/// A service that takes values of another type does so by one habit: it does not look at the types of its query, or
/// its reader of bodies converts them.
pub(super) fn accepted_type(finding: &Finding, document: &Document) -> Key {
    let rule = finding.label.as_deref().unwrap_or_default();
    let wanted = rule.strip_prefix("type ").unwrap_or(rule);
    let kind = finding.actual.as_deref();
    if let Some((_, kind)) = kind.and_then(|actual| actual.rsplit_once(ids::TO)) {
        return Key::new(
            format!("accepted type {wanted} {kind}"),
            format!("the service takes {kind} where `type: {wanted}` is declared"),
            "turn off the conversion of types where the service reads bodies, or widen the document",
        );
    }
    let place = finding.document.as_ref();
    let place = place.and_then(|at| owner::parameter(document, at));
    match place {
        Some((place, _)) if place == "query" => Key::new(
            format!("accepted query type {wanted}"),
            format!("the service does not validate `type: {wanted}` in the query"),
            ACCEPTED.mend,
        ),
        _ => request(finding, document, &ACCEPTED),
    }
}

/// One reason that a service gives to several operations, such as a header that they all want.
pub(super) fn rejected_valid(finding: &Finding, document: &Document) -> Key {
    // Where the body was left out, the words are others.
    let message = finding.message.as_str();
    let mut ends = [" document: ", " not require: "].into_iter();
    let parts = ends.find_map(|end| Some((message.split_once(end)?, end.trim_end_matches(": "))));
    let Some(((before, reason), end)) = parts else {
        return single(finding, document);
    };
    let refusal = before
        .split_once(" refuses ")
        .map_or(before, |(_, refusal)| refusal);
    if let Some((name, sentence)) = wants_a_property(reason) {
        return Key::new(
            format!("rejected-valid {} required {sentence}", status_of(refusal)),
            format!(
                "operations want properties that the document calls optional, such as `{name}`: {sentence}"
            ),
            "list the properties under `required`, or do without them",
        )
        .counting("finding");
    }
    // What was sent stands in many reasons, and no two requests send the same.
    let masked = without_numbers(reason);
    Key::new(
        format!("rejected-valid {refusal} {masked}"),
        format!("operations refuse {refusal}{end}: {reason}"),
        "say in the document what the service wants, or take the request as it is",
    )
    .counting("finding")
}

/// The property and the sentence of a reason that names one and says that it is required.
fn wants_a_property(reason: &str) -> Option<(&str, &str)> {
    let (name, sentence) = reason.split_once(": ")?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    let lower = sentence.to_lowercase();
    let mut words = lower
        .split(|one: char| !one.is_alphanumeric() && one != '_')
        .filter(|word| !word.is_empty());
    // "A valid timezone is required" speaks of a value that was sent.
    let says_no_more =
        words.all(|word| WORDS_OF_REQUIRED.contains(&word) || name.eq_ignore_ascii_case(word));
    let says_required = lower.contains("required");
    let last = name.rsplit('.').next().unwrap_or(name);
    (is_name && says_required && says_no_more)
        .then(|| (last, sentence.trim_end_matches(['.', '!'])))
}

/// Words of a sentence that says of a property that it is required, and no more than that.
const WORDS_OF_REQUIRED: [&str; 20] = [
    "a",
    "an",
    "and",
    "attribute",
    "be",
    "data",
    "field",
    "for",
    "is",
    "it",
    "missing",
    "must",
    "not",
    "parameter",
    "property",
    "provided",
    "required",
    "the",
    "this",
    "value",
];

/// The status that stands first in a refusal: `with 400 a request that obeys`.
fn status_of(refusal: &str) -> &str {
    let status = refusal.trim_start_matches("with ");
    status.split(' ').next().unwrap_or_default()
}
