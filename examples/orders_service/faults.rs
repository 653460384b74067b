//! Every breach that the service can commit: one each, with the check that finds it.

use axum::{
    body::Body,
    http::{HeaderName, header},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    fault::{self, fault, remove, with_field, with_status},
    rules::Input,
    service::Operation::{
        self, AddNote, ChangeOrder, CreateExport, CreateOrder, DeleteOrder, GetExport, GetMe,
        GetNote, GetOrder, GetStatus, ListNotes, ListOrders, ReplaceNote, SetPreferences,
    },
};

/// A single breach of the contract.
pub(crate) type Fault = fault::Fault<Act>;

/// How a fault is done.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// The body of an operation's responses with one status is changed.
    Body(Operation, u16, fn(&mut Value)),
    /// The body of every problem with one status is changed.
    Problem(u16, fn(&mut Value)),
    /// An operation's responses with one status are changed.
    Response(Operation, u16, fn(Response) -> Response),
    /// Every response with one status is changed.
    Refusal(u16, fn(Response) -> Response),
    /// A rule for requests is not held.
    Skip(&'static str),
    /// Requests that keep to every rule are refused.
    Refuse(Operation, fn(&Input) -> bool),
    /// A body that is not there is taken for one that is.
    TakesNoBody(Operation, fn() -> Value),
    /// A method that is not declared is taken on a path.
    Also(&'static str, &'static str),
    /// `Allow` of a path says this.
    Allow(&'static str, &'static str),
    /// No credential is needed.
    TakesNoCredential(Operation),
    /// Any credential will do.
    TakesWrongCredential(Operation),
    /// What belongs to one user is open to the other.
    Anybody(Operation),
    /// Every other request is answered with 404.
    Flicker(Operation),
    /// Something is done in another way.
    Habit(Habit),
}

/// What a service may do in its shop that nobody expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    KeepsDeleted,
    KeepsDeletedNotes,
    LosesCreated,
    NamesCreatedAnew,
    LosesNotes,
    LosesExports,
    NeverDone,
    ChangesRefused,
    CreatesRefused,
    ForgetsChanges,
    AddsUp,
    TakesAuthors,
    PatchesAll,
    KeepsNulled,
}

/// A fault in the schema of a body.
const fn body(
    name: &'static str,
    about: &'static str,
    at: Operation,
    status: u16,
    change: fn(&mut Value),
) -> Fault {
    fault(
        name,
        "schema-mismatch",
        about,
        Act::Body(at, status, change),
    )
}

/// A fault in a header field.
const fn field(
    name: &'static str,
    about: &'static str,
    at: Operation,
    status: u16,
    change: fn(Response) -> Response,
) -> Fault {
    fault(
        name,
        "header-mismatch",
        about,
        Act::Response(at, status, change),
    )
}

/// A rule that is not held: what breaks it is accepted.
const fn takes(name: &'static str, about: &'static str, rule: &'static str) -> Fault {
    fault(name, "accepted-invalid", about, Act::Skip(rule))
}

/// Valid requests that are refused.
const fn refuses(
    name: &'static str,
    about: &'static str,
    at: Operation,
    refuses: fn(&Input) -> bool,
) -> Fault {
    fault(name, "rejected-valid", about, Act::Refuse(at, refuses))
}

fn without_field(mut response: Response, name: &HeaderName) -> Response {
    response.headers_mut().remove(name);
    response
}

fn with_body(mut response: Response, body: &'static [u8]) -> Response {
    *response.body_mut() = Body::from(body);
    response
}

