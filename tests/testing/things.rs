//! A service with several operations, small enough to be read at once, that keeps its contract.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

fn thing(name: &Value) -> Value {
    json!({ "id": "t_abc1", "name": name, "created_at": "2026-02-03T04:05:06Z", "kind": "small" })
}

fn wrong(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn list(query: Query<Vec<(String, String)>>) -> Response {
    let limits = query.iter().filter(|(name, _)| name == "limit");
    for (_, text) in limits {
        if !text
            .parse()
            .is_ok_and(|limit: u8| (1..=50).contains(&limit))
        {
            return wrong(StatusCode::BAD_REQUEST, "limit is a number from 1 to 50");
        }
    }
    ([("x-total", "1")], Json([thing(&json!("one"))])).into_response()
}

async fn create(headers: HeaderMap, body: Bytes) -> Response {
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|value| value != "Bearer secret")
    {
        return (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
        )
            .into_response();
    }
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "application/json");
    let body: Option<Value> = serde_json::from_slice(&body).ok().filter(|_| is_json);
    let Some(Value::Object(members)) = body else {
        return wrong(StatusCode::BAD_REQUEST, "a thing is an object");
    };
    let has_name = members
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(|name| (1..=20).contains(&name.chars().count()));
    // 5.0 is an integer to JSON Schema.
    let has_size = members.get("size").is_none_or(|size| {
        size.as_f64()
            .is_some_and(|size| (0.0..=100.0).contains(&size) && size.fract() == 0.0)
    });
    if !has_name || !has_size || members.keys().any(|key| key != "name" && key != "size") {
        return wrong(
            StatusCode::BAD_REQUEST,
            "a thing has a name, and a size up to 100",
        );
    }
    let location = [(header::LOCATION, "/v1/things/t_abc1")];
    (StatusCode::CREATED, location, Json(thing(&members["name"]))).into_response()
}

async fn one(Path(id): Path<String>) -> Response {
    if id == "t_abc1" {
        Json(thing(&json!("one"))).into_response()
    } else {
        wrong(StatusCode::NOT_FOUND, "there is no such thing")
    }
}

/// The whole of it.
pub(crate) fn app() -> Router {
    Router::new()
        .route("/v1/things", get(list).post(create))
        .route("/v1/things/{id}", get(one))
        .route("/v1/health", get(|| async { StatusCode::NO_CONTENT }))
}
