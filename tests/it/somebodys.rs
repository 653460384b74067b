//! What may be somebody else's is neither changed nor deleted, however a request comes to name it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::{
    collection::Collection,
    habits::{Came, service},
    in_process::{check, settings},
};

/// Flows that are found by their name, or made.
fn flows() -> Collection {
    Collection {
        thing: "Flow",
        operations: &["get", "change", "drop"],
        properties: json!({ "name": { "type": "string", "example": "mine" } }),
        required: &["name"],
        made: "200",
        refusals: &["4XX"],
    }
}

/// Things by their ids, with what each is called.
type Named = BTreeMap<i64, String>;

fn flow(all: &mut Named, came: &Came) -> (u16, Option<Value>) {
    let shown = |id: i64, name: &str| Some(json!({ "id": id, "name": name }));
    let id = came.number(1);
    let name = came.body.get("name").and_then(Value::as_str);
    match (came.route().as_str(), name) {
        ("POST /flows", Some(name)) => {
            let known = all.iter().find(|(_, known)| *known == name);
            let last = all.keys().next_back().copied().unwrap_or(700);
            let id = known.map_or(last + 1, |(id, _)| *id);
            all.insert(id, name.to_owned());
            (200, shown(id, name))
        }
        ("GET /flows/*", _) => match all.get(&id) {
            Some(name) => (200, shown(id, name)),
            None => (404, None),
        },
        ("PATCH /flows/*", Some(name)) if all.contains_key(&id) => {
            all.insert(id, name.to_owned());
            (200, shown(id, name))
        }
        ("DELETE /flows/*", _) => match all.remove(&id) {
            Some(_) => (204, None),
            None => (404, None),
        },
        _ => (400, None),
    }
}

#[tokio::test]
async fn what_a_post_finds_by_a_name_of_the_document_is_kept_and_others_are_changed() {
    let routes = &[
        "POST /flows",
        "GET /flows/*",
        "PATCH /flows/*",
        "DELETE /flows/*",
    ];
    for seed in 0..3 {
        let all = Arc::new(Mutex::new(Named::from([(700, "mine".to_owned())])));
        let own = Arc::clone(&all);
        let router = service(routes, move |came| {
            flow(&mut own.lock().expect("no handler panics"), came)
        });
        let outcome = check(&flows().document(), router, &settings(seed)).await;
        let all = all.lock().expect("no handler panics");
        assert_eq!(all.get(&700).map(String::as_str), Some("mine"), "{seed}");
        let notices = outcome.notices.join("\n");
        assert!(notices.contains("not deleted, since"), "{notices}");
        for id in all.keys() {
            assert!(
                notices.contains(&format!("/flows/{id}")),
                "{seed}: {notices}"
            );
        }
        let changes = outcome.operations.iter().find(|one| one.id == "changeFlow");
        assert_eq!(changes.expect("it is there").unreached, None, "{seed}");
    }
}

const SECRETS: &str = r"
openapi: 3.0.3
info: { title: Secrets that are set by their keys, version: '1' }
paths:
  /secrets:
    put:
      operationId: setSecrets
      requestBody: { required: true, content: { application/json: { schema: { type: array, items: { type: object, required: [key], properties: { key: { type: string, example: API_KEY }, value: { type: string } } } } } } }
      responses: { '204': { description: Set }, 4XX: { description: No } }
";

#[tokio::test]
async fn keys_that_the_document_shows_are_not_set() {
    for seed in 0..5 {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&seen);
        let router = axum::Router::new().fallback(move |body: axum::body::Bytes| {
            let text = String::from_utf8_lossy(&body).into_owned();
            own.lock().expect("no handler panics").push(text);
            async { axum::http::StatusCode::NO_CONTENT }
        });
        check(SECRETS, router, &settings(seed)).await;
        let seen = seen.lock().expect("no handler panics");
        let named = seen.iter().find(|body| body.contains("API_KEY"));
        assert_eq!(named, None, "{seed}");
    }
}

