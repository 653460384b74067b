//! Habits of services that others wrote, each as small as it can be: one closure answers all requests, after what every
//! framework does by itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use oasgate::gate::Outcome;
use serde_json::{Map, Value, json};

use crate::in_process::{check, settings};

/// What came: the method, the segments of the path, and the JSON object of the body where there is one.
pub(crate) struct Came {
    pub(crate) method: String,
    pub(crate) path: Vec<String>,
    pub(crate) body: Map<String, Value>,
}

impl Came {
    /// The method and the path, with `*` for each segment that is a number.
    pub(crate) fn route(&self) -> String {
        let segments = self.path.iter().map(|one| match one.parse::<i64>() {
            Ok(_) => "/*".to_owned(),
            Err(_) => format!("/{one}"),
        });
        format!("{} {}", self.method, segments.collect::<String>())
    }

    /// The number at a place of the path, else one that names nothing.
    pub(crate) fn number(&self, at: usize) -> i64 {
        let segment = self.path.get(at);
        segment.and_then(|one| one.parse().ok()).unwrap_or(-1)
    }

    /// The body, if it has nothing but one text of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let only = self.body.len() == 1;
        self.body.get(name).filter(|_| only)?.as_str()
    }
}

pub(crate) type Answer = (u16, Option<Value>);

/// A service of these routes, each a method and a path with `*` for a number, that answers by a closure.
pub(crate) fn service(
    routes: &'static [&'static str],
    answer: impl Fn(&Came) -> Answer + Send + Sync + 'static,
) -> Router {
    let answer = Arc::new(answer);
    Router::new().fallback(
        move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let answer = Arc::clone(&answer);
            async move { handle(routes, &*answer, &method, &uri, &headers, &body) }
        },
    )
}

fn handle(
    routes: &[&str],
    answer: &dyn Fn(&Came) -> Answer,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let segments = uri.path().split('/').skip(1).map(str::to_owned);
    let mut came = Came {
        method: method.to_string(),
        path: segments.collect(),
        body: Map::new(),
    };
    let route = came.route();
    let path = route.split_once(' ').map_or("", |(_, path)| path);
    let at_path = routes.iter().filter_map(|one| one.split_once(' '));
    let at_path = at_path.filter(|(_, known)| *known == path);
    let allowed: Vec<&str> = at_path.map(|(method, _)| method).collect();
    if allowed.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    if !allowed.contains(&method.as_str()) {
        let allow = [(header::ALLOW, allowed.join(", "))];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
        let content_type = headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        if content_type.is_none_or(|one| !one.ends_with("json")) {
            return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
        }
        // A name that comes twice is refused, as strict readers do.
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let mut names = BTreeMap::new();
        count_names(&members, &mut names);
        let text = String::from_utf8_lossy(body);
        let comes_twice = |(name, count): (&String, &usize)| {
            text.matches(&format!("\"{name}\":")).count() > *count
        };
        if names.iter().any(comes_twice) {
            return StatusCode::BAD_REQUEST.into_response();
        }
        came.body = members;
    }
    let (status, shown) = answer(&came);
    let status = StatusCode::from_u16(status).expect("a status");
    match shown {
        Some(value) => (status, axum::Json(value)).into_response(),
        None => status.into_response(),
    }
}

