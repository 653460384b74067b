//! Runs against services that are a function of the request: which requests are sent, in which order,
//! and what is learned from the responses.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use http::{HeaderValue, Method, StatusCode, header};
use oasgate::{
    contract::Contract,
    document::Document,
    exchange::{Body, Request, Response},
    finding::Severity,
    gate::{
        self, Baseline, Credentials, Growth, Interrupt, LiveSettings, Methods, Outcome, Phase,
        RandomEnd, RunStatus, Scope, StopReason,
    },
    transport::{SendError, Transport},
};
use serde_json::{Value, json};

/// A service in this process, and what was sent to it.
pub(crate) struct Script<F> {
    answer: F,
    log: Mutex<Vec<String>>,
}

impl<F: Fn(&Request) -> Result<Response, SendError> + Send + Sync> Script<F> {
    pub(crate) fn new(answer: F) -> Self {
        Self {
            answer,
            log: Mutex::default(),
        }
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.log.lock().expect("nobody panicked").clone()
    }
}

impl<F: Fn(&Request) -> Result<Response, SendError> + Send + Sync> Transport for Script<F> {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        // Each request waits for others, so that workers are under way together.
        tokio::task::yield_now().await;
        let target = &request.url[url::Position::BeforePath..];
        self.log
            .lock()
            .expect("nobody panicked")
            .push(format!("{} {target}", request.method));
        (self.answer)(request)
    }
}

pub(crate) fn response(status: u16, body: &Value) -> Response {
    let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
    if !body.is_null() {
        response.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        response.body = Body::from(body.to_string());
    }
    response
}

fn not_allowed(allow: &'static str) -> Response {
    let mut response = response(405, &Value::Null);
    response
        .headers
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

pub(crate) fn pets() -> Contract {
    let pet = json!({ "type": "object", "required": ["id"],
                      "properties": { "id": { "type": "integer" }, "name": { "type": "string" } } });
    let content = |schema: &Value| json!({ "description": "Fine", "content": { "application/json": { "schema": schema } } });
    let bare = |text: &str| json!({ "description": text });
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Pets", "version": "1" },
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "security": [{ "token": [] }],
        "paths": {
            "/pets": { "get": {
                "operationId": "listPets",
                "parameters": [
                    { "name": "limit", "in": "query",
                      "schema": { "type": "integer", "minimum": 1, "maximum": 50 } },
                    { "name": "since", "in": "query", "required": true,
                      "schema": { "type": "string", "maxLength": 9 } },
                ],
                "responses": { "200": content(&json!({ "type": "array", "items": pet })),
                               "400": bare("No"), "401": bare("Who?") },
            } },
            "/pets/{petId}": { "get": {
                "operationId": "getPet",
                "parameters": [{ "name": "petId", "in": "path", "required": true,
                                 "schema": { "type": "integer" } }],
                "responses": { "200": content(&pet), "400": bare("No"), "401": bare("Who?"),
                               "404": bare("None") },
            } },
        },
    });
    Contract::from_document(Document::parse("pets.json", document.to_string()).expect("it is one"))
}

pub(crate) fn query(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn is_signed_in(request: &Request) -> bool {
    request
        .headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value == "Bearer secret")
}

/// What a service does that keeps the contract.
pub(crate) fn faithful(request: &Request) -> Response {
    if request.method != Method::GET {
        return not_allowed("GET");
    }
    if !is_signed_in(request) {
        return response(401, &Value::Null);
    }
    match request.url.path() {
        "/pets" => {
            let limit = query(request, "limit").map(|text| text.parse::<f64>());
            let is_fine = match limit {
                None => true,
                Some(Ok(limit)) => (1.0..=50.0).contains(&limit) && limit.fract() == 0.0,
                Some(Err(_)) => false,
            };
            let since = query(request, "since");
            if !is_fine || since.is_none_or(|since| since.chars().count() > 9) {
                return response(400, &Value::Null);
            }
            response(200, &json!([{ "id": 407 }, { "id": 408, "name": "Rex" }]))
        }
        "/pets/407" | "/pets/408" => response(200, &json!({ "id": 407 })),
        path => match path.rsplit('/').next().map(str::parse::<i64>) {
            Some(Ok(_)) => response(404, &Value::Null),
            _ => response(400, &Value::Null),
        },
    }
}

