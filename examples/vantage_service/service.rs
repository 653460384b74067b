//! The data-export API as it ought to be: bearer tokens, exports with a life cycle, errors.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::faults::{Act, Fault};

/// How many requests a pending export takes to complete.
const POLLS: u32 = 2;

/// The service and what it remembers.
#[derive(Clone)]
pub(crate) struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    token: String,
    faults: Vec<&'static Fault>,
    /// How often each pending export was asked for.
    asked: Mutex<HashMap<String, u32>>,
}

impl Service {
    /// A service that takes one bearer token and commits the faults.
    pub(crate) fn new(token: impl Into<String>, faults: Vec<&'static Fault>) -> Self {
        Self {
            inner: Arc::new(Inner {
                token: token.into(),
                faults,
                asked: Mutex::default(),
            }),
        }
    }

    /// The routes, for a server or for a test in the same process.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route(
                "/v2/data_exports/{token}",
                get(data_export).fallback(other_method),
            )
            .fallback(not_found)
            .with_state(self.clone())
    }

    pub(crate) fn faults(&self) -> &[&'static Fault] {
        &self.inner.faults
    }

    /// Whether a request is one that a fault in the bytes of a response is for: an export that is
    /// there, asked for by whoever may.
    pub(crate) fn is_ordinary(&self, path: &str, headers: &HeaderMap) -> bool {
        path.strip_prefix("/v2/data_exports/")
            .is_some_and(|token| kind(token) == Kind::Complete)
            && self.authorisation(headers) == Authorisation::Right
    }

    fn authorisation(&self, headers: &HeaderMap) -> Authorisation {
        match headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
        {
            None => Authorisation::Absent,
            Some(text) if text.strip_prefix("Bearer ") == Some(&self.inner.token) => {
                Authorisation::Right
            }
            Some(_) => Authorisation::Wrong,
        }
    }

    fn commits(&self, wanted: impl Fn(&Act) -> bool) -> bool {
        self.inner.faults.iter().any(|fault| wanted(&fault.act))
    }

    /// Whether it is time to say that an export is not there.
    fn flickers(&self) -> bool {
        self.commits(|act| matches!(act, Act::Flicker)) && self.polls("any").is_multiple_of(2)
    }

    fn polls(&self, token: &str) -> u32 {
        let mut asked = self
            .inner
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry(token.to_owned()).or_default();
        *count += 1;
        *count
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Authorisation {
    Right,
    Wrong,
    Absent,
}

/// What an export's token says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Malformed,
    Missing,
    Unpaid,
    Pending,
    Complete,
}

fn kind(token: &str) -> Kind {
    let Some(digits) = token.strip_prefix("dta_xprt_") else {
        return Kind::Malformed;
    };
    if digits.is_empty()
        || !digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    {
        return Kind::Malformed;
    }
    match digits.as_bytes().last() {
        _ if digits.len() < 16 => Kind::Missing,
        Some(b'e') => Kind::Missing,
        Some(b'f') => Kind::Unpaid,
        Some(b'0') => Kind::Pending,
        _ => Kind::Complete,
    }
}