/// How often each name stands in an object and in the objects within it.
fn count_names(members: &Map<String, Value>, names: &mut BTreeMap<String, usize>) {
    for (name, member) in members {
        *names.entry(name.clone()).or_default() += 1;
        let within = match member {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for object in within.iter().filter_map(Value::as_object) {
            count_names(object, names);
        }
    }
}

/// The rules of what is found, each with its operation.
pub(crate) fn rules(outcome: &Outcome) -> Vec<String> {
    let findings = outcome.findings.iter();
    let named = findings.map(|one| {
        let operation = one.operation.as_deref().unwrap_or("-");
        format!("{} {operation}", one.rule)
    });
    let mut named: Vec<String> = named.collect();
    named.sort();
    named.dedup();
    named
}

const NOTES: &str = r"
openapi: 3.0.3
info: { title: Notes of tasks, version: '1' }
paths:
  /tasks:
    get: { operationId: listTasks, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Task' } } } } } } }
    post:
      operationId: addTask
      requestBody: { $ref: '#/components/requestBodies/Text' }
      responses: { '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Task' } } } }, 4XX: { description: No } }
  /tasks/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getTask, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Task' } } } }, 4XX: { description: No } } }
    delete: { operationId: dropTask, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /tasks/{id}/notes:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    post:
      operationId: addNote
      requestBody: { $ref: '#/components/requestBodies/Text' }
      responses: { '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } }, 4XX: { description: No } }
  /notes/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getNote, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Note' } } } }, 4XX: { description: No } } }
    patch:
      operationId: changeNote
      requestBody: { $ref: '#/components/requestBodies/Text' }
      responses: { '200': { description: Changed, content: { application/json: { schema: {} } } }, 4XX: { description: No } }
    delete: { operationId: dropNote, responses: { '204': { description: Gone }, 4XX: { description: No } } }
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: integer } }
  requestBodies:
    Text: { required: true, content: { application/json: { schema: { type: object, required: [text], additionalProperties: false, properties: { text: { type: string } } } } } }
  schemas:
    Task: { type: object, required: [id, text], properties: { id: { type: integer }, text: { type: string } } }
    Note: { type: object, required: [id, text], properties: { id: { type: integer }, text: { type: string } } }
";

const NOTE_ROUTES: &[&str] = &[
    "GET /tasks",
    "POST /tasks",
    "GET /tasks/*",
    "DELETE /tasks/*",
    "POST /tasks/*/notes",
    "GET /notes/*",
    "PATCH /notes/*",
    "DELETE /notes/*",
];

/// Tasks by their ids, notes by their ids with the task of each, and the last id.
type Notes = (BTreeMap<i64, String>, BTreeMap<i64, (i64, String)>, i64);

/// Deletes the notes of a task with it, and takes anything for the text of a note that is changed.
fn notes(all: &Mutex<Notes>, came: &Came) -> Answer {
    let mut all = all.lock().expect("no handler panics");
    let (tasks, notes, last) = &mut *all;
    let id = came.number(1);
    let shown = |id: i64, text: &str| Some(json!({ "id": id, "text": text }));
    match came.route().as_str() {
        "GET /tasks" => {
            let all = tasks.iter().map(|(id, text)| shown(*id, text));
            (200, Some(all.flatten().collect()))
        }
        "POST /tasks" => match came.text("text") {
            Some(text) => {
                *last += 1;
                tasks.insert(*last, text.to_owned());
                (201, shown(*last, text))
            }
            None => (400, None),
        },
        "GET /tasks/*" => tasks
            .get(&id)
            .map_or((404, None), |text| (200, shown(id, text))),
        "DELETE /tasks/*" => {
            notes.retain(|_, (task, _)| *task != id);
            (
                if tasks.remove(&id).is_some() {
                    204
                } else {
                    404
                },
                None,
            )
        }
        "POST /tasks/*/notes" => match came.text("text") {
            _ if !tasks.contains_key(&id) => (404, None),
            Some(text) => {
                *last += 1;
                notes.insert(*last, (id, text.to_owned()));
                (201, shown(*last, text))
            }
            None => (400, None),
        },
        "GET /notes/*" => notes
            .get(&id)
            .map_or((404, None), |(_, text)| (200, shown(id, text))),
        "PATCH /notes/*" => match (notes.get_mut(&id), came.body.get("text")) {
            (None, _) => (404, None),
            (Some((_, known)), Some(text)) if came.body.len() == 1 => {
                *known = text
                    .as_str()
                    .map_or_else(|| text.to_string(), str::to_owned);
                (200, shown(id, known))
            }
            _ => (400, None),
        },
        "DELETE /notes/*" => (
            if notes.remove(&id).is_some() {
                204
            } else {
                404
            },
            None,
        ),
        _ => (404, None),
    }
}

#[tokio::test]
async fn what_is_made_below_its_parent_is_found_at_the_top_also_when_its_parent_is_gone() {
    for seed in 0..3 {
        let all = Arc::new(Mutex::new(Notes::default()));
        let own = Arc::clone(&all);
        let router = service(NOTE_ROUTES, move |came| notes(&own, came));
        let outcome = check(NOTES, router, &settings(seed)).await;
        assert_eq!(rules(&outcome), ["accepted-invalid changeNote"], "{seed}");
        let all = all.lock().expect("no handler panics");
        assert!(all.0.is_empty() && all.1.is_empty(), "{all:?} is left");
    }
}