pub(crate) fn settings() -> LiveSettings {
    LiveSettings {
        seed: 11,
        nothing_reached: Severity::Error,
        methods: Methods::All,
        credentials: Credentials::with_token("secret"),
        ..LiveSettings::new("http://localhost/".parse().expect("a URL"))
    }
}

pub(crate) async fn run<F>(service: &Script<F>, settings: &LiveSettings) -> Outcome
where
    F: Fn(&Request) -> Result<Response, SendError> + Send + Sync,
{
    run_on(&pets(), service, settings).await
}

pub(crate) async fn run_on<F>(
    contract: &Contract,
    service: &Script<F>,
    settings: &LiveSettings,
) -> Outcome
where
    F: Fn(&Request) -> Result<Response, SendError> + Send + Sync,
{
    gate::check(
        contract,
        service,
        settings,
        None,
        &mut (),
        &Interrupt::default(),
    )
    .await
}

/// The rules that speak, with the operations, notes left out.
pub(crate) fn rules(outcome: &Outcome) -> Vec<String> {
    let mut rules: Vec<_> = outcome
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| {
            let operation = finding.operation.as_deref().unwrap_or_default();
            format!("{} {operation} {}", finding.rule, finding.discriminator)
        })
        .collect();
    rules.sort();
    rules
}

#[tokio::test]
async fn a_faithful_service_is_told_nothing() {
    let service = Script::new(|request: &Request| Ok(faithful(request)));
    let outcome = run(&service, &settings()).await;
    assert_eq!(rules(&outcome), Vec::<String>::new());
    assert_eq!(outcome.end, RunStatus::Complete);
}

#[tokio::test]
async fn two_parameters_that_nobody_looks_at_are_two_findings() {
    let service = Script::new(|request: &Request| {
        let mut lenient = request.clone();
        if request.url.path() == "/pets" {
            lenient.url.set_query(Some("since=x"));
        }
        Ok(faithful(&lenient))
    });
    let found = rules(&run(&service, &settings()).await);
    for wanted in [
        "accepted-incomplete listPets query since",
        "accepted-invalid listPets query limit  maximum",
        "accepted-invalid listPets query limit  type",
        "accepted-invalid listPets query since  maxLength",
    ] {
        assert!(found.iter().any(|one| one == wanted), "{wanted}: {found:?}");
    }
    assert!(
        found
            .iter()
            .all(|one| one.starts_with("accepted-in") && one.contains(" listPets ")),
        "{found:?}"
    );
}

#[tokio::test]
async fn an_undeclared_method_and_a_refused_valid_request_are_told() {
    let service = Script::new(|request: &Request| {
        Ok(match (request.method.as_str(), request.url.path()) {
            ("DELETE", "/pets") => response(204, &Value::Null),
            ("GET", "/pets") if query(request, "limit").is_some_and(|limit| limit == "50") => {
                response(400, &Value::Null)
            }
            ("OPTIONS", "/pets") => not_allowed("GET, DELETE"),
            _ => faithful(request),
        })
    });
    assert_eq!(
        rules(&run(&service, &settings()).await),
        [
            "accepted-undeclared-method listPets DELETE",
            "allow-mismatch listPets +DELETE -",
            "rejected-valid listPets 400",
        ]
    );
}

