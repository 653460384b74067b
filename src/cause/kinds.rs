//! What tells one cause from another: the rule, the place in the document, the kind of the breach.
//!
//! Nothing here looks at other findings. A key that is too wide hides a fault behind another one, a key that
//! is too narrow tells one fault many times; where the two disagree, what one change would mend decides.

use oasgate_document::{Document, Pointer};

use super::{
    key::{Key, single, without_numbers},
    owner::{self, Owner},
    requests::{self, ACCEPTED, REFUSED, SENT},
    schemas,
};
use crate::{
    check::{ids, without_verb},
    finding::Finding,
};

/// The key of the cause that explains a finding.
pub(super) fn of(finding: &Finding, document: &Document) -> Key {
    let rule = finding.rule.as_str();
    match rule {
        ids::SERVER_ERROR if is_not_repeated(finding) => Key::new(
            "server-error not repeated".to_owned(),
            "the service fails now and then: sent again alone, the requests did not fail",
            "what requests at the same time share in the service, such as a database that one of them locks",
        )
        .counting("finding"),
        ids::SERVER_ERROR if finding.discriminator.ends_with(ids::WITH_A_NUL) => Key::new(
            "server-error NUL".to_owned(),
            "the service fails on texts with a NUL",
            "refuse U+0000 with a 4xx, once where the service reads texts",
        )
        .counting("finding"),
        ids::SERVER_ERROR => {
            if let Some(status) = of_another_method(finding) {
                return Key::new(
                    format!("server-error {status} of other methods"),
                    format!("methods that no path declares are answered {status}"),
                    "answer 405 with `Allow` in the service's router",
                )
                .counting("path");
            }
            let mut words = finding.discriminator.split(' ');
            // The method that the path does not declare stands before the status.
            let status = words.find(|word| word.parse::<u16>().is_ok());
            said_failure(finding)
                .unwrap_or_else(|| server_error(finding, status.unwrap_or_default()))
        }
        ids::UNDECLARED_STATUS if finding.discriminator.starts_with('5') => {
            server_error(finding, &finding.discriminator)
        }
        ids::NO_RESPONSE => endpoint(finding),
        ids::UNDECLARED_STATUS => undeclared_status(finding),
        ids::UNDECLARED_CONTENT_TYPE => undeclared_content_type(finding),
        ids::UNDECLARED_BODY => undeclared_body(finding),
        ids::SCHEMA_MISMATCH if finding.discriminator.ends_with(ids::UNDER_DEFAULT) => {
            schemas::under_default(finding)
        }
        ids::SCHEMA_MISMATCH => schemas::schema_mismatch(finding, document),
        ids::USE_AFTER_DELETE if finding.discriminator == ids::SHOWS_NOTHING => Key::new(
            "use-after-delete nothing".to_owned(),
            "the service answers with a success and nothing where nothing is",
            "answer 404 where nothing is",
        )
        .counting("finding"),
        ids::REQUEST_MISMATCH => requests::request(finding, document, &SENT),
        ids::ACCEPTED_INVALID if finding.discriminator.ends_with(" contentType") => Key::new(
            "accepted contentType".to_owned(),
            "the service takes bodies of media types that are not declared",
            "answer 415 to them, once where the service reads bodies, or declare the media types",
        )
        .counting("finding"),
        ids::ACCEPTED_INVALID if finding.discriminator.ends_with(" json") => Key::new(
            "accepted json".to_owned(),
            "the service takes bodies that are no JSON",
            "the service's reader of JSON",
        )
        .counting("finding"),
        ids::ACCEPTED_INCOMPLETE if finding.discriminator.starts_with("body") => Key::new(
            "accepted-incomplete body".to_owned(),
            "the service answers without the body that the document requires",
            "refuse requests without a body, or say `required: false` at the request bodies",
        )
        .counting("finding"),
        ids::ACCEPTED_INVALID
            if finding
                .label
                .as_deref()
                .is_some_and(|rule| rule.starts_with("type ")) =>
        {
            requests::accepted_type(finding, document)
        }
        ids::ACCEPTED_INVALID | ids::ACCEPTED_INCOMPLETE => {
            requests::request(finding, document, &ACCEPTED)
        }
        ids::UNDOCUMENTED_CONSTRAINT => requests::request(finding, document, &REFUSED),
        ids::UNDECLARED_PROPERTY => undeclared_property(finding, document),
        ids::HEADER_MISMATCH => header(finding),
        ids::UNKNOWN_OPERATION => unknown_operation(finding, document),
        ids::ACCEPTED_UNDECLARED_METHOD if finding.discriminator == ids::REFUSED_OTHERWISE => {
            Key::new(
                format!("{rule} refused"),
                "methods that no path declares are refused with another status than 405",
                "answer 405 with `Allow` in the service's router",
            )
            .counting("path")
        }
        ids::ACCEPTED_UNDECLARED_METHOD => Key::new(
            format!("{rule} {}", finding.discriminator),
            format!(
                "{} is answered where no path declares it",
                finding.discriminator
            ),
            "answer 405 with `Allow` in the service's router, or declare the method",
        )
        .counting("path"),
        ids::IGNORED_AUTH => {
            let kind = finding.label.as_deref().unwrap_or_default();
            Key::new(
                format!("{rule} {kind}"),
                "requests are answered without their credential",
                format!("the service's check of credentials, where an operation {kind}"),
            )
            .counting("finding")
        }
        ids::UNREACHED if says_no_content(finding, document) => without_content(),
        ids::UNREACHED => unreached(finding),
        ids::REJECTED_VALID if finding.message.contains(ids::WITHOUT_CONTENT) => without_content(),
        ids::REJECTED_VALID => requests::rejected_valid(finding, document),
        ids::ALLOW_MISMATCH => allow(finding),
        ids::MISUSED_STATUS if finding.message.contains(TYPE_OF_NO_CONTENT) => without_content(),
        ids::MISUSED_STATUS => misused_status(finding),
        _ if OF_THE_SERVICE.iter().any(|(of, _, _)| *of == rule) => of_the_service(rule),
        _ => single(finding, document),
    }
}