const CONFIG: &str = r"
openapi: 3.0.3
info: { title: A whole configuration, version: '1' }
paths:
  /config:
    get: { operationId: getConfig, responses: { '200': { description: All of it, content: { application/json: { schema: { type: object } } } } } }
    post:
      operationId: setConfig
      requestBody: { required: true, content: { application/json: { schema: { type: object } } } }
      responses: { '201': { description: Set, content: { application/json: { schema: { type: object } } } }, 4XX: { description: No } }
  /bridge:
    get: { operationId: getBridge, responses: { '200': { description: Names, content: { application/json: { schema: { type: array, items: { type: string } } } } } } }
    put:
      operationId: setBridge
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [adapters], properties: { adapters: { type: array, items: { type: string } } } } } } }
      responses: { '204': { description: Set }, 4XX: { description: No } }
";

#[tokio::test]
async fn a_post_that_replaces_what_a_get_shows_is_undone_and_what_cannot_be_restored_is_not_set() {
    let before = json!({ "bridge": { "name": "home" }, "platforms": [{ "port": 1 }] });
    for seed in 0..3 {
        let config = Arc::new(Mutex::new((before.clone(), json!(["eth0"]), 0)));
        let own = Arc::clone(&config);
        let routes = &["GET /config", "POST /config", "GET /bridge", "PUT /bridge"];
        let router = service(routes, move |came| {
            let mut own = own.lock().expect("no handler panics");
            match came.route().as_str() {
                "GET /config" => (200, Some(own.0.clone())),
                "POST /config" => {
                    own.0 = Value::Object(came.body.clone());
                    own.2 += 1;
                    (201, Some(own.0.clone()))
                }
                "PUT /bridge" => {
                    own.1 = came.body.get("adapters").cloned().unwrap_or_default();
                    (204, None)
                }
                _ => (200, Some(own.1.clone())),
            }
        });
        check(CONFIG, router, &settings(seed)).await;
        let config = config.lock().expect("no handler panics");
        assert!(config.2 > 0, "it was set");
        assert_eq!(
            (&config.0, &config.1),
            (&before, &json!(["eth0"])),
            "{seed}"
        );
    }
}

const CARS: &str = r"
openapi: 3.0.3
info: { title: Cars of which the document says little, version: '1' }
paths:
  /cars:
    get: { operationId: listCars, responses: { '200': { description: All } } }
    post:
      operationId: addCar
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [make], additionalProperties: false, properties: { make: { type: string } } } } } }
      responses: { '200': { description: Made }, 4XX: { description: No } }
  /cars/{pk}:
    parameters: [{ name: pk, in: path, required: true, schema: { type: integer } }]
    get: { operationId: getCar, responses: { '200': { description: One }, 4XX: { description: No } } }
    delete: { operationId: dropCar, responses: { '204': { description: Gone }, 4XX: { description: No } } }
";

#[tokio::test]
async fn what_comes_names_what_was_made_whatever_is_declared_and_whether_it_succeeded() {
    for seed in 0..3 {
        let cars = Arc::new(Mutex::new((BTreeMap::<i64, String>::new(), 0)));
        let own = Arc::clone(&cars);
        let routes = &["GET /cars", "POST /cars", "GET /cars/*", "DELETE /cars/*"];
        let router = service(routes, move |came| {
            let mut own = own.lock().expect("no handler panics");
            let (cars, last) = &mut *own;
            let id = came.number(1);
            let shown = |(id, make): (&i64, &String)| json!({ "id": id, "make": make });
            match came.route().as_str() {
                "GET /cars" => (200, Some(cars.iter().map(shown).collect())),
                "POST /cars" => match came.text("make") {
                    Some(make) => {
                        *last += 1;
                        cars.insert(*last, make.to_owned());
                        let status = if make.is_empty() { 500 } else { 200 };
                        (
                            status,
                            (status == 200).then(|| json!([{ "id": last, "make": make }])),
                        )
                    }
                    None => (400, None),
                },
                "GET /cars/*" => cars
                    .get_key_value(&id)
                    .map_or((404, None), |one| (200, Some(json!([shown(one)])))),
                _ => (if cars.remove(&id).is_some() { 204 } else { 404 }, None),
            }
        });
        let outcome = check(CARS, router, &settings(seed)).await;
        let found = rules(&outcome);
        assert!(
            found.contains(&"server-error addCar".to_owned()),
            "{found:?}"
        );
        let unreached = found.iter().any(|one| one.starts_with("unreached"));
        assert!(!unreached, "{found:?}");
        let cars = cars.lock().expect("no handler panics");
        assert!(cars.0.is_empty(), "{:?} is left", cars.0);
    }
}

