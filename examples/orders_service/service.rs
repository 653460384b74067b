//! The orders API as `tests/specs/orders.yaml` promises it: who asks, what is asked, the rules, and
//! then the shop.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    faults::{Act, Fault, Habit},
    rules::Input,
    shop::{Order, Shop, USERS, User},
};

/// What can be asked of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    GetStatus,
    GetMe,
    SetPreferences,
    ListOrders,
    CreateOrder,
    GetOrder,
    ChangeOrder,
    DeleteOrder,
    ListNotes,
    AddNote,
    GetNote,
    ReplaceNote,
    ChangeNote,
    DeleteNote,
    CreateExport,
    GetExport,
}

use Operation::{
    AddNote, ChangeNote, ChangeOrder, CreateExport, CreateOrder, DeleteNote, DeleteOrder,
    GetExport, GetMe, GetNote, GetOrder, GetStatus, ListNotes, ListOrders, ReplaceNote,
    SetPreferences,
};

/// Where each operation is.
const ROUTES: &[(&str, &[(Method, Operation)])] = &[
    ("/status", &[(Method::GET, GetStatus)]),
    ("/me", &[(Method::GET, GetMe)]),
    ("/me/preferences", &[(Method::PUT, SetPreferences)]),
    (
        "/orders",
        &[(Method::GET, ListOrders), (Method::POST, CreateOrder)],
    ),
    (
        "/orders/*",
        &[
            (Method::GET, GetOrder),
            (Method::PATCH, ChangeOrder),
            (Method::DELETE, DeleteOrder),
        ],
    ),
    (
        "/orders/*/notes",
        &[(Method::GET, ListNotes), (Method::POST, AddNote)],
    ),
    (
        "/orders/*/notes/*",
        &[
            (Method::GET, GetNote),
            (Method::PUT, ReplaceNote),
            (Method::PATCH, ChangeNote),
            (Method::DELETE, DeleteNote),
        ],
    ),
    ("/exports", &[(Method::POST, CreateExport)]),
    ("/exports/*", &[(Method::GET, GetExport)]),
];

/// The service and what it remembers.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    faults: Vec<&'static Fault>,
    shop: Mutex<Shop>,
    /// How many requests there were for what flickers.
    flickers: AtomicU32,
}