async fn data_export(
    State(service): State<Service>,
    Path(token): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let authorised = match service.authorisation(&headers) {
        Authorisation::Right => true,
        Authorisation::Absent => service.commits(|act| matches!(act, Act::TakesNoCredential)),
        Authorisation::Wrong => service.commits(|act| matches!(act, Act::TakesWrongCredential)),
    };
    if !authorised {
        let mut response = service.errors(StatusCode::UNAUTHORIZED, "Unauthorized");
        if !service.commits(|act| matches!(act, Act::Unchallenging)) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        return response;
    }
    match kind(&token) {
        Kind::Malformed => service.errors(
            StatusCode::BAD_REQUEST,
            "The token is not one of a data export",
        ),
        Kind::Missing => service.errors(StatusCode::NOT_FOUND, "There is no such data export"),
        Kind::Unpaid => service.errors(
            StatusCode::PAYMENT_REQUIRED,
            "The plan does not include data exports",
        ),
        Kind::Pending if service.polls(&token) <= POLLS => service.pending(uri.path()),
        Kind::Pending => service.complete(&token).await,
        // Faults of a pending response must be met by any export.
        Kind::Complete if service.commits(|act| matches!(act, Act::Pending(_))) => {
            service.pending(uri.path())
        }
        Kind::Complete if service.flickers() => {
            service.errors(StatusCode::NOT_FOUND, "It was here a moment ago")
        }
        Kind::Complete => {
            let tag = format!("\"{token}\"");
            if headers
                .get(header::IF_NONE_MATCH)
                .is_some_and(|known| known.as_bytes() == tag.as_bytes())
            {
                return empty(StatusCode::NOT_MODIFIED);
            }
            service.complete(&token).await
        }
    }
}

async fn other_method(State(service): State<Service>, method: Method) -> Response {
    if service.commits(|act| matches!(act, Act::Also(known) if *known == method.as_str())) {
        return empty(StatusCode::NO_CONTENT);
    }
    let allow = service
        .inner
        .faults
        .iter()
        .find_map(|fault| match fault.act {
            Act::Allow(allow) => Some(allow),
            _ => None,
        });
    let mut response = if method == Method::OPTIONS {
        empty(StatusCode::NO_CONTENT)
    } else {
        service.errors(StatusCode::METHOD_NOT_ALLOWED, "There is only GET")
    };
    response.headers_mut().insert(
        header::ALLOW,
        HeaderValue::from_static(allow.unwrap_or("GET, HEAD, OPTIONS")),
    );
    response
}

async fn not_found(State(service): State<Service>) -> Response {
    service.errors(StatusCode::NOT_FOUND, "There is no such path")
}

impl Service {
    async fn complete(&self, token: &str) -> Response {
        let mut export = export(token);
        for fault in &self.inner.faults {
            if let Act::Export(change) = fault.act {
                change(&mut export);
            }
        }
        let mut response = json_response(StatusCode::OK, &export);
        for fault in &self.inner.faults {
            match fault.act {
                Act::Response(change) => response = change(response),
                Act::Text(text) => *response.body_mut() = Body::from(text),
                Act::Bytes(bytes) => *response.body_mut() = Body::from(bytes),
                Act::Slow(delay) => tokio::time::sleep(delay).await,
                _ => {}
            }
        }
        response
    }

    fn pending(&self, path: &str) -> Response {
        let mut response = empty(StatusCode::ACCEPTED);
        if let Ok(location) = HeaderValue::from_str(path) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        for fault in &self.inner.faults {
            if let Act::Pending(change) = fault.act {
                change(response.headers_mut());
            }
        }
        response
    }

    fn errors(&self, status: StatusCode, message: &str) -> Response {
        let mut errors = json!({ "errors": [message] });
        for fault in &self.inner.faults {
            if let Act::Errors(change) = fault.act {
                change(&mut errors);
            }
        }
        let mut response = json_response(status, &errors);
        for fault in &self.inner.faults {
            if let Act::ErrorResponse(change) = fault.act {
                response = change(response);
            }
        }
        response
    }
}

fn export(token: &str) -> Value {
    json!({
        "token": token,
        "status": "completed",
        "created_at": "2025-03-27T20:46:31Z",
        "export_type": "cost_report",
        "manifest": {
            "files": ["https://example.com/file1.csv"],
            "completed_at": "2025-03-27T20:46:31Z",
            "valid_until": "2025-03-28T20:46:31Z",
        },
        "attributes": {
            "report_token": null,
            "start_date": null,
            "end_date": null,
            "groupings": [],
            "vql": null,
            "settings": null,
            "date_bin": null,
        },
    })
}

fn json_response(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
