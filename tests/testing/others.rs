//! Sequences, what they leave, and another who may ask, without the command line.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use oasgate::{
    Contract,
    document::Document,
    gate::Phase,
    testing::{Gate, GateReport},
};
use serde_json::json;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Notes, version: '1' }
security: [{ bearer: [] }]
paths:
  /notes:
    post:
      operationId: makeNote
      responses:
        '201':
          description: Made
          headers: { Location: { required: true, schema: { type: string } } }
          content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } }
  /notes/{noteId}:
    parameters: [{ name: noteId, in: path, required: true, schema: { type: integer } }]
    get:
      operationId: getNote
      responses:
        '200':
          description: Fine
          content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } }
        '403': { description: It belongs to another }
        '404': { description: None }
    delete:
      operationId: deleteNote
      responses: { '204': { description: Gone }, '404': { description: None } }
components:
  securitySchemes: { bearer: { type: http, scheme: bearer } }
  schemas:
    Note: { type: object, required: [id], properties: { id: { type: integer } } }
";

/// Who may see a note.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    ToItsOwner,
    ToAll,
}

struct Notes {
    shows: Shows,
    /// Owners by id, and how many notes there ever were.
    kept: Mutex<(BTreeMap<i64, String>, i64)>,
}

type Service = Arc<Notes>;

fn asker(headers: &HeaderMap) -> String {
    let field = headers.get(header::AUTHORIZATION);
    field
        .map_or("", |value| value.to_str().unwrap_or(""))
        .into()
}

async fn make(State(notes): State<Service>, headers: HeaderMap) -> Response {
    let mut kept = notes.kept.lock().expect("nobody panics");
    kept.1 += 1;
    let id = kept.1;
    kept.0.insert(id, asker(&headers));
    let location = [(header::LOCATION, format!("/notes/{id}"))];
    (StatusCode::CREATED, location, Json(json!({ "id": id }))).into_response()
}

async fn show(State(notes): State<Service>, id: Path<i64>, headers: HeaderMap) -> Response {
    let kept = notes.kept.lock().expect("nobody panics");
    match kept.0.get(&id) {
        Some(owner) if notes.shows == Shows::ToAll || *owner == asker(&headers) => {
            Json(json!({ "id": *id })).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn delete(State(notes): State<Service>, id: Path<i64>, headers: HeaderMap) -> StatusCode {
    let mut kept = notes.kept.lock().expect("nobody panics");
    if kept.0.get(&id) == Some(&asker(&headers)) {
        kept.0.remove(&id);
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// Runs sequences as `told` says; how many notes were made, and how many were left.
async fn sequences(
    shows: Shows,
    told: impl FnOnce(Gate<'static>) -> Gate<'static>,
) -> (GateReport<'static>, i64, usize) {
    let notes = Arc::new(Notes {
        shows,
        kept: Mutex::default(),
    });
    let service = Router::new()
        .route("/notes", post(make))
        .route("/notes/{id}", get(show).delete(delete))
        .with_state(Arc::clone(&notes));
    let document = Document::parse("notes.yaml", DOCUMENT.to_owned()).expect("it loads");
    let gate = Gate::new(Contract::from_document(document))
        .token("alice")
        .phases([Phase::Sequences]);
    let ran = told(gate).service(service).run().await.expect("it runs");
    let kept = notes.kept.lock().expect("nobody panics");
    (ran, kept.1, kept.0.len())
}

fn rules(ran: &GateReport<'_>) -> Vec<String> {
    let findings = ran.outcome().findings.iter();
    findings.map(|finding| finding.rule.to_string()).collect()
}

#[tokio::test]
async fn another_who_reaches_what_is_not_theirs_is_found() {
    let rule = "broken-object-authorization".to_owned();
    let (ran, ..) = sequences(Shows::ToAll, |gate| gate.other("bob", "bob's")).await;
    assert!(rules(&ran).contains(&rule), "{ran}");
    assert!(ran.to_string().contains("bob"), "{ran}");
    let (ran, ..) = sequences(Shows::ToItsOwner, |gate| gate.other("bob", "bob's")).await;
    assert_eq!(rules(&ran), Vec::<String>::new(), "{ran}");
    let (ran, ..) = sequences(Shows::ToAll, |gate| gate).await;
    assert_eq!(rules(&ran), Vec::<String>::new(), "{ran}");
}

#[tokio::test]
async fn what_a_run_makes_and_leaves_is_as_told() {
    let (_, made, left) = sequences(Shows::ToItsOwner, |gate| gate.sequences(1)).await;
    assert!(made > 0);
    assert_eq!(left, 0);
    let (_, more, _) = sequences(Shows::ToItsOwner, |gate| gate.sequences(4)).await;
    assert!(more > made, "{more} {made}");
    let leave = |gate: Gate<'static>| gate.max_requests(2).workers(1).without_clean_up();
    let (ran, _, left) = sequences(Shows::ToItsOwner, leave).await;
    assert!(left > 0);
    assert_eq!(ran.outcome().held, 2);
}
