//! Long work, followed on a clock that does not have to be waited for.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use oasgate::{
    Contract,
    gate::{Phase, PollingRule},
    testing::Gate,
};
use tokio::time::Instant;

/// When each request came, and what is answered while the work goes on.
#[derive(Clone)]
struct Work {
    asked: Arc<Mutex<Vec<Instant>>>,
    polls: usize,
    headers: Vec<(header::HeaderName, &'static str)>,
}

const EXPORT: &str = r#"{"token":"t","status":"completed","created_at":"x","export_type":"y","manifest":{"files":[],"completed_at":null,"valid_until":null},"attributes":{}}"#;

async fn export(State(work): State<Work>, method: Method) -> Response {
    if method == Method::HEAD {
        return StatusCode::OK.into_response();
    }
    let mut asked = work
        .asked
        .lock()
        .expect("no test panics while it holds the lock");
    asked.push(Instant::now());
    if asked.len() > work.polls {
        return ([(header::CONTENT_TYPE, "application/json")], EXPORT).into_response();
    }
    let mut response = StatusCode::ACCEPTED.into_response();
    for (name, value) in &work.headers {
        response
            .headers_mut()
            .insert(name, value.parse().expect("a header value"));
    }
    response
}

/// Runs the gate on an export that is pending for so many requests; when each came, in seconds, and
/// the broken polling that was found.
async fn run(
    polls: usize,
    headers: Vec<(header::HeaderName, &'static str)>,
    rule: PollingRule,
) -> (Vec<u64>, Vec<String>) {
    let work = Work {
        asked: Arc::default(),
        polls,
        headers,
    };
    let app = Router::new()
        .route("/v2/data_exports/{token}", get(export))
        .with_state(work.clone());
    let contract = Contract::load("spec/vantage-data-exports.yaml").expect("it loads");
    let ran = Gate::new(&contract)
        .param("data_export_token", "a1")
        .phases([Phase::Examples])
        .polling(rule)
        .service(app)
        .run()
        .await
        .expect("it runs");
    let asked = work
        .asked
        .lock()
        .expect("no test panics while it holds the lock")
        .clone();
    let broken = ran
        .outcome()
        .findings
        .iter()
        .filter(|finding| finding.rule.as_str() == "broken-polling")
        .map(|finding| finding.discriminator.clone())
        .collect();
    let seconds = asked
        .iter()
        .map(|at| at.duration_since(asked[0]).as_secs())
        .collect();
    (seconds, broken)
}

fn rule() -> PollingRule {
    PollingRule::new("getDataExport")
}

#[tokio::test(start_paused = true)]
async fn the_next_request_comes_when_retry_after_says() {
    let headers = vec![
        (header::LOCATION, "/v2/data_exports/a1"),
        (header::RETRY_AFTER, "7"),
    ];
    let (asked, broken) = run(2, headers, rule()).await;
    assert_eq!(asked[..3], [0, 7, 14]);
    assert_eq!(broken, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_date_is_counted_by_the_clock_of_the_service() {
    let headers = vec![
        (header::LOCATION, "/v2/data_exports/a1"),
        (header::DATE, "Thu, 27 Mar 2025 20:46:00 GMT"),
        (header::RETRY_AFTER, "Thu, 27 Mar 2025 20:46:20 GMT"),
    ];
    let (asked, broken) = run(1, headers, rule()).await;
    assert_eq!(asked[..2], [0, 20]);
    assert_eq!(broken, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_capped() {
    let headers = vec![
        (header::LOCATION, "/v2/data_exports/a1"),
        (header::RETRY_AFTER, "86400"),
    ];
    let rule = PollingRule {
        longest_wait: Duration::from_mins(1),
        ..rule()
    };
    assert_eq!(run(1, headers, rule).await.0[..2], [0, 60]);
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_is_left_at_the_bound() {
    let headers = vec![
        (header::LOCATION, "/v2/data_exports/a1"),
        (header::RETRY_AFTER, "1"),
    ];
    let (_, broken) = run(
        usize::MAX,
        headers,
        PollingRule {
            most_polls: 4,
            ..rule()
        },
    )
    .await;
    assert_eq!(broken, ["bound"]);
}

#[tokio::test(start_paused = true)]
async fn another_origin_is_not_followed() {
    let headers = vec![
        (header::LOCATION, "http://198.51.100.7/steal"),
        (header::RETRY_AFTER, "1"),
    ];
    let (_, broken) = run(usize::MAX, headers, rule()).await;
    assert_eq!(broken, ["origin"]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_may_do_without_headers() {
    let rule = PollingRule {
        needs_location: false,
        needs_retry_after: false,
        ..rule()
    };
    let (asked, broken) = run(2, Vec::new(), rule).await;
    assert_eq!(
        (asked.get(..3), broken),
        (Some([0, 1, 2].as_slice()), Vec::new())
    );
}

const BUSY: &str = r"
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /a: { get: { operationId: a, responses: { '200': { description: Fine }, '429': { description: Slow down } } } }
";

#[tokio::test(start_paused = true)]
async fn a_request_that_came_too_early_is_sent_again_when_the_service_says() {
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let times = Arc::clone(&asked);
    let answer = move || async move {
        let mut asked = asked.lock().expect("nobody panics");
        asked.push(Instant::now());
        match asked.len() {
            1 | 2 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response(),
            _ => StatusCode::OK.into_response(),
        }
    };
    let document = oasgate::document::Document::parse("busy.yaml", BUSY).expect("it loads");
    let contract = Contract::from_document(document);
    let begun = Instant::now();
    let ran = Gate::new(&contract)
        .phases([Phase::Examples, Phase::Edges, Phase::Random])
        .service(Router::new().route("/a", get(answer)))
        .run()
        .await
        .expect("it runs");
    ran.assert();
    let times = times.lock().expect("nobody panics");
    let seconds: Vec<u64> = times.iter().map(|time| (*time - begun).as_secs()).collect();
    assert_eq!(seconds[..3], [0, 7, 14], "{seconds:?}");
    // The refusals were held too.
    let statuses = &ran.outcome().operations[0].statuses;
    assert_eq!(statuses.get(&429), Some(&2), "{statuses:?}");
}
