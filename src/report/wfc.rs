//! The report of Web Fuzzing Commons, by which results of different fuzzers are compared.
//!
//! The form is version 0.12 of <https://github.com/WebFuzzing/Commons>. Faults that its catalogue does not have
//! are of its range for those of a tool, told apart by their context: the id of the rule. A test case is what one
//! rule says of one operation, since no test files are generated.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{SystemTime, UNIX_EPOCH},
};

use oasgate_document::Document;
use serde_json::{Value, json};

use crate::{
    check::ids,
    finding::{Finding, Severity},
    run::{OperationSummary, Outcome},
};

/// The version of the form.
const SCHEMA_VERSION: &str = "0.12.1";

/// The code and id of a fault that the catalogue does not have.
const OWN: (u16, &str) = (900, "OASGATE_CHECK");

/// The catalogue's code and id for what a finding says.
fn category(finding: &Finding) -> (u16, &'static str) {
    let status = finding.evidence.as_ref().and_then(|one| one.status);
    match (finding.rule.as_str(), status) {
        (ids::SERVER_ERROR, Some(500) | None) => (100, "HTTP_STATUS_500"),
        (ids::SERVER_ERROR, Some(_)) => (121, "HTTP_OTHER_STATUS_5XX"),
        (ids::UNEXPECTED_BODY, Some(204)) => (105, "HTTP_STATUS_NO_204_IF_CONTENT"),
        (ids::UNEXPECTED_BODY, Some(205)) => (111, "HTTP_STATUS_NO_205_IF_CONTENT"),
        (ids::MISSING_WWW_AUTHENTICATE, _) => (109, "HTTP_STATUS_NO_401_IF_NO_WWW_AUTHENTICATE"),
        (ids::MISSING_ALLOW, _) => (110, "HTTP_STATUS_NO_405_IF_NO_ALLOW"),
        (ids::USE_AFTER_DELETE, _) => (113, "HTTP_NONWORKING_DELETE"),
        (ids::FAILED_MODIFICATION, _) => (114, "HTTP_SIDE_EFFECTS_FAILED_MODIFICATION"),
        (ids::PUT_NOT_IDEMPOTENT, _) => (118, "HTTP_NON_IDEMPOTENT_PUT"),
        (ids::MERGE_PATCH_MISMATCH, _) => (119, "HTTP_INVALID_MERGE_PATCH"),
        (ids::MALFORMED_LOCATION | ids::DEAD_LOCATION, _) => (120, "HTTP_INVALID_LOCATION"),
        (ids::MISSING_AFTER_CREATE, _) => (122, "HTTP_CREATED_RESOURCE_NOT_FOUND"),
        (
            ids::SCHEMA_MISMATCH
            | ids::UNDECLARED_STATUS
            | ids::UNDECLARED_CONTENT_TYPE
            | ids::UNDECLARED_BODY
            | ids::HEADER_MISMATCH
            | ids::MISSING_BODY
            | ids::WRITE_ONLY_LEAK,
            _,
        ) => (200, "SCHEMA_INVALID_RESPONSE"),
        (ids::ALLOW_MISMATCH, _) => (201, "SCHEMA_INVALID_ALLOW"),
        (ids::ACCEPTED_INVALID | ids::ACCEPTED_INCOMPLETE, _) => (206, "SCHEMA_VALIDATION_BYPASS"),
        (ids::REJECTED_VALID, _) => (207, "SCHEMA_VALID_INPUT_REJECTED"),
        (ids::STACK_TRACE_LEAK, _) => (309, "SECURITY_LEAKED_STACK_TRACES"),
        (ids::IGNORED_AUTH, _) => (311, "SECURITY_DECLARED_AUTH_NOT_ENFORCED"),
        _ => OWN,
    }
}