fn is_not_repeated(finding: &Finding) -> bool {
    finding
        .help
        .iter()
        .any(|help| help.text == ids::NOT_REPEATED)
}

/// Rules whose breaches have one place in a service, whatever the operation: a router, a filter, a library.
const OF_THE_SERVICE: &[(&str, &str, &str)] = &[
    (
        ids::MISSING_ALLOW,
        "405 comes without `Allow`",
        "send `Allow` with every 405, once in the service's router",
    ),
    (
        ids::MISSING_WWW_AUTHENTICATE,
        "401 comes without `WWW-Authenticate`",
        "send `WWW-Authenticate` with every 401, once in the service's check of credentials",
    ),
    (
        ids::MISSING_LOCATION,
        "a redirect comes without `Location`",
        "send `Location` with every redirect",
    ),
    (
        ids::MALFORMED_LOCATION,
        "`Location` is no URI reference",
        "percent-encode what the service writes into `Location`",
    ),
    (
        ids::MALFORMED_RETRY_AFTER,
        "`Retry-After` is neither seconds nor a date",
        "send seconds or an HTTP date in `Retry-After`",
    ),
    (
        ids::MALFORMED_PROBLEM_DETAILS,
        "a body is no problem detail of RFC 9457",
        "the one place in the service that writes problem details",
    ),
    (
        ids::MISSING_CONTENT_TYPE,
        "a body comes without `Content-Type`",
        "send `Content-Type` with every body",
    ),
    (
        ids::UNEXPECTED_BODY,
        "a body comes where HTTP allows none",
        "the service's server or framework",
    ),
    (
        ids::STACK_TRACE_LEAK,
        "stack traces reach the client",
        "turn the debug mode of the service off, or catch errors before they are shown",
    ),
    (
        ids::SLOW_RESPONSE,
        "responses are slower than the limit",
        "the service, or the limit in `slow-after`",
    ),
    (
        ids::UNCHECKED_BODY,
        "bodies are of a media type that is not read",
        "nothing, where the media type is right",
    ),
];

fn of_the_service(rule: &str) -> Key {
    let (_, what, mend) = OF_THE_SERVICE
        .iter()
        .find(|(of, _, _)| *of == rule)
        .copied()
        .unwrap_or((rule, rule, ""));
    Key::new(rule.to_owned(), what, mend).counting("finding")
}

/// The path template that an operation hangs from, else the operation, else nothing.
fn path(finding: &Finding) -> String {
    let at = finding.document.as_ref();
    let tokens: Vec<String> = at.map_or_else(Vec::new, |at| at.pointer.tokens().take(2).collect());
    match tokens.as_slice() {
        [paths, path] if paths == "paths" => path.clone(),
        _ => finding.operation.clone().unwrap_or_default(),
    }
}

/// A handler that fails is its path's own fault; 501, 502, 503 and 504 speak for whole services.
/// The status that a method was answered with that the path does not declare.
fn of_another_method(finding: &Finding) -> Option<&str> {
    let (method, status) = finding.discriminator.split_once(' ')?;
    let is_method = !method.is_empty() && method.bytes().all(|one| one.is_ascii_uppercase());
    let is_status = status.parse::<u16>().is_ok();
    (is_method && is_status).then_some(status)
}

