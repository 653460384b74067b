//! What a change gives another name is deleted under that, whether `Location` or the response says so.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use oasgate::gate::Outcome;
use serde_json::{Value, json};

use crate::in_process::{check, only_member, settings};

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Folders, version: '1' }
paths:
  /folders:
    get:
      operationId: listFolders
      responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Folder' } } } } } }
    post:
      operationId: makeFolder
      requestBody: { $ref: '#/components/requestBodies/Folder' }
      responses:
        '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Folder' } } } }
        '400': { description: No }
        '409': { description: Taken }
        '415': { description: What? }
  /folders/{name}:
    parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
    get:
      operationId: getFolder
      responses:
        '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Folder' } } } }
        '404': { description: None }
    patch:
      operationId: renameFolder
      requestBody: { $ref: '#/components/requestBodies/Folder' }
      responses:
        '200': { description: Renamed, content: { application/json: { schema: { type: object } } } }
        '400': { description: No }
        '404': { description: None }
        '409': { description: Taken }
        '415': { description: What? }
    delete:
      operationId: deleteFolder
      responses: { '204': { description: Gone }, '404': { description: None } }
components:
  requestBodies:
    Folder: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Folder' } } } }
  schemas:
    Folder: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string, minLength: 1, pattern: '^[a-z]{3,9}$' } } }
";

/// How the service says what a thing is called now.
#[derive(Clone, Copy)]
enum Told {
    ByLocation,
    ByBody,
}

#[derive(Clone)]
struct Service {
    folders: Arc<Mutex<BTreeSet<String>>>,
    told: Told,
}

fn name(headers: &HeaderMap, body: &[u8]) -> Result<String, StatusCode> {
    let name = only_member(headers, body, "name")?;
    let is_right = |name: &&str| {
        (3..=9).contains(&name.len()) && name.bytes().all(|one| one.is_ascii_lowercase())
    };
    let name = name.as_str().filter(is_right).map(str::to_owned);
    name.ok_or(StatusCode::BAD_REQUEST)
}

async fn list(State(service): State<Service>) -> Json<Value> {
    let folders = service.folders.lock().expect("no handler panics");
    Json(folders.iter().map(|name| json!({ "name": name })).collect())
}

async fn make(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    let name = match name(&headers, &body) {
        Ok(name) => name,
        Err(status) => return status.into_response(),
    };
    let mut folders = service.folders.lock().expect("no handler panics");
    if !folders.insert(name.clone()) {
        return StatusCode::CONFLICT.into_response();
    }
    (StatusCode::CREATED, Json(json!({ "name": name }))).into_response()
}

async fn read(State(service): State<Service>, Path(name): Path<String>) -> Response {
    let folders = service.folders.lock().expect("no handler panics");
    if folders.contains(&name) {
        Json(json!({ "name": name })).into_response()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

async fn rename(
    State(service): State<Service>,
    Path(old): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let name = match name(&headers, &body) {
        Ok(name) => name,
        Err(status) => return status.into_response(),
    };
    let mut folders = service.folders.lock().expect("no handler panics");
    if !folders.contains(&old) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if name != old && folders.contains(&name) {
        return StatusCode::CONFLICT.into_response();
    }
    folders.remove(&old);
    folders.insert(name.clone());
    match service.told {
        Told::ByLocation => (
            [(header::LOCATION, format!("/folders/{name}"))],
            Json(json!({})),
        )
            .into_response(),
        Told::ByBody => Json(json!({ "name": name })).into_response(),
    }
}

async fn remove(State(service): State<Service>, Path(name): Path<String>) -> StatusCode {
    let mut folders = service.folders.lock().expect("no handler panics");
    if folders.remove(&name) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

async fn run(service: &Service, seed: u64) -> Outcome {
    let router = Router::new()
        .route("/folders", get(list).post(make))
        .route("/folders/{name}", get(read).patch(rename).delete(remove))
        .with_state(service.clone());
    check(DOCUMENT, router, &settings(seed)).await
}

#[tokio::test]
async fn what_was_renamed_is_deleted_under_its_new_name() {
    for told in [Told::ByLocation, Told::ByBody] {
        for seed in 0..3 {
            let service = Service {
                folders: Arc::default(),
                told,
            };
            let outcome = run(&service, seed).await;
            assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
            let renames = outcome
                .operations
                .iter()
                .find(|one| one.id == "renameFolder");
            let renames = renames.and_then(|one| one.statuses.get(&200));
            assert!(
                renames.is_some_and(|times| *times > 0),
                "nothing was renamed"
            );
            let left = service.folders.lock().expect("no handler panics").clone();
            assert!(left.is_empty(), "{left:?} is left");
        }
    }
}
