//! What a run leaves as it was: settings that are always there, and what has no path of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use oasgate::gate::{CleanUp, LiveSettings};
use serde_json::{Value, json};

use crate::in_process::{check, only_member, settings};

const SETTINGS: &str = r"
openapi: 3.0.3
info: { title: Settings, version: '1' }
paths:
  /limits:
    get:
      operationId: getLimits
      responses: { '200': { description: As they are, content: { application/json: { schema: { $ref: '#/components/schemas/Limits' } } } } }
    post:
      operationId: setLimits
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Limits' } } } }
      responses: { '204': { description: Set }, '400': { description: No }, '415': { description: What? } }
  /name:
    get:
      operationId: getName
      responses: { '200': { description: As it is, content: { application/json: { schema: { $ref: '#/components/schemas/Name' } } } } }
    put:
      operationId: putName
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Name' } } } }
      responses: { '204': { description: Set }, '400': { description: No }, '415': { description: What? } }
components:
  schemas:
    Limits: { type: object, required: [most], additionalProperties: false, properties: { most: { type: integer, minimum: 1, maximum: 1000 } } }
    Name: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string, pattern: '^[a-z]{3,9}$' } } }
";

#[derive(Clone)]
struct Settings(Arc<Mutex<BTreeMap<&'static str, Value>>>);

async fn limits(State(Settings(all)): State<Settings>) -> Json<Value> {
    Json(json!({ "most": all.lock().expect("no handler panics")["most"] }))
}

async fn set_limits(
    State(Settings(all)): State<Settings>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let most = match only_member(&headers, &body, "most") {
        Ok(most) => most,
        Err(status) => return status,
    };
    let is_right = |most: f64| most.fract() == 0.0 && (1.0..=1000.0).contains(&most);
    if !most.as_f64().is_some_and(is_right) {
        return StatusCode::BAD_REQUEST;
    }
    all.lock().expect("no handler panics").insert("most", most);
    StatusCode::NO_CONTENT
}

async fn name(State(Settings(all)): State<Settings>) -> Json<Value> {
    Json(json!({ "name": all.lock().expect("no handler panics")["name"] }))
}

async fn set_name(
    State(Settings(all)): State<Settings>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let name = match only_member(&headers, &body, "name") {
        Ok(name) => name,
        Err(status) => return status,
    };
    let is_right = |name: &str| {
        (3..=9).contains(&name.len()) && name.bytes().all(|one| one.is_ascii_lowercase())
    };
    if !name.as_str().is_some_and(is_right) {
        return StatusCode::BAD_REQUEST;
    }
    all.lock().expect("no handler panics").insert("name", name);
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn settings_are_restored() {
    let before = BTreeMap::from([("most", json!(77)), ("name", json!("before"))]);
    for seed in 0..3 {
        let service = Settings(Arc::new(Mutex::new(before.clone())));
        let router = Router::new()
            .route("/limits", get(limits).post(set_limits))
            .route("/name", get(name).put(set_name))
            .with_state(service.clone());
        let outcome = check(SETTINGS, router, &settings(seed)).await;
        assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
        for operation in outcome.operations.iter().filter(|one| one.method != "GET") {
            let changes = operation.statuses.get(&204);
            assert!(changes.is_some(), "{} changed nothing", operation.id);
        }
        assert_eq!(*service.0.lock().expect("no handler panics"), before);
    }
}

const OPEN: &str = r"
openapi: 3.0.3
info: { title: A setting that is free, version: '1' }
paths:
  /variables:
    get: { operationId: getVariables, responses: { '200': { $ref: '#/components/responses/Variables' } } }
    put: { operationId: putVariables, requestBody: { required: true, content: { application/json: { schema: { type: object } } } }, responses: { '200': { $ref: '#/components/responses/Variables' }, '400': { description: No } } }
components:
  responses:
    Variables: { description: All, content: { application/json: { schema: { type: object } } } }
";

/// Takes an object, and answers as it is told.
fn variables(held: &Arc<Mutex<Value>>, answer: StatusCode) -> Router {
    let shown = Arc::clone(held);
    let read = move || async move { Json(shown.lock().expect("no handler panics").clone()) };
    let own = Arc::clone(held);
    let write = move |body: Bytes| async move {
        let Ok(Value::Object(members)) = serde_json::from_slice(&body) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        *own.lock().expect("no handler panics") = Value::Object(members.clone());
        (answer, Json(members)).into_response()
    };
    Router::new().route("/variables", get(read).put(write))
}

#[tokio::test]
async fn what_a_failing_change_has_written_is_restored() {
    let before = json!({ "mine": "yes" });
    let held = Arc::new(Mutex::new(before.clone()));
    let router = variables(&held, StatusCode::INTERNAL_SERVER_ERROR);
    check(OPEN, router, &settings(1)).await;
    assert_eq!(*held.lock().expect("no handler panics"), before);
}

#[tokio::test]
async fn what_the_run_did_not_make_is_restored_also_where_the_rest_is_left() {
    let before = json!({ "mine": "yes" });
    let held = Arc::new(Mutex::new(before.clone()));
    let router = variables(&held, StatusCode::OK);
    let leaving = LiveSettings {
        clean_up: CleanUp::Leave,
        ..settings(1)
    };
    check(OPEN, router, &leaving).await;
    assert_eq!(*held.lock().expect("no handler panics"), before);
}

const GROUPS: &str = r"
openapi: 3.0.3
info: { title: Groups, version: '1' }
paths:
  /createGroup:
    post:
      operationId: createGroup
      responses: { '200': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Made' } } } } }
  /deleteGroup:
    post:
      operationId: deleteGroup
      parameters: [{ $ref: '#/components/parameters/Group' }]
      responses: { '200': { description: Gone }, '400': { description: No such group } }
  /listPads:
    get:
      operationId: listPads
      parameters: [{ $ref: '#/components/parameters/Group' }]
      responses: { '200': { description: All, content: { application/json: { schema: { type: array } } } }, '400': { description: No such group } }
components:
  parameters:
    Group: { name: groupID, in: query, required: true, schema: { type: string } }
  schemas:
    Made: { type: object, required: [data], properties: { data: { type: object, required: [groupID], properties: { groupID: { type: string } } } } }
";

#[derive(Clone, Default)]
struct Groups {
    made: Arc<Mutex<u32>>,
    groups: Arc<Mutex<BTreeSet<String>>>,
}

async fn create_group(State(service): State<Groups>) -> Json<Value> {
    let mut made = service.made.lock().expect("no handler panics");
    *made += 1;
    let id = format!("g.{made:04}");
    let mut groups = service.groups.lock().expect("no handler panics");
    groups.insert(id.clone());
    Json(json!({ "data": { "groupID": id } }))
}

fn group(query: &BTreeMap<String, String>) -> &str {
    query.get("groupID").map_or("", String::as_str)
}

async fn delete_group(
    State(service): State<Groups>,
    Query(query): Query<BTreeMap<String, String>>,
) -> StatusCode {
    let mut groups = service.groups.lock().expect("no handler panics");
    if groups.remove(group(&query)) {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    }
}

async fn list_pads(
    State(service): State<Groups>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let groups = service.groups.lock().expect("no handler panics");
    if groups.contains(group(&query)) {
        Json(json!([])).into_response()
    } else {
        StatusCode::BAD_REQUEST.into_response()
    }
}

#[tokio::test]
async fn what_has_no_path_is_removed_by_the_operation_that_is_called_so() {
    for seed in 0..3 {
        let service = Groups::default();
        let router = Router::new()
            .route("/createGroup", post(create_group))
            .route("/deleteGroup", post(delete_group))
            .route("/listPads", get(list_pads))
            .with_state(service.clone());
        let outcome = check(GROUPS, router, &settings(seed)).await;
        assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
        assert!(*service.made.lock().expect("no handler panics") > 0);
        let left = service.groups.lock().expect("no handler panics").clone();
        assert!(left.is_empty(), "{left:?} is left");
    }
}