/// Owners that a PUT makes as well.
fn owners() -> Collection {
    Collection {
        thing: "Owner",
        operations: &["list", "get", "set", "drop"],
        properties: json!({ "text": { "type": "string" } }),
        required: &["text"],
        made: "201",
        refusals: &["4XX"],
    }
}

#[tokio::test]
async fn a_put_that_makes_what_it_names_moves_no_number_far() {
    let routes = &[
        "GET /owners",
        "POST /owners",
        "GET /owners/*",
        "PUT /owners/*",
        "DELETE /owners/*",
    ];
    for seed in 0..3 {
        let all = Arc::new(Mutex::new((Named::from([(1, "Ann".to_owned())]), 1)));
        let own = Arc::clone(&all);
        let router = service(routes, move |came| {
            let mut own = own.lock().expect("no handler panics");
            let (owners, last) = &mut *own;
            let shown = |id: i64, text: &str| json!({ "id": id, "text": text });
            let id = match came.method.as_str() {
                "POST" => *last + 1,
                _ => came.number(1),
            };
            match (came.method.as_str(), came.text("text")) {
                ("GET", _) if came.path.len() == 1 => {
                    let all = owners.iter().map(|(id, text)| shown(*id, text));
                    (200, Some(all.collect()))
                }
                ("GET", _) => match owners.get(&id) {
                    Some(text) => (200, Some(shown(id, text))),
                    None => (404, None),
                },
                ("DELETE", _) => match owners.remove(&id) {
                    Some(_) => (204, None),
                    None => (404, None),
                },
                (method, Some(text)) => {
                    owners.insert(id, text.to_owned());
                    *last = id.max(*last);
                    (
                        if method == "POST" { 201 } else { 200 },
                        Some(shown(id, text)),
                    )
                }
                _ => (400, None),
            }
        });
        check(&owners().document(), router, &settings(seed)).await;
        let all = all.lock().expect("no handler panics");
        assert_eq!(all.0, Named::from([(1, "Ann".to_owned())]), "{seed}");
        assert!(all.1 < 1_100_000, "{seed}: {}", all.1);
    }
}

const FLAGS: &str = r"
openapi: 3.0.3
info: { title: Flags that two collections show, version: '1' }
paths:
  /flags:
    get: { operationId: listFlags, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { type: object, required: [name], properties: { name: { type: string } } } } } } } } }
  /client/flags:
    get: { operationId: listForClients, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { type: object, required: [name], properties: { name: { type: string } } } } } } } } }
  /client/flags/{name}:
    parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
    get: { operationId: getForClients, responses: { '200': { description: One }, 4XX: { description: No } } }
  /archive/revive/{name}:
    parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
    post: { operationId: reviveFlag, responses: { '200': { description: Revived }, 4XX: { description: No } } }
";

#[tokio::test]
async fn what_another_collection_shows_is_not_acted_on() {
    let routes = &[
        "GET /flags",
        "GET /client/flags",
        "GET /client/flags/somebodys",
        "POST /archive/revive/somebodys",
    ];
    for seed in 0..3 {
        let revived = Arc::new(Mutex::new(0));
        let count = Arc::clone(&revived);
        let router = service(routes, move |came| match came.route().as_str() {
            "GET /flags" | "GET /client/flags" => (200, Some(json!([{ "name": "somebodys" }]))),
            "POST /archive/revive/somebodys" => {
                *count.lock().expect("no handler panics") += 1;
                (200, None)
            }
            "GET /client/flags/somebodys" => (200, None),
            _ => (404, None),
        });
        check(FLAGS, router, &settings(seed)).await;
        assert_eq!(*revived.lock().expect("no handler panics"), 0, "{seed}");
    }
}

const SHOWN: &str = r"
openapi: 3.0.3
info: { title: Things that are only shown, version: '1' }
paths:
  /things:
    get: { operationId: listThings, responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { type: object, required: [id], properties: { id: { type: string } } } } } } } } }
  /things/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    get: { operationId: getThing, responses: { '200': { description: One }, 4XX: { description: No } } }
";

