//! What a run leaves behind: the smallest request of a failure, files for the next run, rules that only
//! refusals tell.

use std::path::Path;

use http::Method;
use oasgate::{
    contract::Contract,
    document::Document,
    exchange::{Request, Response},
    finding::{Finding, Severity},
    gate::{self, Credentials, Interrupt, LiveSettings, Outcome, Phase},
    report::ReportSpec,
    snapshot::{RegressionWriting, Regressions},
    transport::{HttpTransport, Limits},
};
use serde_json::{Value, json};

use crate::live::{Script, faithful, query, response, rules, run, run_on, settings};
use crate::vantage;

fn the_finding<'o>(outcome: &'o Outcome, rule: &str) -> &'o Finding {
    let mut all = outcome.findings.iter();
    all.find(|finding| finding.rule.as_str() == rule)
        .unwrap_or_else(|| panic!("no {rule}: {:?}", rules(outcome)))
}

fn url(finding: &Finding) -> String {
    let evidence = finding.evidence.as_ref().expect("it has evidence");
    evidence.url.clone()
}

fn limit_of(url: &str) -> i64 {
    let url: url::Url = url.parse().expect("a URL");
    let limit = url
        .query_pairs()
        .find(|(name, _)| name == "limit")
        .expect("a limit");
    limit.1.parse().expect("a number")
}

/// A service that breaks for limits from 20 on.
fn fragile(request: &Request) -> Response {
    let limit = query(request, "limit").and_then(|limit| limit.parse::<i64>().ok());
    if request.url.path() == "/pets" && limit.is_some_and(|limit| (20..=50).contains(&limit)) {
        return response(500, &Value::Null);
    }
    faithful(request)
}

#[tokio::test]
async fn a_failure_is_shown_in_its_smallest_request() {
    let service = Script::new(|request: &Request| Ok(fragile(request)));
    let outcome = run(&service, &settings()).await;
    let finding = the_finding(&outcome, "server-error");
    assert_eq!(limit_of(&url(finding)), 20, "{}", url(finding));
    assert!(
        finding
            .help
            .contains(&"other values of query since fail too".into()),
        "{:?}",
        finding.help
    );
    let extra = service.sent().len() as u64 - outcome.held;
    let most = 30 * outcome.findings.len() as u64;
    assert!(extra <= most, "{extra} extra requests");
}

#[tokio::test]
async fn a_broken_request_stays_broken_in_its_one_part() {
    let service = Script::new(|request: &Request| {
        let mut lenient = request.clone();
        if query(request, "limit").is_some() {
            lenient.url.set_query(Some("since=x"));
        }
        Ok(faithful(&lenient))
    });
    let outcome = run(&service, &settings()).await;
    let mut seen = 0;
    for finding in outcome.findings.iter() {
        if finding.discriminator.ends_with("maximum") {
            assert_eq!(limit_of(&url(finding)), 51);
            seen += 1;
        }
        if finding.discriminator.ends_with("minimum") {
            assert_eq!(limit_of(&url(finding)), 0);
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "{:?}", rules(&outcome));
}

#[tokio::test]
async fn what_may_change_something_is_not_sent_again() {
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "t", "version": "1" },
        "paths": { "/pets": { "post": {
            "operationId": "addPet",
            "requestBody": { "required": true, "content": { "application/json": { "schema":
                { "type": "object", "properties": { "name": { "type": "string" } } } } } },
            "responses": { "201": { "description": "Made" } },
        } } },
    });
    let contract =
        Contract::from_document(Document::parse("t", document.to_string()).expect("it is one"));
    // A read that fails may be sent again.
    let service = Script::new(|request: &Request| {
        let status = if request.method.is_safe() { 405 } else { 500 };
        Ok(response(status, &Value::Null))
    });
    let outcome = run_on(&contract, &service, &settings()).await;
    assert_eq!(service.sent().len() as u64, outcome.held);
}

fn kept(folder: &Path, writing: RegressionWriting) -> LiveSettings {
    LiveSettings {
        regressions: Some(Regressions::below(folder, writing)),
        ..settings()
    }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("regressions")) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[tokio::test]
async fn a_failure_is_sent_first_the_next_time_and_told_when_it_is_fixed() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = Script::new(|request: &Request| Ok(fragile(request)));
    let silent = kept(folder.path(), RegressionWriting::Nothing);
    run(&service, &silent).await;
    assert!(files(folder.path()).is_empty());

    let adding = kept(folder.path(), RegressionWriting::Add);
    run(&service, &adding).await;
    let mut saved = files(folder.path());
    saved.sort();
    assert_eq!(saved.len(), 1, "{saved:?}");
    assert!(
        saved[0].starts_with("listPets__server-error__"),
        "{saved:?}"
    );

    // Another seed would not come by the same request.
    let again = Script::new(|request: &Request| Ok(fragile(request)));
    let only = LiveSettings {
        seed: 99,
        phases: vec![Phase::Regressions],
        ..adding.clone()
    };
    let outcome = run(&again, &only).await;
    let first = again.sent().first().cloned().expect("it is sent");
    assert!(first.contains("limit=20"), "{first}");
    assert_eq!(
        the_finding(&outcome, "server-error").severity,
        Severity::Error
    );
    assert!(outcome.notices.is_empty(), "{:?}", outcome.notices);

    let mended = Script::new(|request: &Request| Ok(faithful(request)));
    let outcome = run(&mended, &adding).await;
    assert!(
        outcome
            .notices
            .iter()
            .any(|notice| { notice.starts_with("fixed: server-error of listPets fails no more") }),
        "{:?}",
        outcome.notices
    );
    assert_eq!(files(folder.path()).len(), 1);
    let tidy = kept(folder.path(), RegressionWriting::Tidy);
    run(&mended, &tidy).await;
    assert!(files(folder.path()).is_empty());
}

