//! What a user is told to do about operations that answer 401, 403 or 404 alone: whether it is the credential, one of its
//! forms, or what the run made up.

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use oasgate::gate::{Credentials, LiveSettings, Outcome};

use crate::in_process::{check, settings};

const TOKEN: &str = "alice-token";

const SCHEMES: &str = r"
components:
  securitySchemes:
    bearer: { type: http, scheme: bearer }
    key: { type: apiKey, in: header, name: X-Api-Key }
    bare: { type: apiKey, in: header, name: Authorization }
";

/// A document with these paths, each with a GET that has these members.
fn document(paths: &[(&str, &str)]) -> String {
    let paths = paths.iter().map(|(path, members)| {
        let id = path.replace(['/', '{', '}'], "");
        let responses = "responses: { '200': { description: Fine } }";
        format!("  {path}: {{ get: {{ operationId: {id}, {members}{responses} }} }}\n")
    });
    let paths: String = paths.collect();
    format!("openapi: 3.1.0\ninfo: {{ title: T, version: '1' }}\npaths:\n{paths}{SCHEMES}")
}

/// 200 where the token comes as a bearer token, else a refusal.
async fn guarded(headers: HeaderMap) -> StatusCode {
    let field = headers.get(header::AUTHORIZATION);
    let is_token = field.is_some_and(|field| field == &format!("Bearer {TOKEN}"));
    if is_token {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    }
}

/// What is said of an operation that was not reached.
fn help_of(outcome: &Outcome, operation: &str) -> Vec<String> {
    let mut findings = outcome.findings.iter();
    let finding = findings.find(|one| {
        one.rule.as_str() == "unreached" && one.operation.as_deref() == Some(operation)
    });
    let finding = finding.unwrap_or_else(|| panic!("{operation}: {:#?}", outcome.findings));
    finding.help.iter().map(ToString::to_string).collect()
}

fn with_token() -> LiveSettings {
    LiveSettings {
        credentials: Credentials::with_token(TOKEN),
        ..settings(1)
    }
}

const BY_BEARER: &str = "security: [{ bearer: [] }], ";
const NAMED: &str = "security: [{ bearer: [] }], parameters: [{ name: id, in: path, required: true, schema: { type: string } }], ";

#[tokio::test]
async fn a_credential_that_others_accept_is_not_called_refused() {
    let document = document(&[
        ("/me", BY_BEARER),
        ("/files/{id}", NAMED),
        ("/all", BY_BEARER),
    ]);
    let forbidden = || async { StatusCode::FORBIDDEN };
    let router = Router::new()
        .route("/me", get(guarded))
        .route("/files/{id}", get(forbidden))
        .route("/all", get(forbidden));
    let outcome = check(&document, router, &with_token()).await;
    let help = help_of(&outcome, "filesid").join("; ");
    assert!(
        help.starts_with("give parameters that name a resource that exists"),
        "{help}"
    );
    assert!(
        help.contains("other operations accept the credential"),
        "{help}"
    );
    let help = help_of(&outcome, "all").join("; ");
    assert!(help.contains("it may lack a right"), "{help}");
}

#[tokio::test]
async fn a_credential_that_nobody_accepts_is_told() {
    let document = document(&[("/me", BY_BEARER), ("/files/{id}", NAMED)]);
    let unauthorized = || async { StatusCode::UNAUTHORIZED };
    let router = Router::new()
        .route("/me", get(unauthorized))
        .route("/files/{id}", get(unauthorized));
    let outcome = check(&document, router, &with_token()).await;
    for operation in ["me", "filesid"] {
        let help = help_of(&outcome, operation).join("; ");
        assert!(
            help.contains("the credential that was sent is not accepted"),
            "{help}"
        );
    }
}

#[tokio::test]
async fn where_nobody_asks_for_a_credential_none_is_asked_for() {
    let document = document(&[("/next", ""), ("/list", "")]);
    let router = Router::new()
        .route(
            "/next",
            get(|| async { (StatusCode::FORBIDDEN, "no such page") }),
        )
        .route("/list", get(|| async { StatusCode::OK }));
    let outcome = check(&document, router, &settings(1)).await;
    let help = help_of(&outcome, "next").join("; ");
    assert!(
        help.starts_with("neither the document nor the service asks"),
        "{help}"
    );
}

#[tokio::test]
async fn where_a_credential_is_asked_for_one_is_to_be_given() {
    let document = document(&[("/me", BY_BEARER), ("/list", "")]);
    let router = Router::new()
        .route("/me", get(guarded))
        .route("/list", get(|| async { StatusCode::OK }));
    let outcome = check(&document, router, &settings(1)).await;
    let help = help_of(&outcome, "me").join("; ");
    assert!(help.starts_with("give a credential"), "{help}");
}

#[tokio::test]
async fn a_form_in_which_no_operation_takes_the_credential_is_told() {
    const BY_KEY: &str = "security: [{ key: [] }], ";
    let document = document(&[
        ("/me", BY_BEARER),
        ("/wallet", BY_KEY),
        ("/payments", BY_KEY),
        ("/links", BY_KEY),
    ]);
    let missing = || async { StatusCode::NOT_FOUND };
    let router = Router::new()
        .route("/me", get(guarded))
        .route("/wallet", get(missing))
        .route("/payments", get(missing))
        .route("/links", get(missing));
    let outcome = check(&document, router, &with_token()).await;
    let help = help_of(&outcome, "wallet").join("; ");
    assert!(
        help.contains("no operation takes the credential as key"),
        "{help}"
    );
    assert!(help.contains("others take it as bearer"), "{help}");
}

#[tokio::test]
async fn a_key_of_the_authorization_field_is_sent_behind_bearer_where_only_that_is_accepted() {
    const BARE: &str = "security: [{ bare: [] }], ";
    for (me, open) in [(BARE, BARE), (BARE, "")] {
        let document = document(&[("/ping", me), ("/things", open)]);
        let router = Router::new()
            .route("/ping", get(|| async { StatusCode::OK }))
            .route("/things", get(guarded));
        let outcome = check(&document, router, &with_token()).await;
        let things = outcome.operations.iter().find(|one| one.id == "things");
        let unreached = things.and_then(|things| things.unreached.as_ref());
        assert!(unreached.is_none(), "{open}: {unreached:?}");
    }
}

#[tokio::test]
async fn where_a_whole_service_asks_for_a_credential_what_refuses_other_things_is_sent_it_too() {
    let document = document(&[
        ("/ping", BY_BEARER),
        ("/a", ""),
        ("/b", ""),
        ("/c", ""),
        (
            "/filtered",
            "parameters: [{ name: filter, in: query, required: true, example: wrong, schema: { type: string, enum: [wrong, right] } }], ",
        ),
    ]);
    // A value that it does not like it refuses as it does who may not ask.
    let filtered = |headers: HeaderMap, uri: axum::http::Uri| async move {
        match uri.query() {
            Some("filter=right") => guarded(headers).await,
            _ => StatusCode::FORBIDDEN,
        }
    };
    let router = Router::new()
        .route("/ping", get(|| async { StatusCode::OK }))
        .route("/a", get(guarded))
        .route("/b", get(guarded))
        .route("/c", get(guarded))
        .route("/filtered", get(filtered));
    let outcome = check(&document, router, &with_token()).await;
    let unreached = outcome.operations.iter();
    let unreached: Vec<&str> = unreached
        .filter(|one| one.unreached.is_some())
        .map(|one| one.id.as_str())
        .collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}