#[tokio::test]
async fn undeclared_methods_are_not_tried_on_what_was_learned() {
    let routes = &[
        "GET /things",
        "GET /things/somebodys",
        "DELETE /things/somebodys",
        "PUT /things/somebodys",
        "PATCH /things/somebodys",
        "POST /things/somebodys",
    ];
    for seed in 0..3 {
        let changed = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&changed);
        let router = service(routes, move |came| match came.route().as_str() {
            "GET /things" => (200, Some(json!([{ "id": "somebodys" }]))),
            "GET /things/somebodys" => (200, None),
            other => {
                seen.lock()
                    .expect("no handler panics")
                    .push(other.to_owned());
                (204, None)
            }
        });
        check(SHOWN, router, &settings(seed)).await;
        let changed = changed.lock().expect("no handler panics");
        let of_somebody = changed.iter().filter(|one| one.ends_with("/somebodys"));
        assert_eq!(of_somebody.count(), 0, "{seed}: {changed:?}");
    }
}

const RESOURCES: &str = r"
openapi: 3.0.3
info: { title: Resources that are sent by their names, version: '1' }
paths:
  /resources:
    get: { operationId: listResources, responses: { '200': { description: All, content: { application/json: { schema: { type: object } } } } } }
    post:
      operationId: addResource
      requestBody: { required: true, content: { application/json: { schema: { type: object }, example: { lakes: { type: process } } } } }
      responses: { '201': { description: Made }, 4XX: { description: No } }
  /resources/{name}:
    parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
    get: { operationId: getResource, responses: { '200': { description: One, content: { application/json: { schema: { type: object } } } }, 4XX: { description: No } } }
";

#[tokio::test]
async fn members_that_are_called_as_what_is_there_are_not_sent() {
    let routes = &[
        "GET /resources",
        "POST /resources",
        "GET /resources/lakes",
        "GET /resources/rivers",
    ];
    for seed in 0..3 {
        let replaced = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&replaced);
        let router = service(routes, move |came| match came.method.as_str() {
            "GET" if came.path.len() == 1 => (
                200,
                Some(
                    json!({ "lakes": { "type": "collection" }, "rivers": { "type": "collection" } }),
                ),
            ),
            "GET" => (200, Some(json!({ "type": "collection" }))),
            _ => {
                let names = came.body.keys().cloned();
                seen.lock().expect("no handler panics").extend(names);
                (201, None)
            }
        });
        check(RESOURCES, router, &settings(seed)).await;
        let replaced = replaced.lock().expect("no handler panics");
        let of_somebody = replaced
            .iter()
            .filter(|one| ["lakes", "rivers"].contains(&one.as_str()));
        assert_eq!(of_somebody.count(), 0, "{seed}: {replaced:?}");
    }
}

const MANAGED: &str = r"
openapi: 3.0.3
info: { title: A server that is managed by a word, version: '1' }
paths:
  /server/manage:
    post:
      operationId: manage
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [operation], additionalProperties: false, properties: { operation: { type: string, enum: [reload, shutdown, restart] } } } } } }
      responses: { '200': { description: Done }, '400': { description: No } }
";

#[tokio::test]
async fn a_value_that_ends_the_service_is_not_sent() {
    for seed in 0..3 {
        let said = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&said);
        let router = service(&["POST /server/manage"], move |came| {
            let operation = came.text("operation").unwrap_or_default().to_owned();
            let is_known = ["reload", "shutdown", "restart"].contains(&operation.as_str());
            seen.lock().expect("no handler panics").push(operation);
            (if is_known { 200 } else { 400 }, None)
        });
        let outcome = check(MANAGED, router, &settings(seed)).await;
        let said = said.lock().expect("no handler panics");
        let is_said = |word: &str| said.iter().any(|one| one == word);
        assert!(is_said("reload"), "{seed}: {said:?}");
        assert!(
            !is_said("shutdown") && !is_said("restart"),
            "{seed}: {said:?}"
        );
        assert!(outcome.operations[0].unreached.is_none(), "{seed}");
    }
}
