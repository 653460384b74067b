//! The fake: what it answers, what it says of its client, and that each fault is found by the check
//! that it is named for.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use oasgate::{
    Contract,
    testing::{Answer, Breach, FAULTS, FakeError, FakeService, hold},
};
use tower::Service as _;

pub(crate) fn contract() -> Contract {
    Contract::load("tests/testing/things.yaml").expect("the document is there")
}

fn get(target: &str) -> Request<Body> {
    Request::get(target)
        .body(Body::empty())
        .expect("a test writes good requests")
}

fn post(body: &str) -> Request<Body> {
    Request::post("/v1/things")
        .header("authorization", "Bearer secret")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .expect("a test writes good requests")
}

type Answered = Result<Response<oasgate::testing::FakeBody>, FakeError>;

/// Asks the fake on a runtime whose clock stands until everybody waits.
pub(crate) fn ask(fake: &FakeService, request: Request<Body>) -> Answered {
    let mut fake = fake.clone();
    runtime().block_on(async move { fake.call(request).await })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

fn text(response: Response<oasgate::testing::FakeBody>) -> String {
    let body = runtime().block_on(response.into_body().collect());
    let bytes = body.expect("the body is whole").to_bytes();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn held(operation: &str, answered: Answered) -> Result<u16, Breach> {
    let contract = contract();
    let operation = contract.operation(operation).expect("it is declared");
    let response = answered.expect("it answers");
    let checked = runtime().block_on(operation.check_async(response))?;
    Ok(checked.status().as_u16())
}

#[test]
fn every_answer_keeps_the_contract() {
    let answers = [
        (Answer::generated(), 200),
        (Answer::example(), 200),
        (Answer::edge(), 200),
        (Answer::recorded(), 200),
        (Answer::status(400), 400),
    ];
    for (answer, status) in answers {
        let fake = FakeService::new(contract()).answer(answer.clone());
        for _ in 0..12 {
            let answered = ask(&fake, get("/v1/things?limit=3"));
            assert_eq!(
                held("listThings", answered).expect("it keeps it"),
                status,
                "{answer:?}"
            );
        }
        fake.assert();
    }
    let fake = FakeService::new(contract()).on("createThing", Answer::status(401));
    assert_eq!(
        held("createThing", ask(&fake, post(r#"{"name": "a"}"#))).expect("it does"),
        401
    );
    let gone = ask(
        &fake,
        Request::delete("/v1/things/t_abc1")
            .body(Body::empty())
            .expect("good"),
    );
    assert_eq!(held("deleteThing", gone).expect("it does"), 204);
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let told = |seed| {
        let fake = FakeService::new(contract()).seed(seed);
        let answers = (0..5).map(|_| text(ask(&fake, get("/v1/things")).expect("it answers")));
        answers.collect::<Vec<_>>()
    };
    assert_eq!(told(3), told(3));
    assert_ne!(told(3), told(4));
    assert_ne!(told(3)[0], told(3)[1], "each call is another");
}

#[test]
fn each_fault_is_found_by_its_check() {
    for fault in FAULTS {
        let fake = FakeService::new(contract()).fault(fault.name);
        // The one operation without a declared body is the one for a body too many.
        let (operation, request) = match fault.name {
            "undeclared-body" => ("createThing", post(r#"{"name": "a"}"#)),
            _ => ("listThings", get("/v1/things")),
        };
        let fake = match fault.name {
            "undeclared-body" => {
                fake.on("createThing", Answer::status(401).fault("undeclared-body"))
            }
            _ => fake,
        };
        let answered = ask(&fake, request);
        if fault.name == "no-response" {
            assert_eq!(answered.map(drop), Err(FakeError));
            continue;
        }
        let contract = contract();
        let operation = contract.operation(operation).expect("it is declared");
        let response = answered.expect("it answers");
        // A warning lets a response through, and is found all the same.
        let found = match runtime().block_on(operation.check_async(response)) {
            Err(breach) => breach.findings().to_vec(),
            Ok(checked) => hold(&contract, operation.id.as_str(), &checked)
                .expect("it is declared")
                .findings()
                .to_vec(),
        };
        let rules: Vec<_> = found.iter().map(|one| one.rule.as_str()).collect();
        assert!(rules.contains(&fault.name), "{}: {rules:?}", fault.name);
        fake.assert();
    }
}

#[test]
#[should_panic(expected = "did you mean \"schema-mismatch\"?")]
fn an_unknown_fault_is_told_with_the_nearest() {
    let _ = FakeService::new(contract()).fault("schema-mismatsh");
}

#[test]
fn a_fault_that_cannot_be_made_is_told() {
    let fake = FakeService::new(contract()).fault("schema-mismatch");
    let answer = ask(&fake, get("/v1/health")).expect("it answers");
    assert_eq!(answer.status(), 501);
    assert!(text(answer).contains("has no schema that could be broken"));
    assert!(fake.calls()[0].trouble.is_some());
}

#[test]
fn a_request_that_breaks_the_contract_is_refused_and_told() {
    let fake = FakeService::new(contract());
    let refused = ask(&fake, post(r#"{"size": 300}"#)).expect("it answers");
    assert_eq!(refused.status(), 400);
    let report = text(refused);
    assert!(report.contains("error[request-mismatch]"), "{report}");
    assert!(report.contains("parts.yaml"), "{report}");
    // Without a credential, to no operation, with a method that is not declared.
    let bare = Request::post("/v1/things")
        .body(Body::empty())
        .expect("good");
    assert_eq!(ask(&fake, bare).expect("it answers").status(), 401);
    assert_eq!(
        ask(&fake, get("/v2/things")).expect("it answers").status(),
        404
    );
    let put = Request::put("/v1/things")
        .body(Body::empty())
        .expect("good");
    let answer = ask(&fake, put).expect("it answers");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["allow"]),
        (405, &"GET, POST".parse().expect("a field"))
    );
    let troubles = fake
        .calls()
        .iter()
        .filter(|call| call.trouble.is_some())
        .count();
    assert_eq!(troubles, 4);
    let lenient = FakeService::new(contract()).answer_breaches();
    assert_eq!(
        ask(&lenient, get("/v1/things?limit=0"))
            .expect("it answers")
            .status(),
        200
    );
    assert!(lenient.calls()[0].trouble.is_some());
}

#[test]
#[should_panic(expected = "getThing was called 0 times; at least 1 expected")]
fn what_was_expected_and_not_called_is_told() {
    let fake = FakeService::new(contract())
        .expect("getThing", 1..)
        .expect("listThings", 1..=2);
    let _ = ask(&fake, get("/v1/things"));
    fake.assert();
}

#[test]
fn answers_come_in_turn_and_late() {
    let fake = FakeService::new(contract())
        .delay(Duration::from_secs(30))
        .once("listThings", Answer::status(400))
        .once(
            "listThings",
            Answer::status(200).delay(Duration::from_secs(3)),
        );
    let took = || {
        runtime().block_on(async {
            let started = tokio::time::Instant::now();
            let answer = fake
                .clone()
                .call(get("/v1/things"))
                .await
                .expect("it answers");
            (answer.status().as_u16(), started.elapsed().as_secs())
        })
    };
    assert_eq!([took(), took(), took()], [(400, 0), (200, 3), (200, 30)]);
    assert_eq!(fake.calls_of("listThings").len(), 3);
}

#[test]
fn recorded_responses_are_answered_again() {
    let contract = Contract::load("spec/vantage-data-exports.yaml").expect("it loads");
    let fake = FakeService::new(contract)
        .recordings("tests/recordings/vantage/polling.har")
        .expect("they can be read")
        .answer_breaches();
    let recorded =
        std::fs::read_to_string("tests/recordings/vantage/polling.har").expect("it is there");
    let har: serde_json::Value = serde_json::from_str(&recorded).expect("it is JSON");
    let entry = &har["log"]["entries"][0];
    let url = entry["request"]["url"].as_str().expect("a text");
    let answer = ask(&fake, get(url)).expect("it answers");
    assert_eq!(
        u64::from(answer.status().as_u16()),
        entry["response"]["status"]
    );
    assert_eq!(
        text(answer),
        entry["response"]["content"]["text"]
            .as_str()
            .unwrap_or_default()
    );
}
