//! Every breach that the service can commit: one each, with the check that finds it.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    fault::{self, fault, remove, with_field, with_status},
    raw::Script,
};

/// A single breach of the contract.
pub(crate) type Fault = fault::Fault<Act>;

/// How a fault is done.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// The completed export is changed.
    Export(fn(&mut Value)),
    /// The body of an error is changed.
    Errors(fn(&mut Value)),
    /// The response of an error is changed.
    ErrorResponse(fn(Response) -> Response),
    /// The response for a completed export is changed.
    Response(fn(Response) -> Response),
    /// The body is this text.
    Text(&'static str),
    /// The body is these bytes.
    Bytes(&'static [u8]),
    /// Every export is pending, with changed headers.
    Pending(fn(&mut HeaderMap)),
    /// The response takes this long.
    Slow(Duration),
    /// No credential is needed.
    TakesNoCredential,
    /// Any credential will do.
    TakesWrongCredential,
    /// A 401 does not say how to sign in.
    Unchallenging,
    /// A method that is not declared is taken.
    Also(&'static str),
    /// `Allow` says this.
    Allow(&'static str),
    /// Every other export that is there is not found.
    Flicker,
    /// The bytes on the wire are these.
    Raw(Script),
}

/// A fault in the schema of a completed export.
const fn export(name: &'static str, about: &'static str, change: fn(&mut Value)) -> Fault {
    fault(name, "schema-mismatch", about, Act::Export(change))
}

/// A fault in the syntax of a body.
const fn text(name: &'static str, about: &'static str, text: &'static str) -> Fault {
    fault(name, "malformed-body", about, Act::Text(text))
}

/// A fault in the status of a response.
const fn status(
    name: &'static str,
    about: &'static str,
    change: fn(Response) -> Response,
) -> Fault {
    fault(name, "undeclared-status", about, Act::Response(change))
}

fn bare(status: u16) -> Response {
    with_status(Response::new(Body::empty()), status)
}

fn html(mut response: Response) -> Response {
    *response.body_mut() = Body::from("<!doctype html><title>Oops</title><p>Something went wrong");
    with_field(response, header::CONTENT_TYPE, "text/html; charset=utf-8")
}

fn without(headers: &mut HeaderMap, name: HeaderName) {
    headers.remove(name);
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// Every fault.
pub(crate) const FAULTS: &[Fault] = &[
    // Types.
    export("token-number", "the token is a number", |export| export["token"] = json!(42)),
    export("status-boolean", "the status is a boolean", |export| export["status"] = json!(true)),
    export("created-at-number", "created_at is a Unix time", |export| export["created_at"] = json!(1_743_108_391)),
    export("export-type-array", "export_type is a list", |export| export["export_type"] = json!(["cost_report"])),
    export("files-string", "the list of files is one text", |export| export["manifest"]["files"] = json!("file1.csv")),
    export("file-object", "a file is an object", |export| export["manifest"]["files"] = json!([{ "url": "file1.csv" }])),
    export("second-file-number", "the second file is a number", |export| export["manifest"]["files"] = json!(["a", 2])),
    export("manifest-string", "the manifest is a text", |export| export["manifest"] = json!("none")),
    export("completed-at-number", "completed_at is a number", |export| export["manifest"]["completed_at"] = json!(0)),
    export("attributes-array", "the attributes are a list", |export| export["attributes"] = json!([])),
    export("export-in-array", "the export stands in a list", |export| *export = json!([export.take()])),
    export("export-in-data", "the export stands under `data`", |export| *export = json!({ "data": export.take() })),
    export("export-is-text", "the export is a text", |export| *export = json!(export.to_string())),
    // Null.
    export("token-null", "the token is null", |export| export["token"] = Value::Null),
    export("status-null", "the status is null", |export| export["status"] = Value::Null),
    export("attributes-null", "the attributes are null", |export| export["attributes"] = Value::Null),
    export("files-null", "the list of files is null", |export| export["manifest"]["files"] = Value::Null),
    export("manifest-null", "the manifest is null", |export| export["manifest"] = Value::Null),
    export("export-null", "the export is null", |export| *export = Value::Null),
    // Presence.
    export("token-missing", "the token is missing", |export| remove(export, "token")),
    export("created-at-missing", "created_at is missing", |export| remove(export, "created_at")),
    export("manifest-missing", "the manifest is missing", |export| remove(export, "manifest")),
    export("attributes-missing", "the attributes are missing", |export| remove(export, "attributes")),
    export("files-missing", "the list of files is missing", |export| remove(&mut export["manifest"], "files")),
    export("valid-until-missing", "valid_until is missing", |export| remove(&mut export["manifest"], "valid_until")),
    export("export-empty", "the export is an empty object", |export| *export = json!({})),
    // Errors.
    fault("errors-missing", "schema-mismatch", "an error has a message in place of errors", Act::Errors(|errors| *errors = json!({ "message": "no" }))),
    fault("errors-text", "schema-mismatch", "the errors are one text", Act::Errors(|errors| errors["errors"] = json!("no"))),
    fault("errors-objects", "schema-mismatch", "the errors are objects", Act::Errors(|errors| errors["errors"] = json!([{ "detail": "no" }]))),
    fault("links-number", "schema-mismatch", "the links of an error hold a number", Act::Errors(|errors| errors["links"] = json!({ "self": 1 }))),
    fault("escapes-in-message", "schema-mismatch", "an error is a text with terminal escapes", Act::Errors(|errors| errors["errors"] = json!("\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}no"))),
    fault("error-shows-trace", "stack-trace-leak", "an error shows where in the code it was", Act::Errors(|errors| errors["errors"] = json!(["nil\n\tfrom app/exports.rb:31:in `find'\n\tfrom app/router.rb:12:in `route'\n\tfrom app/server.rb:95:in `handle'"]))),
    fault("error-as-html", "undeclared-content-type", "an error is a page", Act::ErrorResponse(html)),
    fault("problem-status-text", "malformed-problem-details", "an error is a problem whose status is a text", Act::ErrorResponse(|mut response| {
        *response.body_mut() = Body::from(r#"{"title": "No", "status": "400"}"#);
        with_field(response, header::CONTENT_TYPE, "application/problem+json")
    })).also(&["undeclared-content-type"]),
    // Status.
    status("teapot", "the status is 418", |response| with_status(response, 418)),
    status("partial-content", "the status is 206", |response| with_status(response, 206)),
    status("no-content", "the status is 204", |_| bare(204)),
    fault("strange-status", "server-error", "the status is 599", Act::Response(|response| with_status(response, 599))),
    status("sign-in", "the answer is a redirect to a page for signing in", |_| with_field(bare(302), header::LOCATION, "/sign_in")),
    status("redirect-loop", "the answer is a redirect to itself", |_| with_field(bare(307), header::LOCATION, "")),
    fault("redirect-nowhere", "missing-location", "a redirect does not say where to", Act::Response(|_| bare(301))).also(&["undeclared-status"]),
    fault("internal-error", "server-error", "the status is 500", Act::Response(|response| html(with_status(response, 500)))).also(&["undeclared-status"]),
    fault("too-large", "misused-status", "a request without a body is too large", Act::Response(|_| bare(413))).also(&["undeclared-status", "rejected-valid"]),
    fault("bad-gateway", "server-error", "the status is 502", Act::Response(|_| bare(502))).also(&["undeclared-status"]),
    fault("not-allowed", "missing-allow", "GET is not allowed, and nothing else is named", Act::Response(|_| bare(405))).also(&["rejected-valid", "undeclared-status"]),
    // Content type.
    fault("html-page", "undeclared-content-type", "a page comes with 200", Act::Response(html)),
    fault("json-as-text", "undeclared-content-type", "the JSON is called a text", Act::Response(|response| with_field(response, header::CONTENT_TYPE, "text/plain"))),
    fault("malformed-content-type", "undeclared-content-type", "the content type has no subtype", Act::Response(|response| with_field(response, header::CONTENT_TYPE, "application"))),
    fault("no-content-type", "missing-content-type", "there is no content type", Act::Response(|mut response| {
        response.headers_mut().remove(header::CONTENT_TYPE);
        response
    })),
    // Syntax.
    text("truncated-json", "the JSON ends in the middle", r#"{"token": "dta_xprt_964b2adb9bff37fb", "sta"#),
    text("nan", "a number is NaN", r#"{"token": NaN}"#),
    text("infinity", "a number is Infinity", r#"{"token": -Infinity}"#),
    text("duplicate-key", "a key stands twice", r#"{"token": "a", "token": "b"}"#),
    text("single-quotes", "the texts stand in single quotes", "{'token': 'a'}"),
    text("trailing-comma", "a comma follows the last property", r#"{"token": "a",}"#),
    text("two-values", "a second value follows the first", "{} {}"),
    fault("nothing", "missing-body", "the body is empty", Act::Text("")),
    fault("not-utf8", "malformed-body", "the JSON is not UTF-8", Act::Bytes(b"{\"token\": \"\xe4\"}")),
    // Long work.
    fault("location-elsewhere", "broken-polling", "a pending export is to be looked for on another origin", Act::Pending(|headers| put(headers, header::LOCATION, "http://198.51.100.7/steal"))),
    fault("location-missing", "broken-polling", "a pending export does not say where to look", Act::Pending(|headers| without(headers, header::LOCATION))),
    fault("retry-after-missing", "broken-polling", "a pending export does not say when to look", Act::Pending(|headers| without(headers, header::RETRY_AFTER))),
    fault("pending-for-ever", "broken-polling", "an export is never completed", Act::Pending(|_| {})),
    fault("retry-after-nonsense", "malformed-retry-after", "a pending export says `soon`", Act::Pending(|headers| put(headers, header::RETRY_AFTER, "soon"))).also(&["broken-polling"]),
    fault("location-malformed", "malformed-location", "a pending export's Location is no URI", Act::Pending(|headers| put(headers, header::LOCATION, "http://[::1"))),
    // Credentials.
    fault("no-credential-needed", "ignored-auth", "whoever asks gets the export", Act::TakesNoCredential),
    fault("any-credential-will-do", "ignored-auth", "a wrong token gets the export", Act::TakesWrongCredential),
    fault("no-challenge", "missing-www-authenticate", "a 401 does not say how to sign in", Act::Unchallenging),
    // Methods.
    fault("post-taken", "accepted-undeclared-method", "POST is accepted", Act::Also("POST")),
    fault("put-taken", "accepted-undeclared-method", "PUT is accepted", Act::Also("PUT")),
    fault("delete-taken", "accepted-undeclared-method", "DELETE is accepted", Act::Also("DELETE")),
    fault("allow-says-more", "allow-mismatch", "Allow names PUT", Act::Allow("GET, HEAD, PUT")),
    fault("allow-says-less", "allow-mismatch", "Allow does not name GET", Act::Allow("HEAD, OPTIONS")),
    // Reading twice.
    fault("comes-and-goes", "unstable-read", "every other time the export is not there", Act::Flicker),
    // Time.
    fault("slow", "slow-response", "a response takes 0.6 s", Act::Slow(Duration::from_millis(600))),
    // What snapshots hold.
    fault("attributes-grow", "shape-drift", "the open object has a new property", Act::Export(|export| export["attributes"]["owner"] = json!("nobody"))),
    fault("date-without-time", "shape-drift", "created_at is a date without a time", Act::Export(|export| export["created_at"] = json!("2025-03-27"))),
    // Bytes.
    fault("body-on-304", "unexpected-body", "a 304 has a body", Act::Raw(Script::Send(b"HTTP/1.1 304 Not Modified\r\nContent-Type: application/json\r\n\r\n{}"))).also(&["undeclared-status"]),
    fault("body-on-204", "unexpected-body", "a 204 has a body", Act::Raw(Script::Send(b"HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n\r\n{}"))).also(&["undeclared-status"]),
    fault("body-on-head", "unexpected-body", "a response to HEAD has a body", Act::Raw(Script::AnswerHeadWithBody)),
    fault("body-too-long", "unexpected-body", "more bytes follow than Content-Length says", Act::Raw(Script::Send(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"errors\":[]}{\"errors\":[\"of somebody else\"]}"))),
    fault("cut-in-body", "incomplete-response", "the connection is cut in the body", Act::Raw(Script::Send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"token\":"))),
    fault("cut-in-chunk", "incomplete-response", "the connection is cut in a chunk", Act::Raw(Script::Send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"token\":"))),
    fault("not-gzip", "incomplete-response", "a body is called gzip and is not", Act::Response(|response| with_field(response, header::CONTENT_ENCODING, "gzip"))),
    fault("cut-in-head", "no-response", "the connection is cut in the head", Act::Raw(Script::Send(b"HTTP/1.1 200 OK\r\nContent-Ty"))),
    fault("hung-up", "no-response", "the connection is closed without a response", Act::Raw(Script::Send(b""))),
    fault("not-http", "no-response", "what comes is not HTTP", Act::Raw(Script::Send(b"SSH-2.0-OpenSSH_9.6\r\n"))),
    fault("stalled", "no-response", "nothing ever comes", Act::Raw(Script::Stall(b""))),
    fault("stalled-in-body", "limit-reached", "the body stops and never ends", Act::Raw(Script::Stall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"token\":"))),
    fault("endless", "limit-reached", "the body never ends", Act::Raw(Script::Endless)),
    fault("gzip-bomb", "limit-reached", "a small body unpacks to a gigabyte", Act::Response(super::raw::gzip_bomb)),
];