/// A response before faults are committed on it.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Service {
    /// A service that commits the faults.
    pub(crate) fn new(faults: Vec<&'static Fault>) -> Self {
        Self {
            inner: Arc::new(Inner {
                faults,
                shop: Mutex::new(Shop::new()),
                flickers: AtomicU32::default(),
            }),
        }
    }

    /// The routes, for a server or for a test in the same process.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .fallback(|State(service): State<Self>, request: Request| async move {
                service.answer(request).await
            })
            .with_state(self.clone())
    }

    async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let found = head.uri.path().strip_prefix("/v1").and_then(route);
        let Some((template, operations, path)) = found else {
            return problem(StatusCode::NOT_FOUND, "There is no such path").response();
        };
        let mut allowed: Vec<&str> = operations
            .iter()
            .map(|(method, _)| method.as_str())
            .collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.push("OPTIONS");
        let allow = self.allow(template).unwrap_or_else(|| allowed.join(", "));
        if head.method == Method::OPTIONS {
            return Reply::empty(StatusCode::NO_CONTENT)
                .with(header::ALLOW, &allow)
                .response();
        }
        let method = if head.method == Method::HEAD {
            &Method::GET
        } else {
            &head.method
        };
        let Some((_, operation)) = operations.iter().find(|(known, _)| known == method) else {
            if self.commits(|act| matches!(act, Act::Also(known, at) if *known == method.as_str() && *at == template)) {
                return Reply::empty(StatusCode::NO_CONTENT).response();
            }
            return problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "The path has no such method",
            )
            .with(header::ALLOW, &allow)
            .response();
        };
        let mut input = Input {
            path,
            query: head.uri.query().map(pairs).unwrap_or_default(),
            headers: head.headers,
            body: Value::Null,
        };
        let reply = self.reply(*operation, &mut input, body).await;
        let mut response = self.faulty(*operation, reply);
        if head.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Who asks, what is asked, the rules, and then the shop.
    async fn reply(&self, operation: Operation, input: &mut Input, body: Body) -> Reply {
        let Some(user) = self.user(operation, &input.headers) else {
            return problem(StatusCode::UNAUTHORIZED, "Who are you?")
                .with(header::WWW_AUTHENTICATE, "Bearer realm=\"orders\"");
        };
        if matches!(
            operation,
            SetPreferences
                | CreateOrder
                | ChangeOrder
                | AddNote
                | ReplaceNote
                | ChangeNote
                | CreateExport
        ) {
            match self.read(operation, &input.headers, body).await {
                Ok(body) => input.body = body,
                Err(refusal) => return refusal,
            }
        }
        let broken = operation.rules().iter().find(|rule| {
            !rule.holds(input)
                && !self.commits(|act| matches!(act, Act::Skip(name) if *name == rule.name))
        });
        if let Some(rule) = broken {
            self.act_all_the_same(operation, user, input);
            return problem(StatusCode::UNPROCESSABLE_ENTITY, rule.name);
        }
        if self.commits(
            |act| matches!(act, Act::Refuse(at, refuses) if *at == operation && refuses(input)),
        ) {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "Not today");
        }
        if self.commits(|act| matches!(act, Act::Flicker(at) if *at == operation))
            && self.inner.flickers.fetch_add(1, Ordering::Relaxed) % 2 == 1
        {
            return problem(StatusCode::NOT_FOUND, "It was here a moment ago");
        }
        let mut shop = self
            .inner
            .shop
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.act(operation, user, input, &mut shop)
    }

    /// The user who asks; the first one for what needs nobody.
    fn user(&self, operation: Operation, headers: &HeaderMap) -> Option<User> {
        let field = headers.get(header::AUTHORIZATION);
        let anybody = self.commits(|act| match act {
            Act::TakesNoCredential(at) => *at == operation && field.is_none(),
            Act::TakesWrongCredential(at) => *at == operation && field.is_some(),
            _ => false,
        });
        let known = field.and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            let token = token.trim();
            USERS
                .iter()
                .position(|(_, known)| scheme.eq_ignore_ascii_case("bearer") && *known == token)
        });
        known.or_else(|| (anybody || operation == GetStatus).then_some(0))
    }

    async fn read(
        &self,
        operation: Operation,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Value, Reply> {
        let bytes = to_bytes(body, 1 << 20)
            .await
            .map_err(|_| problem(StatusCode::BAD_REQUEST, "The body is too large"))?;
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let instead = self.inner.faults.iter().find_map(|fault| match fault.act {
            Act::TakesNoBody(at, instead) if at == operation => Some(instead()),
            _ => None,
        });
        if let Some(instead) = instead.filter(|_| bytes.is_empty()) {
            return Ok(instead);
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let wanted = if operation == ChangeNote {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        if !bytes.is_empty() && !essence.eq_ignore_ascii_case(wanted) {
            return Err(problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                &format!("Send {wanted}"),
            ));
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| problem(StatusCode::BAD_REQUEST, &error.to_string()))
    }

    /// Does of a refused request what it should not.
    fn act_all_the_same(&self, operation: Operation, user: User, input: &Input) {
        let shop = self.inner.shop.lock();
        let mut shop = shop.unwrap_or_else(PoisonError::into_inner);
        match operation {
            CreateOrder if self.has(Habit::CreatesRefused) => {
                let usual = json!({
                    "customer": "Nobody",
                    "lines": [{ "sku": "ABC-0000", "quantity": 1, "price_cents": 0 }],
                    "ship_to": { "kind": "pickup", "store": 1 },
                });
                let order = shop.order(user, &usual);
                shop.orders.insert(order.id(), order);
            }
            ChangeOrder if self.has(Habit::ChangesRefused) => {
                let id = input.path.first().map_or("", String::as_str);
                let order = shop.orders.get_mut(id).filter(|order| order.owner == user);
                let customer = input.body.get("customer").filter(|value| value.is_string());
                if let (Some(order), Some(customer)) = (order, customer) {
                    order.shown["customer"] = customer.clone();
                }
            }
            _ => {}
        }
    }

    fn act(&self, operation: Operation, user: User, input: &Input, shop: &mut Shop) -> Reply {
        let not_found = || problem(StatusCode::NOT_FOUND, "There is no such thing");
        // Whose things a user may touch.
        let may = |owner: User| {
            owner == user || self.commits(|act| matches!(act, Act::Anybody(at) if *at == operation))
        };
        let id = input.path.first().map_or("", String::as_str);
        match operation {
            GetStatus => Reply::json(StatusCode::OK, json!({ "well": true, "version": "1.4.2" }))
                .with(header::CACHE_CONTROL, "no-store"),
            GetMe => Reply::json(
                StatusCode::OK,
                json!({
                    "id": format!("6f1d2c3b-0000-4000-8000-00000000000{user}"),
                    "name": USERS[user].0,
                }),
            ),
            SetPreferences => Reply::json(StatusCode::OK, input.body.clone()),
            ListOrders => {
                let (page, count) = shop.page(user, input);
                Reply::json(StatusCode::OK, page)
                    .with(HeaderName::from_static("x-total-count"), &count.to_string())
                    .with(
                        HeaderName::from_static("x-rate-limit"),
                        "limit=1000,window=60",
                    )
            }
            CreateOrder => {
                let order = shop.order(user, &input.body);
                let mut id = order.id();
                let reply = Reply::json(StatusCode::CREATED, order.shown.clone())
                    .with(header::LOCATION, &format!("/v1/orders/{id}"));
                if self.has(Habit::NamesCreatedAnew) {
                    id = shop.name("ord");
                }
                if !self.has(Habit::LosesCreated) {
                    shop.orders.insert(id, order);
                }
                reply
            }
            CreateExport => {
                let export = shop.export(user, &input.body);
                let id = export.id();
                let reply = Reply::json(StatusCode::CREATED, export.shown.clone())
                    .with(header::LOCATION, &format!("/v1/exports/{id}"));
                if !self.has(Habit::LosesExports) {
                    shop.exports.insert(id, export);
                }
                reply
            }
            GetExport => {
                let export = shop.exports.get_mut(id).filter(|export| may(export.owner));
                let Some(export) = export else {
                    return not_found();
                };
                if export.is_done() && !self.has(Habit::NeverDone) {
                    return Reply::json(StatusCode::OK, export.shown.clone());
                }
                Reply::empty(StatusCode::ACCEPTED)
                    .with(header::LOCATION, &format!("/v1/exports/{id}"))
                    .with(header::RETRY_AFTER, "1")
            }
            DeleteOrder => {
                if !shop.orders.get(id).is_some_and(|order| may(order.owner)) {
                    return not_found();
                }
                if !self.has(Habit::KeepsDeleted) {
                    shop.orders.remove(id);
                }
                Reply::empty(StatusCode::NO_CONTENT)
            }
            GetOrder | ChangeOrder | ListNotes | GetNote | ReplaceNote | ChangeNote
            | DeleteNote => {
                let order = shop.orders.get_mut(id).filter(|order| may(order.owner));
                let Some(order) = order else {
                    return not_found();
                };
                self.within(operation, order, input)
            }
            AddNote => {
                if !shop.orders.get(id).is_some_and(|order| may(order.owner)) {
                    return not_found();
                }
                let (number, note) = shop.note(id, user, &input.body);
                if !self.has(Habit::LosesNotes)
                    && let Some(order) = shop.orders.get_mut(id)
                {
                    order.notes.insert(number, note.clone());
                }
                Reply::json(StatusCode::CREATED, note)
            }
        }
    }

    /// What is done with an order that is there.
    fn within(&self, operation: Operation, order: &mut Order, input: &Input) -> Reply {
        let note = input
            .path
            .get(1)
            .and_then(|id| id.parse::<u64>().ok())
            .unwrap_or(0);
        match operation {
            ChangeOrder => {
                let before = order.shown.clone();
                for name in ["customer", "message", "state"] {
                    if let Some(value) = input.body.get(name) {
                        order.shown[name] = value.clone();
                    }
                }
                let reply = Reply::json(StatusCode::OK, order.shown.clone());
                if self.has(Habit::ForgetsChanges) {
                    order.shown = before;
                } else {
                    order.version += 1;
                }
                reply
            }
            ListNotes => Reply::json(StatusCode::OK, order.notes.values().cloned().collect()),
            GetNote | ReplaceNote | ChangeNote | DeleteNote if !order.notes.contains_key(&note) => {
                problem(StatusCode::NOT_FOUND, "There is no such note")
            }
            GetNote => Reply::json(StatusCode::OK, order.notes[&note].clone()),
            ReplaceNote | ChangeNote => {
                let shown = order.notes.entry(note).or_default();
                if operation == ReplaceNote {
                    self.replace(shown, &input.body);
                } else {
                    self.patch(shown, &input.body);
                }
                Reply::json(StatusCode::OK, shown.clone())
            }
            DeleteNote => {
                if !self.has(Habit::KeepsDeletedNotes) {
                    order.notes.remove(&note);
                }
                Reply::empty(StatusCode::NO_CONTENT)
            }
            _ => Reply::json(StatusCode::OK, order.shown.clone())
                .with(header::ETAG, &format!("\"{}\"", order.version)),
        }
    }

    /// Writes a note anew: its text and its stars, which are gone where none were sent.
    fn replace(&self, note: &mut Value, sent: &Value) {
        let before = note["stars"].as_f64().unwrap_or_default();
        note["text"] = sent["text"].clone();
        set_or_remove(note, "stars", sent.get("stars"));
        if self.has(Habit::AddsUp)
            && let Some(stars) = sent["stars"].as_f64()
        {
            note["stars"] = json!(before + stars);
        }
        if self.has(Habit::TakesAuthors)
            && let Some(author) = sent.get("author").filter(|author| author.is_string())
        {
            note["author"] = author.clone();
        }
    }

    /// Applies a merge patch to a note (RFC 7396).
    fn patch(&self, note: &mut Value, sent: &Value) {
        if let Some(text) = sent.get("text") {
            note["text"] = text.clone();
        }
        match sent.get("stars") {
            None if self.has(Habit::PatchesAll) => set_or_remove(note, "stars", None),
            Some(Value::Null) if self.has(Habit::KeepsNulled) => {}
            None => {}
            Some(stars) => {
                set_or_remove(note, "stars", Some(stars).filter(|stars| !stars.is_null()))
            }
        }
    }

    /// Commits the faults of a response, and writes it.
    fn faulty(&self, operation: Operation, mut reply: Reply) -> Response {
        let status = reply.status.as_u16();
        for fault in &self.inner.faults {
            match fault.act {
                Act::Body(at, when, change) if at == operation && when == status => {
                    change(&mut reply.body)
                }
                Act::Problem(when, change) if when == status => change(&mut reply.body),
                _ => {}
            }
        }
        let mut response = reply.response();
        for fault in &self.inner.faults {
            match fault.act {
                Act::Response(at, when, change) if at == operation && when == status => {
                    response = change(response)
                }
                Act::Refusal(when, change) if when == status => response = change(response),
                _ => {}
            }
        }
        response
    }

    fn allow(&self, template: &str) -> Option<String> {
        self.inner.faults.iter().find_map(|fault| match fault.act {
            Act::Allow(at, allow) if at == template => Some(allow.to_owned()),
            _ => None,
        })
    }

    fn has(&self, habit: Habit) -> bool {
        self.commits(|act| matches!(act, Act::Habit(known) if *known == habit))
    }

    fn commits(&self, wanted: impl Fn(&Act) -> bool) -> bool {
        self.inner.faults.iter().any(|fault| wanted(&fault.act))
    }
}

impl Reply {
    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Value::Null,
        }
    }

    fn json(status: StatusCode, body: Value) -> Self {
        let reply = Self {
            body,
            ..Self::empty(status)
        };
        reply.with(header::CONTENT_TYPE, "application/json")
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    fn response(self) -> Response {
        let body = if self.headers.contains_key(header::CONTENT_TYPE) {
            Body::from(self.body.to_string())
        } else {
            Body::empty()
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

fn set_or_remove(object: &mut Value, name: &str, value: Option<&Value>) {
    match (object.as_object_mut(), value) {
        (Some(members), Some(value)) => {
            members.insert(name.to_owned(), value.clone());
        }
        (Some(members), None) => {
            members.remove(name);
        }
        (None, _) => {}
    }
}

fn problem(status: StatusCode, detail: &str) -> Reply {
    Reply::json(
        status,
        json!({
            "title": status.canonical_reason().unwrap_or("Refused"),
            "status": status.as_u16(),
            "detail": detail,
        }),
    )
    .with(header::CONTENT_TYPE, "application/problem+json")
}

type Route = (&'static str, &'static [(Method, Operation)], Vec<String>);

/// The route that a path takes, and the values of its template.
fn route(path: &str) -> Option<Route> {
    let came: Vec<&str> = path.split('/').collect();
    ROUTES.iter().find_map(|(template, operations)| {
        let wanted: Vec<&str> = template.split('/').collect();
        let fits = wanted.len() == came.len()
            && wanted
                .iter()
                .zip(&came)
                .all(|(wanted, came)| wanted == came || *wanted == "*" && !came.is_empty());
        let values = wanted
            .iter()
            .zip(&came)
            .filter(|(wanted, _)| **wanted == "*");
        fits.then(|| {
            let values = values.map(|(_, came)| unescaped(came)).collect();
            (*template, *operations, values)
        })
    })
}

fn unescaped(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}
