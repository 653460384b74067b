//! Sequences against a small shop in this process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, patch, post},
};
use oasgate::{
    Contract,
    document::Document,
    finding::Severity,
    gate::{
        self, CleanUp, Credential, Credentials, Interrupt, LiveSettings, Methods, NamedCredential,
        Outcome, Phase, SeverityRule,
    },
    transport::{Secret, ServiceTransport},
};
use serde_json::{Value, json};

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Shop, version: '1' }
security: [{ token: [] }]
paths:
  /carts:
    post:
      operationId: makeCart
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/NewCart' } } } }
      responses:
        '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Cart' } } } }
        '401': { description: Who? }
        '422': { description: No }
    get:
      operationId: listCarts
      responses:
        '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Cart' } } } } }
        '401': { description: Who? }
  /carts/{cart_id}:
    parameters: [{ name: cart_id, in: path, required: true, schema: { type: integer } }]
    get:
      operationId: readCart
      responses:
        '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Cart' } } } }
        '401': { description: Who? }
        '404': { description: None }
    patch:
      operationId: changeCart
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/NewCart' } } } }
      responses:
        '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Cart' } } } }
        '401': { description: Who? }
        '404': { description: None }
    delete:
      operationId: deleteCart
      responses: { '204': { description: Gone }, '401': { description: Who? }, '404': { description: None } }
  /carts/{cart_id}/items:
    parameters: [{ name: cart_id, in: path, required: true, schema: { type: integer } }]
    post:
      operationId: makeItem
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [sku], properties: { sku: { type: string, pattern: '^[a-z]{3}$' } } } } } }
      responses: { '201': { description: Made, headers: { Location: { schema: { type: string } } } }, '401': { description: Who? }, '404': { description: None } }
  /carts/{cart_id}/items/{item}:
    parameters:
    - { name: cart_id, in: path, required: true, schema: { type: integer } }
    - { name: item, in: path, required: true, schema: { type: string } }
    get:
      operationId: readItem
      responses: { '200': { description: One }, '401': { description: Who? }, '404': { description: None } }
    delete:
      operationId: deleteItem
      responses: { '204': { description: Gone }, '401': { description: Who? }, '404': { description: None } }
  /notes:
    post:
      operationId: makeNote
      requestBody: { required: true, content: { application/json: { schema: { type: object, required: [cart_id], additionalProperties: false, properties: { cart_id: { type: integer }, owner_id: { type: integer } } } } } }
      responses: { '201': { description: Made }, '202': { description: Begun }, '401': { description: Who? }, '422': { description: No } }
  /me:
    get:
      operationId: readMe
      responses: { '200': { description: Me }, '401': { description: Who? } }
components:
  securitySchemes: { token: { type: http, scheme: bearer } }
  schemas:
    NewCart: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string, minLength: 1, maxLength: 12 } } }
    Cart: { type: object, required: [id, name], properties: { id: { type: integer }, name: { type: string } } }
";

/// What the shop does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fault {
    #[default]
    None,
    KeepsDeleted,
    LosesMade,
    LosesItems,
    MeFlickers,
    CartFlickers,
    ShowsToAll,
    ChangesForAll,
    DeletesForAll,
    RefusesAll,
    AnswersOld,
    MakesRefused,
    BeginsNowhere,
}

#[derive(Debug, Default)]
struct Shop {
    fault: Fault,
    next: u64,
    /// Owner and name.
    carts: BTreeMap<u64, (String, Value)>,
    items: BTreeMap<(u64, String), String>,
    asked: u64,
    log: Vec<String>,
    /// Set as soon as a cart is made.
    interrupt: Interrupt,
    /// How often `/me` was asked for.
    greeted: u64,
}

type Shared = Arc<Mutex<Shop>>;

fn shop(state: &Shared) -> std::sync::MutexGuard<'_, Shop> {
    state
        .lock()
        .expect("no test panics while it holds the lock")
}

fn asker(headers: &HeaderMap) -> Option<String> {
    let field = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = field.strip_prefix("Bearer ")?;
    ["alice", "bob"].contains(&token).then(|| token.to_owned())
}

