//! `server-error`

use http::StatusCode;

use super::{
    Check, Intent, Rule, Subject,
    discriminators::{WITH_A_NUL, WITHOUT},
    documented,
    refusal_words::{reason, words},
    request_mismatch::RequestMismatch,
    request_text::holds_a_nul,
};
use crate::{
    contract::StatusKey,
    exchange::Origin,
    finding::{Finding, Severity},
};

documented! {
    /// The service failed: it answered 500, or a 5xx that its operation does not declare.
    ///
    /// # What it holds
    ///
    /// No request makes the service fail. A 500 is a failure even where it is covered by `5XX` or
    /// `default`; a 5xx that the operation declares by its own number is part of the contract, but a
    /// declared 500 answered to a request that obeys the document is a warning.
    ///
    /// # Why
    ///
    /// A 5xx says that the fault is the service's own. A request that breaks the contract deserves
    /// a 4xx; one that obeys it deserves an answer.
    ///
    /// # Not a finding when
    ///
    /// - the operation declares that very status, but for a 500 to a request that obeys;
    /// - the status is 501 to 599 and covered by `5XX` or `default`, or answers a method that the path does
    ///   not declare;
    /// - the response is 503 with `Retry-After`: the service asks for patience, which is a note.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   default: { description: Whatever else }
    /// response: { status: 500 }
    /// ```
    pub ServerError = "server-error", Error, [OfStatus, OfOtherMethods];
}

impl Check for ServerError {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let status = subject.exchange.response.status;
        if !status.is_server_error() {
            return true;
        }
        if subject.intent == Intent::OtherMethod {
            // 501 is a right answer (RFC 9110 §15.6.2), and the rest speaks of what stands in between.
            return status != StatusCode::INTERNAL_SERVER_ERROR;
        }
        match subject.declared().map(|declared| declared.key) {
            Some(StatusKey::Exact(_)) => {
                status != StatusCode::INTERNAL_SERVER_ERROR || !obeys(subject)
            }
            Some(_) => status != StatusCode::INTERNAL_SERVER_ERROR,
            None => false,
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let response = &subject.exchange.response;
        let patient = response.status == StatusCode::SERVICE_UNAVAILABLE
            && response.headers.contains_key(http::header::RETRY_AFTER);
        let is_declared = matches!(
            subject.declared().map(|declared| declared.key),
            Some(StatusKey::Exact(_))
        );
        let severity = if patient {
            Severity::Note
        } else if is_declared && subject.intent != Intent::OtherMethod {
            Severity::Warning
        } else {
            Self::RULE.severity
        };
        let method = &subject.exchange.request.method;
        let status = response.status.as_str();
        // A store that keeps no NUL fails alike in every operation. A recording does not tell whether the same request
        // without one fails too.
        let has_nul = subject.exchange.origin == Origin::Live && holds_a_nul(subject);
        let (who, discriminator) = if subject.intent == Intent::OtherMethod {
            let who = format!("{method} {}", subject.operation.path);
            (who, format!("{method} {status}"))
        } else if has_nul {
            let discriminator = format!("{status}{WITH_A_NUL}");
            (subject.operation.id.to_string(), discriminator)
        } else {
            (subject.operation.id.to_string(), status.to_owned())
        };
        let what = if has_nul { TO_A_NUL } else { "" };
        let mut message = format!("{who} answered {}{what}", response.status);
        let mut actual = response.status.to_string();
        let mut discriminator = discriminator;
        if let Some(words) = words(subject) {
            let reason = reason(subject);
            // Two sentences are two faults.
            let said = plain_words(&reason);
            if subject.intent != Intent::OtherMethod && !said.is_empty() {
                discriminator = match discriminator.strip_suffix(WITH_A_NUL) {
                    Some(status) => format!("{status} {said}{WITH_A_NUL}"),
                    None => format!("{discriminator} {said}"),
                };
            }
            message = format!("{message}: {reason}");
            actual = format!("{actual}: {words}");
        }
        findings.push(
            subject
                .finding_of(&Self::RULE, severity, message)
                .at(subject.operation.responses.address.clone())
                .with_expected("no server error")
                .with_actual(actual)
                .with_discriminator(discriminator)
                .with_help("look into the service's log for this request"),
        );
    }
}

/// How many words of a sentence tell one failure from another.
const MAX_WORDS: usize = 12;

/// The plain words of a sentence: without numbers, identifiers and whatever else may be another each time.
fn plain_words(sentence: &str) -> String {
    let is_plain = |word: &&str| {
        let mut letters = word.chars();
        let first = letters.next().is_some_and(char::is_alphabetic);
        let rest = letters.as_str();
        first && rest.chars().all(char::is_lowercase) && !rest.is_empty()
    };
    let words = sentence.split_whitespace();
    let words = words.map(|word| word.trim_matches(|one: char| !one.is_alphanumeric()));
    let words: Vec<String> = words
        .filter(is_plain)
        .take(MAX_WORDS)
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}

/// The same failure, whatever the service said of it; `None` where it said nothing.
pub(crate) fn whatever_was_said(finding: &Finding) -> Option<Finding> {
    let (status, _) = finding.discriminator.split_once(' ')?;
    let is_said = finding.rule.as_str() == ServerError::RULE.id
        && !finding.discriminator.ends_with(WITH_A_NUL)
        && status.bytes().all(|byte| byte.is_ascii_digit());
    is_said.then(|| Finding {
        discriminator: status.to_owned(),
        ..finding.clone()
    })
}

/// The same failure by a request that lacks a part which another one needs to fail: another fault, of which the
/// service says the same or nothing.
pub(crate) fn without(finding: &Finding, part: &str) -> Finding {
    let mut other = finding.clone();
    other.discriminator.push_str(WITHOUT);
    other.message = match finding.message.split_once(" answered ") {
        Some((who, what)) => format!("{who}, without {part}, answered {what}"),
        None => format!("{}, without {part}", finding.message),
    };
    other
}

/// Words of failures that depend on what is there, and come again where it is.
const OF_STATE: [&str; 7] = [
    "already",
    "conflict",
    "constraint",
    "duplicate",
    "exists",
    "foreign key",
    "unique",
];

/// Whether what was said of a failure speaks of something that is there.
pub(crate) fn speaks_of_state(finding: &Finding) -> bool {
    let said = finding.message.to_lowercase();
    OF_STATE.iter().any(|one| said.contains(one))
}

/// What a message says of a failure that a text with a NUL led to.
const TO_A_NUL: &str = " to a text with a NUL";

/// The same failure as one that the NUL in its request has no part in; `None` where there is none.
pub(crate) fn whatever_was_sent(finding: &Finding) -> Option<Finding> {
    let discriminator = finding.discriminator.strip_suffix(WITH_A_NUL)?;
    Some(Finding {
        discriminator: discriminator.to_owned(),
        message: finding.message.replacen(TO_A_NUL, "", 1),
        ..finding.clone()
    })
}

/// Whether it is known that the request obeys the document.
fn obeys(subject: &Subject<'_>) -> bool {
    match subject.intent {
        Intent::Obey => !subject.lacks_credential(),
        Intent::Unknown => {
            subject.exchange.origin.kept().is_some() && RequestMismatch.holds(subject)
        }
        Intent::Break | Intent::OtherMethod => false,
    }
}