fn server_error(finding: &Finding, status: &str) -> Key {
    let path = path(finding);
    if matches!(status, "501" | "502" | "503" | "504") {
        return Key::new(
            format!("server-error {status}"),
            format!("the service answers {status}"),
            "the service, or what stands before it",
        )
        .counting("finding");
    }
    Key::new(
        format!("server-error {status} {path}"),
        format!("{path} answers {status}"),
        format!("the service's handler of {path}; its log of the example tells more"),
    )
    .counting("finding")
}

/// What services say of any failure at all, which tells nothing of this one.
const APOLOGIES: &[&str] = &[
    "an error has occurred",
    "encountered an error",
    "error occurred",
    "internal error",
    "oops",
    "server error",
    "something went wrong",
    "try again",
    "unexpected error",
    "unhandled",
    "unknown error",
];

/// How many words a sentence has at least that tells one failure from others.
const MIN_WORDS: usize = 3;

/// Failures that the service explains in the same words are one fault, wherever it shows; `None` where it says nothing
/// that tells this one from others.
fn said_failure(finding: &Finding) -> Option<Key> {
    let (before, said) = finding.message.split_once(": ")?;
    let status = before
        .split_once(" answered ")
        .map_or("", |(_, status)| status);
    let lower = said.to_lowercase();
    let is_general = APOLOGIES.iter().any(|one| lower.contains(one));
    if is_general || said.split_whitespace().count() < MIN_WORDS {
        return None;
    }
    // That something is not there tells the same of each.
    let said = without_what_is_missing(said);
    let told = without_verb(&said);
    Some(
        Key::new(
            format!("server-error {status} {}", without_numbers(told)),
            format!("operations answer {status}: {said}"),
            "the service, where it says so; its log of the example tells more",
        )
        .counting("finding"),
    )
}

/// What is said of a part of a service that is not there, in lower case.
const NOT_THERE: [&str; 4] = [
    " not available: ",
    " not configured: ",
    " not enabled: ",
    " not supported: ",
];

/// How many words name what is not there.
const MAX_NAME: usize = 5;

/// A sentence without the name of what is not there, where what would mend it stands behind: `Schedules not available:
/// pass a database`.
fn without_what_is_missing(said: &str) -> String {
    let at = NOT_THERE.iter().find_map(|phrase| said.find(phrase));
    match at.map(|at| said.split_at(at)) {
        Some((name, rest)) if name.split_whitespace().count() <= MAX_NAME => format!("…{rest}"),
        _ => said.to_owned(),
    }
}

fn endpoint(finding: &Finding) -> Key {
    let path = path(finding);
    Key::new(
        format!("no-response {path} {}", finding.discriminator),
        format!("{path} does not answer"),
        format!("the service's handler of {path}"),
    )
    .counting("finding")
}

fn undeclared_status(finding: &Finding) -> Key {
    let status = &finding.discriminator;
    Key::new(
        format!("undeclared-status {status}"),
        format!("{status} is not declared"),
        format!(
            "declare {status} (a response under `components` that the operations refer to, or `default`), or \
             stop sending it"
        ),
    )
    .counting("finding")
}

/// The class of the status that stands first in a discriminator.
fn class(finding: &Finding) -> &str {
    finding.discriminator.get(..1).unwrap_or_default()
}

fn undeclared_content_type(finding: &Finding) -> Key {
    let came = finding.discriminator.split_once(' ');
    let came = came.map_or(finding.discriminator.as_str(), |(_, came)| came);
    let class = class(finding);
    Key::new(
        format!("undeclared-content-type {class} {came}"),
        format!("{came} comes in {class}XX responses that do not declare it"),
        format!(
            "send what is declared (an error page or a proxy often sends {came}), or declare {came}"
        ),
    )
    .counting("finding")
}

fn undeclared_body(finding: &Finding) -> Key {
    let status = finding.document.as_ref().and_then(|at| at.pointer.last());
    let class = status
        .as_deref()
        .unwrap_or_default()
        .get(..1)
        .unwrap_or_default();
    // A service writes all its errors in one place.
    let (id, which) = match class {
        "4" | "5" => ("error", "error".to_owned()),
        "d" => ("default", "`default`".to_owned()),
        class => (class, format!("{class}XX")),
    };
    Key::new(
        format!("undeclared-body {id}"),
        format!("{which} responses that declare no content have a body"),
        "declare the `content` of these responses, or send none",
    )
    .counting("finding")
}

