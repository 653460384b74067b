//! A note at a time: a small API that says in its code what utoipa writes into its document.

use axum::{
    Json, Router,
    extract::{Path, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// One note.
#[derive(Serialize, ToSchema)]
struct Note {
    id: u32,
    text: &'static str,
}

/// The note with an id.
#[utoipa::path(
    get,
    path = "/notes/{id}",
    params(("id" = u32, Path, minimum = 1, maximum = 1000)),
    responses(
        (status = 200, body = Note),
        (status = 400, description = "The id is none"),
        (status = 404, description = "There is no such note"),
    )
)]
async fn get_note(id: Result<Path<u32>, PathRejection>) -> Response {
    match id {
        Ok(Path(1)) => Json(Note {
            id: 1,
            text: "Read the contract",
        })
        .into_response(),
        Ok(Path(2..=1000)) => StatusCode::NOT_FOUND.into_response(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The service, and the document that utoipa makes of it.
pub fn app() -> (Router, utoipa::openapi::OpenApi) {
    OpenApiRouter::new()
        .routes(routes!(get_note))
        .split_for_parts()
}