const KEYS: &str = r"
openapi: 3.0.3
info: { title: Owners by their numbers and books in parentheses, version: '1' }
paths:
  /owners:
    get: { operationId: listOwners, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Named' } } } } } } }
    post:
      operationId: saveOwner
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [name], additionalProperties: false, properties: { id: { type: integer }, name: { type: string } } } } } }
      responses: { '200': { description: Saved, content: { application/json: { schema: { $ref: '#/components/schemas/Named' } } } }, 4XX: { description: No } }
  /owners/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { operationId: getOwner, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Named' } } } }, 4XX: { description: No } } }
    delete: { operationId: dropOwner, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /import:
    post:
      operationId: importOwners
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string } } } } } }
      responses: { '200': { description: Their ids, content: { application/json: { schema: { type: array, items: { type: integer } } } } }, 4XX: { description: No } }
components:
  schemas:
    Named: { type: object, required: [id, name], properties: { id: { type: integer }, name: { type: string } } }
";

#[tokio::test]
async fn a_save_does_not_replace_what_was_there_and_what_an_action_makes_elsewhere_is_removed() {
    let routes = &[
        "GET /owners",
        "POST /owners",
        "GET /owners/*",
        "DELETE /owners/*",
        "POST /import",
    ];
    let before = BTreeMap::from([(1, "Ann".to_owned()), (2, "Bob".to_owned())]);
    for seed in 0..3 {
        let owners = Arc::new(Mutex::new(before.clone()));
        let own = Arc::clone(&owners);
        let router = service(routes, move |came| {
            let mut own = own.lock().expect("no handler panics");
            let next = own.keys().last().map_or(1, |last| last + 1);
            let shown = |(id, name): (&i64, &String)| json!({ "id": id, "name": name });
            let id = came.number(1);
            match came.route().as_str() {
                "GET /owners" => (200, Some(own.iter().map(shown).collect())),
                "POST /owners" | "POST /import" => {
                    let name = came.body.get("name").and_then(Value::as_str);
                    let id = came.body.get("id").map_or(Some(next), Value::as_i64);
                    let is_known = came.body.keys().all(|one| one == "id" || one == "name");
                    let (Some(name), Some(id), true) = (name, id, is_known) else {
                        return (400, None);
                    };
                    own.insert(id, name.to_owned());
                    let is_import = came.path[0] == "import";
                    let shown = if is_import {
                        json!([id])
                    } else {
                        json!({ "id": id, "name": name })
                    };
                    (200, Some(shown))
                }
                "GET /owners/*" => own
                    .get_key_value(&id)
                    .map_or((404, None), |one| (200, Some(shown(one)))),
                _ => (if own.remove(&id).is_some() { 204 } else { 404 }, None),
            }
        });
        let outcome = check(KEYS, router, &settings(seed)).await;
        // That `id` is taken for any owner's is not looked at without leave.
        let found = rules(&outcome);
        assert!(
            found
                .iter()
                .all(|one| one == "accepted-invalid importOwners"),
            "{found:?}"
        );
        assert_eq!(*owners.lock().expect("no handler panics"), before, "{seed}");
    }
}