/// Changes each order of a page.
fn each_order(page: &mut Value, change: fn(&mut Value)) {
    page["items"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .for_each(change);
}

fn longest_text(input: &Input, at: &str, most: usize) -> bool {
    !input.each(at, |value| {
        value
            .as_str()
            .is_none_or(|text| text.chars().count() < most)
    })
}

/// Every fault, each in a line of its own.
#[rustfmt::skip]
pub(crate) const FAULTS: &[Fault] = &[
    // Schemas.
    body("total-text", "the total is a text", CreateOrder, 201, |order| order["total_cents"] = json!("500")),
    body("state-unknown", "a new order has a state that nobody declared", CreateOrder, 201, |order| order["state"] = json!("new")),
    body("line-without-sku", "the first line of an order has no sku", GetOrder, 200, |order| remove(&mut order["lines"][0], "sku")),
    body("message-left-out", "an order without a message has no `message`", CreateOrder, 201, |order| if order["message"].is_null() { remove(order, "message") }),
    body("created-at-spelt", "the date is written as people say it", ChangeOrder, 200, |order| order["created_at"] = json!("27 March 2025")),
    body("id-without-prefix", "a listed order's id has no prefix", ListOrders, 200, |page| each_order(page, |order| order["id"] = json!("ffffffff"))),
    body("page-is-list", "a page is only its list", ListOrders, 200, |page| *page = page["items"].take()),
    body("cursor-number", "the next page is a number", ListOrders, 200, |page| page["next_cursor"] = json!(20)),
    body("note-order-number", "a note names its order by number", AddNote, 201, |note| note["order_id"] = json!(7)),
    body("note-id-zero", "notes are counted from zero", AddNote, 201, |note| note["id"] = json!(0)),
    body("notes-wrapped", "the notes stand under `notes`", ListNotes, 200, |notes| *notes = json!({ "notes": notes.take() })),
    body("author-object", "the author of a note is an object", GetNote, 200, |note| note["author"] = json!({ "name": "alice" })),
    body("user-name-empty", "the user has an empty name", GetMe, 200, |user| user["name"] = json!("")),
    body("preferences-in-list", "the preferences stand in a list", SetPreferences, 200, |preferences| *preferences = json!([preferences.take()])),
    body("version-two-parts", "the version has two parts", GetStatus, 200, |status| status["version"] = json!("1.4")),
    body("export-format-upper", "the format of an export is in capitals", CreateExport, 201, |export| export["format"] = json!("CSV")),
    body("export-url-false", "the URL of a new export is false", CreateExport, 201, |export| export["url"] = json!(false)),
    body("export-done-without-url", "a finished export has no URL", GetExport, 200, |export| remove(export, "url")),
    fault("password-shown", "write-only-leak", "the user is shown with the password", Act::Body(GetMe, 200, |user| user["password"] = json!("hunter2"))),
    fault("card-number-shown", "write-only-leak", "an order is shown with the card's number", Act::Body(CreateOrder, 201, |order| order["card_number"] = json!("4111"))),
    fault("internal-field", "undeclared-property", "the status has a property that nobody declared", Act::Body(GetStatus, 200, |status| status["host"] = json!("db-7"))),
    // Problems.
    fault("problem-status-text", "malformed-problem-details", "a refusal's status is a text", Act::Problem(422, |problem| problem["status"] = json!("422"))).also(&["schema-mismatch"]),
    fault("problem-detail-list", "malformed-problem-details", "a refusal's detail is a list", Act::Problem(404, |problem| problem["detail"] = json!(["no"]))).also(&["schema-mismatch"]),
    fault("problem-shows-trace", "stack-trace-leak", "a refusal shows where in the code it was", Act::Problem(404, |problem| problem["detail"] = json!("no order\n    at find (/srv/orders.js:31:9)\n    at route (/srv/router.js:12:3)\n    at Server.handle (/srv/node_modules/http/server.js:95:5)"))),
    fault("problem-without-title", "schema-mismatch", "a refusal has no title", Act::Problem(422, |problem| remove(problem, "title"))),
    fault("problem-as-json", "undeclared-content-type", "what is not there is told as plain JSON", Act::Refusal(404, |response| with_field(response, "content-type", "application/json"))),
    // Header fields.
    field("total-count-missing", "the list does not say how many there are", ListOrders, 200, |response| without_field(response, &HeaderName::from_static("x-total-count"))),
    field("total-count-words", "the list says `many`", ListOrders, 200, |response| with_field(response, "x-total-count", "many")),
    field("total-count-negative", "the list says -1", ListOrders, 200, |response| with_field(response, "x-total-count", "-1")),
    field("rate-limit-partial", "the limit has no window", ListOrders, 200, |response| with_field(response, "x-rate-limit", "limit=1000")),
    field("rate-limit-zero", "the window has no length", ListOrders, 200, |response| with_field(response, "x-rate-limit", "limit=1000,window=0")),
    field("location-missing", "a new order does not say where it is", CreateOrder, 201, |response| without_field(response, &header::LOCATION)),
    field("location-of-another-version", "a new order is said to be under /v2", CreateOrder, 201, |response| with_field(response, "location", "/v2/orders/ord_00000000")).also(&["dead-location"]),
    field("etag-weak", "the tag of an order is weak", GetOrder, 200, |response| with_field(response, "etag", "W/\"1\"")),
    field("cache-allowed", "the status may be kept", GetStatus, 200, |response| with_field(response, "cache-control", "max-age=60")),
    field("challenge-missing", "401 does not say how to sign in", GetMe, 401, |response| without_field(response, &header::WWW_AUTHENTICATE)).also(&["missing-www-authenticate"]),
    fault("no-challenge", "missing-www-authenticate", "no 401 says how to sign in", Act::Refusal(401, |response| without_field(response, &header::WWW_AUTHENTICATE))).also(&["header-mismatch"]),
    fault("export-location-malformed", "malformed-location", "a new export's Location is no URI", Act::Response(CreateExport, 201, |response| with_field(response, "location", "http://[::1"))).also(&["header-mismatch"]),
    // Syntax, status, content type.
    fault("order-not-utf8", "malformed-body", "an order is written in Latin-1", Act::Response(GetOrder, 200, |response| with_body(response, b"{\"customer\": \"Zo\xeb\"}"))),
    fault("charset-lies", "malformed-body", "the status says UTF-16 and is not", Act::Response(GetStatus, 200, |response| { with_body(with_field(response, "content-type", "application/json; charset=utf-16"), b"{\"well\": true, \"version\": \"1.4.2\"} ") })),
    fault("total-nan", "malformed-body", "the total of an order is NaN", Act::Response(CreateOrder, 201, |response| with_body(response, b"{\"total_cents\": NaN}"))),
    fault("user-twice", "malformed-body", "the user's name stands twice", Act::Response(GetMe, 200, |response| with_body(response, b"{\"id\": \"6f1d2c3b-0000-4000-8000-000000000000\", \"name\": \"alice\", \"name\": \"bob\"}"))),
    fault("debug-before-json", "malformed-body", "a line for debugging stands before the list", Act::Response(ListOrders, 200, |response| with_body(response, b"loaded 20 rows\n{\"items\": [], \"next_cursor\": null}"))),
    fault("created-with-200", "undeclared-status", "a new order comes with 200", Act::Response(CreateOrder, 201, |response| with_status(response, 200))),
    fault("deleted-with-200", "undeclared-status", "a deleted order is told with 200", Act::Response(DeleteOrder, 204, |response| with_status(response, 200))),
    fault("invalid-with-409", "undeclared-status", "a note that breaks a rule is refused with 409", Act::Response(AddNote, 422, |response| with_status(response, 409))).also(&["malformed-problem-details"]),
    fault("invalid-crashes", "server-error", "an order that breaks a rule crashes the service", Act::Response(CreateOrder, 422, |response| with_status(response, 500))).also(&["undeclared-status", "malformed-problem-details"]),
    fault("unknown-crashes", "server-error", "an order that is not there crashes the service", Act::Response(ChangeOrder, 404, |response| with_status(response, 500))).also(&["undeclared-status", "malformed-problem-details"]),
    fault("deleted-not-modified", "misused-status", "a deletion is answered with 304", Act::Response(DeleteOrder, 204, |response| with_status(response, 304))).also(&["undeclared-status"]),
    fault("me-too-large", "misused-status", "a request without a body is too large", Act::Response(GetMe, 200, |response| with_status(response, 413))).also(&["undeclared-status", "rejected-valid"]),
    fault("status-wants-a-user", "misused-status", "what is for everybody asks who it is", Act::Response(GetStatus, 200, |response| with_status(response, 401))).also(&["undeclared-status", "missing-www-authenticate"]),
    fault("order-says-nothing", "missing-body", "a new order is not shown", Act::Response(CreateOrder, 201, |response| with_body(response, b""))),
    fault("list-as-text", "undeclared-content-type", "the list is called a text", Act::Response(ListOrders, 200, |response| with_field(response, "content-type", "text/plain"))),
    fault("note-without-type", "missing-content-type", "a note has no content type", Act::Response(AddNote, 201, |response| without_field(response, &header::CONTENT_TYPE))),
    fault("me-moves", "undeclared-status", "the user is somewhere else", Act::Response(GetMe, 200, |response| with_field(with_status(response, 303), "location", "/v1/users/1"))),
    fault("me-moves-nowhere", "missing-location", "the user is somewhere else, and nobody knows where", Act::Response(GetMe, 200, |response| with_status(response, 302))).also(&["undeclared-status"]),
    // Requests that break the contract are accepted.
    takes("takes-limit-zero", "a page of no orders is accepted", "limit-minimum"),
    takes("takes-limit-thousand", "a page of a thousand orders is accepted", "limit-maximum"),
    takes("takes-limit-words", "a page of `many` orders is accepted", "limit-integer"),
    takes("takes-any-cursor", "any text is accepted as a cursor", "cursor-pattern"),
    takes("takes-any-state-filter", "a filter for a state that is none is accepted", "state-enum"),
    takes("takes-any-sort", "sorting by anything is accepted", "sort-enum"),
    takes("takes-any-trace", "any trace id is accepted", "trace-id-pattern"),
    takes("takes-long-customer", "a customer's name of any length is accepted", "customer-max-length"),
    takes("takes-empty-customer", "an empty customer's name is accepted", "customer-min-length"),
    takes("takes-unknown-members", "an order with members that nobody declared is accepted", "only-known"),
    takes("takes-unknown-preference", "a preference that nobody declared is accepted", "preferences-only-known"),
    takes("takes-no-lines", "an order of nothing is accepted", "lines-minimum"),
    takes("takes-many-lines", "an order of more than three lines is accepted", "lines-maximum"),
    takes("takes-any-sku", "any sku is accepted", "sku-pattern"),
    takes("takes-quantity-zero", "a quantity of zero is accepted", "quantity-minimum"),
    takes("takes-quantity-huge", "a quantity of any size is accepted", "quantity-maximum"),
    takes("takes-odd-price", "a price of one cent is accepted", "price-multiple"),
    takes("takes-price-million", "a price of a million is accepted", "price-maximum"),
    takes("takes-no-destination", "an order that goes nowhere is accepted", "ship-to-required").also(&["schema-mismatch"]),
    takes("takes-any-destination", "an order that goes anywhere is accepted", "ship-to-one-of").also(&["schema-mismatch"]),
    takes("takes-any-priority", "any priority is accepted", "priority-enum"),
    takes("takes-tag-twice", "the same tag twice is accepted", "tags-unique"),
    takes("takes-any-label", "labels of any name are accepted", "labels-names"),
    takes("takes-gift-text-alone", "a text for no gift is accepted", "gift-text-needs-gift"),
    takes("takes-gift-words", "a gift that is neither true nor false is accepted", "gift-boolean"),
    takes("takes-empty-change", "a change of nothing is accepted", "change-not-empty"),
    takes("takes-six-stars", "six stars are accepted", "stars-range"),
    takes("takes-any-key", "any key of idempotency is accepted", "key-pattern"),
    fault("takes-no-key", "accepted-incomplete", "an export without its key is accepted", Act::Skip("key-required")),
    fault("takes-no-note", "accepted-incomplete", "a note without a body is accepted", Act::TakesNoBody(AddNote, || json!({ "text": "nothing" }))),
    fault("takes-no-order", "accepted-incomplete", "an order without a body is accepted", Act::TakesNoBody(CreateOrder, || { json!({ "customer": "Nobody", "lines": [{ "sku": "ABC-0000", "quantity": 1, "price_cents": 0 }], "ship_to": { "kind": "pickup", "store": 1 }, }) })),
    // Requests that obey the contract are refused.
    refuses("refuses-full-page", "a page of a hundred orders is refused", ListOrders, |input| input.values("limit").any(|limit| limit == "100")),
    refuses("refuses-two-states", "a filter for two states is refused", ListOrders, |input| input.values("state").count() > 1),
    refuses("refuses-sort-by-two", "sorting by two things is refused", ListOrders, |input| !input.query("sort", |sort| !sort.contains(','))),
    refuses("refuses-longest-customer", "a customer's name of forty letters is refused", CreateOrder, |input| longest_text(input, "/customer", 40)),
    refuses("refuses-free-line", "a line that costs nothing is refused", CreateOrder, |input| !input.each("/lines/*/price_cents", |price| price != 0)),
    refuses("refuses-three-lines", "an order of three lines is refused", CreateOrder, |input| input.body["lines"].as_array().is_some_and(|lines| lines.len() == 3)),
    refuses("refuses-null-message", "a message that is null is refused", CreateOrder, |input| input.body.get("message").is_some_and(Value::is_null)),
    refuses("refuses-pickup", "an order to be picked up is refused", CreateOrder, |input| input.body["ship_to"]["kind"] == "pickup"),
    refuses("refuses-no-preferences", "no preferences at all are refused", SetPreferences, |input| input.body.as_object().is_some_and(serde_json::Map::is_empty)),
    refuses("refuses-no-stars", "a note with zero stars is refused", AddNote, |input| !input.each("/stars", |stars| stars.as_f64() != Some(0.0))),
    refuses("refuses-json-export", "an export as JSON is refused", CreateExport, |input| input.body["format"] == "json"),
    // Methods.
    fault("put-orders", "accepted-undeclared-method", "PUT on all orders is accepted", Act::Also("PUT", "/orders")),
    fault("delete-orders", "accepted-undeclared-method", "DELETE on all orders is accepted", Act::Also("DELETE", "/orders")),
    fault("post-me", "accepted-undeclared-method", "POST on the user is accepted", Act::Also("POST", "/me")),
    fault("patch-status", "accepted-undeclared-method", "PATCH on the status is accepted", Act::Also("PATCH", "/status")),
    fault("allow-says-more", "allow-mismatch", "Allow names DELETE, which all orders do not have", Act::Allow("/orders", "GET, HEAD, OPTIONS, POST, DELETE")),
    fault("allow-says-less", "allow-mismatch", "Allow does not name GET", Act::Allow("/me", "OPTIONS")),
    // Credentials.
    fault("anybody-lists", "ignored-auth", "whoever asks gets a list", Act::TakesNoCredential(ListOrders)),
    fault("anybody-orders", "ignored-auth", "whoever asks may order", Act::TakesNoCredential(CreateOrder)),
    fault("any-token-is-me", "ignored-auth", "any token is somebody", Act::TakesWrongCredential(GetMe)),
    fault("any-token-exports", "ignored-auth", "any token may export", Act::TakesWrongCredential(CreateExport)),
    fault("order-open", "broken-object-authorization", "an order is shown to every user", Act::Anybody(GetOrder)),
    fault("change-open", "broken-object-authorization", "an order is changed by every user", Act::Anybody(ChangeOrder)),
    fault("delete-open", "broken-object-authorization", "an order is deleted by every user", Act::Anybody(DeleteOrder)),
    fault("notes-open", "broken-object-authorization", "the notes on an order are shown to every user", Act::Anybody(ListNotes)),
    fault("export-open", "broken-object-authorization", "an export is shown to every user", Act::Anybody(GetExport)),
    // Sequences.
    fault("deleted-stays", "use-after-delete", "a deleted order is still shown", Act::Habit(Habit::KeepsDeleted)),
    fault("deleted-note-stays", "use-after-delete", "a deleted note is still shown", Act::Habit(Habit::KeepsDeletedNotes)),
    fault("created-is-lost", "missing-after-create", "a new order is not kept", Act::Habit(Habit::LosesCreated)),
    fault("created-has-another-id", "missing-after-create", "a new order is kept under another id", Act::Habit(Habit::NamesCreatedAnew)),
    fault("note-is-lost", "missing-after-create", "a new note is not kept", Act::Habit(Habit::LosesNotes)),
    fault("export-is-lost", "missing-after-create", "a new export is not kept", Act::Habit(Habit::LosesExports)),
    fault("change-is-refused-and-done", "failed-modification", "a change that breaks a rule is refused, and the rest of it done", Act::Habit(Habit::ChangesRefused)),
    fault("order-is-refused-and-kept", "failed-modification", "an order that breaks a rule is refused, and listed", Act::Habit(Habit::CreatesRefused)),
    fault("change-is-forgotten", "unapplied-change", "a change is answered and not kept", Act::Habit(Habit::ForgetsChanges)),
    fault("stars-add-up", "put-not-idempotent", "a note that is written anew has the stars of before too", Act::Habit(Habit::AddsUp)).also(&["unapplied-change"]),
    fault("replaced-with-201", "put-not-idempotent", "a note that is written anew is called a new one", Act::Response(ReplaceNote, 200, |response| with_status(response, 201))).also(&["undeclared-status"]),
    fault("author-taken-over", "read-only-accepted", "a note has the author that the request names", Act::Habit(Habit::TakesAuthors)),
    fault("patch-is-the-whole", "merge-patch-mismatch", "a note loses the stars that a patch does not name", Act::Habit(Habit::PatchesAll)),
    fault("null-is-nothing", "merge-patch-mismatch", "a note keeps the stars that a patch takes away", Act::Habit(Habit::KeepsNulled)),
    fault("export-location-nowhere", "dead-location", "a new export is said to be where nothing is", Act::Response(CreateExport, 201, |response| with_field(response, "location", "/v1/downloads/7"))),
    fault("me-flickers", "unstable-read", "every other time there is no user", Act::Flicker(GetMe)),
    fault("order-flickers", "unstable-read", "every other time an order is not there", Act::Flicker(GetOrder)).also(&["missing-after-create"]),
    fault("export-never-done", "broken-polling", "an export is never done", Act::Habit(Habit::NeverDone)),
    fault("pending-without-location", "broken-polling", "a pending export does not say where to look", Act::Response(GetExport, 202, |response| without_field(response, &header::LOCATION))),
    fault("pending-without-retry-after", "broken-polling", "a pending export does not say when to look", Act::Response(GetExport, 202, |response| without_field(response, &header::RETRY_AFTER))),
    fault("pending-elsewhere", "broken-polling", "a pending export is to be looked for on another origin", Act::Response(GetExport, 202, |response| with_field(response, "location", "http://198.51.100.7/steal"))),
    fault("retry-after-words", "malformed-retry-after", "a pending export says `soon`", Act::Response(GetExport, 202, |response| with_field(response, "retry-after", "soon"))),
];
