//! What was there before a run stays as it is, also where the document shows its very name.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, put},
};
use oasgate::gate::Outcome;
use serde_json::{Value, json};

use crate::in_process::{check, only_member, settings};

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Books, version: '1' }
paths:
  /books:
    get:
      operationId: listBooks
      responses: { '200': { description: All, content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Book' } } } } } }
  /books/{isbn}:
    parameters: [{ $ref: '#/components/parameters/Isbn' }]
    get:
      operationId: getBook
      responses:
        '200': { description: One, content: { application/json: { schema: { $ref: '#/components/schemas/Book' } } } }
        '404': { description: None }
    put:
      operationId: putBook
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/NewBook' } } } }
      responses:
        '200': { description: Replaced }
        '201': { description: Made }
        '400': { description: No }
        '415': { description: What? }
    delete:
      operationId: deleteBook
      responses: { '204': { description: Gone }, '404': { description: None } }
  /books/{isbn}/note:
    parameters: [{ $ref: '#/components/parameters/Isbn' }]
    put:
      operationId: putNote
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/NewBook' } } } }
      responses: { '204': { description: Noted }, '400': { description: No }, '404': { description: None }, '415': { description: What? } }
components:
  parameters:
    Isbn: { name: isbn, in: path, required: true, schema: { type: string, pattern: '^[0-9]{10,13}$' }, example: '9780140449136' }
  schemas:
    NewBook: { type: object, required: [title], additionalProperties: false, properties: { title: { type: string, minLength: 1 } } }
    Book: { type: object, required: [isbn, title], properties: { isbn: { type: string }, title: { type: string } } }
";

/// The book that is there, as the document shows it.
const THERE: &str = "9780140449136";

type Shared = Arc<Mutex<BTreeMap<String, Value>>>;

fn book(isbn: &str, title: &Value) -> Value {
    json!({ "isbn": isbn, "title": title })
}

async fn list(State(books): State<Shared>) -> Json<Value> {
    let books = books.lock().expect("no handler panics");
    Json(
        books
            .iter()
            .map(|(isbn, title)| book(isbn, title))
            .collect(),
    )
}

async fn read(State(books): State<Shared>, Path(isbn): Path<String>) -> Response {
    let books = books.lock().expect("no handler panics");
    match books.get(&isbn) {
        Some(title) => Json(book(&isbn, title)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn remove(State(books): State<Shared>, Path(isbn): Path<String>) -> StatusCode {
    match books.lock().expect("no handler panics").remove(&isbn) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

fn title(headers: &HeaderMap, body: &[u8]) -> Result<Value, StatusCode> {
    let title = only_member(headers, body, "title")?;
    let is_right = title.as_str().is_some_and(|text| !text.is_empty());
    Some(title)
        .filter(|_| is_right)
        .ok_or(StatusCode::BAD_REQUEST)
}

async fn replace(
    State(books): State<Shared>,
    Path(isbn): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if !(10..=13).contains(&isbn.len()) || !isbn.bytes().all(|one| one.is_ascii_digit()) {
        return StatusCode::BAD_REQUEST;
    }
    match title(&headers, &body) {
        Err(status) => status,
        Ok(title) => match books.lock().expect("no handler panics").insert(isbn, title) {
            Some(_) => StatusCode::OK,
            None => StatusCode::CREATED,
        },
    }
}

async fn note(
    State(books): State<Shared>,
    Path(isbn): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let is_there = books.lock().expect("no handler panics").contains_key(&isbn);
    match title(&headers, &body) {
        Err(status) => status,
        Ok(_) if is_there => StatusCode::NO_CONTENT,
        Ok(_) => StatusCode::NOT_FOUND,
    }
}

async fn run(books: &Shared) -> Outcome {
    let router = Router::new()
        .route("/books", get(list))
        .route("/books/{isbn}", get(read).put(replace).delete(remove))
        .route("/books/{isbn}/note", put(note))
        .with_state(Arc::clone(books));
    check(DOCUMENT, router, &settings(1)).await
}

#[tokio::test]
async fn what_the_document_shows_and_was_there_is_left_alone_and_what_the_run_names_is_tried_instead()
 {
    let there = (THERE.to_owned(), json!("The Odyssey"));
    let books = Shared::new(Mutex::new(BTreeMap::from([there.clone()])));
    let outcome = run(&books).await;
    assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
    let left = books.lock().expect("no handler panics").clone();
    assert_eq!(left, BTreeMap::from([there]));
    for (id, wanted) in [
        ("putBook", &[200, 201, 400, 415][..]),
        ("deleteBook", &[204][..]),
        ("putNote", &[204, 400, 415][..]),
    ] {
        let mut all = outcome.operations.iter();
        let operation = all.find(|one| one.id == id).expect("it is declared");
        for status in wanted {
            assert!(
                operation.statuses.contains_key(status),
                "{id} never answered {status}: {:?}",
                operation.statuses
            );
        }
    }
}