#[tokio::test]
async fn safe_methods_alone_are_sent_where_the_others_are_not_allowed() {
    let service = Script::new(|request: &Request| Ok(faithful(request)));
    let safe = LiveSettings {
        methods: Methods::Safe,
        ..settings()
    };
    run(&service, &safe).await;
    let sent = service.sent();
    assert!(sent.iter().any(|line| line.starts_with("OPTIONS ")));
    assert!(
        sent.iter().all(|line| ["GET ", "HEAD ", "OPTIONS "]
            .iter()
            .any(|method| line.starts_with(method))),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_id_that_came_back_is_used_for_what_needs_it() {
    let service = Script::new(|request: &Request| Ok(faithful(request)));
    let outcome = run(&service, &settings()).await;
    let sent = service.sent();
    let first = sent.iter().position(|line| line == "GET /pets/407");
    let edges = sent.iter().position(|line| line.contains("limit="));
    assert!(first.is_some() && first < edges, "{sent:?}");
    assert!(outcome.operations[1].unreached.is_none());
}

#[tokio::test]
async fn the_run_does_not_depend_on_the_number_of_workers() {
    // What it answers depends on the request alone; how long it takes, on the order of arrival.
    let mut reports = Vec::new();
    for workers in [1, 3, 16] {
        let service = Script::new(|request: &Request| {
            let broken = query(request, "limit").is_some_and(|limit| limit.ends_with('7'));
            Ok(if broken {
                response(500, &json!({ "limit": 7 }))
            } else {
                faithful(request)
            })
        });
        let settings = LiveSettings {
            workers,
            ..settings()
        };
        let outcome = run(&service, &settings).await;
        let mut findings: Vec<String> = Vec::new();
        for (finding, count) in outcome.findings.sorted() {
            findings.push(format!("{count} {finding:?}"));
        }
        reports.push((service.sent(), outcome.held, findings));
    }
    assert!(
        reports[0]
            .2
            .iter()
            .any(|line| line.contains("server-error"))
    );
    assert_eq!(reports[0].1, reports[1].1);
    assert_eq!(reports[0].2, reports[1].2);
    assert_eq!(reports[0].2, reports[2].2);
    let as_set = |sent: &Vec<String>| {
        let mut sent = sent.clone();
        sent.sort();
        sent
    };
    assert_eq!(as_set(&reports[0].0), as_set(&reports[1].0));
    assert_eq!(as_set(&reports[0].0), as_set(&reports[2].0));
}

#[tokio::test]
async fn a_small_budget_reaches_every_phase() {
    let service = Script::new(|request: &Request| Ok(faithful(request)));
    let small = LiveSettings {
        max_requests: 42,
        ..settings()
    };
    let outcome = run(&service, &small).await;
    let sent = service.sent();
    assert!(outcome.held <= 42 && sent.len() <= 42, "{}", sent.len());
    assert!(outcome.operations.iter().all(|one| one.unreached.is_none()));
    for wanted in ["OPTIONS /pets", "HEAD /pets"] {
        assert!(
            sent.iter().any(|line| line.contains(wanted)),
            "{wanted}: {sent:#?}"
        );
    }
    let refused = &outcome.operations[0].statuses;
    assert_eq!(
        refused.get(&401),
        Some(&3),
        "none, a wrong one, and what is none"
    );
    assert!(refused.contains_key(&400), "what is broken is sent");
}

#[tokio::test]
async fn random_cases_end_where_nothing_new_comes_and_go_on_where_it_does() {
    let random_only = LiveSettings {
        phases: vec![Phase::Random],
        random_cases: 60,
        ..settings()
    };
    let boring = Script::new(|_: &Request| Ok(response(200, &json!([]))));
    run(&boring, &random_only).await;
    let count = |service: &[String]| {
        service
            .iter()
            .filter(|line| line.starts_with("GET /pets?"))
            .count()
    };
    assert!(count(&boring.sent()) <= 20, "{}", count(&boring.sent()));
    let boring = Script::new(|_: &Request| Ok(response(200, &json!([]))));
    let exhaustive = LiveSettings {
        random_end: RandomEnd::AllSent,
        ..random_only.clone()
    };
    run(&boring, &exhaustive).await;
    assert!(count(&boring.sent()) > 40, "{}", count(&boring.sent()));
    // Each answer to a list has one property more than the last.
    let answers = AtomicUsize::new(0);
    let lively = Script::new(|request: &Request| {
        Ok(if request.url.path() == "/pets" {
            let name = format!("p{}", answers.fetch_add(1, Ordering::Relaxed));
            response(200, &json!([{ "id": 1, name: 1 }]))
        } else {
            response(404, &Value::Null)
        })
    });
    run(&lively, &random_only).await;
    assert!(count(&lively.sent()) > 60, "{}", count(&lively.sent()));
}

#[tokio::test]
async fn a_run_that_reaches_nothing_is_not_green() {
    let service = Script::new(|_: &Request| Ok(response(401, &Value::Null)));
    let outcome = run(&service, &settings()).await;
    assert!(!outcome.holds());
    assert_eq!(
        rules(&outcome),
        ["unreached getPet unreached", "unreached listPets unreached"]
    );
}

#[tokio::test]
async fn the_first_errors_end_the_run_where_that_was_asked_for() {
    let service = Script::new(|_: &Request| Ok(response(500, &Value::Null)));
    let impatient = LiveSettings {
        max_failures: Some(1),
        workers: 1,
        ..settings()
    };
    let outcome = run(&service, &impatient).await;
    assert!(
        matches!(outcome.end, RunStatus::Stopped(_)),
        "{:?}",
        outcome.end
    );
    assert_eq!(outcome.held, 1);
}

#[tokio::test]
async fn what_a_baseline_knows_does_not_end_the_run() {
    let broken = || Script::new(|_: &Request| Ok(response(500, &Value::Null)));
    let patient = LiveSettings {
        workers: 1,
        ..settings()
    };
    let everything = run(&broken(), &patient).await;
    let impatient = LiveSettings {
        max_failures: Some(1),
        known: Baseline::default().updated(&everything, Scope::default(), Growth::Allowed),
        ..patient
    };
    let again = run(&broken(), &impatient).await;
    assert_eq!(again.end, RunStatus::Complete);
    assert_eq!(again.held, everything.held);
    // One error more than is known.
    let worse = Script::new(|request: &Request| {
        Ok(match request.url.path() {
            "/pets" => response(418, &Value::Null),
            _ => response(500, &Value::Null),
        })
    });
    let outcome = run(&worse, &impatient).await;
    let why = StopReason::NewErrors(1);
    assert_eq!(outcome.end, RunStatus::Stopped(why));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_dies_is_one_finding() {
    let count = AtomicUsize::new(0);
    let service = Script::new(|request: &Request| {
        match count.fetch_add(1, Ordering::Relaxed) {
            0..20 => Ok(faithful(request)),
            // Requests that were under way break off; later ones reach nobody.
            20..23 => Err(SendError::Broken("reset".to_owned())),
            _ => Err(SendError::Unreachable {
                origin: "http://localhost".to_owned(),
                reason: "refused".to_owned(),
            }),
        }
    });
    let outcome = run(&service, &settings()).await;
    assert!(
        matches!(outcome.end, RunStatus::Unreachable(_)),
        "{:?}",
        outcome.end
    );
    let findings = outcome.findings.iter();
    let errors: Vec<_> = findings
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    let [only] = errors.as_slice() else {
        panic!("{errors:#?}");
    };
    assert!(
        only.message.starts_with("the service went away"),
        "{only:?}"
    );
    assert!(service.sent().len() < 40);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_back_at_once_is_no_finding() {
    let count = AtomicUsize::new(0);
    let service = Script::new(|request: &Request| {
        if count.fetch_add(1, Ordering::Relaxed) == 20 {
            return Err(SendError::Unreachable {
                origin: "http://localhost".to_owned(),
                reason: "refused".to_owned(),
            });
        }
        Ok(faithful(request))
    });
    let outcome = run(&service, &settings()).await;
    assert_eq!(outcome.end, RunStatus::Complete);
    assert_eq!(rules(&outcome), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_without_a_credential_is_asked_for_twice() {
    // The first request without a credential slips through; none does after it.
    let slipped = AtomicUsize::new(0);
    let service = Script::new(|request: &Request| {
        let mut signed_in = request.clone();
        if !is_signed_in(request)
            && request.method == Method::GET
            && slipped.fetch_add(1, Ordering::Relaxed) == 0
        {
            signed_in.headers.insert(
                header::AUTHORIZATION,
                HeaderValue::from_static("Bearer secret"),
            );
        }
        Ok(faithful(&signed_in))
    });
    let outcome = run(&service, &settings()).await;
    assert_eq!(rules(&outcome), Vec::<String>::new());
    let open = Script::new(|request: &Request| {
        let mut signed_in = request.clone();
        signed_in.headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer secret"),
        );
        Ok(faithful(&signed_in))
    });
    let outcome = run(&open, &settings()).await;
    assert_eq!(
        rules(&outcome),
        [
            "ignored-auth getPet absent",
            "ignored-auth getPet wrong",
            "ignored-auth listPets absent",
            "ignored-auth listPets wrong",
        ]
    );
}