/// Writes down what comes, and lets nobody in who does not say who asks.
async fn door(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let Some(asker) = asker(request.headers()) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let (head, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let text = String::from_utf8_lossy(&bytes);
    let line = format!("{asker} {} {} {text}", head.method, head.uri);
    shop(&state).log.push(line.trim_end().to_owned());
    next.run(Request::from_parts(head, Body::from(bytes))).await
}

async fn make_cart(
    State(state): State<Shared>,
    headers: HeaderMap,
    Json(cart): Json<Value>,
) -> Response {
    let mut shop = shop(&state);
    if shop.fault == Fault::RefusesAll {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let owner = asker(&headers).expect("the door knows");
    let is_refused = !cart["name"].is_string();
    if is_refused && shop.fault != Fault::MakesRefused {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    if shop.fault == Fault::AnswersOld {
        // What was there before is answered as if it were the one that was asked for.
        return (StatusCode::OK, Json(json!({ "id": 1, "name": "old" }))).into_response();
    }
    shop.interrupt.set();
    shop.next += 1;
    let id = shop.next;
    if shop.fault != Fault::LosesMade {
        let name = if is_refused {
            json!("?")
        } else {
            cart["name"].clone()
        };
        shop.carts.insert(id, (owner, name));
    }
    if is_refused {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let cart = json!({ "id": id, "name": cart["name"] });
    (StatusCode::CREATED, Json(cart)).into_response()
}

async fn list_carts(State(state): State<Shared>, headers: HeaderMap) -> Response {
    let owner = asker(&headers).expect("the door knows");
    let shop = shop(&state);
    let own = shop.carts.iter().filter(|(_, (by, _))| *by == owner);
    let carts: Vec<_> = own
        .map(|(id, (_, name))| json!({ "id": id, "name": name }))
        .collect();
    Json(carts).into_response()
}

async fn cart(
    State(state): State<Shared>,
    method: Method,
    headers: HeaderMap,
    Path(id): Path<u64>,
    body: Option<Json<Value>>,
) -> Response {
    let asker = asker(&headers).expect("the door knows");
    let mut shop = shop(&state);
    let fault = shop.fault;
    shop.asked += 1;
    if fault == Fault::CartFlickers && shop.asked.is_multiple_of(2) && method == Method::GET {
        return StatusCode::NOT_FOUND.into_response();
    }
    let is_open = match method {
        Method::GET => fault == Fault::ShowsToAll,
        Method::PATCH => fault == Fault::ChangesForAll,
        _ => fault == Fault::DeletesForAll,
    };
    let Some((owner, name)) = shop.carts.get_mut(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if *owner != asker && !is_open {
        return StatusCode::NOT_FOUND.into_response();
    }
    if method == Method::DELETE {
        if fault != Fault::KeepsDeleted {
            shop.carts.remove(&id);
            shop.items.retain(|(cart, _), _| *cart != id);
        }
        return StatusCode::NO_CONTENT.into_response();
    }
    if let Some(Json(change)) = body {
        *name = change["name"].clone();
    }
    Json(json!({ "id": id, "name": name })).into_response()
}

async fn make_item(
    State(state): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<u64>,
) -> Response {
    let asker = asker(&headers).expect("the door knows");
    let mut shop = shop(&state);
    if shop.carts.get(&id).is_none_or(|(owner, _)| *owner != asker) {
        return StatusCode::NOT_FOUND.into_response();
    }
    shop.next += 1;
    let name = format!("i{}", shop.next);
    let location = format!("/carts/{id}/items/{name}");
    if shop.fault != Fault::LosesItems {
        shop.items.insert((id, name), asker);
    }
    (StatusCode::CREATED, [(header::LOCATION, location)]).into_response()
}

async fn item(
    State(state): State<Shared>,
    method: Method,
    headers: HeaderMap,
    Path((id, item)): Path<(u64, String)>,
) -> Response {
    let asker = asker(&headers).expect("the door knows");
    let mut shop = shop(&state);
    let key = (id, item);
    match shop.items.get(&key) {
        Some(owner) if *owner == asker => {}
        _ => return StatusCode::NOT_FOUND.into_response(),
    }
    if method == Method::DELETE {
        shop.items.remove(&key);
        return StatusCode::NO_CONTENT.into_response();
    }
    StatusCode::OK.into_response()
}

async fn make_note(State(state): State<Shared>, Json(note): Json<Value>) -> Response {
    let shop = shop(&state);
    let names_cart = note["cart_id"]
        .as_u64()
        .is_some_and(|id| shop.carts.contains_key(&id));
    if !names_cart {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    if shop.fault == Fault::BeginsNowhere {
        let location = [(header::LOCATION, "/notes/pending")];
        return (StatusCode::ACCEPTED, location).into_response();
    }
    StatusCode::CREATED.into_response()
}

async fn me(State(state): State<Shared>) -> StatusCode {
    let mut shop = shop(&state);
    shop.greeted += 1;
    if shop.fault == Fault::MeFlickers && shop.greeted.is_multiple_of(2) {
        return StatusCode::UNAUTHORIZED;
    }
    StatusCode::OK
}

fn app(state: &Shared) -> Router {
    Router::new()
        .route("/carts", post(make_cart).get(list_carts))
        .route("/carts/{id}", get(cart).patch(cart).delete(cart))
        .route("/carts/{id}/items", post(make_item))
        .route("/carts/{id}/items/{item}", get(item).delete(item))
        .route("/notes", post(make_note))
        .route("/me", get(me))
        .route("/nothing", patch(|| async { StatusCode::OK }))
        .layer(middleware::from_fn_with_state(Arc::clone(state), door))
        .with_state(Arc::clone(state))
}

fn settings() -> LiveSettings {
    let bob = NamedCredential {
        name: "bob".to_owned(),
        credential: Credential {
            token: Some(Secret::new("BOB", "bob")),
            ..Credential::default()
        },
    };
    LiveSettings {
        seed: 7,
        methods: Methods::All,
        phases: vec![Phase::Sequences],
        credentials: Credentials {
            others: vec![bob],
            ..Credentials::with_token("alice")
        },
        ..LiveSettings::new("http://localhost/".parse().expect("a URL"))
    }
}

async fn run_on(state: &Shared, settings: &LiveSettings, interrupt: &Interrupt) -> Outcome {
    let document = Document::parse("shop.yaml", DOCUMENT.to_owned()).expect("a document");
    let contract = Contract::from_document(document);
    assert!(contract.defects().is_empty(), "{:?}", contract.defects());
    let transport = ServiceTransport::<_, Body>::new(app(state));
    gate::check(&contract, &transport, settings, None, &mut (), interrupt).await
}

async fn run(fault: Fault, settings: &LiveSettings) -> (Shared, Outcome) {
    let state: Shared = Arc::new(Mutex::new(Shop {
        fault,
        ..Shop::default()
    }));
    let outcome = run_on(&state, settings, &Interrupt::default()).await;
    (state, outcome)
}

/// The rules that speak, notes and what was not reached left out.
fn rules(outcome: &Outcome) -> Vec<&str> {
    let mut rules: Vec<_> = outcome
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.rule.as_str())
        .filter(|rule| *rule != "unreached")
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[tokio::test]
async fn a_sound_shop_is_walked_through_and_left_clean() {
    let (state, outcome) = run(Fault::None, &settings()).await;
    assert_eq!(rules(&outcome), [""; 0]);
    let left = "left by makeNote, since no response names what it created: 1";
    assert_eq!(outcome.notices, [left]);
    for operation in &outcome.operations {
        assert_eq!(operation.unreached, None, "{}", operation.id);
    }
    let shop = shop(&state);
    assert!(shop.carts.is_empty() && shop.items.is_empty(), "{shop:?}");
    // The life of a cart, as it was sent; who asks comes first.
    let life: Vec<_> = shop.log.iter().take(17).map(String::as_str).collect();
    let words: Vec<String> = life
        .iter()
        .map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        words,
        [
            "alice POST /carts",
            "alice GET /carts",
            "alice POST /carts",
            "alice GET /carts",
            "alice GET /carts/1",
            "alice GET /carts/1",
            "alice GET /carts",
            "bob GET /carts",
            "bob GET /carts/1",
            "bob PATCH /carts/1",
            "bob POST /carts/1/items",
            "alice PATCH /carts/1",
            "alice GET /carts/1",
            "bob DELETE /carts/1",
            "alice GET /carts/1",
            "alice DELETE /carts/1",
            "alice GET /carts/1",
        ],
        "{life:#?}"
    );
}

/// How often each request of a shop's log came, with ids left out.
fn counted(log: &[String]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for line in log {
        let words = line.split(' ').take(3).map(|word| {
            let parts = word.split('/').map(|part| {
                let is_id = part.contains(|one: char| one.is_ascii_digit());
                if is_id { "_" } else { part }
            });
            parts.collect::<Vec<_>>().join("/")
        });
        let line = words.collect::<Vec<_>>().join(" ");
        *counted.entry(line).or_default() += 1;
    }
    counted
}

#[tokio::test]
async fn what_is_planned_is_what_a_sound_shop_is_sent() {
    for sequences in 0..4 {
        let settings = LiveSettings {
            clean_up: CleanUp::Leave,
            sequences,
            ..settings()
        };
        let document = Document::parse("shop.yaml", DOCUMENT.to_owned()).expect("a document");
        let planned = gate::sequences(&Contract::from_document(document), &settings);
        let mut lines: Vec<String> = Vec::new();
        for sequence in &planned {
            for step in &sequence.steps {
                let times = if step.is_repeated { sequence.times } else { 1 };
                let asker = step.asker.as_deref().unwrap_or("alice");
                let path = step.operation.path.as_str();
                let path = path.replace("{cart_id}", "1").replace("{item}", "1");
                let line = format!("{asker} {} {path}", step.operation.method);
                lines.extend(std::iter::repeat_n(line, times));
            }
        }
        let (state, _) = run(Fault::None, &settings).await;
        let shop = shop(&state);
        // What was created is also changed in vain, replaced twice and patched, which depends on what
        // the service shows and is no part of the plan.
        let sent = counted(&shop.log);
        for (line, times) in counted(&lines) {
            let more = sent.get(&line).copied().unwrap_or_default();
            assert!(more >= times, "{sequences}: {line}: {more} of {times}");
        }
        let all: usize = planned.iter().map(gate::Sequence::requests).sum();
        assert!(all <= shop.log.len(), "{sequences}");
    }
}

#[tokio::test]
async fn each_fault_is_found_by_its_check_from_ten_seeds() {
    let faults = [
        (Fault::KeepsDeleted, "use-after-delete"),
        (Fault::LosesMade, "missing-after-create"),
        (Fault::LosesItems, "missing-after-create"),
        (Fault::MeFlickers, "unstable-read"),
        (Fault::CartFlickers, "unstable-read"),
        (Fault::ShowsToAll, "broken-object-authorization"),
        (Fault::ChangesForAll, "broken-object-authorization"),
        (Fault::DeletesForAll, "broken-object-authorization"),
        (Fault::MakesRefused, "failed-modification"),
        (Fault::BeginsNowhere, "dead-location"),
    ];
    for (fault, rule) in faults {
        for seed in 0..10 {
            let settings = LiveSettings { seed, ..settings() };
            let (_, outcome) = run(fault, &settings).await;
            let mut rules = rules(&outcome);
            // What comes and goes looks as if a refused deletion had been done.
            rules.retain(|rule| fault != Fault::CartFlickers || *rule != "failed-modification");
            assert_eq!(rules, [rule], "{fault:?} {seed}");
            assert!(outcome.held < 100, "{fault:?}: {} requests", outcome.held);
        }
    }
}

#[tokio::test]
async fn a_finding_shows_the_whole_sequence_and_no_credential() {
    let (_, outcome) = run(Fault::KeepsDeleted, &settings()).await;
    let mut findings = outcome.findings.iter();
    let finding = findings
        .find(|finding| finding.rule.as_str() == "use-after-delete")
        .expect("it is found");
    let evidence = finding.evidence.as_ref().expect("evidence");
    let lines: Vec<_> = evidence.before.iter().map(|one| &one.curl).collect();
    assert!(lines[0].contains("-X 'POST'"), "{lines:#?}");
    assert!(
        lines
            .last()
            .is_some_and(|line| line.contains("-X 'DELETE'")),
        "{lines:#?}"
    );
    assert!(evidence.curl.contains("/carts/1"), "{}", evidence.curl);
    assert_eq!(
        evidence.case.as_deref(),
        Some("sequences: the deleted resource is read")
    );
    assert!(!format!("{finding:?}").contains("Bearer alice"));
}

#[tokio::test]
async fn the_same_seed_sends_the_same_whatever_the_workers() {
    let mut logs = Vec::new();
    for (seed, workers) in [(7, 1), (7, 8), (8, 1)] {
        let settings = LiveSettings {
            seed,
            workers,
            ..settings()
        };
        let (state, _) = run(Fault::None, &settings).await;
        logs.push(std::mem::take(&mut shop(&state).log));
    }
    assert_eq!(logs[0], logs[1]);
    assert_ne!(logs[0], logs[2]);
}

#[tokio::test]
async fn safe_methods_alone_read_what_is_there() {
    let state = Shared::default();
    let cart = ("alice".to_owned(), json!("cup"));
    shop(&state).carts.insert(41, cart);
    let settings = LiveSettings {
        methods: Methods::Safe,
        ..settings()
    };
    run_on(&state, &settings, &Interrupt::default()).await;
    let log = shop(&state).log.clone();
    assert_eq!(
        log,
        [
            "alice GET /carts",
            "alice GET /carts",
            "alice GET /carts",
            "alice GET /carts/41",
            "alice GET /carts/41",
            "alice GET /me",
            "alice GET /me"
        ]
    );
}

#[tokio::test]
async fn the_budget_is_kept_but_for_cleaning_up() {
    let settings = LiveSettings {
        max_requests: 40,
        phases: Vec::new(),
        random_cases: 100,
        ..settings()
    };
    let (state, _) = run(Fault::None, &settings).await;
    let log = shop(&state).log.clone();
    let is_clean_up = |line: &&String| line.contains("DELETE");
    assert!(log.iter().filter(|line| !is_clean_up(line)).count() <= 40);
    assert!(shop(&state).carts.is_empty());
}

#[tokio::test]
async fn what_was_made_may_be_left() {
    let settings = LiveSettings {
        phases: vec![Phase::Examples],
        clean_up: CleanUp::Leave,
        ..settings()
    };
    let (state, _) = run(Fault::None, &settings).await;
    assert_eq!(shop(&state).carts.len(), 2);
    let settings = LiveSettings {
        clean_up: CleanUp::Delete,
        ..settings
    };
    let (state, _) = run(Fault::None, &settings).await;
    assert!(shop(&state).carts.is_empty());
}

#[tokio::test]
async fn what_was_there_before_is_neither_changed_nor_deleted() {
    let state: Shared = Arc::new(Mutex::new(Shop {
        fault: Fault::AnswersOld,
        ..Shop::default()
    }));
    let old = ("alice".to_owned(), json!("old"));
    shop(&state).carts.insert(1, old.clone());
    run_on(&state, &settings(), &Interrupt::default()).await;
    let shop = shop(&state);
    assert_eq!(shop.carts.get(&1), Some(&old));
    let changes = shop
        .log
        .iter()
        .filter(|line| line.contains("PATCH /carts/1") || line.contains("DELETE /carts/1"));
    // Items are made in it where nothing else can be had, and taken out again.
    assert!(
        changes.clone().all(|line| line.contains("/items/")),
        "{:?}",
        shop.log
    );
}

#[tokio::test]
async fn a_refused_value_is_not_sent_again_and_nobody_asks_in_vain() {
    let mut settings = settings();
    // What is found is sent again to be made small, which is not the matter here.
    settings.common.severities.0.push(SeverityRule {
        rule: "rejected-valid".to_owned(),
        operation: None,
        status: None,
        severity: None,
    });
    let (state, _) = run(Fault::RefusesAll, &settings).await;
    let shop = shop(&state);
    let mut made: Vec<_> = shop
        .log
        .iter()
        .filter(|line| line.starts_with("alice POST /carts "))
        .collect();
    let count = made.len();
    assert!((1..=5).contains(&count), "{made:#?}");
    made.sort();
    made.dedup();
    assert_eq!(made.len(), count);
    // Without a cart there are no items.
    assert!(!shop.log.iter().any(|line| line.contains("/items")));
}

#[tokio::test]
async fn a_body_names_what_is_there() {
    let (state, _) = run(Fault::None, &settings()).await;
    let log = shop(&state).log.clone();
    assert!(
        !log.iter().any(|line| line.contains("owner_id")),
        "{log:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_cleans_up_too() {
    let state = Shared::default();
    let interrupt = shop(&state).interrupt.clone();
    let outcome = run_on(&state, &settings(), &interrupt).await;
    assert_eq!(outcome.end, gate::RunStatus::Interrupted);
    let shop = shop(&state);
    assert_eq!(shop.log.len(), 2, "{:?}", shop.log);
    assert!(shop.next == 1 && shop.carts.is_empty(), "{shop:?}");
}
