//! Notes: a small API whose document is `api.yaml`. How it is tested is in `tests/`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One note.
#[derive(Clone, Debug, Serialize)]
struct Note {
    id: u32,
    text: String,
    tags: Vec<String>,
    created_at: &'static str,
}

/// A note that is still to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNote {
    text: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Clone, Debug)]
struct Notes(Arc<Mutex<Vec<Note>>>);

impl Notes {
    fn all(&self) -> MutexGuard<'_, Vec<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The API with one note in it, for those who have the token.
pub fn app(token: &'static str) -> Router {
    let first = Note {
        id: 1,
        text: "Read the contract".to_owned(),
        tags: vec!["work".to_owned()],
        created_at: "2026-02-03T04:05:06Z",
    };
    let notes = Notes(Arc::new(Mutex::new(vec![first])));
    let guarded = Router::new()
        .route("/v1/notes", get(list).post(create))
        .route("/v1/notes/{id}", get(one).delete(delete))
        .layer(middleware::from_fn(move |request, next| {
            only_with(token, request, next)
        }))
        .with_state(notes);
    Router::new()
        .route("/v1/health", get(|| async { StatusCode::NO_CONTENT }))
        .merge(guarded)
}

async fn only_with(token: &str, request: Request, next: Next) -> Response {
    let came = request.headers().get(header::AUTHORIZATION);
    if came.is_some_and(|came| *came == format!("Bearer {token}")) {
        return next.run(request).await;
    }
    let asks = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, asks).into_response()
}

fn wrong(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

fn is_tag(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

async fn list(State(notes): State<Notes>, query: Query<Vec<(String, String)>>) -> Response {
    let mut limit = 100;
    let mut tag = None;
    for (name, text) in query.0 {
        match (name.as_str(), text.parse()) {
            ("limit", Ok(wanted @ 1..=100)) => limit = wanted,
            ("tag", _) if is_tag(&text) => tag = Some(text),
            ("limit" | "tag", _) => {
                return wrong(StatusCode::BAD_REQUEST, &format!("{name} cannot be {text}"));
            }
            _ => {}
        }
    }
    let all = notes.all();
    let fits = |note: &&Note| tag.as_ref().is_none_or(|tag| note.tags.contains(tag));
    let found: Vec<_> = all.iter().rev().filter(fits).take(limit).cloned().collect();
    ([("x-total", all.len().to_string())], Json(found)).into_response()
}

async fn create(State(notes): State<Notes>, headers: HeaderMap, body: Bytes) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "application/json");
    let Some(new) = serde_json::from_slice::<NewNote>(&body)
        .ok()
        .filter(|_| is_json)
    else {
        return wrong(StatusCode::BAD_REQUEST, "a note has a text, and tags");
    };
    let mut seen = new.tags.clone();
    seen.sort();
    seen.dedup();
    let has_text = (1..=500).contains(&new.text.chars().count());
    let has_tags = new.tags.len() <= 5 && new.tags.iter().all(|tag| is_tag(tag));
    if !has_text || !has_tags || seen.len() != new.tags.len() {
        return wrong(StatusCode::BAD_REQUEST, "the text or a tag cannot be taken");
    }
    let mut all = notes.all();
    let id = all.last().map_or(1, |last| last.id + 1);
    let note = Note {
        id,
        text: new.text,
        tags: new.tags,
        created_at: "2026-02-03T04:05:06Z",
    };
    all.push(note.clone());
    let location = [(header::LOCATION, format!("/v1/notes/{id}"))];
    (StatusCode::CREATED, location, Json(note)).into_response()
}

fn id_of(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| (1..=1_000_000).contains(id))
}

async fn one(State(notes): State<Notes>, Path(id): Path<String>) -> Response {
    let Some(id) = id_of(&id) else {
        return wrong(StatusCode::BAD_REQUEST, "the id is a number from 1");
    };
    match notes.all().iter().find(|note| note.id == id) {
        Some(note) => Json(note.clone()).into_response(),
        None => wrong(StatusCode::NOT_FOUND, "there is no such note"),
    }
}

async fn delete(State(notes): State<Notes>, Path(id): Path<String>) -> Response {
    let Some(id) = id_of(&id) else {
        return wrong(StatusCode::BAD_REQUEST, "the id is a number from 1");
    };
    let mut all = notes.all();
    let count = all.len();
    all.retain(|note| note.id != id);
    if all.len() == count {
        return wrong(StatusCode::NOT_FOUND, "there is no such note");
    }
    if cfg!(feature = "breach") {
        // The document declares 204 without a body.
        return (StatusCode::OK, "gone").into_response();
    }
    StatusCode::NO_CONTENT.into_response()
}
