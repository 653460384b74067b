//! A service of the first contract that answers what a test tells it to.

use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

/// An export that the contract allows.
pub(crate) fn export() -> Value {
    json!({
        "token": "dta_xprt_964b2adb9bff37fb",
        "status": "completed",
        "created_at": "2025-03-27T20:46:31Z",
        "attributes": {},
        "export_type": "cost_report",
        "manifest": {
            "files": ["https://example.com/file1.csv"],
            "completed_at": "2025-03-27T20:46:31Z",
            "valid_until": null,
        },
    })
}

/// Keeps the contract.
pub(crate) fn app() -> Router {
    answering(|token, _| {
        if token.starts_with("dta_xprt_") {
            (StatusCode::OK, Json(export())).into_response()
        } else {
            let errors = json!({ "errors": ["There is no such data export"], "links": {} });
            (StatusCode::NOT_FOUND, Json(errors)).into_response()
        }
    })
}

/// Answers by a function of the token in the path and the header fields.
pub(crate) fn answering(
    answer: impl Fn(&str, &HeaderMap) -> Response + Clone + Send + Sync + 'static,
) -> Router {
    let handler = move |Path(token): Path<String>, headers: HeaderMap| {
        let response = answer(&token, &headers);
        async move { response }
    };
    Router::new().route("/v2/data_exports/{token}", get(handler))
}