pub(super) fn render(outcome: &Outcome, _: &Document) -> Vec<u8> {
    let endpoints: BTreeMap<&str, String> = outcome
        .operations
        .iter()
        .map(|one| (one.id.as_str(), endpoint(one)))
        .collect();
    let mut cases = BTreeSet::new();
    let mut faults: BTreeMap<(&str, &str), BTreeSet<Fault>> = BTreeMap::new();
    let mut distinct = BTreeSet::new();
    for (finding, _) in outcome.findings.sorted() {
        let endpoint = finding
            .operation
            .as_deref()
            .and_then(|id| endpoints.get(id));
        let (Some(endpoint), true) = (endpoint, finding.severity > Severity::Note) else {
            continue;
        };
        let (code, id) = category(finding);
        let context = format!("{} {}", finding.rule, finding.discriminator);
        distinct.insert((endpoint, code, context.clone()));
        let of_case = faults.entry((endpoint, finding.rule.as_str())).or_default();
        of_case.insert((code, id, context.trim().to_owned()));
    }
    let found: Vec<Value> = faults
        .iter()
        .map(|((endpoint, rule), categories)| {
            let case = format!("{endpoint} {rule}");
            cases.insert(case.clone());
            json!({
                "operationId": endpoint,
                "testCaseId": case,
                "faultCategories": categories.iter().map(written).collect::<Vec<_>>(),
            })
        })
        .collect();
    let covered: Vec<Value> = outcome
        .operations
        .iter()
        .filter(|one| one.held > 0)
        .map(|one| {
            let endpoint = &endpoints[one.id.as_str()];
            cases.insert(endpoint.clone());
            // The form knows no status beyond 599.
            let statuses = one.statuses.keys().filter(|status| **status <= 599);
            json!({
                "endpointId": endpoint,
                "testCaseId": endpoint,
                "httpStatus": statuses.collect::<Vec<_>>(),
            })
        })
        .collect();
    let ids: BTreeSet<&String> = endpoints.values().collect();
    let report = json!({
        "schemaVersion": SCHEMA_VERSION,
        "toolName": "oasgate",
        "toolVersion": env!("CARGO_PKG_VERSION"),
        "creationTime": date_time(now()),
        "executionTimeInSeconds": outcome.elapsed.as_secs(),
        "faults": { "totalNumber": distinct.len(), "foundFaults": found },
        "problemDetails": { "rest": {
            "outputHttpCalls": outcome.sent,
            "evaluatedHttpCalls": outcome.held,
            "endpointIds": ids,
            "coveredHttpStatus": covered,
        } },
        "totalTests": cases.len(),
        "testFilePaths": [],
        "testCases": cases.iter().map(|id| json!({ "id": id, "name": id })).collect::<Vec<_>>(),
    });
    format!("{report:#}\n").into_bytes()
}

/// A code, an id and what tells it from other faults of its kind.
type Fault = (u16, &'static str, String);

fn written((code, id, context): &Fault) -> Value {
    json!({ "id": id, "code": code, "context": context })
}

/// `GET:/users/{id}`, as the form writes an endpoint.
fn endpoint(operation: &OperationSummary) -> String {
    format!("{}:{}", operation.method, operation.path)
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the form asks when the report was made; nothing else depends on it"
)]
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// `2026-11-25T15:04:05Z` (RFC 3339 §5.6).
fn date_time(seconds: u64) -> String {
    let (mut day, time) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    // A date beyond the year 9999 cannot be written.
    while year < 9999 && day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!(
        "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        day + 1
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{date_time, render};
    use crate::{
        finding::{Finding, Severity},
        report::tests::{document, finding, outcome},
    };

    #[test]
    fn the_report_is_as_the_published_schema_says() {
        let schema: Value =
            serde_json::from_str(include_str!("../../tests/schemas/wfc/report.json"))
                .expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let of_operation = |rule: &'static str| {
            let finding = Finding::new(rule, Severity::Error, "no");
            (finding.with_operation("GET /users"), 2)
        };
        let outcome = outcome(vec![
            (finding("one"), 3),
            of_operation("server-error"),
            of_operation("misused-status"),
            (
                Finding::new("unknown-host", Severity::Warning, "of no operation"),
                1,
            ),
        ]);
        let report: Value =
            serde_json::from_slice(&render(&outcome, &document())).expect("it is JSON");
        let errors: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
        assert_eq!(report["faults"]["totalNumber"], 3);
        // What a fault refers to is there.
        let ids: Vec<&Value> = report["testCases"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|case| &case["id"])
            .collect();
        for fault in report["faults"]["foundFaults"].as_array().expect("a list") {
            assert!(ids.contains(&&fault["testCaseId"]), "{fault}");
        }
    }

    #[test]
    fn every_fault_of_the_catalogue_is_called_as_the_catalogue_calls_it() {
        let catalogue: Value = serde_json::from_str(include_str!(
            "../../tests/schemas/wfc/fault_categories.json"
        ))
        .expect("it is JSON");
        let catalogue = catalogue.as_array().expect("a list");
        for rule in crate::check::rules() {
            for status in [None, Some(204), Some(205), Some(500), Some(503)] {
                let mut finding = Finding::new(rule.rule_id().clone(), Severity::Error, "");
                let mut evidence = crate::report::tests::evidence();
                evidence.status = status;
                finding.evidence = Some(evidence);
                let (code, id) = super::category(&finding);
                let known = catalogue
                    .iter()
                    .any(|one| one["code"] == code && one["id"] == id);
                assert!(known || (code, id) == super::OWN, "{} {code} {id}", rule.id);
            }
        }
    }

    #[test]
    fn a_time_is_written_as_rfc_3339_says() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (1_795_618_800, "2026-11-25T15:00:00Z"),
        ] {
            assert_eq!(date_time(seconds), text);
        }
    }
}
