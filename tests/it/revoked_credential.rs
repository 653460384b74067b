//! What may revoke the credential of a run is held back or comes last, and one that was revoked ends the run.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use oasgate::gate::{
    Credentials, Existing, FailReason, LiveSettings, Outcome, RunStatus, Unreached,
};

use crate::in_process::{check, settings};

const TOKEN: &str = "alice-token";

/// Requests of the one who is known, and whether the token counts still.
#[derive(Debug)]
struct Service {
    log: Vec<String>,
    is_accepted: bool,
}

type Shared = Arc<Mutex<Service>>;

async fn door(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let field = request.headers().get(header::AUTHORIZATION);
    let is_token = field.is_some_and(|field| field == &format!("Bearer {TOKEN}"));
    {
        let mut service = service.lock().expect("no handler panics");
        if !is_token || !service.is_accepted {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let line = format!("{} {}", request.method(), request.uri().path());
        service.log.push(line);
    }
    next.run(request).await
}

async fn revoke(State(service): State<Shared>) -> StatusCode {
    service.lock().expect("no handler panics").is_accepted = false;
    StatusCode::NO_CONTENT
}

/// A run on a service that revokes the token at a path.
async fn run(path: &str, existing: Existing) -> (Outcome, Vec<String>) {
    let document = format!(
        r"
openapi: 3.1.0
info: {{ title: Tokens, version: '1' }}
security: [{{ token: [] }}]
paths:
  /me:
    get:
      operationId: readMe
      parameters: [{{ name: lines, in: query, schema: {{ type: integer, minimum: 1, maximum: 9 }} }}]
      responses: {{ '200': {{ description: Me }}, '401': {{ description: Who? }} }}
  {path}:
    post:
      operationId: revokes
      responses: {{ '204': {{ description: Done }}, '401': {{ description: Who? }} }}
components:
  securitySchemes: {{ token: {{ type: http, scheme: bearer }} }}
"
    );
    let service = Shared::new(Mutex::new(Service {
        log: Vec::new(),
        is_accepted: true,
    }));
    let router = Router::new()
        .route("/me", get(|| async { StatusCode::OK }))
        .route(path, post(revoke))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), door))
        .with_state(Arc::clone(&service));
    let settings = LiveSettings {
        credentials: Credentials::with_token(TOKEN),
        existing,
        ..settings(1)
    };
    let outcome = check(&document, router, &settings).await;
    let log = std::mem::take(&mut service.lock().expect("no handler panics").log);
    (outcome, log)
}

#[tokio::test]
async fn what_is_named_after_it_is_not_sent_since_others_need_the_credential() {
    for path in ["/token/reset", "/logout", "/api-keys/rotate"] {
        let (outcome, log) = run(path, Existing::Keep).await;
        assert!(matches!(outcome.end, RunStatus::Complete), "{path}");
        assert!(!log.contains(&format!("POST {path}")), "{log:?}");
        let mut operations = outcome.operations.iter();
        let revokes = operations.find(|one| one.id == "revokes");
        let why = revokes.expect("it is there").unreached.as_ref();
        assert_eq!(why, Some(&Unreached::Revoking));
    }
}

#[tokio::test]
async fn where_that_is_wanted_it_is_sent_once_and_last() {
    for path in ["/token/reset", "/logout", "/api-keys/rotate"] {
        let (outcome, log) = run(path, Existing::Touch).await;
        assert!(
            matches!(outcome.end, RunStatus::Complete),
            "{path}: {:?}",
            outcome.end
        );
        let revoking = format!("POST {path}");
        assert_eq!(log.iter().filter(|line| **line == revoking).count(), 1);
        assert_eq!(log.last(), Some(&revoking));
        assert!(log.len() > 10, "{path}: {log:?}");
        assert!(outcome.operations.iter().all(|one| one.unreached.is_none()));
    }
}

#[tokio::test]
async fn what_nobody_could_know_ends_the_run() {
    let (outcome, _) = run("/tidy", Existing::Keep).await;
    let RunStatus::Failed(FailReason::CredentialRevoked { after }) = &outcome.end else {
        panic!("{:?}", outcome.end);
    };
    assert_eq!(*after, ["revokes"]);
}