fn undeclared_property(finding: &Finding, document: &Document) -> Key {
    let owner = finding.document.as_ref().map(|schema| {
        let instance = finding.instance.iter().flat_map(Pointer::tokens);
        let mut instance: Vec<String> = instance.collect();
        instance.pop();
        let at = owner::schema_of(document, schema, &instance).unwrap_or_else(|| schema.clone());
        let owner = owner::of(document, &at);
        let place = owner::within(document, &at);
        (owner, place)
    });
    let Some((Owner { id, name, .. }, place)) = owner else {
        return single(finding, document);
    };
    Key::new(
        format!("undeclared-property {id} {place}"),
        format!("{name}{place} does not name what comes"),
        format!("declare the properties at {name}{place}, or say `additionalProperties: true`"),
    )
    .counting("property")
}

fn header(finding: &Finding) -> Key {
    let mut words = finding.discriminator.splitn(3, ' ').skip(1);
    let name = words.next().unwrap_or_default();
    let kind = words.next().unwrap_or_default();
    Key::new(
        format!("header-mismatch {name} {kind}"),
        format!("the response header `{name}` is not what is declared"),
        format!("the header `{name}`, in the service or in the document"),
    )
    .counting("finding")
}

/// Other methods on known paths come from whoever sent them; unknown paths are told by what they begin with, up to the
/// first segment with which no path of the document goes on.
fn unknown_operation(finding: &Finding, document: &Document) -> Key {
    let came = finding.discriminator.split_once(' ');
    let path = came.map_or("", |(_, path)| path);
    if finding.expected.as_deref() != Some("a path of the document") {
        return Key::new(
            "unknown-operation method".to_owned(),
            "requests use methods that their paths do not declare",
            "leave them out of the recording, or declare them",
        )
        .counting("request");
    }
    let came = finding
        .actual
        .as_deref()
        .and_then(|came| came.split_once(' '));
    let came = came.map_or(path, |(_, path)| path);
    let segments: Vec<&str> = came.split('/').skip(1).collect();
    let mut prefix = owner::beginning(document, &segments);
    // What differs from request to request stands as `*`; a version does not.
    let is_version = |one: &str| {
        one.strip_prefix('v')
            .is_some_and(|rest| rest.parse::<u8>().is_ok())
    };
    let next = segments.get(prefix.len()).copied().unwrap_or_default();
    let masked = path.split('/').nth(prefix.len() + 1).unwrap_or(next);
    prefix.push(if is_version(next) { next } else { masked });
    let prefix = format!("/{}", prefix.join("/"));
    Key::new(
        format!("unknown-operation {prefix}"),
        format!("the document has no path below {prefix}"),
        "declare the paths, leave them out of the recording, or name another base path",
    )
    .counting("request")
}

fn unreached(finding: &Finding) -> Key {
    // The reason stands behind the operation.
    let reason = finding
        .message
        .split_once("success: ")
        .map_or("", |(_, reason)| reason);
    let mend = finding.help.first().map_or_else(
        || {
            "a success that the operation declares, from the service or for the values of the run"
                .to_owned()
        },
        ToString::to_string,
    );
    Key::new(
        format!("unreached {reason} {mend}"),
        format!("operations were never answered with a declared success: {reason}"),
        mend,
    )
    .counting("finding")
}

/// How a message says that the type of a content was refused which a request had not.
const TYPE_OF_NO_CONTENT: &str = "answers 415 to a request without content";

/// Whether an operation that takes no content was not reached since it answers 415 alone.
fn says_no_content(finding: &Finding, document: &Document) -> bool {
    let operation = finding.document.as_ref().and_then(|at| document.get(at));
    finding.message.ends_with("only 415 came back")
        && operation.is_some_and(|operation| operation.get("requestBody").is_none())
}

/// One filter of a service that looks at the type of a content before it looks whether there is one.
fn without_content() -> Key {
    Key::new(
        "415 without content".to_owned(),
        "requests without content, for which the document declares none, are refused with 415",
        "take requests without content, or declare the `requestBody` that the service wants",
    )
    .counting("finding")
}

/// `Allow` is made by a router, for all paths alike.
fn allow(finding: &Finding) -> Key {
    if !finding.discriminator.ends_with(" -") {
        return Key::new(
            "allow-mismatch less".to_owned(),
            "`Allow` leaves out methods that are declared",
            "let the router name all methods of a path in `Allow`",
        )
        .counting("path");
    }
    Key::new(
        "allow-mismatch more".to_owned(),
        "`Allow` names methods that are not declared",
        "declare the methods, or let the router leave them out of `Allow`",
    )
    .counting("path")
}

/// A framework answers so, whatever the operation.
fn misused_status(finding: &Finding) -> Key {
    let message = finding.message.as_str();
    let answer = message.split_once(" answers ");
    let answer = answer.map_or(message, |(_, answer)| answer);
    Key::new(
        format!("misused-status {answer}"),
        format!("the service answers {answer}"),
        finding
            .expected
            .clone()
            .unwrap_or_else(|| "another status".to_owned()),
    )
    .counting("finding")
}