#[tokio::test]
async fn a_kept_look_at_what_is_gone_is_not_called_fixed() {
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "t", "version": "1" },
        "paths": {
            "/pets": { "get": { "operationId": "listPets", "responses": { "200": {
                "description": "All", "content": { "application/json": { "schema": { "type": "array",
                    "items": { "type": "object", "properties": { "id": { "type": "integer" } } } } } } } } } },
            "/pets/{id}": { "get": { "operationId": "getPet",
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
                "responses": { "200": { "description": "One" }, "404": { "description": "None" } } } },
        },
    });
    let contract =
        Contract::from_document(Document::parse("t", document.to_string()).expect("it is one"));
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = kept(folder.path(), RegressionWriting::Tidy);
    let shop = |answer: u16| {
        move |request: &Request| {
            Ok(match request.url.path() {
                "/pets" => response(200, &json!([{ "id": 71 }])),
                "/pets/71" => response(answer, &Value::Null),
                _ => response(404, &Value::Null),
            })
        }
    };
    run_on(&contract, &Script::new(shop(500)), &wanted).await;
    assert!(!files(folder.path()).is_empty());
    let only = LiveSettings {
        phases: vec![Phase::Regressions],
        ..wanted
    };
    for (answer, is_kept, told) in [
        (500, true, ""),
        (
            404,
            true,
            "nobody can say whether server-error of getPet is fixed",
        ),
        (200, false, "fixed: server-error of getPet"),
    ] {
        let service = Script::new(shop(answer));
        let outcome = run_on(&contract, &service, &only).await;
        assert!(service.sent().contains(&"GET /pets/71".to_owned()));
        let notices = outcome.notices.join("\n");
        assert!(notices.contains(told), "{answer}: {notices}");
        assert_eq!(!files(folder.path()).is_empty(), is_kept, "{answer}");
    }
}

#[tokio::test]
async fn a_rule_that_two_refusals_tell_is_kept_and_noted() {
    let service = Script::new(|request: &Request| {
        let limit = query(request, "limit").and_then(|limit| limit.parse::<i64>().ok());
        let is_odd = limit.is_some_and(|limit| (1..=50).contains(&limit) && limit % 5 != 0);
        Ok(if request.method == Method::GET && is_odd {
            response(400, &json!({ "errors": ["limit must be a multiple of 5"] }))
        } else {
            faithful(request)
        })
    });
    let random = LiveSettings {
        phases: vec![Phase::Edges, Phase::Random],
        random_cases: 40,
        ..settings()
    };
    let outcome = run(&service, &random).await;
    let note = the_finding(&outcome, "undocumented-constraint");
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(note.discriminator, "query limit multipleOf");
    // From the second refusal on, random limits keep the rule.
    let mut sent = service.sent();
    sent.truncate(usize::try_from(outcome.held).expect("they are few"));
    let random = &sent[sent.len() / 2..];
    let limits: Vec<i64> = random
        .iter()
        .filter_map(|line| line.split("limit=").nth(1)?.split('&').next()?.parse().ok())
        .filter(|limit| (1..=50).contains(limit))
        .collect();
    let kept = limits.iter().filter(|limit| *limit % 5 == 0).count();
    assert!(kept * 4 > limits.len() * 3, "{limits:?}");
}

/// The JSON report of a run against the stand-in with some faults; what differs by its nature, the time
/// and the port, is taken out.
async fn report_of(workers: usize, folder: &Path) -> String {
    let names = ["internal-error", "token-number", "takes-no-credential"];
    let faults: Vec<_> = vantage::faults::FAULTS
        .iter()
        .filter(|fault| names.contains(&fault.name))
        .collect();
    let base = vantage::start(faults).await;
    let contract = Contract::load("spec/vantage-data-exports.yaml").expect("it loads");
    let transport = HttpTransport::new(Limits::default()).expect("a client");
    let settings = LiveSettings {
        seed: 5,
        workers,
        parameters: vec![(
            "data_export_token".to_owned(),
            "dta_xprt_964b2adb9bff37fb".to_owned(),
        )],
        credentials: Credentials::with_token(vantage::TOKEN),
        ..LiveSettings::new(base.clone())
    };
    let outcome = gate::check(
        &contract,
        &transport,
        &settings,
        None,
        &mut (),
        &Interrupt::default(),
    )
    .await;
    assert!(!outcome.findings.is_empty());
    let path = folder.join(format!("{workers}.json"));
    let spec: ReportSpec = format!("json={}", path.display())
        .parse()
        .expect("a report");
    spec.write(&outcome, contract.document())
        .expect("it is written");
    let text = std::fs::read_to_string(path).expect("it is there");
    text.replace(&base.port().expect("a port").to_string(), "PORT")
        .lines()
        .filter(|line| !line.contains("elapsed_ms"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[tokio::test]
async fn two_runs_of_one_seed_write_the_same_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = report_of(4, folder.path()).await;
    assert!(first.contains("\"findings\"") && first.lines().count() > 50);
    assert_eq!(first, report_of(4, folder.path()).await);
    assert_eq!(first, report_of(1, folder.path()).await);
}
