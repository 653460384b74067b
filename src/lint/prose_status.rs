//! `prose-status`

use http::StatusCode;
use oasgate_document::Address;

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::Operation;

documented! {
    /// A description speaks of a status that the operation does not declare.
    ///
    /// # What it holds
    ///
    /// A status that the description of an operation or of one of its responses says will come is
    /// declared: exactly, by class, or by `default`.
    ///
    /// # Why
    ///
    /// People read the prose, generators read the declarations. What is only said is not in any
    /// client.
    ///
    /// # Not a finding when
    ///
    /// - the number is an amount (`a 200 character limit`) or no status that exists;
    /// - nothing near it says that a response is meant;
    /// - the operation has a `default` response or the class of the status.
    pub ProseStatus = "prose-status", Warning;
}

impl Lint for ProseStatus {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for operation in subject.contract.operations() {
            let mut told = Vec::new();
            let own = operation
                .description
                .iter()
                .map(|text| (text, operation.address.join("description")));
            let responses = operation
                .responses
                .declared
                .iter()
                .map(|response| (&response.description, response.address.join("description")));
            for (text, at) in own.chain(responses) {
                for (status, sentence) in spoken_of(text) {
                    if operation.responses.get(status).is_none() && !told.contains(&status) {
                        told.push(status);
                        findings.push(tell(operation, status, sentence, at.clone()));
                    }
                }
            }
        }
    }
}

fn tell(operation: &Operation, status: StatusCode, sentence: &str, at: Address) -> Finding {
    finding(
        &ProseStatus::RULE,
        format!(
            "the description speaks of a {}, which {} does not declare",
            status.as_u16(),
            operation.id
        ),
    )
    .with_operation(operation.id.as_str())
    .at(at)
    .with_actual(sentence.split_whitespace().collect::<Vec<_>>().join(" "))
    .with_expected(format!("a response {} under `responses`", status.as_u16()))
    .with_discriminator(status.as_str())
}

/// Words before a number that make it a status.
const BEFORE: &[&str] = &[
    "status", "code", "http", "return", "returns", "returned", "respond", "responds", "response",
    "error",
];

/// Words behind a number that make it a status.
const BEHIND: &[&str] = &["status", "response", "error", "code", "http"];

/// Words of a sentence about responses, which let `a 202` be one.
const ABOUT: &[&str] = &[
    "response",
    "responses",
    "status",
    "returns",
    "returned",
    "return",
    "responds",
    "respond",
    "http",
];

/// The statuses that a text says will come, each with the first sentence that does.
fn spoken_of(text: &str) -> Vec<(StatusCode, &str)> {
    let mut found: Vec<(StatusCode, &str)> = Vec::new();
    for sentence in text.split(['.', '\n', ';']) {
        let words: Vec<String> = sentence
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let is_about_responses = words.iter().any(|word| ABOUT.contains(&word.as_str()));
        for (index, word) in words.iter().enumerate() {
            let Some(status) = known_status(word) else {
                continue;
            };
            let before = index
                .checked_sub(1)
                .and_then(|index| words.get(index))
                .map_or("", String::as_str);
            let behind = words.get(index + 1).map_or("", String::as_str);
            // `Error code: 300` is a number of the service's own.
            let is_own_code = before == "code"
                && index
                    .checked_sub(2)
                    .is_some_and(|index| words[index] == "error");
            let is_meant = BEFORE.contains(&before) && !is_amount(behind) && !is_own_code
                || BEHIND.contains(&behind)
                || is_about_responses && ["a", "an"].contains(&before) && !is_amount(behind)
                || is_named(status, &words[index + 1..]);
            if is_meant && !found.iter().any(|(known, _)| *known == status) {
                found.push((status, sentence));
            }
        }
    }
    found
}

/// Whether the reason phrase of a status follows it, two words of it where it has as many: `409
/// Conflict`, `404 Not Found`, and not `500 internal users`.
fn is_named(status: StatusCode, behind: &[String]) -> bool {
    let reason = status.canonical_reason().unwrap_or_default().to_lowercase();
    let reason: Vec<&str> = reason
        .split(|character: char| !character.is_alphanumeric())
        .take(2)
        .collect();
    behind.len() >= reason.len()
        && reason
            .iter()
            .zip(behind)
            .all(|(wanted, word)| wanted == word)
}

/// A number of three digits that is the code of a status.
fn known_status(word: &str) -> Option<StatusCode> {
    if word.len() != 3 {
        return None;
    }
    let status = StatusCode::from_u16(word.parse().ok()?).ok()?;
    status.canonical_reason().map(|_| status)
}

/// Whether a word is a unit, so that the number before it is an amount.
fn is_amount(word: &str) -> bool {
    const UNITS: &[&str] = &[
        "character",
        "characters",
        "chars",
        "item",
        "items",
        "result",
        "results",
        "record",
        "records",
        "row",
        "rows",
        "ms",
        "millisecond",
        "milliseconds",
        "second",
        "seconds",
        "minute",
        "minutes",
        "byte",
        "bytes",
        "kb",
        "mb",
        "day",
        "days",
        "hour",
        "hours",
        "percent",
        "px",
        "pixels",
        "requests",
        "entries",
        "limit",
        "max",
        "maximum",
    ];
    UNITS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::spoken_of;

    fn codes(text: &str) -> Vec<u16> {
        spoken_of(text)
            .iter()
            .map(|(status, _)| status.as_u16())
            .collect()
    }

    #[test]
    fn a_status_is_heard_and_an_amount_is_not() {
        assert_eq!(
            codes("If it is still pending, the response will be a 202 and the caller should wait."),
            [202]
        );
        assert_eq!(codes("Returns 404 if there is none."), [404]);
        assert_eq!(codes("A 409 Conflict is sent"), [409]);
        assert_eq!(codes("the request fails with status code 422"), [422]);
        assert_eq!(
            codes("The response holds a 200 character summary"),
            [] as [u16; 0]
        );
        assert_eq!(codes("At most 500 items, 100 by default"), [] as [u16; 0]);
        assert_eq!(codes("Costs $402 a month"), [] as [u16; 0]);
        assert_eq!(codes("**Error Code:** `300`"), [] as [u16; 0]);
        assert_eq!(codes("returns 100 results"), [] as [u16; 0]);
        assert_eq!(codes("Create up to 500 internal users"), [] as [u16; 0]);
        assert_eq!(codes("a 500 Internal Server Error comes"), [500]);
        assert_eq!(codes("returns 299 things"), [] as [u16; 0]);
    }
}