const VARIABLES: &str = r"
openapi: 3.0.3
info: { title: Variables whose bodies repeat their keys, version: '1' }
paths:
  /variables:
    get: { operationId: listVariables, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Variable' } } } } } } }
    post:
      operationId: addVariable
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Variable' } } } }
      responses: { '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Variable' } } } }, 4XX: { description: No } }
  /variables/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { operationId: getVariable, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Variable' } } } }, 4XX: { description: No } } }
    put:
      operationId: setVariable
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Variable' } } } }
      responses: { '200': { description: Set, content: { application/json: { schema: { $ref: '#/components/schemas/Variable' } } } }, 4XX: { description: No } }
    delete: { operationId: dropVariable, responses: { '204': { description: Gone }, 4XX: { description: No } } }
components:
  schemas:
    Variable: { type: object, required: [id, text], additionalProperties: false, properties: { id: { type: integer }, text: { type: string } } }
";

#[tokio::test]
async fn a_body_repeats_the_key_of_its_path_so_that_the_rest_of_it_is_looked_at() {
    let routes = &[
        "GET /variables",
        "POST /variables",
        "GET /variables/*",
        "PUT /variables/*",
        "DELETE /variables/*",
    ];
    for seed in 0..3 {
        let variables = Arc::new(Mutex::new(BTreeMap::<i64, Value>::new()));
        let own = Arc::clone(&variables);
        let router = service(routes, move |came| {
            let mut own = own.lock().expect("no handler panics");
            let id = came.number(1);
            let said = came.body.get("id").and_then(Value::as_i64);
            let text = came.body.get("text").cloned();
            let shown = |(id, text): (&i64, &Value)| json!({ "id": id, "text": text });
            let is_known = came.body.keys().all(|one| one == "id" || one == "text");
            match came.route().as_str() {
                "GET /variables" => (200, Some(own.iter().map(shown).collect())),
                "POST /variables" => match (said, text) {
                    (Some(id), _) if own.contains_key(&id) => (409, None),
                    (Some(id), Some(Value::String(text))) if is_known => {
                        own.insert(id, json!(text));
                        (201, Some(json!({ "id": id, "text": text })))
                    }
                    _ => (400, None),
                },
                "GET /variables/*" => own
                    .get_key_value(&id)
                    .map_or((404, None), |one| (200, Some(shown(one)))),
                "PUT /variables/*" if !own.contains_key(&id) => (404, None),
                // It takes anything for the text.
                "PUT /variables/*" => match text {
                    Some(text) if said == Some(id) && is_known => {
                        own.insert(id, json!(text.to_string()));
                        (200, own.get_key_value(&id).map(shown))
                    }
                    _ => (400, None),
                },
                _ => (if own.remove(&id).is_some() { 204 } else { 404 }, None),
            }
        });
        let outcome = check(VARIABLES, router, &settings(seed)).await;
        let found = rules(&outcome);
        assert!(
            found.contains(&"accepted-invalid setVariable".to_owned()),
            "{found:?}"
        );
        let is_refused = found.iter().any(|one| one.starts_with("rejected-valid"));
        assert!(!is_refused, "{found:?}");
        assert!(
            variables.lock().expect("no handler panics").is_empty(),
            "{seed}"
        );
    }
}

const HISTORY: &str = r"
openapi: 3.0.3
info: { title: What was done can be undone, version: '1' }
paths:
  /history:
    get: { operationId: listHistory, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Change' } } } } } } }
  /history/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: getChange, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Change' } } } }, 4XX: { description: No } } }
  /history/{id}/undo:
    parameters: [{ $ref: '#/components/parameters/Id' }]
    get: { operationId: tryUndo, responses: { '200': { description: What would be, content: { application/json: { schema: { $ref: '#/components/schemas/Change' } } } }, 4XX: { description: No } } }
    post: { operationId: undo, responses: { '200': { description: Undone, content: { application/json: { schema: { $ref: '#/components/schemas/Change' } } } }, 4XX: { description: No } } }
  /things/{id}/merge/{other}:
    parameters:
    - { $ref: '#/components/parameters/Id' }
    - { name: other, in: path, required: true, schema: { type: integer } }
    post: { operationId: merge, responses: { '200': { description: Merged, content: { application/json: { schema: { $ref: '#/components/schemas/Change' } } } }, 4XX: { description: No } } }
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: integer } }
  schemas:
    Change: { type: object, required: [id], properties: { id: { type: integer } } }
";

#[tokio::test]
async fn an_action_is_not_done_to_what_was_there_whatever_a_get_beside_it_shows() {
    for seed in 0..3 {
        let done = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&done);
        let routes = &[
            "GET /history",
            "GET /history/*",
            "GET /history/*/undo",
            "POST /history/*/undo",
            "POST /things/*/merge/*",
        ];
        let router = service(routes, move |came| {
            let change = |id: i64| json!({ "id": id });
            let id = came.number(1);
            let is_there = (1..=2).contains(&id);
            match came.route().as_str() {
                "GET /history" => (200, Some(json!([change(1), change(2)]))),
                _ if !is_there => (404, None),
                route if route.starts_with("POST") => {
                    let mut own = own.lock().expect("no handler panics");
                    own.push(came.path.join("/"));
                    (200, Some(change(id)))
                }
                _ => (200, Some(change(id))),
            }
        });
        check(HISTORY, router, &settings(seed)).await;
        let done = done.lock().expect("no handler panics");
        assert!(done.is_empty(), "{seed}: {done:?}");
    }
}

const MENUS: &str = r"
openapi: 3.0.3
info: { title: What only a refusal calls a recipe, version: '1' }
paths:
  /recipes:
    get: { operationId: listRecipes, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Recipe' } } } } } } }
    post:
      operationId: addRecipe
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [text], additionalProperties: false, properties: { text: { type: string } } } } } }
      responses: { '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Recipe' } } } }, 4XX: { description: No } }
  /recipes/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { operationId: getRecipe, responses: { '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Recipe' } } } }, 4XX: { description: No } } }
    delete: { operationId: dropRecipe, responses: { '204': { description: Gone }, 4XX: { description: No } } }
  /tastings:
    post:
      operationId: taste
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [dish, stars], additionalProperties: false, properties: { dish: { type: integer }, stars: { type: integer, minimum: 1, maximum: 5 } } } } } }
      responses: { '200': { description: Tasted, content: { application/json: { schema: { type: object, required: [dish], properties: { dish: { type: string } } } } } }, 4XX: { description: No } }
components:
  schemas:
    Recipe: { type: object, required: [id, text], properties: { id: { type: integer }, text: { type: string } } }
";

/// Keeps recipes, and tells the dish that was tasted as a number, which the document calls a text.
fn menus(all: &Mutex<(BTreeMap<i64, String>, i64)>, came: &Came) -> Answer {
    let mut all = all.lock().expect("no handler panics");
    let (recipes, last) = &mut *all;
    let shown = |id: i64, text: &str| json!({ "id": id, "text": text });
    let id = came.number(1);
    match came.route().as_str() {
        "GET /recipes" => {
            let all = recipes.iter().map(|(id, text)| shown(*id, text));
            (200, Some(all.collect()))
        }
        "POST /recipes" => match came.text("text") {
            Some(text) => {
                *last += 1;
                recipes.insert(*last, text.to_owned());
                (201, Some(shown(*last, text)))
            }
            None => (400, None),
        },
        "GET /recipes/*" => match recipes.get(&id) {
            Some(text) => (200, Some(shown(id, text))),
            None => (404, None),
        },
        "DELETE /recipes/*" => match recipes.remove(&id) {
            Some(_) => (204, None),
            None => (404, None),
        },
        _ => {
            let number = |name: &str| came.body.get(name).and_then(Value::as_i64);
            match (number("dish"), number("stars")) {
                (Some(dish), Some(1..=5)) if came.body.len() == 2 => {
                    if recipes.contains_key(&dish) {
                        (200, Some(json!({ "dish": dish })))
                    } else {
                        (404, Some(json!({ "error": "No such recipe." })))
                    }
                }
                _ => (400, None),
            }
        }
    }
}

#[tokio::test]
async fn what_a_refusal_says_is_missing_is_given_from_what_is_there() {
    let routes = &[
        "GET /recipes",
        "POST /recipes",
        "GET /recipes/*",
        "DELETE /recipes/*",
        "POST /tastings",
    ];
    // Another collection of that name is farther away.
    let another = "  /v2/recipes/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    delete: { operationId: dropOther, responses: { '204': { description: Gone }, 4XX: { description: No } } }
components:";
    let with_another = MENUS.replace("components:", another);
    for (seed, document) in [
        (0, MENUS),
        (1, MENUS),
        (2, &with_another),
        (3, &with_another),
    ] {
        let all = Arc::new(Mutex::new((BTreeMap::new(), 1_000_000)));
        let own = Arc::clone(&all);
        let router = service(routes, move |came| menus(&own, came));
        let outcome = check(document, router, &settings(seed)).await;
        let mut found = rules(&outcome);
        found.retain(|one| !one.ends_with("dropOther"));
        assert_eq!(
            found,
            ["schema-mismatch taste", "undeclared-body taste"],
            "{seed}"
        );
        assert!(all.lock().expect("no handler panics").0.is_empty());
    }
}
